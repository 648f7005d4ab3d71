// SPDX-License-Identifier: BSL-1.0
// Enumerations that keep what they do not know.

#include <clarify/api/value_type.hpp>

#include <doctest/doctest.h>

namespace value_type_test {

using clarify::SourceType;
using clarify::ValueType;

TEST_CASE("ValueType: known texts, and the default for an empty one") {
    CHECK(ValueType{} == ValueType::numeric);
    CHECK(ValueType{""} == ValueType::numeric);
    CHECK(ValueType{"enum"} == ValueType::enumeration);
    CHECK(ValueType{ValueType::enumeration}.text() == "enum");
    CHECK(ValueType{}.text() == "numeric");
    CHECK(SourceType{} == SourceType::measurement);
    CHECK(SourceType{"aggregation"}.known() == SourceType::aggregation);
    CHECK(SourceType{SourceType::prediction}.text() == "prediction");
}

TEST_CASE("ValueType: an unknown text is kept") {
    const ValueType vector{"vector"};
    CHECK(vector == ValueType::other);
    CHECK(vector.text() == "vector");
    CHECK(vector == ValueType{"vector"});
    CHECK_FALSE(vector == ValueType{"matrix"});
    CHECK_FALSE(ValueType{"Numeric"} == ValueType::numeric);
    SourceType source = SourceType::prediction;
    source = SourceType{"aggregate"};
    CHECK(source.known() == SourceType::other);
    CHECK(source.text() == "aggregate");
}

}  // namespace value_type_test
