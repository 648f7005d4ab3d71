// SPDX-License-Identifier: BSL-1.0
// How a token is fetched, and who waits for it: obeys TokenCache and the rule of repetition.

#ifndef CLARIFY_AUTH_IMPL_CLIENT_CREDENTIALS_HPP
#define CLARIFY_AUTH_IMPL_CLIENT_CREDENTIALS_HPP

#include <clarify/auth/client_credentials.hpp>
#include <clarify/auth/detail/token_cache.hpp>
#include <clarify/auth/detail/token_request.hpp>
#include <clarify/auth/detail/token_sharing.hpp>
#include <clarify/auth/token_store.hpp>
#include <clarify/core/detail/process_mark.hpp>
#include <clarify/core/detail/retry_rule.hpp>
#include <clarify/core/detail/signal.hpp>
#include <clarify/core/detail/time_span.hpp>

#include <algorithm>
#include <chrono>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <utility>

// GCC 12 takes Asio's own deallocation of a coroutine frame for a mismatch when it inlines one
// half.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif

namespace clarify {

struct ClientCredentials::State {
    explicit State(ClientCredentialsConfig given)
        : config(std::make_shared<const ClientCredentialsConfig>(std::move(given))),
          cache(config->token.times) {}

    void fetch_failed(Error error, TimePoint now) {
        std::optional<Clock::duration> patience = detail::asked_wait(error);
        if (patience && !detail::is_authentic(error, config->token_url.is_https()))
            patience = (std::min)(*patience, detail::clock_span(config->token.times.longest_pause));
        cache.failed(std::move(error), now, patience);
        fetch_ended.notify_all();
    }
    /// Without words, which would take memory.
    void fetch_lost(TimePoint now) {
        Error error{Errc::internal, Reason::resource};
        fetch_failed(error.set_phase(Phase::token), now);
    }

    class Ending;
    template <class = void>
    static boost::asio::awaitable<std::optional<Error>> post(
        AuthContext& context, detail::TokenRequest& request);
    template <class = void>
    static boost::asio::awaitable<void> keep(
        std::shared_ptr<State> state,
        AuthContext& context,
        const ClientCredentialsConfig& config,
        StoredToken token,
        TokenLease lease);
    template <class = void>
    static boost::asio::awaitable<bool> settle_by_store(
        std::shared_ptr<State> state,
        AuthContext& context,
        Ending& ending,
        TimePoint deadline,
        TokenLease& lease);

    /// A token endpoint is paced as a server is by default.
    static detail::Backoff backoff() noexcept {
        using std::chrono::milliseconds;
        return {milliseconds{100}, milliseconds{1'000}, milliseconds{20'000}};
    }
    /// The reply to what was sent at `sent_at`.
    Result<detail::TokenReply> read_reply(
        detail::TokenRequest& request, TimePoint sent_at, TimePoint now) const {
        Result<detail::TokenReply> reply = request.read();
        if (!reply || !cache.is_stillborn(sent_at, reply->lifetime, now)) return reply;
        return detail::token_error(Reason::bad_expiry, "the token had expired before it arrived");
    }
    /// Is it another one than what is at hand, and than what a server has rejected?
    bool is_news(const StoredToken& stored, std::chrono::system_clock::time_point now) const {
        // What is about to expire would be renewed at once.
        const auto left = (std::min)(std::chrono::seconds{5}, stored.lifetime / 10);
        if (!stored.is_good(now, left)) return false;
        const Secret value = BearerToken::make_header(stored.token.expose());
        const auto is_it = [&value](const AuthHeader& header) {
            return header && *header == value;
        };
        return !is_it(cache.header()) && !is_it(refused);
    }
    /// What became of a use of the store; told where it fails, once.
    void store_used(AuthContext& context, const std::optional<Error>& failure) {
        if (std::exchange(has_told_store, failure.has_value()) || !failure) return;
        Event event{EventKind::token_store_failed};
        event.time = context.now();
        event.error = &*failure;
        context.observe(event);
    }

