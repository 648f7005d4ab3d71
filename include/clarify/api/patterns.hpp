// SPDX-License-Identifier: BSL-1.0
// Which texts Clarify takes as keys and identifiers: the patterns of its reference, as predicates.

#ifndef CLARIFY_API_PATTERNS_HPP
#define CLARIFY_API_PATTERNS_HPP

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace clarify {
namespace detail {

/// In ASCII, whatever the locale is.
constexpr bool is_letter(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
constexpr bool is_decimal(char c) noexcept { return c >= '0' && c <= '9'; }

/// 1 to `longest` ASCII letters, digits and characters of `punctuation`.
constexpr bool is_key(
    std::string_view text, std::size_t longest, std::string_view punctuation) noexcept {
    return !text.empty() && text.size() <= longest &&
        std::all_of(text.begin(), text.end(), [punctuation](char c) {
            return is_letter(c) || is_decimal(c) || punctuation.find(c) != std::string_view::npos;
        });
}

}  // namespace detail

// All of these look at a text or a number and nothing else: they do not allocate, do not throw, may be
// called from any thread, and can be used in constant expressions:
//
//     static_assert(clarify::is_input_key("pump/flow"));
//     if (!clarify::is_label_key(typed)) complain("a label has letters, digits and - _ / only");
//
// The patterns are those of the reference of the Clarify API, version 1.1. The library holds every
// request to them before it is sent (`Errc::bad_argument`, `Reason::fields`), so asking beforehand is
// only needed to tell people which of their names will not do. What a server sends is not held to them.
// ASCII is meant throughout, whatever the locale is: a letter is one of `A` to `Z` and `a` to `z`.

/// The longest input, label or annotation key, in bytes, which for these are characters.
inline constexpr std::size_t max_key_length = 128;
/// The longest alias of an evaluation, in bytes.
inline constexpr std::size_t max_alias_length = 28;
/// The largest state of an enumerated signal; the smallest is 0.
inline constexpr int max_enum_state = 9999;

/** A key that samples are inserted under, which is the `input` of a signal and the name of a column:
    1 to 128 ASCII letters, digits and any of

        - _ : . # + /

    Case matters. A slash has no meaning of its own. The service's own pattern is

        ^[a-zA-Z0-9-_:.#+/]{1,128}$
*/
constexpr bool is_input_key(std::string_view text) noexcept {
    return detail::is_key(text, max_key_length, "-_:.#+/");
}

/** The identifier of a signal, an item, an integration or an organization: 20 letters of base32hex,
    which are `a` to `v` and `0` to `9`.

    Clarify mints xid values, which follow narrower rules (the first characters are the time at which
    the resource was made, so that sorting by identifier sorts by age); these are not asked for here.
    Upper case is not allowed.
*/
constexpr bool is_resource_id(std::string_view text) noexcept {
    return text.size() == 20 && std::all_of(text.begin(), text.end(), [](char c) {
               return detail::is_decimal(c) || (c >= 'a' && c <= 'v');
           });
}

/** The key of a set of labels: 1 to 128 ASCII letters, digits and `- _ /`, as in `data-source`.

    Its values are any UTF-8, empty ones included. A dot is not allowed, because filters name the key
    as `labels.<key>`; see `label`.
*/
constexpr bool is_label_key(std::string_view text) noexcept {
    return detail::is_key(text, max_key_length, "-_/");
}

/// The key of an annotation: 1 to 128 ASCII letters, digits and `- _ /`. A dot is not allowed, because
/// filters name it as `annotations.<key>`.
constexpr bool is_annotation_key(std::string_view text) noexcept { return is_label_key(text); }

/** The name of an item, a group or a calculation in a formula, which is the name of its series in the
    result too: 1 to 28 ASCII letters, digits and `_`, the first of them not a digit.

    Case matters: `Flow` and `flow` are two series. See `AggregationBase::alias`.
*/
constexpr bool is_alias(std::string_view text) noexcept {
    return detail::is_key(text, max_alias_length, "_") && !detail::is_decimal(text.front());
}

/// A state of an enumerated signal, which is a key of its `EnumValues`: 0 to 9999. Samples have states
/// as ordinary numbers; that one is a whole number within these limits is not checked on insert.
constexpr bool is_enum_state(int state) noexcept { return state >= 0 && state <= max_enum_state; }

/** May it be the name of a time zone, such as `Europe/Oslo`? 1 to 64 letters, digits and `_ + - /`,
    the first of them neither `/` nor `-`, so that it names nothing outside of a time zone database.

    Whether there is such a zone only a database knows: see `TimeZone::load`.
*/
constexpr bool is_time_zone_name(std::string_view text) noexcept {
    return detail::is_key(text, 64, "_+-/") && text.front() != '/' && text.front() != '-';
}

/** A hash of attributes or relationships, such as `attributes_hash` makes: 40 lower-case hexadecimal
    digits, which is how Clarify writes a SHA-1.

    Whether it is the right one cannot be seen from it: compare it with what `attributes_hash` gives.
*/
constexpr bool is_resource_hash(std::string_view text) noexcept {
    return text.size() == 40 && std::all_of(text.begin(), text.end(), [](char c) {
               return detail::is_decimal(c) || (c >= 'a' && c <= 'f');
           });
}

}  // namespace clarify

#endif  // CLARIFY_API_PATTERNS_HPP
