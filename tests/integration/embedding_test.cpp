// SPDX-License-Identifier: BSL-1.0
// The client inside somebody else's program: whose context, threads and TLS settings these are.

#include <clarify/clarify.hpp>
#include <clarify/testing/emulator.hpp>

#include "../support/run.hpp"

#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <future>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace embedding_test {

namespace {

using namespace std::chrono_literals;
namespace asio = boost::asio;
namespace json = boost::json;
using clarify::Errc;
using clarify::Reason;
using clarify::testing::Emulator;
using Outcome = clarify::Result<json::value>;

clarify::ClientOptions trusting(const Emulator& emulator) {
    clarify::ClientOptions options;
    options.http.tls.ca_pem = emulator.ca_certificate_pem();
    options.retry.base = 1ms;
    return options;
}
clarify::Credentials credentials_of(const Emulator& emulator) {
    return clarify::Credentials::from_string(emulator.credentials_json()).value();
}
const json::object no_query{{"query", json::object{}}};

/// A handler that says whether it was called, and whether it still exists.
struct Witness {
    struct State {
        std::atomic<int> calls{0};
    };
    std::shared_ptr<State> state = std::make_shared<State>();
    void operator()(const Outcome&) const { ++state->calls; }
};

}  // namespace

TEST_CASE("Embedding: the context may be destroyed before the client") {
    Emulator emulator;
    Witness witness;
    const std::weak_ptr<Witness::State> handler = witness.state;
    auto context = std::make_unique<asio::io_context>();
    clarify::Client client{context->get_executor(), credentials_of(emulator), trusting(emulator)};

    SUBCASE("never run") { client.async_call("clarify.selectItems", no_query, std::move(witness)); }
    SUBCASE("stopped after any number of steps of the first call") {
        // Each step is another point of name look-up, connecting, TLS, token and call.
        for (int steps = 1; steps != 40; ++steps) {
            CAPTURE(steps);
            Witness own;
            const std::weak_ptr<Witness::State> state = own.state;
            auto stepped = std::make_unique<asio::io_context>();
            clarify::Client other{
                stepped->get_executor(), credentials_of(emulator), trusting(emulator)};
            other.async_call("clarify.selectItems", no_query, std::move(own));
            for (int step = 0; step != steps; ++step)
                stepped->run_one_for(100ms);
            stepped.reset();
            CHECK(state.expired());
        }
        witness = {};
    }
    SUBCASE("with an idle connection") {
        CHECK(support::run(*context, client.call("clarify.selectItems", no_query)).has_value());
        witness = {};
    }
    SUBCASE("with the client closed") {
        client.async_call("clarify.selectItems", no_query, std::move(witness));
        context->poll();
        client.close();
    }
    context.reset();
    CHECK(handler.expired());  // called, or destroyed with the context
    client.close();
}

TEST_CASE("Embedding: a thread pool may be destroyed before the client, with calls in flight") {
    Emulator emulator;
    for (int round = 0; round != 20; ++round) {
        auto pool = std::make_unique<asio::thread_pool>(2);
        clarify::Client client{pool->get_executor(), credentials_of(emulator), trusting(emulator)};
        std::vector<std::future<Outcome>> futures;
        for (int i = 0; i != 8; ++i) {
            futures.push_back(client.async_call("clarify.selectItems", no_query, asio::use_future));
        }
        if (round % 2 == 0) futures.front().wait();
        pool.reset();
        int ended = 0;
        for (std::future<Outcome>& future : futures) {
            REQUIRE(future.wait_for(0s) == std::future_status::ready);
            try {
                (void)future.get();
            } catch (const std::future_error&) {  // the handler was destroyed
            }
            ++ended;
        }
        CHECK(ended == 8);
    }
}

TEST_CASE("Embedding: client and context may be destroyed in two threads at once") {
    Emulator emulator;
    for (int round = 0; round != 30; ++round) {
        auto context = std::make_unique<asio::io_context>();
        auto client = std::make_unique<clarify::Client>(
            context->get_executor(), credentials_of(emulator), trusting(emulator));
        client->async_call("clarify.selectItems", no_query, [](const Outcome&) {});
        for (int step = 0; step != round; ++step)
            context->run_one_for(50ms);
        std::thread other{[&] { client.reset(); }};
        context.reset();
        other.join();
    }
}

TEST_CASE("Embedding: a client may be destroyed from any thread while its calls run") {
    Emulator emulator;
    asio::thread_pool pool{3};
    std::atomic<int> closed{0};
    std::atomic<int> others{0};
    for (int round = 0; round != 20; ++round) {
        auto client = std::make_unique<clarify::Client>(
            pool.get_executor(), credentials_of(emulator), trusting(emulator));
        for (int i = 0; i != 20; ++i) {
            client->async_call("clarify.selectItems", no_query, [&](const Outcome& outcome) {
                const bool ended = !outcome && outcome.error().code() == Errc::closed;
                ++(ended ? closed : others);
            });
        }
        std::thread{[&] { client.reset(); }}.join();
    }
    pool.join();
    CHECK(closed + others == 400);
    CHECK(closed != 0);
}

