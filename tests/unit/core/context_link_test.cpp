// SPDX-License-Identifier: BSL-1.0

#include <clarify/core/detail/context_link.hpp>
#include <clarify/core/detail/serial_executor.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/system_executor.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <functional>
#include <memory>
#include <thread>
#include <utility>

using clarify::detail::ContextLink;
using clarify::detail::SerialExecutor;
namespace asio = boost::asio;

namespace {

struct Guest final : ContextLink::Guest {
    explicit Guest(const asio::any_io_executor& executor) : link(ContextLink::of(executor)) {
        link->enter(*this);
    }
    Guest(const Guest&) = delete;
    Guest& operator=(const Guest&) = delete;
    ~Guest() {
        link->leave(*this, [&] { ++releases; });
    }
    void context_gone() noexcept override {
        ++told;
        if (when_told) when_told();
    }

    std::shared_ptr<ContextLink> link;
    int told = 0;
    int releases = 0;
    std::function<void()> when_told;
};

}  // namespace

TEST_CASE("ContextLink: a guest is told once, before the context is gone") {
    auto context = std::make_unique<asio::io_context>();
    Guest guest{context->get_executor()};
    CHECK(guest.told == 0);
    bool there = false;
    guest.link->while_there([&] { there = true; });
    CHECK(there);
    context.reset();
    CHECK(guest.told == 1);
    there = false;
    guest.link->while_there([&] { there = true; });
    CHECK_FALSE(there);
}

TEST_CASE("ContextLink: executors over one context share it") {
    asio::io_context context;
    const auto link = ContextLink::of(context.get_executor());
    CHECK(ContextLink::of(asio::make_strand(context)) == link);
    CHECK(ContextLink::of(SerialExecutor::over(context.get_executor())) == link);
    CHECK(ContextLink::of(asio::system_executor{}) != link);
}

TEST_CASE("ContextLink: who has left is told nothing") {
    auto context = std::make_unique<asio::io_context>();
    int told = 0;
    {
        Guest guest{context->get_executor()};
        guest.when_told = [&] { ++told; };
    }
    context.reset();
    CHECK(told == 0);
}

TEST_CASE("ContextLink: a guest that is told may end others") {
    auto context = std::make_unique<asio::io_context>();
    int told = 0;
    auto other = std::make_unique<Guest>(context->get_executor());
    other->when_told = [&] { ++told; };
    Guest guest{context->get_executor()};
    guest.when_told = [&] { other.reset(); };
    Guest last{context->get_executor()};
    context.reset();
    CHECK(guest.told == 1);
    CHECK(last.told == 1);
    CHECK(other == nullptr);
    CHECK(told == 0);  // it has left before its turn
}

TEST_CASE("ContextLink: a guest may leave in one thread while the context goes in another") {
    for (int round = 0; round != 200; ++round) {
        auto context = std::make_unique<asio::io_context>();
        auto guest = std::make_unique<Guest>(context->get_executor());
        std::atomic<int> ready{0};
        std::thread other{[&] {
            for (++ready; ready != 2;) {
            }
            guest.reset();
        }};
        for (++ready; ready != 2;) {
        }
        context.reset();
        other.join();
    }
}
