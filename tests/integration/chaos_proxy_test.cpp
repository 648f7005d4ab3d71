// SPDX-License-Identifier: BSL-1.0
// The chaos proxy does to a connection what its plan says, and nothing else.

#include "../support/chaos_proxy.hpp"
#include "../support/raw_server.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <cstdint>
#include <future>
#include <set>
#include <string>
#include <thread>

namespace chaos_proxy_test {

namespace {

using namespace std::chrono_literals;
using boost::asio::ip::tcp;
using boost::system::error_code;
using support::ChaosCut;
using support::ChaosPlan;
using support::ChaosProxy;
using support::RawPeer;
using support::RawServer;
using How = support::ChaosCut::How;

/// A blocking client of a port.
struct Caller {
    explicit Caller(std::uint16_t port) {
        socket.connect({boost::asio::ip::address_v4::loopback(), port}, connected);
        if (connected) return;
        error_code ignored;
        socket.set_option(tcp::no_delay{true}, ignored);
    }
    error_code send(const std::string& text) {
        boost::asio::write(socket, boost::asio::buffer(text), end);
        return end;
    }
    /// What comes until the connection ends, and how it ended.
    std::string rest() {
        std::string text;
        error_code ec;
        boost::asio::read(socket, boost::asio::dynamic_buffer(text), ec);
        // A reset is told once, which may have been while sending.
        if (!end) end = ec;
        return text;
    }

    boost::asio::io_context context;
    tcp::socket socket{context};
    error_code connected, end;
};

/// A server that answers the first byte of every connection with "0123456789" and hears it out.
/// What each connection brought is there once it has ended.
struct Answerer {
    std::string heard() { return text.get_future().get(); }

    std::promise<std::string> text;
    RawServer server{[this](RawPeer& peer) {
        std::string all;
        error_code ec;
        for (char bytes[256]; !ec;) {
            const std::size_t size = peer.socket().read_some(boost::asio::buffer(bytes), ec);
            const bool first = all.empty() && size != 0;
            all.append(bytes, size);
            if (first) boost::asio::write(peer.socket(), boost::asio::buffer("0123456789", 10), ec);
        }
        if (ec != boost::asio::error::eof) all += "!";
        text.set_value(all);
    }};
};

/// Waits for what must come true; false if it does not for a very long time.
template <class Condition>
bool eventually(Condition condition) {
    const auto until = std::chrono::steady_clock::now() + 20s;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > until) return false;
        std::this_thread::sleep_for(1ms);
    }
    return true;
}

ChaosPlan plan_up(How how, std::size_t at) { return ChaosPlan::cut_up({how, at}); }
ChaosPlan plan_down(How how, std::size_t at) { return ChaosPlan::cut_down({how, at}); }

}  // namespace

TEST_CASE("ChaosProxy: without a plan bytes and ends pass unharmed in both directions") {
    Answerer peer;
    const ChaosProxy proxy{peer.server.port()};
    {
        Caller caller{proxy.port()};
        CHECK_FALSE(caller.send("hello"));
        caller.socket.shutdown(tcp::socket::shutdown_send);
        CHECK(caller.rest() == "0123456789");
        CHECK(caller.end == boost::asio::error::eof);
    }
    CHECK(peer.heard() == "hello");
    CHECK(eventually([&] { return proxy.statistics().open == 0; }));
    const support::ChaosStatistics seen = proxy.statistics();
    CHECK(seen.connections == 1);
    CHECK(seen.bytes_up == 5);
    CHECK(seen.bytes_down == 10);
    CHECK(seen.lost + seen.fins + seen.resets + seen.swallows == 0);
}

