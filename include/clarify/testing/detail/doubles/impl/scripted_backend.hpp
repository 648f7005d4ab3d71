// SPDX-License-Identifier: BSL-1.0
// Bodies of the HTTP stack that answers by a script.

#ifndef CLARIFY_TESTING_DETAIL_DOUBLES_IMPL_SCRIPTED_BACKEND_HPP
#define CLARIFY_TESTING_DETAIL_DOUBLES_IMPL_SCRIPTED_BACKEND_HPP

#include <clarify/core/detail/text.hpp>
#include <clarify/core/detail/time_span.hpp>
#include <clarify/core/timer.hpp>
#include <clarify/testing/scripted_backend.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <functional>
#include <iterator>
#include <map>

namespace clarify::testing {

struct ScriptedBackend::State {
    std::optional<Answer> answer_to(const RecordedRequest& request) {
        const auto found = scripts.find(request.path);
        std::optional<Answer> answer =
            found != scripts.end() ? found->second.take() : others.take();
        // A function decides, and what it decides may be a function again.
        while (answer) {
            const auto* decide =
                std::get_if<std::function<Answer(const RecordedRequest&)>>(&answer->plan().ending);
            if (decide == nullptr) break;
            detail::ScriptPlan plan = (*decide)(request).plan();
            const detail::ScriptPlan& outer = answer->plan();
            plan.headers.insert(plan.headers.end(), outer.headers.begin(), outer.headers.end());
            for (const Phase phase : detail::script_phases)
                plan.pause_in(phase) += outer.pause_in(phase);
            answer.emplace(std::move(plan));
        }
        return answer;
    }

    std::map<std::string, Script, std::less<>> scripts;
    Script others;
    // A deque, so that a record stays where it is while its exchange runs.
    std::deque<RecordedRequest> requests;
    std::size_t in_flight = 0;
    std::size_t most_in_flight = 0;
    std::size_t kept = 0;
    std::size_t dropped = 0;
    bool closed = false;
};

/// What an exchange changes in the script's books, also where it is destroyed half way.
class ScriptedBackend::Exchange {
public:
    Exchange(
        std::shared_ptr<State> state,
        const HttpRequest& request,
        HttpProgress& progress,
        TimePoint now)
        : state_(std::move(state)), progress_(progress), record_(state_->requests.emplace_back()) {
        record_.number = state_->requests.size();
        record_.url = request.url->to_string();
        record_.path = request.url->path();
        for (const HeaderView& header : request.headers)
            record_.headers.emplace_back(header.name, header.value);
        record_.body = request.body;
        record_.began = now;
        record_.deadline = request.deadline;
        record_.max_response_body = request.max_response_body;
        record_.fresh_connection = request.fresh_connection;
        ++state_->in_flight;
        state_->most_in_flight = (std::max)(state_->most_in_flight, state_->in_flight);
        enter(Phase::queue, false);
    }
    Exchange(const Exchange&) = delete;
    Exchange& operator=(const Exchange&) = delete;
    ~Exchange() {
        record_.ended = true;
        --state_->in_flight;
    }

    State& state() noexcept { return *state_; }
    RecordedRequest& record() noexcept { return record_; }

    void enter(Phase phase, bool sent) noexcept {
        record_.phase = progress_.phase = phase;
        record_.sent = progress_.sent = sent;
    }
    /// An error where the exchange is.
    Error error(Errc code, Reason reason, const char* message) const {
        Error error{code, reason, message};
        return error.set_phase(record_.phase).set_fate(record_.sent ? Fate::unknown : Fate::unsent);
    }
    /// Fills the response.
    Result<void> answer(const detail::ScriptPlan& plan, HttpResponse& response);

private:
    static void release(std::shared_ptr<void> state, bool keep) {
        auto& books = *static_cast<State*>(state.get());
        ++(keep ? books.kept : books.dropped);
    }

