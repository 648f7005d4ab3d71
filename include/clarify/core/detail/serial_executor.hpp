// SPDX-License-Identifier: BSL-1.0
// An executor that runs one function at a time on top of any other.

#ifndef CLARIFY_CORE_DETAIL_SERIAL_EXECUTOR_HPP
#define CLARIFY_CORE_DETAIL_SERIAL_EXECUTOR_HPP

#include <clarify/core/clock.hpp>
#include <clarify/core/detail/called_or_lost.hpp>
#include <clarify/core/detail/context_time.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/execution.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/query.hpp>
#include <boost/asio/recycling_allocator.hpp>
#include <boost/asio/require.hpp>
#include <boost/intrusive/list.hpp>

#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>
#include <new>
#include <type_traits>
#include <utility>

namespace clarify::detail {

/** What `asio::strand` is, in the size of two pointers.

    A strand of an `any_io_executor` does not fit into another `any_io_executor` without the heap,
    and asks its inner executor for properties, which allocates too: more than a dozen allocations a
    call. This one fits, and asks once. Functions run in the order they were given, never two at a
    time; one given from within runs at once, unless blocking is ruled out.

    @par Thread safety
    Distinct objects: safe. Shared objects: safe.
*/
class SerialExecutor {
public:
    /// Over `inner`, with a clock for what runs here; null is the steady clock. One that is not is that
    /// of the context below from then on.
    ///
    /// Not a constructor: one that takes an `any_io_executor` would have to know whether this class
    /// is an executor before it is complete.
    static SerialExecutor over(
        boost::asio::any_io_executor inner, std::shared_ptr<TimeSource> time = nullptr) {
        return SerialExecutor{new State{std::move(inner), std::move(time)}};
    }
    SerialExecutor(const SerialExecutor& other) noexcept
        : state_(other.state_), never_(other.never_) {
        state_->retain();
    }
    SerialExecutor(SerialExecutor&& other) noexcept : SerialExecutor(std::as_const(other)) {}
    SerialExecutor& operator=(SerialExecutor other) noexcept {
        std::swap(state_, other.state_);
        std::swap(never_, other.never_);
        return *this;
    }
    ~SerialExecutor() { state_->release(); }

    // The names and shapes that Asio's executor concepts ask for.
    SerialExecutor require(boost::asio::execution::blocking_t::never_t) const noexcept {
        return {*this, true};
    }
    SerialExecutor require(boost::asio::execution::blocking_t::possibly_t) const noexcept {
        return {*this, false};
    }
    boost::asio::execution::blocking_t query(boost::asio::execution::blocking_t) const noexcept {
        if (never_) return boost::asio::execution::blocking.never;
        return boost::asio::execution::blocking.possibly;
    }
    boost::asio::execution_context& query(boost::asio::execution::context_t) const noexcept {
        return *state_->context;
    }
    template <class Function>
    void execute(Function&& function) const;
    friend bool operator==(const SerialExecutor& a, const SerialExecutor& b) noexcept {
        return a.state_ == b.state_ && a.never_ == b.never_;
    }

    bool running_in_this_thread() const noexcept { return Running::in(state_); }
    const std::shared_ptr<TimeSource>& time() const noexcept { return state_->time; }
    /// What it runs on.
    const boost::asio::any_io_executor& inner() const noexcept { return state_->inner; }

private:
    struct Operation : boost::intrusive::list_base_hook<> {
        using Complete = void (*)(Operation*, bool run);
        explicit Operation(Complete function) noexcept : complete(function) {}
        Complete complete;
    };
    template <class Function>
    struct Holder;

    using Queue = boost::intrusive::list<Operation, boost::intrusive::constant_time_size<false>>;
    /// Takes the first one out, and either runs it or only destroys it.
    static void complete_first(Queue& queue, bool run) {
        Operation& first = queue.front();
        queue.pop_front();
        first.complete(&first, run);
    }

    struct State {
        State(boost::asio::any_io_executor given, std::shared_ptr<TimeSource> clock)
            : inner(std::move(given)),
              time(std::move(clock)),
              inner_never(boost::asio::require(inner, boost::asio::execution::blocking.never)),
              context(&boost::asio::query(inner, boost::asio::execution::context)) {
            if (time) ContextTime::set(*context, time);
        }

        void retain() noexcept { references.fetch_add(1, std::memory_order_relaxed); }
        void release() noexcept {
            if (references.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
        }

        std::atomic<unsigned> references{1};
        boost::asio::any_io_executor inner;
        std::shared_ptr<TimeSource> time;
        boost::asio::any_io_executor inner_never;
        boost::asio::execution_context* context;
        std::mutex mutex;
        Queue waiting;
        /// Is a turn under way or about to be?
        bool busy = false;
        /// The context below was destroyed with a turn in it: nothing will ever run again.
        bool abandoned = false;
    };

    /// Marks, for the time of a run, that this thread runs functions of a state.
    struct Running {
        explicit Running(State* which) noexcept : state(which), outer(std::exchange(top(), this)) {}
        Running(const Running&) = delete;
        Running& operator=(const Running&) = delete;
        ~Running() { top() = outer; }

        static Running*& top() noexcept {
            static thread_local Running* innermost = nullptr;
            return innermost;
        }
        static bool in(const State* which) noexcept {
            for (const Running* at = top(); at != nullptr; at = at->outer) {
                if (at->state == which) return true;
            }
            return false;
        }

        State* state;
        Running* outer;
    };

    struct Turn;
    /// What this thread is handing to an inner executor at the moment, or null. Its loss meanwhile
    /// does not mean the end of the context: it is what an exception out of that leaves behind.
    static State*& launching() noexcept {
        static thread_local State* which = nullptr;
        return which;
    }
    static void abandon(State* state) noexcept;
    static bool launch(State* state, const boost::asio::any_io_executor& inner);

