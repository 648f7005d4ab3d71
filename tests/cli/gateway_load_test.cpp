// SPDX-License-Identifier: BSL-1.0
// The example gateway, ended in the midst of a thousand senders.

#include <clarify/testing/emulator.hpp>

#include "../support/temporary_directory.hpp"
#include "gateway_process.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include <doctest/doctest.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using namespace std::chrono_literals;
using asio::ip::tcp;
using clarify::testing::Emulator;
using clarify::testing::Sample;
using gateway_test::GatewayProcess;
using Clock = std::chrono::steady_clock;

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t sender_count = 1000;

/// Sender `number` posts sample `round` of its own signal, until its connection ends.
struct Sender {
    std::size_t number = 0;
    std::vector<int> acknowledged;
};

/// What all senders see.
struct Load {
    explicit Load(GatewayProcess& process) : gateway(process) {}

    GatewayProcess& gateway;
    std::size_t connected = 0;
    std::size_t posted = 0;
    std::size_t acknowledged = 0;
    std::size_t refused = 0;
    std::size_t half_answered = 0;
    std::size_t strange = 0;
    bool stopped = false;
    Clock::time_point stopped_at;
};

std::string signal_name(std::size_t sender) { return "sender-" + std::to_string(sender); }

Sample sample(std::size_t sender, int round) {
    const std::chrono::sys_days day = std::chrono::year{2024} / 1 / 1;
    return Sample{day + std::chrono::seconds{round}, static_cast<double>(sender) + round * 0.001};
}

std::string document(std::size_t sender, int round) {
    char text[160];
    std::snprintf(
        text,
        sizeof text,
        R"({"times":["2024-01-01T00:%02d:%02dZ"],"series":{"%s":[%.3f]}})",
        round / 60,
        round % 60,
        signal_name(sender).c_str(),
        sample(sender, round).value);
    return text;
}

/// Ends the gateway as soon as it has acknowledged samples of everyone on average, and goes on.
void stop_in_the_midst(Load& load) {
    if (load.stopped || load.acknowledged < sender_count * 3 / 2) return;
    load.stopped = true;
    load.stopped_at = Clock::now();
    load.gateway.send_signal(SIGTERM);
}

/// Posts one sample; returns whether the connection is still good.
asio::awaitable<bool> post(
    tcp::socket& socket, boost::beast::flat_buffer& buffer, Sender& sender, int round, Load& load) {
    http::request<http::string_body> request{http::verb::post, "/samples", 11};
    request.set(http::field::host, "gateway");
    request.set(http::field::content_type, "application/json");
    request.body() = document(sender.number, round);
    request.prepare_payload();
    const auto [write_ec, written] = co_await http::async_write(socket, request, as_result);
    if (write_ec) co_return false;
    ++load.posted;

    http::response_parser<http::string_body> parser;
    const auto [ec, size] = co_await http::async_read(socket, buffer, parser, as_result);
    if (ec) {
        if (parser.got_some()) ++load.half_answered;
        co_return false;
    }
    const auto& response = parser.get();
    if (response.result_int() == 202) {
        sender.acknowledged.push_back(round);
        ++load.acknowledged;
        stop_in_the_midst(load);
    } else if (response.result_int() == 503 && response.count(http::field::retry_after) != 0) {
        ++load.refused;
    } else {
        ++load.strange;
        MESSAGE(response);
    }
    co_return parser.keep_alive();
}

asio::awaitable<void> send(Sender& sender, Load& load) {
    tcp::socket socket{co_await asio::this_coro::executor};
    const tcp::endpoint endpoint{asio::ip::address_v4::loopback(), load.gateway.port()};
    const auto [ec] = co_await socket.async_connect(endpoint, as_result);
    if (ec) co_return;
    ++load.connected;
    boost::beast::flat_buffer buffer;
    bool open = true;
    for (int round = 0; open && round != 3600; ++round) {
        open = co_await post(socket, buffer, sender, round, load);
    }
}

/// A process has a thousand sockets here, and their peers are in two others.
void raise_descriptor_limit() {
    rlimit limit{};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &limit) == 0);
    limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, 4096);
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &limit) == 0);
    REQUIRE(limit.rlim_cur >= 2048);
}

void run_load(const std::string& drain, std::chrono::seconds longest, bool may_lose) {
    raise_descriptor_limit();
    Emulator emulator;
    const support::TemporaryDirectory folder;
    GatewayProcess gateway{
        {"--host",
         "gateway",
         "--credentials",
         folder.write("credentials.json", emulator.credentials_json()),
         "--ca",
         folder.write("ca.pem", emulator.ca_certificate_pem()),
         "--threads",
         "4",
         "--timeout",
         "60s",
         "--drain",
         drain}};

    asio::io_context context{1};
    Load load{gateway};
    std::vector<Sender> senders(sender_count);
    for (std::size_t i = 0; i != sender_count; ++i) {
        senders[i].number = i;
        asio::co_spawn(context, send(senders[i], load), asio::detached);
    }
    context.run_for(gateway_test::patience);
    REQUIRE(load.stopped);
    CHECK(context.stopped());
    const int code = gateway.wait();
    const auto took = Clock::now() - load.stopped_at;
    MESSAGE(
        "posted " << load.posted << ", acknowledged " << load.acknowledged << ", 503 "
                  << load.refused << ", ended after "
                  << std::chrono::duration_cast<std::chrono::milliseconds>(took).count() << " ms; "
                  << gateway.output());
    CHECK(took < longest);

    CHECK(load.connected == sender_count);
    CHECK(load.half_answered == 0);
    CHECK(load.strange == 0);
    std::size_t lost = 0;
    std::size_t kept = 0;
    for (const Sender& sender : senders) {
        const std::vector<Sample> stored = emulator.samples(signal_name(sender.number));
        kept += stored.size();
        for (const int round : sender.acknowledged) {
            const auto copies =
                std::count(stored.begin(), stored.end(), sample(sender.number, round));
            lost += copies == 1 ? 0U : 1U;
        }
    }
    // Those that were in memory alone are lost, and the gateway says how many.
    CHECK(lost <= gateway.counted("left"));
    CHECK(code == (gateway.counted("left") == 0 ? 0 : 1));
    if (!may_lose) CHECK(gateway.counted("left") == 0);
    // What was not acknowledged may be there, but nothing is there twice.
    CHECK(kept <= load.posted);
    CHECK(emulator.stats().methods["integration.insert"] < 100);
    // The gateway and its senders agree.
    CHECK(gateway.counted("stored") + gateway.counted("left") == load.acknowledged);
    CHECK(gateway.counted("accepted") == load.acknowledged);
    CHECK(gateway.counted("refused") == load.refused);
}

}  // namespace

TEST_CASE("gateway: ended under load, it stores each sample that it accepted") {
    run_load("60s", 70s, false);
}

TEST_CASE("gateway: ended under load without time to drain, it says how many samples are lost") {
    run_load("0s", 15s, true);
}
