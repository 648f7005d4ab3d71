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
*/
template <class Params, class Codec>
concept RpcParams = std::same_as<Params, NoParams> || detail::WritesOwnJson<Params> ||
    requires(const Codec& codec, const Params& params, std::string& out) {
    codec.encode(params, out);
};

}  // namespace clarify

#endif  // CLARIFY_RPC_RPC_PARAMS_HPP
