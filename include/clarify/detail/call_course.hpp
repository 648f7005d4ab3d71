// SPDX-License-Identifier: BSL-1.0
// What a call does next: the course from its turn in line to its end, decided without any I/O.

#ifndef CLARIFY_DETAIL_CALL_COURSE_HPP
#define CLARIFY_DETAIL_CALL_COURSE_HPP

#include <clarify/client_options.hpp>
#include <clarify/core/clock.hpp>
#include <clarify/core/detail/time_span.hpp>
#include <clarify/core/error.hpp>
#include <clarify/core/http_message.hpp>
#include <clarify/detail/retry.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>

namespace clarify::detail {

/// What a call does.
enum class CourseStep : std::uint8_t {
    /// Waits until the server's rate limits let it be sent; most calls may be at once.
    queue,
    /// Gets the header that it is sent with, by waiting if need be.
    token,
    /// Sends the request and reads the reply.
    send,
    /// Waits before it is sent again.
    pause,
    /// Nothing any more: its outcome is known.
    end,
};

/// What the engine has to do for a call now.
struct CourseAction {
    CourseStep step = CourseStep::end;
    /// Of `send`: on no connection that was idle.
    bool fresh_connection = false;
    /// Of `pause`: how long; zero for not at all.
    Clock::duration wait{};
    /// Of `end`: the phase in which a call that would have gone on was found to be stopped. What
    /// stopped it is then its outcome.
    std::optional<Phase> stopped;

    friend bool operator==(const CourseAction&, const CourseAction&) = default;
};

/// How the step under way came to its end.
struct CourseEvent {
    enum class Kind : std::uint8_t {
        /// The call begins.
        begun,
        /// The step is done. Of `send`: a reply came, and it is accepted.
        done,
        /// The step failed or was stopped, and there is no other try: `error`.
        broken,
        /// The server rejects the header that was sent (401): `renewable`, `stopped`.
        rejected,
        /// The attempt failed otherwise: all but `renewable`.
        failed,
    };

    Kind kind = Kind::begun;
    const Error* error = nullptr;
    /// Is the header to blame, and may the authentication policy have another one to give?
    bool renewable = false;
    /// Was the call stopped meanwhile?
    bool stopped = false;
    /// Did the server answer before it had been sent the whole request?
    bool early = false;
    /// When it failed, or of a header that was got: when.
    TimePoint now{};
    /// Evenly distributed in [0, 1): where in its window the wait before a repetition lies.
    double random = 0;
};

/** The course of one call, as a machine that is told what happened and says what to do.

    | step under way | event | next step | besides |
    | --- | --- | --- | --- |
    | none | begun | queue | |
    | queue | done | token | |
    | token | done | send | counts the attempt |
    | send | done | end | the budget gains |
    | send | rejected, for the first time, may be renewed, an attempt is left | queue | |
    | send | rejected, as above, but stopped | end, stopped in `Phase::token` | |
    | send | rejected otherwise | end | |
    | send | failed, `decide_retry` says again | pause | the budget may pay |
    | send | failed, as above, but stopped | end, stopped in `Phase::backoff` | the budget may pay |
    | send | failed otherwise | end | the budget may pay |
    | pause | done | queue | |
    | send | broken | end | the budget may pay |
    | queue, token, pause | broken | end | |
    | send | `look` cuts it | send, until it has ended | the budget pays |
    | send, cut | failed, before the deadline | pause of no time | on a fresh connection |

    A header that is rejected is no failure of the server, which refused before it executed
    anything: so any call may be sent again, whatever was chosen for repetitions; but with another
    header only, and once. It counts as an attempt, so that no request is sent more often than
    allowed.

    An attempt that takes longer than its limit is cut where another one may follow it, whatever the
    server has made of it; see `look`. It is most likely the connection that leads nowhere, so the next
    one goes out on another, and has waited long enough.

    No I/O and no clock, and nothing is allocated.
*/
class CallCourse {
public:
    CallCourse() = default;
    /// Of a call that may, or may not, be executed twice, and has to end at `deadline`. `over_tls`: is
    /// it surely the server that answers? `most`: how often it is sent at most, where that is less than
    /// the options allow.
    CallCourse(
        bool idempotent,
        TimePoint deadline,
        bool over_tls = true,
        unsigned most = (std::numeric_limits<unsigned>::max)()) noexcept
        : idempotent_(idempotent), over_tls_(over_tls), most_(most), deadline_(deadline) {}

    CourseAction next(
        const CourseEvent& event, const RetryOptions& options, RetryBudget& budget) noexcept;

    /// What becomes of an attempt whose limit may be reached.
    struct Look {
        /// To be cancelled, also where that was said before: its failure is followed by another one.
        bool cut = false;
        /// When to look again.
        TimePoint next{};
    };
    /// To be asked first when `limit`, of one attempt, has passed since the call began.
    Look look(
        TimePoint now,
        const HttpProgress& progress,
        Clock::duration limit,
        const RetryOptions& options,
        RetryBudget& budget) noexcept;
    /// Is the attempt under way one that was cut?
    bool is_cut() const noexcept { return limit_ == Limit::cut; }

    /// How often the request has been sent, or has been about to.
    unsigned attempts() const noexcept { return attempts_; }
    TimePoint deadline() const noexcept { return deadline_; }
    void end_at(TimePoint deadline) noexcept { deadline_ = deadline; }
    /// Has an attempt failed that the server may have executed?
    bool maybe_executed() const noexcept { return maybe_executed_; }

private:
    /// What its limit has meant for the attempt under way: nothing yet, the end, or nothing at all,
    /// since no other may follow.
    enum class Limit : std::uint8_t { open, cut, waived };