    /// Shared with the fetch under way, which has begun with it.
    std::shared_ptr<const ClientCredentialsConfig> config;
    detail::TokenCache cache;
    bool fetched_before = false;
    /// What a server has rejected last.
    AuthHeader refused;
    /// Has it been told that the store fails?
    bool has_told_store = false;
    /// Set whenever a fetch has ended; each waiter then decides again.
    detail::Signal fetch_ended;
};

/// Sees to it that a fetch ends once: should anything end it early, memory running out for one, the
/// next call may fetch again.
class ClientCredentials::State::Ending {
public:
    Ending(State& state, AuthContext& context)
        : state_(state), context_(context), started_(context.now()) {}
    Ending(const Ending&) = delete;
    Ending& operator=(const Ending&) = delete;
    ~Ending() {
        if (settled_) return;
        if (process_.is_elsewhere()) {
            leave();
        } else {
            state_.fetch_lost(context_.now());
        }
    }

    TimePoint started() const noexcept { return started_; }

    /// With the token that was asked for at `sent_at`.
    void succeed(detail::TokenReply reply, TimePoint sent_at) {
        auto header = std::make_shared<const Secret>(std::move(reply.header));
        settled_ = true;
        state_.cache.fetched(std::move(header), sent_at, reply.lifetime, context_.random());
        tell(
            std::exchange(state_.fetched_before, true) ? EventKind::token_renewed
                                                       : EventKind::token_fetched,
            nullptr);
        state_.fetch_ended.notify_all();
    }
    /// With what another client got.
    void take(const StoredToken& token, std::chrono::system_clock::time_point now) {
        auto header =
            std::make_shared<const Secret>(BearerToken::make_header(token.token.expose()));
        settled_ = true;
        const auto age =
            (std::max)(now - token.issued, std::chrono::system_clock::duration::zero());
        const TimePoint issued = context_.now() - std::chrono::duration_cast<Clock::duration>(age);
        state_.cache.fetched(std::move(header), issued, token.lifetime, context_.random());
        state_.fetched_before = true;
        tell(EventKind::token_shared, nullptr);
        state_.fetch_ended.notify_all();
    }
    /// What is at hand stays in use.
    void postpone(TimePoint until) {
        settled_ = true;
        state_.cache.postponed(until);
        state_.fetch_ended.notify_all();
    }
    void fail(Error error) {
        if (process_.is_elsewhere()) return leave();
        // Whatever became of the token request, the call that waits for it was not sent. Where the
        // connection failed, its own phase says more than that a token was being fetched.
        error.set_fate(Fate::unsent);
        if (error.code() == Errc::token) error.set_phase(Phase::token);
        settled_ = true;
        state_.fetch_failed(error, context_.now());
        tell(EventKind::token_failed, &error);
    }

private:
    void tell(EventKind kind, const Error* error) {
        Event event{kind};
        event.time = context_.now();
        event.elapsed = event.time - started_;
        event.error = error;
        context_.observe(event);
    }

    /// The parent of this process goes on with it. Here it has said nothing about the token endpoint.
    void leave() noexcept {
        settled_ = true;
        state_.cache.fetch_left();
        state_.fetch_ended.notify_all();
    }

