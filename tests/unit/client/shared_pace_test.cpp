// SPDX-License-Identifier: BSL-1.0
// Calls whose turns several clients share by a store, which may fail, hang or throw, in virtual time.

#include <clarify/auth/no_auth.hpp>
#include <clarify/json/boost_json_codec.hpp>
#include <clarify/pace/detail/pace_line.hpp>
#include <clarify/pace/pace_store.hpp>
#include <clarify/rpc_client.hpp>
#include <clarify/testing/manual_clock.hpp>
#include <clarify/testing/scripted_backend.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace shared_pace_test {

namespace {

using namespace clarify;
using namespace clarify::testing;
using namespace std::chrono_literals;
using clarify::detail::PaceLine;
namespace asio = boost::asio;

using Outcome = Result<boost::json::value>;
using TestClient = RpcClient<ScriptedBackend, NoAuth, BoostJsonCodec>;

/// A store in memory, with faults. Copies are the same one.
class FakePace {
public:
    struct State {
        PaceLine line;
        std::vector<PaceKey> keys;
        std::vector<PaceTerms> terms;
        std::size_t asked = 0;
        std::optional<Error> fault;
        bool throws = false;
        bool hangs = false;
    };

    asio::awaitable<Result<PaceSlot>> reserve(
        const asio::any_io_executor& executor, const PaceKey& key, const PaceTerms& terms) {
        Timer timer{executor};
        ++state().asked;
        if (state().throws) throw std::runtime_error{"a fault"};
        if (state().fault) co_return *state().fault;
        if (state().hangs) co_await timer.async_wait(asio::as_tuple(asio::deferred));
        state().keys.push_back(key);
        state().terms.push_back(terms);
        const auto now = std::chrono::duration_cast<PaceLine::Time>(timer.now().time_since_epoch());
        co_return state().line.reserve(terms, now);
    }
    State& state() const noexcept { return *state_; }

private:
    std::shared_ptr<State> state_ = std::make_shared<State>();
};

static_assert(PaceStore<FakePace>);

/// Some clients before one server, on one clock.
struct Bench {
    explicit Bench(std::size_t clients, ClientOptions options = {}) {
        options.clock = clock;
        options.pace.store = store;
        if (options.pace.integration.empty()) options.pace.integration = "us";
        options.observer = [this](const Event& event) {
            if (event.kind == EventKind::rate_limited) sharers = event.sharers;
            if (event.kind == EventKind::pace_store_failed) failures.push_back(*event.error);
        };
        server.on("/rpc").always(reply_result("1"));
        for (std::size_t i = 0; i != clients; ++i) {
            all.push_back(std::make_unique<TestClient>(
                context.get_executor(),
                Url::parse("http://localhost/rpc").value(),
                server,
                NoAuth{},
                options));
        }
    }
    std::shared_ptr<std::optional<Outcome>> insert(
        std::size_t client,
        std::chrono::milliseconds timeout = 30s,
        asio::cancellation_slot slot = {}) {
        auto outcome = std::make_shared<std::optional<Outcome>>();
        CallOptions options;
        options.rate_limited = true;
        options.timeout = timeout;
        options.timeout_from_turn = from_turn;
        all[client]->async_call(
            "integration.insert",
            no_params,
            std::move(options),
            asio::bind_cancellation_slot(
                slot, [outcome](Outcome got) { outcome->emplace(std::move(got)); }));
        return outcome;
    }
    void run() { clock->run(context); }
    /// When requests were sent, since the clock began.
    std::vector<std::chrono::milliseconds> sent() const {
        std::vector<std::chrono::milliseconds> times;
        for (const RecordedRequest& request : server.requests("/rpc"))
            times.push_back(std::chrono::duration_cast<std::chrono::milliseconds>(
                request.began - (clock->now() - clock->elapsed())));
        return times;
    }

    asio::io_context context;
    std::shared_ptr<ManualClock> clock = std::make_shared<ManualClock>();
    ScriptedBackend server;
    FakePace store;
    /// Of the limits of inserts.
    bool from_turn = false;
    unsigned sharers = 0;
    std::vector<Error> failures;
    std::vector<std::unique_ptr<TestClient>> all;
};

using Times = std::vector<std::chrono::milliseconds>;

}  // namespace

TEST_CASE("shared pace: the calls of several clients are an interval apart, in turn") {
    Bench bench{3};
    std::vector<std::shared_ptr<std::optional<Outcome>>> calls;
    for (int i = 0; i != 3; ++i) {
        for (std::size_t client = 0; client != 3; ++client)
            calls.push_back(bench.insert(client));
    }
    bench.run();
    for (const auto& call : calls) {
        REQUIRE(call->has_value());
        CHECK((*call)->has_value());
    }
    CHECK(bench.sent() == Times{0ms, 1s, 2s, 3s, 4s, 5s, 6s, 7s, 8s});
    CHECK(bench.sharers == 3);
    CHECK(bench.failures.empty());
    const PaceKey& key = bench.store.state().keys.front();
    CHECK(key.api_url == "http://localhost/rpc");
    CHECK(key.integration == "us");
    CHECK(key.method == "integration.insert");
    const PaceTerms& terms = bench.store.state().terms.front();
    CHECK(terms.interval == 1s);
    CHECK(terms.burst == 1);
    CHECK(terms.patience == 30s);
}

