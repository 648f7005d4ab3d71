// SPDX-License-Identifier: BSL-1.0
// What a conformance suite found: the cases it ran, and the promises that were not kept.

#ifndef CLARIFY_TESTING_CONFORMANCE_HPP
#define CLARIFY_TESTING_CONFORMANCE_HPP

#include <algorithm>
#include <cstddef>
#include <exception>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

namespace clarify::testing {

/// One case of a conformance suite.
struct ConformanceCase {
    /// A short, stable name such as "cancel.body", by which a case can be looked up.
    std::string name;
    /// What the contract promises, in a sentence.
    std::string promise;
    /// What was seen instead. Empty: the promise was kept.
    std::vector<std::string> problems;

    bool passed() const noexcept { return problems.empty(); }
};

/** The outcome of `check_http_backend`, `check_auth_policy` or `check_json_codec`.

    Made for any test framework: assert `passed()` and print the report where it is false.

    @par Thread safety
    Distinct objects: safe. Shared objects: unsafe.
*/
class ConformanceReport {
public:
    const std::vector<ConformanceCase>& cases() const noexcept { return cases_; }
    bool passed() const {
        return std::all_of(
            cases_.begin(), cases_.end(), [](const ConformanceCase& one) { return one.passed(); });
    }
    /// The names of the cases that failed, in the order of the suite.
    std::vector<std::string> failed() const {
        std::vector<std::string> names;
        for (const ConformanceCase& one : cases_) {
            if (!one.passed()) names.push_back(one.name);
        }
        return names;
    }

    /** Runs `body(one)` and adds its outcome as a case; `body` reports with `one.problems`.

        An exception that escapes from it is a problem of that case.
    */
    template <class Body>
    void run(std::string name, std::string promise, Body&& body) {
        ConformanceCase one{std::move(name), std::move(promise), {}};
        try {
            std::forward<Body>(body)(one);
        } catch (const std::exception& thrown) {
            one.problems.push_back(std::string{"an exception escaped: "} + thrown.what());
        } catch (...) {
            one.problems.push_back("an exception escaped");
        }
        cases_.push_back(std::move(one));
    }

private:
    std::vector<ConformanceCase> cases_;
};

/// Each failed case with its promise and what was seen instead, then a line with the counts.
inline std::ostream& operator<<(std::ostream& out, const ConformanceReport& report) {
    for (const ConformanceCase& one : report.cases()) {
        if (one.passed()) continue;
        out << one.name << ": " << one.promise << '\n';
        for (const std::string& problem : one.problems)
            out << "    but " << problem << '\n';
    }
    const std::size_t total = report.cases().size();
    return out << total - report.failed().size() << " of " << total << " cases passed\n";
}

}  // namespace clarify::testing

#endif  // CLARIFY_TESTING_CONFORMANCE_HPP