TEST_CASE("Embedding: a client may be destroyed by the handler of its own call") {
    Emulator emulator;
    asio::io_context context;
    auto client = std::make_unique<clarify::Client>(
        context.get_executor(), credentials_of(emulator), trusting(emulator));
    int closed = 0;
    int ended = 0;
    for (int i = 0; i != 50; ++i) {
        client->async_call("clarify.selectItems", no_query, [&](const Outcome& outcome) {
            ++ended;
            if (!outcome && outcome.error().code() == Errc::closed) ++closed;
            client.reset();
        });
    }
    context.run();
    CHECK(ended == 50);
    CHECK(closed != 0);
}

TEST_CASE("Embedding: the application's own TLS context is used, and not changed") {
    Emulator emulator;
    auto tls = std::make_shared<asio::ssl::context>(asio::ssl::context::tls);
    // What an application might have it say for other peers.
    tls->set_verify_mode(asio::ssl::verify_none);
    clarify::ClientOptions options = trusting(emulator);
    options.http.tls.ca_pem.clear();
    options.http.tls.context = tls;
    asio::io_context context;

    const auto call = [&](const std::string& api_url) {
        clarify::Client client{
            context.get_executor(),
            credentials_of(emulator).with_api_url(api_url).value(),
            options};
        return support::run(context, client.call("clarify.selectItems", no_query));
    };
    const std::string url = credentials_of(emulator).api_url().to_string();

    SUBCASE("its trust") {
        tls->add_certificate_authority(asio::buffer(emulator.ca_certificate_pem()));
        const Outcome outcome = call(url);
        CHECK_MESSAGE(outcome.has_value(), outcome.error());
    }
    SUBCASE("and nobody else's: the peer is verified although the context would not") {
        const Outcome outcome = call(url);
        REQUIRE(outcome.has_error());
        CHECK(outcome.error().code() == Errc::tls);
        CHECK(outcome.error().reason() == Reason::untrusted);
    }
    CHECK(SSL_CTX_get_verify_mode(tls->native_handle()) == SSL_VERIFY_NONE);
    CHECK(emulator.stats().connections >= 1);
}

TEST_CASE("Embedding: others on the same context go on while a client comes and goes") {
    Emulator emulator;
    asio::io_context context;
    asio::steady_timer timer{context};
    int ticks = 0;
    bool over = false;
    std::function<void(boost::system::error_code)> tick = [&](boost::system::error_code ec) {
        REQUIRE_FALSE(ec);
        ++ticks;
        if (over) return;
        timer.expires_after(1ms);
        timer.async_wait(tick);
    };
    asio::post(context, [&] { tick({}); });
    for (int round = 0; round != 3; ++round) {
        clarify::Client client{
            context.get_executor(), credentials_of(emulator), trusting(emulator)};
        const Outcome outcome = support::run(context, client.call("clarify.selectItems", no_query));
        CHECK_MESSAGE(outcome.has_value(), outcome.error());
    }
    const int before = ticks;
    while (ticks < before + 3)
        context.run_one();
    over = true;
    // Nothing of the clients keeps the context busy.
    context.run();
    CHECK(ticks > before);
}

TEST_CASE("Embedding: a client starts no thread") {
    const auto threads = [] {
        const std::filesystem::directory_iterator tasks{"/proc/self/task"};
        return std::distance(begin(tasks), end(tasks));
    };
    Emulator emulator;
    asio::io_context context;
    const auto before = threads();
    clarify::Client client{context.get_executor(), credentials_of(emulator), trusting(emulator)};
    std::ptrdiff_t most = 0;
    for (int i = 0; i != 20; ++i) {
        client.async_call("clarify.selectItems", no_query, [&](const Outcome& outcome) {
            CHECK(outcome.has_value());
            most = std::max<std::ptrdiff_t>(most, threads());
        });
    }
    context.run();
    CHECK(most == before);
}

TEST_CASE("Embedding: on a strand, nothing of the client runs beside the strand's own work") {
    Emulator emulator;
    asio::thread_pool pool{3};
    const auto strand = asio::make_strand(pool);
    clarify::ClientOptions options = trusting(emulator);
    std::atomic<int> beside{0};
    std::atomic<int> events{0};
    options.observer = [&](const clarify::Event&) {
        ++events;
        if (!strand.running_in_this_thread()) ++beside;
    };
    int unguarded = 0;  // the strand guards it
    {
        clarify::Client client{strand, credentials_of(emulator), options};
            std::atomic<int> left{30};
        std::promise<void> all;
        for (int i = 0; i != 30; ++i) {
            client.async_call("clarify.selectItems", no_query, [&](const Outcome& outcome) {
                if (outcome && strand.running_in_this_thread()) ++unguarded;
                if (--left == 0) all.set_value();
            });
        }
        all.get_future().wait();
    }
    pool.join();
    CHECK(unguarded == 30);
    CHECK(events != 0);
    CHECK(beside == 0);
}

}  // namespace embedding_test
