// SPDX-License-Identifier: BSL-1.0
// What a conformance suite found: the cases it ran, and the promises that were not kept.

#ifndef CLARIFY_TESTING_CONFORMANCE_HPP
#define CLARIFY_TESTING_CONFORMANCE_HPP

#include <iosfwd>
#include <string>
#include <vector>

namespace clarify::testing {

/// One case of a conformance suite.
struct ConformanceCase {
    /// A short, stable name such as "cancel.body", by which a case can be looked up.
    std::string name;
    /// What the contract promises, in a sentence.
    std::string promise;
    /// What was seen instead: sentences that go on from "but". Empty: no fault was found.
    std::vector<std::string> problems;
    /// Why the promise does not apply here, or could not be tried, or not all of it. Empty: it was
    /// judged.
    std::string not_judged{};

    /// Was the promise tried, and kept?
    bool passed() const noexcept { return problems.empty() && not_judged.empty(); }
    /// Was it seen to be broken?
    bool failed() const noexcept { return !problems.empty(); }
};

/** The outcome of `check_http_backend`, `check_auth_policy` or `check_json_codec`.

    Made for any test framework: assert `passed()` and print the report where it is false, which
    then reads like this:

    ```
    number.int64: signed integers of 64 bits keep every digit
        but 9223372036854775806 became 9223372036854775807: it is 9223372036854775807, not ...
    not judged: vector.both_ways: the codec does not map std::vector<double>
    78 of 80 cases passed, 1 was not judged
    ```

    All cases of the suite are in it, in their order. What does not apply, or cannot be tried on this
    machine, is listed as not judged: it is neither passed nor failed.

    @par Thread safety
    Distinct objects: safe. Shared objects: safe for reading.
*/
class ConformanceReport {
public:
    /// All cases, also those that were not judged.
    const std::vector<ConformanceCase>& cases() const noexcept { return cases_; }
    /// Did none of them fail? Those that were not judged do not count, so look at `not_judged` as
    /// well. True for a report without cases.
    bool passed() const;
    /// The names of the cases that failed.
    std::vector<std::string> failed() const;
    /// The names of the cases that did not fail, but were not judged, or not in all their parts.
    std::vector<std::string> not_judged() const;

    /** Runs `body(one)` and adds its outcome as a case; `body` reports with `one.problems`.

        It sets `one.not_judged` where it cannot tell. An exception that escapes from it is a problem
        of that case. For suites, also of your own.
    */
    template <class Body>
    void run(std::string name, std::string promise, Body&& body);
    /// Adds a case that is not judged, and why: a sentence without its end. For suites.
    void skip(std::string name, std::string promise, std::string why);

private:
    std::vector<ConformanceCase> cases_;
};

/// Each failed case with its promise and what was seen instead, each that was not judged with the
/// reason, then a line with the counts.
std::ostream& operator<<(std::ostream& out, const ConformanceReport& report);

}  // namespace clarify::testing

#include <clarify/testing/detail/kits/impl/conformance.hpp>

#endif  // CLARIFY_TESTING_CONFORMANCE_HPP
