// SPDX-License-Identifier: BSL-1.0
// JSON text in and out with exact numbers, which Boost.JSON's own parser and printer lack.

#ifndef CLARIFY_TESTING_DETAIL_EMULATOR_JSON_TEXT_HPP
#define CLARIFY_TESTING_DETAIL_EMULATOR_JSON_TEXT_HPP

#include <boost/json.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace clarify::testing::detail {

namespace json = boost::json;

/// A parsed document.
struct JsonDocument {
    json::value value;
    /// The text of a number that is the member `id` of the top-level object, else empty: `1.0` and
    /// `1` are the same value but must be echoed differently.
    std::string id_number;
};

/** Parses one strict JSON text of at most 32 levels; nullopt when it is not one.

    Numbers become std::int64_t or std::uint64_t when they are written as such, else the double that
    is nearest to the text. A number out of the range of double becomes an infinity.
*/
std::optional<JsonDocument> parse_json(std::string_view text);

/// What `write_json` escapes beside the characters that JSON requires.
enum class JsonEscapes {
    minimal,
    /// Also `<`, `>`, `&`, U+2028 and U+2029, as the resource hashes need it.
    html,
};

/// Appends `value` as compact JSON: shortest round-trip doubles, null for NaN and infinities.
void write_json(
    std::string& out, const json::value& value, JsonEscapes escapes = JsonEscapes::minimal);

/// Returns `value` as compact JSON.
std::string to_json(const json::value& value, JsonEscapes escapes = JsonEscapes::minimal);

}  // namespace clarify::testing::detail

#include <clarify/testing/detail/emulator/impl/json_text.hpp>

#endif  // CLARIFY_TESTING_DETAIL_EMULATOR_JSON_TEXT_HPP
