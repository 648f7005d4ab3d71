// SPDX-License-Identifier: BSL-1.0
// Bodies of the report of a conformance suite.

#ifndef CLARIFY_TESTING_DETAIL_KITS_IMPL_CONFORMANCE_HPP
#define CLARIFY_TESTING_DETAIL_KITS_IMPL_CONFORMANCE_HPP

#include <clarify/testing/conformance.hpp>

#include <algorithm>
#include <cstddef>
#include <exception>
#include <ostream>
#include <utility>

namespace clarify::testing {

inline bool ConformanceReport::passed() const {
    return std::all_of(
        cases_.begin(), cases_.end(), [](const ConformanceCase& one) { return !one.failed(); });
}

inline std::vector<std::string> ConformanceReport::failed() const {
    std::vector<std::string> names;
    for (const ConformanceCase& one : cases_) {
        if (one.failed()) names.push_back(one.name);
    }
    return names;
}

inline std::vector<std::string> ConformanceReport::not_judged() const {
    std::vector<std::string> names;
    for (const ConformanceCase& one : cases_) {
        if (!one.failed() && !one.passed()) names.push_back(one.name);
    }
    return names;
}

inline void ConformanceReport::skip(std::string name, std::string promise, std::string why) {
    cases_.push_back({std::move(name), std::move(promise), {}, std::move(why)});
}

template <class Body>
void ConformanceReport::run(std::string name, std::string promise, Body&& body) {
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

inline std::ostream& operator<<(std::ostream& out, const ConformanceReport& report) {
    for (const ConformanceCase& one : report.cases()) {
        if (one.passed()) continue;
        if (!one.failed()) {
            out << "not judged: " << one.name << ": " << one.not_judged << '\n';
            continue;
        }
        out << one.name << ": " << one.promise << '\n';
        for (const std::string& problem : one.problems)
            out << "    but " << problem << '\n';
    }
    const std::size_t total = report.cases().size();
    const std::size_t unjudged = report.not_judged().size();
    out << total - report.failed().size() - unjudged << " of " << total << " cases passed";
    if (unjudged != 0)
        out << ", " << unjudged << (unjudged == 1 ? " was" : " were") << " not judged";
    return out << '\n';
}

}  // namespace clarify::testing

#endif  // CLARIFY_TESTING_DETAIL_KITS_IMPL_CONFORMANCE_HPP
