// SPDX-License-Identifier: BSL-1.0
// Bodies of the bench on which authentication policies are tried.

#ifndef CLARIFY_TESTING_DETAIL_KITS_IMPL_AUTH_BENCH_HPP
#define CLARIFY_TESTING_DETAIL_KITS_IMPL_AUTH_BENCH_HPP

#include <clarify/testing/detail/kits/auth_bench.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <exception>
#include <utility>

namespace clarify::testing::detail {

struct AuthBench::Task {
    boost::asio::cancellation_signal signal;
    TimeSource::Alarm alarm = 0;
    bool ended = false;
};

inline void AuthFindings::hear(const Error& error) {
    texts.insert(error.to_string());
    texts.insert(std::string{error.message()});
    if (const HttpFailure* http = error.http()) {
        for (const std::string* text :
             {&http->body_excerpt, &http->www_authenticate, &http->location, &http->traceparent})
            texts.insert(*text);
    }
}

inline AuthBench::AuthBench(const AuthCheckOptions& options, AuthFindings& findings)
    : options_(options),
      findings_(findings),
      serial_(clarify::detail::SerialExecutor::over(context_->get_executor(), clock_)),
      executor_(serial_) {
    issue();
}

inline AuthBench::~AuthBench() { destroy_context(); }

inline void AuthBench::destroy_context() noexcept {
    context_.reset();
    // An alarm owns the executor, which owns the clock.
    for (const auto& task : tasks_)
        clock_->clear_alarm(task->alarm);
    for (const auto& call : calls_)
        clock_->clear_alarm(call->alarm);
}

inline void AuthBench::check_place(const char* what) const {
    if (!serial_.running_in_this_thread()) findings_.strayed.insert(what);
}

inline boost::asio::any_io_executor AuthBench::get_executor() const {
    check_place("get_executor");
    return executor_;
}

inline double AuthBench::random() {
    check_place("random");
    return 0.5;
}

inline boost::asio::awaitable<Result<void>> AuthBench::post(
    const HttpRequest& request, HttpResponse& response) {
    check_place("post");
    HttpProgress progress;
    // The address does not matter, but a policy must give one.
    if (request.url == nullptr) {
        findings_.strayed.insert("post without a URL");
        co_return Error{Errc::internal};
    }
    if (request.deadline == (TimePoint::max)()) findings_.posted_without_deadline = true;
    co_return co_await server_.post(request, response, progress);
}

inline void AuthBench::spawn(boost::asio::awaitable<void> awaitable, TimePoint deadline) {
    check_place("spawn");
    const auto task = std::make_shared<Task>();
    tasks_.push_back(task);
    task->alarm = clock_->set_alarm(deadline, [task, executor = executor_] {
        boost::asio::post(
            executor, [task] { task->signal.emit(boost::asio::cancellation_type::terminal); });
    });
    boost::asio::co_spawn(
        executor_,
        std::move(awaitable),
        boost::asio::bind_cancellation_slot(
            task->signal.slot(), [task, clock = clock_](const std::exception_ptr&) {
                task->ended = true;
                clock->clear_alarm(task->alarm);
            }));
}

inline void AuthBench::observe(const Event& event) {
    check_place("observe");
    for (const std::string_view text : {event.method, event.host, event.traceparent})
        findings_.texts.insert(std::string{text});
    AuthEvent& noted = events_.emplace_back(AuthEvent{event.kind, event.time, event.elapsed, {}});
    if (event.error == nullptr) return;
    noted.error = event.error->code();
    findings_.hear(*event.error);
}

inline std::ptrdiff_t AuthBench::events(EventKind kind) const {
    return std::count_if(
        events_.begin(), events_.end(), [kind](const AuthEvent& one) { return one.kind == kind; });
}

inline void AuthBench::issue(Clock::duration delay) {
    // What the script holds may outlive this object.
    server_.always(Answer{[issue = options_.issue,
                           lifetime = options_.lifetime,
                           issued = issued_,
                           findings = &findings_](const RecordedRequest& request) {
                       std::string token = "canary-token-" + std::to_string(issued->size() + 1);
                       issued->push_back(request.began);
                       findings->secrets.insert(token);
                       return issue ? issue(request, token, lifetime)
                                    : reply_token(token, lifetime);
                   }}.after(delay));
}

inline TimePoint AuthBench::newest_end() const {
    return issued_->empty() ? (TimePoint::max)() : issued_->back() + options_.lifetime;
}

template <class Function>
void AuthBench::on_serial(Function function) {
    boost::asio::post(executor_, std::move(function));
    settle();
}

template <class Policy>
boost::asio::awaitable<void> AuthBench::run(
    AuthBench& bench, Policy& policy, TimePoint deadline, std::shared_ptr<AuthCall> call) {
    try {
        Result<AuthHeader> got = co_await policy.authorize(bench, deadline);
        if (got) {
            call->header = *got;
        } else {
            call->error = got.error();
            bench.findings_.hear(got.error());
        }
    } catch (const std::exception& thrown) {
        call->threw = true;
        bench.findings_.texts.insert(thrown.what());
    } catch (...) {
        call->threw = true;
    }
    bench.check_place("the completion of authorize");
    call->done = true;
    call->ended = bench.now();
    const std::string text = call->text();
    if (text.size() > 8) bench.findings_.secrets.insert(text.substr(text.find(' ') + 1));
}

template <class Policy>
std::shared_ptr<AuthCall> AuthBench::start(Policy& policy, Clock::duration limit) {
    const auto call = std::make_shared<AuthCall>();
    calls_.push_back(call);
    const TimePoint deadline = now() + limit;
    call->alarm = clock_->set_alarm(deadline, [call, executor = executor_] {
        boost::asio::post(
            executor, [call] { call->signal.emit(boost::asio::cancellation_type::terminal); });
    });
    boost::asio::co_spawn(
        executor_,
        run(*this, policy, deadline, call),
        boost::asio::bind_cancellation_slot(
            call->signal.slot(), [call, clock = clock_](const std::exception_ptr&) {
                clock->clear_alarm(call->alarm);
            }));
    return call;
}

inline void AuthBench::cancel(const std::shared_ptr<AuthCall>& call) {
    on_serial([call] { call->signal.emit(boost::asio::cancellation_type::terminal); });
}

inline void AuthBench::cancel_tasks() {
    on_serial([tasks = tasks_] {
        for (const auto& task : tasks) {
            if (!task->ended) task->signal.emit(boost::asio::cancellation_type::terminal);
        }
    });
}

inline bool AuthBench::wait(
    const std::vector<std::shared_ptr<AuthCall>>& calls, Clock::duration limit) {
    const auto all_done = [&calls] {
        return std::all_of(calls.begin(), calls.end(), [](const auto& call) { return call->done; });
    };
    return clock_->run_until(*context_, all_done, limit);
}

inline bool AuthBench::quiet() const {
    return std::all_of(
               tasks_.begin(), tasks_.end(), [](const auto& task) { return task->ended; }) &&
        std::all_of(calls_.begin(), calls_.end(), [](const auto& call) { return call->done; });
}

inline void AuthBench::close() {
    if (!context_) return;
    cancel_tasks();
    on_serial([calls = calls_] {
        for (const auto& call : calls) {
            if (!call->done) call->signal.emit(boost::asio::cancellation_type::terminal);
        }
    });
}

}  // namespace clarify::testing::detail

#endif  // CLARIFY_TESTING_DETAIL_KITS_IMPL_AUTH_BENCH_HPP
