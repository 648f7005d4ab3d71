// SPDX-License-Identifier: BSL-1.0
// The inside of a client: takes each call along its course, to authentication and to HTTP.

#ifndef CLARIFY_DETAIL_ENGINE_HPP
#define CLARIFY_DETAIL_ENGINE_HPP

#include <clarify/concepts/auth_policy.hpp>
#include <clarify/concepts/http_backend.hpp>
#include <clarify/core/detail/async_op.hpp>
#include <clarify/core/detail/signal.hpp>
#include <clarify/core/detail/time_span.hpp>
#include <clarify/detail/engine_base.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/this_coro.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

namespace clarify::detail {

/// Adds the policies to the core: where a call meets authentication and HTTP.
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
        if constexpr (requires { backend_.observe(Observer{}); }) {
            if (this->options().observer) backend_.observe(this->options().observer);
        }
        // Not before there is somebody to tell.
        enter_context();
    }
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;
    ~Engine() override { part(); }

    /// In any thread: has the policy go on as `other`, where it can.
    template <class Other>
    void replace_auth(Other other) {
        auto next = std::make_shared<Other>(std::move(other));
        boost::asio::dispatch(serial(), [self = shared_from_this(), this, next = std::move(next)] {
            auth_.replace(*this, std::move(*next));
        });
    }

private:
    boost::asio::awaitable<void> run(std::shared_ptr<CallRecord> call) override;
    bool authorize_at_once(CallRecord& call, AuthHeader& header) noexcept;
    boost::asio::awaitable<void> authorize(CallRecord& call, AuthHeader& header);

    void close_backend() noexcept override { backend_.close(); }
    void drain_backend() noexcept override {
        if constexpr (requires { backend_.drain(); }) backend_.drain();
    }
    bool ask_for_another(const AuthHeader& header) override {
        return auth_.rejected(*this, header);
    }
    std::string_view kept_secret() const noexcept override { return kept_secret_of(auth_); }
    std::shared_ptr<const Url> moved_endpoint() const noexcept override {
        return endpoint_of(auth_);
    }

    // What the client lends to its authentication policy.
    boost::asio::any_io_executor get_executor() const override { return serial(); }
    TimePoint now() const override { return time(); }
    std::chrono::system_clock::time_point wall_now() const override {
        return wall_time(options().clock.get());
    }
    double random() override { return random_number(); }
    boost::asio::awaitable<Result<void>> post(
        const HttpRequest& request, HttpResponse& response) override;
    void spawn(boost::asio::awaitable<void> task, TimePoint deadline) override;
    boost::asio::awaitable<void> run_task(
        std::shared_ptr<TaskRecord> record, boost::asio::awaitable<void> task);
    void observe(const Event& event) override { events().emit(event); }
    bool has_served(const AuthHeader& header) const override { return is_proven(header); }
    void identity_changed() override {
        if constexpr (requires { backend_.retire(); }) backend_.retire();
    }

    Backend backend_;
    Auth auth_;
};

/** Takes a call along its course.

    The one coroutine of a call whose header is at hand, besides the backend's own: Asio keeps the
    memory of two frames for the next coroutines, and allocates every one beyond. For the same
    reason nothing is composed here that would take room in the frame.
*/
template <HttpBackend Backend, AuthPolicy Auth>
boost::asio::awaitable<void> Engine<Backend, Auth>::run(std::shared_ptr<CallRecord> call) {
    const auto self = shared_from_this();
    AuthHeader header;
    TimePoint sent{};
    CourseAction action = next_action(*call, CourseEvent{});
    try {
        while (action.step != CourseStep::end) {
            CourseEvent event;
            switch (action.step) {
                case CourseStep::queue: {
                    if (RateLine* const line = begin_queue(*call)) co_await wait_in(*line, *call);
                    event = end_queue(*call);
                    break;
                }
                case CourseStep::token: {
                    call->progress = {Phase::token, false};
                    if (!authorize_at_once(*call, header)) co_await authorize(*call, header);
                    event = end_token(*call, header);
                    break;
                }
                case CourseStep::send: {
                    sent = events().time();
                    const HttpRequest request = begin_exchange(*call, action.fresh_connection);
                    Result<void> posted;
                    try {
                        posted = co_await backend_.post(
                            request, call->buffers->response, call->progress);
                    } catch (...) {
                        // What it says to being cut does not matter.
                        if (!call->course.is_cut()) throw;
                        posted = Error{};
                    }
                    // The call goes on, though its coroutine was cancelled.
                    if (call->course.is_cut())
                        co_await boost::asio::this_coro::reset_cancellation_state();
                    event = end_exchange(*call, posted, header, sent);
                    break;
                }
                case CourseStep::pause: {
                    events().retry(*call, sent, action.wait);
                    bool cancelled = false;
                    if (action.wait > Clock::duration::zero()) {
                        begin_pause(*call);
                        Signal never;
                        cancelled = co_await never.wait(serial(), time_after(time(), action.wait));
                    }
                    event = end_wait(*call, cancelled);
                    break;
                }
                case CourseStep::end:
                    break;
            }
            action = next_action(*call, event);
        }
    } catch (...) {
        end_thrown(*call, action.step);
    }
    conclude(*call);
}

/// Gets the header without waiting. False where there is none yet, and no failure either.
template <HttpBackend Backend, AuthPolicy Auth>
bool Engine<Backend, Auth>::authorize_at_once(CallRecord& call, AuthHeader& header) noexcept {
    try {
        std::optional<AuthHeader> cached = auth_.cached(*this);
        if (!cached) return false;
        header = std::move(*cached);
    } catch (...) {
        call.error = exception_error(call, Errc::token, "the authentication policy threw");
    }
    return true;
}

/// Waits for the header.
template <HttpBackend Backend, AuthPolicy Auth>
boost::asio::awaitable<void> Engine<Backend, Auth>::authorize(
    CallRecord& call, AuthHeader& header) {
    try {
        Result<AuthHeader> got = co_await auth_.authorize(*this, call.ends);
        if (got) {
            header = std::move(*got);
        } else {
            call.error = or_else(got.error(), Errc::token, Phase::token);
        }
    } catch (...) {
        call.error = exception_error(call, Errc::token, "the authentication policy threw");
    }
}

template <HttpBackend Backend, AuthPolicy Auth>
boost::asio::awaitable<Result<void>> Engine<Backend, Auth>::post(
    const HttpRequest& request, HttpResponse& response) {
    PolicyRequest sent{*this};
    co_return co_await backend_.post(request, response, sent.progress);
}

template <HttpBackend Backend, AuthPolicy Auth>
void Engine<Backend, Auth>::spawn(boost::asio::awaitable<void> task, TimePoint deadline) {
    auto record = std::make_shared<TaskRecord>(shared_from_this());
    record->deadline = deadline;
    try {
        begin(*record);
        spawn_task(serial(), run_task(record, std::move(task)), record->signal, record);
    } catch (...) {
        record->finish();
        throw;
    }
    // Too late for the others that were stopped.
    if (is_closed()) record->stop(Stop::closed);
}

template <HttpBackend Backend, AuthPolicy Auth>
boost::asio::awaitable<void> Engine<Backend, Auth>::run_task(
    std::shared_ptr<TaskRecord> record, boost::asio::awaitable<void> task) {
    try {
        co_await std::move(task);
    } catch (...) {  // NOLINT(bugprone-empty-catch): a task reports through what it owns
    }
    record->finish();
}

}  // namespace clarify::detail

#endif  // CLARIFY_DETAIL_ENGINE_HPP
