// expect-error: auth.rejected(context, header)
// SPDX-License-Identifier: BSL-1.0
// A policy that cannot be told of a rejection is named as what it is not.

#include <clarify/rpc_client.hpp>
#include <clarify/testing/scripted_backend.hpp>

#include "../support/text_codec.hpp"

namespace {

class WithoutRejected {
public:
    std::optional<clarify::AuthHeader> cached(clarify::AuthContext&) { return std::nullopt; }
    boost::asio::awaitable<clarify::Result<clarify::AuthHeader>> authorize(
        clarify::AuthContext&, clarify::TimePoint) {
        co_return clarify::AuthHeader{};
    }
};

}  // namespace

using Client =
    clarify::RpcClient<clarify::testing::ScriptedBackend, WithoutRejected, support::TextCodec>;
