// expect-error: RpcParams<Params, Codec>
// expect-error: because 'RpcParams<
// SPDX-License-Identifier: BSL-1.0
// What the codec cannot encode is refused as params at the call, and so is a handler of another
// outcome in their place.

#include <clarify/auth/no_auth.hpp>
#include <clarify/rpc_client.hpp>
#include <clarify/testing/scripted_backend.hpp>

#include "../support/text_codec.hpp"

using Client =
    clarify::RpcClient<clarify::testing::ScriptedBackend, clarify::NoAuth, support::TextCodec>;

void call(Client& client) {
    client.async_call("m", [](clarify::Result<int>) {});
}
