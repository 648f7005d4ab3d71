// SPDX-License-Identifier: BSL-1.0
// Selections read in each form that a server may send.

#ifndef CLARIFY_API_IMPL_SELECTION_HPP
#define CLARIFY_API_IMPL_SELECTION_HPP

#include <clarify/api/selection.hpp>
#include <clarify/core/detail/config.hpp>
#include <clarify/core/detail/json_reader.hpp>

#include <string>
#include <utility>

namespace clarify {
namespace detail::selection {

inline bool read_meta(JsonReader& in, std::optional<std::int64_t>& total) {
    return in.object([&](const JsonKey& key) {
        if (!(key == "total")) return in.skip();
        total.reset();
        if (in.take_null()) return true;
        std::int64_t count = 0;
        if (!in.integer(count)) return false;
        if (count >= 0) total = count;
        return true;
    });
}

/// Is a resource an item? Its type may stand anywhere in it; it is left to be read.
inline bool is_item(std::string_view resource) {
    bool found = false;
    JsonScanner scanner{resource, json_depth_ceiling};
    scanner.object([&](std::string_view key, JsonScanner& at) {
        const RawJson value = at.value();
        if (key_is(key, "type") && value.kind == JsonKind::string)
            found = key_is(value.text, "items");
    });
    return found;
}

inline bool read_included(JsonReader& in, std::vector<Item>& items) {
    items.clear();
    if (in.next() == JsonKind::array) {
        return in.array([&] {
            if (!is_item(in.ahead())) return in.skip();
            return read_json(in, in.add_to(items));
        });
    }
    return in.object([&](const JsonKey& key) {
        if (in.take_null()) return true;
        if (!(key == "items")) return in.skip();
        return in.array([&] { return read_json(in, in.add_to(items)); });
    });
}

/// Resources in an array, or by their identifiers.
template <class Resource>
bool read_data(JsonReader& in, std::vector<Resource>& data) {
    data.clear();
    if (in.next() == JsonKind::array)
        return in.array([&] { return read_json(in, in.add_to(data)); });
    return in.object([&](const JsonKey& key) {
        Resource& resource = in.add_to(data);
        if (!read_json(in, resource)) return false;
        if (resource.id.empty()) resource.id = in.text(key);
        return true;
    });
}

inline bool read_data(JsonReader& in, DataFrame& data) { return read_json(in, data); }

template <class Any>
bool read_selection(JsonReader& in, Any& selection) {
    return in.object([&](const JsonKey& key) {
        if (in.take_null()) return true;
        if (key == "meta") return read_meta(in, selection.total);
        if (key == "data") return read_data(in, selection.data);
        if (key == "included") return read_included(in, selection.included_items);
        return in.skip();
    });
}

}  // namespace detail::selection

CLARIFY_DECL bool detail::read_json(JsonReader& in, Selection<clarify::Signal>& selection) {
    return detail::selection::read_selection(in, selection);
}

CLARIFY_DECL bool detail::read_json(JsonReader& in, Selection<Item>& selection) {
    return detail::selection::read_selection(in, selection);
}

CLARIFY_DECL bool detail::read_json(JsonReader& in, DataSelection& selection) {
    return detail::selection::read_selection(in, selection);
}

CLARIFY_DECL Result<void> read_json_text(std::string_view text, Selection<Signal>& selection) {
    return detail::read_json_document(text, selection);
}

CLARIFY_DECL Result<void> read_json_text(std::string_view text, Selection<Item>& selection) {
    return detail::read_json_document(text, selection);
}

CLARIFY_DECL Result<void> read_json_text(std::string_view text, DataSelection& selection) {
    return detail::read_json_document(text, selection);
}

}  // namespace clarify

#endif  // CLARIFY_API_IMPL_SELECTION_HPP
