// SPDX-License-Identifier: BSL-1.0
// Which signals or items are meant.

#ifndef CLARIFY_API_FILTER_HPP
#define CLARIFY_API_FILTER_HPP

#include <clarify/api/duration.hpp>
#include <clarify/api/timestamp.hpp>
#include <clarify/core/result.hpp>

#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clarify {
class Filter;
namespace detail {
struct FilterNode;
class JsonWriter;
void write_json(JsonWriter& out, const Filter& filter);
Result<void> check(const Filter& filter);
}  // namespace detail

/** What a field is compared with: text, a number, a truth value, null, a time or a duration.

    Converts from all of these by itself. Times and durations are compared as the text that Clarify
    has for them.

    | C++ | in JSON |
    | --- | --- |
    | `const char*`, `std::string`, `std::string_view` | a string |
    | integers of any width, but for `bool` and its kind | a number with all its digits |
    | `double` | the shortest number that reads back as the same |
    | `bool`, `nullptr` | `true`, `false`, `null` |
    | `Timestamp`, `FixedDuration` | a string: RFC 3339, ISO 8601 |

    @par Thread safety
    Distinct objects: safe. Shared objects: safe for reading.
*/
class FilterValue {
public:
    /// A text. One that is not UTF-8 has no JSON: the filter it is put into cannot be sent.
    FilterValue(std::string_view text);
    FilterValue(const std::string& text) : FilterValue(std::string_view{text}) {}
    FilterValue(const char* text) : FilterValue(std::string_view{text}) {}
    /// Null, which a field has that is not set.
    FilterValue(std::nullptr_t) : text_("null") {}
    /// A truth value, of `visible` for example.
    FilterValue(std::same_as<bool> auto value) : text_(value ? "true" : "false") {}
    /// A whole number, with all its digits.
    template <std::integral Integer>
    requires(!std::same_as<Integer, bool>) FilterValue(Integer value)
        : text_(std::to_string(value)) {}
    /// The shortest text that reads back as the same number. NaN and infinity have no JSON: a filter that
    /// compares with one cannot be sent.
    FilterValue(double value);
    /// RFC 3339, such as `createdAt` has it.
    FilterValue(Timestamp time) : FilterValue(std::string_view{time.to_string()}) {}
    /// ISO 8601, such as `gapDetection` has it.
    FilterValue(FixedDuration duration) : FilterValue(std::string_view{duration.to_string()}) {}

    /// As JSON; empty where JSON cannot express it.
    const std::string& json() const noexcept { return text_; }

private:
    std::string text_;
};

/** Which signals or items are meant. Made by comparing fields, and composed:

    @code
    using clarify::field, clarify::label;
    query.filter = label("site").in({"pier", "harbour"}) && field("valueType") == "numeric";
    @endcode

    | comparison | in JSON |
    | --- | --- |
    | `field("a") == value` | `{"a":value}`; for labels: any of them is equal |
    | `!=`, `<`, `<=`, `>`, `>=` | `{"a":{"$ne":value}}`, `$lt`, `$lte`, `$gt`, `$gte` |
    | `in`, `not_in` | `{"a":{"$in":[value,…]}}`, `$nin` |
    | `matches` | `{"a":{"$regex":"…"}}` |
    | both, either | `{"$and":[filter,…]}`, `$or` |

    A default-constructed one matches everything. Composing copies no part: parts are shared, and only
    the list of them is made anew. `&&` and `||` are ordinary functions here: both sides are evaluated.
    There is no `!`: compare with `!=` and `not_in` instead.

    Paths and values of any kind are taken; what a field cannot be compared with is the server's to
    refuse (`Errc::rpc`, -32602).

    @code
    const auto recent = field("createdAt") >= clarify::Timestamp::now() - std::chrono::hours{24};
    const auto mine = annotation("example-corp/source") == "plc-7";
    const auto gaps = clarify::Filter::raw(R"({"gapDetection":{"$ne":null}})");
    query.filter = (recent && mine) || gaps;
    @endcode

    @par Errors
    What cannot be sent (a field without a name, or one that begins with `$`; a number that is not
    finite; text that is not UTF-8) is reported when it is written, with `Errc::bad_argument`.
    @par Thread safety
    Distinct objects: safe. Shared objects: safe for reading.
*/
class Filter {
public:
    Filter() noexcept {}
    /// A filter as JSON text, for what cannot be said otherwise: one object, in the form of the API's
    /// resource queries. That it is an object is checked when it is written; what it says is not. It
    /// composes with others like any filter. `Filter::raw("{}")` finds everything, too, but unlike a
    /// default-constructed one it is written out.
    static Filter raw(std::string text);

    /// Is it the default-constructed one, or made of such alone? It is written as `{}`.
    bool matches_everything() const noexcept { return node_ == nullptr; }

