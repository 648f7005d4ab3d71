// SPDX-License-Identifier: BSL-1.0
// Reading long time ranges: in order, without a hole, bounded, and going on after a failure.

#include <clarify/api/data_stream.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <doctest/doctest.h>
#include <support/allocations.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace data_stream_test {

using namespace clarify;
using namespace std::chrono_literals;
namespace asio = boost::asio;

namespace {

/// What was asked for stands for the values.
struct Frame {
    Timestamp from;
    Timestamp to;
    std::vector<std::string> items;
};
using Stream = BasicDataStream<Frame>;
using Source = detail::DataSource<Frame>;
using Next = Result<std::optional<Stream::Part>>;

const Timestamp begin = Timestamp::from_microseconds(0);

struct Request {
    Source::Items items;
    Timestamp from;
    Timestamp to;
    Source::Deliver deliver;
};

asio::awaitable<Result<std::optional<Source::Items>>> give_items(
    std::shared_ptr<std::vector<Source::Items>> batches, std::shared_ptr<int> failures) {
    using Outcome = Result<std::optional<Source::Items>>;
    if (*failures > 0) {
        --*failures;
        co_return Outcome{Error{Errc::io}};
    }
    if (batches->empty()) co_return Outcome{std::optional<Source::Items>{}};
    Source::Items items = std::move(batches->front());
    batches->erase(batches->begin());
    co_return Outcome{std::optional<Source::Items>{std::move(items)}};
}

struct Reader {
    Reader(std::size_t items, std::chrono::hours length, detail::DataPlan::Limits limits = {}) {
        auto batches = std::make_shared<std::vector<Source::Items>>();
        for (std::size_t i = 0; i != items; ++i) {
            if (i % 30 == 0) batches->emplace_back();
            batches->back().push_back("item" + std::to_string(i));
        }
        Source source;
        source.more_items = [batches, failures = item_failures] {
            return give_items(batches, failures);
        };
        source.plan = [length, limits](std::size_t count) {
            return detail::DataPlan{begin, begin + length, count, std::nullopt, limits};
        };
        source.ask =
            [this](
                const Source::Items& names, Timestamp from, Timestamp to, Source::Deliver deliver) {
                waiting.push_back({names, from, to, std::move(deliver)});
                most = std::max(most, waiting.size());
                ++asked;
            };
        source.concurrency = 3;
        stream.emplace(context.get_executor(), std::move(source));
    }
    void start(asio::cancellation_slot slot = {}) {
        outcome.reset();
        asio::co_spawn(
            context,
            stream->next(),
            asio::bind_cancellation_slot(slot, [this](const std::exception_ptr&, Next got) {
                outcome.emplace(std::move(got));
            }));
        run();
    }
    void run() {
        context.restart();
        context.poll();
    }
    void reply(std::size_t which, std::size_t values = 0) {
        Request request = std::move(waiting.at(which));
        waiting.erase(waiting.begin() + static_cast<std::ptrdiff_t>(which));
        request.deliver(Source::Reply{{request.from, request.to, request.items}, values});
    }
    void fail(std::size_t which, Error error) {
        Request request = std::move(waiting.at(which));
        waiting.erase(waiting.begin() + static_cast<std::ptrdiff_t>(which));
        request.deliver(std::move(error));
    }

    asio::io_context context;
    std::shared_ptr<int> item_failures = std::make_shared<int>(0);
    std::vector<Request> waiting;
    std::size_t most = 0;
    std::size_t asked = 0;
    std::optional<Stream> stream;
    std::optional<Next> outcome;
};

Error slow() { return Error{Errc::timeout}.set_phase(Phase::first_byte); }

}  // namespace

TEST_CASE("DataStream: some requests ahead, whose replies come in any order, and parts in theirs") {
    Reader reader{120, 24h};
    reader.start();
    CHECK_FALSE(reader.outcome);
    CHECK(reader.stream->items().size() == 120);
    REQUIRE(reader.waiting.size() == 3);
    CHECK(reader.waiting[2].items.size() == 20);
    reader.reply(2);
    reader.reply(1);
    reader.run();
    CHECK_FALSE(reader.outcome);
    reader.reply(0);
    reader.run();
    for (const char* first : {"item0", "item50", "item100"}) {
        REQUIRE(reader.outcome);
        REQUIRE(reader.outcome->has_value());
        REQUIRE(**reader.outcome);
        const Stream::Part& part = ***reader.outcome;
        CHECK(part.items.front() == first);
        CHECK(part.frame.items == part.items);
        CHECK(part.from == begin);
        CHECK(part.to == begin + 24h);
        reader.start();
    }
    REQUIRE(reader.outcome);
    CHECK_FALSE(**reader.outcome);
    CHECK(reader.asked == 3);
}

