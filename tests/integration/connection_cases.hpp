// SPDX-License-Identifier: BSL-1.0
// What calls report of connections that fail and peers that fall silent, whichever backend carries
// them: the cases that BeastBackend and CurlBackend have in common.

#ifndef CLARIFY_TESTS_INTEGRATION_CONNECTION_CASES_HPP
#define CLARIFY_TESTS_INTEGRATION_CONNECTION_CASES_HPP

#include "caller.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace connection_cases {

using namespace std::chrono_literals;
using clarify::Errc;
using clarify::Fate;
using clarify::Phase;
using clarify::Reason;
using support::BasicCaller;
using support::Outcome;
using support::RawPeer;
using support::RawServer;
using support::with_body;

/// In what backends are meant to differ here; specialised where one does.
template <class Backend>
struct Differences {
    /// A refusal that comes before all of the request was read is read although the connection is
    /// reset behind it.
    static constexpr bool reads_before_a_reset = true;
    /// The first bytes of a reply are seen before its first line is complete.
    static bool sees_part_of_the_first_line() { return true; }
};

/// A server that falls silent, and the phase in which a call then is.
struct Silence {
    std::string_view name;
    RawServer::Script script;
    Phase phase;
    /// Another one that it may be in.
    std::optional<Phase> or_phase;

    bool allows(Phase seen) const { return seen == phase || seen == or_phase; }
};

inline RawServer::Script silent_behind(std::string bytes) {
    return [bytes = std::move(bytes)](RawPeer& peer) {
        peer.read();
        peer.send(bytes);
        peer.drain();
    };
}

template <class Backend>
std::vector<Silence> silences() {
    const bool sees = Differences<Backend>::sees_part_of_the_first_line();
    return {
        {"says nothing", [](RawPeer& peer) { peer.drain(); }, Phase::first_byte, {}},
        {"stops inside the head", silent_behind("HTTP/1.1 200 OK\r\nContent-"), Phase::head, {}},
        {"stops inside the first line",
         silent_behind("HTTP/1"),
         sees ? Phase::head : Phase::first_byte,
         Phase::head},
        {"stops inside the body",
         silent_behind("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"),
         Phase::body,
         {}},
    };
}

/// The deadline ends a call in any phase and names it.
template <class Backend>
void deadline_names_the_phase() {
    for (const Silence& row : silences<Backend>()) {
        CAPTURE(row.name);
        RawServer server{row.script};
        BasicCaller<Backend> caller{server};
        const auto begun = std::chrono::steady_clock::now();
        const Outcome outcome = caller.call(clarify::CallOptions{200ms});
        const auto took = std::chrono::steady_clock::now() - begun;
        REQUIRE_FALSE(outcome);
        CHECK(outcome.error().code() == Errc::timeout);
        CHECK(row.allows(outcome.error().phase()));
        CHECK(outcome.error().fate() == Fate::unknown);
        CHECK(took >= 200ms);
        CHECK(took < 5s);
    }
}

/// Nobody listening is a refused connection, unsent, tried again within its attempts.
template <class Backend>
void nobody_listens() {
    std::string url;
    {
        const RawServer gone{[](RawPeer&) {}};
        url = gone.origin() + "/rpc";
    }
    BasicCaller<Backend> caller{url};
    const Outcome outcome = caller.call();
    REQUIRE_FALSE(outcome);
    CHECK(outcome.error().code() == Errc::connect);
    CHECK(outcome.error().reason() == Reason::refused);
    CHECK(outcome.error().cause() == boost::system::errc::connection_refused);
    CHECK(outcome.error().fate() == Fate::unsent);
    CHECK(outcome.error().phase() == Phase::connect);
    CHECK(outcome.error().attempts() == 3);
}

/// An unknown name is not found, and the call unsent.
template <class Backend>
void name_is_unknown() {
    BasicCaller<Backend> caller{std::string{"http://no-such-host.invalid/rpc"}};
    const Outcome outcome = caller.call();
    REQUIRE_FALSE(outcome);
    CHECK_MESSAGE(outcome.error().code() == Errc::resolve, outcome.error());
    CHECK(outcome.error().phase() == Phase::resolve);
    CHECK(outcome.error().fate() == Fate::unsent);
}

/// The line for a connection has its limit, and a call that waits in it a deadline.
template <class Backend>
void line_has_its_limit() {
    std::atomic<int> requests = 0;
    RawServer server{[&](RawPeer& peer) {
        if (peer.read()) ++requests;
        peer.drain();
    }};
    clarify::ClientOptions options = support::quick_options();
    options.http.max_connections = 1;
    options.http.max_waiting = 1;
    BasicCaller<Backend> caller{server, options};
    std::vector<clarify::Error> errors;
    for (int i = 0; i != 3; ++i) {
        caller.client.async_call(
            "test.method", "{}", clarify::CallOptions{100ms}, [&](const Outcome& outcome) {
                errors.push_back(outcome.error());
            });
    }
    caller.context.run();
    REQUIRE(errors.size() == 3);
    CHECK(errors[0].code() == Errc::overloaded);
    CHECK(errors[0].fate() == Fate::unsent);
    int in_line = 0;
    for (const clarify::Error& error : errors) {
        if (error.phase() != Phase::queue || error.code() != Errc::timeout) continue;
        ++in_line;
        CHECK(error.fate() == Fate::unsent);
    }
    CHECK(in_line == 1);
    CHECK(requests == 1);
}

