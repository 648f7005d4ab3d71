// SPDX-License-Identifier: BSL-1.0
// What a call reports when servers misbehave, over real sockets.

#include <clarify/auth/bearer_token.hpp>
#include <clarify/auth/no_auth.hpp>
#include <clarify/http/beast_backend.hpp>
#include <clarify/rpc_client.hpp>

#include "../support/raw_server.hpp"
#include "../support/run.hpp"
#include "../support/text_codec.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/steady_timer.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
using clarify::Errc;
using clarify::Fate;
using clarify::Phase;
using clarify::Reason;
using support::RawPeer;
using support::RawServer;

using RawClient = clarify::RpcClient<clarify::BeastBackend, clarify::NoAuth, support::TextCodec>;
using Outcome = clarify::Result<std::string>;

clarify::ClientOptions quick_options() {
    clarify::ClientOptions options;
    options.call_timeout = 5s;
    options.retry.base = 1ms;
    return options;
}

struct Caller {
    explicit Caller(const RawServer& server, clarify::ClientOptions options = quick_options())
        : Caller(server.origin() + "/v1/rpc", std::move(options)) {}
    explicit Caller(const std::string& url, clarify::ClientOptions options = quick_options())
        : client(
              context.get_executor(),
              *clarify::Url::parse(url),
              clarify::BeastBackend{options.http},
              clarify::NoAuth{},
              options) {}

    Outcome call(clarify::CallOptions options = {}, std::string method = "test.method") {
        return support::run(context, client.call(method, "{}", std::move(options)));
    }
    Outcome idempotent_call() {
        clarify::CallOptions options;
        options.idempotent = true;
        return call(options);
    }
    clarify::Result<void> notify() {
        return support::run(context, client.notify("test.method", "{}"));
    }

    boost::asio::io_context context;
    RawClient client;
};

/// A server that answers the first request of every connection with these bytes and then ends its
/// side.
RawServer::Script send_bytes(std::string bytes) {
    return [bytes = std::move(bytes)](RawPeer& peer) {
        if (!peer.read()) return;
        peer.send(bytes);
        peer.finish_sending();
        peer.drain();
    };
}

std::string with_body(std::string_view status, std::string_view headers, std::string_view body) {
    std::string out = "HTTP/1.1 ";
    out += status;
    out += "\r\n";
    out += headers;
    out += "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n";
    out += body;
    return out;
}

}  // namespace

TEST_CASE("RpcClient: the request on the wire is exactly what the protocol asks for") {
    std::vector<support::RawRequest> seen;
    std::mutex mutex;
    RawServer server{[&](RawPeer& peer) {
        while (const auto request = peer.read()) {
            {
                const std::lock_guard lock{mutex};
                seen.push_back(*request);
            }
            peer.result(*request, "1");
        }
    }};
    Caller caller{server};
    clarify::CallOptions options;
    options.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    options.headers.add("X-Extra", "yes");
    REQUIRE(caller.call(options));
    options.api_version = clarify::ApiVersion::none();
    REQUIRE(caller.call(options));

    const std::lock_guard lock{mutex};
    REQUIRE(seen.size() == 2);
    const std::string host = "127.0.0.1:" + std::to_string(server.port());
    CHECK(
        seen[0].head ==
        "POST /v1/rpc HTTP/1.1\r\nHost: " + host +
            "\r\nContent-Type: application/json\r\nAccept: application/json\r\n"
            "X-API-Version: 1.1\r\nUser-Agent: clarify-cpp/" CLARIFY_VERSION_STRING
            "\r\n"
            "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n"
            "X-Extra: yes\r\nContent-Length: 59\r\n\r\n");
    CHECK(seen[0].body == R"({"jsonrpc":"2.0","method":"test.method","id":1,"params":{}})");
    CHECK_FALSE(seen[1].header("X-API-Version"));
    CHECK(seen[1].id() == "2");
    CHECK(server.connections() == 1);
}

