// SPDX-License-Identifier: BSL-1.0
// Says in the user's words what may stand at the end of an operation's arguments.

#ifndef CLARIFY_CORE_DETAIL_EXPLAIN_TOKEN_HPP
#define CLARIFY_CORE_DETAIL_EXPLAIN_TOKEN_HPP

#include <clarify/core/completion_token.hpp>

#include <cstddef>
#include <tuple>
#include <type_traits>

namespace clarify::detail {

/// Stops the compiler where a handler is of another outcome.
template <class Token, class R>
constexpr void explain_token() noexcept {
    static_assert(
        CompletionToken<Token, R>,
        "the last argument is not a completion token of this operation: a handler is called with "
        "one clarify::Result<R>, where R is what the operation yields (of async_call<R> the type "
        "in "
        "brackets, by default the document type of the codec)");
}

/// What may follow the first arguments of an operation with options: these, a token, or both. Options
/// that are derived from others convert to them implicitly, and in no other way.
template <class R, class Options, class... Args>
constexpr bool takes_ending() noexcept {
    using All = std::tuple<Args&&...>;
    if constexpr (sizeof...(Args) == 0) {
        return true;
    } else if constexpr (sizeof...(Args) == 1) {
        using Only = std::tuple_element_t<0, All>;
        return std::is_convertible_v<Only, Options> || CompletionToken<Only, R>;
    } else if constexpr (sizeof...(Args) == 2) {
        return std::is_convertible_v<std::tuple_element_t<0, All>, Options> &&
            CompletionToken<std::tuple_element_t<1, All>, R>;
    } else {
        return false;
    }
}

template <class R, class Options, class... Args>
concept RefusedEnding = !takes_ending<R, Options, Args...>();

/// Stops the compiler at the argument that is wrong.
template <class R, class Options, class CallOptions, class... Args>
constexpr void explain_ending() noexcept {
    constexpr std::size_t count = sizeof...(Args);
    using All = std::tuple<Args&&...>;
    using Last = std::tuple_element_t<count - 1, All>;
    // Those of any call are what stands there by mistake, as a rule.
    constexpr bool other_options = std::is_convertible_v<Last, CallOptions>;
    if constexpr (!other_options) explain_token<Last, R>();
    static_assert(
        !other_options && !CompletionToken<Last, R>,
        "between the arguments and the completion token stand the options of this operation, or "
        "nothing: make them of others, as clarify::InsertOptions{call_options}");
}

}  // namespace clarify::detail

#endif  // CLARIFY_CORE_DETAIL_EXPLAIN_TOKEN_HPP
