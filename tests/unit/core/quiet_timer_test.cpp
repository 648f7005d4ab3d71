// SPDX-License-Identifier: BSL-1.0
// What a context counts while a timer rests, is held, set anew or destroyed.

#include <clarify/core/detail/quiet_timer.hpp>
#include <clarify/core/detail/serial_executor.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/execution.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace quiet_timer_test {

using namespace std::chrono_literals;
using clarify::Clock;
using clarify::TimePoint;
using clarify::detail::QuietTimer;
using clarify::detail::SerialExecutor;
namespace asio = boost::asio;

namespace {

/// An executor that the library has never seen, over a context.
class Foreign {
public:
    explicit Foreign(asio::io_context& context) : context_(&context) {}

    asio::execution_context& query(asio::execution::context_t) const noexcept { return *context_; }
    asio::execution::blocking_t query(asio::execution::blocking_t) const noexcept {
        return asio::execution::blocking.never;
    }
    Foreign require(asio::execution::blocking_t::never_t) const noexcept { return *this; }
    template <class Function>
    void execute(Function&& function) const {
        asio::post(*context_, std::forward<Function>(function));
    }
    friend bool operator==(const Foreign&, const Foreign&) noexcept = default;

private:
    asio::io_context* context_;
};

/// Runs `body` on the timer's executor, and the context to its end; how long that took.
Clock::duration ran(
    asio::io_context& context,
    const asio::any_io_executor& serial,
    const std::function<void()>& body) {
    asio::post(serial, body);
    const TimePoint began = Clock::now();
    context.restart();
    context.run();
    return Clock::now() - began;
}

}  // namespace

TEST_CASE("QuietTimer: while it rests nobody stays for it, whatever is above the context") {
    asio::io_context context;
    const asio::any_io_executor plain = context.get_executor();
    for (const asio::any_io_executor& inner :
         {plain,
          asio::any_io_executor{asio::make_strand(context)},
          asio::any_io_executor{asio::make_strand(plain)},
          asio::any_io_executor{asio::make_strand(asio::any_io_executor{asio::make_strand(plain)})},
          asio::any_io_executor{SerialExecutor::over(plain)},
          asio::any_io_executor{Foreign{context}}}) {
        const asio::any_io_executor serial = SerialExecutor::over(inner);
        QuietTimer timer{serial};
        int rung = 0;
        const auto set_and_rest = [&] {
            timer.set(Clock::now() + 1h, [&rung] { ++rung; });
            timer.rest();
        };
        CHECK(ran(context, serial, set_and_rest) < 30min);
        CHECK(timer.is_set() == timer.can_rest());
        // Nor does it need to be set twice to rest twice.
        CHECK(ran(context, serial, set_and_rest) < 30min);
        CHECK(rung == 0);
        // The count of work is what it was.
        bool late = false;
        asio::steady_timer other{context, 5ms};
        other.async_wait([&](boost::system::error_code) { late = true; });
        context.restart();
        context.run();
        CHECK(late);
    }
}

TEST_CASE("QuietTimer: of an executor that nobody knows, it is ended instead of left to rest") {
    asio::io_context context;
    const asio::any_io_executor serial = SerialExecutor::over(Foreign{context});
    QuietTimer timer{serial};
    CHECK_FALSE(timer.can_rest());
    ran(context, serial, [&] {
        timer.set(Clock::now() + 1h, [] {});
        timer.rest();
    });
    CHECK_FALSE(timer.is_set());
}

TEST_CASE("QuietTimer: is stayed for while it is held, also again") {
    asio::io_context context;
    const asio::any_io_executor serial = SerialExecutor::over(context.get_executor());
    QuietTimer timer{serial};
    int rung = 0;
    ran(context, serial, [&] { timer.set(Clock::now(), [&rung] { ++rung; }); });
    CHECK(rung == 1);
    CHECK_FALSE(timer.is_set());
    ran(context, serial, [&] {
        timer.set(Clock::now() + 20ms, [&rung] { ++rung; });
        timer.rest();
        timer.rest();
    });
    CHECK(rung == 1);
    ran(context, serial, [&] {
        timer.hold();
        timer.hold();
    });
    CHECK(rung == 2);
}

TEST_CASE("QuietTimer: rings while it rests, if the context runs for something else") {
    asio::io_context context;
    auto work = std::make_optional(asio::make_work_guard(context));
    const asio::any_io_executor serial = SerialExecutor::over(context.get_executor());
    QuietTimer timer{serial};
    ran(context, serial, [&] {
        timer.set(Clock::now() + 1ms, [&work] { work.reset(); });
        timer.rest();
    });
    CHECK_FALSE(work);
}

TEST_CASE("QuietTimer: what is set last counts, and one that is gone does not ring") {
    asio::io_context context;
    const asio::any_io_executor serial = SerialExecutor::over(context.get_executor());
    int early = 0;
    int rung = 0;
    {
        QuietTimer timer{serial};
        ran(context, serial, [&] {
            timer.set(Clock::now(), [&early] { ++early; });
            timer.rest();
            timer.set(Clock::now() + 1ms, [&rung] { ++rung; });
        });
        CHECK(early == 0);
        CHECK(rung == 1);
        ran(context, serial, [&] {
            timer.set(Clock::now() + 1ms, [&early] { ++early; });
            timer.clear();
        });
        CHECK_FALSE(timer.is_set());
        ran(context, serial, [&] {
            timer.set(Clock::now() + 1h, [&early] { ++early; });
            timer.rest();
        });
    }
    CHECK(ran(context, serial, [] {}) < 30min);
    CHECK(early == 0);
}

TEST_CASE("QuietTimer: the count is right when it rests, is held and runs out at the same time") {
    // Each round ends with one piece of work that must not be lost to a context that ended early, and
    // with a context that ends.
    for (int round = 0; round != 60; ++round) {
        asio::thread_pool pool{3};
        const asio::any_io_executor serial = SerialExecutor::over(pool.get_executor());
        const auto timer = std::make_shared<QuietTimer>(serial);
        std::atomic<int> done{0};
        std::function<void(int)> step = [&](int left) {
            if (!timer->is_set()) timer->set(Clock::now() + 20us, [] {});
            timer->hold();
            timer->rest();
            if (left % 3 == 0) timer->hold();
            if (left == 0) {
                timer->rest();
                asio::post(pool, [&done] { ++done; });
            } else {
                asio::post(serial, [&step, left] { step(left - 1); });
            }
        };
        asio::post(serial, [&step] { step(300); });
        pool.join();
        CHECK(done == 1);
    }
}

}  // namespace quiet_timer_test
