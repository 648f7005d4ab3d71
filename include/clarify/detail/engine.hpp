// SPDX-License-Identifier: BSL-1.0
// The inside of a client: runs calls on a serial executor.

#ifndef CLARIFY_DETAIL_ENGINE_HPP
#define CLARIFY_DETAIL_ENGINE_HPP

#include <clarify/client_options.hpp>
#include <clarify/concepts/auth_policy.hpp>
#include <clarify/concepts/http_backend.hpp>
#include <clarify/core/detail/async_op.hpp>
#include <clarify/core/detail/context_link.hpp>
#include <clarify/core/timer.hpp>
#include <clarify/core/url.hpp>
#include <clarify/detail/call_record.hpp>
#include <clarify/detail/rate_limiter.hpp>
#include <clarify/detail/rejected_methods.hpp>
#include <clarify/detail/retry.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <utility>
#include <vector>

namespace clarify::detail {

/** What does not depend on the policies: the serial executor, deadlines, buffers, the observer.

    Everything but `next_id`, `buffers`, `options` and `endpoint` is used on the serial executor
    only, so there are no locks; the executor is never held across I/O, because nothing blocks on
    it.
*/
class EngineBase : public std::enable_shared_from_this<EngineBase>, private ContextLink::Guest {
public:
    EngineBase(boost::asio::any_io_executor executor, Url endpoint, ClientOptions options);
    EngineBase(const EngineBase&) = delete;
    EngineBase& operator=(const EngineBase&) = delete;
    virtual ~EngineBase() = default;

    const boost::asio::any_io_executor& executor() const noexcept { return executor_; }
    const boost::asio::any_io_executor& serial() const noexcept { return serial_; }
    const ClientOptions& options() const noexcept { return options_; }
    const Url& endpoint() const noexcept { return endpoint_; }
    BufferStore& buffers() noexcept { return buffers_; }
    std::int64_t next_id() noexcept { return next_id_->fetch_add(1, std::memory_order_relaxed); }
    const std::shared_ptr<std::atomic<std::int64_t>>& ids() const noexcept { return next_id_; }
    TimePoint time() const noexcept {
        return options_.clock ? options_.clock->now() : Clock::now();
    }

    // The following may be called from any thread; they act on the serial executor.
    void submit(std::shared_ptr<CallRecord> call);
    void cancel(std::shared_ptr<CallRecord> call, boost::asio::cancellation_type_t type);
    void shut_down() noexcept;
    /// Refuses new calls, gives those in flight until `limit` from now, and then shuts down. `wait`,
    /// if not null, is told when the last call has ended.
    void drain(std::chrono::milliseconds limit, std::shared_ptr<DrainWait> wait);
    /// Ends one wait for the end of the calls, but not the drain.
    void forget(std::shared_ptr<DrainWait> wait);
    /// Ends what has lost its coroutine, unless the execution context went with it.
    void abandon(std::shared_ptr<Deliverable> what) noexcept;
    /// The same for what was handed over to be delivered, but did not arrive.
    void undelivered(std::shared_ptr<Deliverable> what) noexcept;
    /// To be called on the serial executor: an activity that nobody has to stop any more.
    void end(Activity& activity) noexcept;

protected:
    virtual boost::asio::awaitable<void> run(std::shared_ptr<CallRecord> call) = 0;
    virtual void close_backend() noexcept = 0;
    virtual void drain_backend() noexcept = 0;
    /// What authentication keeps for itself and nobody may see either; may be empty.
    virtual std::string_view kept_secret() const noexcept = 0;

    /// To be called by the constructor of the derived class: the end of the execution context is
    /// heard of from now on.
    void enter_context() { context_->enter(*this); }
    /// To be called by the destructor of the derived class: afterwards nothing of the execution
    /// context is held, and its end is no longer heard of.
    void part() noexcept;

    void begin(Activity& activity);
    void emit(const Event& event) noexcept;
    Event call_event(EventKind kind, const CallRecord& call) const;
    // Not in the coroutine, whose frame would have room for each of them as long as it lives.
    void emit_attempt(const CallRecord& call) noexcept;
    void emit_response(const CallRecord& call, TimePoint began) noexcept;
    void emit_retry(const CallRecord& call, TimePoint began, Clock::duration wait) noexcept;

