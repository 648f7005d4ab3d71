// SPDX-License-Identifier: BSL-1.0
// Bodies of the bench on which HTTP backends are tried.

#ifndef CLARIFY_TESTING_DETAIL_KITS_IMPL_BACKEND_BENCH_HPP
#define CLARIFY_TESTING_DETAIL_KITS_IMPL_BACKEND_BENCH_HPP

#include <clarify/core/detail/async_op.hpp>
#include <clarify/testing/detail/kits/backend_bench.hpp>

#include <boost/asio/post.hpp>

#include <algorithm>
#include <chrono>
#include <exception>
#include <memory>
#include <string>
#include <thread>
#include <tuple>

namespace clarify::testing::detail {

inline Exchange::Exchange(const std::string& address, std::string_view content)
    : url(Url::parse(address).value()), body(content) {}

inline std::string Exchange::outcome() const {
    if (!done) return "did not complete";
    if (!thrown.empty()) return "threw: " + thrown;
    if (error) return "failed: " + error->to_string();
    return "succeeded with status " + std::to_string(response.status) + " and a body of " +
        std::to_string(response.body.size()) + " bytes";
}

/// The owners in the frame outlive the awaitable of the backend.
inline boost::asio::awaitable<void> drive_exchange(
    std::shared_ptr<BackendUnderTest> backend,
    std::shared_ptr<Exchange> exchange,
    clarify::detail::SerialExecutor serial) {
    try {
        const Result<void> posted =
            co_await backend->post(exchange->request, exchange->response, exchange->progress);
        if (!posted) exchange->error = posted.error();
        if (posted && exchange->keep) exchange->response.lease.keep();
    } catch (const std::exception& thrown) {
        exchange->thrown = thrown.what();
        if (exchange->thrown.empty()) exchange->thrown = "an exception without text";
    } catch (...) {
        exchange->thrown = "something that is not a std::exception";
    }
    exchange->on_executor = serial.running_in_this_thread();
    exchange->done = true;
}

inline BackendBench::BackendBench(BackendCheck& check, const HttpOptions& options)
    : check_(check),
      context_(std::make_unique<boost::asio::io_context>()),
      work_(context_->get_executor()),
      serial_(clarify::detail::SerialExecutor::over(context_->get_executor())),
      backend_(check.make(options)) {}

inline BackendBench::~BackendBench() {
    try {
        shut_down();
    } catch (const std::exception& thrown) {
        check_.problem(std::string{"an exception left the executor: "} + thrown.what());
    }
}

inline Exchange& BackendBench::prepare(const std::string& address, std::string_view body) {
    exchanges_.push_back(std::make_shared<Exchange>(address, body));
    Exchange& exchange = *exchanges_.back();
    exchange.request.max_response_body = std::size_t{4} << 20U;
    return exchange;
}

inline void BackendBench::start(Exchange& exchange) {
    const auto owner = std::find_if(exchanges_.begin(), exchanges_.end(), [&](const auto& one) {
        return one.get() == &exchange;
    });
    exchange.header_views.clear();
    for (const auto& [name, value] : exchange.headers)
        exchange.header_views.push_back({name, value});
    exchange.request.url = &exchange.url;
    exchange.request.headers = exchange.header_views;
    exchange.request.body = exchange.body;
    if (exchange.request.deadline == (TimePoint::max)())
        exchange.request.deadline = check_.limit() - std::chrono::seconds{1};
    exchange.response.clear();
    exchange.progress = {};
    exchange.done = false;
    exchange.error.reset();
    exchange.thrown.clear();
    exchange.cancelled = false;
    exchange.signal.emplace();
    clarify::detail::spawn_task(
        *serial_, drive_exchange(backend_, *owner, *serial_), *exchange.signal, *owner);
}

inline bool BackendBench::runs_until(const std::function<bool()>& done, Clock::duration most) {
    const TimePoint until = (std::min)(check_.limit(), Clock::now() + most);
    while (!done()) {
        if (Clock::now() >= until) return false;
        enforce_deadlines();
        // Short, because what is waited for may happen on a server's thread.
        context_->run_one_for(std::chrono::milliseconds{2});
    }
    return true;
}

/// What an exchange shows of itself, but for what its texts hold, which may be on the move.
inline auto visible_of(const Exchange& exchange) {
    const HttpProgress& progress = exchange.progress;
    const HttpResponse& response = exchange.response;
    return std::tuple{
        exchange.done,
        progress.phase,
        progress.sent,
        progress.left_queue,
        response.status,
        response.early,
        response.body.size(),
        response.content_type.size(),
        static_cast<bool>(response.lease)};
}

inline bool BackendBench::alone_with(const Exchange& exchange, std::chrono::milliseconds pause) {
    while (!exchange.done) {
        if (Clock::now() >= check_.limit()) throw DidNotComplete{"an exchange did not complete"};
        enforce_deadlines();
        context_->poll();
        const auto before = visible_of(exchange);
        std::this_thread::sleep_for(pause);
        if (visible_of(exchange) != before) return false;
    }
    return true;
}

inline void BackendBench::enforce_deadlines() {
    const TimePoint now = Clock::now();
    for (const auto& exchange : exchanges_) {
        if (exchange->done || exchange->cancelled || !exchange->signal) continue;
        if (now >= exchange->request.deadline + grace) cancel(*exchange);
    }
}

inline void BackendBench::wait(Exchange& exchange) {
    const bool over = runs_until([&] { return exchange.done; }, std::chrono::hours{1});
    if (!over) throw DidNotComplete{"an exchange did not complete"};
}

inline void BackendBench::cancel(Exchange& exchange) {
    exchange.cancelled = true;
    boost::asio::post(*serial_, [&exchange] {
        if (!exchange.done) exchange.signal->emit(boost::asio::cancellation_type::terminal);
    });
}

inline bool BackendBench::cancels(Exchange& exchange) {
    cancel(exchange);
    const bool over = runs_until([&] { return exchange.done; }, prompt);
    return check_.expect(
        over,
        "a cancelled exchange did not complete within " + std::to_string(prompt.count()) + " s");
}

inline void BackendBench::keep(Exchange& exchange) {
    on_executor([&] { exchange.response.lease.keep(); });
}

inline void BackendBench::drop(Exchange& exchange) {
    on_executor([&] { exchange.response.lease.discard(); });
}

inline void BackendBench::on_executor(const std::function<void()>& function) {
    const auto done = std::make_shared<bool>(false);
    boost::asio::post(*serial_, [done, function] {
        function();
        *done = true;
    });
    if (!runs_until([&] { return *done; }, std::chrono::hours{1}))
        throw DidNotComplete{"the executor was not given back"};
}

inline void BackendBench::shut_down() {
    if (!context_) return;
    boost::asio::post(*serial_, [this] {
        for (const auto& exchange : exchanges_) {
            if (!exchange->done && exchange->signal)
                exchange->signal->emit(boost::asio::cancellation_type::terminal);
        }
        for (const auto& exchange : exchanges_) {
            if (exchange->done) exchange->response.lease.discard();
        }
        backend_->close();
    });
    // Not `runs_until`: the limit of the case may have passed already.
    const TimePoint until = Clock::now() + std::chrono::milliseconds{500};
    const auto all_done = [this] {
        return std::all_of(exchanges_.begin(), exchanges_.end(), [](const auto& exchange) {
            return exchange->done || !exchange->signal;
        });
    };
    while (Clock::now() < until && (context_->poll() != 0 || !all_done()))
        context_->run_one_for(std::chrono::milliseconds{2});
    destroy();
}

inline void BackendBench::destroy() {
    for (const auto& exchange : exchanges_)
        exchange->response.lease.discard();
    // The awaitables in flight hold the backend: it goes with the last of them.
    backend_.reset();
    work_.reset();
    context_.reset();
    serial_.reset();
}

inline bool BackendBench::expect_success(
    const Exchange& exchange, unsigned status, std::string_view body, std::string_view what) {
    const std::string which = what.empty() ? "the exchange " : std::string{what} + ' ';
    if (!exchange.succeeded()) {
        check_.problem(which + exchange.outcome());
        return false;
    }
    const std::string& got = exchange.response.body;
    bool good = check_.expect(
        exchange.response.status == status,
        which + "gave the status " + std::to_string(exchange.response.status) + " instead of " +
            std::to_string(status));
    if (got.size() != body.size()) {
        good = false;
        check_.problem(
            which + "gave a body of " + std::to_string(got.size()) + " bytes instead of " +
            std::to_string(body.size()));
    } else if (got != body) {
        good = false;
        const auto differ = std::mismatch(got.begin(), got.end(), body.begin());
        check_.problem(
            which + "gave a body that is wrong from byte " +
            std::to_string(differ.first - got.begin()));
    }
    return good;
}

inline bool BackendBench::expect_failure(
    const Exchange& exchange, Fate fate, std::optional<Errc> code, std::string_view what) {
    const std::string which = what.empty() ? "the exchange " : std::string{what} + ' ';
    if (!exchange.error) {
        check_.problem(which + exchange.outcome());
        return false;
    }
    const Error& error = *exchange.error;
    const bool true_fate = check_.expect(
        error.fate() == fate,
        which + "reported the fate " + std::string{to_string(error.fate())} + " instead of " +
            std::string{to_string(fate)} + ": " + error.to_string());
    if (!code) return true_fate;
    return check_.expect(
               error.code() == *code,
               which + "reported the kind " + std::string{to_string(error.code())} +
                   " instead of " + std::string{to_string(*code)} + ": " + error.to_string()) &&
        true_fate;
}

}  // namespace clarify::testing::detail

#endif  // CLARIFY_TESTING_DETAIL_KITS_IMPL_BACKEND_BENCH_HPP
