// SPDX-License-Identifier: BSL-1.0
// Walking through a selection: one page ahead, nothing lost on the way.

#include <clarify/api/pages.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include <doctest/doctest.h>
#include <support/allocations.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace pages_test {

using namespace clarify;
namespace asio = boost::asio;

namespace {

struct Resource {
    std::string id;
};
struct Page {
    std::vector<Resource> data;
    std::optional<std::int64_t> total;
};
using Ids = std::vector<std::string>;
using Next = Result<std::optional<Page>>;

/// A server whose replies come when the test says so.
struct Server {
    explicit Server(int how_many) : count(how_many) {}

    Pages<Page>::Ask ask() {
        return [this](detail::PageRequest request, std::function<void(Result<Page>)> deliver) {
            requests.push_back(request);
            waiting.push_back(std::move(deliver));
        };
    }
    void reply() {
        const detail::PageRequest request = requests.at(replies++);
        Page page;
        for (std::size_t i = request.skip; i <
             std::min<std::size_t>(request.skip + request.limit, static_cast<std::size_t>(count));
             ++i)
            page.data.push_back({std::to_string(i)});
        if (request.total) page.total = count;
        waiting.at(replies - 1)(std::move(page));
    }
    /// Sends these, whatever was asked for.
    void reply(const Ids& ids, std::optional<std::int64_t> total = {}) {
        Page page{{}, total};
        for (const std::string& id : ids)
            page.data.push_back({id});
        waiting.at(replies++)(std::move(page));
    }
    void fail(Errc code) { waiting.at(replies++)(Error{code}); }

    int count;
    std::vector<detail::PageRequest> requests;
    std::vector<std::function<void(Result<Page>)>> waiting;
    std::size_t replies = 0;
};

struct Walk {
    explicit Walk(int count, std::size_t page_size = 2, std::optional<std::size_t> limit = {})
        : server(count), pages(context.get_executor(), {0, limit, page_size}, server.ask()) {}

    void start(asio::cancellation_slot slot = {}) {
        outcome.reset();
        asio::co_spawn(
            context,
            pages.next(),
            asio::bind_cancellation_slot(slot, [this](const std::exception_ptr& thrown, Next got) {
                CHECK_FALSE(thrown);
                outcome.emplace(std::move(got));
            }));
        run();
    }
    void run() {
        context.restart();
        context.poll();
    }
    Ids take() {
        REQUIRE(outcome);
        REQUIRE(outcome->has_value());
        Ids ids;
        if (!**outcome) return ids;
        for (const Resource& resource : (**outcome)->data)
            ids.push_back(resource.id);
        return ids;
    }
    Error error() {
        REQUIRE(outcome);
        REQUIRE(outcome->has_error());
        return outcome->error();
    }

    asio::io_context context;
    Server server;
    Pages<Page> pages;
    std::optional<Next> outcome;
};

}  // namespace

TEST_CASE("Pages: the next page is asked for when one has come, and not before") {
    Walk walk{3};
    CHECK(walk.server.requests.empty());
    walk.start();
    CHECK(walk.server.requests.size() == 1);
    walk.server.reply();
    walk.run();
    CHECK(walk.take() == Ids{"0", "1"});
    REQUIRE(walk.server.requests.size() == 2);
    CHECK(walk.server.requests[1] == detail::PageRequest{2, 2, false});
    // It comes before anybody waits for it.
    walk.server.reply();
    walk.start();
    CHECK(walk.take() == Ids{"2"});
    CHECK(walk.server.requests.size() == 2);
    walk.start();
    CHECK(walk.take().empty());
    CHECK_FALSE(**walk.outcome);
    CHECK(walk.server.requests.size() == 2);
}

TEST_CASE("Pages: a page that failed is asked for again, and nothing is left out") {
    Walk walk{3};
    walk.start();
    walk.server.fail(Errc::io);
    walk.run();
    REQUIRE(walk.outcome);
    CHECK(walk.outcome->error().code() == Errc::io);
    walk.start();
    REQUIRE(walk.server.requests.size() == 2);
    CHECK(walk.server.requests[1] == walk.server.requests[0]);
    walk.server.reply();
    walk.run();
    CHECK(walk.take() == Ids{"0", "1"});
    walk.server.fail(Errc::timeout);
    walk.start();
    CHECK(walk.outcome->error().code() == Errc::timeout);
    walk.start();
    walk.server.reply();
    walk.run();
    CHECK(walk.take() == Ids{"2"});
}

