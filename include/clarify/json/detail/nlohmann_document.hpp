// SPDX-License-Identifier: BSL-1.0
// The value type of nlohmann/json, written and read by way of JsonWriter and JsonReader.

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

/** What `JsonWriter` and `JsonReader` need to know of nlohmann/json.

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

}  // namespace clarify::detail

#include <clarify/json/detail/impl/nlohmann_document.hpp>

#endif  // CLARIFY_JSON_DETAIL_NLOHMANN_DOCUMENT_HPP
