// SPDX-License-Identifier: BSL-1.0
// Bodies of the resources: rules for their attributes, and their JSON.

#ifndef CLARIFY_TESTING_DETAIL_EMULATOR_IMPL_STORED_RESOURCE_HPP
#define CLARIFY_TESTING_DETAIL_EMULATOR_IMPL_STORED_RESOURCE_HPP

#include <clarify/core/detail/text.hpp>
#include <clarify/testing/detail/emulator/json_text.hpp>
#include <clarify/testing/detail/emulator/stored_resource.hpp>
#include <clarify/testing/detail/secrets.hpp>

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <initializer_list>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>

namespace clarify::testing::detail {

/// True for 1 to 128 ASCII letters, digits and characters of `punctuation`.
inline bool is_key(std::string_view key, std::string_view punctuation) {
    return !key.empty() && key.size() <= 128 && std::all_of(key.begin(), key.end(), [&](char c) {
        return clarify::detail::is_alnum(c) || punctuation.find(c) != std::string_view::npos;
    });
}

inline bool is_accepted_input(std::string_view key) { return is_key(key, "-_:.#+/"); }

/// The number of characters (code points) of valid UTF-8.
inline std::size_t character_count(std::string_view text) {
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U;
    }));
}

/// Of texts whose length the API does not document; it keeps regular expressions fast.
inline constexpr std::size_t max_free_text = 10'000;

inline std::string read_text(const ParamsReader& reader, std::string_view key, std::size_t max) {
    std::string text = reader.string(key).value_or("");
    if (character_count(text) > max)
        reader.fail(key, "must have at most " + std::to_string(max) + " characters");
    return text;
}

/// Reads one of `choices`, of which the first is the default; the empty text means the default.
inline std::string read_choice(
    const ParamsReader& reader,
    std::string_view key,
    std::initializer_list<std::string_view> choices) {
    const std::string text = reader.string(key).value_or("");
    if (text.empty()) return std::string{*choices.begin()};
    if (std::find(choices.begin(), choices.end(), text) == choices.end())
        reader.fail(key, "unknown value");
    return text;
}

inline std::optional<std::chrono::nanoseconds> read_length(
    const ParamsReader& reader, std::string_view key) {
    if (reader.find_nullable(key) == nullptr) return std::nullopt;
    const auto text = reader.string(key);
    const auto duration = text ? parse_fixed_duration(*text) : std::nullopt;
    if (text && (!duration || duration->count() < 0))
        reader.fail(key, "must be a duration such as PT15M");
    return duration && duration->count() > 0 ? duration : std::nullopt;
}

inline bool is_enum_key(std::string_view key) {
    return !key.empty() && key.size() <= 4 &&
        std::all_of(key.begin(), key.end(), clarify::detail::is_digit) &&
        (key.size() == 1 || key.front() != '0');
}

inline std::map<std::string, std::string> read_texts(
    const ParamsReader& parent,
    std::string_view key,
    bool (*is_valid_key)(std::string_view),
    const char* key_rule) {
    std::map<std::string, std::string> texts;
    if (const json::object* const object = parent.object(key)) {
        const ParamsReader reader{*object, parent.path_of(key), parent.errors(), parent.strict()};
        for (const auto& member : *object) {
            const std::string_view name = member.key();
            if (!is_valid_key(name)) {
                reader.fail(name, key_rule);
            } else {
                texts[std::string{name}] = read_text(reader, name, max_free_text);
            }
        }
    }
    return texts;
}

