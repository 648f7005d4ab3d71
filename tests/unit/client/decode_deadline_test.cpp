// SPDX-License-Identifier: BSL-1.0
// The deadline of a call bounds the decoding of a large reply, in virtual time.

#include <clarify/auth/no_auth.hpp>
#include <clarify/core/event.hpp>
#include <clarify/json/boost_json_codec.hpp>
#include <clarify/rpc_client.hpp>
#include <clarify/testing/manual_clock.hpp>
#include <clarify/testing/scripted_backend.hpp>

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/io_context.hpp>

#include <doctest/doctest.h>
#include <support/text_codec.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace decode_deadline_test {

namespace decode_deadline {

/// Takes a millisecond to be read.
struct Slow {
    static inline clarify::testing::ManualClock* clock = nullptr;
};
clarify::Result<void> read_json_text(std::string_view, Slow&) {
    Slow::clock->advance(std::chrono::milliseconds{1});
    return {};
}

}  // namespace decode_deadline

using namespace clarify;
using namespace clarify::testing;
using namespace std::chrono_literals;
using decode_deadline::Slow;

namespace {

/// An array of so many texts, of 100 bytes each with their commas.
std::string texts(std::size_t count) {
    const std::string element = '"' + std::string(97, 'x') + '"';
    std::string out = "[" + element;
    for (std::size_t i = 1; i < count; ++i)
        (out += ',') += element;
    return out += ']';
}

template <class Codec>
struct Bench {
    using Client = RpcClient<ScriptedBackend, NoAuth, Codec>;

    explicit Bench(bool observed = false) {
        Slow::clock = clock.get();
        ClientOptions options;
        options.clock = clock;
        if (observed) {
            options.observer = [this](const Event& event) {
                if (event.kind == EventKind::failure || event.kind == EventKind::success)
                    ends.push_back(event.kind);
            };
        }
        client.emplace(
            context.get_executor(),
            Url::parse("http://localhost/rpc").value(),
            server,
            NoAuth{},
            std::move(options));
    }
    template <class R>
    Result<R> call(const std::string& result, std::chrono::milliseconds limit) {
        server.on("/rpc").then(reply_result(result));
        return clock->run(context, client->template call<R>("m", no_params, CallOptions{limit}));
    }

    boost::asio::io_context context;
    std::shared_ptr<ManualClock> clock = std::make_shared<ManualClock>();
    ScriptedBackend server;
    std::vector<EventKind> ends;
    std::optional<Client> client;
};

void check_timeout(const Error& error) {
    CHECK(error.code() == Errc::timeout);
    CHECK(error.phase() == Phase::decode);
    CHECK(error.fate() == Fate::answered);
    CHECK(error.attempts() == 1);
    CHECK(error.http_status() == 200U);
    CHECK(error.message() == "the call took too long");
}

}  // namespace

TEST_CASE("decode deadline: what takes longer than its call may ends soon after") {
    for (const bool observed : {false, true}) {
        CAPTURE(observed);
        Bench<BoostJsonCodec> bench{observed};
        const auto outcome = bench.call<std::vector<Slow>>(texts(5'000), 2'000ms);
        REQUIRE(outcome.has_error());
        check_timeout(outcome.error());
        // A look at the clock for each 16 KiB.
        CHECK(bench.clock->elapsed() >= 2'000ms);
        CHECK(bench.clock->elapsed() <= 2'200ms);
        if (observed) CHECK(bench.ends == std::vector{EventKind::failure});
        // The client goes on.
        CHECK(bench.call<std::vector<Slow>>(texts(10), 20ms).has_value());
    }
    Bench<BoostJsonCodec> bench;
    CHECK(bench.call<std::vector<Slow>>(texts(5'000), 6'000ms)->size() == 5'000);
    CHECK(bench.call<std::vector<Slow>>(texts(5'000), (std::chrono::milliseconds::max)())
              .has_value());
}

TEST_CASE("decode deadline: a small reply is decoded whenever it came") {
    Bench<BoostJsonCodec> bench;
    CHECK(bench.call<std::vector<Slow>>(texts(500), 100ms)->size() == 500);
}

TEST_CASE("decode deadline: the calls of a batch that are decoded in time have their results") {
    Bench<BoostJsonCodec> bench;
    constexpr std::size_t calls = 40;
    auto batch = bench.client->make_batch();
    for (std::size_t i = 0; i != calls; ++i)
        batch.call("m");
    bench.server.on("/rpc").then(reply_result(texts(100)));
    const auto outcome = bench.clock->run(
        bench.context,
        bench.client->call_batch<std::vector<Slow>>(std::move(batch), CallOptions{1'500ms}));
    REQUIRE(outcome.has_value());
    REQUIRE(outcome->size() == calls);
    std::size_t good = 0;
    while (good != calls && (*outcome)[good])
        ++good;
    CHECK(good >= 14);
    CHECK(good <= 17);
    for (std::size_t i = good; i != calls; ++i)
        check_timeout((*outcome)[i].error());
}

TEST_CASE("decode deadline: a codec that cannot be interrupted does not begin with a large reply") {
    Bench<support::TextCodec> bench;
    const auto late = [&](std::size_t count) {
        bench.server.on("/rpc").then(reply_result(texts(count)));
        std::optional<Result<std::string>> outcome;
        boost::asio::io_context elsewhere;
        bench.client->template async_call<std::string>(
            "m",
            no_params,
            CallOptions{100ms},
            boost::asio::bind_executor(elsewhere.get_executor(), [&](Result<std::string> got) {
                outcome = std::move(got);
            }));
        bench.clock->run(bench.context);
        // Its handler's own loop is late.
        bench.clock->advance(200ms);
        elsewhere.run();
        return outcome;
    };
    const auto large = late(1'000);
    REQUIRE((large && large->has_error()));
    check_timeout(large->error());
    const auto small = late(100);
    REQUIRE(small);
    CHECK(small->has_value());
}

}  // namespace decode_deadline_test
