// SPDX-License-Identifier: BSL-1.0

#ifndef CLARIFY_DETAIL_IMPL_ENGINE_HPP
#define CLARIFY_DETAIL_IMPL_ENGINE_HPP

#include <clarify/core/detail/called_or_lost.hpp>
#include <clarify/core/detail/serial_executor.hpp>
#include <clarify/core/retry_after.hpp>
#include <clarify/detail/method_table.hpp>
#include <clarify/rpc/envelope.hpp>

#include <algorithm>
#include <exception>
#include <new>
#include <string>

namespace clarify::detail {

inline const ClientOptions& checked(const ClientOptions& options) {
    options.check();
    return options;
}

CLARIFY_DECL EngineBase::EngineBase(
    boost::asio::any_io_executor executor, Url endpoint, ClientOptions options)
    : budget_(options.retry.budget),
      limiter_(checked(options).rate_limits),
      random_(options.retry.seed ? *options.retry.seed : std::random_device{}()),
      executor_(std::move(executor)),
      serial_(SerialExecutor::over(executor_, options.clock)),
      context_(ContextLink::of(executor_)),
      endpoint_(std::move(endpoint)),
      options_(std::move(options)),
      watchdog_(std::in_place, serial_) {}

CLARIFY_DECL void EngineBase::part() noexcept {
    context_->leave(*this, [&] { context_gone(); });
}

CLARIFY_DECL void TaskRecord::finish() {
    ended = true;
    engine->end(*this);
}

CLARIFY_DECL void TaskRecord::task_gone() noexcept {
    if (!ended) engine->abandon(std::static_pointer_cast<TaskRecord>(shared_from_this()));
}

// Dispatched, not posted: a call on a connection at hand is written before this returns. Only its
// completion has to wait for a turn of its own, and `finish` sees to that.
CLARIFY_DECL void EngineBase::submit(std::shared_ptr<CallRecord> call) {
    boost::asio::dispatch(serial_, [self = shared_from_this(), call = std::move(call)]() mutable {
        self->start(std::move(call));
    });
}

CLARIFY_DECL void EngineBase::start(std::shared_ptr<CallRecord> call) noexcept {
    CallRecord& record = *call;
    record.counted = true;
    ++calls_;
    if (stage_ != Stage::open) record.stopped = Stop::closed;
    if (record.stopped != Stop::none) {
        record.error = stop_error(record);
        conclude(record);
        return;
    }
    try {
        record.idempotent =
            record.options.idempotent.value_or(is_idempotent(record.buffers->method));
        begin(record);
        if (options_.observer) {
            Event event = call_event(EventKind::request, record);
            event.bytes = record.buffers->request.size();
            emit(event);
        }
        spawn_task(serial_, run(call), record.signal, call);
    } catch (...) {
        if (record.concluded) return;
        record.error = memory_error(record);
        conclude(record);
    }
}

CLARIFY_DECL void EngineBase::cancel(
    std::shared_ptr<CallRecord> call, boost::asio::cancellation_type_t type) {
    boost::asio::post(serial_, [self = shared_from_this(), call = std::move(call), type] {
        using boost::asio::cancellation_type;
        const bool harmless = !call->progress.sent;
        const auto effective = harmless ? cancellation_type::all
                                        : cancellation_type::terminal | cancellation_type::partial;
        if ((type & effective) != cancellation_type::none) call->stop(Stop::cancelled);
    });
}

/// What could not be done for want of memory is tried again after this.
inline constexpr std::chrono::milliseconds memory_pause{10};

CLARIFY_DECL void EngineBase::begin(Activity& activity) {
    active_.insert(activity);
    arm(time());
}

CLARIFY_DECL void EngineBase::end(Activity& activity) noexcept { active_.remove(activity); }

CLARIFY_DECL void EngineBase::abandon(std::shared_ptr<Deliverable> what) noexcept {
    context_->while_there([&] {
        postpone(std::move(what));
        try {
            boost::asio::post(serial_, [self = shared_from_this()] { self->deliver_postponed(); });
        } catch (...) {  // NOLINT(bugprone-empty-catch): the watchdog will do it
        }
    });
}

CLARIFY_DECL void EngineBase::undelivered(std::shared_ptr<Deliverable> what) noexcept {
    context_->while_there([&] {
        {
            const std::lock_guard lock{postponed_mutex_};
            what->lost = true;
        }
        abandon(std::move(what));
    });
}

CLARIFY_DECL void EngineBase::postpone(std::shared_ptr<Deliverable> what) noexcept {
    const std::lock_guard lock{postponed_mutex_};
    if (std::exchange(what->postponed, true)) return;
    what->next = std::move(postponed_);
    postponed_ = std::move(what);
}

CLARIFY_DECL void EngineBase::deliver_postponed() noexcept {
    std::shared_ptr<Deliverable> newest;
    {
        const std::lock_guard lock{postponed_mutex_};
        newest = std::move(postponed_);
        for (Deliverable* each = newest.get(); each != nullptr; each = each->next.get()) {
            each->postponed = false;
            if (std::exchange(each->lost, false)) each->finished = false;
        }
    }
    // In the order in which they were left for later.
    std::shared_ptr<Deliverable> first;
    while (newest) {
        std::shared_ptr<Deliverable> rest = std::exchange(newest->next, std::move(first));
        first = std::exchange(newest, std::move(rest));
    }
    while (first) {
        const std::shared_ptr<Deliverable> what = std::exchange(first, nullptr);
        first = std::exchange(what->next, nullptr);
        CallRecord* const call = what->as_call();
        if (call != nullptr && !call->concluded) {
            call->error = memory_error(*call);
            conclude(*call);
        } else {
            deliver(what);
        }
    }
}

// Where there is no memory for that, it is tried again later.
CLARIFY_DECL void EngineBase::deliver(std::shared_ptr<Deliverable> what) noexcept {
    if (what->finished) return;
    try {
        what->finish();
        what->finished = true;
    } catch (...) {
        postpone(std::move(what));
        rearm();
    }
}

// One timer for all calls. It is never set far ahead, and not cancelled when the last call ends,
// but left to run out: so that calls in quick succession cost no system call each, and
// `io_context::run` still returns soon after the last one.
CLARIFY_DECL void EngineBase::arm(TimePoint now) {
    constexpr std::chrono::milliseconds tick{100};
    if (!watchdog_) return;
    TimePoint wanted = now + tick;
    if (!active_.empty()) {
        wanted = std::min(wanted, active_.first().deadline);
    } else if (calls_ == 0) {
        const std::lock_guard lock{postponed_mutex_};
        if (!postponed_) return;
        wanted = now + memory_pause;
    }
    if (stage_ == Stage::draining) wanted = std::min(wanted, drain_until_);
    if (armed_ && watchdog_->expiry() <= wanted) return;
    armed_ = false;
    watchdog_->expires_at(wanted);
    watchdog_->async_wait(CalledOrLost{
        weak_from_this(),
        [turn = ++turn_](const std::weak_ptr<EngineBase>& engine, boost::system::error_code) {
            const auto self = engine.lock();
            // Unless it was set anew meanwhile.
            if (!self || !self->watchdog_ || self->turn_ != turn) return;
            self->armed_ = false;
            self->expire();
        },
        [](const std::weak_ptr<EngineBase>& engine) noexcept {
            if (const auto self = engine.lock()) self->wake_anew();
        }});
    armed_ = true;
}

// For the watchdog's handler that was lost for want of memory.
CLARIFY_DECL void EngineBase::wake_anew() noexcept {
    context_->while_there([&] {
        try {
            boost::asio::post(serial_, [self = shared_from_this()] {
                self->armed_ = false;
                self->expire();
            });
        } catch (...) {  // NOLINT(bugprone-empty-catch): the next call sets the timer
        }
    });
}

CLARIFY_DECL void EngineBase::rearm() noexcept {
    try {
        arm(time());
    } catch (...) {  // NOLINT(bugprone-empty-catch): the next call sets the timer
    }
}

CLARIFY_DECL void EngineBase::expire() noexcept {
    if (close_postponed_.exchange(false)) close_all();
    deliver_postponed();
    const TimePoint now = time();
    if (stage_ == Stage::draining && now >= drain_until_) close_all();
    while (!active_.empty() && active_.first().deadline <= now) {
        const auto activity = static_cast<Activity&>(active_.first()).shared_from_this();
        active_.remove(*activity);
        if (activity->stop(Stop::timeout)) continue;
        activity->deadline = now + memory_pause;
        active_.insert(*activity);  // where there was room a moment ago
    }
    rearm();
}

CLARIFY_DECL boost::asio::awaitable<void> EngineBase::wait_in(RateLine& line, CallRecord& call) {
    const TimePoint came = time();
    if (line.occupied()) {
        // Who is woken has the place, also where the call was stopped at the same moment.
        const bool cancelled = co_await line.places().wait(serial_, TimePoint::max());
        if (cancelled) co_return;
    }
    const RateLine::Head head{line};
    while (call.stopped == Stop::none && !line.bucket().take(time())) {
        Signal never;
        if (co_await never.wait(serial_, line.bucket().ready())) co_return;
    }
    if (call.stopped != Stop::none || !options_.observer) co_return;
    Event event = call_event(EventKind::rate_limited, call);
    event.elapsed = event.time - came;
    emit(event);
}

CLARIFY_DECL void EngineBase::emit(const Event& event) noexcept {
    if (!options_.observer) return;
    try {
        options_.observer(event);
    } catch (...) {  // NOLINT(bugprone-empty-catch): a hook must not harm a call
    }
}

CLARIFY_DECL Event EngineBase::call_event(EventKind kind, const CallRecord& call) const {
    Event event{kind};
    event.call_id = call.id;
    event.method = call.buffers->method;
    event.attempts = call.attempts;
    event.traceparent = call.options.traceparent;
    event.time = time();
    event.elapsed = event.time - call.started;
    return event;
}

CLARIFY_DECL void EngineBase::emit_attempt(const CallRecord& call) noexcept {
    Event event = call_event(EventKind::attempt, call);
    event.bytes = call.buffers->request.size();
    emit(event);
}

CLARIFY_DECL void EngineBase::emit_response(const CallRecord& call, TimePoint began) noexcept {
    Event event = call_event(EventKind::response, call);
    event.elapsed = event.time - began;
    event.status = call.buffers->response.status;
    event.bytes = call.buffers->response.body.size();
    event.traceparent = call.buffers->response.traceparent;
    emit(event);
}

CLARIFY_DECL void EngineBase::emit_retry(
    const CallRecord& call, TimePoint began, Clock::duration wait) noexcept {
    Event event = call_event(EventKind::retry, call);
    event.elapsed = event.time - began;
    event.wait = wait;
    event.error = &*call.error;
    emit(event);
}

CLARIFY_DECL void EngineBase::write_headers(
    const CallRecord& call, std::string_view authorization) const {
    std::vector<HeaderView>& out = call.buffers->headers;
    out.clear();
    if (!authorization.empty()) out.push_back({"Authorization", authorization});
    out.push_back({"Content-Type", "application/json"});
    out.push_back({"Accept", "application/json"});
    const ApiVersion& version =
        call.options.api_version ? *call.options.api_version : options_.api_version;
    if (!version.is_none()) out.push_back({"X-API-Version", version.selector()});
    if (!options_.user_agent.empty()) out.push_back({"User-Agent", options_.user_agent});
    if (!call.options.traceparent.empty()) out.push_back({"traceparent", call.options.traceparent});
    for (const auto& [name, value] : call.options.headers)
        out.push_back({name, value});
}

CLARIFY_DECL Error EngineBase::stop_error(const CallRecord& call) noexcept {
    Errc code = Errc::internal;
    const char* why = "";
    switch (call.stopped) {
        case Stop::none:
            break;
        case Stop::timeout:
            code = Errc::timeout;
            why = "the call took too long";
            break;
        case Stop::cancelled:
            code = Errc::cancelled;
            why = "the caller cancelled the call";
            break;
        case Stop::closed:
            code = Errc::closed;
            why = "the client was closed";
            break;
    }
    Error error{code};
    try {
        error = Error{code, Reason::none, why};
    } catch (...) {  // NOLINT(bugprone-empty-catch): then without words
    }
    return error.set_phase(call.progress.phase)
        .set_fate(call.progress.sent ? Fate::unknown : Fate::unsent);
}

CLARIFY_DECL Error EngineBase::memory_error(const CallRecord& call) noexcept {
    if (call.stopped != Stop::none) return stop_error(call);
    // Without words, which would take memory.
    Error error{Errc::internal, Reason::resource};
    return error.set_phase(call.progress.phase)
        .set_fate(call.progress.sent ? Fate::unknown : Fate::unsent);
}

CLARIFY_DECL void EngineBase::conclude(CallRecord& call) noexcept {
    call.concluded = true;
    end(call);
    // One that nobody has decided about must end on this executor.
    call.buffers->response.lease.discard();
    if (call.error) {
        call.error->set_attempts(call.attempts);
        // What an earlier attempt may have done, a later one that was not sent does not undo.
        if (call.maybe_executed && call.error->fate() == Fate::unsent)
            call.error->set_fate(Fate::unknown);
    }
    if (options_.observer) {
        Event event = call_event(call.error ? EventKind::failure : EventKind::success, call);
        if (call.error) {
            event.error = &*call.error;
        } else {
            event.bytes = call.buffers->response.body.size();
        }
        emit(event);
    }
    deliver(std::static_pointer_cast<CallRecord>(call.shared_from_this()));
    if (std::exchange(call.counted, false)) --calls_;
    end_drain();
}

}  // namespace clarify::detail

#endif  // CLARIFY_DETAIL_IMPL_ENGINE_HPP
