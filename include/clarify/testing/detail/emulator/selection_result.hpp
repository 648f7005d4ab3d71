// SPDX-License-Identifier: BSL-1.0
// The result shape that all selections share: format, included resources, meta.

#ifndef CLARIFY_TESTING_DETAIL_EMULATOR_SELECTION_RESULT_HPP
#define CLARIFY_TESTING_DETAIL_EMULATOR_SELECTION_RESULT_HPP

#include <clarify/testing/detail/emulator/method_context.hpp>
#include <clarify/testing/detail/emulator/params_reader.hpp>
#include <clarify/testing/detail/emulator/resource_search.hpp>
#include <clarify/testing/detail/emulator/stored_resource.hpp>

#include <boost/json.hpp>

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <utility>
#include <vector>

namespace clarify::testing::detail {

/// Leaves only so many of the members of an object that are to be done.
template <class Map>
void keep_share(const MethodContext& context, Map& members) {
    members.erase(
        std::next(members.begin(), static_cast<std::ptrdiff_t>(context.share_of(members.size()))),
        members.end());
}

/// The same for the resources on a page.
template <class R>
Page<R> keep_page_share(const MethodContext& context, Page<R> page) {
    page.resources.resize(context.share_of(page.resources.size()));
    return page;
}

/// The member `format` of a request.
struct SelectionFormat {
    bool data_as_array = false;
    bool group_included_by_type = false;
    bool include_hashes = true;
    bool use_path_errors = false;
};

inline SelectionFormat read_format(const ParamsReader& params) {
    SelectionFormat format;
    const json::object* const object = params.object("format");
    if (object == nullptr) return format;
    const ParamsReader reader{*object, params.path_of("format"), params.errors(), params.strict()};
    reader.allow_only(
        {"dataAsArray",
         "groupIncludedByType",
         "flattenResourceFields",
         "includeResourceHashFields",
         "usePathErrors"});
    format.data_as_array = reader.boolean("dataAsArray", false);
    format.group_included_by_type = reader.boolean("groupIncludedByType", false);
    format.include_hashes = reader.boolean("includeResourceHashFields", true);
    format.use_path_errors = reader.boolean("usePathErrors", false);
    if (reader.boolean("flattenResourceFields", false))
        reader.fail("flattenResourceFields", "not supported by the emulator");
    return format;
}

/// Reads the member `include` and returns whether items are to be included.
inline bool read_include_items(const ParamsReader& params) {
    if (params.find_nullable("include") == nullptr) {
        // Null is what some clients send for an empty list.
        return false;
    }
    const json::array* const names = params.array("include");
    bool items = false;
    if (names != nullptr) {
        for (const json::value& name : *names) {
            if (name == "item" || name == "items") {
                items = true;
            } else {
                params.fail("include", "unknown relationship");
                break;
            }
        }
    }
    return items;
}

inline ResourceStyle resource_style(const MethodContext& context, const SelectionFormat& format) {
    ResourceStyle style;
    style.hashes = format.include_hashes;
    style.unset_duration_is_zero = context.settings.observed_shapes;
    style.organization = context.settings.observed_shapes && context.is_version_1_2();
    return style;
}

/// The member `meta`; a total that was not computed is -1.
inline json::object selection_meta(
    const MethodContext& context,
    const SelectionFormat& format,
    std::int64_t total,
    bool is_data_frame) {
    json::object shown;
    shown["dataAsArray"] = format.data_as_array;
    shown["groupIncludedByType"] = format.group_included_by_type;
    if (context.settings.observed_shapes) {
        shown["flattenResourceFields"] = false;
        shown["includeResourceHashFields"] = format.include_hashes;
        if (is_data_frame) shown["usePathErrors"] = format.use_path_errors;
    }
    json::object meta;
    meta["total"] = total;
    meta["format"] = std::move(shown);
    return meta;
}

/// Resources as an array, or as an object by identifier.
template <class R>
json::value resources_json(
    const std::vector<const R*>& resources, bool as_array, ResourceStyle style) {
    json::array array;
    json::object object;
    for (const R* const resource : resources) {
        if (as_array) {
            array.push_back(resource_json(*resource, style));
        } else {
            object[resource->id] = resource_json(*resource, style);
        }
    }
    return as_array ? json::value(std::move(array)) : json::value(std::move(object));
}

/// The member `included`: by type, or one flat array.
inline json::value included_json(
    const std::vector<const StoredItem*>& items,
    const SelectionFormat& format,
    ResourceStyle style) {
    json::value array = resources_json(items, true, style);
    if (!format.group_included_by_type) return array;
    json::object by_type;
    by_type["items"] = std::move(array);
    return by_type;
}

}  // namespace clarify::testing::detail

#endif  // CLARIFY_TESTING_DETAIL_EMULATOR_SELECTION_RESULT_HPP
