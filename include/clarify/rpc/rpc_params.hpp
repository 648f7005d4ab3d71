// SPDX-License-Identifier: BSL-1.0
// What can be the params of a request.

#ifndef CLARIFY_RPC_RPC_PARAMS_HPP
#define CLARIFY_RPC_RPC_PARAMS_HPP

#include <clarify/core/detail/json_hooks.hpp>
#include <clarify/rpc/envelope.hpp>

#include <concepts>
#include <string>

namespace clarify {

/** What can be the `params` of a request: `no_params`, what the codec encodes, or a type with a
    function `append_json_text` of its own, as those of the Clarify API have.

    Whether it becomes an object or an array, as JSON-RPC 2.0 section 4.2 demands, shows when it is
    written: anything else is `Errc::bad_argument`.

    @code
    struct Range {
        double from = 0;
        double to = 0;
    };
    BOOST_DESCRIBE_STRUCT(Range, (), (from, to))

    co_await client.call<double>("mean", Range{0, 10});  // {"from":0,"to":10}
    @endcode

    Other types are refused at the call, by a `static_assert` that says what can be done.

    @tparam Codec that of the client; see `JsonCodec::encode` and, for what the shipped ones take,
    `BasicJsonCodec`.
*/
template <class Params, class Codec>
concept RpcParams = std::same_as<Params, NoParams> || detail::WritesOwnJson<Params> ||
    requires(const Codec& codec, const Params& params, std::string& out) {
    codec.encode(params, out);
};

}  // namespace clarify

#endif  // CLARIFY_RPC_RPC_PARAMS_HPP
