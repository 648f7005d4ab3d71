// SPDX-License-Identifier: BSL-1.0

#ifndef CLARIFY_DETAIL_IMPL_ENGINE_HPP
#define CLARIFY_DETAIL_IMPL_ENGINE_HPP

#include <clarify/core/detail/serial_executor.hpp>
#include <clarify/core/detail/signal.hpp>
#include <clarify/core/retry_after.hpp>
#include <clarify/detail/method_table.hpp>
#include <clarify/rpc/envelope.hpp>

#include <algorithm>
#include <exception>
#include <new>
#include <string>

namespace clarify::detail {

inline EngineBase::EngineBase(
    boost::asio::any_io_executor executor, Url endpoint, ClientOptions options)
    : budget_(options.retry.budget),
      random_(std::random_device{}()),
      executor_(std::move(executor)),
      serial_(SerialExecutor::over(executor_)),
      endpoint_(std::move(endpoint)),
      options_(std::move(options)),
      watchdog_(serial_) {
    options_.check();
}

// Dispatched, not posted: a call on a connection at hand is written before this returns. Only its
// completion has to wait for a turn of its own, and `finish` sees to that.
inline void EngineBase::submit(std::shared_ptr<CallRecord> call) {
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

inline void EngineBase::cancel(
    std::shared_ptr<CallRecord> call, boost::asio::cancellation_type_t type) {
    boost::asio::post(serial_, [self = shared_from_this(), call = std::move(call), type] {
        using boost::asio::cancellation_type;
        const bool harmless = !call->progress.sent;
        const auto effective = harmless ? cancellation_type::all
                                        : cancellation_type::terminal | cancellation_type::partial;
        if ((type & effective) != cancellation_type::none) call->stop(Stop::cancelled);
    });
}

inline void EngineBase::shut_down() {
    boost::asio::post(serial_, [self = shared_from_this()] {
        if (std::exchange(self->closed_, true)) return;
        // Stopping one may end others, so all are held before the first is touched.
        std::vector<std::shared_ptr<Activity>> activities;
        for (Expiring* entry : self->active_.entries()) {
            activities.push_back(static_cast<Activity*>(entry)->shared_from_this());
        }
        for (const auto& activity : activities)
            activity->stop(Stop::closed);
        self->close_backend();
        self->watchdog_.cancel();
    });
}

inline void EngineBase::begin(Activity& activity) {
    active_.insert(activity);
    arm(Clock::now());
}

inline void EngineBase::end(Activity& activity) noexcept { active_.remove(activity); }

// One timer for all calls. It is never set far ahead, and not cancelled when the last call ends,
// but left to run out: so that calls in quick succession cost no system call each, and
// `io_context::run` still returns soon after the last one.
inline void EngineBase::arm(TimePoint now) {
    constexpr std::chrono::milliseconds tick{100};
    if (active_.empty()) return;
    const TimePoint wanted = std::min(active_.first().deadline, now + tick);
    if (armed_ && armed_until_ <= wanted) return;
    armed_ = true;
    armed_until_ = wanted;
    watchdog_.expires_at(wanted);
    watchdog_.async_wait([weak = weak_from_this()](boost::system::error_code ec) {
        // Aborted: either set anew, or the client was closed and waits only for its last calls to
        // end.
        const auto self = weak.lock();
        if (ec || !self) return;
        self->armed_ = false;
        self->expire();
    });
}

inline void EngineBase::expire() {
    const TimePoint now = Clock::now();
    while (!active_.empty() && active_.first().deadline <= now) {
        const auto activity = static_cast<Activity&>(active_.first()).shared_from_this();
        active_.remove(*activity);
        activity->stop(Stop::timeout);
    }
    arm(now);
}

inline void EngineBase::emit(const Event& event) noexcept {
    if (!options_.observer) return;
    try {
        options_.observer(event);
    } catch (...) {  // NOLINT(bugprone-empty-catch): a hook must not harm a call
    }
}

inline Event EngineBase::call_event(EventKind kind, const CallRecord& call) const {
    Event event{kind};
    event.call_id = call.id;
    event.method = call.buffers->method;
    event.attempts = call.attempts;
    event.elapsed = Clock::now() - call.started;
    return event;
}

inline void EngineBase::write_headers(
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

inline Error EngineBase::stop_error(const CallRecord& call) {
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

inline void EngineBase::conclude(CallRecord& call) noexcept {
    end(call);
    if (call.error) {
        call.error->set_attempts(call.attempts);
        // What an earlier attempt may have done, a later one that was not sent does not undo.
        if (call.maybe_executed && call.error->fate() == Fate::unsent)
            call.error->set_fate(Fate::unknown);
    }
    if (options_.observer) {
        Event event = call_event(call.error ? EventKind::failure : EventKind::success, call);
        if (call.error) event.error = &*call.error;
        emit(event);
    }
    call.finish();
}

template <HttpBackend Backend, AuthPolicy Auth>
boost::asio::awaitable<void> Engine<Backend, Auth>::run(std::shared_ptr<CallRecord> call) {
    const auto self = shared_from_this();
    CallBuffers& buffers = *call->buffers;
    bool renewed = false;
    bool fresh_connection = false;
    for (;;) {
        call->error.reset();
        AuthHeader authorization;
        try {
            call->progress = {Phase::token, false};
            std::optional<AuthHeader> cached = auth_.cached(*this);
            if (cached) {
                authorization = std::move(*cached);
            } else {
                Result<AuthHeader> got = co_await auth_.authorize(*this, call->deadline);
                if (!got) {
                    call->error = got.error();
                } else {
                    authorization = std::move(*got);
                }
            }
            if (authorization && !is_field_value(authorization->expose())) {
                call->error = Error{
                    Errc::token,
                    Reason::header,
                    "the authentication policy gave a header with illegal characters"};
            }
            if (authorization && !endpoint().is_https() && !endpoint().is_loopback() &&
                !options().insecure_allow_credentials_over_plain_http) {
                call->error = Error{
                    Errc::bad_config,
                    Reason::insecure,
                    "credentials are not sent over plain http to another machine"};
            }
        } catch (...) {
            call->error = Error{Errc::token, Reason::exception, "the authentication policy threw"};
            call->error->set_phase(Phase::token);
        }
        if (call->error) {
            if (call->stopped != Stop::none) call->error = stop_error(*call);
            break;
        }

        write_headers(*call, authorization ? authorization->expose() : std::string_view{});
        HttpRequest request;
        request.url = &endpoint();
        request.headers = buffers.headers;
        request.body = buffers.request;
        request.deadline = call->deadline;
        request.max_response_body = options().max_response_body;
        request.fresh_connection = fresh_connection;
        buffers.response.clear();
        ++call->attempts;
        call->progress = {};
        try {
            const Result<void> posted =
                co_await backend_.post(request, buffers.response, call->progress);
            if (!posted) call->error = posted.error();
        } catch (...) {
            Error error{Errc::internal, Reason::exception, "the HTTP backend threw"};
            call->error = error.set_phase(call->progress.phase)
                              .set_fate(call->progress.sent ? Fate::unknown : Fate::unsent);
        }
        if (call->error && call->stopped != Stop::none) {
            call->error = stop_error(*call);
            break;
        }
        if (!call->error) {
            call->error = judge(*call);
            if (options().observer) {
                Event event = call_event(EventKind::response, *call);
                event.status = buffers.response.status;
                event.bytes = buffers.response.body.size();
                event.traceparent = buffers.response.traceparent;
                emit(event);
            }
        }
        if (!call->error) {
            budget_.succeeded();
            break;
        }

        if (call->error->code() == Errc::auth && authorization) {
            // The server refused before execution, so any call may be sent again; but only with
            // another token, and only once.
            bool again = false;
            try {
                again = auth_.rejected(*this, authorization);
            } catch (...) {
                again = false;
            }
            if (!again || renewed || call->stopped != Stop::none) break;
            renewed = true;
            continue;
        }

        if (!is_refused(*call->error)) call->maybe_executed = true;
        if (is_transient(*call->error)) budget_.failed();
        const RetryQuestion question{
            *call->error,
            call->idempotent,
            call->attempts,
            fresh_connection,
            Clock::now(),
            call->deadline,
            random()};
        const RetryAnswer answer = decide_retry(question, options().retry, budget_);
        if (!answer.again || call->stopped != Stop::none) break;
        fresh_connection = answer.fresh_connection;
        if (options().observer) {
            Event event = call_event(EventKind::retry, *call);
            event.elapsed = answer.wait;
            event.error = &*call->error;
            emit(event);
        }
        if (answer.wait > Clock::duration::zero()) {
            call->progress = {Phase::backoff, false};
            bool cancelled = false;
            try {
                Signal never;
                cancelled = co_await never.wait(serial(), Clock::now() + answer.wait);
            } catch (...) {
                cancelled = true;
            }
            if (cancelled) {
                call->error = stop_error(*call);
                break;
            }
        }
    }
    conclude(*call);
}

template <HttpBackend Backend, AuthPolicy Auth>
boost::asio::awaitable<Result<void>> Engine<Backend, Auth>::post(
    const HttpRequest& request, HttpResponse& response) {
    HttpProgress progress;
    co_return co_await backend_.post(request, response, progress);
}

template <HttpBackend Backend, AuthPolicy Auth>
void Engine<Backend, Auth>::spawn(boost::asio::awaitable<void> task, TimePoint deadline) {
    auto activity = std::make_shared<Activity>();
    activity->deadline = deadline;
    begin(*activity);
    Activity& record = *activity;
    spawn_task(serial(), run_task(activity, std::move(task)), record.signal, activity);
}

template <HttpBackend Backend, AuthPolicy Auth>
boost::asio::awaitable<void> Engine<Backend, Auth>::run_task(
    std::shared_ptr<Activity> activity, boost::asio::awaitable<void> task) {
    const auto self = shared_from_this();
    try {
        co_await std::move(task);
    } catch (...) {  // NOLINT(bugprone-empty-catch): a task reports through what it owns
    }
    end(*activity);
}

}  // namespace clarify::detail

#endif  // CLARIFY_DETAIL_IMPL_ENGINE_HPP
