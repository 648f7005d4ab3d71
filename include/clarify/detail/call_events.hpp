// SPDX-License-Identifier: BSL-1.0
// Tells the observer of a client what happens to its calls.

#ifndef CLARIFY_DETAIL_CALL_EVENTS_HPP
#define CLARIFY_DETAIL_CALL_EVENTS_HPP

#include <clarify/client_options.hpp>
#include <clarify/core/clock.hpp>
#include <clarify/core/event.hpp>
#include <clarify/detail/call_record.hpp>

namespace clarify::detail {

/** The events of calls. Where there is no observer, nothing is composed, and no clock is read.

    Each event is composed in a function of its own, none in the coroutine of the call: its frame
    would have room for each of them as long as it lives.
*/
class CallEvents {
public:
    /// The options must outlive it.
    explicit CallEvents(const ClientOptions& options) noexcept : options_(options) {}

    /// Does anybody want to hear of them?
    bool wanted() const noexcept { return static_cast<bool>(options_.observer); }
    /// The time, for what is told later how long it took; any time where nobody is told.
    TimePoint time() const noexcept { return wanted() ? now() : TimePoint{}; }

    void emit(const Event& event) const noexcept {
        if (!wanted()) return;
        try {
            options_.observer(event);
        } catch (...) {  // NOLINT(bugprone-empty-catch): a hook must not harm a call
        }
    }

    void begun(const CallRecord& call) const noexcept {
        if (!wanted()) return;
        Event event = about(call, EventKind::request);
        event.bytes = call.buffers->request.size();
        emit(event);
    }
    void rate_limited(const CallRecord& call, TimePoint came, unsigned sharers) const noexcept {
        if (!wanted()) return;
        Event event = about(call, EventKind::rate_limited);
        event.sharers = sharers;
        event.elapsed = event.time - came;
        if (call.error) event.error = &*call.error;
        emit(event);
    }
    void pace_store_failed(const Error& error) const noexcept {
        if (!wanted()) return;
        Event event{EventKind::pace_store_failed};
        event.time = now();
        event.error = &error;
        emit(event);
    }
    void attempt(const CallRecord& call) const noexcept {
        if (!wanted()) return;
        Event event = about(call, EventKind::attempt);
        event.bytes = call.buffers->request.size();
        emit(event);
    }
    void response(const CallRecord& call, TimePoint sent) const noexcept {
        if (!wanted()) return;
        Event event = about(call, EventKind::response);
        event.elapsed = event.time - sent;
        event.status = call.buffers->response.status;
        event.bytes = call.buffers->response.body.size();
        event.traceparent = call.buffers->response.traceparent;
        emit(event);
    }
    void retry(const CallRecord& call, TimePoint sent, Clock::duration wait) const noexcept {
        if (!wanted()) return;
        Event event = about(call, EventKind::retry);
        event.elapsed = event.time - sent;
        event.wait = wait;
        event.error = &*call.error;
        emit(event);
    }
    void concluded(const CallRecord& call) const noexcept {
        if (!wanted()) return;
        Event event = about(call, call.error ? EventKind::failure : EventKind::success);
        if (call.error) {
            event.error = &*call.error;
        } else {
            event.bytes = call.buffers->response.body.size();
        }
        emit(event);
    }

private:
    TimePoint now() const noexcept { return options_.clock ? options_.clock->now() : Clock::now(); }
    Event about(const CallRecord& call, EventKind kind) const noexcept {
        Event event{kind};
        event.call_id = call.id;
        event.method = call.buffers->method;
        event.attempts = call.course.attempts();
        event.traceparent = call.options.traceparent;
        event.time = now();
        event.elapsed = event.time - call.started;
        return event;
    }

    const ClientOptions& options_;
};

}  // namespace clarify::detail

#endif  // CLARIFY_DETAIL_CALL_EVENTS_HPP
