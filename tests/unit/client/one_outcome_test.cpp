// SPDX-License-Identifier: BSL-1.0
// However a handler's allocator, executor or move fails: an operation has an outcome, or was refused
// by an exception, never both and never neither.

#include <clarify/api/api_client.hpp>
#include <clarify/auth/no_auth.hpp>
#include <clarify/testing/scripted_backend.hpp>

#include <boost/asio/bind_allocator.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/execution.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <doctest/doctest.h>
#include <support/text_codec.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

namespace one_outcome_test {

using namespace clarify;
using namespace clarify::testing;
using namespace std::chrono_literals;
namespace asio = boost::asio;

namespace {

using TestClient = ApiClient<RpcClient<ScriptedBackend, NoAuth, support::TextCodec>>;

/// Fails a number of times, after as many successes.
struct Fault {
    int successes = 0;
    int failures = 0;
    bool strikes() {
        if (successes > 0) return --successes, false;
        return failures > 0 && failures-- > 0;
    }
};

/// The memory of a handler, which runs out.
template <class T>
struct Arena {
    using value_type = T;
    explicit Arena(Fault* which) : fault(which) {}
    template <class U>
    Arena(const Arena<U>& other) : fault(other.fault) {}
    T* allocate(std::size_t count) {
        if (fault->strikes()) throw std::bad_alloc{};
        return std::allocator<T>{}.allocate(count);
    }
    void deallocate(T* memory, std::size_t count) { std::allocator<T>{}.deallocate(memory, count); }
    template <class U>
    bool operator==(const Arena<U>& other) const {
        return fault == other.fault;
    }
    Fault* fault;
};

/// An executor that throws: instead of taking a function, or after it has taken one.
struct Moody {
    asio::io_context* context;
    Fault* fault;
    bool takes;

    asio::execution_context& query(asio::execution::context_t) const noexcept { return *context; }
    static constexpr asio::execution::blocking_t query(asio::execution::blocking_t) noexcept {
        return asio::execution::blocking.never;
    }
    template <class Function>
    void execute(Function&& function) const {
        const bool strikes = fault->strikes();
        if (strikes && !takes) throw std::runtime_error{"moody"};
        asio::post(*context, std::forward<Function>(function));
        if (strikes) throw std::runtime_error{"moody"};
    }
    friend bool operator==(const Moody& a, const Moody& b) noexcept {
        return a.context == b.context && a.takes == b.takes;
    }
    friend bool operator!=(const Moody& a, const Moody& b) noexcept { return !(a == b); }
};

/// A handler whose move may throw.
template <class T>
struct Sticky {
    Sticky(Fault* which, int* count) : fault(which), calls(count) {}
    Sticky(Sticky&& other) : fault(other.fault), calls(other.calls) {
        if (fault->strikes()) throw std::runtime_error{"sticky"};
    }
    void operator()(const Result<T>&) { ++*calls; }
    Fault* fault;
    int* calls;
};

struct Bench {
    Bench() {
        server.on("/rpc").always(reply_result("{}"));
        ClientOptions options;
        options.rate_limits.clear();
        client.emplace(
            TestClient::Base{
                context.get_executor(),
                Url::parse("http://localhost/rpc").value(),
                server,
                NoAuth{},
                std::move(options)},
            "c618rbfqfsj7mjkj0ss1");
        for (int i = 0; i != 100; ++i)
            frame.append(Timestamp::from_microseconds(i * 1'000'000), {{"a", 1.0 * i}});
        parts.max_request_size = 1'000;
    }
    /// How often it was called, plus how often beginning it threw. What an executor throws later comes
    /// out of the loop, which is run again.
    int outcomes(const std::function<void()>& begin) {
        int thrown = 0;
        try {
            begin();
        } catch (const std::exception&) {
            ++thrown;
        }
        const auto until = std::chrono::steady_clock::now() + 2s;
        while (true) {
            try {
                context.restart();
                context.run_until(until);
                return thrown + calls;
            } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): see above
            }
        }
    }

    asio::io_context context;
    ScriptedBackend server;
    std::optional<TestClient> client;
    DataFrame frame;
    InsertOptions parts;
    int calls = 0;
};

/// Begins one of several operations with a handler that `make` makes of a function.
template <class Make>
void begin(Bench& bench, int which, Make make) {
    const auto count = [&bench](const auto&) { ++bench.calls; };
    switch (which) {
        case 0:
            bench.client->async_call("m", make(count));
            break;
        case 1:
            bench.client->async_call("rpc.refused", make(count));
            break;
        case 2:
            bench.client->async_insert(bench.frame, bench.parts, make(count));
            break;
        case 3:
            bench.client->async_drain(1h, make(count));
            break;
        default:
            bench.client->async_publish_changed_signals({}, make(count));
            break;
    }
}
constexpr int operations = 5;

}  // namespace

TEST_CASE("Outcomes: where the handler's memory runs out, exactly one") {
    for (int which = 0; which != operations; ++which) {
        CAPTURE(which);
        for (const int failures : {1, 2, 7, 1'000'000}) {
            CAPTURE(failures);
            for (int successes = 0; successes != 3; ++successes) {
                Bench bench;
                Fault fault{successes, failures};
                CHECK(bench.outcomes([&] {
                    begin(bench, which, [&](auto handler) {
                        return asio::bind_allocator(Arena<void*>{&fault}, std::move(handler));
                    });
                }) == 1);
            }
        }
    }
}

TEST_CASE(
    "Outcomes: where the handler's executor throws, before or after it has taken it, exactly one") {
    for (int which = 0; which != operations; ++which) {
        CAPTURE(which);
        for (const bool takes : {false, true}) {
            CAPTURE(takes);
            for (const int failures : {1, 2, 3}) {
                CAPTURE(failures);
                // An operation of several requests has nobody who would try for ever.
                if (!takes && failures > 2 && (which == 2 || which == 4)) continue;
                Bench bench;
                Fault fault{0, failures};
                CHECK(bench.outcomes([&] {
                    begin(bench, which, [&](auto handler) {
                        return asio::bind_executor(
                            Moody{&bench.context, &fault, takes}, std::move(handler));
                    });
                }) == 1);
            }
        }
    }
}

TEST_CASE("Outcomes: where moving the handler throws, exactly one") {
    for (int successes = 0; successes != 12; ++successes) {
        CAPTURE(successes);
        for (const bool refused : {false, true}) {
            Bench bench;
            Fault fault{successes, 1};
            CHECK(bench.outcomes([&] {
                bench.client->async_call(
                    refused ? "rpc.refused" : "m", Sticky<std::string>{&fault, &bench.calls});
            }) == 1);
        }
        Bench bench;
        Fault fault{successes, 1};
        CHECK(bench.outcomes([&] {
            bench.client->async_insert(
                bench.frame, bench.parts, Sticky<InsertResult>{&fault, &bench.calls});
        }) == 1);
    }
}

TEST_CASE(
    "Outcomes: what throws in the client's executor does not get into the function that starts a "
    "call") {
    Bench bench;
    int thrown = 0;
    int began = 0;
    // From a thread that runs the executor, where a call begins at once, behind what waits there.
    asio::post(bench.context, [&] {
        try {
            bench.client->async_call("m", [&](const auto&) { ++bench.calls; });
            ++began;
        } catch (const std::exception&) {
            ++thrown;
        }
    });
    CHECK(bench.outcomes([] {}) == 1);
    CHECK(began == 1);
    CHECK(thrown == 0);
}

}  // namespace one_outcome_test
