// SPDX-License-Identifier: BSL-1.0
// Authentication policies with mistakes, which a conformance check has to find.

#ifndef CLARIFY_TESTS_UNIT_AUTH_FAULTY_POLICIES_HPP
#define CLARIFY_TESTS_UNIT_AUTH_FAULTY_POLICIES_HPP

#include <clarify/concepts/auth_policy.hpp>
#include <clarify/core/timer.hpp>
#include <clarify/core/url.hpp>
#include <clarify/testing/auth_check_options.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/query.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace support {

using namespace clarify;
using namespace std::chrono_literals;
namespace asio = boost::asio;

inline Url token_url() { return Url::parse("https://api.example/token").value(); }

/// A policy as an author would write it for a desk that hands out bare tokens, with room for one
/// mistake.
class DeskAuth {
public:
    enum class Mistake {
        none,
        /// Not a mistake either: the header is `Key` and a hash of the token, which is not renewed
        /// before it has expired.
        none_but_keyed,
        cached_throws,
        cached_differs,
        cached_fetches_each_time,
        authorize_throws,
        fetches_each_time,
        waits_after_rejections,
        waiter_is_deaf,
        task_leaves_waiters,
        forgets_failed_task,
        asks_again_when_cancelled,
        trusts_the_backend,
        blurs_the_transport,
        ignores_expiry,
        counts_from_reply,
        drops_at_renewal,
        passes_fate_on,
        reports_status,
        no_pause,
        pauses_for_ever,
        steady_timer,
        drops_any,
        keeps_rejected,
        stray_executor,
        tells_token,
        tells_token_to_observer,
        never_again,
        not_again_for_old,
        not_again_for_current,
        no_deadline,
        forgets_phase,
        forgets_error,
        silent_success,
        calls_renewal_fetched,
        silent_failure,
        tells_no_time,
        moves_secret,
        /// Not a mistake: the token is good until it is rejected.
        none_but_lasting,
    };

    explicit DeskAuth(Mistake mistake = Mistake::none) : state_(std::make_shared<State>(mistake)) {}

    std::optional<AuthHeader> cached(AuthContext& context) {
        if (is(Mistake::cached_throws)) throw std::runtime_error{"cached"};
        if (is(Mistake::cached_differs) && state_->header)
            return std::make_shared<const Secret>("Bearer another-token");
        const bool renew = context.now() + 60s >= state_->expires_at &&
            !is(Mistake::none_but_keyed) && !is(Mistake::none_but_lasting);
        if (is(Mistake::cached_fetches_each_time)) begin(context);
        if (!is_valid(context)) return std::nullopt;
        if (renew && !is(Mistake::ignores_expiry) && !state_->fetching &&
            context.now() >= state_->pause_until) {
            begin(context);
            if (is(Mistake::drops_at_renewal)) state_->header.reset();
        }
        if (!state_->header) return std::nullopt;
        return state_->header;
    }
    asio::awaitable<Result<AuthHeader>> authorize(AuthContext& context, TimePoint) {
        if (is(Mistake::authorize_throws)) throw std::runtime_error{"authorize"};
        const std::shared_ptr<State> state = state_;
        const bool deaf = is(Mistake::waiter_is_deaf);
        if (is(Mistake::fetches_each_time) && !state->fetching) state->header.reset();
        if (is(Mistake::waits_after_rejections) && state->rejections > 1) {
            Timer never{context.get_executor(), TimePoint::max()};
            co_await never.async_wait(asio::as_tuple(asio::deferred));
        }
        if (!is_valid(context)) {
            if (!state->fetching && context.now() < state->pause_until) {
                if (is(Mistake::forgets_error)) co_return Error{Errc::token, Reason::rejected};
                co_return state->error;
            }
            if (!state->fetching) begin(context);
            if (deaf)
                co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
            if (const auto ended = state->fetch_ended.lock()) {
                co_await ended->async_wait(asio::as_tuple(asio::deferred));
            }
        }
        if (is_valid(context)) co_return state->header;
        co_return state->error;
    }
    bool rejected(AuthContext&, const AuthHeader& header) {
        if (is(Mistake::keeps_rejected)) return true;
        ++state_->rejections;
        const bool current = state_->header == header;
        if (current || is(Mistake::drops_any)) state_->header.reset();
        return !is(Mistake::never_again) &&
            !is(current ? Mistake::not_again_for_current : Mistake::not_again_for_old);
    }
    std::string_view kept_secret() const noexcept { return state_->secret; }

private:
    struct State {
        explicit State(Mistake which) : mistake(which) { error.set_phase(Phase::token); }
        Mistake mistake;
        AuthHeader header;
        TimePoint expires_at{};
        Error error{Errc::token, Reason::none, "no token"};
        TimePoint pause_until{};
        int rejections = 0;
        bool fetched_before = false;
        std::string secret = "the key of the desk";
        bool fetching = false;
        /// What waits for the end of the fetch under way waits for its cancellation. Owned by the
        /// coroutines, because a timer must not outlive its context, which the policy may.
        std::weak_ptr<Timer> fetch_ended;
    };

    bool is(Mistake mistake) const { return state_->mistake == mistake; }
    bool is_valid(AuthContext& context) const {
        return state_->header &&
            (context.now() < state_->expires_at || is(Mistake::ignores_expiry) ||
             is(Mistake::none_but_lasting));
    }

    static std::string hash(const std::string& token) {
        return std::to_string(std::hash<std::string>{}("key " + token));
    }

