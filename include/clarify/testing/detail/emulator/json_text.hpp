// SPDX-License-Identifier: BSL-1.0
// JSON text in and out with exact numbers, which Boost.JSON's own parser and printer lack.

#ifndef CLARIFY_TESTING_DETAIL_EMULATOR_JSON_TEXT_HPP
#define CLARIFY_TESTING_DETAIL_EMULATOR_JSON_TEXT_HPP

#include <boost/json.hpp>
#include <boost/json/basic_parser_impl.hpp>

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <locale>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <version>

namespace clarify::testing::detail {

namespace json = boost::json;

/// A parsed document.
struct JsonDocument {
    json::value value;
    /// The text of a number that is the member `id` of the top-level object, else empty: `1.0` and
    /// `1` are the same value but must be echoed differently.
    std::string id_number;
};

/// What `write_json` escapes beside the characters that JSON requires.
enum class JsonEscapes {
    minimal,
    /// Also `<`, `>`, `&`, U+2028 and U+2029, as the resource hashes need it.
    html,
};

/// The double nearest to a valid JSON number; `approximate` decides what is out of range.
inline double exact_double(std::string_view text, double approximate) {
    double value = 0;
#if defined(__cpp_lib_to_chars)
    const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
    return result.ec == std::errc() ? value : approximate;
#else
    std::istringstream stream{std::string{text}};
    stream.imbue(std::locale::classic());
    return stream >> value ? value : approximate;
#endif
}

/// Receives parser events and builds a value; the one difference to the stock parser is numbers.
class ExactNumberHandler {
public:
    using error_code = boost::system::error_code;
    using string_view = json::string_view;

    static constexpr std::size_t max_object_size = json::object::max_size();
    static constexpr std::size_t max_array_size = json::array::max_size();
    static constexpr std::size_t max_key_size = json::string::max_size();
    static constexpr std::size_t max_string_size = json::string::max_size();

    ExactNumberHandler() { stack_.reset(); }

    JsonDocument release() { return JsonDocument{stack_.release(), std::move(id_number_)}; }

    bool on_document_begin(error_code&) { return true; }
    bool on_document_end(error_code&) { return true; }
    bool on_object_begin(error_code&) { return begin(); }
    bool on_array_begin(error_code&) { return begin(); }
    bool on_object_end(std::size_t size, error_code&) {
        --depth_;
        stack_.push_object(size);
        return true;
    }
    bool on_array_end(std::size_t size, error_code&) {
        --depth_;
        stack_.push_array(size);
        return true;
    }
    bool on_key_part(string_view part, std::size_t, error_code&) {
        key_.append(part.data(), part.size());
        stack_.push_chars(part);
        return true;
    }
    bool on_key(string_view part, std::size_t, error_code&) {
        key_.append(part.data(), part.size());
        if (depth_ == 1) {
            at_id_ = key_ == "id";
            if (at_id_) {
                // A repeated member replaces the earlier one.
                id_number_.clear();
            }
        }
        key_.clear();
        stack_.push_key(part);
        return true;
    }
    bool on_string_part(string_view part, std::size_t, error_code&) {
        stack_.push_chars(part);
        return true;
    }
    bool on_string(string_view part, std::size_t, error_code&) {
        stack_.push_string(part);
        return true;
    }
    bool on_number_part(string_view part, error_code&) {
        number_.append(part.data(), part.size());
        return true;
    }
    bool on_int64(std::int64_t value, string_view part, error_code&) {
        const std::string text = end_number(part);
        if (text == "-0") {
            stack_.push_double(-0.0);
        } else {
            stack_.push_int64(value);
        }
        return true;
    }
    bool on_uint64(std::uint64_t value, string_view part, error_code&) {
        end_number(part);
        stack_.push_uint64(value);
        return true;
    }
    bool on_double(double value, string_view part, error_code&) {
        stack_.push_double(exact_double(end_number(part), value));
        return true;
    }
    bool on_bool(bool value, error_code&) {
        stack_.push_bool(value);
        return true;
    }
    bool on_null(error_code&) {
        stack_.push_null();
        return true;
    }
    bool on_comment_part(string_view, error_code&) { return true; }
    bool on_comment(string_view, error_code&) { return true; }

private:
    bool begin() {
        ++depth_;
        return true;
    }

