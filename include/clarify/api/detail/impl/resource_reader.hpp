// SPDX-License-Identifier: BSL-1.0
// Reads signals and items in any of the shapes that servers send them in.

#ifndef CLARIFY_API_DETAIL_IMPL_RESOURCE_READER_HPP
#define CLARIFY_API_DETAIL_IMPL_RESOURCE_READER_HPP

#include <clarify/api/resource.hpp>
#include <clarify/core/detail/json_reader.hpp>

#include <chrono>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace clarify::detail::resource {

/// A duration as a number of seconds, which some servers have sent.
inline bool read_seconds(JsonReader& in, FixedDuration& out) {
    constexpr double longest = 9e9;
    double seconds = 0;
    if (!in.number(seconds)) return false;
    if (!(std::abs(seconds) <= longest))
        return in.fail(Reason::mismatch, "expected a duration in seconds");
    // To the microsecond, so that the fraction of a double leaves nothing behind.
    out = FixedDuration{std::chrono::microseconds{std::llround(seconds * 1e6)}};
    return true;
}

inline bool read_duration(JsonReader& in, std::optional<FixedDuration>& out) {
    FixedDuration duration;
    const bool is_number = in.next() == JsonKind::number;
    if (!(is_number ? read_seconds(in, duration) : read_json(in, duration))) return false;
    out.reset();
    if (duration.value().count() != 0) out = duration;
    return true;
}

inline bool read_annotations(JsonReader& in, Annotations& out) {
    out.clear();
    return in.object([&](const JsonKey& key) {
        in.charge_node<Annotations>();
        return in.string(out[in.text(key)]);
    });
}

inline bool read_enum_values(JsonReader& in, EnumValues& out) {
    out.clear();
    return in.object([&](const JsonKey& key) {
        in.charge_node<EnumValues>();
        const std::string text = in.text(key);
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
bool read_enum(JsonReader& in, OpenEnum& out) {
    std::string text;
    if (!in.string(text)) return false;
    out = OpenEnum{std::string_view{text}};
    return true;
}

/// Reads the member `key` if it is an attribute of both; `handled` says whether it was.
inline bool read_attribute(JsonReader& in, const JsonKey& key, Attributes& out, bool& handled) {
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

inline bool read_meta(JsonReader& in, ResourceMeta& out) {
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

inline bool read_link(JsonReader& in, ResourceLink& out) {
    return in.object([&](const JsonKey& key) {
        if (in.take_null()) return true;
        if (key == "type") return in.string(out.type);
        if (key == "id") return in.string(out.id);
        return in.skip();
    });
}

inline bool read_relationship(JsonReader& in, Relationship& out) {
    return in.object([&](const JsonKey& key) {
        if (!(key == "data")) return in.skip();
        out.links.clear();
        out.to_many = in.next() == JsonKind::array;
        if (in.take_null()) return true;
        if (!out.to_many) return read_link(in, in.add_to(out.links));
        return in.array([&] { return read_link(in, in.add_to(out.links)); });
    });
}

inline bool read_relationships(JsonReader& in, Relationships& out) {
    out.clear();
    return in.object([&](const JsonKey& key) {
        if (in.take_null()) return true;
        in.charge_node<Relationships>();
        return read_relationship(in, out[in.text(key)]);
    });
}

/// Reads a resource, whose attributes may stand in an object of their own or beside the others.
template <class Resource, class ReadOwn>
bool read_resource(JsonReader& in, Resource& out, ReadOwn&& read_own) {
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

}  // namespace clarify::detail::resource

#endif  // CLARIFY_API_DETAIL_IMPL_RESOURCE_READER_HPP
