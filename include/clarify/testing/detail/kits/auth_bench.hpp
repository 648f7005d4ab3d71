// SPDX-License-Identifier: BSL-1.0
// A client as an authentication policy sees it, driven by hand and watchful.

#ifndef CLARIFY_TESTING_DETAIL_KITS_AUTH_BENCH_HPP
#define CLARIFY_TESTING_DETAIL_KITS_AUTH_BENCH_HPP

#include <clarify/concepts/auth_policy.hpp>
#include <clarify/core/detail/serial_executor.hpp>
#include <clarify/testing/auth_check_options.hpp>
#include <clarify/testing/manual_clock.hpp>
#include <clarify/testing/scripted_backend.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clarify::testing::detail {

/// What a suite gathers over all its cases.
struct AuthFindings {
    /// Notes all text of an error.
    void hear(const Error& error);

    /// What must not be in the texts.
    std::set<std::string> secrets;
    /// What the policy said: in errors, in events, in exceptions.
    std::set<std::string> texts;
    /// What it used of its context where it should not have.
    std::set<std::string> strayed;
    /// Has it posted a request that has no deadline?
    bool posted_without_deadline = false;
};

/// An event that a policy reported.
struct AuthEvent {
    EventKind kind;
    TimePoint time{};
    Clock::duration elapsed{};
    std::optional<Errc> error;
};

/// One `authorize`.
struct AuthCall {
    bool failed() const noexcept { return done && !header; }
    /// The header's text, or an empty one.
    std::string text() const {
        return header && *header ? std::string{(*header)->expose()} : std::string{};
    }

    bool done = false;
    std::optional<AuthHeader> header;
    std::optional<Error> error;
    bool threw = false;
    TimePoint ended{};
    TimeSource::Alarm alarm = 0;
    boost::asio::cancellation_signal signal;
};

/** An `AuthContext` on a clock set by hand, whose posts a script answers.

    It does for a task and a call what the client does: cancels them at their deadline, and when it
    closes.
*/
class AuthBench final : public AuthContext {
public:
    AuthBench(const AuthCheckOptions& options, AuthFindings& findings);
    AuthBench(const AuthBench&) = delete;
    AuthBench& operator=(const AuthBench&) = delete;
    ~AuthBench();

    boost::asio::any_io_executor get_executor() const override;
    TimePoint now() const override { return clock_->now(); }
    double random() override;
    boost::asio::awaitable<Result<void>> post(
        const HttpRequest& request, HttpResponse& response) override;
    void spawn(boost::asio::awaitable<void> task, TimePoint deadline) override;
    void observe(const Event& event) override;
    /// No API is called here, so a header has served if a case says so.
    bool has_served(const AuthHeader& header) const override { return header == served_; }
    void serve(const AuthHeader& header) { served_ = header; }
    const std::vector<AuthEvent>& events() const noexcept { return events_; }
    /// How many events of this kind there were.
    std::ptrdiff_t events(EventKind kind) const;

    /// How long the token endpoint takes. Never nothing, so that a policy that asks again and again
    /// without a pause makes time pass, and its case ends.
    static constexpr std::chrono::milliseconds moment{10};
    /// Makes the token endpoint answer all requests so.
    void answer(Answer answer) { server_.always(answer.after(moment)); }
    /// Makes it issue tokens, as it does at first.
    void issue(Clock::duration delay = moment);
    std::size_t posts() const noexcept { return server_.requests().size(); }
    std::size_t spawned() const noexcept { return tasks_.size(); }
    /// When the token that was issued last reaches the end of its life, counted from when it was
    /// asked for. The end of time where none was issued.
    TimePoint newest_end() const;

    /// Runs `function` on the serial executor, and then whatever can run without time passing.
    template <class Function>
    void on_serial(Function function);
    /// Starts an `authorize` that the client would cancel after `limit`.
    template <class Policy>
    std::shared_ptr<AuthCall> start(Policy& policy, Clock::duration limit = std::chrono::hours{10});
    void cancel(const std::shared_ptr<AuthCall>& call);
    /// Cancels the tasks that have not ended.
    void cancel_tasks();
    /// Runs what can run without time passing.
    void settle() { clock_->run_for(*context_, Clock::duration::zero()); }
    void pass(Clock::duration span) { clock_->run_for(*context_, span); }
    /// Runs until all of `calls` are done, at most for `limit`; whether they are.
    bool wait(const std::vector<std::shared_ptr<AuthCall>>& calls, Clock::duration limit);
    /// Is every task over, and every call?
    bool quiet() const;
    /// Does what a client does that is closed: cancels everything.
    void close();
    /// Destroys the execution context, with all that is on it.
    void destroy_context() noexcept;

private:
    struct Task;
    template <class Policy>
    static boost::asio::awaitable<void> run(
        AuthBench& bench, Policy& policy, TimePoint deadline, std::shared_ptr<AuthCall> call);
    void check_place(const char* what) const;

    const AuthCheckOptions& options_;
    AuthFindings& findings_;
    std::shared_ptr<ManualClock> clock_ = std::make_shared<ManualClock>();
    std::optional<boost::asio::io_context> context_{std::in_place};
    clarify::detail::SerialExecutor serial_;
    boost::asio::any_io_executor executor_;
    ScriptedBackend server_;
    /// When each of the tokens was asked for.
    std::shared_ptr<std::vector<TimePoint>> issued_ = std::make_shared<std::vector<TimePoint>>();
    std::vector<std::shared_ptr<Task>> tasks_;
    std::vector<std::shared_ptr<AuthCall>> calls_;
    std::vector<AuthEvent> events_;
    AuthHeader served_;
};

}  // namespace clarify::testing::detail

#include <clarify/testing/detail/kits/impl/auth_bench.hpp>

#endif  // CLARIFY_TESTING_DETAIL_KITS_AUTH_BENCH_HPP
