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
    /// What was seen instead: sentences that go on from "but". Empty: the promise was kept.
    std::vector<std::string> problems;

    /// Was the promise kept?
    bool passed() const noexcept { return problems.empty(); }
};

/** The outcome of `check_http_backend`, `check_auth_policy` or `check_json_codec`.

    Made for any test framework: assert `passed()` and print the report where it is false, which
    then reads like this:

    ```
    number.int64: signed integers of 64 bits keep every digit
        but 9223372036854775806 became 9223372036854775807: it is 9223372036854775807, not ...
    78 of 79 cases passed
    ```

    Only cases that ran are in it, in the order of the suite.

    @par Thread safety
    Distinct objects: safe. Shared objects: safe for reading.
*/
class ConformanceReport {
public:
    /// All cases that ran.
    const std::vector<ConformanceCase>& cases() const noexcept { return cases_; }
    /// Did all of them pass? True for a report without cases.
    bool passed() const;
    /// The names of the cases that failed.
    std::vector<std::string> failed() const;

    /** Runs `body(one)` and adds its outcome as a case; `body` reports with `one.problems`.

        An exception that escapes from it is a problem of that case. For suites, also of your own.
    */
    template <class Body>
    void run(std::string name, std::string promise, Body&& body);

private:
    std::vector<ConformanceCase> cases_;
};

/// Each failed case with its promise and what was seen instead, then a line with the counts.
std::ostream& operator<<(std::ostream& out, const ConformanceReport& report);

}  // namespace clarify::testing

#include <clarify/testing/detail/kits/impl/conformance.hpp>

#endif  // CLARIFY_TESTING_CONFORMANCE_HPP