    /// The line that the call has to wait in before it may be sent; null where it may be at once.
    RateLine* must_wait(CallRecord& call) {
        if (!call.options.rate_limited.value_or(false)) return nullptr;
        RateLine* const line = limiter_.find(call.buffers->method);
        return line == nullptr || line->pass(time()) ? nullptr : line;
    }
    /// Waits in it until it is the call's turn, or the call is stopped.
    boost::asio::awaitable<void> wait_in(RateLine& line, CallRecord& call);
    /// Composes the headers of a request; the views point into `call`, the options and
    /// `authorization`.
    void write_headers(const CallRecord& call, std::string_view authorization) const;
    /// What a complete reply means for the call: nothing wrong, or an error that was `answered`.
    std::optional<Error> judge(CallRecord& call) const;
    /// The error of a call that was stopped.
    static Error stop_error(const CallRecord& call) noexcept;
    /// The error of a call for which there was no memory, or which was stopped meanwhile.
    static Error memory_error(const CallRecord& call) noexcept;
    /// Records the outcome, tells the observer and finishes the call.
    void conclude(CallRecord& call) noexcept;
    bool is_closed() const noexcept { return stage_ == Stage::closed; }

    RetryBudget budget_;
    RateLimiter limiter_;
    std::minstd_rand random_;

private:
    enum class Stage : std::uint8_t { open, draining, closed };

    void start(std::shared_ptr<CallRecord> call) noexcept;
    void arm(TimePoint now);
    void wake_anew() noexcept;
    void rearm() noexcept;
    void expire() noexcept;
    void context_gone() noexcept override;
    void close_all() noexcept;
    void begin_drain(TimePoint until, std::shared_ptr<DrainWait> wait) noexcept;
    void end_drain() noexcept;
    void deliver(std::shared_ptr<Deliverable> what) noexcept;
    void postpone(std::shared_ptr<Deliverable> what) noexcept;
    void deliver_postponed() noexcept;
    Error status_error(const CallRecord& call) const;

    boost::asio::any_io_executor executor_;
    boost::asio::any_io_executor serial_;
    std::shared_ptr<ContextLink> context_;
    Url endpoint_;
    ClientOptions options_;
    BufferStore buffers_;
    // Shared with the batches made for this client.
    std::shared_ptr<std::atomic<std::int64_t>> next_id_ =
        std::make_shared<std::atomic<std::int64_t>>(1);
    DeadlineQueue active_;
    std::optional<Timer> watchdog_;
    bool armed_ = false;
    /// Counts how often the watchdog was set: only the last time counts.
    std::uint64_t turn_ = 0;

    Stage stage_ = Stage::open;
    /// Calls that have begun and not ended.
    std::size_t calls_ = 0;
    TimePoint drain_until_ = TimePoint::max();
    std::vector<std::shared_ptr<DrainWait>> drain_waits_;
    /// Why calls were ended that had been given time.
    Errc cut_short_{};

    /// What could not be done for want of memory; the watchdog's next turn tries again. Any thread
    /// may add to it.
    std::mutex postponed_mutex_;
    std::shared_ptr<Deliverable> postponed_;
    std::atomic<bool> close_postponed_ = false;
};

/// Adds the policies: where a call meets authentication and HTTP.
template <HttpBackend Backend, AuthPolicy Auth>
class Engine final : public EngineBase, private AuthContext {
public:
    Engine(
        boost::asio::any_io_executor executor,
        Url endpoint,
        ClientOptions options,
        Backend backend,
        Auth auth)
        : EngineBase(std::move(executor), std::move(endpoint), std::move(options)),
          backend_(std::move(backend)),
          auth_(std::move(auth)) {
        // Not before there is somebody to tell.
        enter_context();
    }
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;
    ~Engine() override { part(); }

private:
    boost::asio::awaitable<void> run(std::shared_ptr<CallRecord> call) override;
    void close_backend() noexcept override { backend_.close(); }
    void drain_backend() noexcept override {
        if constexpr (requires { backend_.drain(); }) backend_.drain();
    }
    std::string_view kept_secret() const noexcept override { return kept_secret_of(auth_); }

    boost::asio::any_io_executor get_executor() const override { return serial(); }
    TimePoint now() const override { return time(); }
    double random() override { return std::uniform_real_distribution<double>{}(random_); }
    boost::asio::awaitable<Result<void>> post(
        const HttpRequest& request, HttpResponse& response) override;
    void spawn(boost::asio::awaitable<void> task, TimePoint deadline) override;
    boost::asio::awaitable<void> run_task(
        std::shared_ptr<TaskRecord> record, boost::asio::awaitable<void> task);
    void observe(const Event& event) override { emit(event); }
    bool has_served(const AuthHeader& header) const override {
        return rejected_methods_.has_served(header);
    }

    Backend backend_;
    Auth auth_;
    RejectedMethods rejected_methods_;
};

}  // namespace clarify::detail

#if !defined(CLARIFY_SEPARATE_COMPILATION)
#include <clarify/detail/impl/engine.hpp>
#include <clarify/detail/impl/engine_end.hpp>
#include <clarify/detail/impl/reply.hpp>
#endif
#include <clarify/detail/impl/run.hpp>

#endif  // CLARIFY_DETAIL_ENGINE_HPP