TEST_CASE("RpcClient: each HTTP status is told apart, answered, and sent once by a plain call") {
    struct Row {
        std::string_view status;
        Errc code;
    };
    for (const Row row :
         {Row{"400 Bad Request", Errc::status},
          Row{"401 Unauthorized", Errc::auth},
          Row{"403 Forbidden", Errc::status},
          Row{"404 Not Found", Errc::status},
          Row{"206 Partial Content", Errc::status},
          Row{"301 Moved", Errc::status},
          Row{"500 Oops", Errc::status},
          Row{"502 Bad Gateway", Errc::status},
          Row{"503 Unavailable", Errc::status},
          Row{"504 Timeout", Errc::status}}) {
        CAPTURE(row.status);
        std::atomic<int> requests = 0;
        RawServer server{[&](RawPeer& peer) {
            while (peer.read()) {
                ++requests;
                peer.send(with_body(row.status, "Location: http://127.0.0.1:1/x\r\n", "nope"));
            }
        }};
        Caller caller{server};
        const Outcome outcome = caller.call();
        REQUIRE_FALSE(outcome);
        CHECK(outcome.error().code() == row.code);
        CHECK(outcome.error().fate() == Fate::answered);
        CHECK(outcome.error().attempts() == 1);
        REQUIRE(outcome.error().http() != nullptr);
        CHECK(outcome.error().http()->status == std::stoul(std::string{row.status}));
        CHECK(outcome.error().http()->body_excerpt == "nope");
        CHECK(outcome.error().http()->location == "http://127.0.0.1:1");
        CHECK(requests == 1);
        CHECK(caller.call().has_error());
        CHECK(server.connections() == 1);
    }
}

TEST_CASE("RpcClient: an idempotent call is repeated after 503, a plain one is not") {
    std::atomic<int> requests = 0;
    RawServer server{[&](RawPeer& peer) {
        while (const auto request = peer.read()) {
            if (++requests % 3 != 0) {
                peer.send(with_body("503 Unavailable", "", ""));
            } else {
                peer.result(*request, "\"third\"");
            }
        }
    }};
    Caller caller{server};
    CHECK(caller.idempotent_call().value() == "\"third\"");
    CHECK(requests == 3);
    CHECK(caller.call().error().attempts() == 1);
    CHECK(requests == 4);
}

TEST_CASE("RpcClient: 429 is repeated for any call, after the wait that the server asks for") {
    std::atomic<int> requests = 0;
    RawServer server{[&](RawPeer& peer) {
        while (const auto request = peer.read()) {
            if (++requests == 1) {
                peer.send(with_body("429 Slow Down", "Retry-After: 0\r\n", ""));
            } else if (requests == 2) {
                peer.result(*request, "true");
            } else {
                peer.send(with_body("429 Slow Down", "Retry-After: 3600\r\n", ""));
            }
        }
    }};
    clarify::ClientOptions options = quick_options();
    options.retry.throttled_base = 1ms;
    Caller caller{server, options};
    CHECK(caller.call().value() == "true");
    CHECK(requests == 2);
    const Outcome late = caller.call();
    CHECK(late.error().code() == Errc::status);
    CHECK(late.error().http()->retry_after == 3600s);
    CHECK(late.error().attempts() == 1);
}