TEST_CASE("Pages: a wait that is cancelled can begin again, without another request") {
    Walk walk{3};
    asio::cancellation_signal signal;
    walk.start(signal.slot());
    CHECK_FALSE(walk.outcome);
    signal.emit(asio::cancellation_type::terminal);
    walk.run();
    REQUIRE(walk.outcome);
    CHECK(walk.outcome->error().code() == Errc::cancelled);
    walk.start();
    CHECK(walk.server.requests.size() == 1);
    walk.server.reply();
    walk.run();
    CHECK(walk.take() == Ids{"0", "1"});
}

TEST_CASE("Pages: two waits at once are refused, and the first goes on") {
    Walk walk{1};
    walk.start();
    std::optional<Next> second;
    asio::co_spawn(walk.context, walk.pages.next(), [&](std::exception_ptr, Next got) {
        second.emplace(std::move(got));
    });
    walk.run();
    REQUIRE(second);
    CHECK(second->error().code() == Errc::bad_argument);
    walk.server.reply();
    walk.run();
    CHECK(walk.take() == Ids{"0"});
}

TEST_CASE("Pages: a reply that comes when they are gone is dropped") {
    asio::io_context context;
    Server server{5};
    {
        Pages<Page> pages{context.get_executor(), {0, std::nullopt, 2}, server.ask()};
        asio::co_spawn(context, pages.next(), asio::detached);
        context.poll();
        server.reply();
        context.poll();
        REQUIRE(server.requests.size() == 2);
    }
    server.reply();
    context.restart();
    context.poll();
}

TEST_CASE("Pages: whatever allocation fails, no page is lost") {
    using support::FailingAllocations;
    bool more = true;
    for (std::size_t number = 0; more; ++number) {
        CAPTURE(number);
        asio::io_context context;
        Pages<Page> pages{
            context.get_executor(),
            {0, std::nullopt, 2},
            [](detail::PageRequest request, const std::function<void(Result<Page>)>& deliver) {
                std::optional<FailingAllocations::Spared> spared{std::in_place};
                Page page;
                page.total = 5;
                for (std::size_t i = request.skip; i < std::min<std::size_t>(request.skip + 2, 5);
                     ++i)
                    page.data.push_back({std::to_string(i)});
                spared.reset();
                deliver(std::move(page));
            }};
        Ids got;
        bool over = false;
        {
            const FailingAllocations failing{number, 2};
            for (int turn = 0; turn != 10 && !over; ++turn) {
                asio::co_spawn(
                    context, pages.next(), [&](const std::exception_ptr& thrown, Next page) {
                        const FailingAllocations::Spared spared;
                        if (thrown || !page) return;
                        over = !*page;
                        if (!*page) return;
                        for (const Resource& resource : (*page)->data)
                            got.push_back(resource.id);
                    });
                context.restart();
                context.poll();
            }
            const FailingAllocations::Spared spared;
            more = FailingAllocations::seen() > number;
        }
        CHECK(over);
        CHECK(got == Ids{"0", "1", "2", "3", "4"});
    }
}