/// A connection that the server has closed is replaced before anything is sent.
template <class Backend>
void closed_connection_is_replaced() {
    std::atomic<int> requests = 0;
    RawServer server{[&](RawPeer& peer) {
        if (const auto request = peer.read()) {
            ++requests;
            peer.result(*request, "1");
        }
    }};
    BasicCaller<Backend> caller{server};
    for (int i = 0; i != 5; ++i) {
        CHECK(caller.call());
        // Lets the end of the connection arrive; what is tested does not depend on how long it
        // takes.
        std::this_thread::sleep_for(20ms);
    }
    CHECK(requests == 5);
    CHECK(server.connections() == 5);
}

/// Bytes that come with a reply cost the connection, and reach no other call.
template <class Backend>
void bytes_behind_a_reply() {
    RawServer server{[](RawPeer& peer) {
        while (const auto request = peer.read()) {
            const std::string forged =
                with_body("200 OK", "", R"({"jsonrpc":"2.0","id":2,"result":"forged"})");
            const std::string body =
                R"({"jsonrpc":"2.0","id":)" + request->id() + R"(,"result":"mine"})";
            peer.send(with_body("200 OK", "", body) + forged);
        }
    }};
    BasicCaller<Backend> caller{server};
    for (int i = 0; i != 3; ++i) {
        CHECK(caller.call().value() == "\"mine\"");
        std::this_thread::sleep_for(5ms);
    }
    CHECK(server.connections() == 3);
}

/// A refusal that comes before all of the request was read is still read.
template <class Backend>
void early_refusal_is_read() {
    RawServer server{[](RawPeer& peer) {
        char some[1024];
        peer.socket().read_some(boost::asio::buffer(some));
        peer.send(with_body("413 Too Large", "Connection: close\r\n", "too large"));
        if (Differences<Backend>::reads_before_a_reset) {
            // Closing with unread input resets the connection under the client's feet.
            std::this_thread::sleep_for(50ms);
        } else {
            peer.finish_sending();
            peer.drain();
        }
    }};
    BasicCaller<Backend> caller{server};
    const std::string params = "{\"a\":\"" + std::string(15 << 20, 'x') + "\"}";
    const Outcome outcome = support::run(caller.context, caller.client.call("test.method", params));
    REQUIRE_FALSE(outcome);
    CHECK_MESSAGE(outcome.error().code() == Errc::status, outcome.error());
    CHECK(outcome.error().http_status() == 413);
    CHECK(outcome.error().attempts() == 1);
}

/// A reply is the same however it is cut, with lengths, chunks or until close.
template <class Backend>
void reply_is_cut_anywhere() {
    const std::string body = R"({"jsonrpc":"2.0","id":1,"result":"ok"})";
    const std::string chunked =
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n26;x=y\r\n" + body + "\r\n0\r\n";
    for (const std::string& bytes :
         {with_body("200 OK", "", body),
          "HTTP/1.1 100 Continue\r\n\r\n" + with_body("200 OK", "", body),
          "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nX: y\r\n\r\n" +
              with_body("200 OK", "", body),
          chunked + "T: v\r\n\r\n",
          chunked + "Content-Type: text/html\r\n\r\n",
          "HTTP/1.1 200 OK\r\n\r\n" + body,
          "HTTP/1.0 200 OK\r\n\r\n" + body}) {
        CAPTURE(bytes);
        RawServer server{[&](RawPeer& peer) {
            if (!peer.read()) return;
            for (const char c : bytes)
                peer.send({&c, 1});
            peer.finish_sending();
            peer.drain();
        }};
        BasicCaller<Backend> caller{server};
        const Outcome outcome = caller.call();
        REQUIRE_MESSAGE(outcome.has_value(), outcome.error());
        CHECK(*outcome == "\"ok\"");
    }
}

/// Destroying the client ends its calls with closed, each once.
template <class Backend>
void client_is_destroyed() {
    RawServer server{[](RawPeer& peer) { peer.drain(); }};
    boost::asio::io_context context;
    clarify::ClientOptions options = support::quick_options();
    options.http.max_connections = 4;
    auto client = std::make_unique<typename BasicCaller<Backend>::Client>(
        context.get_executor(),
        *clarify::Url::parse(server.origin() + "/rpc"),
        Backend{options.http},
        clarify::NoAuth{},
        options);
    int closed = 0;
    for (int i = 0; i != 100; ++i) {
        client->async_call("test.method", "{}", [&](const Outcome& outcome) {
            CHECK(outcome.error().code() == Errc::closed);
            ++closed;
        });
    }
    boost::asio::steady_timer timer{context, 50ms};
    timer.async_wait([&](auto) { client.reset(); });
    const auto begun = std::chrono::steady_clock::now();
    context.run();
    CHECK(closed == 100);
    CHECK(std::chrono::steady_clock::now() - begun < 5s);
}

}  // namespace connection_cases

#endif  // CLARIFY_TESTS_INTEGRATION_CONNECTION_CASES_HPP
