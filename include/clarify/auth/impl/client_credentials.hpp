// SPDX-License-Identifier: BSL-1.0

#ifndef CLARIFY_AUTH_IMPL_CLIENT_CREDENTIALS_HPP
#define CLARIFY_AUTH_IMPL_CLIENT_CREDENTIALS_HPP

#include <clarify/core/detail/basic_scheme.hpp>
#include <clarify/core/detail/encoding.hpp>
#include <clarify/core/detail/signal.hpp>
#include <clarify/core/retry_after.hpp>

#include <algorithm>
#include <array>
#include <exception>
#include <new>
#include <span>
#include <stdexcept>
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
        : config(std::move(given)), cache(config.token.times) {}

    Secret form() const {
        std::string body;
        // Reserved for the worst case, so that no reallocation leaves a copy of the secret behind.
        body.reserve(
            128 +
            3 *
                (config.client_id.size() + config.client_secret.size() + config.audience.size() +
                 config.scope.size()));
        body += "grant_type=client_credentials";
        if (config.authentication == ClientAuthentication::form) {
            body += "&client_id=";
            detail::append_form_value(body, config.client_id);
            body += "&client_secret=";
            detail::append_form_value(body, config.client_secret.expose());
        }
        if (!config.audience.empty()) {
            body += "&audience=";
            detail::append_form_value(body, config.audience);
        }
        if (!config.scope.empty()) {
            body += "&scope=";
            detail::append_form_value(body, config.scope);
        }
        return Secret{std::move(body)};
    }

    /// The `Authorization` header of the request; empty where the form has the credentials.
    static Secret authorization(const ClientCredentialsConfig& config) {
        if (config.authentication == ClientAuthentication::form) return Secret{};
        if (config.authentication == ClientAuthentication::basic_raw) {
            return detail::basic_scheme(config.client_id, config.client_secret);
        }
        std::string id;
        detail::append_form_value(id, config.client_id);
        std::string secret;
        secret.reserve(3 * config.client_secret.size());
        detail::append_form_value(secret, config.client_secret.expose());
        return detail::basic_scheme(id, Secret{std::move(secret)});
    }

    void fetch_failed(Error error, TimePoint now, std::optional<Clock::duration> patience) {
        cache.failed(std::move(error), now, patience);
        fetch_ended.notify_all();
    }

    /// Does a reply of this status speak of a state that may pass?
    static bool is_trouble(unsigned status) noexcept { return status == 429 || status >= 500; }

    /// Should anything end a fetch early, memory running out for one, the next call may fetch again.
    struct Settle {
        State& state;
        AuthContext& context;
        bool settled = false;

        ~Settle() {
            if (settled) return;
            // Without words, which would take memory.
            Error error{Errc::internal, Reason::resource};
            state.fetch_failed(error.set_phase(Phase::token), context.now(), std::nullopt);
        }
    };

    /// Wipes a text when it goes, however that comes about.
    struct Wipe {
        std::string& text;
        ~Wipe() { Secret::wipe(text); }
    };

    ClientCredentialsConfig config;
    TokenCache cache;
    bool fetched_before = false;
    /// Set whenever a fetch has ended; each waiter then decides again.
    detail::Signal fetch_ended;
};

CLARIFY_DECL ClientCredentials::ClientCredentials(ClientCredentialsConfig config) {
    if (config.client_id.empty()) throw std::invalid_argument{"client_id is empty"};
    if (config.client_secret.empty()) throw std::invalid_argument{"client_secret is empty"};
    config.token.check();
    State::authorization(config);
    if (!config.token_url.is_https() && !config.token_url.is_loopback()) {
        throw std::invalid_argument{"token_url: credentials are sent over https only"};
    }
    state_ = std::make_shared<State>(std::move(config));
}

