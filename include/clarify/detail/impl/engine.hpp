// SPDX-License-Identifier: BSL-1.0

#ifndef CLARIFY_DETAIL_IMPL_ENGINE_HPP
#define CLARIFY_DETAIL_IMPL_ENGINE_HPP

#include <clarify/core/detail/serial_executor.hpp>
#include <clarify/core/retry_after.hpp>
#include <clarify/detail/method_table.hpp>
#include <clarify/rpc/envelope.hpp>

#include <algorithm>
#include <exception>
#include <new>
#include <string>

namespace clarify::detail {

CLARIFY_DECL EngineBase::EngineBase(
    boost::asio::any_io_executor executor, Url endpoint, ClientOptions options)
    : budget_(options.retry.budget),
      random_(std::random_device{}()),
      executor_(std::move(executor)),
      serial_(SerialExecutor::over(executor_, options.clock)),
      context_(ContextLink::of(executor_)),
      endpoint_(std::move(endpoint)),
      options_(std::move(options)),
      watchdog_(std::in_place, serial_) {
    options_.check();
}

CLARIFY_DECL void EngineBase::part() noexcept {
    context_->leave(*this, [&] { context_gone(); });
}

// Dispatched, not posted: a call on a connection at hand is written before this returns. Only its
// completion has to wait for a turn of its own, and `finish` sees to that.
CLARIFY_DECL void EngineBase::submit(std::shared_ptr<CallRecord> call) {
    boost::asio::dispatch(serial_, [self = shared_from_this(), call = std::move(call)] {
        if (self->closed_) call->stopped = Stop::closed;
        if (call->stopped != Stop::none) {
            call->error = stop_error(*call);
            self->conclude(*call);
            return;
        }
        call->idempotent = call->options.idempotent.value_or(is_idempotent(call->buffers->method));
        self->begin(*call);
        if (self->options_.observer) {
            Event event = self->call_event(EventKind::request, *call);
            event.bytes = call->buffers->request.size();
            self->emit(event);
        }
        CallRecord& record = *call;
        spawn_task(self->serial_, self->run(call), record.signal, std::move(call));
    });
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

CLARIFY_DECL void EngineBase::shut_down() {
    context_->while_there(
        [&] { boost::asio::post(serial_, [self = shared_from_this()] { self->close_all(); }); });
}

CLARIFY_DECL void EngineBase::close_all() {
    if (std::exchange(closed_, true)) return;
    // Stopping one may end others, so all are held before the first is touched.
    std::vector<std::shared_ptr<Activity>> activities;
    for (Expiring* entry : active_.entries()) {
        activities.push_back(static_cast<Activity*>(entry)->shared_from_this());
    }
    for (const auto& activity : activities)
        activity->stop(Stop::closed);
    close_backend();
    watchdog_->cancel();
}

// Calls in flight are destroyed with the context's handlers, before or after this.
CLARIFY_DECL void EngineBase::context_gone() noexcept {
    if (!std::exchange(closed_, true)) close_backend();
    watchdog_.reset();
}

CLARIFY_DECL void EngineBase::begin(Activity& activity) {
    active_.insert(activity);
    arm(time());
}

CLARIFY_DECL void EngineBase::end(Activity& activity) noexcept { active_.remove(activity); }

// One timer for all calls. It is never set far ahead, and not cancelled when the last call ends,
// but left to run out: so that calls in quick succession cost no system call each, and
// `io_context::run` still returns soon after the last one.
CLARIFY_DECL void EngineBase::arm(TimePoint now) {
    constexpr std::chrono::milliseconds tick{100};
    if (active_.empty() || !watchdog_) return;
    const TimePoint wanted = std::min(active_.first().deadline, now + tick);
    if (armed_ && watchdog_->expiry() <= wanted) return;
    armed_ = true;
    watchdog_->expires_at(wanted);
    watchdog_->async_wait([weak = weak_from_this(), wanted](boost::system::error_code) {
        // Unless it was set anew meanwhile.
        const auto self = weak.lock();
        if (!self || !self->watchdog_ || self->watchdog_->expiry() != wanted) return;
        self->armed_ = false;
        self->expire();
    });
}

CLARIFY_DECL void EngineBase::expire() {
    const TimePoint now = time();
    while (!active_.empty() && active_.first().deadline <= now) {
        const auto activity = static_cast<Activity&>(active_.first()).shared_from_this();
        active_.remove(*activity);
        activity->stop(Stop::timeout);
    }
    arm(now);
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

CLARIFY_DECL Error EngineBase::stop_error(const CallRecord& call) {
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
    Error error{code, Reason::none, why};
    return error.set_phase(call.progress.phase)
        .set_fate(call.progress.sent ? Fate::unknown : Fate::unsent);
}

CLARIFY_DECL void EngineBase::conclude(CallRecord& call) noexcept {
    end(call);
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
    call.finish();
}

}  // namespace clarify::detail

#endif  // CLARIFY_DETAIL_IMPL_ENGINE_HPP
