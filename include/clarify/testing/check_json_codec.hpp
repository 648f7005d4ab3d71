// SPDX-License-Identifier: BSL-1.0
// The suite that tells the author of a JSON codec which promises of `JsonCodec` it breaks.

#ifndef CLARIFY_TESTING_CHECK_JSON_CODEC_HPP
#define CLARIFY_TESTING_CHECK_JSON_CODEC_HPP

#include <clarify/concepts/json_codec.hpp>
#include <clarify/testing/conformance.hpp>

#include <cstdint>

namespace clarify::testing {

/// Which types `check_json_codec` asks a codec about.
enum class CodecScope : std::uint8_t {
    /// The `value_type`, and those C++ types that the codec says it takes.
    everything,
    /// The `value_type` alone.
    documents,
};

/** Tries every promise of `JsonCodec` on a codec of your own; for tests, in any framework.

    @code
    const auto report = clarify::testing::check_json_codec(MyCodec{});
    INFO(report);
    CHECK(report.passed());
    @endcode

    The name of a case begins with its group:

    | group | what it is about |
    | --- | --- |
    | `document` | JSON of every kind through `value_type`, wide, long and deep |
    | `number` | no digit lost: 64-bit integers, and every double to its last bit |
    | `text` | escapes, control characters, surrogate pairs, all of Unicode |
    | `encode` | appends one JSON value; refuses NaN, infinity and broken UTF-8; heeds no locale |
    | `decode` | reads only what it is given and keeps no reference to it; heeds no locale |
    | `codec` | moves, threads, failures |
    | `bool`, `int64`, `int32`, `uint64`, `double`, `string`, `vector`, `map`, `optional` | C++ types |
    | `described` | a struct described with Boost.Describe |

    The groups of C++ types are judged for those types that `encode` takes and `decode` gives, asked
    by `requires`: constrain these templates, or the compiler stops inside of yours. Where that is
    not worth it, `check_json_codec<CodecScope::documents>(codec)` asks for no C++ type. What needs a
    document with NaN or broken text in it is judged where a `double` or a `const char*` converts to
    `value_type`, and what needs a copy of the codec where it can be copied. All other cases are
    listed as not judged.

    Text that is not JSON is not tried: the client keeps it from every codec.

    @par Thread safety
    Changes the locale of the program for a moment, and starts four threads in one of its cases. Run
    it while no other thread depends on the locale. It takes about a second.
*/
template <CodecScope scope = CodecScope::everything, JsonCodec Codec>
ConformanceReport check_json_codec(const Codec& codec);

}  // namespace clarify::testing

#include <clarify/testing/detail/kits/impl/check_json_codec.hpp>

#endif  // CLARIFY_TESTING_CHECK_JSON_CODEC_HPP
