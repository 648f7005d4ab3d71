// expect-error: the codec cannot decode the result type R of this call: describe a struct with
// SPDX-License-Identifier: BSL-1.0
// A result that is a struct nobody described: the compiler says what to do.

#include <clarify/auth/no_auth.hpp>
#include <clarify/json/boost_json_codec.hpp>
#include <clarify/rpc_client.hpp>
#include <clarify/testing/scripted_backend.hpp>

using Client =
    clarify::RpcClient<clarify::testing::ScriptedBackend, clarify::NoAuth, clarify::BoostJsonCodec>;

struct Sum {
    int value = 0;
};

boost::asio::awaitable<int> sum(Client& client) {
    const clarify::Result<Sum> sum = co_await client.call<Sum>("sum");
    co_return sum ? sum->value : 0;
}