TEST_CASE("Pages: a server that sends the same page whatever the offset is found out") {
    // It counts nothing, or more than it ever sends.
    for (const std::int64_t total : {std::int64_t{-1}, std::int64_t{1'000'000'000}}) {
        CAPTURE(total);
        Walk walk{0};
        walk.start();
        walk.server.reply({"a", "b"}, total);
        walk.run();
        CHECK(walk.take() == Ids{"a", "b"});
        walk.server.reply({"a", "b"}, total);
        walk.start();
        // So many may have been added in front meanwhile: the next page will tell.
        CHECK_FALSE(walk.outcome);
        REQUIRE(walk.server.requests.size() == 3);
        CHECK(walk.server.requests[2] == detail::PageRequest{4, 2, false});
        walk.server.reply({"a", "b"}, total);
        walk.run();
        const Error error = walk.error();
        CHECK(error.code() == Errc::decode);
        CHECK(error.reason() == Reason::repeated);
        CHECK(error.phase() == Phase::decode);
        CHECK(error.fate() == Fate::answered);
        CHECK(error.message() == "offset 4 yields the same resources as the two pages before it");
        // Nothing is asked for ahead of an error, and `next` asks for the same page again.
        CHECK(walk.server.requests.size() == 3);
        walk.start();
        REQUIRE(walk.server.requests.size() == 4);
        CHECK(walk.server.requests[3] == walk.server.requests[2]);
        walk.server.reply({"a", "b"}, total);
        walk.run();
        CHECK(walk.error().reason() == Reason::repeated);
        // It may have been mended.
        walk.start();
        walk.server.reply({"e"}, total);
        walk.run();
        CHECK(walk.take() == Ids{"e"});
    }
}

TEST_CASE("Pages: a part of the page before is nothing new either") {
    Walk walk{0, 4, 6};
    walk.start();
    walk.server.reply({"a", "b", "c", "d"});
    walk.run();
    CHECK(walk.take() == Ids{"a", "b", "c", "d"});
    REQUIRE(walk.server.requests.size() == 2);
    CHECK(walk.server.requests[1].limit == 2);
    walk.server.reply({"a", "b"});
    walk.start();
    REQUIRE(walk.server.requests.size() == 3);
    // The two that are wanted still.
    CHECK(walk.server.requests[2] == detail::PageRequest{6, 2, false});
    walk.server.reply({"a", "b"});
    walk.run();
    CHECK(walk.error().reason() == Reason::repeated);
}

TEST_CASE("Pages: what is added in front while one walks hides nothing and stops nothing") {
    // Pages of one, newest first: whenever one is added, the page comes again.
    for (const bool counts : {false, true}) {
        CAPTURE(counts);
        Walk walk{0, 1};
        const std::optional<std::int64_t> total =
            counts ? std::optional<std::int64_t>{3} : std::nullopt;
        walk.start();
        walk.server.reply({"c"}, total);
        walk.run();
        CHECK(walk.take() == Ids{"c"});
        walk.server.reply(Ids{"c"});
        walk.start();
        walk.server.reply(Ids{"b"});
        walk.run();
        CHECK(walk.take() == Ids{"b"});
        walk.server.reply(Ids{"b"});
        walk.start();
        walk.server.reply(Ids{"a"});
        walk.run();
        CHECK(walk.take() == Ids{"a"});
        walk.start();
        if (!counts) walk.server.reply(Ids{});
        walk.run();
        REQUIRE(walk.outcome);
        REQUIRE(walk.outcome->has_value());
        CHECK_FALSE(**walk.outcome);
        CHECK(walk.server.requests.size() == (counts ? 5 : 6));
    }
    // Others that come again are no page that comes again.
    Walk walk{0};
    walk.start();
    for (const Ids& ids : {Ids{"c", "b"}, Ids{"b", "a"}, Ids{"b", "z"}, Ids{"b", "y"}}) {
        walk.server.reply(ids);
        walk.run();
        CHECK(walk.take() == ids);
        walk.start();
    }
    // One without identifiers cannot be told from another.
    for (int i = 0; i != 3; ++i) {
        walk.server.reply({"", ""});
        walk.run();
        CHECK(walk.take() == Ids{"", ""});
        walk.start();
    }
}

TEST_CASE("Pages: a cancellation that comes together with a repeated page loses nothing") {
    Walk walk{0};
    walk.start();
    walk.server.reply({"a", "b"});
    walk.run();
    asio::cancellation_signal signal;
    walk.start(signal.slot());
    // The signal is on its way by the executor when the page has found who waits for it.
    signal.emit(asio::cancellation_type::terminal);
    walk.server.reply({"a", "b"});
    walk.run();
    CHECK(walk.error().code() == Errc::cancelled);
    walk.start();
    REQUIRE(walk.server.requests.size() == 3);
    walk.server.reply(Ids{"c"});
    walk.run();
    CHECK(walk.take() == Ids{"c"});
}

TEST_CASE("Pages: more than was asked for is cut where there is a limit, and else of use") {
    Walk walk{0, 2, 5};
    walk.start();
    walk.server.reply({"a", "b", "c"});
    walk.run();
    CHECK(walk.take() == Ids{"a", "b", "c"});
    REQUIRE(walk.server.requests.size() == 2);
    CHECK(walk.server.requests[1] == detail::PageRequest{3, 2, false});
    walk.server.reply({"d", "e", "f", "g"});
    walk.start();
    CHECK(walk.take() == Ids{"d", "e"});
    walk.start();
    CHECK_FALSE(**walk.outcome);
    CHECK(walk.server.requests.size() == 2);

    Walk all{0, 2};
    all.start();
    all.server.reply({"a", "b", "c"});
    all.run();
    CHECK(all.take() == Ids{"a", "b", "c"});
}

}  // namespace pages_test
