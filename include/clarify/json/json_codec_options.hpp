// SPDX-License-Identifier: BSL-1.0
// Limits and choices of the shipped codecs.

#ifndef CLARIFY_JSON_JSON_CODEC_OPTIONS_HPP
#define CLARIFY_JSON_JSON_CODEC_OPTIONS_HPP

#include <cstddef>
#include <cstdint>

namespace clarify {

/// What a codec makes of a number that is none, when it writes: JSON has no text for NaN and infinity.
enum class NonFinite : std::uint8_t {
    /// `Errc::bad_argument` with a pointer to it, before anything is sent.
    refuse,
    /// `null`, which Clarify takes for a missing sample.
    null,
};

/** Limits and choices of a `BoostJsonCodec` or a `NlohmannCodec`.

    Limits are there for what a peer may send: a short text can stand for much memory, and nesting for
    much stack. A client makes its codec from its own options (`ClientOptions::max_json_memory`,
    `max_json_depth`), unless it is given one.

    @par Errors
    The constructors of the codecs throw `std::invalid_argument` for a value out of its range.
    @par Thread safety
    Distinct objects: safe. Shared objects: safe for reading.
*/
struct JsonCodecOptions {
    /// The defaults.
    JsonCodecOptions() {}

    /** The most memory that decoding one text may take, in bytes, scratch memory included.

        Default 128 MiB; at least 1, so 0 is refused and means nothing. Beyond it decoding fails with
        `Errc::too_large`, before the memory is taken, whatever the type: standard containers, described
        structs, values of the JSON library, and those of the Clarify API. A user's type with a
        `read_json_text` of its own counts as much as its text: what it makes of that is its own affair.
    */
    std::size_t max_parse_memory = std::size_t{128} << 20U;
    /// How deeply arrays and objects may be nested, both ways. Default 64; from 1 to 1024. 1 allows an
    /// array of numbers. Beyond it a text is `Errc::json`, a value `Errc::bad_argument`, both with
    /// `Reason::depth`.
    std::size_t max_depth = 64;
    /// What becomes of NaN and infinity when a value is written. They are refused by default.
    NonFinite non_finite = NonFinite::refuse;
};

}  // namespace clarify

#endif  // CLARIFY_JSON_JSON_CODEC_OPTIONS_HPP
