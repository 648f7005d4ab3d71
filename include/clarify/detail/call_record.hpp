// SPDX-License-Identifier: BSL-1.0
// One call on its way: what was asked, where it is, what came of it.

#ifndef CLARIFY_DETAIL_CALL_RECORD_HPP
#define CLARIFY_DETAIL_CALL_RECORD_HPP

#include <clarify/client_options.hpp>
#include <clarify/concepts/auth_policy.hpp>
#include <clarify/core/clock.hpp>
#include <clarify/core/detail/operation.hpp>
#include <clarify/core/detail/time_span.hpp>
#include <clarify/core/http_message.hpp>
#include <clarify/core/result.hpp>
#include <clarify/detail/call_course.hpp>
#include <clarify/detail/outbox.hpp>
#include <clarify/detail/watchdog.hpp>
#include <clarify/rpc/batch.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clarify::detail {

/// The large buffers of a call, reused from call to call.
struct CallBuffers {
    std::string method;
    std::string request;
    std::vector<HeaderView> headers;
    HttpResponse response;
};

/// Keeps buffers between calls. Thread-safe: calls begin and end on their callers' threads.
class BufferStore {
public:
    BufferStore() { free_.reserve(most); }
    std::unique_ptr<CallBuffers> take() {
        {
            const std::lock_guard lock{mutex_};
            if (!free_.empty()) {
                std::unique_ptr<CallBuffers> buffers = std::move(free_.back());
                free_.pop_back();
                return buffers;
            }
        }
        return std::make_unique<CallBuffers>();
    }
    void give_back(std::unique_ptr<CallBuffers> buffers) noexcept {
        if (!buffers) return;
        buffers->request.clear();
        buffers->headers.clear();
        buffers->response.clear();
        // A rare large reply must not be remembered for ever in every buffer.
        if (buffers->request.capacity() > largest || buffers->response.body.capacity() > largest)
            return;
        const std::lock_guard lock{mutex_};
        if (free_.size() < most) free_.push_back(std::move(buffers));
    }

private:
    static constexpr std::size_t most = 64;
    static constexpr std::size_t largest = std::size_t{64} << 10U;
    std::mutex mutex_;
    std::vector<std::unique_ptr<CallBuffers>> free_;
};

/// What is special about a call that is a batch.
struct BatchState {
    std::vector<rpc::BatchSlot> slots;
    std::optional<Error> violation;
};

/// When a call has to be over whatever its limit.
inline TimePoint end_without_limit(const CallOptions& options) noexcept {
    const TimePoint ends = options.deadline.value_or((TimePoint::max)());
    return options.scope ? (std::min)(ends, options.scope->deadline()) : ends;
}

/// When a call that is begun now has to be over: the earliest of all that its options say.
inline TimePoint end_of_call(
    const CallOptions& options, std::chrono::milliseconds usual, TimePoint now) noexcept {
    const TimePoint ends = end_without_limit(options);
    if (!options.timeout && options.deadline) return ends;
    return (std::min)(ends, time_after(now, options.timeout.value_or(usual)));
}

/// A call as the engine sees it, whatever its result type and completion handler.
struct CallRecord : Activity, Deliverable {
    std::unique_ptr<CallBuffers> buffers;
    CallOptions options;
    std::int64_t id = 0;
    bool notification = false;
    TimePoint started{};
    /// When it has to be over; its deadline for the watchdog may be the limit of an attempt.
    TimePoint ends{};
    /// That it is a part of, if it is.
    std::shared_ptr<const Operation> operation;
    /// Was it lost before it could begin?
    std::atomic<bool> refused = false;
    /// Is it one of those that the engine counts as being in flight?
    bool counted = false;
    /// Is the outcome known? What is left is to call the completion handler.
    bool concluded = false;

    /// Where the attempt goes, if not where the client was made for.
    std::shared_ptr<const Url> endpoint;

