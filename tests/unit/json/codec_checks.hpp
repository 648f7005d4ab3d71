// SPDX-License-Identifier: BSL-1.0
// One call each for what the tests of the codec do all the time.

#ifndef CLARIFY_TESTS_UNIT_JSON_CODEC_CHECKS_HPP
#define CLARIFY_TESTS_UNIT_JSON_CODEC_CHECKS_HPP

#include <clarify/json/boost_json_codec.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace clarify::codec_checks {

template <class T>
std::string encoded(const T& value) {
    std::string out;
    const Result<void> done = BoostJsonCodec{}.encode(value, out);
    REQUIRE(done.has_value());
    return out;
}

template <class T>
Error encode_error(const T& value, const BoostJsonOptions& options = BoostJsonOptions{}) {
    std::string out;
    const Result<void> done = BoostJsonCodec{options}.encode(value, out);
    REQUIRE(done.has_error());
    CHECK(done.error().code() == Errc::bad_argument);
    return done.error();
}

template <class T>
T decoded(std::string_view text) {
    Result<T> value = BoostJsonCodec{}.decode<T>(text);
    CAPTURE(text);
    if (!value) FAIL(value.error().to_string());
    return std::move(*value);
}

template <class T>
Error decode_error(std::string_view text, const BoostJsonOptions& options = BoostJsonOptions{}) {
    const Result<T> value = BoostJsonCodec{options}.decode<T>(text);
    REQUIRE(value.has_error());
    return value.error();
}

template <class T>
void round_trip(const T& value, std::string_view text) {
    CHECK(encoded(value) == text);
    CHECK(decoded<T>(text) == value);
}

inline BoostJsonOptions with_memory(std::size_t bytes) {
    BoostJsonOptions options;
    options.max_parse_memory = bytes;
    return options;
}

}  // namespace clarify::codec_checks

#endif  // CLARIFY_TESTS_UNIT_JSON_CODEC_CHECKS_HPP