TEST_CASE("RpcClient: a reply that is not the answer is an envelope or JSON error") {
    struct Row {
        std::string_view body;
        Errc code;
        Reason reason;
        int connections_after_second_call;
    };
    for (const Row row :
         {Row{R"({"jsonrpc":"2.0","id":77,"result":1})", Errc::envelope, Reason::id_mismatch, 2},
          Row{R"({"jsonrpc":"2.0","id":"1","result":1})", Errc::envelope, Reason::id_mismatch, 2},
          Row{R"({"jsonrpc":"2.0","result":1})", Errc::envelope, Reason::id_missing, 2},
          Row{R"({"jsonrpc":"1.0","id":1,"result":1})", Errc::envelope, Reason::version, 1},
          Row{R"([])", Errc::envelope, Reason::batch, 1},
          Row{R"({"jsonrpc":"2.0","id":1,"result":1)", Errc::json, Reason::syntax, 1}}) {
        CAPTURE(row.body);
        RawServer server{[&](RawPeer& peer) {
            while (peer.read())
                peer.reply(row.body);
        }};
        Caller caller{server};
        const Outcome outcome = caller.call();
        REQUIRE_FALSE(outcome);
        CHECK(outcome.error().code() == row.code);
        CHECK(outcome.error().reason() == row.reason);
        CHECK(outcome.error().fate() == Fate::answered);
        CHECK(caller.call().has_error());
        CHECK(server.connections() == row.connections_after_second_call);
    }
}

TEST_CASE(
    "RpcClient: a JSON-RPC error surfaces with code, message and data, also for a notification") {
    RawServer server{[](RawPeer& peer) {
        while (const auto request = peer.read()) {
            const std::string id = request->id().empty() ? "null" : request->id();
            peer.reply(
                R"({"jsonrpc":"2.0","id":)" + id +
                R"(,"error":{"code":-32602,"message":"Invalid params","data":{"trace":"t1"}}})");
        }
    }};
    Caller caller{server};
    const Outcome outcome = caller.call();
    CHECK(outcome.error().code() == Errc::rpc);
    REQUIRE(outcome.error().rpc() != nullptr);
    CHECK(outcome.error().rpc()->code == -32602);
    CHECK(outcome.error().http_status() == 200);
    CHECK(outcome.error().rpc()->message == "Invalid params");
    CHECK(outcome.error().rpc()->clarify_data().trace == "t1");
    CHECK(caller.notify().error().rpc()->code == -32602);
    CHECK(server.connections() == 1);
}

TEST_CASE("RpcClient: a notification succeeds with any 2xx and leaves the connection usable") {
    std::atomic<int> requests = 0;
    RawServer server{[&](RawPeer& peer) {
        while (const auto request = peer.read()) {
            switch (++requests) {
                case 1:
                    peer.send("HTTP/1.1 204 No Content\r\n\r\n");
                    break;
                case 2:
                    peer.reply("");
                    break;
                case 3:
                    peer.send(with_body("202 Accepted", "", "thanks"));
                    break;
                default:
                    peer.result(*request, "4");
            }
        }
    }};
    Caller caller{server};
    for (int i = 0; i != 3; ++i)
        CHECK(caller.notify());
    CHECK(caller.call().value() == "4");
    CHECK(server.connections() == 1);
}

TEST_CASE("RpcClient: a call answered with nothing is an empty envelope") {
    RawServer server{[](RawPeer& peer) {
        while (peer.read())
            peer.send("HTTP/1.1 204 No Content\r\n\r\n");
    }};
    Caller caller{server};
    const Outcome outcome = caller.call();
    CHECK(outcome.error().code() == Errc::envelope);
    CHECK(outcome.error().reason() == Reason::empty);
}