TEST_CASE("ChaosProxy: the end comes at exactly the byte that the plan says") {
    for (const bool reset : {false, true}) {
        const How how = reset ? How::reset : How::fin;
        CAPTURE(reset);
        for (const std::size_t at : {0U, 1U, 7U, 10U}) {
            CAPTURE(at);
            Answerer peer;
            const ChaosProxy proxy{peer.server.port(), support::chaos_script({plan_down(how, at)})};
            Caller caller{proxy.port()};
            caller.send("hello");
            CHECK(caller.rest() == std::string{"0123456789"}.substr(0, at));
            CHECK((caller.end == boost::asio::error::eof) == !reset);
            caller.socket.close();
            const std::string heard = peer.heard();
            if (at != 0) CHECK(heard == (reset ? "hello!" : "hello"));
        }
        for (const std::size_t at : {0U, 1U, 4U, 5U}) {
            CAPTURE(at);
            Answerer peer;
            const ChaosProxy proxy{peer.server.port(), support::chaos_script({plan_up(how, at)})};
            Caller caller{proxy.port()};
            caller.send("hello");
            caller.rest();
            CHECK((caller.end == boost::asio::error::eof) == !reset);
            caller.socket.close();
            CHECK(peer.heard() == std::string{"hello"}.substr(0, at) + (reset ? "!" : ""));
            CHECK((reset ? proxy.statistics().resets : proxy.statistics().fins) == 1);
        }
    }
}

TEST_CASE("ChaosProxy: harm that comes later lets pass what is sent until then") {
    Answerer peer;
    ChaosPlan plan;
    plan.down.cut = {How::fin, 3, 30ms};
    const ChaosProxy proxy{peer.server.port(), support::chaos_script({plan})};
    const auto begun = std::chrono::steady_clock::now();
    Caller caller{proxy.port()};
    caller.send("hello");
    CHECK(caller.rest() == "0123456789");
    CHECK(std::chrono::steady_clock::now() - begun >= 30ms);
}

TEST_CASE("ChaosProxy: after a half-close the other direction goes on") {
    Answerer peer;
    const ChaosProxy proxy{
        peer.server.port(), support::chaos_script({plan_up(How::half_close, 4)})};
    Caller caller{proxy.port()};
    caller.send("hello");
    CHECK(caller.rest() == "0123456789");
    CHECK(peer.heard() == "hell");
}

TEST_CASE("ChaosProxy: a black hole stays open, and ends with its client") {
    Answerer peer;
    const ChaosProxy proxy{peer.server.port(), support::chaos_script({plan_up(How::swallow, 0)})};
    {
        Caller caller{proxy.port()};
        CHECK_FALSE(caller.send("hello"));
        CHECK(eventually([&] { return proxy.statistics().lost == 5; }));
        caller.socket.non_blocking(true);
        char byte = 0;
        error_code ec;
        caller.socket.read_some(boost::asio::buffer(&byte, 1), ec);
        CHECK(ec == boost::asio::error::would_block);
    }
    peer.heard();
    CHECK(eventually([&] { return proxy.statistics().open == 0; }));
    CHECK(proxy.statistics().bytes_up == 0);
}

TEST_CASE("ChaosProxy: one that takes no more closes the sender's window") {
    RawServer server{[](RawPeer& peer) { peer.drain(); }};
    const ChaosProxy proxy{server.port(), support::chaos_script({plan_up(How::stall, 100)})};
    Caller caller{proxy.port()};
    caller.socket.non_blocking(true);
    const std::string much(std::size_t{64} << 20U, 'x');
    error_code ec;
    // Twice: at first the buffers on the way fill up.
    boost::asio::write(caller.socket, boost::asio::buffer(much), ec);
    CHECK(ec == boost::asio::error::would_block);
    CHECK(eventually([&] { return server.ledger().bytes() == 100; }));
    CHECK(eventually([&] { return proxy.statistics().stalls == 1; }));
}