CLARIFY_DECL std::optional<AuthHeader> ClientCredentials::cached(AuthContext& context) {
    const TimePoint now = context.now();
    const TokenCache::Decision decision = state_->cache.decide(now, now);
    if (decision.step != TokenCache::Step::use) return std::nullopt;
    const AuthHeader header = state_->cache.header();
    if (decision.renew) begin_fetch(state_, context);
    return header;
}

CLARIFY_DECL boost::asio::awaitable<Result<AuthHeader>> ClientCredentials::authorize(
    AuthContext& context, TimePoint deadline) {
    using Step = TokenCache::Step;
    const std::shared_ptr<State> state = state_;
    for (;;) {
        const TokenCache::Decision decision = state->cache.decide(context.now(), deadline);
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
        const TimePoint until = decision.step == Step::pause ? decision.until : TimePoint::max();
        const bool cancelled = co_await state->fetch_ended.wait(context.get_executor(), until);
        if (cancelled) {
            Error error{Errc::cancelled, Reason::none, "cancelled while waiting for a token"};
            error.set_phase(Phase::token);
            co_return error;
        }
    }
}

CLARIFY_DECL bool ClientCredentials::rejected(AuthContext& context, const AuthHeader& header) {
    state_->cache.rejected(header, context.now());
    return true;
}

CLARIFY_DECL std::string_view ClientCredentials::kept_secret() const noexcept {
    return state_ ? state_->config.client_secret.expose() : std::string_view{};
}

CLARIFY_DECL void ClientCredentials::begin_fetch(
    std::shared_ptr<State> state, AuthContext& context) {
    const TimePoint deadline = context.now() + state->config.token.fetch_timeout;
    state->cache.fetch_started();
    try {
        context.spawn(fetch(state, context), deadline);
    } catch (...) {
        Error error{Errc::internal, Reason::resource};
        state->fetch_failed(error.set_phase(Phase::token), context.now(), std::nullopt);
    }
}