    std::shared_ptr<State> state_;
    HttpProgress& progress_;
    RecordedRequest& record_;
};

inline Result<void> ScriptedBackend::Exchange::answer(
    const detail::ScriptPlan& plan, HttpResponse& response) {
    const auto& reply = std::get<detail::ScriptedReply>(plan.ending);
    response.clear();
    response.body = reply.body(record_);
    if (response.body.size() > record_.max_response_body) {
        response.clear();
        return error(Errc::too_large, Reason::body, "the response body is too large");
    }
    response.status = reply.status;
    if (!response.body.empty()) response.content_type = "application/json";
    for (const auto& [name, value] : plan.headers) {
        using clarify::detail::iequals;
        if (iequals(name, "Content-Type")) response.content_type = value;
        if (iequals(name, "Date")) response.date = value;
        if (iequals(name, "Location")) response.location = value;
        if (iequals(name, "Retry-After")) response.retry_after = value;
        if (iequals(name, "traceparent")) response.traceparent = value;
        if (iequals(name, "WWW-Authenticate")) response.www_authenticate = value;
    }
    response.lease = ConnectionLease{state_, &release};
    record_.answered = true;
    return {};
}

inline boost::asio::awaitable<Result<void>> ScriptedBackend::run(
    std::shared_ptr<State> state,
    const HttpRequest& request,
    HttpResponse& response,
    HttpProgress& progress) {
    const boost::asio::any_io_executor executor = co_await boost::asio::this_coro::executor;
    Timer timer{executor};
    Exchange exchange{std::move(state), request, progress, timer.now()};
    const std::optional<Answer> answer = exchange.state().answer_to(exchange.record());
    if (!answer) {
        Error error{
            Errc::internal,
            Reason::none,
            "no answer is scripted for request " + std::to_string(exchange.record().number) + " (" +
                exchange.record().path + ")"};
        co_return error;
    }
    const detail::ScriptPlan& plan = answer->plan();
    const auto* const failure = std::get_if<detail::ScriptedFailure>(&plan.ending);
    for (const Phase phase : detail::script_phases) {
        const bool last = !plan.is_reply() && phase == plan.where;
        // There is a proxy only where the script mentions one.
        if (phase == Phase::proxy && !last && plan.pause_in(phase) <= Clock::duration::zero())
            continue;
        const bool refused_unsent =
            last && failure != nullptr && !failure->silent && failure->error.fate() == Fate::unsent;
        exchange.enter(phase, detail::is_sent_in(phase) && !refused_unsent);
        const bool silent = last && failure != nullptr && failure->silent;
        const TimePoint until = silent
            ? (TimePoint::max)()
            : clarify::detail::time_after(timer.now(), plan.pause_in(phase));
        if (until > timer.now()) {
            timer.expires_at((std::min)(until, request.deadline));
            co_await timer.async_wait(boost::asio::as_tuple(boost::asio::deferred));
            if (phase == Phase::queue) progress.left_queue = timer.now();
        } else if (phase == Phase::first_byte) {
            // No server answers before the client has done something else.
            co_await boost::asio::post(executor, boost::asio::deferred);
        }
        const auto cancellation = co_await boost::asio::this_coro::cancellation_state;
        if (cancellation.cancelled() != boost::asio::cancellation_type::none)
            co_return exchange.error(Errc::cancelled, Reason::none, "the exchange was cancelled");
        if (timer.now() >= request.deadline)
            co_return exchange.error(Errc::timeout, Reason::none, "the deadline has passed");
        if (!last) continue;
        if (failure != nullptr) co_return failure->error;
        std::rethrow_exception(std::get<std::exception_ptr>(plan.ending));
    }
    co_return exchange.answer(plan, response);
}

inline std::optional<Answer> Script::take() {
    if (steps_.empty()) return always_;
    std::optional<Answer> answer{std::move(steps_.front())};
    steps_.pop_front();
    return answer;
}

inline ScriptedBackend::ScriptedBackend() : state_(std::make_shared<State>()) {}

inline Script& ScriptedBackend::on(std::string_view path) {
    return state_->scripts.try_emplace(std::string{path}).first->second;
}
inline Script& ScriptedBackend::then(Answer answer, std::size_t times) {
    return state_->others.then(std::move(answer), times);
}
inline Script& ScriptedBackend::always(Answer answer) {
    return state_->others.always(std::move(answer));
}

inline const std::deque<RecordedRequest>& ScriptedBackend::requests() const noexcept {
    return state_->requests;
}
inline std::vector<RecordedRequest> ScriptedBackend::requests(std::string_view path) const {
    std::vector<RecordedRequest> found;
    std::copy_if(
        state_->requests.begin(),
        state_->requests.end(),
        std::back_inserter(found),
        [path](const RecordedRequest& request) { return request.path == path; });
    return found;
}
inline std::size_t ScriptedBackend::count(std::string_view path) const {
    const auto found = std::count_if(
        state_->requests.begin(), state_->requests.end(), [path](const RecordedRequest& request) {
            return request.path == path;
        });
    return static_cast<std::size_t>(found);
}
inline std::size_t ScriptedBackend::in_flight() const noexcept { return state_->in_flight; }
inline std::size_t ScriptedBackend::most_in_flight() const noexcept {
    return state_->most_in_flight;
}
inline std::size_t ScriptedBackend::kept() const noexcept { return state_->kept; }
inline std::size_t ScriptedBackend::dropped() const noexcept { return state_->dropped; }
inline bool ScriptedBackend::closed() const noexcept { return state_->closed; }

inline boost::asio::awaitable<Result<void>> ScriptedBackend::post(
    const HttpRequest& request, HttpResponse& response, HttpProgress& progress) {
    return run(state_, request, response, progress);
}
inline void ScriptedBackend::close() noexcept { state_->closed = true; }

}  // namespace clarify::testing

#endif  // CLARIFY_TESTING_DETAIL_DOUBLES_IMPL_SCRIPTED_BACKEND_HPP
