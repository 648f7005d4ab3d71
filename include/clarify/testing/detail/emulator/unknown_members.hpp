// SPDX-License-Identifier: BSL-1.0
// Members that nobody knows, as a later version of the API may have them.

#ifndef CLARIFY_TESTING_DETAIL_EMULATOR_UNKNOWN_MEMBERS_HPP
#define CLARIFY_TESTING_DETAIL_EMULATOR_UNKNOWN_MEMBERS_HPP

#include <boost/json.hpp>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace clarify::testing::detail {

namespace json = boost::json;

inline constexpr std::string_view unknown_member = "notYetKnown";

/// Are the members of an object named by its data, so that one more would be one more datum?
inline bool is_map(std::string_view key, const json::object& object) {
    constexpr std::array<std::string_view, 8> maps{
        "annotations",
        "enumValues",
        "invalidFields",
        "itemsBySignal",
        "labels",
        "params",
        "series",
        "signalsByInput"};
    if (key == "data") {
        // Resources by their identifiers; a frame, a link and error data have names of their own.
        return std::all_of(object.begin(), object.end(), [](const auto& member) {
            return member.value().is_object() && member.value().get_object().contains("type");
        });
    }
    return std::find(maps.begin(), maps.end(), key) != maps.end();
}

inline void add_unknown_members(json::value& value, std::string_view key);

/// Puts an unknown member into `object`, and into all objects below it that have members of fixed
/// names.
inline void add_unknown_members(json::object& object, std::string_view key = {}) {
    for (auto& member : object)
        add_unknown_members(member.value(), member.key());
    if (!is_map(key, object)) {
        json::object value;
        value["version"] = 7;
        object[unknown_member] = std::move(value);
    }
}

inline void add_unknown_members(json::value& value, std::string_view key) {
    if (json::object* const object = value.if_object()) {
        add_unknown_members(*object, key);
    } else if (json::array* const array = value.if_array()) {
        for (json::value& element : *array) {
            // The elements of a list are not named by its key.
            add_unknown_members(element, {});
        }
    }
}

}  // namespace clarify::testing::detail

#endif  // CLARIFY_TESTING_DETAIL_EMULATOR_UNKNOWN_MEMBERS_HPP