    CallCourse course;
    /// Where the attempt under way is, or what goes before it.
    HttpProgress progress;
    /// Has the attempt that was sent last got a complete reply?
    bool answered = false;

    /// The outcome: an error, or the JSON text of the result, a view into the response body.
    std::optional<Error> error;
    std::string_view result;
    /// The credentials of the attempt that was answered, which the result may repeat: `kept` is the
    /// authentication policy's, and stays where it is.
    AuthHeader sent_with;
    std::string_view kept;
    /// Set for a batch, whose results are in its slots instead.
    std::unique_ptr<BatchState> batch;

    /// What is left of its limit, while that stands still.
    std::optional<Clock::duration> left;

    /// In the line for its turn its limit may stand still.
    void hold_limit(TimePoint now) noexcept {
        if (!options.timeout_from_turn) return;
        left = ends - now;
        end_at(end_without_limit(options));
    }
    /// To be called where it stands still.
    void resume_limit(TimePoint now) noexcept {
        end_at((std::min)(ends, time_after(now, *left)));
        left.reset();
    }

    CallRecord* as_call() noexcept override { return this; }
    /// Decodes the result, which `error` tells where it fails, instead of leaving that to the
    /// handler's executor.
    virtual void decode_now() noexcept = 0;

private:
    void end_at(TimePoint time) noexcept {
        ends = time;
        course.end_at(time);
    }
};

/// A policy may fail with an `Error` that it forgot to fill in.
inline Error or_else(Error error, Errc code, Phase phase = Phase::queue) {
    if (error.code() != Errc{}) return error;
    return Error{code, Reason::none, "a policy failed without saying why"}.set_phase(phase);
}

/// The error of a call that was stopped, or of an attempt that was cut.
inline Error stop_error(const CallRecord& call) noexcept {
    Errc code = Errc::internal;
    const char* why = "";
    switch (call.stopped) {
        case Stop::none:
            if (!call.course.is_cut()) break;
            code = Errc::timeout;
            why = "the attempt took too long";
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
        case Stop::forked:
            code = Errc::cancelled;
            why = "the call goes on in the process that has forked this one";
            break;
    }
    Error error{code};
    try {
        error = Error{code, Reason::none, why};
    } catch (...) {  // NOLINT(bugprone-empty-catch): then without words
    }
    // What the other process makes of the call, nobody here learns.
    const bool unsent = !call.progress.sent && call.stopped != Stop::forked;
    return error.set_phase(call.progress.phase).set_fate(unsent ? Fate::unsent : Fate::unknown);
}

/// The error of a call for which there was no memory, or which was stopped meanwhile.
inline Error memory_error(const CallRecord& call) noexcept {
    if (call.stopped != Stop::none) return stop_error(call);
    // Without words, which would take memory.
    Error error{Errc::internal, Reason::resource};
    return error.set_phase(call.progress.phase)
        .set_fate(call.progress.sent ? Fate::unknown : Fate::unsent);
}

/// The error of a policy whose exception is being handled.
inline Error exception_error(const CallRecord& call, Errc code, const char* why) noexcept {
    try {
        throw;
    } catch (const std::bad_alloc&) {
        return memory_error(call);
    } catch (...) {
        try {
            Error error{code, Reason::exception, why};
            return error.set_phase(call.progress.phase)
                .set_fate(call.progress.sent ? Fate::unknown : Fate::unsent);
        } catch (...) {
            return memory_error(call);
        }
    }
}

/// A call whose request is written but which has not begun; what a lazy completion token carries.
struct PreparedCall {
    std::unique_ptr<CallBuffers> buffers;
    CallOptions options;
    std::int64_t id = 0;
    bool notification = false;
    std::unique_ptr<BatchState> batch;
    std::optional<Error> error;
    std::shared_ptr<const Operation> operation;
};

}  // namespace clarify::detail

#endif  // CLARIFY_DETAIL_CALL_RECORD_HPP
