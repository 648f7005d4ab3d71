// SPDX-License-Identifier: BSL-1.0

#ifndef CLARIFY_JSON_DETAIL_IMPL_NLOHMANN_DOCUMENT_HPP
#define CLARIFY_JSON_DETAIL_IMPL_NLOHMANN_DOCUMENT_HPP

namespace clarify::detail {

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
    switch (reader.scanner().next()) {
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
    return reader.number([&out](auto number) {
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

#endif  // CLARIFY_JSON_DETAIL_IMPL_NLOHMANN_DOCUMENT_HPP
