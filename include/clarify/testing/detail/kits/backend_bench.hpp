// SPDX-License-Identifier: BSL-1.0
// Drives the exchanges of one backend as a client does, on a serial executor of an io_context of
// its own, but from plain synchronous code and with limits in real time.

#ifndef CLARIFY_TESTING_DETAIL_KITS_BACKEND_BENCH_HPP
#define CLARIFY_TESTING_DETAIL_KITS_BACKEND_BENCH_HPP

#include <clarify/core/detail/async_op.hpp>
#include <clarify/core/detail/serial_executor.hpp>
#include <clarify/testing/detail/kits/backend_check.hpp>

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clarify::testing::detail {

/// One exchange: what it sends, what became of it. Change it only before it is started.
struct Exchange final : clarify::detail::TaskOwner {
    Exchange(const std::string& address, std::string_view content);
    Exchange(const Exchange&) = delete;
    Exchange& operator=(const Exchange&) = delete;

    void task_gone() noexcept override {}
    bool succeeded() const noexcept { return done && !error && thrown.empty(); }
    /// What became of it, in words that follow "the exchange".
    std::string outcome() const;

    Url url;
    std::string body;
    std::vector<std::pair<std::string, std::string>> headers;
    /// What it refers to is set by `BackendBench::start`.
    HttpRequest request;
    /// Keep the lease of a success at once, as a client does that understood the reply?
    bool keep = true;

    HttpResponse response;
    HttpProgress progress;
    bool done = false;
    std::optional<Error> error;
    /// What a thrown exception said; empty if there was none.
    std::string thrown;
    /// Was the awaitable resumed on the serial executor?
    bool on_executor = true;
    bool cancelled = false;

    // For the bench.
    std::vector<HeaderView> header_views;
    std::optional<boost::asio::cancellation_signal> signal;
};

/** A backend with the executor and the exchanges of one client.

    Ends like a client: cancels what is in flight, closes the backend, and destroys it once all
    awaitables are gone.
*/
class BackendBench {
public:
    /// How much later than the deadline an exchange is cancelled that has not ended by itself.
    static constexpr std::chrono::milliseconds grace{300};
    /// Within how long a cancelled exchange must complete.
    static constexpr std::chrono::seconds prompt{2};

    explicit BackendBench(BackendCheck& check) : BackendBench(check, check.options()) {}
    BackendBench(BackendCheck& check, const HttpOptions& options);
    BackendBench(const BackendBench&) = delete;
    BackendBench& operator=(const BackendBench&) = delete;
    ~BackendBench();

    BackendUnderTest& backend() noexcept { return *backend_; }

    /// A new exchange that is not started yet.
    Exchange& prepare(const std::string& address, std::string_view body = "{}");
    /// Starts an exchange, also one that is over, with its buffers as they are, but cleared.
    void start(Exchange& exchange);
    Exchange& start(const std::string& address, std::string_view body = "{}") {
        Exchange& exchange = prepare(address, body);
        start(exchange);
        return exchange;
    }
    /// Runs until the exchange is over. @throws DidNotComplete at the limit of the case.
    void wait(Exchange& exchange);
    /// Starts an exchange and runs until it is over.
    Exchange& post(const std::string& address, std::string_view body = "{}") {
        Exchange& exchange = start(address, body);
        wait(exchange);
        return exchange;
    }

    /// Asks an exchange to end, with `cancellation_type::terminal`.
    void cancel(Exchange& exchange);
    /// Cancels an exchange and notes a problem if it does not complete promptly.
    bool cancels(Exchange& exchange);
    void keep(Exchange& exchange);
    void drop(Exchange& exchange);
    /// Runs `function` on the serial executor.
    void on_executor(const std::function<void()>& function);
    /// That executor; not after `destroy`.
    const clarify::detail::SerialExecutor& serial() const { return *serial_; }
    /// Runs until `done()`; false if that takes longer than `most`.
    bool runs_until(const std::function<bool()>& done, Clock::duration most);
    /// Runs an exchange to its end, by turns with times in which nothing runs. False, at once, if what
    /// belongs to the executor changed in such a time: another thread has been there.
    bool alone_with(const Exchange& exchange, std::chrono::milliseconds pause);

    /// Destroys the io_context with all that is in flight, and the backend after that.
    void destroy();

    // What a case expects; each notes its problems. `what` names the exchange among several.
    bool expect_success(
        const Exchange& exchange,
        unsigned status,
        std::string_view body,
        std::string_view what = {});
    bool expect_failure(
        const Exchange& exchange,
        Fate fate,
        std::optional<Errc> code = std::nullopt,
        std::string_view what = {});

private:
    void enforce_deadlines();
    void shut_down();

    BackendCheck& check_;
    std::unique_ptr<boost::asio::io_context> context_;
    using Work = boost::asio::executor_work_guard<boost::asio::io_context::executor_type>;
    std::optional<Work> work_;
    std::optional<clarify::detail::SerialExecutor> serial_;
    std::shared_ptr<BackendUnderTest> backend_;
    std::list<std::shared_ptr<Exchange>> exchanges_;
};

}  // namespace clarify::testing::detail

#include <clarify/testing/detail/kits/impl/backend_bench.hpp>

#endif  // CLARIFY_TESTING_DETAIL_KITS_BACKEND_BENCH_HPP
