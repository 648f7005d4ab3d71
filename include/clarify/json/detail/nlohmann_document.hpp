// SPDX-License-Identifier: BSL-1.0
// The value type of nlohmann/json, written and read by way of ValueWriter and ValueReader.

#ifndef CLARIFY_JSON_DETAIL_NLOHMANN_DOCUMENT_HPP
#define CLARIFY_JSON_DETAIL_NLOHMANN_DOCUMENT_HPP

#include <clarify/core/detail/json_scan.hpp>
#include <clarify/json/detail/json_shape.hpp>

#include <nlohmann/json.hpp>

#include <concepts>
#include <cstdint>
#include <string_view>
#include <type_traits>
#include <utility>

namespace clarify::detail {

/** What `ValueWriter` and `ValueReader` need to know of nlohmann/json.

    Its arrays, objects and strings are a `std::vector`, a `std::map` and a `std::string` on the
    heap, so the writer and the reader handle them like any other container.
*/
struct NlohmannDocument {
    using value_type = nlohmann::json;

    template <class T>
    static constexpr bool holds = std::same_as<T, nlohmann::json>;

    template <class Writer>
    static bool write(Writer& writer, const nlohmann::json& value);

    template <class Reader>
    static bool read(Reader& reader, nlohmann::json& out);

private:
    template <class Part, class Reader>
    static bool read_part(Reader& reader, nlohmann::json& out);
    template <class Reader>
    static bool read_number(Reader& reader, nlohmann::json& out);
};

template <class Writer>
bool NlohmannDocument::write(Writer& writer, const nlohmann::json& value) {
    using nlohmann::json;
    switch (value.type()) {
        case json::value_t::null:
            return writer.write(nullptr);
        case json::value_t::boolean:
            return writer.write(*value.get_ptr<const json::boolean_t*>());
        case json::value_t::number_integer:
            return writer.write(*value.get_ptr<const json::number_integer_t*>());
        case json::value_t::number_unsigned:
            return writer.write(*value.get_ptr<const json::number_unsigned_t*>());
        case json::value_t::number_float:
            return writer.write(*value.get_ptr<const json::number_float_t*>());
        case json::value_t::string:
            return writer.write(*value.get_ptr<const json::string_t*>());
        case json::value_t::array:
            return writer.write(*value.get_ptr<const json::array_t*>());
        case json::value_t::object:
            return writer.write(*value.get_ptr<const json::object_t*>());
        case json::value_t::binary:
            return writer.fail(Reason::params, "a binary value has no JSON form");
        case json::value_t::discarded:
            break;
    }
    return writer.fail(Reason::params, "a discarded value has no JSON form");
}

template <class Reader>
bool NlohmannDocument::read(Reader& reader, nlohmann::json& out) {
    switch (reader.next()) {
        case JsonKind::null:
            return read_part<std::nullptr_t>(reader, out);
        case JsonKind::boolean:
            return read_part<nlohmann::json::boolean_t>(reader, out);
        case JsonKind::string:
            return read_part<nlohmann::json::string_t>(reader, out);
        case JsonKind::array:
            return read_part<nlohmann::json::array_t>(reader, out);
        case JsonKind::object:
            return read_part<nlohmann::json::object_t>(reader, out);
        case JsonKind::number:
            break;
    }
    return read_number(reader, out);
}

// A part is complete before it moves into its value: with JSON_DIAGNOSTICS a value tells its
// elements then where they are.
template <class Part, class Reader>
bool NlohmannDocument::read_part(Reader& reader, nlohmann::json& out) {
    constexpr bool on_heap = std::is_class_v<Part>;
    if constexpr (on_heap) reader.budget().charge_block(sizeof(Part));
    Part part{};
    if (!reader.read(part)) return false;
    out = nlohmann::json(std::move(part));
    return true;
}

template <class Reader>
bool NlohmannDocument::read_number(Reader& reader, nlohmann::json& out) {
    return reader.any_number([&out](auto number) {
        using Number = decltype(number);
        if constexpr (std::same_as<Number, std::int64_t>) {
            // What is not negative is unsigned, as the library's own parser has it.
            if (number >= 0) {
                out = static_cast<nlohmann::json::number_unsigned_t>(number);
                return;
            }
        }
        out = number;
    });
}

}  // namespace clarify::detail

#endif  // CLARIFY_JSON_DETAIL_NLOHMANN_DOCUMENT_HPP