TEST_CASE("DataStream: without items there is nothing, and a failure to list them is no end") {
    Reader none{0, 24h};
    none.start();
    REQUIRE(none.outcome);
    CHECK_FALSE(none.outcome->value());
    CHECK(none.asked == 0);

    Reader reader{40, 24h};
    *reader.item_failures = 1;
    reader.start();
    REQUIRE(reader.outcome);
    CHECK(reader.outcome->error().code() == Errc::io);
    reader.start();
    REQUIRE(reader.waiting.size() == 1);
    CHECK(reader.waiting[0].items.size() == 40);
}

TEST_CASE("DataStream: a part that failed is asked for again, and the others are not") {
    detail::DataPlan::Limits limits;
    limits.is_measured = true;
    Reader reader{1, 1000 * 24h, limits};
    reader.start();
    reader.fail(0, Error{Errc::io});
    reader.run();
    REQUIRE(reader.outcome);
    CHECK(reader.outcome->error().code() == Errc::io);
    CHECK(reader.asked == 3);
    reader.start();
    CHECK(reader.asked == 4);
    CHECK(reader.waiting.back().from == begin);
    reader.reply(2);
    reader.run();
    REQUIRE(reader.outcome);
    CHECK((**reader.outcome)->from == begin);
}

TEST_CASE("DataStream: what is too large or too slow is asked for in halves") {
    for (const Error& error : {Error{Errc::too_large}, slow()}) {
        Reader reader{1, 24h};
        reader.start();
        reader.fail(0, error);
        reader.run();
        CHECK_FALSE(reader.outcome);
        REQUIRE(reader.waiting.size() == 2);
        CHECK(reader.waiting[0].to == begin + 12h);
        CHECK(reader.waiting[1].from == begin + 12h);
        reader.reply(0);
        reader.run();
        CHECK((**reader.outcome)->to == begin + 12h);
    }
    // A call that never got to the server says nothing about its reply.
    Reader reader{1, 24h};
    reader.start();
    reader.fail(0, Error{Errc::timeout}.set_phase(Phase::queue));
    reader.run();
    REQUIRE(reader.outcome);
    CHECK(reader.outcome->error().phase() == Phase::queue);
}

TEST_CASE("DataStream: what a server gives up is asked for in halves, but not what it postpones") {
    const auto status = [](unsigned code,
                           std::optional<std::chrono::milliseconds> retry_after = {}) {
        HttpFailure failure;
        failure.status = code;
        failure.retry_after = retry_after;
        return Error{Errc::status}.set_http(failure);
    };
    const auto rpc = [](std::int64_t code) {
        RpcError error;
        error.code = code;
        return Error{Errc::rpc}.set_rpc(error);
    };
    for (const Error& error : {status(503), status(504), rpc(RpcError::try_again)}) {
        Reader reader{1, 24h};
        reader.start();
        reader.fail(0, error);
        reader.run();
        CHECK_FALSE(reader.outcome);
        REQUIRE(reader.waiting.size() == 2);
        CHECK(reader.waiting[0].to == begin + 12h);
    }
    for (const Error& error :
         {status(503, 10s), status(500), status(404), rpc(-32603), rpc(RpcError::invalid_params)}) {
        Reader reader{1, 24h};
        reader.start();
        reader.fail(0, error);
        reader.run();
        CHECK(reader.outcome);
        CHECK(reader.waiting.empty());
    }
}

