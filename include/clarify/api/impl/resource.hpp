// SPDX-License-Identifier: BSL-1.0
// Signals and items as text: what a save writes, what a hash is made of, what a reply is read into.

#ifndef CLARIFY_API_IMPL_RESOURCE_HPP
#define CLARIFY_API_IMPL_RESOURCE_HPP

#include <clarify/api/detail/sha1.hpp>
#include <clarify/api/resource.hpp>
#include <clarify/core/detail/config.hpp>
#include <clarify/core/detail/json_reader.hpp>
#include <clarify/core/detail/json_writer.hpp>

#include <map>
#include <string>
#include <string_view>

#include <clarify/api/detail/impl/resource_reader.hpp>

namespace clarify {
namespace detail {
namespace resource {

inline std::optional<ResourceLink> one_of(const Relationships& all, std::string_view name) {
    const auto found = all.find(name);
    if (found == all.end() || found->second.links.empty()) return std::nullopt;
    return found->second.links.front();
}

inline void write_duration(
    JsonWriter& out, std::string_view name, const std::optional<FixedDuration>& duration) {
    out.key(name);
    if (!duration || duration->value().count() == 0) {
        out.raw("null");
    } else {
        out.string(duration->to_string());
    }
}

/// The members that hashes are made of, in their order, without brackets.
inline void write_attributes(JsonWriter& out, const Attributes& attributes) {
    const auto text = [&out](std::string_view name, std::string_view value) {
        out.key(name);
        out.string(value);
    };
    text("name", attributes.name);
    text("description", attributes.description);
    text("valueType", attributes.value_type.text());
    text("sourceType", attributes.source_type.text());
    text("engUnit", attributes.eng_unit);
    write_duration(out, "sampleInterval", attributes.sample_interval);
    write_duration(out, "gapDetection", attributes.gap_detection);
    out.key("labels");
    write_json(out, attributes.labels);
    // Keys are sorted as text: "10" comes before "2".
    std::map<std::string, std::string_view> states;
    for (const auto& [state, name] : attributes.enum_values)
        states.emplace(std::to_string(state), name);
    out.key("enumValues");
    out.open('{');
    for (const auto& [state, name] : states)
        text(state, name);
    out.close('}');
}

inline void write_annotations(JsonWriter& out, const Annotations& annotations) {
    if (annotations.empty()) return;
    out.key("annotations");
    out.open('{');
    for (const auto& [key, value] : annotations) {
        out.key(key);
        out.string(value);
    }
    out.close('}');
}

/// The digest of an object as Go's encoder ends it: with a line feed.
template <class WriteMembers>
std::string hash_of(WriteMembers&& write_members) {
    std::string text;
    JsonWriter out{text, JsonSpelling::go};
    out.open('{');
    write_members(out);
    out.close('}');
    text += '\n';
    return sha1_hex(text);
}

inline void write_visible(JsonWriter& out, bool visible) {
    out.key("visible");
    out.boolean(visible);
}

inline void write_input(JsonWriter& out, std::string_view input) {
    out.key("input");
    out.string(input);
}

}  // namespace resource

CLARIFY_DECL void write_json(JsonWriter& out, const SignalSave& save) {
    out.open('{');
    resource::write_annotations(out, save.annotations);
    resource::write_attributes(out, save);
    out.close('}');
}

CLARIFY_DECL void write_json(JsonWriter& out, const ItemSave& save) {
    out.open('{');
    resource::write_annotations(out, save.annotations);
    resource::write_attributes(out, save);
    resource::write_visible(out, save.visible);
    out.close('}');
}

}  // namespace detail

CLARIFY_DECL std::optional<ResourceLink> Signal::item() const {
    return detail::resource::one_of(relationships, "item");
}

CLARIFY_DECL std::optional<ResourceLink> Signal::integration() const {
    return detail::resource::one_of(relationships, "integration");
}

CLARIFY_DECL bool detail::read_json(JsonReader& in, clarify::Signal& signal) {
    return resource::read_resource(in, signal, [&](const JsonKey& key) {
        return key == "input" ? in.string(signal.input) : in.skip();
    });
}

CLARIFY_DECL bool detail::read_json(JsonReader& in, Item& item) {
    return resource::read_resource(in, item, [&](const JsonKey& key) {
        return key == "visible" ? in.boolean(item.visible) : in.skip();
    });
}

CLARIFY_DECL Result<void> read_json_text(std::string_view text, Signal& signal) {
    return detail::read_json_document(text, signal);
}

CLARIFY_DECL Result<void> read_json_text(std::string_view text, Item& item) {
    return detail::read_json_document(text, item);
}

CLARIFY_DECL Result<void> append_json_text(std::string& out, const SignalSave& save) {
    return detail::append_json_document(out, save);
}

CLARIFY_DECL Result<void> append_json_text(std::string& out, const ItemSave& save) {
    return detail::append_json_document(out, save);
}

CLARIFY_DECL std::string attributes_hash(const Signal& signal) {
    return attributes_hash(SignalSave{signal}, signal.input);
}

CLARIFY_DECL std::string attributes_hash(const SignalSave& save, std::string_view input) {
    return detail::resource::hash_of([&](detail::JsonWriter& out) {
        detail::resource::write_attributes(out, save);
        detail::resource::write_input(out, input);
    });
}

CLARIFY_DECL std::string attributes_hash(const Item& item) {
    return attributes_hash(ItemSave{item});
}

CLARIFY_DECL std::string attributes_hash(const ItemSave& save) {
    return detail::resource::hash_of([&](detail::JsonWriter& out) {
        detail::resource::write_attributes(out, save);
        detail::resource::write_visible(out, save.visible);
    });
}

CLARIFY_DECL std::string relationships_hash(const Relationships& relationships) {
    return detail::resource::hash_of([&](detail::JsonWriter& out) {
        const auto write_link = [&out](const ResourceLink& link) {
            out.open('{');
            out.key("type");
            out.string(link.type);
            out.key("id");
            out.string(link.id);
            out.close('}');
        };
        for (const auto& [name, relationship] : relationships) {
            out.key(name);
            out.open('{');
            out.key("data");
            if (relationship.to_many) {
                out.open('[');
                for (const ResourceLink& link : relationship.links) {
                    out.element();
                    write_link(link);
                }
                out.close(']');
            } else if (relationship.links.empty()) {
                out.raw("null");
            } else {
                write_link(relationship.links.front());
            }
            out.close('}');
        }
    });
}

}  // namespace clarify

#endif  // CLARIFY_API_IMPL_RESOURCE_HPP
