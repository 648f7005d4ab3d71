// SPDX-License-Identifier: BSL-1.0
// The shipped HTTP backend keeps the contract of its concept.

#include <clarify/http/beast_backend.hpp>
#include <clarify/testing/check_http_backend.hpp>

#include <doctest/doctest.h>

#include <sstream>

namespace http_backend_conformance_test {

TEST_CASE("BeastBackend: it keeps every promise of the concept") {
    const clarify::testing::ConformanceReport report = clarify::testing::check_http_backend(
        [](const clarify::HttpOptions& options) { return clarify::BeastBackend{options}; });
    std::ostringstream text;
    text << report;
    CHECK_MESSAGE(report.passed(), text.str());
    CHECK(report.cases().size() >= 90);
}

}  // namespace http_backend_conformance_test