    explicit SerialExecutor(State* state) noexcept : state_(state) {}
    SerialExecutor(const SerialExecutor& other, bool never) noexcept : SerialExecutor(other) {
        never_ = never;
    }

    State* state_;
    bool never_ = false;
};

template <class Function>
struct SerialExecutor::Holder : Operation {
    using Allocator = boost::asio::recycling_allocator<Holder>;

    explicit Holder(Function&& given) : Operation(&complete), function(std::move(given)) {}

    static Operation* make(Function&& function) {
        Allocator allocator;
        Holder* const memory = allocator.allocate(1);
        return ::new (static_cast<void*>(memory)) Holder(std::move(function));
    }
    static void complete(Operation* operation, bool run) {
        auto* const self = static_cast<Holder*>(operation);
        // The memory is free again before the function runs, which is likely to need as much.
        Function function(std::move(self->function));
        self->~Holder();
        Allocator{}.deallocate(self, 1);
        if (run) function();
    }

    Function function;
};

/// One batch of what waits, run by its constructor; and then a turn for what has come meanwhile, also
/// where a function throws.
struct SerialExecutor::Turn {
    explicit Turn(State* which) : state(which), running(which) {
        try {
            do {
                run();
                // Where there is no memory for a turn of its own, the rest is run here.
            } while (!finish());
        } catch (...) {
            if (!finish()) {
                // Whoever comes next tries again.
                const std::lock_guard lock{state->mutex};
                state->busy = false;
            }
            state->release();
            throw;
        }
        state->release();
    }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

    void run() {
        {
            const std::lock_guard lock{state->mutex};
            batch.swap(state->waiting);
        }
        while (!batch.empty())
            complete_first(batch, true);
    }
    /// Sees to what has come meanwhile, if anything; false if that failed.
    bool finish() {
        bool more = false;
        {
            const std::lock_guard lock{state->mutex};
            state->waiting.splice(state->waiting.begin(), batch);
            more = !state->waiting.empty();
            state->busy = more;
        }
        // Posted, so that others get a turn on the inner executor in between.
        return !more || launch(state, state->inner_never);
    }

    State* state;
    Running running;
    Queue batch;
};

template <class Function>
void SerialExecutor::execute(Function&& function) const {
    using Stored = std::decay_t<Function>;
    if (!never_ && running_in_this_thread()) {
        Stored now(std::forward<Function>(function));
        now();
        return;
    }
    Operation* const operation = Holder<Stored>::make(Stored(std::forward<Function>(function)));
    bool first = false;
    bool abandoned = false;
    {
        const std::lock_guard lock{state_->mutex};
        abandoned = state_->abandoned;
        if (!abandoned) {
            state_->waiting.push_back(*operation);
            first = !std::exchange(state_->busy, true);
        }
    }
    if (abandoned) return operation->complete(operation, false);
    if (!first || launch(state_, never_ ? state_->inner_never : state_->inner)) return;
    // There was no memory for a turn. Others may have come meanwhile and rely on it.
    bool mine = false;
    {
        const std::lock_guard lock{state_->mutex};
        Queue& waiting = state_->waiting;
        const auto at = std::find_if(
            waiting.begin(), waiting.end(), [&](Operation& each) { return &each == operation; });
        mine = at != waiting.end();
        if (mine) waiting.erase(at);
    }
    if (mine) operation->complete(operation, false);
    bool others = false;
    {
        const std::lock_guard lock{state_->mutex};
        others = !state_->waiting.empty();
        if (!others) state_->busy = false;
    }
    if (others && !launch(state_, state_->inner_never)) {
        const std::lock_guard lock{state_->mutex};
        state_->busy = false;
    }
    if (mine) throw std::bad_alloc{};
}

/// The context was destroyed with a turn in it. What waits may own what owns `state`, so it must go
/// now.
inline void SerialExecutor::abandon(State* state) noexcept {
    Queue dropped;
    {
        const std::lock_guard lock{state->mutex};
        state->abandoned = true;
        dropped.swap(state->waiting);
    }
    while (!dropped.empty())
        complete_first(dropped, false);
}

/// Has what waits run on `inner`; false if there was no memory to get there.
inline bool SerialExecutor::launch(State* state, const boost::asio::any_io_executor& inner) {
    bool dropped = false;
    State* const outer = std::exchange(launching(), state);
    state->retain();
    try {
        inner.execute(CalledOrLost{
            state,
            [](State* mine) { const Turn turn{mine}; },
            [&dropped](State* mine) noexcept {
                if (launching() == mine) {
                    dropped = true;
                } else {
                    abandon(mine);
                }
                mine->release();
            }});
        launching() = outer;
        return true;
    } catch (...) {
        launching() = outer;
        // What was run there threw, rather than the inner executor.
        if (!dropped) throw;
        return false;
    }
}

/// The stand-in for the steady clock that what runs on `executor` goes by, or null.
inline std::shared_ptr<TimeSource> time_source(
    const boost::asio::any_io_executor& executor) noexcept {
    const auto* const serial = executor.target<SerialExecutor>();
    if (serial != nullptr) return serial->time();
    if (!executor) return nullptr;
    return ContextTime::of(boost::asio::query(executor, boost::asio::execution::context));
}

/// The time on the clock that what runs on `executor` goes by.
inline TimePoint time_on(const boost::asio::any_io_executor& executor) noexcept {
    const std::shared_ptr<TimeSource> source = time_source(executor);
    return source ? source->now() : Clock::now();
}

}  // namespace clarify::detail

#endif  // CLARIFY_CORE_DETAIL_SERIAL_EXECUTOR_HPP