TEST_CASE("shared pace: a slot that comes too late is not taken, and the call is refused unsent") {
    Bench bench{2};
    const auto first = bench.insert(0);
    const auto second = bench.insert(1);
    bench.clock->run_for(bench.context, 0ms);
    const auto late = bench.insert(1, 1'500ms);
    const auto patient = bench.insert(0, 2'500ms);
    bench.run();
    CHECK((*first)->has_value());
    CHECK((*second)->has_value());
    REQUIRE(late->has_value());
    REQUIRE(patient->has_value());
    CHECK((*patient)->has_value());
    REQUIRE_FALSE((*late)->has_value());
    const Error& error = (*late)->error();
    CHECK(error.code() == Errc::overloaded);
    CHECK(error.reason() == Reason::rate_limit);
    CHECK(error.fate() == Fate::unsent);
    CHECK(error.turn().has_value());
    CHECK(bench.sent() == Times{0ms, 1s, 2s});
}

TEST_CASE("shared pace: a call whose limit begins with its turn waits for any slot") {
    Bench bench{3};
    bench.from_turn = true;
    std::vector<std::shared_ptr<std::optional<Outcome>>> calls;
    for (int i = 0; i != 3; ++i) {
        for (std::size_t client = 0; client != 3; ++client)
            calls.push_back(bench.insert(client, 500ms));
    }
    bench.run();
    for (const auto& call : calls) {
        REQUIRE(call->has_value());
        CHECK((*call)->has_value());
    }
    CHECK(bench.sent() == Times{0ms, 1s, 2s, 3s, 4s, 5s, 6s, 7s, 8s});
    // A store that hangs is not waited for as long.
    bench.store.state().hangs = true;
    const auto last = bench.insert(0, 500ms);
    bench.clock->run_for(bench.context, 6s);
    REQUIRE(last->has_value());
    CHECK((*last)->has_value());
}

TEST_CASE(
    "shared pace: where the store fails or throws a client keeps the pace by itself, and says so "
    "once") {
    Bench bench{1};
    bench.store.state().fault = Error{Errc::io, Reason::none, "no store"};
    bench.store.state().throws = true;
    for (int i = 0; i != 3; ++i)
        bench.insert(0);
    bench.run();
    CHECK(bench.sent() == Times{0ms, 1s, 2s});
    CHECK(bench.sharers == 0);
    REQUIRE(bench.failures.size() == 1);
    CHECK(bench.failures[0].reason() == Reason::exception);
    // It is left alone for half a minute.
    CHECK(bench.store.state().asked == 1);
    bench.clock->run_for(bench.context, 30s);
    bench.store.state().throws = false;
    bench.insert(0);
    bench.run();
    CHECK(bench.store.state().asked == 2);
    CHECK(bench.failures.size() == 1);
    // Told again where it has worked meanwhile.
    bench.clock->run_for(bench.context, 30s);
    bench.store.state().fault.reset();
    bench.insert(0);
    bench.run();
    CHECK(bench.sharers == 1);
    bench.store.state().fault = Error{Errc::io, Reason::none, "no store"};
    bench.insert(0);
    bench.run();
    REQUIRE(bench.failures.size() == 2);
    CHECK(bench.failures[1].code() == Errc::io);
    CHECK(bench.sent().size() == 6);
}

TEST_CASE(
    "shared pace: a store that does not answer costs five seconds, or half of a call's time, and "
    "no call") {
    Bench bench{1};
    bench.store.state().hangs = true;
    const auto first = bench.insert(0);
    const auto second = bench.insert(0);
    const auto hasty = bench.insert(0, 2s);
    bench.run();
    CHECK((*first)->has_value());
    CHECK((*second)->has_value());
    REQUIRE_FALSE((*hasty)->has_value());
    CHECK((*hasty)->error().fate() == Fate::unsent);
    CHECK(bench.sent() == Times{5s, 6s});
    REQUIRE(bench.failures.size() == 1);
    CHECK(bench.failures[0].code() == Errc::timeout);
    Bench other{1};
    other.store.state().hangs = true;
    const auto call = other.insert(0, 3s);
    other.run();
    REQUIRE(call->has_value());
    CHECK((*call)->has_value());
    CHECK(other.sent() == Times{1'500ms});
}

TEST_CASE("shared pace: a call that is cancelled on its way to a slot, or with it, harms nobody") {
    Bench bench{2};
    asio::cancellation_signal waiting, asking;
    bench.insert(0);
    const auto with_slot = bench.insert(1, 30s, waiting.slot());
    const auto next = bench.insert(1);
    bench.clock->run_for(bench.context, 500ms);
    waiting.emit(asio::cancellation_type::terminal);
    bench.run();
    REQUIRE_FALSE((*with_slot)->has_value());
    CHECK((*with_slot)->error().code() == Errc::cancelled);
    CHECK((*next)->has_value());
    // The slot that was taken is lost, and no more than that.
    CHECK(bench.sent() == Times{0ms, 2s});
    bench.store.state().hangs = true;
    const auto cancelled = bench.insert(0, 30s, asking.slot());
    bench.clock->run_for(bench.context, 100ms);
    asking.emit(asio::cancellation_type::terminal);
    bench.clock->run_for(bench.context, 0ms);
    REQUIRE(cancelled->has_value());
    CHECK((*cancelled)->error().code() == Errc::cancelled);
    CHECK(bench.failures.empty());
    // As is a client that goes meanwhile.
    const auto closed = bench.insert(0);
    bench.clock->run_for(bench.context, 100ms);
    bench.all[0].reset();
    bench.run();
    REQUIRE(closed->has_value());
    CHECK((*closed)->error().code() == Errc::closed);
}

TEST_CASE("shared pace: calls that need not keep to the limits ask for nothing") {
    Bench bench{1};
    bool done = false;
    bench.all[0]->async_call("integration.insert", no_params, [&](Outcome) { done = true; });
    bench.run();
    CHECK(done);
    CHECK(bench.store.state().asked == 0);
}

}  // namespace shared_pace_test
