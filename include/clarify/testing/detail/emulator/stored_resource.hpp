// SPDX-License-Identifier: BSL-1.0
// Signals and items as the store keeps them, and their JSON.

#ifndef CLARIFY_TESTING_DETAIL_EMULATOR_STORED_RESOURCE_HPP
#define CLARIFY_TESTING_DETAIL_EMULATOR_STORED_RESOURCE_HPP

#include <clarify/testing/detail/emulator/params_reader.hpp>
#include <clarify/testing/detail/emulator/time_text.hpp>

#include <boost/json.hpp>

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace clarify::testing::detail {

/// What signals and items have in common and a save replaces as a whole.
struct StoredAttributes {
    std::string name;
    std::string description;
    std::string value_type = "numeric";
    std::string source_type = "measurement";
    std::string eng_unit;
    std::optional<std::chrono::nanoseconds> sample_interval;
    std::optional<std::chrono::nanoseconds> gap_detection;
    std::map<std::string, std::vector<std::string>> labels;
    std::map<std::string, std::string> enum_values;
    /// Only items have it.
    bool visible = false;

    bool operator==(const StoredAttributes&) const = default;
};

using StoredAnnotations = std::map<std::string, std::string>;

/// What signals and items have in common.
struct StoredResource {
    std::string id;
    StoredAttributes attributes;
    StoredAnnotations annotations;
    ServerTime created_at;
    ServerTime updated_at;
    /// What the last save has charged to the store.
    std::size_t text_size = 0;
};

/// A signal of an integration, with its samples.
struct StoredSignal : StoredResource {
    static constexpr std::string_view type = "signals";

    std::string integration;
    std::string input;
    /// Identifier of the connected item, or empty.
    std::string item;
    std::map<ServerTime, double> samples;
};

/// An item, which shows the samples of the signals that name it.
struct StoredItem : StoredResource {
    static constexpr std::string_view type = "items";
};

/// What a save says about one signal or item.
struct SaveView {
    StoredAttributes attributes;
    /// Changes to the stored annotations; an empty text removes the key.
    StoredAnnotations annotations;
};

enum class SaveKind { signal, item };

/// May samples be inserted under this key? The server's own rule, by which the library's is judged.
bool is_accepted_input(std::string_view key);

/// Reads a save view and notes everything that breaks a rule of the API.
SaveView read_save_view(const ParamsReader& reader, SaveKind kind);

/// Applies a save and returns whether it changed anything.
bool apply_save(StoredResource& resource, const SaveView& view, ServerTime now);

/// About how much memory the texts of attributes or annotations take, in bytes.
std::size_t text_size(const StoredAttributes& attributes);
std::size_t text_size(const StoredAnnotations& annotations);
std::size_t text_size(const SaveView& view);

/// The organisation that everything in an emulator belongs to.
inline constexpr std::string_view organization_id = "cugorg00000000000000";

/// How resources are shown.
struct ResourceStyle {
    /// Put the two hashes into `meta`.
    bool hashes = true;
    /// Show an unset duration as `PT0S`, not as null.
    bool unset_duration_is_zero = false;
    /// Show the organisation that a resource belongs to.
    bool organization = false;
};

/// The attributes in the order that their hash is made of.
json::object attributes_json(const StoredSignal& signal, ResourceStyle style = ResourceStyle());
json::object attributes_json(const StoredItem& item, ResourceStyle style = ResourceStyle());

/// The whole resource as a selection shows it.
json::object resource_json(const StoredSignal& signal, ResourceStyle style);
json::object resource_json(const StoredItem& item, ResourceStyle style);

/// SHA-1 in hexadecimal of `part` (attributes or relationships), in the server's spelling of it.
std::string resource_hash(const json::object& part);

}  // namespace clarify::testing::detail

#include <clarify/testing/detail/emulator/impl/stored_resource.hpp>

#endif  // CLARIFY_TESTING_DETAIL_EMULATOR_STORED_RESOURCE_HPP
