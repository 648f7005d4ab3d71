// expect-error: -> std::same_as<std::optional<AuthHeader>>
// SPDX-License-Identifier: BSL-1.0
// A policy whose cached waits for a header is named as what it is not.

#include <clarify/rpc_client.hpp>
#include <clarify/testing/scripted_backend.hpp>

#include "../support/text_codec.hpp"

namespace {

class WrongCached {
public:
    boost::asio::awaitable<std::optional<clarify::AuthHeader>> cached(clarify::AuthContext&) {
        co_return std::nullopt;
    }
    boost::asio::awaitable<clarify::Result<clarify::AuthHeader>> authorize(
        clarify::AuthContext&, clarify::TimePoint) {
        co_return clarify::AuthHeader{};
    }
    bool rejected(clarify::AuthContext&, const clarify::AuthHeader&) { return false; }
};

}  // namespace

using Client =
    clarify::RpcClient<clarify::testing::ScriptedBackend, WrongCached, support::TextCodec>;