inline std::map<std::string, std::vector<std::string>> read_labels(const ParamsReader& parent) {
    std::map<std::string, std::vector<std::string>> labels;
    const json::object* const object = parent.object("labels");
    if (object == nullptr) return labels;
    const ParamsReader reader{*object, parent.path_of("labels"), parent.errors(), parent.strict()};
    for (const auto& member : *object) {
        const std::string_view key = member.key();
        if (!is_key(key, "-_/")) {
            reader.fail(key, "invalid label key");
            continue;
        }
        const json::array* const values = reader.array(key);
        if (values == nullptr) continue;
        std::vector<std::string>& label = labels[std::string{key}];
        for (const json::value& value : *values) {
            if (value.is_string() && character_count(value.get_string()) <= max_free_text) {
                label.emplace_back(std::string_view(value.get_string()));
            } else {
                reader.fail(key, "must be an array of strings that are not too long");
                break;
            }
        }
    }
    return labels;
}

inline SaveView read_save_view(const ParamsReader& reader, SaveKind kind) {
    SaveView view;
    StoredAttributes& attributes = view.attributes;
    if (kind == SaveKind::item) {
        reader.allow_only(
            {"annotations",
             "name",
             "description",
             "valueType",
             "sourceType",
             "engUnit",
             "sampleInterval",
             "gapDetection",
             "labels",
             "enumValues",
             "visible"});
        attributes.visible = reader.boolean("visible", false);
    } else {
        reader.allow_only(
            {"annotations",
             "name",
             "description",
             "valueType",
             "sourceType",
             "engUnit",
             "sampleInterval",
             "gapDetection",
             "labels",
             "enumValues"});
    }
    attributes.name = read_text(reader, "name", 128);
    if (attributes.name.empty()) reader.fail("name", "required");
    attributes.description = read_text(reader, "description", 1000);
    attributes.value_type = read_choice(reader, "valueType", {"numeric", "enum"});
    attributes.source_type =
        read_choice(reader, "sourceType", {"measurement", "aggregation", "prediction"});
    attributes.eng_unit = read_text(reader, "engUnit", max_free_text);
    attributes.sample_interval = read_length(reader, "sampleInterval");
    attributes.gap_detection = read_length(reader, "gapDetection");
    attributes.labels = read_labels(reader);
    attributes.enum_values =
        read_texts(reader, "enumValues", &is_enum_key, "must be an integer from 0 to 9999");
    for (const auto& [key, text] : attributes.enum_values) {
        if (text.empty() || character_count(text) > 128)
            reader.fail("enumValues." + key, "must have 1 to 128 characters");
    }
    view.annotations = read_texts(
        reader,
        "annotations",
        [](std::string_view key) { return is_key(key, "-_/"); },
        "invalid annotation key");
    return view;
}

inline bool apply_save(StoredResource& resource, const SaveView& view, ServerTime now) {
    StoredAnnotations annotations = resource.annotations;
    for (const auto& [key, text] : view.annotations) {
        if (text.empty()) {
            annotations.erase(key);
        } else {
            annotations[key] = text;
        }
    }
    if (annotations == resource.annotations && view.attributes == resource.attributes) return false;
    resource.annotations = std::move(annotations);
    resource.attributes = view.attributes;
    resource.updated_at = now;
    return true;
}

/// What one text takes beside its characters, in a container.
inline constexpr std::size_t text_overhead = 64;

inline std::size_t text_size(const StoredAnnotations& annotations) {
    std::size_t size = 0;
    for (const auto& [key, text] : annotations)
        size += key.size() + text.size() + 2 * text_overhead;
    return size;
}

inline std::size_t text_size(const StoredAttributes& attributes) {
    std::size_t size = attributes.name.size() + attributes.description.size() +
        attributes.eng_unit.size() + text_size(attributes.enum_values);
    for (const auto& [key, values] : attributes.labels) {
        size += key.size() + text_overhead;
        for (const std::string& value : values)
            size += value.size() + text_overhead;
    }
    return size;
}

inline std::size_t text_size(const SaveView& view) {
    return text_size(view.attributes) + text_size(view.annotations);
}

inline json::value length_json(
    std::optional<std::chrono::nanoseconds> length, ResourceStyle style) {
    if (length) return json::value(format_fixed_duration(*length));
    return style.unset_duration_is_zero ? json::value("PT0S") : json::value(nullptr);
}