    CourseAction go(CourseStep step) noexcept {
        step_ = step;
        return {step, step == CourseStep::send && fresh_connection_, {}, {}};
    }
    CourseAction end_stopped(Phase phase) noexcept {
        step_ = CourseStep::end;
        return {step_, false, {}, phase};
    }
    CourseAction on_sent(
        const CourseEvent& event, const RetryOptions& options, RetryBudget& budget) noexcept;
    CourseAction on_rejected(const CourseEvent& event, const RetryOptions& options) noexcept;
    CourseAction on_failed(
        const CourseEvent& event, const RetryOptions& options, RetryBudget& budget) noexcept;

    /// The step under way; `end` before the first, too.
    CourseStep step_ = CourseStep::end;
    bool idempotent_ = false;
    bool over_tls_ = true;
    unsigned most_ = (std::numeric_limits<unsigned>::max)();
    /// Has it been sent again because its header was rejected?
    bool renewed_ = false;
    /// Was the last repetition one on a fresh connection?
    bool fresh_connection_ = false;
    bool maybe_executed_ = false;
    Limit limit_ = Limit::open;
    unsigned attempts_ = 0;
    /// When the attempt under way began, or was last seen in a line for a connection.
    TimePoint attempt_began_{};
    TimePoint deadline_ = (TimePoint::max)();
};

inline CourseAction CallCourse::next(
    const CourseEvent& event, const RetryOptions& options, RetryBudget& budget) noexcept {
    if (event.kind == CourseEvent::Kind::begun) return go(CourseStep::queue);
    if (step_ == CourseStep::send) return on_sent(event, options, budget);
    if (event.kind == CourseEvent::Kind::broken) return go(CourseStep::end);
    switch (step_) {
        case CourseStep::queue:
            return go(CourseStep::token);
        case CourseStep::token:
            ++attempts_;
            limit_ = Limit::open;
            attempt_began_ = event.now;
            return go(CourseStep::send);
        case CourseStep::pause:
            return go(CourseStep::queue);
        case CourseStep::send:
        case CourseStep::end:
            break;
    }
    return go(CourseStep::end);
}

inline CourseAction CallCourse::on_sent(
    const CourseEvent& event, const RetryOptions& options, RetryBudget& budget) noexcept {
    switch (event.kind) {
        case CourseEvent::Kind::rejected:
            return on_rejected(event, options);
        case CourseEvent::Kind::failed:
            return on_failed(event, options, budget);
        case CourseEvent::Kind::broken:
            // A server that hangs until the deadline costs as much as one that fails. One that was cut
            // has paid.
            if (!is_cut() && costs_budget(*event.error, false, options.rpc_codes)) budget.failed();
            break;
        case CourseEvent::Kind::begun:
        case CourseEvent::Kind::done:
            budget.succeeded();
            break;
    }
    return go(CourseStep::end);
}

inline CourseAction CallCourse::on_rejected(
    const CourseEvent& event, const RetryOptions& options) noexcept {
    // Where repetition is turned off, too: it is none of a failed call.
    const unsigned most = (std::max)(options.attempts, 2U);
    if (!event.renewable || renewed_ || attempts_ >= most) return go(CourseStep::end);
    if (event.stopped) return end_stopped(Phase::token);
    renewed_ = true;
    return go(CourseStep::queue);
}

inline CourseAction CallCourse::on_failed(
    const CourseEvent& event, const RetryOptions& options, RetryBudget& budget) noexcept {
    const Error& error = *event.error;
    if (!is_refused(error, event.early)) maybe_executed_ = true;
    // Unless its answer came all the same.
    if (is_cut() && error.code() == Errc::timeout) {
        if (event.now >= deadline_) return go(CourseStep::end);
        if (event.stopped) return end_stopped(Phase::backoff);
        fresh_connection_ = true;
        return go(CourseStep::pause);
    }
    if (!is_cut() && costs_budget(error, event.early, options.rpc_codes)) budget.failed();
    if (attempts_ >= most_) return go(CourseStep::end);
    const RetryQuestion question{
        error,
        idempotent_,
        event.early,
        attempts_,
        fresh_connection_,
        event.now,
        deadline_,
        event.random,
        over_tls_};
    const RetryAnswer answer = decide_retry(question, options, budget);
    if (!answer.again) return go(CourseStep::end);
    if (event.stopped) return end_stopped(Phase::backoff);
    fresh_connection_ = answer.fresh_connection;
    step_ = CourseStep::pause;
    return {step_, false, answer.wait, {}};
}

inline CallCourse::Look CallCourse::look(
    TimePoint now,
    const HttpProgress& progress,
    Clock::duration limit,
    const RetryOptions& options,
    RetryBudget& budget) noexcept {
    // No attempt that has not begun by now reaches its limit before this.
    const TimePoint later = (std::min)(time_after(now, limit), deadline_);
    if (step_ != CourseStep::send || limit_ == Limit::waived) return {false, later};
    if (is_cut()) return {true, later};
    if (progress.phase == Phase::queue) {
        attempt_began_ = now;
        return {false, later};
    }
    const TimePoint ends = time_after((std::max)(attempt_began_, progress.left_queue), limit);
    if (now < ends) return {false, (std::min)(ends, deadline_)};
    // Paid for at once: others may be cut before this one has ended.
    RetryBudget paid = budget;
    paid.failed();
    const bool repeatable = idempotent_ || !progress.sent;
    if (!repeatable || attempts_ >= (std::min)(options.attempts, most_) || !paid.allows_retry()) {
        limit_ = Limit::waived;
        return {false, later};
    }
    budget = paid;
    limit_ = Limit::cut;
    return {true, later};
}

}  // namespace clarify::detail

#endif  // CLARIFY_DETAIL_CALL_COURSE_HPP