TEST_CASE("BeastBackend: doubtful framing ends the connection and is never repeated") {
    struct Row {
        std::string bytes;
        Errc code;
        Reason reason;
    };
    const std::string big(17 << 10, 'x');
    const std::vector<Row> rows{
        {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}x",
         Errc::framing,
         Reason::length},
        {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
         Errc::framing,
         Reason::transfer_encoding},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
         Errc::framing,
         Reason::transfer_encoding},
        {"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}",
         Errc::framing,
         Reason::content_encoding},
        {"HTTP/1.1 999 OK\r\nContent-Length: 2\r\n\r\n{}", Errc::framing, Reason::head},
        {"SSH-2.0-OpenSSH_9.2\r\n\r\n", Errc::framing, Reason::head},
        {"HTTP/1.1 200 OK\r\nX: " + big + "\r\n\r\n", Errc::too_large, Reason::head},
        {"HTTP/1.1 200 OK\r\nContent-Length: 17000000\r\n\r\n{}", Errc::too_large, Reason::body},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n\r\n",
         Errc::framing,
         Reason::chunk},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
         Errc::io,
         Reason::truncated},
        {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{}", Errc::io, Reason::truncated},
    };
    for (const Row& row : rows) {
        CAPTURE(row.bytes.substr(0, 80));
        RawServer server{send_bytes(row.bytes)};
        Caller caller{server};
        const bool passing = row.code == Errc::io;
        const Outcome outcome = passing ? caller.call() : caller.idempotent_call();
        REQUIRE_FALSE(outcome);
        CHECK(outcome.error().code() == row.code);
        CHECK(outcome.error().reason() == row.reason);
        CHECK(outcome.error().fate() == Fate::unknown);
        CHECK(outcome.error().attempts() == 1);
        CHECK(server.connections() == 1);
    }
}

TEST_CASE(
    "BeastBackend: a reply is the same however it is cut, with lengths, chunks or until close") {
    const std::string body = R"({"jsonrpc":"2.0","id":1,"result":"ok"})";
    const std::string hex = "26";
    for (const std::string& bytes :
         {with_body("200 OK", "", body),
          "HTTP/1.1 100 Continue\r\n\r\n" + with_body("200 OK", "", body),
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + hex + ";x=y\r\n" + body +
              "\r\n0\r\nT: v\r\n\r\n",
          "HTTP/1.0 200 OK\r\n\r\n" + body}) {
        CAPTURE(bytes);
        RawServer server{[&](RawPeer& peer) {
            if (!peer.read()) return;
            for (const char c : bytes)
                peer.send({&c, 1});
            peer.finish_sending();
            peer.drain();
        }};
        Caller caller{server};
        const Outcome outcome = caller.call();
        REQUIRE_MESSAGE(outcome.has_value(), outcome.error().to_string());
        CHECK(*outcome == "\"ok\"");
    }
}

TEST_CASE("BeastBackend: a connection the server has closed is replaced before anything is sent") {
    std::atomic<int> requests = 0;
    RawServer server{[&](RawPeer& peer) {
        if (const auto request = peer.read()) {
            ++requests;
            peer.result(*request, "1");
        }
    }};
    Caller caller{server};
    for (int i = 0; i != 5; ++i) {
        CHECK(caller.call());
        // Lets the end of the connection arrive; what is tested does not depend on how long it
        // takes.
        std::this_thread::sleep_for(20ms);
    }
    CHECK(requests == 5);
    CHECK(server.connections() == 5);
}

TEST_CASE(
    "BeastBackend: a request lost on a reused connection is repeated once for idempotent calls "
    "only") {
    std::atomic<int> requests = 0;
    RawServer server{[&](RawPeer& peer) {
        while (const auto request = peer.read()) {
            // Each connection serves one request, takes the next one, and dies.
            if (++requests % 2 == 0) return peer.reset();
            peer.result(*request, "1");
        }
    }};
    Caller caller{server};
    REQUIRE(caller.call());
    CHECK(caller.idempotent_call());
    CHECK(requests == 3);
    const Outcome lost = caller.call();
    REQUIRE_FALSE(lost);
    CHECK(lost.error().code() == Errc::io);
    CHECK(lost.error().reason() == Reason::stale);
    CHECK(lost.error().fate() == Fate::unknown);
    CHECK(lost.error().attempts() == 1);
    CHECK(requests == 4);
}

TEST_CASE(
    "BeastBackend: bytes behind a reply, or unasked, cost the connection and reach no other call") {
    RawServer server{[](RawPeer& peer) {
        while (const auto request = peer.read()) {
            peer.result(*request, "\"mine\"");
            peer.send(with_body("200 OK", "", R"({"jsonrpc":"2.0","id":2,"result":"forged"})"));
        }
    }};
    Caller caller{server};
    for (int i = 0; i != 3; ++i) {
        CHECK(caller.call().value() == "\"mine\"");
        std::this_thread::sleep_for(5ms);
    }
    CHECK(server.connections() == 3);
}