    State& state_;
    AuthContext& context_;
    detail::ProcessMark process_;
    TimePoint started_;
    bool settled_ = false;
};

CLARIFY_DECL ClientCredentials::ClientCredentials(ClientCredentialsConfig config) {
    if (config.client_id.empty()) throw std::invalid_argument{"client_id is empty"};
    if (config.client_secret.empty()) throw std::invalid_argument{"client_secret is empty"};
    config.token.check();
    detail::token_authorization(config);
    if (!config.token_url.is_https() && !config.token_url.is_loopback()) {
        throw std::invalid_argument{"token_url: credentials are sent over https only"};
    }
    state_ = std::make_shared<State>(std::move(config));
}

template <class>
std::optional<AuthHeader> ClientCredentials::cached(AuthContext& context) {
    const TimePoint now = context.now();
    const detail::TokenCache::Decision decision = state_->cache.decide(now, now);
    if (decision.step != detail::TokenCache::Step::use) return std::nullopt;
    const AuthHeader header = state_->cache.header();
    if (decision.renew) begin_fetch(state_, context);
    return header;
}

template <class>
boost::asio::awaitable<Result<AuthHeader>> ClientCredentials::authorize(
    AuthContext& context, TimePoint deadline) {
    using Step = detail::TokenCache::Step;
    const std::shared_ptr<State> state = state_;
    for (;;) {
        const detail::TokenCache::Decision decision = state->cache.decide(context.now(), deadline);
        switch (decision.step) {
            case Step::use:
                co_return state->cache.header();
            case Step::fail:
                co_return *state->cache.last_error();
            case Step::fetch:
                // It may have ended already when this returns, so decide again rather than wait for
                // it.
                begin_fetch(state, context);
                continue;
            case Step::wait:
            case Step::pause:
                break;
        }
        const TimePoint until = decision.step == Step::pause ? decision.until : (TimePoint::max)();
        const bool cancelled = co_await state->fetch_ended.wait(context.get_executor(), until);
        if (cancelled) {
            Error error{Errc::cancelled, Reason::none, "cancelled while waiting for a token"};
            error.set_phase(Phase::token);
            co_return error;
        }
    }
}

CLARIFY_DECL bool ClientCredentials::rejected(AuthContext& context, const AuthHeader& header) {
    if (header == state_->cache.header()) state_->refused = header;
    state_->cache.rejected(header, context.now(), context.has_served(header));
    return true;
}

CLARIFY_DECL std::string_view ClientCredentials::kept_secret() const noexcept {
    return state_ ? state_->config->client_secret.expose() : std::string_view{};
}

CLARIFY_DECL void ClientCredentials::renew(const ClientCredentials& other) {
    const ClientCredentialsConfig& theirs = *other.state_->config;
    if (state_->config->client_secret == theirs.client_secret) return;
    state_->config = other.state_->config;
    state_->cache.forgive();
    state_->fetch_ended.notify_all();
}

template <class>
void ClientCredentials::begin_fetch(std::shared_ptr<State> state, AuthContext& context) {
    const TimePoint deadline =
        detail::time_after(context.now(), state->config->token.fetch_timeout);
    state->cache.fetch_started();
    try {
        context.spawn(fetch(state, context), deadline);
    } catch (...) {
        state->fetch_lost(context.now());
    }
}

/// Sends the request once; an error where no complete reply came.
template <class>
boost::asio::awaitable<std::optional<Error>> ClientCredentials::State::post(
    AuthContext& context, detail::TokenRequest& request) {
    std::optional<Error> error;
    try {
        const Result<void> posted = co_await context.post(request.request(), request.response());
        if (posted) co_return error;
        error = posted.error();
        if (error->code() == Errc::too_large) {
            error = detail::token_error(
                Reason::bad_response,
                "the token endpoint's reply is larger than " +
                    std::to_string(request.request().max_response_body) + " bytes");
        }
    } catch (const std::bad_alloc&) {
        error.emplace(Errc::internal, Reason::resource);
        error->set_phase(Phase::token);
    } catch (...) {
        error = detail::token_error(Reason::exception, "the HTTP backend threw an exception");
    }
    co_return error;
}

/// Is the fetch over, because of what the store has? Else `lease` may be the right to get a token.
template <class>
boost::asio::awaitable<bool> ClientCredentials::State::settle_by_store(
    std::shared_ptr<State> state,
    AuthContext& context,
    Ending& ending,
    TimePoint deadline,
    TokenLease& lease) {
    detail::TokenWish wish;
    wish.is_news = [&](const StoredToken& token) {
        return state->is_news(token, context.wall_now());
    };
    wish.has_token = [&] { return state->cache.has_token(context.now()); };
    detail::SharedToken shared = co_await detail::find_shared_token(
        state->config->token.store, context, detail::token_key(*state->config), wish, deadline);
    if (shared.token || shared.failure) state->store_used(context, shared.failure);
    if (shared.token) {
        ending.take(*shared.token, context.wall_now());
        co_return true;
    }
    if (shared.is_on_its_way) {
        const std::chrono::duration<double> pause{1 + 9 * context.random()};
        ending.postpone(context.now() + std::chrono::duration_cast<Clock::duration>(pause));
        co_return true;
    }
    lease = std::move(shared.lease);
    co_return false;
}

/// Before the call goes on, or a program that ends with it would keep nothing for the next.
template <class>
boost::asio::awaitable<void> ClientCredentials::State::keep(
    std::shared_ptr<State> state,
    AuthContext& context,
    const ClientCredentialsConfig& config,
    StoredToken token,
    TokenLease lease) {
    const std::optional<Error> failure = co_await detail::put_token(
        config.token.store, context, detail::token_key(config), std::move(token), std::move(lease));
    state->store_used(context, failure);
}

template <class>
boost::asio::awaitable<void> ClientCredentials::fetch(
    std::shared_ptr<State> state, AuthContext& context) {
    State::Ending ending{*state, context};
    const std::shared_ptr<const ClientCredentialsConfig> config = state->config;
    const TokenOptions& options = config->token;
    const TimePoint deadline = detail::time_after(ending.started(), options.fetch_timeout);
    TokenLease lease;
    bool is_settled = false;
    if (options.store)
        is_settled = co_await State::settle_by_store(state, context, ending, deadline, lease);
    if (is_settled) co_return;
    const detail::Backoff backoff = State::backoff();
    detail::TokenRequest request{*config, deadline};
    std::optional<Error> error;
    bool fresh_connection = false;
    bool pausing = false;
    for (unsigned attempt = 1;; ++attempt) {
        const TimePoint sent_at = context.now();
        const std::chrono::system_clock::time_point issued = context.wall_now();
        request.prepare(fresh_connection);
        error = co_await State::post(context, request);
        if (!error) {
            Result<detail::TokenReply> reply = state->read_reply(request, sent_at, context.now());
            if (reply) {
                if (lease) {
                    const StoredToken token = detail::shared_token(*reply, issued, options.times);
                    co_await State::keep(state, context, *config, token, lease);
                }
                ending.succeed(std::move(*reply), sent_at);
                co_return;
            }
            error = request.explain(reply.error(), context.wall_now());
        }
        // A wait that the issuer asks for binds every later fetch too, so it is the cache's to
        // keep: there each waiting call can weigh it against its own deadline.
        if (!detail::is_transient(*error, request.response().early) || detail::asked_wait(*error) ||
            attempt >= options.attempts) {
            break;
        }
        const auto again =
            detail::plan_repetition(*error, attempt, fresh_connection, backoff, context.random());
        if (!again || context.now() + again->wait >= deadline) break;
        fresh_connection = again->fresh_connection;
        if (again->wait == Clock::duration::zero()) continue;
        detail::Signal never;
        pausing = true;
        if (co_await never.wait(context.get_executor(), context.now() + again->wait)) break;
        pausing = false;
    }
    // Cut short at the deadline, a backend says that it was cancelled; nobody who waits has asked
    // for that.
    if (error->http() == nullptr && context.now() >= deadline)
        error = detail::token_timeout(pausing ? Phase::backoff : error->phase());
    ending.fail(std::move(*error));
    // With another secret it may succeed.
    if (config != state->config) state->cache.forgive();
}

}  // namespace clarify

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

#endif  // CLARIFY_AUTH_IMPL_CLIENT_CREDENTIALS_HPP
