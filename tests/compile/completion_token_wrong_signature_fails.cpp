// expect-error: the last argument is not a completion token of this operation: a handler is called with
// SPDX-License-Identifier: BSL-1.0
// A handler of another outcome is no completion token: the call itself is refused, not something
// deep inside.

#include <clarify/auth/no_auth.hpp>
#include <clarify/rpc_client.hpp>
#include <clarify/testing/scripted_backend.hpp>

#include "../support/text_codec.hpp"

using Client =
    clarify::RpcClient<clarify::testing::ScriptedBackend, clarify::NoAuth, support::TextCodec>;

void call(Client& client) {
    client.async_call("m", "{}", [](clarify::Result<int>) {});
}
