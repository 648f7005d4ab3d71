// SPDX-License-Identifier: BSL-1.0
// A client with client credentials, a scripted token endpoint and a clock of its own.

#ifndef CLARIFY_TESTS_UNIT_AUTH_TOKEN_BENCH_HPP
#define CLARIFY_TESTS_UNIT_AUTH_TOKEN_BENCH_HPP

#include <clarify/auth/client_credentials.hpp>
#include <clarify/rpc_client.hpp>
#include <clarify/testing/manual_clock.hpp>
#include <clarify/testing/scripted_backend.hpp>

#include <boost/asio/io_context.hpp>

#include <support/canary.hpp>
#include <support/text_codec.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace support {

/// Calls take no real time. The API answers every call that has a token.
struct TokenBench {
    using Outcome = clarify::Result<std::string>;
    using Client = clarify::
        RpcClient<clarify::testing::ScriptedBackend, clarify::ClientCredentials, TextCodec>;

    static constexpr std::string_view token_path = "/v1/oauth/token";
    static constexpr std::string_view rpc_path = "/v1/rpc";

    /// A call that is on its way.
    struct Pending {
        std::optional<Outcome> outcome;
        clarify::TimePoint ended{};
    };

    explicit TokenBench(std::chrono::milliseconds call_timeout = std::chrono::seconds{30}) {
        using clarify::Event;
        clarify::ClientOptions options;
        options.clock = clock;
        options.call_timeout = call_timeout;
        options.observer = [this](const Event& event) {
            if (event.kind == clarify::EventKind::token_failed) failures.push_back(*event.error);
        };
        server.on(rpc_path).always(clarify::testing::reply_result("1"));
        clarify::ClientCredentialsConfig config{
            clarify::Url::parse("https://api.example/v1/oauth/token").value(),
            "id",
            clarify::Secret{canary_client_secret}};
        client.emplace(
            context.get_executor(),
            clarify::Url::parse("https://api.example/v1/rpc").value(),
            server,
            clarify::ClientCredentials{std::move(config)},
            std::move(options));
    }

    Outcome call() { return clock->run(context, client->call("m", clarify::no_params)); }
    std::shared_ptr<Pending> start(std::chrono::milliseconds timeout = std::chrono::seconds{30}) {
        auto pending = std::make_shared<Pending>();
        client->async_call(
            "m",
            clarify::no_params,
            clarify::CallOptions{timeout},
            [pending, time = clock](Outcome outcome) {
                pending->outcome.emplace(std::move(outcome));
                pending->ended = time->now();
            });
        return pending;
    }
    std::vector<std::shared_ptr<Pending>> start_many(
        std::size_t count, std::chrono::milliseconds timeout = std::chrono::seconds{30}) {
        std::vector<std::shared_ptr<Pending>> calls;
        for (std::size_t i = 0; i != count; ++i)
            calls.push_back(start(timeout));
        return calls;
    }
    void pass(clarify::Clock::duration span) { clock->run_for(context, span); }

    clarify::testing::Script& tokens() { return server.on(token_path); }
    std::size_t fetches() const { return server.count(token_path); }
    std::size_t sends() const { return server.count(rpc_path); }

    boost::asio::io_context context;
    std::shared_ptr<clarify::testing::ManualClock> clock =
        std::make_shared<clarify::testing::ManualClock>();
    clarify::testing::ScriptedBackend server;
    std::vector<clarify::Error> failures;
    std::optional<Client> client;
};

}  // namespace support

#endif  // CLARIFY_TESTS_UNIT_AUTH_TOKEN_BENCH_HPP
