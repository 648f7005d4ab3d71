// SPDX-License-Identifier: BSL-1.0
// The client with the default policies: what most programs include, through <clarify/clarify.hpp>.

#ifndef CLARIFY_CLIENT_HPP
#define CLARIFY_CLIENT_HPP

#include <clarify/api/api_client.hpp>
#include <clarify/auth/credentials_auth.hpp>
#include <clarify/http/beast_backend.hpp>
#include <clarify/json/boost_json_codec.hpp>
#include <clarify/rpc_client.hpp>

namespace clarify {

/** The usual client: Boost.Beast for HTTP, what the credentials say for authentication, Boost.JSON
    for values, and the typed methods of the Clarify API (`ApiClient`) beside calls by name
    (`RpcClient`).

    @code
    clarify::Client client{
        context.get_executor(), clarify::Credentials::from_file("clarify-credentials.json").value()};
    const auto items = co_await client.select_items(clarify::label("site") == "pier");
    @endcode

    Everything is said at these two, and at the policies: `BeastBackend`, `CredentialsAuth` and
    `BoostJsonCodec`. To use another of them, spell the type out: `ApiClient<RpcClient<...>>`. To choose
    them at run time there is `AnyClient`.
*/
using Client = ApiClient<RpcClient<BeastBackend, CredentialsAuth, BoostJsonCodec>>;

// Compiled in <clarify/src.hpp>, with everything below.
#if defined(CLARIFY_SEPARATE_COMPILATION)
extern template class detail::Engine<BeastBackend, CredentialsAuth>;
extern template class RpcClient<BeastBackend, CredentialsAuth, BoostJsonCodec>;
#endif

}  // namespace clarify

#endif  // CLARIFY_CLIENT_HPP
