// SPDX-License-Identifier: BSL-1.0
// When to use, renew, await or refuse an access token: decisions only, no I/O.

#ifndef CLARIFY_AUTH_DETAIL_TOKEN_CACHE_HPP
#define CLARIFY_AUTH_DETAIL_TOKEN_CACHE_HPP

#include <clarify/auth/token_options.hpp>
#include <clarify/concepts/auth_policy.hpp>
#include <clarify/core/detail/time_span.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>

namespace clarify::detail {

/** The state machine of one access token shared by all calls of a client.

    @par Thread safety
    Distinct objects: safe. Shared objects: unsafe; the client uses it on its serial executor.
*/
class TokenCache {
public:
    enum class Step : std::uint8_t {
        /// Send the token. If `renew` is set, also begin a fetch in the background.
        use,
        /// Begin a fetch and wait for it.
        fetch,
        /// Wait for the fetch in flight.
        wait,
        /// Wait until `until`, then ask again: the issuer asked for patience, and there is time.
        pause,
        /// Fail with `last_error()`.
        fail,
    };
    struct Decision {
        Step step = Step::fail;
        bool renew = false;
        TimePoint until{};
    };

    explicit TokenCache(TokenTimes times = {})
        : margin_(clock_span(times.renewal_margin)),
          default_life_(clock_span(times.default_lifetime)),
          first_pause_(clock_span(times.first_pause)),
          longest_pause_(clock_span(times.longest_pause)),
          pause_(first_pause_),
          rejection_pause_(first_pause_) {}

    /// What a call that must end by `deadline` does now.
    Decision decide(TimePoint now, TimePoint deadline) const;

    /// A fetch has begun.
    void fetch_started() noexcept { fetching_ = true; }
    /// The fetch begun at `started` yielded a token; `lifetime` if the issuer said one. `random`, in
    /// [0, 1), draws the moment of its renewal, so that clients that began together do not go on
    /// asking together.
    void fetched(
        AuthHeader header,
        TimePoint started,
        std::optional<std::chrono::seconds> lifetime,
        double random = 0);
    /// Has a token got by a request begun at `started` died on its way here? Then it is no token
    /// but a failure, with the pause that follows one: otherwise fetch would follow fetch for as
    /// long as somebody waits.
    bool is_stillborn(
        TimePoint started,
        std::optional<std::chrono::seconds> lifetime,
        TimePoint now) const noexcept {
        return time_after(started, life_of(lifetime)) <= now;
    }
    /// The fetch is another process's, which has forked this one: here none has begun.
    void fetch_left() noexcept { fetching_ = false; }
    /// Somebody else is getting the next one, which is to be looked for at `until`.
    void postponed(TimePoint until) noexcept {
        fetching_ = false;
        renew_at_ = until;
    }
    /// The fetch failed. `patience`: the wait that the issuer asked for, which binds all later
    /// fetches.
    void failed(Error error, TimePoint now, std::optional<Clock::duration> patience);
    /// The server answered 401 to `header`; has it `served` before? Only the very token that was
    /// rejected is dropped: one that has replaced it meanwhile stays.
    ///
    /// One that has served was revoked, and is replaced at once. One that was rejected at its first
    /// use is followed by a pause for all calls if that is the second rejection in a row.
    void rejected(const AuthHeader& header, TimePoint now, bool served);

    /// What failed may succeed now: the pause after it ends, unless the issuer has asked for it.
    void forgive() noexcept {
        if (patient_) return;
        pause_until_ = (TimePoint::min)();
        pause_ = first_pause_;
    }

    /// Is there a token that may be sent?
    bool has_token(TimePoint now) const noexcept { return valid(now); }
    const AuthHeader& header() const noexcept { return header_; }
    const std::optional<Error>& last_error() const noexcept { return last_error_; }

private:
    bool valid(TimePoint now) const noexcept { return header_ && now < expires_at_; }

