// SPDX-License-Identifier: BSL-1.0
// Signals and items: what is read, and what is saved.

#ifndef CLARIFY_API_RESOURCE_HPP
#define CLARIFY_API_RESOURCE_HPP

#include <clarify/api/annotations.hpp>
#include <clarify/api/duration.hpp>
#include <clarify/api/enum_values.hpp>
#include <clarify/api/field_errors.hpp>
#include <clarify/api/labels.hpp>
#include <clarify/api/timestamp.hpp>
#include <clarify/api/value_type.hpp>
#include <clarify/core/result.hpp>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace clarify {

/// Names another resource.
struct ResourceLink {
    ResourceLink() {}
    ResourceLink(std::string type_, std::string id_) : type(std::move(type_)), id(std::move(id_)) {}

    /// Such as `items`.
    std::string type;
    std::string id;

    friend bool operator==(const ResourceLink&, const ResourceLink&) = default;
};

/// How a resource is related to others: to one, to none, or to many.
struct Relationship {
    Relationship() {}

    /// There may be any number of them, not only one.
    bool to_many = false;
    std::vector<ResourceLink> links;

    friend bool operator==(const Relationship&, const Relationship&) = default;
};
using Relationships = std::map<std::string, Relationship, std::less<>>;

/// What the server knows about a resource.
struct ResourceMeta {
    ResourceMeta() {}

    Annotations annotations;
    /// See `attributes_hash`. Empty where the server sent none.
    std::string attributes_hash;
    std::string relationships_hash;
    std::optional<Timestamp> created_at;
    std::optional<Timestamp> updated_at;

    friend bool operator==(const ResourceMeta&, const ResourceMeta&) = default;
};

/// What signals and items have in common.
struct Attributes {
    Attributes() {}

    /// 1 to 128 characters.
    std::string name;
    /// At most 1000 characters.
    std::string description;
    ValueType value_type;
    SourceType source_type;
    /// The unit of the values, such as `°C`.
    std::string eng_unit;
    /// How far samples are apart as a rule.
    std::optional<FixedDuration> sample_interval;
    /// From which distance on samples are not connected by a line.
    std::optional<FixedDuration> gap_detection;
    Labels labels;
    EnumValues enum_values;

    friend bool operator==(const Attributes&, const Attributes&) = default;
};

/// What an integration inserts under one key.
struct Signal : Attributes {
    Signal() {}

    std::string id;
    ResourceMeta meta;
    /// The key that samples are inserted under.
    std::string input;
    Relationships relationships;

    /// The item that shows the signal; none where it is not published.
    std::optional<ResourceLink> item() const;
    std::optional<ResourceLink> integration() const;

    friend bool operator==(const Signal&, const Signal&) = default;
};

/// What people see.
struct Item : Attributes {
    Item() {}

    std::string id;
    ResourceMeta meta;
    bool visible = false;
    Relationships relationships;

    friend bool operator==(const Item&, const Item&) = default;
};

/** What a signal is to be. Saving replaces all attributes: one that is not set is cleared.

    Annotations are different: those that are not mentioned stay as they are, an empty text removes
    one.
*/
struct SignalSave : Attributes {
    SignalSave() {}
    /// What the signal is already, without its annotations.
    explicit SignalSave(const Signal& signal) : Attributes(signal) {}

    Annotations annotations;

    friend bool operator==(const SignalSave&, const SignalSave&) = default;
};

/// What an item is to be, as in `SignalSave`.
struct ItemSave : Attributes {
    ItemSave() {}
    /// What shows a signal as it is.
    explicit ItemSave(const Signal& signal) : Attributes(signal) {}
    /// What the item is already, without its annotations.
    explicit ItemSave(const Item& item) : Attributes(item), visible(item.visible) {}

    Annotations annotations;
    /// May people see it? (The API's own default is `false`.)
    bool visible = true;

    friend bool operator==(const ItemSave&, const ItemSave&) = default;
};

/** Notes everything about a save that Clarify does not take, with its path below `path`: missing or
    long names, keys, states and texts out of their range, negative durations, text that is not UTF-8.
*/
void check(const SignalSave& save, std::string_view path, FieldErrors& errors);
void check(const ItemSave& save, std::string_view path, FieldErrors& errors);

/// Writes the object that `integration.saveSignals` and `admin.publishSignals` take.
Result<void> append_json_text(std::string& out, const SignalSave& save);
Result<void> append_json_text(std::string& out, const ItemSave& save);

/** Reads a resource. Unset durations may be absent, null or `PT0S`; unknown members are ignored.

    @par Errors
    `Errc::decode` with a JSON pointer in the message; the resource is left alone.
*/
Result<void> read_json_text(std::string_view text, Signal& signal);
Result<void> read_json_text(std::string_view text, Item& item);

/** The hash that Clarify makes of the attributes of a resource: SHA-1 in 40 hexadecimal digits.

    It changes when an attribute does, and not with annotations. Compare it with
    `ResourceMeta::attributes_hash` to see whether a save would change anything.
*/
std::string attributes_hash(const Signal& signal);
std::string attributes_hash(const SignalSave& save, std::string_view input);
std::string attributes_hash(const Item& item);
std::string attributes_hash(const ItemSave& save);
/// The same for relationships.
std::string relationships_hash(const Relationships& relationships);

namespace detail {
class JsonInput;
class JsonOutput;
void write_json(JsonOutput& out, const SignalSave& save);
void write_json(JsonOutput& out, const ItemSave& save);
}  // namespace detail
bool read_json(detail::JsonInput& in, Signal& signal);
bool read_json(detail::JsonInput& in, Item& item);

}  // namespace clarify

#if !defined(CLARIFY_SEPARATE_COMPILATION)
#include <clarify/api/impl/resource.hpp>
#endif

#endif  // CLARIFY_API_RESOURCE_HPP