    std::string end_number(string_view part) {
        std::string text = std::move(number_);
        text.append(part.data(), part.size());
        number_.clear();
        if (depth_ == 1 && at_id_) id_number_ = text;
        return text;
    }

    json::value_stack stack_;
    std::string key_;
    std::string number_;
    std::string id_number_;
    std::size_t depth_ = 0;
    bool at_id_ = false;
};

/** Parses one strict JSON text of at most 32 levels; nullopt when it is not one.

    Numbers become std::int64_t or std::uint64_t when they are written as such, else the double that
    is nearest to the text. A number out of the range of double becomes an infinity.
*/
inline std::optional<JsonDocument> parse_json(std::string_view text) {
    json::basic_parser<ExactNumberHandler> parser{json::parse_options()};
    boost::system::error_code ec;
    const std::size_t used = parser.write_some(false, text.data(), text.size(), ec);
    if (ec || used != text.size()) return std::nullopt;
    return parser.handler().release();
}

inline void write_json_string(std::string& out, std::string_view text, JsonEscapes escapes) {
    constexpr std::string_view digits = "0123456789abcdef";
    const bool html = escapes == JsonEscapes::html;
    out.push_back('"');
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out.push_back('\\');
            out.push_back(c);
        } else if (c == '\n' || c == '\r' || c == '\t') {
            out += c == '\n' ? "\\n" : c == '\r' ? "\\r" : "\\t";
        } else if (byte < 0x20 || (html && (c == '<' || c == '>' || c == '&'))) {
            out += "\\u00";
            out.push_back(digits[byte >> 4]);
            out.push_back(digits[byte & 0x0f]);
        } else if (html && (text.substr(i, 3) == "\u2028" || text.substr(i, 3) == "\u2029")) {
            out += text.substr(i, 3) == "\u2028" ? "\\u2028" : "\\u2029";
            i += 2;
        } else {
            out.push_back(c);
        }
    }
    out.push_back('"');
}

template <class Number>
void write_json_number(std::string& out, Number value) {
    std::array<char, 32> text{};
    const auto result = std::to_chars(text.data(), text.data() + text.size(), value);
    out.append(text.data(), result.ptr);
}

/// Appends `value` as compact JSON: shortest round-trip doubles, null for NaN and infinities.
inline void write_json(
    std::string& out, const json::value& value, JsonEscapes escapes = JsonEscapes::minimal) {
    char separator = 0;
    const auto separate = [&](char open) {
        out.push_back(separator == 0 ? open : ',');
        separator = ',';
    };
    switch (value.kind()) {
        case json::kind::null:
            out += "null";
            break;
        case json::kind::bool_:
            out += value.get_bool() ? "true" : "false";
            break;
        case json::kind::int64:
            write_json_number(out, value.get_int64());
            break;
        case json::kind::uint64:
            write_json_number(out, value.get_uint64());
            break;
        case json::kind::double_:
            if (std::isfinite(value.get_double())) {
                write_json_number(out, value.get_double());
            } else {
                out += "null";
            }
            break;
        case json::kind::string:
            write_json_string(out, value.get_string(), escapes);
            break;
        case json::kind::array:
            for (const json::value& element : value.get_array()) {
                separate('[');
                write_json(out, element, escapes);
            }
            out += separator == 0 ? "[]" : "]";
            break;
        case json::kind::object:
            for (const auto& member : value.get_object()) {
                separate('{');
                write_json_string(out, member.key(), escapes);
                out.push_back(':');
                write_json(out, member.value(), escapes);
            }
            out += separator == 0 ? "{}" : "}";
            break;
    }
}

/// Returns `value` as compact JSON.
inline std::string to_json(const json::value& value, JsonEscapes escapes = JsonEscapes::minimal) {
    std::string out;
    write_json(out, value, escapes);
    return out;
}

}  // namespace clarify::testing::detail

#endif  // CLARIFY_TESTING_DETAIL_EMULATOR_JSON_TEXT_HPP
