// SPDX-License-Identifier: BSL-1.0
// How a client begins calls, takes each of their steps, and ends them.

#ifndef CLARIFY_DETAIL_IMPL_ENGINE_BASE_HPP
#define CLARIFY_DETAIL_IMPL_ENGINE_BASE_HPP

#include <clarify/core/detail/called_or_lost.hpp>
#include <clarify/core/detail/decode_time.hpp>
#include <clarify/core/detail/serial_executor.hpp>
#include <clarify/core/detail/signal.hpp>
#include <clarify/core/detail/time_span.hpp>
#include <clarify/detail/call_headers.hpp>
#include <clarify/detail/engine_base.hpp>
#include <clarify/detail/method_table.hpp>
#include <clarify/detail/reply.hpp>

#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <chrono>
#include <limits>
#include <string>
#include <utility>

namespace clarify::detail {

inline ClientOptions checked(ClientOptions options) {
    options.check();
    return options;
}

CLARIFY_DECL EngineBase::EngineBase(
    boost::asio::any_io_executor executor, Url endpoint, ClientOptions options)
    : executor_(std::move(executor)),
      serial_(SerialExecutor::over(executor_, options.clock)),
      context_(ContextLink::of(executor_)),
      endpoint_(std::move(endpoint)),
      options_(checked(std::move(options))),
      events_(options_),
      budget_(options_.retry.budget),
      limiter_(options_),
      jitter_(options_.retry.seed),
      watchdog_(*this, serial_) {}

// Whoever waits, or has an outcome coming, keeps the engine alive: there are none here.
CLARIFY_DECL void EngineBase::part() noexcept {
    context_->leave(*this, [&] { release(); });
}

CLARIFY_DECL void TaskRecord::finish() {
    ended = true;
    engine->end(*this);
}

CLARIFY_DECL void TaskRecord::task_gone() noexcept {
    if (!ended) engine->abandon(std::static_pointer_cast<TaskRecord>(shared_from_this()));
}

// --- A call -------------------------------------------------------------------------------------

// Dispatched, not posted: a call on a connection at hand is written before this returns. Only its
// completion has to wait for a turn of its own, and `finish` sees to that.
CLARIFY_DECL void EngineBase::submit(std::shared_ptr<CallRecord> call) {
    context_->heed_fork();
    try {
        boost::asio::dispatch(
            serial_,
            CalledOrLost{
                call,
                [self = shared_from_this()](std::shared_ptr<CallRecord> begun) {
                    self->start(std::move(begun));
                },
                [](const std::shared_ptr<CallRecord>& lost) noexcept { lost->refused = true; }});
    } catch (...) {
        if (call->refused) throw;
        // The call is under way, or will be. It is something else that ran here, and threw.
        throw_in_loop(std::current_exception());
    }
}

CLARIFY_DECL void EngineBase::throw_in_loop(std::exception_ptr thrown) noexcept {
    try {
        boost::asio::post(
            executor_, [thrown = std::move(thrown)] { std::rethrow_exception(thrown); });
    } catch (...) {  // NOLINT(bugprone-empty-catch): there is no memory to tell anybody
    }
}

CLARIFY_DECL void EngineBase::start(std::shared_ptr<CallRecord> call) noexcept {
    CallRecord& record = *call;
    record.counted = true;
    ending_.call_begun();
    if (!record.error) {
        if (!admits(record)) record.stopped = Stop::closed;
        if (record.stopped != Stop::none) record.error = stop_error(record);
    }
    if (record.error) return conclude(record);
    try {
        record.course = CallCourse{
            record.options.idempotent.value_or(is_idempotent(record.buffers->method)),
            record.ends,
            endpoint_.is_https(),
            record.options.attempts.value_or((std::numeric_limits<unsigned>::max)())};
        watch(record, record.started);
        events_.begun(record);
        spawn_task(serial_, run(call), record.signal, call);
    } catch (...) {
        if (record.concluded) return;
        record.error = memory_error(record);
        conclude(record);
    }
}

CLARIFY_DECL void EngineBase::watch(CallRecord& call, TimePoint now) {
    call.deadline = (std::min)(call.ends, time_after(now, options_.attempt_timeout));
    begin(call);
}

CLARIFY_DECL std::optional<TimePoint> EngineBase::due(CallRecord& call, TimePoint now) noexcept {
    if (call.stopped != Stop::none || now >= call.ends) return call.Activity::due(now);
    const CallCourse::Look look = call.course.look(
        now, call.progress, clock_span(options_.attempt_timeout), options_.retry, budget_);
    if (!look.cut) return look.next;
    call.progress.timed_out = true;
    try {
        call.signal.emit(boost::asio::cancellation_type::terminal);
    } catch (...) {
        return now + Activity::memory_pause;
    }
    return look.next;
}

CLARIFY_DECL void EngineBase::cancel(
    std::shared_ptr<CallRecord> call, boost::asio::cancellation_type_t type) {
    context_->while_there([&] {
        boost::asio::post(serial_, [self = shared_from_this(), call, type] {
            using boost::asio::cancellation_type;
            const bool harmless = !call->progress.sent;
            const auto effective = harmless
                ? cancellation_type::all
                : cancellation_type::terminal | cancellation_type::partial;
            if ((type & effective) != cancellation_type::none) call->stop(Stop::cancelled);
        });
    });
}

CLARIFY_DECL CourseAction
EngineBase::next_action(CallRecord& call, const CourseEvent& event) noexcept {
    const CourseAction action = call.course.next(event, options_.retry, budget_);
    if (action.stopped) {
        call.progress = {*action.stopped, false};
        call.error = stop_error(call);
    }
    return action;
}

/// The error of a call that comes to a line in which its turn would come too late.
inline Error rate_error(TimePoint turn, TimePoint now) {
    using std::chrono::milliseconds;
    const auto wait = std::chrono::ceil<milliseconds>(turn - now);
    Error error{
        Errc::overloaded,
        Reason::rate_limit,
        "its turn under the rate limits would come in " + std::to_string(wait.count()) +
            " ms, after its deadline: send more in one call, or give it more time"};
    return error.set_phase(Phase::queue).set_turn(turn);
}

CLARIFY_DECL RateLine* EngineBase::begin_queue(CallRecord& call) {
    call.error.reset();
    call.answered = false;
    if (!call.options.rate_limited.value_or(false)) return nullptr;
    RateLine* const line = limiter_.find(call.buffers->method);
    const TimePoint now = time();
    // Where the limit is shared, only the store knows whether it is this call's turn.
    if (line == nullptr || (limiter_.pace() == nullptr && line->pass(now))) return nullptr;
    call.progress = {Phase::queue, false};
    call.hold_limit(now);
    const TimePoint turn = line->turn(now);
    if (turn < call.ends) return line;
    call.error = rate_error(turn, now);
    return nullptr;
}

CLARIFY_DECL AnyPaceStore::Question EngineBase::ask_for_slot(
    const RateLine& line, const CallRecord& call) const {
    constexpr std::chrono::seconds patience{5};
    const TimePoint now = time();
    AnyPaceStore::Question question;
    question.key.api_url = endpoint_.to_string();
    question.key.integration = options_.pace.integration;
    question.key.method = line.name();
    question.terms.interval = line.bucket().interval();
    question.terms.burst = line.bucket().size();
    question.terms.patience = call.ends - now;
    question.terms.sharer = limiter_.pace()->sharer();
    // What is left is for the call itself, should the store say nothing.
    question.until = now + (std::min)(Clock::duration{patience}, (call.ends - now) / 2);
    return question;
}

CLARIFY_DECL std::optional<TimePoint> EngineBase::take_slot(
    const AnyPaceStore::Question& question, CallRecord& call) {
    if (call.stopped != Stop::none) return std::nullopt;
    const Result<PaceSlot>& slot = *question.answer;
    const TimePoint now = time();
    PaceUse& use = *limiter_.pace();
    if (!slot) {
        if (use.failed(now)) events_.pace_store_failed(slot.error());
        return std::nullopt;
    }
    use.succeeded();
    const TimePoint turn = time_after(now, slot->wait);
    if (!slot->is_reserved) call.error = rate_error(turn, now);
    return turn;
}

template <class>
boost::asio::awaitable<void> EngineBase::wait_in(RateLine& line, CallRecord& call) {
    const TimePoint came = time();
    const RateLine::Place place{line};
    unsigned sharers = 0;
    bool cancelled = false;
    // Who is woken has the place at the head, also where the call was stopped at the same moment.
    if (line.occupied()) cancelled = co_await line.places().wait(serial_, (TimePoint::max)());
    if (!cancelled) {
        const RateLine::Head head{line};
        std::optional<TimePoint> slot;
        if (limiter_.pace() != nullptr && limiter_.pace()->is_worth_asking(time())) {
            AnyPaceStore::Question question = ask_for_slot(line, call);
            co_await options_.pace.store.ask(serial_, question);
            slot = take_slot(question, call);
            if (slot) sharers = (*question.answer)->sharers;
        }
        const auto is_over = [&] { return cancelled || call.stopped != Stop::none || call.error; };
        while (!is_over() && !line.take(time(), slot)) {
            Signal never;
            cancelled = co_await never.wait(serial_, line.turn_of_head(slot));
        }
    }
    if (call.stopped != Stop::none) call.error = stop_error(call);
    events_.rate_limited(call, came, sharers);
}

CLARIFY_DECL CourseEvent EngineBase::end_queue(CallRecord& call) {
    if (call.left) {
        const TimePoint now = time();
        call.resume_limit(now);
        // Its deadline is another one now, and may be earlier.
        if (!call.is_over()) {
            watchdog_.unwatch(call);
            watch(call, now);
        }
    }
    if (!call.error || call.is_over()) return end_wait(call);
    CourseEvent event;
    event.kind = CourseEvent::Kind::broken;
    event.error = &*call.error;
    return event;
}

CLARIFY_DECL CourseEvent EngineBase::end_token(CallRecord& call, const AuthHeader& header) {
    CourseEvent event;
    // At once, since the next step of the policy may give headers for another one.
    call.endpoint = moved_endpoint();
    const Url& endpoint = call.endpoint ? *call.endpoint : endpoint_;
    if (!call.error && header) call.error = header_error(call, header, endpoint, options_);
    if (call.error) {
        if (call.is_over()) {
            call.error = stop_error(call);
            if (call.stopped == Stop::timeout) name_token_step(*call.error);
        }
        event.kind = CourseEvent::Kind::broken;
        event.error = &*call.error;
        return event;
    }
    write_headers(call, header, options_);
    event.kind = CourseEvent::Kind::done;
    event.now = time();
    return event;
}

CLARIFY_DECL void EngineBase::name_token_step(Error& error) const noexcept {
    if (policy_request_ == nullptr) return;
    try {
        error.set_token_step(policy_request_->phase);
    } catch (...) {  // NOLINT(bugprone-empty-catch): then without it
    }
}

CLARIFY_DECL HttpRequest
EngineBase::begin_exchange(CallRecord& call, bool fresh_connection) noexcept {
    HttpRequest request;
    request.url = call.endpoint ? call.endpoint.get() : &endpoint_;
    request.headers = call.buffers->headers;
    request.body = call.buffers->request;
    request.deadline = call.ends;
    request.max_response_body = options_.max_response_body;
    request.fresh_connection = fresh_connection;
    call.buffers->response.clear();
    call.progress = {};
    events_.attempt(call);
    return request;
}

CLARIFY_DECL CourseEvent EngineBase::end_exchange(
    CallRecord& call, const Result<void>& posted, const AuthHeader& header, TimePoint sent) {
    CourseEvent event;
    call.answered = posted.has_value();
    if (posted) {
        take_reply(call, header ? header->expose() : std::string_view{});
        call.sent_with = header;
        events_.response(call, sent);
        // A JSON-RPC error is an answer too. Other replies, a 503 for one, may come from somebody who
        // has not looked at the header.
        if (header && (!call.error || call.error->code() == Errc::rpc))
            rejected_methods_.served(call.buffers->method, header);
    } else if (call.is_over()) {
        call.error = stop_error(call);
        event.kind = CourseEvent::Kind::broken;
        event.error = &*call.error;
        return event;
    } else if (call.course.is_cut()) {
        call.error = stop_error(call);
    } else {
        call.error = or_else(posted.error(), Errc::internal);
    }
    if (!call.error) {
        event.kind = CourseEvent::Kind::done;
        return event;
    }
    event.error = &*call.error;
    if (call.error->code() == Errc::auth && header) {
        event.kind = CourseEvent::Kind::rejected;
        event.renewable = may_renew(call, header);
    } else {
        event.kind = CourseEvent::Kind::failed;
        event.early = call.answered && call.buffers->response.early;
        event.now = time();
        event.random = random_number();
    }
    event.stopped = call.is_over();
    return event;
}

CLARIFY_DECL bool EngineBase::may_renew(const CallRecord& call, const AuthHeader& header) {
    // A method that is refused whatever the header keeps its 401 to itself.
    if (!rejected_methods_.blames_header(call.buffers->method, header, time())) return false;
    try {
        return ask_for_another(header);
    } catch (...) {
        return false;
    }
}

CLARIFY_DECL void EngineBase::take_reply(CallRecord& call, std::string_view authorization) {
    HttpResponse& response = call.buffers->response;
    const ReplySecrets secrets{authorization, kept_secret()};
    call.kept = secrets.kept;
    DecodeTime time{call.ends, options_.clock.get()};
    vet_traceparent(response, secrets, events_.wanted());
    const ReplyQuestion question{
        response,
        secrets,
        call.id,
        call.notification,
        call.course.attempts(),
        options_.max_json_depth,
        options_.max_body_excerpt,
        options_.clock.get(),
        &time};
    Verdict verdict = judge(question, call.batch.get());
    if (verdict.keep_connection) {
        response.lease.keep();
    } else {
        response.lease.discard();
    }
    call.result = verdict.result;
    call.error = std::move(verdict.error);
}

CLARIFY_DECL void EngineBase::begin_pause(CallRecord& call) noexcept {
    call.progress = {Phase::backoff, false};
    call.answered = false;
}

CLARIFY_DECL CourseEvent EngineBase::end_wait(CallRecord& call, bool cancelled) noexcept {
    CourseEvent event;
    event.kind = CourseEvent::Kind::done;
    if (cancelled || call.is_over()) {
        call.error = memory_error(call);
        event.kind = CourseEvent::Kind::broken;
        event.error = &*call.error;
    }
    return event;
}

CLARIFY_DECL void EngineBase::end_thrown(CallRecord& call, CourseStep step) noexcept {
    if (call.answered) {
        // Memory ran out while the reply was looked at.
        call.error = memory_error(call).set_phase(Phase::decode).set_fate(Fate::answered);
        return;
    }
    call.error = step == CourseStep::send && call.stopped == Stop::none
        ? exception_error(call, Errc::internal, "the HTTP backend threw")
        : memory_error(call);
    CourseEvent event;
    event.kind = CourseEvent::Kind::broken;
    event.error = &*call.error;
    next_action(call, event);
}

CLARIFY_DECL void EngineBase::conclude(CallRecord& call) noexcept {
    call.concluded = true;
    end(call);
    // One that nobody has decided about must end on this executor.
    call.buffers->response.lease.discard();
    // Who is told of a success must be told the truth.
    if (!call.error && events_.wanted()) call.decode_now();
    if (call.error) {
        call.error->set_attempts(call.course.attempts());
        // What an earlier attempt may have done, a later one that was not sent does not undo.
        if (call.course.maybe_executed() && call.error->fate() == Fate::unsent)
            call.error->set_fate(Fate::unknown);
    }
    events_.concluded(call);
    deliver(std::static_pointer_cast<CallRecord>(call.shared_from_this()));
    if (std::exchange(call.counted, false)) ending_.call_ended();
    end_drain();
    watchdog_.settle();
}

}  // namespace clarify::detail

#endif  // CLARIFY_DETAIL_IMPL_ENGINE_BASE_HPP
