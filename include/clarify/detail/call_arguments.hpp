// SPDX-License-Identifier: BSL-1.0
// Says in the user's words what is wrong with the arguments of a call, before the compiler does in its
// own.

#ifndef CLARIFY_DETAIL_CALL_ARGUMENTS_HPP
#define CLARIFY_DETAIL_CALL_ARGUMENTS_HPP

#include <clarify/client_options.hpp>
#include <clarify/core/completion_token.hpp>
#include <clarify/core/detail/explain_token.hpp>
#include <clarify/core/detail/json_hooks.hpp>
#include <clarify/core/result.hpp>
#include <clarify/rpc/rpc_params.hpp>

#include <concepts>
#include <cstddef>
#include <string_view>
#include <tuple>
#include <type_traits>

namespace clarify::detail {

/// What a result can be decoded as.
template <class R, class Codec>
concept CallResult = std::is_void_v<R> || ReadsOwnJson<R> ||
    requires(const Codec& codec, std::string_view text) {
    { codec.template decode<R>(text) } -> std::same_as<Result<R>>;
};

/// Stops the compiler at a result that the codec cannot decode. It goes first in a body.
template <class R, class Codec>
constexpr void check_result() noexcept {
    static_assert(
        CallResult<R, Codec>,
        "the codec cannot decode the result type R of this call: describe a struct with "
        "BOOST_DESCRIBE_STRUCT, give the type a function read_json_text, or choose one that the "
        "codec maps");
}

template <class Arg, class Codec>
concept ParamsArgument = RpcParams<std::remove_cvref_t<Arg>, Codec>;

/// What may follow the method: params, options and a token, of which the last ones may be left out, or
/// a token alone.
template <class R, class Codec, class... Args>
constexpr bool takes_arguments() noexcept {
    using All = std::tuple<Args&&...>;
    constexpr std::size_t count = sizeof...(Args);
    if constexpr (count == 0) {
        return true;
    } else if constexpr (count > 3) {
        return false;
    } else {
        using First = std::tuple_element_t<0, All>;
        using Last = std::tuple_element_t<count - 1, All>;
        constexpr bool params = ParamsArgument<First, Codec>;
        constexpr bool token = CompletionToken<Last, R>;
        if constexpr (count == 1) return params || token;
        constexpr bool options =
            std::convertible_to<std::tuple_element_t<count / 2, All>, CallOptions>;
        if constexpr (count == 2) return params && (options || token);
        return params && options && token;
    }
}

template <class R, class Codec, class... Args>
concept RefusedArguments = !takes_arguments<R, Codec, Args...>();

/// Has it a call operator, but for a generic one, which would be a token?
template <class Arg>
concept LooksLikeHandler = requires {
    &std::remove_cvref_t<Arg>::operator();
}
|| std::is_function_v<std::remove_pointer_t<std::remove_cvref_t<Arg>>>;

template <class Params, class Codec>
constexpr void explain_params() noexcept {
    static_assert(
        ParamsArgument<Params, Codec>,
        "the codec cannot encode these params: describe a struct with BOOST_DESCRIBE_STRUCT, give "
        "the type a function append_json_text, or use a type that the codec maps");
}

/// Stops the compiler at the argument that is wrong.
template <class R, class Codec, class First, class... Rest>
constexpr void explain_arguments() noexcept {
    constexpr bool only_token = sizeof...(Rest) == 0 && LooksLikeHandler<First>;
    if constexpr (!ParamsArgument<First, Codec> && !only_token) {
        explain_params<First, Codec>();
    } else {
        using Last = std::tuple_element_t<sizeof...(Rest), std::tuple<First, Rest...>>;
        explain_token<Last, R>();
        static_assert(
            sizeof...(Rest) < 2 || !CompletionToken<Last, R>,
            "between params and the completion token stand clarify::CallOptions, or nothing");
    }
}

/// Stops the compiler where a client cannot be made from credentials alone.
template <class Backend, class Auth, class Codec, class HttpOptions, class Credentials>
constexpr void explain_policies() noexcept {
    static_assert(
        std::constructible_from<Backend, HttpOptions>,
        "this HTTP backend cannot be made from clarify::HttpOptions: give it such a constructor, "
        "or "
        "hand one over to RpcClient(executor, endpoint, backend, auth, options)");
    static_assert(
        std::constructible_from<Auth, Credentials>,
        "this authentication cannot be made from clarify::CredentialsAuth: give it such a "
        "constructor, or hand one over to RpcClient(executor, endpoint, backend, auth, options)");
    static_assert(
        std::default_initializable<Codec>,
        "this JSON codec has no default constructor: hand one over to RpcClient(executor, "
        "endpoint, "
        "backend, auth, options, codec)");
}

}  // namespace clarify::detail

#endif  // CLARIFY_DETAIL_CALL_ARGUMENTS_HPP
