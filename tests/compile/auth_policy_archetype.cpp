// SPDX-License-Identifier: BSL-1.0
// The smallest authentication policy with a client over it, and the example of the contract.

#include <clarify/concepts/auth_policy.hpp>
#include <clarify/core/timer.hpp>
#include <clarify/core/url.hpp>
#include <clarify/rpc_client.hpp>
#include <clarify/testing/check_auth_policy.hpp>
#include <clarify/testing/scripted_backend.hpp>

#include "../support/text_codec.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace {

/// Movable, with the three members that the concept asks for, and nothing else.
class Archetype {
public:
    Archetype(Archetype&&) = default;
    Archetype& operator=(Archetype&&) = delete;

    static Archetype make() { return Archetype{}; }

    std::optional<clarify::AuthHeader> cached(clarify::AuthContext&) { return std::nullopt; }
    boost::asio::awaitable<clarify::Result<clarify::AuthHeader>> authorize(
        clarify::AuthContext&, clarify::TimePoint) {
        co_return clarify::Error{clarify::Errc::token};
    }
    bool rejected(clarify::AuthContext&, const clarify::AuthHeader&) { return false; }

private:
    Archetype() = default;
};

static_assert(clarify::AuthPolicy<Archetype>);

using Client = clarify::RpcClient<clarify::testing::ScriptedBackend, Archetype, support::TextCodec>;

// From here on as it stands in the contract of AuthPolicy, which names the headers it needs too.
using namespace clarify;
using namespace std::chrono_literals;
using boost::asio::as_tuple;
using boost::asio::awaitable;
using boost::asio::deferred;

bool is_token(std::string_view text) { return text.starts_with("desk-"); }

class DeskAuth {
public:
    explicit DeskAuth(Url desk) : state_(std::make_shared<State>(std::move(desk))) {}

    std::optional<AuthHeader> cached(AuthContext& context) {
        if (!state_->is_valid(context.now())) return std::nullopt;
        return state_->header;
    }
    awaitable<Result<AuthHeader>> authorize(AuthContext& context, TimePoint) {
        return wait(state_, context);
    }
    bool rejected(AuthContext&, const AuthHeader& header) {
        if (state_->header == header) state_->header.reset();
        return true;
    }

private:
    // Shared with the coroutines.
    struct State {
        explicit State(Url url) : desk(std::move(url)) {}
        bool is_valid(TimePoint now) const { return header && now < expires_at; }

        Url desk;
        AuthHeader header;
        TimePoint expires_at{};
        Error error{Errc::token};
        TimePoint pause_until{};
        bool fetching = false;
        std::weak_ptr<Timer> fetch_ended;  // owned by the coroutines, cancelled at the end
    };

    static awaitable<Result<AuthHeader>> wait(std::shared_ptr<State> state, AuthContext& context) {
        if (!state->is_valid(context.now())) {
            if (!state->fetching && context.now() >= state->pause_until) begin(state, context);
            const std::shared_ptr<Timer> ended = state->fetch_ended.lock();
            if (state->fetching && ended) co_await ended->async_wait(as_tuple(deferred));
        }
        if (state->is_valid(context.now())) co_return state->header;
        co_return state->error;
    }
    static void begin(const std::shared_ptr<State>& state, AuthContext& context) {
        auto ended = std::make_shared<Timer>(context.get_executor(), TimePoint::max());
        state->fetching = true;
        state->fetch_ended = ended;
        context.spawn(fetch(state, ended, context), context.now() + 30s);
    }
    static awaitable<void> fetch(
        std::shared_ptr<State> state, std::shared_ptr<Timer> ended, AuthContext& context) {
        const TimePoint asked = context.now();
        HttpRequest request;
        request.url = &state->desk;
        request.deadline = asked + 30s;
        request.max_response_body = 4096;
        HttpResponse response;
        Error error{Errc::token, Reason::bad_response, "the desk gave no token"};
        Event event{EventKind::token_failed};
        bool complete = false;
        try {
            const Result<void> posted = co_await context.post(request, response);
            if (!posted) error = posted.error();
            complete = posted.has_value();
        } catch (...) {
            error = Error{Errc::token, Reason::exception, "the HTTP backend threw"};
        }
        if (complete) response.lease.keep();
        if (complete && response.status == 200 && is_token(response.body)) {
            const bool first = state->expires_at == TimePoint{};
            event.kind = first ? EventKind::token_fetched : EventKind::token_renewed;
            state->header = std::make_shared<const Secret>("Bearer " + response.body);
            state->expires_at = asked + 1h;  // what this desk is known to give
        } else {
            // It is the token request that may have been sent, not the call.
            state->error = error.set_phase(Phase::token).set_fate(Fate::unsent);
            state->pause_until = context.now() + 1s;
            event.error = &state->error;
        }
        state->fetching = false;
        event.time = context.now();
        event.elapsed = event.time - asked;
        context.observe(event);
        ended->cancel();
    }

    std::shared_ptr<State> state_;
};

static_assert(AuthPolicy<DeskAuth>);

}  // namespace

awaitable<Result<std::string>> call_with_the_archetype(boost::asio::io_context& context) {
    Client client{
        context.get_executor(),
        Url::parse("http://127.0.0.1/rpc").value(),
        testing::ScriptedBackend{},
        Archetype::make()};
    const Result<std::string> outcome = co_await client.call("method", "{}");
    co_return outcome;
}

testing::ConformanceReport check_the_example() {
    testing::AuthCheckOptions options;
    options.issue =
        [](const testing::RecordedRequest&, std::string_view token, std::chrono::seconds) {
            return testing::reply(200, "desk-" + std::string{token});
        };
    return testing::check_auth_policy(
        [] { return DeskAuth{Url::parse("https://desk.example/token").value()}; }, options);
}
