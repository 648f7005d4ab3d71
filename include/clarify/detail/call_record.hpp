// SPDX-License-Identifier: BSL-1.0
// One call on its way: what was asked, where it is, what came of it.

#ifndef CLARIFY_DETAIL_CALL_RECORD_HPP
#define CLARIFY_DETAIL_CALL_RECORD_HPP

#include <clarify/client_options.hpp>
#include <clarify/core/detail/async_op.hpp>
#include <clarify/core/detail/deadline_queue.hpp>
#include <clarify/core/http_message.hpp>
#include <clarify/core/result.hpp>
#include <clarify/rpc/batch.hpp>

#include <boost/asio/cancellation_signal.hpp>

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clarify::detail {

/// Why something must end before its time.
enum class Stop : std::uint8_t { none, timeout, cancelled, closed };

/// Something that runs on the client's serial executor under a deadline: a call, or a task of the
/// authentication policy.
struct Activity : Expiring, TaskOwner, std::enable_shared_from_this<Activity> {
    Activity() = default;
    Activity(const Activity&) = delete;
    Activity& operator=(const Activity&) = delete;
    virtual ~Activity() = default;

    /// Ends the activity; the first reason counts. False where memory was short, and it has to be
    /// told once more.
    bool stop(Stop why) noexcept {
        if (stopped == Stop::none) stopped = why;
        if (told) return true;
        try {
            signal.emit(boost::asio::cancellation_type::terminal);
            told = true;
        } catch (...) {
            told = false;
        }
        return told;
    }

    boost::asio::cancellation_signal signal;
    Stop stopped = Stop::none;
    bool told = false;
};

struct CallRecord;

/// Something with an end that has to come, whatever happens: a completion handler to be called.
struct Deliverable {
    Deliverable() = default;
    Deliverable(const Deliverable&) = delete;
    Deliverable& operator=(const Deliverable&) = delete;
    virtual ~Deliverable() = default;

    /// Hands the outcome to the completion handler, on its executor, not inside this call. May
    /// throw where memory is short; then nothing has happened yet.
    virtual void finish() = 0;
    /// This, if it is a call.
    virtual CallRecord* as_call() noexcept { return nullptr; }

    /// Has `finish` done its work?
    bool finished = false;
    /// Did what `finish` handed over not arrive?
    bool lost = false;
    /// Is it among those that are left for later, and if so, which one is the next?
    bool postponed = false;
    std::shared_ptr<Deliverable> next;
};

/// Somebody who waits until the last call of a client that is being closed has ended.
struct DrainWait : Deliverable {
    std::optional<Error> error;
};

class EngineBase;

/// A task of the authentication policy.
struct TaskRecord final : Activity, Deliverable {
    explicit TaskRecord(std::shared_ptr<EngineBase> owner) noexcept : engine(std::move(owner)) {}

    void finish() override;
    void task_gone() noexcept override;

    std::shared_ptr<EngineBase> engine;
    bool ended = false;
};

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

/// A call as the engine sees it, whatever its result type and completion handler.
struct CallRecord : Activity, Deliverable {
    std::unique_ptr<CallBuffers> buffers;
    CallOptions options;
    std::int64_t id = 0;
    bool notification = false;
    bool idempotent = false;
    TimePoint started{};
    /// Is it one of those that the engine counts as being in flight?
    bool counted = false;
    /// Is the outcome known? What is left is to call the completion handler.
    bool concluded = false;

    HttpProgress progress;
    unsigned attempts = 0;
    /// Has an attempt ended that the server may have executed?
    bool maybe_executed = false;

    /// The outcome: an error, or the JSON text of the result, a view into the response body.
    std::optional<Error> error;
    std::string_view result;
    /// Set for a batch, whose results are in its slots instead.
    std::unique_ptr<BatchState> batch;

    CallRecord* as_call() noexcept override { return this; }
};

/// A call whose request is written but which has not begun; what a lazy completion token carries.
struct PreparedCall {
    std::unique_ptr<CallBuffers> buffers;
    CallOptions options;
    std::int64_t id = 0;
    bool notification = false;
    std::unique_ptr<BatchState> batch;
    std::optional<Error> error;
};

}  // namespace clarify::detail

#endif  // CLARIFY_DETAIL_CALL_RECORD_HPP