TEST_CASE(
    "RpcClient: nobody listening is a refused connection, unsent, tried again within its "
    "attempts") {
    std::string url;
    {
        const RawServer gone{[](RawPeer&) {}};
        url = gone.origin() + "/rpc";
    }
    Caller caller{url};
    const Outcome outcome = caller.call();
    REQUIRE_FALSE(outcome);
    CHECK(outcome.error().code() == Errc::connect);
    CHECK(outcome.error().reason() == Reason::refused);
    CHECK(outcome.error().fate() == Fate::unsent);
    CHECK(outcome.error().phase() == Phase::connect);
    CHECK(outcome.error().attempts() == 3);
}

TEST_CASE("RpcClient: an unknown name is not found, unsent and final") {
    Caller caller{std::string{"http://no-such-host.invalid/rpc"}};
    const Outcome outcome = caller.call();
    REQUIRE_FALSE(outcome);
    CHECK(outcome.error().code() == Errc::resolve);
    CHECK(outcome.error().fate() == Fate::unsent);
}

TEST_CASE("RpcClient: the deadline ends a call in any phase and names it") {
    struct Row {
        const char* name;
        RawServer::Script script;
        Phase phase;
        Fate fate;
    };
    const std::vector<Row> rows{
        {"silent", [](RawPeer& peer) { peer.drain(); }, Phase::first_byte, Fate::unknown},
        {"half a head",
         [](RawPeer& peer) {
             peer.read();
             peer.send("HTTP/1.1 200 OK\r\nContent-");
             peer.drain();
         },
         Phase::head,
         Fate::unknown},
        {"half a body",
         [](RawPeer& peer) {
             peer.read();
             peer.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{");
             peer.drain();
         },
         Phase::body,
         Fate::unknown},
    };
    for (const Row& row : rows) {
        CAPTURE(row.name);
        RawServer server{row.script};
        Caller caller{server};
        const auto begun = std::chrono::steady_clock::now();
        const Outcome outcome = caller.call(clarify::CallOptions{200ms});
        const auto took = std::chrono::steady_clock::now() - begun;
        REQUIRE_FALSE(outcome);
        CHECK(outcome.error().code() == Errc::timeout);
        CHECK(outcome.error().phase() == row.phase);
        CHECK(outcome.error().fate() == row.fate);
        CHECK(took >= 200ms);
        CHECK(took < 2s);
    }
}

TEST_CASE("RpcClient: a call that waits in line for a connection times out there, unsent") {
    std::atomic<int> requests = 0;
    RawServer server{[&](RawPeer& peer) {
        if (peer.read()) ++requests;
        peer.drain();
    }};
    clarify::ClientOptions options = quick_options();
    options.http.max_connections = 1;
    options.http.max_waiting = 1;
    Caller caller{server, options};
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
        if (error.phase() == Phase::queue && error.code() == Errc::timeout) {
            ++in_line;
            CHECK(error.fate() == Fate::unsent);
        }
    }
    CHECK(in_line == 1);
    CHECK(requests == 1);
}