    void begin(AuthContext& context) {
        auto ended = std::make_shared<Timer>(context.get_executor(), TimePoint::max());
        state_->fetching = true;
        state_->fetch_ended = ended;
        context.spawn(fetch(state_, std::move(ended), context), context.now() + 30s);
    }
    static void tell(
        State& state,
        AuthContext& context,
        TimePoint asked,
        const std::optional<Error>& error,
        const HttpResponse& response) {
        const Mistake mistake = state.mistake;
        const bool first = !state.fetched_before || mistake == Mistake::calls_renewal_fetched;
        if (!error) state.fetched_before = true;
        if (error && mistake == Mistake::silent_failure) return;
        if (!error && first && mistake == Mistake::silent_success) return;
        Event event{
            error       ? EventKind::token_failed
                : first ? EventKind::token_fetched
                        : EventKind::token_renewed};
        if (mistake != Mistake::tells_no_time) event.time = context.now();
        event.elapsed = context.now() - asked;
        event.error = error ? &*error : nullptr;
        if (mistake == Mistake::tells_token_to_observer) event.host = response.body;
        context.observe(event);
    }
    static asio::awaitable<void> fetch(
        std::shared_ptr<State> state, std::shared_ptr<Timer> ended, AuthContext& context) {
        const Mistake mistake = state->mistake;
        const Url url = token_url();
        HttpRequest request;
        request.url = &url;
        if (mistake != Mistake::no_deadline) request.deadline = context.now() + 30s;
        request.max_response_body = 8192;
        HttpResponse response;
        const TimePoint asked = context.now();
        std::optional<Error> error;
        try {
            const Result<void> posted = co_await context.post(request, response);
            if (!posted) error = posted.error();
        } catch (...) {
            if (mistake == Mistake::trusts_the_backend) throw;
            error = Error{Errc::token, Reason::exception, "the backend threw"};
        }
        const auto cancellation = co_await asio::this_coro::cancellation_state;
        if (cancellation.cancelled() != asio::cancellation_type::none &&
            mistake == Mistake::task_leaves_waiters)
            co_return;
        if (mistake == Mistake::asks_again_when_cancelled && error &&
            error->code() == Errc::cancelled) {
            co_await asio::this_coro::throw_if_cancelled(false);
            co_await asio::this_coro::reset_cancellation_state();
            static_cast<void>(co_await context.post(request, response));
        }
        if (mistake == Mistake::blurs_the_transport && error) error = Error{Errc::internal};
        if (mistake == Mistake::stray_executor) {
            auto& below = asio::query(context.get_executor(), asio::execution::context);
            asio::post(static_cast<asio::io_context&>(below), [&context] { context.random(); });
        }
        response.lease.keep();
        if (!error && (response.status != 200 || !response.body.starts_with("token "))) {
            const Errc code = mistake == Mistake::reports_status ? Errc::status : Errc::token;
            std::string message = "the desk gave no token";
            if (mistake == Mistake::tells_token) message += ": " + response.body;
            error = Error{code, Reason::bad_response, std::move(message)};
            if (mistake != Mistake::forgets_phase) error->set_phase(Phase::token);
        }
        if (!error) {
            const std::string token = response.body.substr(6);
            state->header = std::make_shared<const Secret>(
                mistake == Mistake::none_but_keyed ? "Key " + hash(token) : "Bearer " + token);
            state->expires_at =
                (mistake == Mistake::counts_from_reply ? context.now() : asked) + 1h;
        } else {
            if (mistake != Mistake::passes_fate_on) error->set_fate(Fate::unsent);
            state->error = *error;
            state->pause_until = mistake == Mistake::no_pause ? TimePoint{}
                : mistake == Mistake::pauses_for_ever         ? TimePoint::max()
                                                              : context.now() + 1s;
            if (mistake == Mistake::steady_timer) {
                asio::steady_timer timer{context.get_executor(), 1h};
                co_await timer.async_wait(asio::as_tuple(asio::deferred));
            }
        }
        if (mistake == Mistake::moves_secret) state->secret = std::string(100, 's');
        tell(*state, context, asked, error, response);
        if (mistake != Mistake::forgets_failed_task || !error) state->fetching = false;
        ended->cancel();
    }

    std::shared_ptr<State> state_;
};

/// The desk hands out `token <token>`.
inline testing::AuthCheckOptions desk_options() {
    testing::AuthCheckOptions options;
    options.issue =
        [](const testing::RecordedRequest&, std::string_view token, std::chrono::seconds) {
            return testing::reply(200, "token " + std::string{token});
        };
    return options;
}

/// All that a first attempt may get wrong: each call fetches for itself, in its own coroutine; any
/// rejection drops the token; the header ends in a line break; errors are passed on as they come,
/// or quote the reply.
class NaiveAuth {
public:
    std::optional<AuthHeader> cached(AuthContext&) {
        if (!header_) return std::nullopt;
        return header_;
    }
    asio::awaitable<Result<AuthHeader>> authorize(AuthContext& context, TimePoint deadline) {
        if (header_) co_return header_;
        const Url url = token_url();
        HttpRequest request;
        request.url = &url;
        request.deadline = deadline;
        HttpResponse response;
        const Result<void> posted = co_await context.post(request, response);
        if (!posted) co_return posted.error();
        if (!response.body.starts_with("token ")) {
            Error error{Errc::status, Reason::none, "the desk says " + response.body};
            co_return error;
        }
        header_ = std::make_shared<const Secret>("Bearer " + response.body.substr(6) + "\r\n");
        co_return header_;
    }
    bool rejected(AuthContext&, const AuthHeader&) {
        header_.reset();
        return true;
    }

private:
    AuthHeader header_;
};

}  // namespace support

#endif  // CLARIFY_TESTS_UNIT_AUTH_FAULTY_POLICIES_HPP
