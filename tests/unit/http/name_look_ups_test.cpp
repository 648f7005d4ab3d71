// SPDX-License-Identifier: BSL-1.0
// Name look-ups that hang, fail and end, with a resolver of the test's own.

#include <clarify/core/detail/blocking_workers.hpp>
#include <clarify/core/detail/serial_executor.hpp>
#include <clarify/core/url.hpp>
#include <clarify/http/detail/connect/host_look_ups.hpp>
#include <clarify/http/detail/connect/name_look_ups.hpp>
#include <clarify/http/detail/connect/name_resolver.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/strand.hpp>

#include <doctest/doctest.h>
#include <support/allocations.hpp>
#include <support/run.hpp>

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace name_look_ups_test {

// Not in the nameless one: GCC warns of coroutines that hold such a type.
namespace name_look_ups {

using namespace std::chrono_literals;
using clarify::Clock;
using clarify::Errc;
using clarify::Phase;
using clarify::Reason;
using clarify::Result;
using clarify::Url;
using clarify::detail::BlockingWorkers;
using clarify::detail::Endpoint;
using clarify::detail::HostLookUps;
using clarify::detail::NameAnswer;
using clarify::detail::NameLookUps;
using clarify::detail::NameResolver;
using clarify::detail::SerialExecutor;
namespace asio = boost::asio;

/// Names of the test: those that begin with `hung` hang until they are let go.
struct Names {
    static Names& get() {
        static Names all;
        return all;
    }
    static NameAnswer ask(const std::string& host) noexcept {
        Names& names = get();
        std::unique_lock lock{names.mutex};
        ++names.asked[host];
        names.changed.notify_all();
        if (host.starts_with("hung")) {
            names.changed.wait(lock, [&] { return names.released; });
        }
        NameAnswer answer;
        if (host.starts_with("unknown")) {
            answer.error = asio::error::host_not_found;
        } else if (host.starts_with("late")) {
            answer.error = asio::error::host_not_found_try_again;
        } else if (!host.starts_with("nothing")) {
            answer.addresses.push_back(asio::ip::make_address("192.0.2.7"));
            answer.addresses.push_back(asio::ip::make_address("2001:db8::7"));
        }
        // The next allocations of this thread fail: those by which the answer is brought back.
        if (host.starts_with("short"))
            static thread_local support::FailingAllocations failing{0, 3};
        return answer;
    }
    void reset() {
        const std::lock_guard lock{mutex};
        asked.clear();
        released = false;
    }
    void release() {
        const std::lock_guard lock{mutex};
        released = true;
        changed.notify_all();
    }
    bool wait_for(const std::string& host, int times) {
        std::unique_lock lock{mutex};
        return changed.wait_for(lock, 20s, [&] { return asked[host] >= times; });
    }
    int times(const std::string& host) {
        const std::lock_guard lock{mutex};
        return asked[host];
    }

    std::mutex mutex;
    std::condition_variable changed;
    std::map<std::string, int> asked;
    bool released = false;
};

struct TestLookUps {
    static NameLookUps& get() {
        static BlockingWorkers workers;
        static NameLookUps all{&Names::ask, &workers};
        return all;
    }
};

struct TestResolver : NameResolver {
    explicit TestResolver(asio::any_io_executor executor)
        : NameResolver(std::move(executor), TestLookUps::get()) {}
};

using Found = Result<std::vector<Endpoint>>;

/// One who looks up hosts on a context of its own.
struct Asker {
    Asker() { Names::get().reset(); }
    ~Asker() { Names::get().release(); }

    Found find(const std::string& host, std::chrono::milliseconds limit = 20s) {
        const Url url = Url::parse("https://" + host + ":8443/").value();
        return support::run(context, look_ups.find(url, Clock::now() + limit));
    }
    /// Begins a look-up on the serial executor; the outcome is in `outcomes` when it has ended.
    void begin(const std::string& host, std::chrono::milliseconds limit) {
        urls.push_back(std::make_unique<Url>(Url::parse("https://" + host + "/").value()));
        asio::co_spawn(
            serial,
            look_ups.find(*urls.back(), Clock::now() + limit),
            asio::bind_cancellation_slot(
                signals.emplace_back().slot(),
                [this](std::exception_ptr, Found found) { outcomes.push_back(std::move(found)); }));
    }

    std::vector<std::unique_ptr<Url>> urls;
    std::vector<Found> outcomes;
    /// One for each, for a slot has room for one.
    std::list<asio::cancellation_signal> signals;
    asio::io_context context;
    asio::any_io_executor serial = SerialExecutor::over(context.get_executor());
    HostLookUps<TestResolver> look_ups;
};

}  // namespace name_look_ups

using namespace name_look_ups;

TEST_CASE("look-ups: a name has its addresses, and a failure its reason") {
    Asker asker;
    const Found found = asker.find("good.test");
    REQUIRE(found.has_value());
    CHECK(
        *found ==
        std::vector<Endpoint>{
            {asio::ip::make_address("192.0.2.7"), 8443},
            {asio::ip::make_address("2001:db8::7"), 8443}});
    struct Row {
        const char* host;
        Reason reason;
    };
    for (const Row& row :
         {Row{"unknown.test", Reason::not_found},
          Row{"nothing.test", Reason::not_found},
          Row{"late.test", Reason::temporary}}) {
        const Found failed = asker.find(row.host);
        REQUIRE(failed.has_error());
        CHECK(failed.error().code() == Errc::resolve);
        CHECK(failed.error().reason() == row.reason);
        CHECK(failed.error().phase() == Phase::resolve);
    }
    // No resolver is asked for an address.
    CHECK(asker.find("127.0.0.1").value().front().address().is_loopback());
    CHECK(Names::get().times("127.0.0.1") == 0);
}

TEST_CASE("look-ups: one that hangs holds up no other, and ends at the limit of who waits") {
    Asker asker;
    std::vector<std::unique_ptr<Asker>> others;
    for (int i = 0; i != 8; ++i) {
        others.push_back(std::make_unique<Asker>());
        others.back()->begin("hung" + std::to_string(i) + ".test", 50ms);
        others.back()->context.run_for(1ms);
    }
    const auto began = Clock::now();
    CHECK(asker.find("good.test").has_value());
    const Found hung = asker.find("hung0.test", 100ms);
    REQUIRE(hung.has_error());
    CHECK(hung.error().code() == Errc::timeout);
    CHECK(hung.error().phase() == Phase::resolve);
    for (const auto& other : others) {
        // Nor does the context stay for it, or wait when it is destroyed.
        other->context.run();
        CHECK(other->outcomes.size() == 1);
    }
    others.clear();
    CHECK(Clock::now() - began < 15s);
    CHECK(Names::get().times("hung0.test") <= 1);
}

TEST_CASE("look-ups: all who ask for a name share one, on whatever context") {
    Asker first;
    Asker second;
    for (int i = 0; i != 3; ++i) {
        first.begin("hung.test", 20s);
        second.begin("hung.test", 20s);
    }
    first.context.run_for(5ms);
    second.context.run_for(5ms);
    REQUIRE(Names::get().wait_for("hung.test", 1));
    Names::get().release();
    first.context.run();
    second.context.run();
    CHECK(first.outcomes.size() == 3);
    CHECK(second.outcomes.size() == 3);
    for (const Found& found : first.outcomes)
        CHECK(found.has_value());
    CHECK(Names::get().times("hung.test") == 1);
}

TEST_CASE("look-ups: a name that hangs is asked for once more after a while, and no third time") {
    struct Silent final : NameLookUps::Asker {
        void answered(const NameAnswer&) noexcept override {}
    };
    Asker asker;
    const auto now = Clock::now();
    NameLookUps& all = TestLookUps::get();
    all.ask("hung-again.test", std::make_shared<Silent>(), now);
    all.ask("hung-again.test", std::make_shared<Silent>(), now + 4s);
    all.ask("hung-again.test", std::make_shared<Silent>(), now + 6s);
    all.ask("hung-again.test", std::make_shared<Silent>(), now + 60s);
    CHECK(Names::get().wait_for("hung-again.test", 2));
    CHECK(Names::get().times("hung-again.test") == 2);
}

TEST_CASE("look-ups: one that is cancelled ends at once") {
    Asker asker;
    asker.begin("hung.test", 60s);
    asker.context.run_for(10ms);
    CHECK(asker.outcomes.empty());
    asker.signals.back().emit(asio::cancellation_type::terminal);
    const auto began = Clock::now();
    asker.context.run();
    REQUIRE(asker.outcomes.size() == 1);
    CHECK(asker.outcomes.front().error().code() == Errc::cancelled);
    CHECK(Clock::now() - began < 15s);
}

TEST_CASE("look-ups: the answer to a context that is gone is dropped") {
    Names::get().reset();
    for (const bool on_strand : {false, true}) {
        asio::io_context context;
        const asio::any_io_executor inner = on_strand
            ? asio::any_io_executor{asio::make_strand(context)}
            : asio::any_io_executor{context.get_executor()};
        auto look_ups = std::make_unique<HostLookUps<TestResolver>>();
        const Url url = Url::parse("https://hung.test/").value();
        asio::co_spawn(
            SerialExecutor::over(inner),
            look_ups->find(url, Clock::now() + 60s),
            [](std::exception_ptr, const Found&) {});
        context.run_for(10ms);
    }
    Names::get().release();
    // The threads are done with it before the next test begins.
    Asker asker;
    CHECK(asker.find("good.test").has_value());
}

TEST_CASE("look-ups: an answer that there is no memory for comes when there is") {
    Asker asker;
    CHECK(asker.find("short.test").has_value());
}

TEST_CASE("look-ups: memory that runs out while one begins ends it, and hangs nothing") {
    const Url url = Url::parse("https://good.test/").value();
    std::size_t seen = 0;
    for (std::size_t number = 0; number <= seen; ++number) {
        CAPTURE(number);
        Asker asker;
        const auto began = Clock::now();
        try {
            const support::FailingAllocations failing{number};
            support::run(asker.context, asker.look_ups.find(url, Clock::now() + 40s));
            seen = support::FailingAllocations::seen();
        } catch (const std::bad_alloc&) {
            seen = number + 1;
        }
        CHECK(Clock::now() - began < 20s);
        // Nobody is in the way of the next.
        CHECK(asker.find("good.test").has_value());
    }
    CHECK(seen > 5);
}

}  // namespace name_look_ups_test
