// SPDX-License-Identifier: BSL-1.0
// The core of a client: begins calls and tasks, ends them, and comes to its own end.

#ifndef CLARIFY_DETAIL_ENGINE_BASE_HPP
#define CLARIFY_DETAIL_ENGINE_BASE_HPP

#include <clarify/client_options.hpp>
#include <clarify/concepts/auth_policy.hpp>
#include <clarify/core/detail/call_ids.hpp>
#include <clarify/core/detail/context_link.hpp>
#include <clarify/core/detail/operation.hpp>
#include <clarify/core/http_message.hpp>
#include <clarify/core/url.hpp>
#include <clarify/detail/call_course.hpp>
#include <clarify/detail/call_events.hpp>
#include <clarify/detail/call_record.hpp>
#include <clarify/detail/ending.hpp>
#include <clarify/detail/jitter.hpp>
#include <clarify/detail/outbox.hpp>
#include <clarify/detail/rate_limiter.hpp>
#include <clarify/detail/rejected_methods.hpp>
#include <clarify/detail/retry.hpp>
#include <clarify/detail/watchdog.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_type.hpp>

#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

namespace clarify::detail {

class EngineBase;

/// A task of the authentication policy.
struct TaskRecord final : Activity, Deliverable {
    explicit TaskRecord(std::shared_ptr<EngineBase> owner) noexcept : engine(std::move(owner)) {}

    void finish() override;
    void task_gone() noexcept override;