TEST_CASE("ChaosProxy: a connection may end as it is accepted, unknown to the server") {
    ChaosPlan fin, reset;
    fin.accept = ChaosPlan::Accept::fin;
    reset.accept = ChaosPlan::Accept::reset;
    RawServer server{[](RawPeer& peer) { peer.drain(); }};
    const ChaosProxy proxy{server.port(), support::chaos_script({fin, reset})};
    Caller first{proxy.port()};
    first.rest();
    CHECK(first.end == boost::asio::error::eof);
    Caller second{proxy.port()};
    // The reset may come before the connection is reported as made.
    if (!second.connected) second.rest();
    CHECK((second.connected || second.end) == true);
    CHECK((second.end == boost::asio::error::eof) == false);
    CHECK(server.connections() == 0);
    CHECK(proxy.statistics().closed_at_accept == 2);
}

TEST_CASE("ChaosProxy: connections are refused, by hand or for a while, and accepted again") {
    RawServer server{[](RawPeer& peer) { peer.drain(); }};
    ChaosPlan plan;
    plan.refuse_for = 20ms;
    ChaosProxy proxy{server.port()};
    CHECK_FALSE(Caller{proxy.port()}.connected);
    // Refusing ends connections that are made but not accepted yet.
    REQUIRE(eventually([&] { return proxy.statistics().connections == 1; }));
    proxy.refuse(true);
    CHECK(Caller{proxy.port()}.connected == boost::asio::error::connection_refused);
    proxy.refuse(false);
    CHECK_FALSE(Caller{proxy.port()}.connected);
    REQUIRE(eventually([&] { return proxy.statistics().connections == 2; }));

    proxy.set_planner(support::chaos_script({plan}));
    const Caller last{proxy.port()};
    CHECK_FALSE(last.connected);
    CHECK(eventually([&] { return proxy.statistics().refusals == 2; }));
    CHECK(eventually([&] { return !Caller{proxy.port()}.connected; }));
}

TEST_CASE("ChaosProxy: slow connections take the time that the plan says") {
    const auto time = [](const ChaosPlan& plan) {
        Answerer peer;
        const ChaosProxy proxy{peer.server.port(), support::chaos_script({plan})};
        const auto begun = std::chrono::steady_clock::now();
        Caller caller{proxy.port()};
        caller.send("hello");
        std::string reply(10, ' ');
        boost::asio::read(caller.socket, boost::asio::buffer(reply));
        CHECK(reply == "0123456789");
        return std::chrono::steady_clock::now() - begun;
    };
    ChaosPlan throttled, pieces, late;
    throttled.down.bytes_per_second = 200;
    CHECK(time(throttled) >= 9 * 5ms - 2 * 5ms);
    pieces.up.segment = 1;
    pieces.up.delay = 2ms;
    pieces.down.segment = 3;
    pieces.down.delay = 5ms;
    CHECK(time(pieces) >= 2ms + 4 * 5ms);
    late.accept_delay = 20ms;
    CHECK(time(late) >= 20ms);
}

TEST_CASE("ChaosMix: the plan of a connection follows from seed and number alone") {
    support::ChaosMix mix;
    std::set<std::string> kinds;
    bool differs = false;
    for (std::size_t i = 0; i != 2000; ++i) {
        const ChaosPlan plan = mix.plan(7, i);
        CHECK(to_string(plan) == to_string(mix.plan(7, i)));
        differs = differs || to_string(plan) != to_string(mix.plan(8, i));
        CHECK(plan.up.cut.at < mix.span);
        CHECK(plan.down.cut.at < mix.span);
        std::string kind;
        for (const char c : to_string(plan))
            if (c < '0' || c > '9') kind += c;
        kinds.insert(kind);
    }
    CHECK(differs);
    // Both directions of fin, reset and half-close, early and late; swallow, delay and segment;
    // two ways to end at accept, refusal, late accept, and no harm.
    CHECK(kinds.size() == 2 * (3 * 2 + 3) + 5);

    mix.calm = 0;
    mix.fin = mix.half_close = mix.swallow = mix.close_at_accept = mix.reset_at_accept = 0;
    mix.refuse = mix.accept_late = mix.slow = mix.segments = 0;
    for (std::size_t i = 0; i != 100; ++i)
        CHECK(to_string(mix.plan(7, i)).find("reset at") != std::string::npos);
}

}  // namespace chaos_proxy_test
