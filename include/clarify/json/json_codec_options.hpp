// SPDX-License-Identifier: BSL-1.0
// Limits and choices of the shipped codecs.

#ifndef CLARIFY_JSON_JSON_CODEC_OPTIONS_HPP
#define CLARIFY_JSON_JSON_CODEC_OPTIONS_HPP

#include <cstddef>
#include <cstdint>

namespace clarify {

/// What a codec makes of a number that is none.
enum class NonFinite : std::uint8_t {
    /// `Errc::bad_argument` with a pointer to it, before anything is sent.
    refuse,
    /// `null`, which Clarify takes for a missing sample.
    null,
};

/// Limits and choices of a `BoostJsonCodec` or a `NlohmannCodec`.
struct JsonCodecOptions {
    JsonCodecOptions() {}

    /** The most memory that decoding one text may take, in bytes, scratch memory included.

        Default 128 MiB; at least 1. A type with a `read_json_text` of its own counts as long as
        its text.
    */
    std::size_t max_parse_memory = std::size_t{128} << 20U;
    /// How deeply arrays and objects may be nested, both ways. Default 64; from 1 to 1024.
    std::size_t max_depth = 64;
    /// What becomes of NaN and infinity when a value is written: JSON has no text for them.
    NonFinite non_finite = NonFinite::refuse;
};

}  // namespace clarify

#endif  // CLARIFY_JSON_JSON_CODEC_OPTIONS_HPP