TEST_CASE("RpcClient: cancellation ends a call promptly, with the fate its progress deserves") {
    std::atomic<int> requests = 0;
    RawServer server{[&](RawPeer& peer) {
        while (const auto request = peer.read()) {
            if (++requests == 1) {
                peer.drain();
                return;
            }
            peer.result(*request, "1");
        }
    }};
    Caller caller{server};
    boost::asio::cancellation_signal signal;
    std::optional<Outcome> outcome;
    caller.client.async_call(
        "test.method",
        "{}",
        boost::asio::bind_cancellation_slot(
            signal.slot(), [&](Outcome result) { outcome.emplace(std::move(result)); }));
    boost::asio::steady_timer timer{caller.context, 50ms};
    SUBCASE("terminal closes the connection") {
        timer.async_wait([&](auto) { signal.emit(boost::asio::cancellation_type::terminal); });
    }
    SUBCASE("partial does so too") {
        timer.async_wait([&](auto) { signal.emit(boost::asio::cancellation_type::partial); });
    }
    caller.context.run();
    REQUIRE(outcome);
    CHECK(outcome->error().code() == Errc::cancelled);
    CHECK(outcome->error().fate() == Fate::unknown);
    CHECK(outcome->error().phase() == Phase::first_byte);
    // The connection is gone, and the next call gets its own answer on a new one.
    CHECK(caller.call().value() == "1");
    CHECK(server.connections() == 2);
}

TEST_CASE("RpcClient: total cancellation has no effect once the request is written") {
    RawServer server{[](RawPeer& peer) {
        while (const auto request = peer.read()) {
            std::this_thread::sleep_for(100ms);
            peer.result(*request, "1");
        }
    }};
    Caller caller{server};
    boost::asio::cancellation_signal signal;
    std::optional<Outcome> outcome;
    caller.client.async_call(
        "test.method",
        "{}",
        boost::asio::bind_cancellation_slot(
            signal.slot(), [&](Outcome result) { outcome.emplace(std::move(result)); }));
    boost::asio::steady_timer timer{caller.context, 30ms};
    timer.async_wait([&](auto) { signal.emit(boost::asio::cancellation_type::total); });
    caller.context.run();
    REQUIRE(outcome);
    CHECK(outcome->has_value());
}

