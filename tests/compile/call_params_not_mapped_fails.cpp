// expect-error: the codec cannot encode these params: describe a struct with BOOST_DESCRIBE_STRUCT
// SPDX-License-Identifier: BSL-1.0
// Params that the codec does not map: the compiler says what to do, also of the awaitable form.

#include <clarify/auth/no_auth.hpp>
#include <clarify/json/boost_json_codec.hpp>
#include <clarify/rpc_client.hpp>
#include <clarify/testing/scripted_backend.hpp>

using Client =
    clarify::RpcClient<clarify::testing::ScriptedBackend, clarify::NoAuth, clarify::BoostJsonCodec>;

struct Numbers {
    int first = 0;
};

void sum(Client& client) { client.call("sum", Numbers{}); }
