// SPDX-License-Identifier: BSL-1.0
// What the shipped codecs have in common: the C++ types they map, their limits and their errors.

#ifndef CLARIFY_JSON_BASIC_JSON_CODEC_HPP
#define CLARIFY_JSON_BASIC_JSON_CODEC_HPP

#include <clarify/concepts/json_codec.hpp>
#include <clarify/core/detail/memory_budget.hpp>
#include <clarify/json/detail/value_reader.hpp>
#include <clarify/json/detail/value_writer.hpp>
#include <clarify/json/json_codec_options.hpp>

#include <concepts>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>

namespace clarify {

/// A type that the codec of a `Document` writes; what a container or struct holds is checked when
/// it is used.
template <class T, class Document>
concept JsonEncodable = (detail::written_shape<T, Document>() != detail::JsonShape::unsupported);

/// A type that the codec of a `Document` reads; what a container or struct holds is checked on use.
template <class T, class Document>
concept JsonDecodable = std::default_initializable<T> && std::movable<T> &&
    (detail::read_shape<T, Document>() != detail::JsonShape::unsupported);

/** Maps C++ values to JSON text and back: the base of `BoostJsonCodec` and `NlohmannCodec`.

    | C++ | JSON |
    | --- | --- |
    | `value_type` and other types of the JSON library | as it is |
    | `bool`, integers, `float`, `double`, `std::nullptr_t` | boolean, number, null |
    | `std::string`; to write also `std::string_view`, `const char*` | string |
    | `std::optional<T>` | null, or `T` |
    | containers, `std::array`; to write also other ranges | array |
    | maps with `std::string` keys; to write also other text keys | object |
    | structs described with Boost.Describe | object; `snake_case` members are `camelCase` in JSON |
    | enumerations described with Boost.Describe | string, in camelCase |
    | types with `append_json_text` and `read_json_text` | what these write and read |

    A member of a described struct that is an empty `std::optional` is not written, and one that is
    missing is read as empty; any other missing member is an error. Unknown members are ignored. Of
    members with the same key the last one counts.

    The last row is the way to give a type a form of its own. Its namespace has, for a type `T`,
    `Result<void> append_json_text(std::string& out, const T& value)`, which appends one JSON value
    (what is none is refused), and `Result<void> read_json_text(std::string_view text, T& value)`,
    which is given one valid value. No JSON library is involved, so the pair serves every codec that
    follows this convention.

    @par Numbers
    Doubles are written as the shortest text that reads back as the same double, and are read
    exactly. An integer that does not fit the type asked for is an error, never rounded; `1.0` and
    `1e3` are integers. In a `value_type`, text without point and exponent becomes a signed or
    unsigned integer of 64 bits, and beyond these the nearest `double`, as does `-0`. A number
    beyond the largest double is an error, never infinity and never null. One that is nearer to zero
    than the smallest double becomes zero, which is the nearest, and keeps its sign.

    @par Object lifetimes
    Decoded values own all they hold.

    @par Thread safety
    Distinct objects: safe. Shared objects: safe.

    @tparam Document knows the types of one JSON library, see `detail::BoostDocument`.
*/
template <class Document>
class BasicJsonCodec {
public:
    using value_type = typename Document::value_type;
    /// See `JsonCodec`.
    static constexpr bool writes_valid_json = true;

    /// Throws `std::invalid_argument` for an option out of its range.
    explicit BasicJsonCodec(const JsonCodecOptions& options = JsonCodecOptions{})
        : options_(options) {
        if (options.max_parse_memory == 0) {
            throw std::invalid_argument("JsonCodecOptions::max_parse_memory is 0");
        }
        if (options.max_depth == 0 || options.max_depth > detail::json_depth_ceiling) {
            throw std::invalid_argument("JsonCodecOptions::max_depth is not within 1 to 1024");
        }
    }

    /** Appends the JSON text of `value` to `out`, without blanks.

        @par Errors
        `Errc::bad_argument`, with a JSON pointer to the culprit in the message: `Reason::params`
        for NaN and infinity, unless `JsonCodecOptions::non_finite` makes them null, and for other
        values without a JSON form, `Reason::encoding` for text that is not UTF-8, `Reason::depth`.
        `out` is then unspecified.
    */
    template <JsonEncodable<Document> T>
    Result<void> encode(const T& value, std::string& out) const {
        detail::ValueWriter<Document> writer{out, options_};
        writer.write(value);
        return writer.done();
    }

    /** Reads `text`, one JSON value, as a `T`.

        @par Errors
        `Errc::decode`, with a JSON pointer to the culprit in the message: `Reason::mismatch` for
        another kind of value, `Reason::members` for a missing member, `Reason::out_of_range` for a
        number that does not fit the type asked for. Keys in the pointer come from the text; they are
        made printable and cut. `Errc::too_large` with `Reason::parse` for the memory limit, and for
        keys that are chosen to collide in a hash table. `Errc::json` for what is not JSON:
        `Reason::syntax`, `Reason::encoding`, `Reason::depth` or `Reason::empty`, and with
        `Reason::number_range` for a number beyond the largest double where a `value_type` is to
        hold it.
    */
    template <JsonDecodable<Document> T>
    Result<T> decode(std::string_view text) const {
        detail::MemoryBudget memory = budget();
        return decode<T>(text, memory);
    }

    /// The memory that several calls of `decode` may take together, for the parts of one reply.
    detail::MemoryBudget budget() const noexcept {
        return detail::MemoryBudget{options_.max_parse_memory};
    }
    /// The same as `decode`, with what is left of a budget. Throws `DecodeTimeUp` where the time that it
    /// obeys is up.
    template <JsonDecodable<Document> T>
    Result<T> decode(std::string_view text, detail::MemoryBudget& memory) const {
        detail::ValueReader<Document> reader{text, options_.max_depth, memory};
        // Built in place: some document types convert to so much that `return value` is ambiguous.
        Result<T> value{boost::system::in_place_value};
        if (!reader.document([&] { return reader.read(*value); })) return reader.error();
        return value;
    }

private:
    JsonCodecOptions options_;
};

}  // namespace clarify

#endif  // CLARIFY_JSON_BASIC_JSON_CODEC_HPP
