// SPDX-License-Identifier: BSL-1.0

#ifndef CLARIFY_API_IMPL_RESOURCE_HPP
#define CLARIFY_API_IMPL_RESOURCE_HPP

#include <clarify/api/detail/json_input.hpp>
#include <clarify/api/detail/json_output.hpp>
#include <clarify/api/detail/sha1.hpp>
#include <clarify/api/patterns.hpp>
#include <clarify/core/detail/config.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <utility>

namespace clarify {
namespace detail {
namespace resource {

inline std::optional<ResourceLink> one_of(const Relationships& all, std::string_view name) {
    const auto found = all.find(name);
    if (found == all.end() || found->second.links.empty()) return std::nullopt;
    return found->second.links.front();
}

// --- Writing ------------------------------------------------------------------------------------

inline void write_duration(
    JsonOutput& out, std::string_view name, const std::optional<FixedDuration>& duration) {
    out.key(name);
    if (!duration || duration->value().count() == 0) {
        out.raw("null");
    } else {
        out.string(duration->to_string());
    }
}

/// The members that hashes are made of, in their order, without brackets.
inline void write_attributes(JsonOutput& out, const Attributes& attributes) {
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

inline void write_annotations(JsonOutput& out, const Annotations& annotations) {
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
    JsonOutput out{text, JsonSpelling::go};
    out.open('{');
    write_members(out);
    out.close('}');
    text += '\n';
    return sha1_hex(text);
}

inline void write_visible(JsonOutput& out, bool visible) {
    out.key("visible");
    out.boolean(visible);
}

inline void write_input(JsonOutput& out, std::string_view input) {
    out.key("input");
    out.string(input);
}

// --- Reading ------------------------------------------------------------------------------------

/// A duration as a number of seconds, which some servers have sent.
inline bool read_seconds(JsonInput& in, FixedDuration& out) {
    constexpr double longest = 9e9;
    double seconds = 0;
    if (!in.number(seconds)) return false;
    if (!(std::abs(seconds) <= longest))
        return in.fail(Reason::mismatch, "expected a duration in seconds");
    // To the microsecond, so that the fraction of a double leaves nothing behind.
    out = FixedDuration{std::chrono::microseconds{std::llround(seconds * 1e6)}};
    return true;
}

inline bool read_duration(JsonInput& in, std::optional<FixedDuration>& out) {
    FixedDuration duration;
    const bool is_number = in.next() == JsonKind::number;
    if (!(is_number ? read_seconds(in, duration) : clarify::read_json(in, duration))) return false;
    out.reset();
    if (duration.value().count() != 0) out = duration;
    return true;
}

inline bool read_annotations(JsonInput& in, Annotations& out) {
    out.clear();
    return in.object([&](const JsonKey& key) { return in.string(out[key.text()]); });
}

inline bool read_enum_values(JsonInput& in, EnumValues& out) {
    out.clear();
    return in.object([&](const JsonKey& key) {
        const std::string text = key.text();
        const std::optional<std::int64_t> state = json_integer(text);
        std::string name;
        if (!in.string(name)) return false;
        if (!state || !std::in_range<int>(*state))
            return in.fail(Reason::mismatch, "expected an integer as the key");
        out[static_cast<int>(*state)] = std::move(name);
        return true;
    });
}

template <class OpenEnum>
bool read_enum(JsonInput& in, OpenEnum& out) {
    std::string text;
    if (!in.string(text)) return false;
    out = OpenEnum{std::string_view{text}};
    return true;
}

/// Reads the member `key` if it is an attribute of both; `handled` says whether it was.
inline bool read_attribute(JsonInput& in, const JsonKey& key, Attributes& out, bool& handled) {
    handled = true;
    if (key == "name") return in.string(out.name);
    if (key == "description") return in.string(out.description);
    if (key == "valueType") return read_enum(in, out.value_type);
    if (key == "sourceType") return read_enum(in, out.source_type);
    if (key == "engUnit") return in.string(out.eng_unit);
    if (key == "sampleInterval") return read_duration(in, out.sample_interval);
    if (key == "gapDetection") return read_duration(in, out.gap_detection);
    if (key == "labels") return read_json(in, out.labels);
    if (key == "enumValues") return read_enum_values(in, out.enum_values);
    handled = false;
    return true;
}

inline bool read_meta(JsonInput& in, ResourceMeta& out) {
    return in.object([&](const JsonKey& key) {
        if (in.take_null()) return true;
        if (key == "annotations") return read_annotations(in, out.annotations);
        if (key == "attributesHash") return in.string(out.attributes_hash);
        if (key == "relationshipsHash") return in.string(out.relationships_hash);
        if (key == "createdAt") return read_json(in, out.created_at.emplace());
        if (key == "updatedAt") return read_json(in, out.updated_at.emplace());
        return in.skip();
    });
}

inline bool read_link(JsonInput& in, ResourceLink& out) {
    return in.object([&](const JsonKey& key) {
        if (in.take_null()) return true;
        if (key == "type") return in.string(out.type);
        if (key == "id") return in.string(out.id);
        return in.skip();
    });
}

inline bool read_relationship(JsonInput& in, Relationship& out) {
    return in.object([&](const JsonKey& key) {
        if (!(key == "data")) return in.skip();
        out.links.clear();
        out.to_many = in.next() == JsonKind::array;
        if (in.take_null()) return true;
        if (!out.to_many) return read_link(in, out.links.emplace_back());
        return in.array([&] { return read_link(in, out.links.emplace_back()); });
    });
}

inline bool read_relationships(JsonInput& in, Relationships& out) {
    out.clear();
    return in.object([&](const JsonKey& key) {
        if (in.take_null()) return true;
        return read_relationship(in, out[key.text()]);
    });
}

/// Reads a resource, whose attributes may stand in an object of their own or beside the others.
template <class Resource, class ReadOwn>
bool read_resource(JsonInput& in, Resource& out, ReadOwn&& read_own) {
    const auto read_member = [&](const JsonKey& key) {
        if (in.take_null()) return true;
        bool handled = false;
        if (!read_attribute(in, key, out, handled)) return false;
        return handled || read_own(key);
    };
    return in.object([&](const JsonKey& key) {
        if (in.take_null()) return true;
        if (key == "id") return in.string(out.id);
        if (key == "meta") return read_meta(in, out.meta);
        if (key == "relationships") return read_relationships(in, out.relationships);
        if (key == "attributes") return in.object(read_member);
        return read_member(key);
    });
}

// --- Checking -----------------------------------------------------------------------------------

/// How many characters a text has; nothing where it is not UTF-8.
inline std::optional<std::size_t> length_of(std::string_view text) {
    std::size_t count = 0;
    const char* at = text.data();
    const char* const end = at + text.size();
    while (at != end) {
        const std::size_t length = utf8_sequence(at, end);
        if (length == 0) return std::nullopt;
        at += length;
        ++count;
    }
    return count;
}

/// Notes faults of one resource.
class Checker {
public:
    Checker(std::string_view path, FieldErrors& errors) : path_(path), errors_(errors) {}

    void text(
        const std::string& path,
        std::string_view value,
        std::size_t most = std::string_view::npos,
        std::size_t least = 0) {
        const std::optional<std::size_t> length = length_of(value);
        if (!length) return errors_.add(path, "is not UTF-8");
        if (*length < least) errors_.add(path, "is empty");
        if (*length > most)
            errors_.add(path, "has more than " + std::to_string(most) + " characters");
    }
    void duration(std::string_view name, const std::optional<FixedDuration>& value) {
        if (value && value->value().count() < 0) errors_.add(member(name), "is negative");
    }

    void attributes(const Attributes& of) {
        text(member("name"), of.name, 128, 1);
        text(member("description"), of.description, 1000);
        text(member("engUnit"), of.eng_unit);
        text(member("valueType"), of.value_type.text());
        text(member("sourceType"), of.source_type.text());
        duration("sampleInterval", of.sample_interval);
        duration("gapDetection", of.gap_detection);
        for (const auto& [key, values] : of.labels) {
            const std::string path = field_path(member("labels"), key);
            if (!is_label_key(key))
                errors_.add(path, "is no label key: 1 to 128 letters, digits and - _ /");
            for (const std::string& value : values)
                text(path, value);
        }
        for (const auto& [state, name] : of.enum_values) {
            const std::string path = field_path(member("enumValues"), std::to_string(state));
            if (!is_enum_state(state)) errors_.add(path, "is no state: 0 to 9999");
            text(path, name, 128, 1);
        }
    }
    void annotations(const Annotations& of) {
        for (const auto& [key, value] : of) {
            const std::string path = field_path(member("annotations"), key);
            if (!is_annotation_key(key))
                errors_.add(path, "is no annotation key: 1 to 128 letters, digits and - _ /");
            text(path, value);
        }
    }

private:
    std::string member(std::string_view name) const { return field_path(path_, name); }

    std::string_view path_;
    FieldErrors& errors_;
};

}  // namespace resource

CLARIFY_DECL void write_json(JsonOutput& out, const SignalSave& save) {
    out.open('{');
    resource::write_annotations(out, save.annotations);
    resource::write_attributes(out, save);
    out.close('}');
}

CLARIFY_DECL void write_json(JsonOutput& out, const ItemSave& save) {
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

CLARIFY_DECL bool read_json(detail::JsonInput& in, Signal& signal) {
    return detail::resource::read_resource(in, signal, [&](const detail::JsonKey& key) {
        return key == "input" ? in.string(signal.input) : in.skip();
    });
}

CLARIFY_DECL bool read_json(detail::JsonInput& in, Item& item) {
    return detail::resource::read_resource(in, item, [&](const detail::JsonKey& key) {
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

CLARIFY_DECL void check(const SignalSave& save, std::string_view path, FieldErrors& errors) {
    detail::resource::Checker checker{path, errors};
    checker.attributes(save);
    checker.annotations(save.annotations);
}

CLARIFY_DECL void check(const ItemSave& save, std::string_view path, FieldErrors& errors) {
    detail::resource::Checker checker{path, errors};
    checker.attributes(save);
    checker.annotations(save.annotations);
}

CLARIFY_DECL std::string attributes_hash(const Signal& signal) {
    return attributes_hash(SignalSave{signal}, signal.input);
}

CLARIFY_DECL std::string attributes_hash(const SignalSave& save, std::string_view input) {
    return detail::resource::hash_of([&](detail::JsonOutput& out) {
        detail::resource::write_attributes(out, save);
        detail::resource::write_input(out, input);
    });
}

CLARIFY_DECL std::string attributes_hash(const Item& item) {
    return attributes_hash(ItemSave{item});
}

CLARIFY_DECL std::string attributes_hash(const ItemSave& save) {
    return detail::resource::hash_of([&](detail::JsonOutput& out) {
        detail::resource::write_attributes(out, save);
        detail::resource::write_visible(out, save.visible);
    });
}

CLARIFY_DECL std::string relationships_hash(const Relationships& relationships) {
    return detail::resource::hash_of([&](detail::JsonOutput& out) {
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
