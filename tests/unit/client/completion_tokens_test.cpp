// SPDX-License-Identifier: BSL-1.0
// Every asynchronous operation takes every kind of completion token, and the cancellation it
// documents.

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_allocator.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/append.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>

#include <doctest/doctest.h>
#include <support/run.hpp>
#include <support/token_matrix.hpp>

#include <atomic>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

namespace completion_tokens_test {

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

/// A callback that keeps what it is called with.
template <class Outcome>
struct Keep {
    void operator()(Outcome got) const { kept->emplace(std::move(got)); }

    std::optional<Outcome>* kept;
};

/// Runs until there is an outcome, though calls may go on.
template <class Outcome>
void run_until(asio::io_context& context, const std::optional<Outcome>& outcome) {
    context.restart();
    const auto until = std::chrono::steady_clock::now() + patience;
    while (!outcome && std::chrono::steady_clock::now() < until)
        context.run_one_for(std::chrono::milliseconds{100});
    REQUIRE(outcome.has_value());
}

/// Cancels an operation that waits, by a signal of `type`; yields how it ended, if it did.
template <class Operation>
std::optional<Error> cancelled(Fortune fortune, asio::cancellation_type type) {
    using Outcome = typename Operation::Outcome;
    asio::io_context context;
    OperationBench bench{context.get_executor(), fortune};
    std::optional<Outcome> outcome;
    asio::cancellation_signal signal;
    Operation::start(bench, asio::bind_cancellation_slot(signal.slot(), Keep<Outcome>{&outcome}));
    context.poll();
    CHECK_FALSE(outcome.has_value());
    signal.emit(type);
    context.restart();
    context.poll();
    if (!outcome) return std::nullopt;
    REQUIRE(outcome->has_error());
    return outcome->error();
}

template <class Operation>
void check_cancellation() {
    using asio::cancellation_type;
    for (const auto type :
         {cancellation_type::terminal, cancellation_type::partial, cancellation_type::total}) {
        CAPTURE(static_cast<int>(type));
        const auto unsent = cancelled<Operation>(Fortune::never_sent, type);
        REQUIRE(unsent);
        CHECK(unsent->code() == Errc::cancelled);
        CHECK(unsent->fate() == Fate::unsent);
        const auto sent = cancelled<Operation>(Fortune::never_answered, type);
        const bool is_heeded = type != cancellation_type::total || Operation::heeds_total;
        REQUIRE(sent.has_value() == is_heeded);
        if (sent) CHECK(sent->code() == Errc::cancelled);
    }
}

}  // namespace

TEST_CASE_TEMPLATE(
    "Completion tokens: each operation takes each token",
    Operation,
    CallOperation,
    CallWithParams,
    NotifyOperation,
    BatchOperation,
    DrainOperation,
    InsertOperation,
    InsertOfSeveral,
    SaveOperation,
    PublishOperation,
    PublishChanged,
    SelectSignals,
    SelectItems,
    DataFrameOperation,
    EvaluateOperation,
    ConnectOperation,
    DisconnectOperation,
    PageOperation,
    PartOperation) {
    using Outcome = typename Operation::Outcome;
    asio::io_context context;
    OperationBench bench{context.get_executor()};
    std::optional<Outcome> outcome;
    const Keep<Outcome> keep{&outcome};
    const auto check = [&] {
        CHECK_FALSE(outcome.has_value());  // never inside the function that starts it
        run_until(context, outcome);
        CHECK(outcome->has_value());
    };

    SUBCASE("none, which is use_awaitable") {
        static_assert(std::same_as<decltype(Operation::start(bench)), asio::awaitable<Outcome>>);
        CHECK(run(context, Operation::start(bench)).has_value());
    }
    SUBCASE("use_awaitable") {
        CHECK(run(context, Operation::start(bench, asio::use_awaitable)).has_value());
    }
    SUBCASE("a callback") {
        Operation::start(bench, keep);
        check();
    }
    SUBCASE("deferred") {
        auto operation = Operation::start(bench, asio::deferred);
        std::move(operation)(keep);
        check();
    }
    SUBCASE("as_tuple") {
        Operation::start(bench, asio::as_tuple([&](std::tuple<Outcome> got) {
                             keep(std::move(std::get<0>(got)));
                         }));
        check();
    }
    SUBCASE("use_future") {
        std::future<Outcome> future = Operation::start(bench, asio::use_future);
        context.run();
        CHECK(future.get().has_value());
    }
    SUBCASE("bind_executor") {
        asio::io_context other;
        Operation::start(bench, asio::bind_executor(other.get_executor(), keep));
        context.run();
        CHECK_FALSE(outcome.has_value());
        other.run();
        REQUIRE(outcome.has_value());
        CHECK(outcome->has_value());
    }
    SUBCASE("bind_cancellation_slot") { check_cancellation<Operation>(); }
}