CLARIFY_DECL boost::asio::awaitable<void> ClientCredentials::fetch(
    std::shared_ptr<State> state, AuthContext& context) {
    State::Settle settle{*state, context};
    const ClientCredentialsConfig& config = state->config;
    const TimePoint started = context.now();
    const TimePoint deadline = started + config.token.fetch_timeout;
    const Secret form = state->form();
    const Secret authorization = State::authorization(config);
    const detail::Scrubber sent{authorization.expose()};
    const std::array<HeaderView, 3> headers{
        HeaderView{"Content-Type", "application/x-www-form-urlencoded"},
        HeaderView{"Accept", "application/json"},
        HeaderView{"Authorization", authorization.expose()}};

    HttpRequest request;
    request.url = &config.token_url;
    request.headers = std::span{headers}.first(authorization.empty() ? 2 : 3);
    request.body = form.expose();
    request.deadline = deadline;
    request.max_response_body = config.token.max_reply;

    HttpResponse response;
    // The reply holds a token. In one piece, so that growing leaves no copy of it behind.
    response.body.reserve(request.max_response_body);
    const State::Wipe wipe{response.body};
    std::optional<Error> error;
    std::optional<Clock::duration> patience;
    for (unsigned attempt = 1;; ++attempt) {
        const TimePoint sent_at = context.now();
        Secret::wipe(response.body);
        response.clear();
        error.reset();
        patience.reset();
        bool may_pass = false;
        try {
            const Result<void> posted = co_await context.post(request, response);
            if (!posted) {
                error = posted.error();
                const Errc code = error->code();
                const Reason reason = error->reason();
                may_pass = code == Errc::io || code == Errc::connect ||
                    (code == Errc::resolve && reason == Reason::temporary) ||
                    (code == Errc::tls && reason == Reason::reset) || code == Errc::timeout ||
                    (code == Errc::proxy &&
                     (reason == Reason::reset || State::is_trouble(error->http_status())));
                if (const HttpFailure* const refusal = error->http())
                    patience = refusal->retry_after;
                if (code == Errc::too_large) {
                    error = Error{
                        Errc::token,
                        Reason::bad_response,
                        "the token endpoint's reply is larger than " +
                            std::to_string(config.token.max_reply) + " bytes"};
                }
            }
        } catch (const std::bad_alloc&) {
            error = Error{Errc::internal, Reason::resource};
            error->set_phase(Phase::token);
        } catch (...) {
            error = Error{Errc::token, Reason::exception, "the HTTP backend threw an exception"};
        }
        if (!error) {
            // A complete reply; whether the token is any good does not matter to the connection.
            response.lease.keep();
            Result<TokenReply> reply = read_token_reply(
                response.status,
                response.body,
                config.client_secret.expose(),
                config.token.max_token);
            Secret::wipe(response.body);
            if (reply && state->cache.is_stillborn(sent_at, reply->lifetime, context.now())) {
                reply = detail::token_error(
                    Reason::bad_expiry, "the token had expired before it arrived");
            }
            if (reply) {
                auto header = std::make_shared<const Secret>(std::move(reply->header));
                settle.settled = true;
                state->cache.fetched(std::move(header), sent_at, reply->lifetime);
                Event event{
                    std::exchange(state->fetched_before, true) ? EventKind::token_renewed
                                                               : EventKind::token_fetched};
                event.time = context.now();
                event.elapsed = event.time - started;
                context.observe(event);
                state->fetch_ended.notify_all();
                co_return;
            }
            error = reply.error();
            if (sent.finds(error->message())) {
                error = detail::token_error(
                    error->reason(), "the token endpoint repeats the credentials");
            }
            if (const auto wait = parse_retry_after(response.retry_after, response.date))
                patience = *wait;
            HttpFailure failure;
            failure.status = response.status;
            failure.traceparent = response.traceparent;
            detail::SecretFinder{config.client_secret.expose()}.scrub(failure.traceparent);
            sent.scrub(failure.traceparent);
            failure.traceparent = detail::printable(failure.traceparent, 128);
            if (patience) {
                failure.retry_after =
                    std::chrono::duration_cast<std::chrono::milliseconds>(*patience);
            }
            error->set_http(std::move(failure));
            may_pass = State::is_trouble(response.status);
        }
        // A wait that the issuer asks for binds every later fetch too, so it is the cache's to
        // keep: there each waiting call can weigh it against its own deadline.
        if (!may_pass || patience || attempt >= config.token.attempts) break;
        // Full jitter, a second at first where the issuer says that it is asked too often.
        const bool throttled = error->reason() == Reason::throttled;
        const unsigned doublings = std::min(attempt - 1, 10U);
        const Clock::duration base =
            std::chrono::milliseconds{throttled ? 1000 : 100} * (1U << doublings);
        const auto jitter = std::chrono::duration_cast<Clock::duration>(base * context.random());
        const TimePoint again = context.now() + jitter;
        if (again >= deadline) break;
        detail::Signal never;
        if (co_await never.wait(context.get_executor(), again)) break;
    }
    // Cut short at the deadline, a backend says that it was cancelled; nobody who waits has asked
    // for that.
    if (error->http() == nullptr && context.now() >= deadline) {
        error = Error{Errc::timeout, Reason::none, "no token could be fetched in time"};
        error->set_phase(Phase::token);
    }
    // Whatever became of the token request, the call that waits for it was not sent. Where the
    // connection failed, its own phase says more than that a token was being fetched.
    error->set_fate(Fate::unsent);
    if (error->code() == Errc::token) error->set_phase(Phase::token);
    settle.settled = true;
    state->fetch_failed(*error, context.now(), patience);
    Event event{EventKind::token_failed};
    event.time = context.now();
    event.elapsed = event.time - started;
    event.error = &*error;
    context.observe(event);
}

}  // namespace clarify

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

#endif  // CLARIFY_AUTH_IMPL_CLIENT_CREDENTIALS_HPP
