// The version as a text, which is made of its numbers.

#include <clarify/core/version.hpp>

#include <doctest/doctest.h>

#include <string>

namespace version_test {

TEST_CASE("version: the string is made of the three numbers") {
    const std::string joined = std::to_string(CLARIFY_VERSION_MAJOR) + "." +
        std::to_string(CLARIFY_VERSION_MINOR) + "." + std::to_string(CLARIFY_VERSION_PATCH);
    CHECK(joined == CLARIFY_VERSION_STRING);
}

}  // namespace version_test
