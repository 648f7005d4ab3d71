// SPDX-License-Identifier: BSL-1.0
// Where libcurl finds the system's trust store.

#include <clarify/http/detail/curl/curl_setup.hpp>

#include <doctest/doctest.h>
#include <support/temporary_directory.hpp>

#include <array>
#include <string>

namespace curl_setup_test {

using clarify::detail::other_roots;

TEST_CASE("curl_setup: a trust store that is not where libcurl expects it is looked for") {
    const support::TemporaryDirectory folder;
    const std::string missing = (folder / "missing.pem").string();
    const std::string other = (folder / "other.pem").string();
    const std::string found = folder.write("found.pem", "x").string();
    const std::string built_in = folder.write("built-in.pem", "x").string();
    const std::string directory = folder.path().string();
    const std::array<const char*, 2> files{other.c_str(), found.c_str()};

    CHECK(other_roots(missing.c_str(), missing.c_str(), files) == found.c_str());
    CHECK(other_roots(nullptr, nullptr, files) == found.c_str());
    CHECK(other_roots(built_in.c_str(), nullptr, files) == nullptr);
    CHECK(other_roots(missing.c_str(), directory.c_str(), files) == nullptr);
    // Nothing is there: libcurl says so itself.
    const std::array<const char*, 1> nowhere{other.c_str()};
    CHECK(other_roots(missing.c_str(), nullptr, nowhere) == nullptr);
}

}  // namespace curl_setup_test
