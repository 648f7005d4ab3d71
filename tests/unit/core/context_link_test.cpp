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

namespace context_link_test {

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
        link->leave(*this, [&] {
            if (when_released) when_released();
        });
    }
    std::shared_ptr<void> keep_alive() noexcept override { return kept.lock(); }
    void context_gone() noexcept override {
        ++told;
        if (when_told) when_told();
    }

    std::shared_ptr<ContextLink> link;
    int told = 0;
    std::function<void()> when_told;
    std::function<void()> when_released;
    /// By itself for guests that nobody shares.
    std::shared_ptr<void> self{this, [](void*) {}};
    std::weak_ptr<void> kept = self;
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

TEST_CASE("ContextLink: who has been told releases nothing, for the context may be gone") {
    auto context = std::make_unique<asio::io_context>();
    int releases = 0;
    {
        Guest early{context->get_executor()};
        early.when_released = [&] { ++releases; };
    }
    CHECK(releases == 1);
    Guest guest{context->get_executor()};
    guest.when_released = [&] { ++releases; };
    context.reset();
    CHECK(guest.told == 1);
    guest.link->leave(guest, [&] { ++releases; });
    CHECK(releases == 1);
}

TEST_CASE("ContextLink: no lock is held while a guest is told") {
    auto context = std::make_unique<asio::io_context>();
    Guest guest{context->get_executor()};
    bool was_there = true;
    bool entered = false;
    guest.when_told = [&] {
        // In another thread, which would wait for ever.
        std::thread{[&] { was_there = guest.link->while_there([&] { entered = true; }); }}.join();
    };
    context.reset();
    CHECK(guest.told == 1);
    CHECK_FALSE(was_there);
    CHECK_FALSE(entered);
}

TEST_CASE("ContextLink: the end of the context waits for who is in, and for who is leaving") {
    auto context = std::make_unique<asio::io_context>();
    const auto link = ContextLink::of(context->get_executor());
    auto guest = std::make_unique<Guest>(context->get_executor());
    std::atomic<int> inside{0};
    std::atomic<bool> go{false};
    std::atomic<bool> gone{false};
    std::atomic<int> too_late{0};
    const auto stay = [&] {
        ++inside;
        while (!go)
            std::this_thread::yield();
        if (gone) ++too_late;
    };
    guest->when_released = stay;
    std::thread one{[&] { link->while_there(stay); }};
    std::thread other{[&] {
        guest->self.reset();
        guest.reset();
    }};
    while (inside != 2)
        std::this_thread::yield();
    std::thread last{[&] {
        context.reset();
        gone = true;
    }};
    while (link->is_there())
        std::this_thread::yield();
    go = true;
    last.join();
    one.join();
    other.join();
    CHECK(too_late == 0);
}

TEST_CASE("ContextLink: a guest may leave in one thread while the context goes in another") {
    for (int round = 0; round != 200; ++round) {
        auto context = std::make_unique<asio::io_context>();
        auto guest = std::make_unique<Guest>(context->get_executor());
        std::atomic<int> ready{0};
        std::thread other{[&] {
            for (++ready; ready != 2;) {
            }
            guest->self.reset();
            guest.reset();
        }};
        for (++ready; ready != 2;) {
        }
        context.reset();
        other.join();
    }
}

}  // namespace context_link_test