inline json::object common_attributes_json(
    const StoredAttributes& attributes, ResourceStyle style) {
    json::object labels;
    for (const auto& [key, values] : attributes.labels)
        labels[key] = json::array(values.begin(), values.end());
    json::object enum_values;
    for (const auto& [key, text] : attributes.enum_values)
        enum_values[key] = text;
    json::object out;
    out["name"] = attributes.name;
    out["description"] = attributes.description;
    out["valueType"] = attributes.value_type;
    out["sourceType"] = attributes.source_type;
    out["engUnit"] = attributes.eng_unit;
    out["sampleInterval"] = length_json(attributes.sample_interval, style);
    out["gapDetection"] = length_json(attributes.gap_detection, style);
    out["labels"] = std::move(labels);
    out["enumValues"] = std::move(enum_values);
    return out;
}

inline json::object attributes_json(const StoredSignal& signal, ResourceStyle style) {
    json::object out = common_attributes_json(signal.attributes, style);
    out["input"] = signal.input;
    return out;
}

inline json::object attributes_json(const StoredItem& item, ResourceStyle style) {
    json::object out = common_attributes_json(item.attributes, style);
    out["visible"] = item.attributes.visible;
    return out;
}

/// By OpenSSL: the library computes these hashes too, with a SHA-1 of its own, and is judged by them.
inline std::string openssl_sha1_hex(std::string_view text) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int size = 0;
    if (EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha1(), nullptr) != 1)
        throw std::runtime_error{"SHA-1 is not available"};
    return to_hex(std::span{digest}.first(size));
}

inline std::string resource_hash(const json::object& part) {
    return openssl_sha1_hex(to_json(part, JsonEscapes::html) + "\n");
}

/// A relationship to one resource, or to none when `id` is empty.
inline json::object relationship_json(std::string_view type, std::string_view id) {
    json::object out;
    if (id.empty()) {
        out["data"] = nullptr;
    } else {
        json::object data;
        data["type"] = type;
        data["id"] = id;
        out["data"] = std::move(data);
    }
    return out;
}

template <class R>
json::object assemble_resource_json(
    const R& resource,
    const json::object& hashed_relationships,
    json::object relationships,
    ResourceStyle style) {
    const auto milliseconds = [](ServerTime time) {
        return format_time(std::chrono::floor<std::chrono::milliseconds>(time));
    };
    json::object annotations;
    for (const auto& [key, text] : resource.annotations)
        annotations[key] = text;
    json::object meta;
    meta["annotations"] = std::move(annotations);
    if (style.hashes) {
        meta["attributesHash"] = resource_hash(attributes_json(resource));
        meta["relationshipsHash"] = resource_hash(hashed_relationships);
    }
    meta["createdAt"] = milliseconds(resource.created_at);
    meta["updatedAt"] = milliseconds(resource.updated_at);
    if (style.organization)
        relationships["organization"] = relationship_json("organizations", organization_id);
    json::object out;
    out["type"] = R::type;
    out["id"] = resource.id;
    out["meta"] = std::move(meta);
    out["attributes"] = attributes_json(resource, style);
    out["relationships"] = std::move(relationships);
    return out;
}

inline json::object resource_json(const StoredSignal& signal, ResourceStyle style) {
    // The hash covers the connected item only: the integration of a signal never changes.
    json::object hashed;
    hashed["item"] = relationship_json(StoredItem::type, signal.item);
    json::object relationships;
    relationships["integration"] = relationship_json("integrations", signal.integration);
    relationships["item"] = relationship_json(StoredItem::type, signal.item);
    return assemble_resource_json(signal, hashed, std::move(relationships), style);
}

inline json::object resource_json(const StoredItem& item, ResourceStyle style) {
    return assemble_resource_json(item, json::object(), json::object(), style);
}

}  // namespace clarify::testing::detail

#endif  // CLARIFY_TESTING_DETAIL_EMULATOR_IMPL_STORED_RESOURCE_HPP
