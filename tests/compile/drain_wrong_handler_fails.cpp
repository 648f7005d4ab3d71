// expect-error: the last argument is not a completion token of this operation: a handler is called with
// SPDX-License-Identifier: BSL-1.0
// A handler of another outcome for drain: the compiler says what it is called with.

#include <clarify/auth/no_auth.hpp>
#include <clarify/json/boost_json_codec.hpp>
#include <clarify/rpc_client.hpp>
#include <clarify/testing/scripted_backend.hpp>

#include <chrono>

using Client =
    clarify::RpcClient<clarify::testing::ScriptedBackend, clarify::NoAuth, clarify::BoostJsonCodec>;

void drain(Client& client) {
    client.async_drain(std::chrono::milliseconds{1}, [](int) {});
}
