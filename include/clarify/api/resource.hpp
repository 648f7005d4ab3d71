// SPDX-License-Identifier: BSL-1.0
// Signals and items: what is read, and what is saved.

#ifndef CLARIFY_API_RESOURCE_HPP
#define CLARIFY_API_RESOURCE_HPP

#include <clarify/api/annotations.hpp>
#include <clarify/api/duration.hpp>
#include <clarify/api/enum_values.hpp>
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

/** Names another resource.

    @par Thread safety
    Distinct objects: safe. Shared objects: safe for reading. The same goes for all types of this file.
*/
struct ResourceLink {
    ResourceLink() {}
    ResourceLink(std::string type_, std::string id_) : type(std::move(type_)), id(std::move(id_)) {}

    /// In the plural: `signals`, `items`, `integrations`, `organizations`.
    std::string type;
    /// Its identifier, see `is_resource_id`.
    std::string id;

    friend bool operator==(const ResourceLink&, const ResourceLink&) = default;
};

/** How a resource is related to others: to one, to none, or to many.

    What the other one is, its link says; to have it sent along, ask for it with
    `SelectOptions::include_items`. `Signal::item` and `Signal::integration` look up the usual ones.
*/
struct Relationship {
    Relationship() {}

    /// There may be any number of them, not only one.
    bool to_many = false;
    /// Which ones: at most one unless `to_many`. Empty: none.
    std::vector<ResourceLink> links;

    friend bool operator==(const Relationship&, const Relationship&) = default;
};
/// By what they are for: a signal has `item` and `integration`. Those that the library does not know are
/// kept as well.
using Relationships = std::map<std::string, Relationship, std::less<>>;

/** What the server knows about a resource.

    @code
    const clarify::SignalSave wanted = describe(sensor);
    if (attributes_hash(wanted, signal.input) == signal.meta.attributes_hash) return;  // as it is
    @endcode
*/
struct ResourceMeta {
    ResourceMeta() {}

    /// All of them, whoever wrote them.
    Annotations annotations;
    /// See `clarify::attributes_hash`. Empty where the server sent none.
    std::string attributes_hash;
    /// See `clarify::relationships_hash`. Empty where the server sent none.
    std::string relationships_hash;
    /// When it was made. Unset where the server did not say.
    std::optional<Timestamp> created_at;
    /// When something about it last changed. Unset where the server did not say.
    std::optional<Timestamp> updated_at;

    friend bool operator==(const ResourceMeta&, const ResourceMeta&) = default;
};

/** What signals and items have in common.

    What the library refuses to send is said with each attribute; it is reported by its path, with all
    else that is wrong about the request, as `Errc::bad_argument` with `Reason::fields`. All text is
    UTF-8, and a character is a code point of it. What was read is not held to these limits: a server may
    have other ones by now.

    | attribute | default | unset, it is sent as |
    | --- | --- | --- |
    | `name` | empty, which is refused | |
    | `description`, `eng_unit` | empty | an empty text |
    | `value_type`, `source_type` | `numeric`, `measurement` | their default |
    | `sample_interval`, `gap_detection` | unset | null |
    | `labels`, `enum_values` | none | an empty object |
*/
struct Attributes {
    Attributes() {}

    /// What people call it: 1 to 128 characters, needed by every save.
    std::string name;
    /// At most 1000 characters.
    std::string description;
    /// Numbers (the default) or states.
    ValueType value_type;
    /// Where the values come from; measured is the default.
    SourceType source_type;
    /// The unit of the values, such as `°C`. Empty: none.
    std::string eng_unit;
    /// How far samples are apart as a rule; not negative. Unset or zero: Clarify knows none.
    std::optional<FixedDuration> sample_interval;
    /// From which distance on samples are not connected by a line; not negative. Unset or zero: up to
    /// the service, which took 40 days, and 90 minutes for items published with API 1.2.
    std::optional<FixedDuration> gap_detection;
    /// What people find it by.
    Labels labels;
    /// The texts of states, for enumerated values.
    EnumValues enum_values;

    friend bool operator==(const Attributes&, const Attributes&) = default;
};

/** What an integration inserts under one key: a resource that only integrations and administrators see.

    It exists from the first sample or the first save on. People see an item that it is published as:
    `ApiClient::publish_signals` makes one, `connect_signals` (API 1.2) connects it with one there is.
*/
struct Signal : Attributes {
    Signal() {}

    /// Its identifier, see `is_resource_id`.
    std::string id;
    ResourceMeta meta;
    /// The key that samples are inserted under, see `is_input_key`. It cannot be changed.
    std::string input;
    Relationships relationships;

