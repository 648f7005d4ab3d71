// SPDX-License-Identifier: BSL-1.0
// How a type is told to have a JSON form of its own.

#ifndef CLARIFY_CORE_DETAIL_JSON_HOOKS_HPP
#define CLARIFY_CORE_DETAIL_JSON_HOOKS_HPP

#include <clarify/core/result.hpp>

#include <concepts>
#include <string>
#include <string_view>

namespace clarify::detail {

class JsonReader;

/// Has a function `append_json_text(std::string& out, const T&)`, found by its argument's
/// namespace.
template <class T>
concept WritesOwnJson = requires(std::string& out, const T& value) {
    { append_json_text(out, value) } -> std::same_as<Result<void>>;
};

/// Has a function `read_json_text(std::string_view text, T&)`, found by its argument's namespace.
template <class T>
concept ReadsOwnJson = requires(std::string_view text, T& value) {
    { read_json_text(text, value) } -> std::same_as<Result<void>>;
};

/// One of the library's own types with a JSON form: it has a function `read_json(JsonReader&, T&)` in
/// this namespace, which obeys the reader's budget.
template <class T>
concept ReadsFromReader = ReadsOwnJson<T> && requires(JsonReader& in, T& value) {
    { read_json(in, value) } -> std::same_as<bool>;
};

/// Vouches that what it writes is valid JSON, so that nobody has to look through it: a codec, or a
/// type with `append_json_text`. It has `static constexpr bool writes_valid_json = true`.
template <class T>
concept VouchesForJson = requires {
    requires T::writes_valid_json;
};

}  // namespace clarify::detail

#endif  // CLARIFY_CORE_DETAIL_JSON_HOOKS_HPP
