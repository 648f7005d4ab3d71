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
#include <utility>
#include <vector>

using namespace clarify;
namespace asio = boost::asio;

namespace {

struct Page {
    std::vector<int> data;
    std::optional<std::int64_t> total;
};
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
            page.data.push_back(static_cast<int>(i));
        if (request.total) page.total = count;
        waiting.at(replies - 1)(std::move(page));
    }
    void fail(Errc code) { waiting.at(replies++)(Error{code}); }

    int count;
    std::vector<detail::PageRequest> requests;
    std::vector<std::function<void(Result<Page>)>> waiting;
    std::size_t replies = 0;
};

struct Walk {
    explicit Walk(int count, std::size_t page_size = 2)
        : server(count),
          pages(context.get_executor(), {0, std::nullopt, page_size}, server.ask()) {}

    void start(asio::cancellation_slot slot = {}) {
        outcome.reset();
        asio::co_spawn(
            context,
            pages.next(),
            asio::bind_cancellation_slot(
                slot, [this](std::exception_ptr, Next got) { outcome.emplace(std::move(got)); }));
        run();
    }
    void run() {
        context.restart();
        context.poll();
    }
    std::vector<int> take() {
        REQUIRE(outcome);
        REQUIRE(outcome->has_value());
        if (!**outcome) return {};
        return (**outcome)->data;
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
    CHECK(walk.take() == std::vector<int>{0, 1});
    REQUIRE(walk.server.requests.size() == 2);
    CHECK(walk.server.requests[1] == detail::PageRequest{2, 2, false});
    // It comes before anybody waits for it.
    walk.server.reply();
    walk.start();
    CHECK(walk.take() == std::vector<int>{2});
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
    CHECK(walk.take() == std::vector<int>{0, 1});
    walk.server.fail(Errc::timeout);
    walk.start();
    CHECK(walk.outcome->error().code() == Errc::timeout);
    walk.start();
    walk.server.reply();
    walk.run();
    CHECK(walk.take() == std::vector<int>{2});
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
    CHECK(walk.take() == std::vector<int>{0, 1});
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
    CHECK(walk.take() == std::vector<int>{0});
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
                    page.data.push_back(static_cast<int>(i));
                spared.reset();
                deliver(std::move(page));
            }};
        std::vector<int> got;
        bool over = false;
        {
            const FailingAllocations failing{number, 2};
            for (int turn = 0; turn != 10 && !over; ++turn) {
                asio::co_spawn(
                    context, pages.next(), [&](const std::exception_ptr& thrown, Next page) {
                        const FailingAllocations::Spared spared;
                        if (thrown || !page) return;
                        over = !*page;
                        if (*page)
                            got.insert(got.end(), (*page)->data.begin(), (*page)->data.end());
                    });
                context.restart();
                context.poll();
            }
            const FailingAllocations::Spared spared;
            more = FailingAllocations::seen() > number;
        }
        CHECK(over);
        CHECK(got == std::vector<int>{0, 1, 2, 3, 4});
    }
}