TEST_CASE("DataStream: a server that never answers is not asked for ever less") {
    Reader reader{1, 64h};
    for (int round = 0; round != 2; ++round) {
        reader.start();
        int failures = 0;
        while (!reader.outcome) {
            REQUIRE(++failures < 10);
            const auto first = std::find_if(
                reader.waiting.begin(), reader.waiting.end(), [](const Request& request) {
                    return request.from == begin;
                });
            REQUIRE(first != reader.waiting.end());
            reader.fail(static_cast<std::size_t>(first - reader.waiting.begin()), slow());
            reader.run();
        }
        CHECK(failures == 6);
        CHECK(reader.outcome->error().code() == Errc::timeout);
    }
    // What is asked for at last is as little as was asked for last.
    reader.start();
    REQUIRE_FALSE(reader.waiting.empty());
    CHECK(reader.waiting.back().from == begin);
    CHECK(reader.waiting.back().to < begin + 1h);
}

TEST_CASE("DataStream: a wait that is cancelled can begin again, without another request") {
    Reader reader{1, 24h};
    asio::cancellation_signal signal;
    reader.start(signal.slot());
    signal.emit(asio::cancellation_type::terminal);
    reader.run();
    REQUIRE(reader.outcome);
    CHECK(reader.outcome->error().code() == Errc::cancelled);
    reader.start();
    CHECK(reader.asked == 1);
    reader.reply(0);
    reader.run();
    CHECK((**reader.outcome)->from == begin);
}

TEST_CASE("DataStream: no hole, no overlap and no crowd, whatever happens on the way") {
    std::mt19937 random{1};
    for (int round = 0; round != 100; ++round) {
        const std::size_t items = 1 + random() % 120;
        const std::chrono::hours length{1 + random() % 3000};
        Reader reader{items, length};
        std::map<std::string, Timestamp> reached;
        int steps = 0;
        for (bool done = false; !done;) {
            REQUIRE(++steps < 100'000);
            reader.start();
            while (!reader.outcome) {
                REQUIRE_FALSE(reader.waiting.empty());
                const std::size_t which = random() % reader.waiting.size();
                const auto kind = random() % 16;
                if (kind == 0) {
                    reader.fail(which, slow());
                } else if (kind == 1) {
                    reader.fail(which, Error{Errc::io});
                } else {
                    reader.reply(which, random() % 600'000);
                }
                reader.run();
            }
            if (!*reader.outcome) continue;
            if (!**reader.outcome) break;
            const Stream::Part& part = ***reader.outcome;
            for (const std::string& item : part.items) {
                auto& until = reached.try_emplace(item, begin).first->second;
                REQUIRE(until == part.from);
                until = part.to;
            }
        }
        CHECK(reached.size() == items);
        for (const auto& [item, until] : reached)
            REQUIRE(until == begin + length);
        // One more than may be where the first one was divided while the others were on their way.
        CHECK(reader.most <= 4);
    }
}

TEST_CASE("DataStream: whatever allocation fails, the parts have no hole") {
    using support::FailingAllocations;
    std::size_t cut_short = 0;
    bool more = true;
    for (std::size_t number = 0; more; ++number) {
        CAPTURE(number);
        Reader reader{70, 24h};
        std::vector<std::string> got;
        bool refused = false;
        bool over = false;
        {
            const FailingAllocations failing{number, 2};
            for (int turn = 0; turn != 20 && !over; ++turn) {
                asio::co_spawn(
                    reader.context,
                    reader.stream->next(),
                    [&](const std::exception_ptr& thrown, Next part) {
                        const FailingAllocations::Spared spared;
                        if (thrown) return;
                        refused = !part;
                        if (refused) {
                            CHECK(part.error().reason() == Reason::resource);
                            return;
                        }
                        over = !*part;
                        if (!*part) return;
                        const auto& items = (*part)->frame.items;
                        got.insert(got.end(), items.begin(), items.end());
                    });
                reader.run();
                const FailingAllocations::Spared spared;
                while (!reader.waiting.empty())
                    reader.reply(0);
                reader.run();
            }
            const FailingAllocations::Spared spared;
            more = FailingAllocations::seen() > number;
        }
        // Where it would have a hole, it goes on refusing.
        CHECK(over != refused);
        if (over) CHECK(got.size() == 70);
        for (std::size_t i = 0; i != got.size(); ++i)
            CHECK(got[i] == "item" + std::to_string(i));
        cut_short += refused ? 1U : 0U;
    }
    CHECK(cut_short != 0);
}

}  // namespace data_stream_test