    /// Both. One that matches everything adds nothing.
    friend Filter operator&&(const Filter& a, const Filter& b) { return join(true, a, b); }
    /// Any of them. With one that matches everything, everything does.
    friend Filter operator||(const Filter& a, const Filter& b) { return join(false, a, b); }

private:
    friend class Field;
    friend void detail::write_json(detail::JsonWriter& out, const Filter& filter);
    friend Result<void> detail::check(const Filter& filter);

    explicit Filter(std::shared_ptr<const detail::FilterNode> node) noexcept
        : node_(std::move(node)) {}
    static Filter join(bool all, const Filter& a, const Filter& b);

    std::shared_ptr<const detail::FilterNode> node_;
};

/// All of them, as with `&&`; with none, everything. For filters whose number is known at run time only.
Filter all_of(const std::vector<Filter>& filters);
/// Any of them, as with `||`; with none, everything, and not nothing.
Filter any_of(const std::vector<Filter>& filters);

/** A field of a signal or an item, to be compared; see `field`.

    @code
    const clarify::Field name = clarify::field("name");
    query.filter = name.matches("^Pump [0-9]+$") && name != "Pump 13";
    @endcode

    Each comparison makes a `Filter`. Which fields can be compared in which way is the server's to
    decide: strings have expressions, times, numbers and durations have an order.

    @par Thread safety
    Distinct objects: safe. Shared objects: safe for reading.
*/
class Field {
public:
    /// By its path, as in `field`, which is the usual way to make one. What cannot be a path is noticed
    /// when the filter is written.
    explicit Field(std::string path) : path_(std::move(path)) {}

    /// Equal, or for labels: any of them is. A field that is not set equals null.
    Filter operator==(const FilterValue& value) const { return compare("", value.json()); }
    /// Not equal.
    Filter operator!=(const FilterValue& value) const { return compare("$ne", value.json()); }
    /// Less, and so on: for fields that have an order, such as times. Two of them make a range:
    /// `field("createdAt") >= begin && field("createdAt") < end`.
    Filter operator<(const FilterValue& value) const { return compare("$lt", value.json()); }
    Filter operator<=(const FilterValue& value) const { return compare("$lte", value.json()); }
    Filter operator>(const FilterValue& value) const { return compare("$gt", value.json()); }
    Filter operator>=(const FilterValue& value) const { return compare("$gte", value.json()); }
    /// Any of these values.
    Filter in(const std::vector<FilterValue>& values) const { return compare("$in", list(values)); }
    /// Any of these texts, for example identifiers.
    Filter in(const std::vector<std::string>& values) const {
        return in(std::vector<FilterValue>{values.begin(), values.end()});
    }
    Filter in(std::initializer_list<FilterValue> values) const {
        return in(std::vector<FilterValue>{values});
    }
    /// None of these values.
    Filter not_in(const std::vector<FilterValue>& values) const {
        return compare("$nin", list(values));
    }
    Filter not_in(std::initializer_list<FilterValue> values) const {
        return not_in(std::vector<FilterValue>{values});
    }
    /// A regular expression that is found somewhere in the text, in the server's dialect. Whether it is
    /// one at all is the server's to say; anchor it with `^` and `$` for the whole text.
    Filter matches(std::string_view expression) const {
        return compare("$regex", FilterValue{expression}.json());
    }

private:
    Filter compare(std::string_view comparison, std::string value) const;
    static std::string list(const std::vector<FilterValue>& values);

    std::string path_;
};

/** A field by its path: `name`, `description`, `id`, `input`, `valueType`, `createdAt`,
    `gapDetection`, `labels.site`, `annotations.example-corp/source` and so on. Paths do not say
    whether a field is an attribute or not. One that is empty or begins with `$` cannot be sent.
*/
inline Field field(std::string path) { return Field{std::move(path)}; }
/// The labels of a key, such as `label("site") == "pier"`: one of its values is.
inline Field label(std::string_view key) { return Field{"labels." + std::string{key}}; }
/// The annotation of a key, such as `annotation("example-corp/source") == "plc-7"`.
inline Field annotation(std::string_view key) { return Field{"annotations." + std::string{key}}; }

/** Writes the object that a query takes as its `filter`; `{}` matches everything.

    @par Errors
    `Errc::bad_argument`, whose message begins with `filter: `: `Reason::params` for a field or a value
    that cannot be sent, `Reason::syntax` for raw text that is not a JSON object. `out` is then as it
    was.
*/
Result<void> append_json_text(std::string& out, const Filter& filter);

}  // namespace clarify

#if !defined(CLARIFY_SEPARATE_COMPILATION)
#include <clarify/api/impl/filter.hpp>
#endif

#endif  // CLARIFY_API_FILTER_HPP
