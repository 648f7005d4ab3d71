// SPDX-License-Identifier: BSL-1.0
// Labels: a set of texts for each key.

#ifndef CLARIFY_API_LABELS_HPP
#define CLARIFY_API_LABELS_HPP

#include <clarify/core/result.hpp>

#include <cstddef>
#include <functional>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clarify {
class Labels;
namespace detail {
class JsonReader;
class JsonWriter;
void write_json(JsonWriter& out, const Labels& labels);
bool read_json(JsonReader& in, Labels& labels);
}  // namespace detail

/** What people sort and find signals and items by: for each key a set of values.

    @code
    clarify::Labels labels{{"location", {"pier", "banana stand"}}};
    labels.add("data-source", "thermostat");
    @endcode

    Keys follow `is_label_key`, values are any UTF-8; both are checked when a resource is saved, not
    here. The values of a key are sorted bytewise and differ from each other, and a key without values
    does not exist, whatever order and repetition they were given in.

    The one exception is what a server sent: it is kept as it is, so that its hash can be recomputed,
    until the key is changed or `normalize` is called.

    A save replaces all labels of a resource: one that is not among them goes. Resource filters find
    them as `labels.<key>`, see `label`.

    @code
    clarify::SignalSave save{signal};             // with the labels it has
    save.labels.add("location", "harbour");       // one more value
    save.labels.set("owner", {"maintenance"});    // this one alone
    save.labels.erase("data-source");             // not any more
    @endcode

    @par Exception safety
    Changes may throw `std::bad_alloc`; the labels are then valid, and may be as before or half changed.

    @par Thread safety
    Distinct objects: safe. Shared objects: safe for reading.
*/
class Labels {
public:
    /// What a key has: texts, sorted.
    using Values = std::vector<std::string>;
    /// Keys with what they have, in bytewise order.
    using Map = std::map<std::string, Values, std::less<>>;
    using const_iterator = Map::const_iterator;

    /// No labels.
    Labels() {}
    /// `Labels{{"location", {"pier", "banana stand"}}}`. The values of a key that is repeated are
    /// joined.
    Labels(std::initializer_list<std::pair<const std::string, Values>> labels);

    /// Adds a value. `false` where it was there already.
    bool add(std::string_view key, std::string_view value);
    /// Removes a value, and the key with its last one. `false` where it was not there.
    bool remove(std::string_view key, std::string_view value);
    /// Replaces the values of a key. Without values, the key goes.
    void set(std::string_view key, Values values);
    /// Removes a key with all its values. `false` where it was not there.
    bool erase(std::string_view key);
    /// Removes all keys.
    void clear() noexcept { map_.clear(); }
    /// Sorts the values of all keys, and drops repeated ones and keys without any.
    void normalize();

    /// The values of a key: none where there is no such key. Valid until the labels change.
    const Values& get(std::string_view key) const;
    /// Is there a key, and does it have a value? Found in logarithmic time, the value among those of the
    /// key one by one.
    bool contains(std::string_view key) const { return map_.contains(key); }
    bool contains(std::string_view key, std::string_view value) const;

    /// How many keys there are.
    std::size_t size() const noexcept { return map_.size(); }
    /// Is there none?
    bool empty() const noexcept { return map_.empty(); }
    /// The keys in bytewise order, each with its values: `for (const auto& [key, values] : labels)`.
    const_iterator begin() const noexcept { return map_.begin(); }
    const_iterator end() const noexcept { return map_.end(); }

    /// The same keys with the same values in the same order.
    friend bool operator==(const Labels&, const Labels&) = default;

private:
    friend bool detail::read_json(detail::JsonReader& in, Labels& labels);

    Map map_;
};

/** Writes the member `labels` of a resource's attributes: `{"key":["value",…],…}`, the keys in bytewise order.

    @par Errors
    `Errc::bad_argument` with `Reason::encoding`, and a JSON pointer to it, for text that is not UTF-8;
    `out` is then as it was.
*/
Result<void> append_json_text(std::string& out, const Labels& labels);
/** Reads what `append_json_text` writes, values in their order. Null in place of the object or of an
    array stands for an empty one; of members with the same key the last one counts.

    @par Errors
    `Errc::decode`, with a JSON pointer in the message; `labels` is then left alone.
*/
Result<void> read_json_text(std::string_view text, Labels& labels);

}  // namespace clarify

#if !defined(CLARIFY_SEPARATE_COMPILATION)
#include <clarify/api/impl/labels.hpp>
#endif

#endif  // CLARIFY_API_LABELS_HPP
