// SPDX-License-Identifier: BSL-1.0
// The list of what is wrong with a request.

#include <clarify/api/field_errors.hpp>

#include <doctest/doctest.h>

#include <string>

namespace field_errors_test {

using clarify::Errc;
using clarify::field_path;
using clarify::FieldErrors;
using clarify::Reason;

TEST_CASE("FieldErrors: all errors are named, in order, with their paths") {
    FieldErrors errors;
    CHECK(errors.result().has_value());
    errors.add(field_path("", "integration"), "required");
    errors.add(field_path("signalsByInput", "a\nb"), "not an input key");
    const auto result = errors.result();
    REQUIRE(result.has_error());
    CHECK(result.error().code() == Errc::bad_argument);
    CHECK(result.error().reason() == Reason::fields);
    CHECK(
        result.error().message() ==
        "integration: required; signalsByInput.a\\nb: not an input key");
    CHECK(errors.all()[1].path == "signalsByInput.a\nb");
}

TEST_CASE("FieldErrors: of many errors the text has the first twenty") {
    FieldErrors errors;
    for (int i = 0; i != 23; ++i)
        errors.add(std::to_string(i), "x");
    const std::string text{errors.result().error().message()};
    CHECK(text.ends_with("; 19: x; and 3 more"));
    CHECK(errors.size() == 23);
}

}  // namespace field_errors_test