TEST_CASE("RpcClient: destroying the client ends its calls with closed, each once") {
    RawServer server{[](RawPeer& peer) { peer.drain(); }};
    boost::asio::io_context context;
    clarify::ClientOptions options = quick_options();
    options.http.max_connections = 4;
    auto client = std::make_unique<RawClient>(
        context.get_executor(),
        *clarify::Url::parse(server.origin() + "/rpc"),
        clarify::BeastBackend{options.http},
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
    CHECK(std::chrono::steady_clock::now() - begun < 2s);
}

TEST_CASE(
    "RpcClient: what cannot be sent is refused before any I/O, and not inside the starting call") {
    RawServer server{support::answer_all("1")};
    clarify::ClientOptions options = quick_options();
    options.max_request_body = 200;
    Caller caller{server, options};
    const auto refusal =
        [&](clarify::CallOptions call_options, std::string method, std::string params) {
            bool inside = true;
            std::optional<clarify::Error> error;
            caller.client.async_call(
                method, params, std::move(call_options), [&](const Outcome& outcome) {
                    CHECK_FALSE(inside);
                    error = outcome.error();
                });
            inside = false;
            caller.context.restart();
            caller.context.run();
            REQUIRE(error);
            CHECK(error->code() == Errc::bad_argument);
            CHECK(error->fate() == Fate::unsent);
            CHECK(error->attempts() == 0);
            return error->reason();
        };
    CHECK(refusal({}, "", "{}") == Reason::method);
    CHECK(refusal({}, "rpc.discover", "{}") == Reason::method);
    CHECK(refusal({}, "m", "7") == Reason::params);
    CHECK(refusal({}, "m", "{\"a\":\"" + std::string(300, 'x') + "\"}") == Reason::request);
    clarify::CallOptions headers;
    headers.headers.add("X-Evil", "a\r\nHost: b");
    CHECK(refusal(headers, "m", "{}") == Reason::header);
    clarify::CallOptions host;
    host.headers.add("HOST", "b");
    CHECK(refusal(host, "m", "{}") == Reason::header);
    clarify::CallOptions version;
    version.api_version = clarify::ApiVersion{"1.1\n"};
    CHECK(refusal(version, "m", "{}") == Reason::header);
    CHECK(server.connections() == 0);
}

TEST_CASE("RpcClient: credentials do not travel over plain http to another machine") {
    boost::asio::io_context context;
    using BearerClient =
        clarify::RpcClient<clarify::BeastBackend, clarify::BearerToken, support::TextCodec>;
    BearerClient client{
        context.get_executor(),
        *clarify::Url::parse("http://192.0.2.1/rpc"),
        clarify::BeastBackend{},
        clarify::BearerToken{clarify::Secret{"token"}}};
    const Outcome outcome = support::run(context, client.call("m", "{}"));
    CHECK(outcome.error().code() == Errc::bad_config);
    CHECK(outcome.error().reason() == Reason::insecure);
}

TEST_CASE("RpcClient: a reply must be declared as JSON, or not declared") {
    struct Row {
        std::string_view header;
        bool accepted;
    };
    for (const Row row :
         {Row{"", true},
          Row{"Content-Type: application/json\r\n", true},
          Row{"Content-Type: Application/JSON; charset=UTF-8\r\n", true},
          Row{"Content-Type: application/vnd.x+json\r\n", true},
          Row{"Content-Type: application/json-rpc\r\n", true},
          Row{"Content-Type: text/html\r\n", false},
          Row{"Content-Type: application/json; charset=iso-8859-1\r\n", false}}) {
        CAPTURE(row.header);
        RawServer server{[&](RawPeer& peer) {
            while (const auto request = peer.read()) {
                const std::string body =
                    R"({"jsonrpc":"2.0","id":)" + request->id() + R"(,"result":1})";
                peer.send(with_body("200 OK", row.header, body));
            }
        }};
        Caller caller{server};
        const Outcome outcome = caller.call();
        CHECK(outcome.has_value() == row.accepted);
        if (!outcome) {
            CHECK(outcome.error().code() == Errc::envelope);
            CHECK(outcome.error().reason() == Reason::content_type);
            CHECK(outcome.error().http()->body_excerpt.starts_with("{"));
        }
    }
}

TEST_CASE("BeastBackend: a refusal that comes before all of the request was read is still read") {
    RawServer server{[](RawPeer& peer) {
        char some[1024];
        peer.socket().read_some(boost::asio::buffer(some));
        peer.send(with_body("413 Too Large", "Connection: close\r\n", "too large"));
        // Closing with unread input resets the connection under the client's feet.
        std::this_thread::sleep_for(50ms);
    }};
    Caller caller{server};
    const std::string params = "{\"a\":\"" + std::string(15 << 20, 'x') + "\"}";
    const Outcome outcome = support::run(caller.context, caller.client.call("test.method", params));
    REQUIRE_FALSE(outcome);
    CHECK_MESSAGE(outcome.error().code() == Errc::status, outcome.error());
    CHECK(outcome.error().http_status() == 413);
    CHECK(outcome.error().attempts() == 1);
}

TEST_CASE("RpcClient: a server that echoes the authorization does not get it into an error") {
    RawServer server{[](RawPeer& peer) {
        while (const auto request = peer.read()) {
            peer.send(with_body(
                "500 Oops",
                "",
                "you sent " + request->header("Authorization").value_or("nothing")));
        }
    }};
    boost::asio::io_context context;
    using BearerClient =
        clarify::RpcClient<clarify::BeastBackend, clarify::BearerToken, support::TextCodec>;
    BearerClient client{
        context.get_executor(),
        *clarify::Url::parse(server.origin() + "/rpc"),
        clarify::BeastBackend{},
        clarify::BearerToken{clarify::Secret{"canary-token-77"}}};
    const Outcome outcome = support::run(context, client.call("m", "{}"));
    REQUIRE(outcome.error().http() != nullptr);
    CHECK(outcome.error().http()->body_excerpt == "you sent Bearer ****");
    CHECK(outcome.error().to_string().find("canary-token-77") == std::string::npos);
}
