// SPDX-License-Identifier: BSL-1.0
// One call each for what the tests of a codec do all the time.

#ifndef CLARIFY_TESTS_UNIT_JSON_CODEC_CHECKS_HPP
#define CLARIFY_TESTS_UNIT_JSON_CODEC_CHECKS_HPP

#include <clarify/json/basic_json_codec.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

/// Checks of one codec: the fixture of its tests.
template <class Codec>
struct CodecChecks {
    template <class T>
    static std::string encoded(const T& value) {
        std::string out;
        const clarify::Result<void> done = Codec{}.encode(value, out);
        REQUIRE(done.has_value());
        return out;
    }

    template <class T>
    static clarify::Error encode_error(
        const T& value, const clarify::JsonCodecOptions& options = clarify::JsonCodecOptions{}) {
        std::string out;
        const clarify::Result<void> done = Codec{options}.encode(value, out);
        REQUIRE(done.has_error());
        CHECK(done.error().code() == clarify::Errc::bad_argument);
        return done.error();
    }

    template <class T>
    static T decoded(std::string_view text) {
        clarify::Result<T> value = Codec{}.template decode<T>(text);
        CAPTURE(text);
        if (!value) FAIL(value.error().to_string());
        return std::move(*value);
    }

    template <class T>
    static clarify::Error decode_error(
        std::string_view text,
        const clarify::JsonCodecOptions& options = clarify::JsonCodecOptions{}) {
        const clarify::Result<T> value = Codec{options}.template decode<T>(text);
        REQUIRE(value.has_error());
        return value.error();
    }

    template <class T>
    static void round_trip(const T& value, std::string_view text) {
        CHECK(encoded(value) == text);
        CHECK(decoded<T>(text) == value);
    }

    static clarify::JsonCodecOptions with_memory(std::size_t bytes) {
        clarify::JsonCodecOptions options;
        options.max_parse_memory = bytes;
        return options;
    }

    /// The least `max_parse_memory` that suffices for `text`.
    template <class T>
    static std::size_t memory_for(std::string_view text) {
        std::size_t low = 1;
        std::size_t high = clarify::JsonCodecOptions{}.max_parse_memory;
        while (low < high) {
            const std::size_t middle = (low + high) / 2;
            if (Codec{with_memory(middle)}.template decode<T>(text)) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        return low;
    }
};

#endif  // CLARIFY_TESTS_UNIT_JSON_CODEC_CHECKS_HPP