    /// The item that shows the signal; none where it is not published.
    std::optional<ResourceLink> item() const;
    /// The integration that the signal belongs to; none where the server did not say.
    std::optional<ResourceLink> integration() const;

    friend bool operator==(const Signal&, const Signal&) = default;
};

/** What people see: a resource of its own, with attributes of its own, which shows the data of a signal.

    What is saved about a signal does not change its item: publishing it again does.
*/
struct Item : Attributes {
    Item() {}

    /// Its identifier, see `is_resource_id`; the data of an item is asked for by it.
    std::string id;
    ResourceMeta meta;
    /// May people see it?
    bool visible = false;
    Relationships relationships;

    friend bool operator==(const Item&, const Item&) = default;
};

/** What a signal is to be. Saving replaces all attributes: one that is not set is cleared.

    Annotations are different: those that are not mentioned stay as they are, an empty text removes
    one.

    @code
    clarify::SignalSave save{signal};  // as it is,
    save.eng_unit = "bar";             // but for the unit
    @endcode
*/
struct SignalSave : Attributes {
    SignalSave() {}
    /// What the signal is already, without its annotations.
    explicit SignalSave(const Signal& signal) : Attributes(signal) {}

    /// Those to be changed.
    Annotations annotations;

    friend bool operator==(const SignalSave&, const SignalSave&) = default;
};

/** What an item is to be, as in `SignalSave`: publishing replaces all attributes.

    @code
    std::map<std::string, clarify::ItemSave, std::less<>> items;
    items.emplace(signal.id, clarify::ItemSave{signal});
    auto published = co_await client.publish_signals(items);
    @endcode
*/
struct ItemSave : Attributes {
    ItemSave() {}
    /// What shows a signal as it is. Its annotations are not taken over.
    explicit ItemSave(const Signal& signal) : Attributes(signal) {}
    /// What the item is already, without its annotations.
    explicit ItemSave(const Item& item) : Attributes(item), visible(item.visible) {}

    /// Those to be changed.
    Annotations annotations;
    /// May people see it? (The API's own default is `false`.)
    bool visible = true;

    friend bool operator==(const ItemSave&, const ItemSave&) = default;
};

/** Writes the object that `integration.saveSignals` and `admin.publishSignals` take, with every
    attribute: what is not set is written as null or as its default.

    @par Errors
    `Errc::bad_argument` with `Reason::encoding`, and a JSON pointer to it, for text that is not UTF-8;
    `out` is then as it was. Nothing else is checked here.
*/
Result<void> append_json_text(std::string& out, const SignalSave& save);
Result<void> append_json_text(std::string& out, const ItemSave& save);

/** Reads a resource. Unset durations may be absent, null or `PT0S`; unknown members are ignored.
    Attributes may stand in an object of their own or beside the identifier, as newer servers send
    them when they are asked to.

    @par Errors
    `Errc::decode` with a JSON pointer in the message; the resource is left alone.
*/
Result<void> read_json_text(std::string_view text, Signal& signal);
Result<void> read_json_text(std::string_view text, Item& item);

/** The hash that Clarify makes of the attributes of a resource: SHA-1 in 40 hexadecimal digits.

    It changes when an attribute does, and not with annotations. Compare it with
    `ResourceMeta::attributes_hash` to see whether a save would change anything.

    Made of the attributes as JSON text in the spelling of Go's encoder, which is Clarify's own; the
    recipe is not in its documentation, but gives the hashes that its servers send. Labels count in the
    order they are in.
*/
std::string attributes_hash(const Signal& signal);
/// Of what a save makes of the signal with this input: equal to that of the signal where the save would
/// change no attribute.
std::string attributes_hash(const SignalSave& save, std::string_view input);
std::string attributes_hash(const Item& item);
std::string attributes_hash(const ItemSave& save);
/// The same for relationships, to be compared with `ResourceMeta::relationships_hash`.
std::string relationships_hash(const Relationships& relationships);

namespace detail {
class JsonReader;
class JsonWriter;
void write_json(JsonWriter& out, const SignalSave& save);
void write_json(JsonWriter& out, const ItemSave& save);
bool read_json(JsonReader& in, clarify::Signal& signal);
bool read_json(JsonReader& in, Item& item);
}  // namespace detail

}  // namespace clarify

#if !defined(CLARIFY_SEPARATE_COMPILATION)
#include <clarify/api/impl/resource.hpp>
#endif

#endif  // CLARIFY_API_RESOURCE_HPP