    std::shared_ptr<EngineBase> engine;
    bool ended = false;
};

/** What does not depend on the policies of a client.

    All of it belongs to the serial executor, and needs no lock there, but for what is said to be
    called from any thread, and what is `const`. Nothing blocks on that executor, so that it is free
    while calls wait for the network. What does lock, for a moment each: the buffers, which go back
    and forth between threads, the outbox, the operations, and the link to the execution context.
    Nothing of the user's runs under any of these locks.
*/
class EngineBase : public std::enable_shared_from_this<EngineBase>,
                   public OperationHost,
                   private ContextLink::Guest,
                   private Watchdog::Owner {
public:
    EngineBase(boost::asio::any_io_executor executor, Url endpoint, ClientOptions options);
    EngineBase(const EngineBase&) = delete;
    EngineBase& operator=(const EngineBase&) = delete;
    virtual ~EngineBase() = default;

    // In any thread.
    const boost::asio::any_io_executor& executor() const noexcept { return executor_; }
    const boost::asio::any_io_executor& serial() const noexcept { return serial_; }
    const ClientOptions& options() const noexcept { return options_; }
    const Url& endpoint() const noexcept { return endpoint_; }
    const std::shared_ptr<ContextLink>& context_link() const noexcept { return context_; }
    BufferStore& buffers() noexcept { return buffers_; }
    std::int64_t next_id() noexcept { return ids_->next(); }
    const std::shared_ptr<CallIds>& ids() const noexcept { return ids_; }
    TimePoint time() const noexcept {
        return options_.clock ? options_.clock->now() : Clock::now();
    }

    OperationGate& operations() noexcept override { return operations_; }
    void operations_over() noexcept override;

    // In any thread; they act on the serial executor.

    /// Begins a call, or has it refused, by the error it holds. Where this throws nothing was begun.
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

    /// To be called on the serial executor: the call's deadline for the watchdog has come. Stops it, or
    /// cuts its attempt, and returns when to look again, if that is to be.
    std::optional<TimePoint> due(CallRecord& call, TimePoint now) noexcept;
    /// To be called on the serial executor: an activity that nobody has to stop any more.
    void end(Activity& activity) noexcept {
        watchdog_.unwatch(activity);
        watchdog_.settle();
    }

protected:
    virtual boost::asio::awaitable<void> run(std::shared_ptr<CallRecord> call) = 0;
    virtual void close_backend() noexcept = 0;
    virtual void drain_backend() noexcept = 0;
    /// Tells the authentication policy of a 401 to `header`: may it have another one to give?
    virtual bool ask_for_another(const AuthHeader& header) = 0;
    /// Where calls go with the header that the policy has just given; null for the client's own.
    virtual std::shared_ptr<const Url> moved_endpoint() const noexcept = 0;
    /// What the policy keeps for itself and nobody may see either; may be empty.
    virtual std::string_view kept_secret() const noexcept = 0;

    /// To be called by the constructor of the derived class: the end of the execution context is
    /// heard of from now on.
    void enter_context() { context_->enter(*this); }
    /// To be called by the destructor of the derived class: afterwards nothing of the execution
    /// context is held, and its end is no longer heard of.
    void part() noexcept;

    const CallEvents& events() const noexcept { return events_; }
    bool is_closed() const noexcept { return ending_.is_closed(); }
    /// Stops the activity at its deadline, or when the client closes.
    void begin(Activity& activity) { watchdog_.watch(activity); }
    /// A request of the authentication policy on its way, for the time of its life: a call that waits
    /// for a token tells where it was.
    class PolicyRequest {
    public:
        explicit PolicyRequest(EngineBase& engine) noexcept : engine_(engine) {
            engine_.policy_request_ = &progress;
        }
        PolicyRequest(const PolicyRequest&) = delete;
        PolicyRequest& operator=(const PolicyRequest&) = delete;
        ~PolicyRequest() {
            if (engine_.policy_request_ == &progress) engine_.policy_request_ = &before_next;
        }

        HttpProgress progress;

    private:
        static constexpr HttpProgress before_next{Phase::backoff, false};
        EngineBase& engine_;
    };

    /// Has the server answered a call that was sent with this header?
    bool is_proven(const AuthHeader& header) const noexcept {
        return rejected_methods_.has_served(header);
    }
    /// Evenly distributed in [0, 1).
    double random_number() noexcept { return jitter_.next(); }

    // The steps of a call: what its coroutine does for each but wait, in their order.

    CourseAction next_action(CallRecord& call, const CourseEvent& event) noexcept;
    /// Forgets the attempt before. Gives the line that the call has to wait in until it may be sent;
    /// null where it may be at once, or where its turn would come too late, as `call.error` says then.
    RateLine* begin_queue(CallRecord& call);
    /// Waits in it until it is the call's turn, or the call is stopped.
    template <class = void>
    boost::asio::awaitable<void> wait_in(RateLine& line, CallRecord& call);
    CourseEvent end_queue(CallRecord& call);
    static CourseEvent end_wait(CallRecord& call, bool cancelled = false) noexcept;
    /// The policy has given `header`, or `call.error` says that it has failed. Composes the headers
    /// of the request, which point into `call`, the options and `header`.
    CourseEvent end_token(CallRecord& call, const AuthHeader& header);
    HttpRequest begin_exchange(CallRecord& call, bool fresh_connection) noexcept;
    /// The backend has `posted` the request, with `header`, which it was given at `sent`.
    CourseEvent end_exchange(
        CallRecord& call, const Result<void>& posted, const AuthHeader& header, TimePoint sent);
    static void begin_pause(CallRecord& call) noexcept;
    /// Makes the exception that is being handled, and that left `step`, the outcome of the call.
    void end_thrown(CallRecord& call, CourseStep step) noexcept;
    /// Records the outcome, tells the observer and finishes the call.
    void conclude(CallRecord& call) noexcept;

private:
    void start(std::shared_ptr<CallRecord> call) noexcept;
    /// Has the watchdog look after the call, from `now` on.
    void watch(CallRecord& call, TimePoint now);
    /// What the store of shared limits is asked for the call at the head of its line.
    AnyPaceStore::Question ask_for_slot(const RateLine& line, const CallRecord& call) const;
    /// When the call has its turn by the store's answer, be it in time or, as `call.error` says, too late.
    /// Unset: by the client's own count.
    std::optional<TimePoint> take_slot(const AnyPaceStore::Question& question, CallRecord& call);
    /// Has `task` run on the serial executor, and keeps this alive until then. Throws
    /// `std::bad_alloc`.
    void soon(std::function<void(EngineBase&)> task);
    /// Has the exception thrown by what runs the loop, where it belongs, rather than here.
    void throw_in_loop(std::exception_ptr thrown) noexcept;
    /// Is the call taken on, at this stage of the client?
    bool admits(const CallRecord& call) const noexcept {
        return ending_.is_open() ||
            (ending_.is_draining() && call.operation && call.operation->is_under_way());
    }
    /// Adds to the error of a call that waited for a token, and whose time is up, where the policy's
    /// request was.
    void name_token_step(Error& error) const noexcept;
    /// After a 401 to `header`: is it to blame, and may the authentication policy have another one?
    bool may_renew(const CallRecord& call, const AuthHeader& header);
    /// Judges a complete reply: what it means for the call, and for the connection.
    void take_reply(CallRecord& call, std::string_view authorization);
    void deliver(std::shared_ptr<Deliverable> what) noexcept;
    void deliver_postponed() noexcept;

    void begin_drain(TimePoint until, std::shared_ptr<DrainWait> wait) noexcept;
    void end_drain() noexcept;
    void close_all() noexcept;
    std::shared_ptr<void> keep_alive() noexcept override { return weak_from_this().lock(); }
    void context_gone() noexcept override;
    void context_forked() noexcept override;
    /// Lets go of what belongs to the execution context.
    void release() noexcept;

    void turn() noexcept override;
    TimePoint next_turn(TimePoint now, bool idle) const noexcept override;
    std::weak_ptr<Watchdog> weak_watchdog() noexcept override;

    boost::asio::any_io_executor executor_;
    boost::asio::any_io_executor serial_;
    std::shared_ptr<ContextLink> context_;
    Url endpoint_;
    ClientOptions options_;
    CallEvents events_;
    BufferStore buffers_;
    // Shared with the batches made for this client.
    std::shared_ptr<CallIds> ids_ = std::make_shared<CallIds>(options_.first_id);

    RetryBudget budget_;
    RateLimiter limiter_;
    RejectedMethods rejected_methods_;
    Jitter jitter_;
    /// That of the policy's newest request, or of the pause behind it; null before the first.
    const HttpProgress* policy_request_ = nullptr;

    Watchdog watchdog_;
    OperationGate operations_;
    Outbox outbox_;
    Ending ending_;
};

}  // namespace clarify::detail

#if !defined(CLARIFY_SEPARATE_COMPILATION)
#include <clarify/detail/impl/engine_base.hpp>
#include <clarify/detail/impl/engine_base_ending.hpp>
#endif

#endif  // CLARIFY_DETAIL_ENGINE_BASE_HPP
