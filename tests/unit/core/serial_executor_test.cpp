// SPDX-License-Identifier: BSL-1.0

#include <clarify/core/detail/serial_executor.hpp>

#include <boost/asio/dispatch.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <memory>
#include <optional>
#include <stdexcept>
#include <vector>

namespace serial_executor_test {

using clarify::detail::SerialExecutor;

static_assert(boost::asio::execution::is_executor<SerialExecutor>::value);
// What an any_io_executor holds without the heap.
static_assert(sizeof(SerialExecutor) <= sizeof(std::shared_ptr<void>));

TEST_CASE("SerialExecutor: functions run in the order they were given") {
    boost::asio::io_context context;
    const boost::asio::any_io_executor serial = SerialExecutor::over(context.get_executor());
    std::vector<int> order;
    for (int i = 0; i != 100; ++i) {
        boost::asio::post(serial, [&order, i] { order.push_back(i); });
    }
    context.run();
    REQUIRE(order.size() == 100);
    for (int i = 0; i != 100; ++i)
        CHECK(order[static_cast<std::size_t>(i)] == i);
}

TEST_CASE("SerialExecutor: dispatch from within runs at once, post never does") {
    boost::asio::io_context context;
    const boost::asio::any_io_executor serial = SerialExecutor::over(context.get_executor());
    std::vector<int> order;
    boost::asio::post(serial, [&] {
        boost::asio::post(serial, [&] { order.push_back(3); });
        boost::asio::dispatch(serial, [&] { order.push_back(1); });
        order.push_back(2);
    });
    context.run();
    CHECK(order == std::vector<int>{1, 2, 3});
}

TEST_CASE("SerialExecutor: says whether it may run a function at once") {
    namespace execution = boost::asio::execution;
    boost::asio::io_context context;
    const SerialExecutor serial = SerialExecutor::over(context.get_executor());
    CHECK(boost::asio::query(serial, execution::blocking) == execution::blocking.possibly);
    const auto never = boost::asio::require(serial, execution::blocking.never);
    CHECK(boost::asio::query(never, execution::blocking) == execution::blocking.never);
    const auto again = boost::asio::require(never, execution::blocking.possibly);
    CHECK(boost::asio::query(again, execution::blocking) == execution::blocking.possibly);
}

TEST_CASE("SerialExecutor: two of them nest, and each knows when it runs") {
    boost::asio::io_context context;
    const SerialExecutor outer = SerialExecutor::over(context.get_executor());
    const SerialExecutor inner = SerialExecutor::over(context.get_executor());
    bool nested = false;
    boost::asio::post(outer, [&] {
        boost::asio::dispatch(inner, [&] {
            nested = outer.running_in_this_thread() && inner.running_in_this_thread();
        });
        CHECK_FALSE(inner.running_in_this_thread());
    });
    context.run();
    CHECK(nested);
    CHECK_FALSE(outer.running_in_this_thread());
}

TEST_CASE("SerialExecutor: on several threads nothing overlaps and nothing is lost") {
    boost::asio::thread_pool pool{4};
    const boost::asio::any_io_executor serial = SerialExecutor::over(pool.get_executor());
    std::atomic<int> inside = 0;
    bool overlapped = false;
    int count = 0;
    constexpr int threads = 8;
    constexpr int rounds = 2000;
    for (int thread = 0; thread != threads; ++thread) {
        boost::asio::post(pool, [&] {
            for (int i = 0; i != rounds; ++i) {
                boost::asio::post(serial, [&] {
                    if (++inside != 1) overlapped = true;
                    ++count;
                    --inside;
                });
            }
        });
    }
    pool.join();
    CHECK(count == threads * rounds);
    CHECK_FALSE(overlapped);
}

TEST_CASE("SerialExecutor: an exception leaves run() and what waits runs afterwards") {
    boost::asio::io_context context;
    const boost::asio::any_io_executor serial = SerialExecutor::over(context.get_executor());
    int ran = 0;
    boost::asio::post(serial, [] { throw std::runtime_error{"handler"}; });
    boost::asio::post(serial, [&] { ++ran; });
    CHECK_THROWS_AS(context.run(), std::runtime_error);
    context.run();
    CHECK(ran == 1);
    boost::asio::post(serial, [&] { ++ran; });
    context.restart();
    context.run();
    CHECK(ran == 2);
}

TEST_CASE("SerialExecutor: a context that is destroyed takes what waits with it") {
    const auto witness = std::make_shared<int>(0);
    {
        auto context = std::make_optional<boost::asio::io_context>();
        const boost::asio::any_io_executor serial = SerialExecutor::over(context->get_executor());
        // What waits may itself own the executor, which must not keep either alive for ever.
        boost::asio::post(
            serial, [witness, serial] { boost::asio::post(serial, [witness, serial] {}); });
        boost::asio::post(serial, [witness, serial] {});
        context.reset();
    }
    CHECK(witness.use_count() == 1);
}

}  // namespace serial_executor_test
