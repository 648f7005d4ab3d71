// SPDX-License-Identifier: BSL-1.0
// CurlBackend keeps the contract of HttpBackend.

#include <clarify/http/curl_backend.hpp>
#include <clarify/testing/check_http_backend.hpp>

#include <doctest/doctest.h>

#include <sstream>

namespace curl_conformance_test {

TEST_CASE("CurlBackend: it passes the conformance kit for HTTP backends") {
    const auto report = clarify::testing::check_http_backend(
        [](const clarify::HttpOptions& options) { return clarify::CurlBackend{options}; });
    std::ostringstream text;
    text << report;
    CHECK_MESSAGE(report.passed(), text.str());
    CHECK(report.cases().size() >= 90);
}

}  // namespace curl_conformance_test
