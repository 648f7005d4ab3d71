// SPDX-License-Identifier: BSL-1.0
// Calls with each kind of completion token.

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_allocator.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/append.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>

#include <doctest/doctest.h>
#include <support/run.hpp>
#include <support/token_matrix.hpp>

#include <atomic>
#include <cstddef>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

using namespace clarify;
using namespace support;
namespace asio = boost::asio;

namespace {

/// Counts what is allocated through it.
template <class T>
struct CountingAllocator {
    using value_type = T;

    explicit CountingAllocator(std::size_t& count) : allocations(&count) {}
    template <class U>
    CountingAllocator(const CountingAllocator<U>& other) : allocations(other.allocations) {}

    T* allocate(std::size_t n) {
        ++*allocations;
        return std::allocator<T>{}.allocate(n);
    }
    void deallocate(T* memory, std::size_t n) { std::allocator<T>{}.deallocate(memory, n); }
    friend bool operator==(const CountingAllocator& a, const CountingAllocator& b) {
        return a.allocations == b.allocations;
    }

    std::size_t* allocations;
};

template <class Operation>
asio::awaitable<bool> await_it(EchoClient& client) {
    const auto outcome = co_await Operation::start(client, asio::use_awaitable);
    co_return Operation::is_right(outcome);
}
template <class Operation>
asio::awaitable<bool> await_deferred(EchoClient& client) {
    auto operation = Operation::start(client, asio::deferred);
    const auto outcome = co_await std::move(operation);
    co_return Operation::is_right(outcome);
}
template <class Operation>
asio::awaitable<bool> await_tuple(EchoClient& client) {
    const auto [outcome] = co_await Operation::start(client, asio::as_tuple(asio::use_awaitable));
    co_return Operation::is_right(outcome);
}

}  // namespace

TEST_CASE_TEMPLATE(
    "Completion tokens: each operation takes each token",
    Operation,
    CallOperation,
    NotifyOperation,
    BatchOperation) {
    using Outcome = typename Operation::Outcome;
    asio::io_context context;
    EchoClient client = make_echo_client(context.get_executor());
    std::optional<Outcome> outcome;
    const auto keep = [&](Outcome got) { outcome.emplace(std::move(got)); };
    const auto check = [&] {
        CHECK_FALSE(outcome.has_value());  // never inside the function that starts it
        context.run();
        REQUIRE(outcome.has_value());
        CHECK(Operation::is_right(*outcome));
    };

    SUBCASE("use_awaitable") { CHECK(run(context, await_it<Operation>(client))); }
    SUBCASE("deferred, awaited") { CHECK(run(context, await_deferred<Operation>(client))); }
    SUBCASE("as_tuple") { CHECK(run(context, await_tuple<Operation>(client))); }
    SUBCASE("a callback") {
        Operation::start(client, keep);
        check();
    }
    SUBCASE("a callback that can only be moved") {
        Operation::start(
            client, [&, only = std::make_unique<int>(1)](Outcome got) { keep(std::move(got)); });
        check();
    }
    SUBCASE("deferred, started by hand") {
        auto operation = Operation::start(client, asio::deferred);
        CHECK(context.poll() == 0);  // nothing happens before it is started
        context.restart();
        std::move(operation)(keep);
        check();
    }
    SUBCASE("as_tuple of a callback") {
        Operation::start(client, asio::as_tuple([&](std::tuple<Outcome> got) {
                             keep(std::move(std::get<0>(got)));
                         }));
        check();
    }
    SUBCASE("append") {
        int number = 0;
        Operation::start(
            client,
            asio::experimental::append(
                [&](Outcome got, int given) {
                    keep(std::move(got));
                    number = given;
                },
                7));
        check();
        CHECK(number == 7);
    }
    SUBCASE("detached") {
        Operation::start(client, asio::detached);
        CHECK(context.run() != 0);
    }
    SUBCASE("use_future") {
        std::future<Outcome> future = Operation::start(client, asio::use_future);
        context.run();
        CHECK(Operation::is_right(future.get()));
    }
    SUBCASE("bind_executor") {
        asio::io_context other;
        const auto strand = asio::make_strand(other);
        bool in_strand = false;
        Operation::start(client, asio::bind_executor(strand, [&](Outcome got) {
                             in_strand = strand.running_in_this_thread();
                             keep(std::move(got));
                         }));
        context.run();
        CHECK_FALSE(outcome.has_value());
        other.run();
        REQUIRE(outcome.has_value());
        CHECK(Operation::is_right(*outcome));
        CHECK(in_strand);
    }
    SUBCASE("bind_allocator") {
        // An `any_io_executor`, such as the client's own, has no use for an allocator; the
        // handler's executor may.
        std::size_t allocations = 0;
        Operation::start(
            client,
            asio::bind_allocator(
                CountingAllocator<void*>{allocations},
                asio::bind_executor(context.get_executor(), keep)));
        check();
        CHECK(allocations != 0);
    }
    SUBCASE("bind_cancellation_slot") {
        EchoClient waiting = make_echo_client(context.get_executor(), true);
        asio::cancellation_signal signal;
        Operation::start(waiting, asio::bind_cancellation_slot(signal.slot(), keep));
        // The request is out, so this is refused ...
        signal.emit(asio::cancellation_type::total);
        context.poll();
        CHECK_FALSE(outcome.has_value());
        // ... and this is not.
        signal.emit(asio::cancellation_type::terminal);
        context.run();
        REQUIRE(outcome.has_value());
        CHECK(outcome->error().code() == Errc::cancelled);
        CHECK(outcome->error().fate() == Fate::unknown);
    }
    SUBCASE("all of them at once") {
        asio::io_context other;
        asio::cancellation_signal signal;
        std::size_t allocations = 0;
        Operation::start(
            client,
            asio::bind_executor(
                other.get_executor(),
                asio::bind_allocator(
                    CountingAllocator<void*>{allocations},
                    asio::bind_cancellation_slot(signal.slot(), keep))));
        context.run();
        other.run();
        REQUIRE(outcome.has_value());
        CHECK(Operation::is_right(*outcome));
        CHECK(allocations != 0);
    }
}

TEST_CASE_TEMPLATE(
    "Completion tokens: plain synchronous code waits for a future, from many threads",
    Operation,
    CallOperation,
    NotifyOperation,
    BatchOperation) {
    asio::thread_pool loop{2};
    std::atomic<int> right{0};
    {
        EchoClient client = make_echo_client(loop.get_executor());
        std::vector<std::thread> threads;
        for (int i = 0; i != 4; ++i) {
            threads.emplace_back([&] {
                for (int n = 0; n != 50; ++n) {
                    if (Operation::is_right(Operation::start(client, asio::use_future).get()))
                        ++right;
                }
            });
        }
        for (std::thread& thread : threads)
            thread.join();
    }
    loop.join();
    CHECK(right == 200);
}

TEST_CASE("Completion tokens: the functions that return an awaitable start when it is awaited") {
    asio::io_context context;
    EchoClient client = make_echo_client(context.get_executor());
    auto call = client.call("m");
    auto notify = client.notify("m");
    auto batch = client.make_batch();
    batch.call("m");
    auto answers = client.call_batch(std::move(batch));
    CHECK(context.poll() == 0);
    CHECK(run(context, std::move(call)).value() == R"("m")");
    CHECK(run(context, std::move(notify)).has_value());
    CHECK(run(context, std::move(answers)).value()[0].value() == R"("m")");
}
