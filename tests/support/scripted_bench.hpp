// SPDX-License-Identifier: BSL-1.0
// A client of a scripted server, in virtual time.

#ifndef CLARIFY_TESTS_SUPPORT_SCRIPTED_BENCH_HPP
#define CLARIFY_TESTS_SUPPORT_SCRIPTED_BENCH_HPP

#include <clarify/auth/client_credentials.hpp>
#include <clarify/json/boost_json_codec.hpp>
#include <clarify/rpc_client.hpp>
#include <clarify/testing/manual_clock.hpp>
#include <clarify/testing/scripted_backend.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json/value.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace support {

inline constexpr std::string_view token_path = "/v1/oauth/token";
inline constexpr std::string_view rpc_path = "/v1/rpc";

/// The client's tokens live for an hour, unless the server is told otherwise.
struct ScriptedBench {
    using Client = clarify::RpcClient<
        clarify::testing::ScriptedBackend,
        clarify::ClientCredentials,
        clarify::BoostJsonCodec>;
    using Outcome = clarify::Result<boost::json::value>;

    explicit ScriptedBench(
        clarify::ClientOptions options = {},
        const std::string& origin = "https://api.example",
        const clarify::TokenOptions& token = {}) {
        options.clock = clock;
        options.observer = [this](const clarify::Event& event) {
            if (event.kind == clarify::EventKind::retry) waits.push_back(event.wait);
        };
        server.on(token_path).always(clarify::testing::issue_tokens(std::chrono::hours{1}));
        clarify::ClientCredentialsConfig config{
            clarify::Url::parse(origin + std::string{token_path}).value(),
            "id",
            clarify::Secret{"secret"}};
        config.token = token;
        client.emplace(
            context.get_executor(),
            clarify::Url::parse(origin + std::string{rpc_path}).value(),
            server,
            clarify::ClientCredentials{std::move(config)},
            std::move(options));
    }

    Outcome call(std::string_view method, clarify::CallOptions options = {}) {
        return clock->run(context, client->call(method, clarify::no_params, std::move(options)));
    }
    /// Starts a call that is left to itself.
    std::shared_ptr<std::optional<Outcome>> start(
        std::string_view method, boost::asio::cancellation_slot slot = {}) {
        auto outcome = std::make_shared<std::optional<Outcome>>();
        client->async_call(
            method,
            clarify::no_params,
            boost::asio::bind_cancellation_slot(
                slot, [outcome](Outcome got) { outcome->emplace(std::move(got)); }));
        return outcome;
    }

    boost::asio::io_context context;
    std::shared_ptr<clarify::testing::ManualClock> clock =
        std::make_shared<clarify::testing::ManualClock>();
    clarify::testing::ScriptedBackend server;
    /// Those between the attempts of calls.
    std::vector<clarify::Clock::duration> waits;
    std::optional<Client> client;
};

}  // namespace support

#endif  // CLARIFY_TESTS_SUPPORT_SCRIPTED_BENCH_HPP
