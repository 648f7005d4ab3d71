// SPDX-License-Identifier: BSL-1.0
// Bodies of the source of tokens that a test hands out.

#ifndef CLARIFY_TESTING_DETAIL_DOUBLES_IMPL_FAKE_TOKEN_SOURCE_HPP
#define CLARIFY_TESTING_DETAIL_DOUBLES_IMPL_FAKE_TOKEN_SOURCE_HPP

#include <clarify/core/detail/signal.hpp>
#include <clarify/core/timer.hpp>
#include <clarify/testing/fake_token_source.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/this_coro.hpp>

#include <chrono>
#include <string_view>
#include <utility>

namespace clarify::testing {

struct FakeTokenSource::State {
    void give(std::string_view token) {
        header = std::make_shared<const Secret>("Bearer " + std::string{token});
        failed.reset();
    }
    void end_fetch(std::optional<Error> error) {
        fetching = false;
        ++ended;
        if (error) error->set_phase(Phase::token).set_fate(Fate::unsent);
        failed = std::move(error);
        changed.notify_all();
    }

    AuthHeader header;
    unsigned issued = 0;
    Clock::duration time{};
    std::optional<Error> failure;
    bool fetching = false;
    /// How many fetches have ended, and what became of the last one.
    std::size_t ended = 0;
    std::optional<Error> failed;
    clarify::detail::Signal changed;
    std::size_t authorized = 0;
    std::size_t fetches = 0;
    std::size_t rejections = 0;
};

inline FakeTokenSource::FakeTokenSource() : state_(std::make_shared<State>()) {}
inline FakeTokenSource::FakeTokenSource(std::string token) : FakeTokenSource() {
    state_->give(token);
}

inline void FakeTokenSource::set(std::string token) { state_->give(token); }
inline void FakeTokenSource::revoke() { state_->header.reset(); }
inline void FakeTokenSource::delay(Clock::duration time) { state_->time = time; }
inline void FakeTokenSource::fail(Error error) { state_->failure = std::move(error); }
inline void FakeTokenSource::recover() { state_->failure.reset(); }

inline std::string FakeTokenSource::token() const {
    constexpr std::size_t scheme = sizeof "Bearer " - 1;
    return state_->header ? std::string{state_->header->expose().substr(scheme)} : std::string{};
}
inline std::size_t FakeTokenSource::authorized() const noexcept { return state_->authorized; }
inline std::size_t FakeTokenSource::fetches() const noexcept { return state_->fetches; }
inline std::size_t FakeTokenSource::rejections() const noexcept { return state_->rejections; }

inline std::optional<AuthHeader> FakeTokenSource::cached(AuthContext&) {
    if (!state_->header) return std::nullopt;
    return state_->header;
}

inline boost::asio::awaitable<Result<AuthHeader>> FakeTokenSource::authorize(
    AuthContext& context, TimePoint) {
    return wait(state_, context);
}

inline boost::asio::awaitable<Result<AuthHeader>> FakeTokenSource::wait(
    std::shared_ptr<State> state, AuthContext& context) {
    ++state->authorized;
    while (!state->header) {
        const std::size_t before = state->ended;
        if (!state->fetching) {
            state->fetching = true;
            ++state->fetches;
            const TimePoint limit = context.now() + state->time + std::chrono::minutes{1};
            try {
                context.spawn(fetch(state), limit);
            } catch (...) {
                state->fetching = false;
                throw;
            }
        }
        // A fetch that takes no time may have ended already.
        if (state->ended == before) {
            const bool cancelled =
                co_await state->changed.wait(context.get_executor(), (TimePoint::max)());
            if (cancelled) {
                Error error{Errc::cancelled, Reason::none, "cancelled while waiting for a token"};
                co_return error.set_phase(Phase::token);
            }
        }
        if (state->ended != before && state->failed) co_return *state->failed;
    }
    co_return state->header;
}

inline boost::asio::awaitable<void> FakeTokenSource::fetch(std::shared_ptr<State> state) {
    // Where the coroutine is destroyed half way, too, the next call may fetch again.
    struct Settle {
        State& state;
        bool settled = false;

        ~Settle() {
            if (!settled)
                state.end_fetch(Error{Errc::token, Reason::none, "the fetch was cut short"});
        }
    };
    Settle settle{*state};
    if (state->time > Clock::duration::zero()) {
        Timer timer{co_await boost::asio::this_coro::executor};
        timer.expires_at(timer.now() + state->time);
        co_await timer.async_wait(boost::asio::as_tuple(boost::asio::deferred));
        const auto cancellation = co_await boost::asio::this_coro::cancellation_state;
        if (cancellation.cancelled() != boost::asio::cancellation_type::none) co_return;
    }
    settle.settled = true;
    if (!state->failure) state->give("token-" + std::to_string(++state->issued));
    state->end_fetch(state->failure);
}

inline bool FakeTokenSource::rejected(AuthContext&, const AuthHeader& header) {
    ++state_->rejections;
    if (state_->header == header) state_->header.reset();
    return true;
}

}  // namespace clarify::testing

#endif  // CLARIFY_TESTING_DETAIL_DOUBLES_IMPL_FAKE_TOKEN_SOURCE_HPP