    /// What the issuer says, or else the default.
    Clock::duration life_of(std::optional<std::chrono::seconds> said) const noexcept {
        return said ? clock_span(*said) : default_life_;
    }

    Clock::duration margin_;
    Clock::duration default_life_;
    Clock::duration first_pause_;
    Clock::duration longest_pause_;
    AuthHeader header_;
    TimePoint expires_at_{};
    TimePoint renew_at_{};
    bool fetching_ = false;

    std::optional<Error> last_error_;
    TimePoint pause_until_ = (TimePoint::min)();
    Clock::duration pause_;
    bool patient_ = false;

    /// When the next fetch may begin that follows a rejection at the first use; empty before the
    /// first rejection.
    std::optional<TimePoint> next_rejection_fetch_;
    Clock::duration rejection_pause_;
};

inline TokenCache::Decision TokenCache::decide(TimePoint now, TimePoint deadline) const {
    if (valid(now)) {
        const bool renew = !fetching_ && now >= renew_at_ && now >= pause_until_;
        return {Step::use, renew, {}};
    }
    if (fetching_) return {Step::wait, false, {}};
    if (now >= pause_until_) return {Step::fetch, false, {}};
    if (patient_ && pause_until_ < deadline) return {Step::pause, false, pause_until_};
    return {Step::fail, false, {}};
}

inline void TokenCache::fetched(
    AuthHeader header,
    TimePoint started,
    std::optional<std::chrono::seconds> lifetime,
    double random) {
    // Counted from before the request, so that the time it took cannot make a token outlive itself.
    const Clock::duration life = life_of(lifetime);
    const Clock::duration margin = (std::min)(margin_, life / 10);
    const Clock::duration spread =
        margin == Clock::duration::zero() ? margin : (std::max)(2 * margin, life / 20);
    fetching_ = false;
    header_ = std::move(header);
    expires_at_ = time_after(started, life);
    renew_at_ = expires_at_ - margin -
        std::chrono::duration_cast<Clock::duration>(
                    std::chrono::duration<double, Clock::period>{spread} * random);
    last_error_.reset();
    pause_ = first_pause_;
    pause_until_ = (TimePoint::min)();
    patient_ = false;
}

inline void TokenCache::failed(
    Error error, TimePoint now, std::optional<Clock::duration> patience) {
    fetching_ = false;
    last_error_ = std::move(error);
    patient_ = patience.has_value();
    pause_until_ = time_after(now, (std::max)(pause_, patience.value_or(Clock::duration::zero())));
    pause_ = (std::min)(doubled(pause_), longest_pause_);
}

inline void TokenCache::rejected(const AuthHeader& header, TimePoint now, bool served) {
    if (!header_ || header_ != header) return;
    header_.reset();
    // A server that has been content starts again with the shortest pause.
    if (served || !next_rejection_fetch_ ||
        time_after(*next_rejection_fetch_, longest_pause_) < now) {
        rejection_pause_ = first_pause_;
    }
    const TimePoint fetch_at = served ? now : (std::max)(now, next_rejection_fetch_.value_or(now));
    next_rejection_fetch_ = time_after(fetch_at, rejection_pause_);
    rejection_pause_ = (std::min)(doubled(rejection_pause_), longest_pause_);
    if (fetch_at == now) return;
    // A fresh token was rejected as well: fetching another at once would only hammer the issuer.
    patient_ = false;
    pause_until_ = (std::max)(pause_until_, fetch_at);
    // Without words first, for there is no pause without an error.
    last_error_.emplace(Errc::auth, Reason::rejected);
    last_error_->set_phase(Phase::token);
    Error told{Errc::auth, Reason::rejected, "the server rejects freshly fetched tokens"};
    last_error_ = told.set_phase(Phase::token);
}

}  // namespace clarify::detail

#endif  // CLARIFY_AUTH_DETAIL_TOKEN_CACHE_HPP