TEST_CASE_TEMPLATE(
    "Completion tokens: what a handler needs is used, for one request and for several",
    Operation,
    CallOperation,
    InsertOfSeveral) {
    using Outcome = typename Operation::Outcome;
    asio::io_context context;
    OperationBench bench{context.get_executor()};
    std::optional<Outcome> outcome;
    const Keep<Outcome> keep{&outcome};

    SUBCASE("a callback that can only be moved") {
        Operation::start(
            bench, [&, only = std::make_unique<int>(1)](Outcome got) { keep(std::move(got)); });
        context.run();
    }
    SUBCASE("deferred does nothing before it is started") {
        auto operation = Operation::start(bench, asio::deferred);
        CHECK(context.poll() == 0);
        context.restart();
        std::move(operation)(keep);
        context.run();
    }
    SUBCASE("append") {
        int number = 0;
        Operation::start(
            bench,
            asio::experimental::append(
                [&](Outcome got, int given) {
                    keep(std::move(got));
                    number = given;
                },
                7));
        context.run();
        CHECK(number == 7);
    }
    SUBCASE("detached") {
        Operation::start(bench, asio::detached);
        CHECK(context.run() != 0);
        return;
    }
    SUBCASE("bind_allocator, with all the others at once") {
        // An `any_io_executor`, such as the client's own, has no use for an allocator; the
        // handler's executor may.
        asio::io_context other;
        asio::cancellation_signal signal;
        std::size_t allocations = 0;
        Operation::start(
            bench,
            asio::bind_executor(
                other.get_executor(),
                asio::bind_allocator(
                    CountingAllocator<void*>{allocations},
                    asio::bind_cancellation_slot(signal.slot(), keep))));
        context.run();
        other.run();
        CHECK(allocations != 0);
    }
    REQUIRE(outcome.has_value());
    CHECK(outcome->has_value());
}

TEST_CASE_TEMPLATE(
    "Completion tokens: plain synchronous code waits for a future, from many threads",
    Operation,
    CallOperation,
    NotifyOperation,
    InsertOfSeveral) {
    asio::thread_pool loop{2};
    std::atomic<int> right{0};
    {
        OperationBench bench{loop.get_executor()};
        std::vector<std::thread> threads;
        for (int i = 0; i != 4; ++i) {
            threads.emplace_back([&] {
                for (int n = 0; n != 50; ++n) {
                    if (Operation::start(bench, asio::use_future).get()) ++right;
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
    OperationBench bench{context.get_executor()};
    auto call = bench.client.call("m");
    auto notify = bench.client.notify("m");
    auto batch = bench.client.make_batch();
    batch.call("m");
    auto answers = bench.client.call_batch(std::move(batch));
    auto insert = bench.client.insert(OperationBench::frame(1));
    auto page = bench.pages.next();
    auto part = bench.stream.next();
    CHECK(context.poll() == 0);
    CHECK(run(context, std::move(call)).has_value());
    CHECK(run(context, std::move(notify)).has_value());
    CHECK(run(context, std::move(answers)).value()[0].has_value());
    CHECK(run(context, std::move(insert)).has_value());
    CHECK(run(context, std::move(page)).has_value());
    CHECK(run(context, std::move(part)).has_value());
}

}  // namespace completion_tokens_test
