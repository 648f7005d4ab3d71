// SPDX-License-Identifier: BSL-1.0
// The cases about limits, incomplete replies and unreachable servers.

#ifndef CLARIFY_TESTING_DETAIL_KITS_BACKEND_FAILURE_CASES_HPP
#define CLARIFY_TESTING_DETAIL_KITS_BACKEND_FAILURE_CASES_HPP

#include <clarify/testing/detail/kits/backend_bench.hpp>
#include <clarify/testing/detail/kits/backend_scripts.hpp>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace clarify::testing::detail::backend_cases {

// --- Limits -------------------------------------------------------------------------------------

inline constexpr std::size_t small_limit = 1000;

/// Expects that a reply to "long" is refused, and that what is left of it harms nobody.
inline void expect_too_large(BackendCheck& check, const RawServer::Script& answer_long) {
    BackendServer server(check, [&](RawPeer& peer) {
        while (const auto request = peer.read()) {
            if (request->body == "long") {
                answer_long(peer);
            } else {
                peer.reply(request->body);
            }
        }
    });
    BackendBench bench{check};
    Exchange& exchange = bench.prepare(server.origin(), "long");
    exchange.request.max_response_body = small_limit;
    bench.start(exchange);
    bench.wait(exchange);
    bench.expect_failure(exchange, Fate::unknown, Errc::too_large);
    bench.expect_success(bench.post(server.origin(), "next"), 200, "next", "the next exchange");
    check.expect(
        connection_of(server, "next") != connection_of(server, "long"),
        "the next exchange used the connection of the one that was refused");
}

inline void limit_exact(BackendCheck& check) {
    const std::string body = every_byte(small_limit);
    BackendServer server{check, reply_always(http_reply("200 OK", "", body))};
    BackendBench bench{check};
    Exchange& exchange = bench.prepare(server.origin());
    exchange.request.max_response_body = small_limit;
    bench.start(exchange);
    bench.wait(exchange);
    bench.expect_success(exchange, 200, body);
}

inline void limit_exact_chunked(BackendCheck& check) {
    const std::string half = every_byte(small_limit / 2);
    const std::string chunk = "1f4\r\n" + half + "\r\n";
    BackendServer server{
        check,
        reply_always(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk + chunk + "0\r\n\r\n")};
    BackendBench bench{check};
    Exchange& exchange = bench.prepare(server.origin());
    exchange.request.max_response_body = small_limit;
    bench.start(exchange);
    bench.wait(exchange);
    bench.expect_success(exchange, 200, half + half);
}

inline void limit_announced(BackendCheck& check) {
    expect_too_large(check, [](RawPeer& peer) { peer.reply(std::string(small_limit + 1, 'x')); });
}

inline void limit_chunked(BackendCheck& check) {
    expect_too_large(check, [](RawPeer& peer) {
        peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        for (int i = 0; i != 4; ++i)
            peer.send("12c\r\n" + std::string(300, 'x') + "\r\n");
        peer.send("0\r\n\r\n");
    });
}

inline void limit_until_close(BackendCheck& check) {
    expect_too_large(check, [](RawPeer& peer) {
        peer.send("HTTP/1.1 200 OK\r\n\r\n" + std::string(small_limit + 1, 'x'));
        peer.finish_sending();
    });
}

// --- Incomplete replies -------------------------------------------------------------------------

/// Expects that a reply of these bytes, after which the server ends its side, is a failure.
inline void expect_broken(BackendCheck& check, const std::string& bytes) {
    BackendServer server{check, reply_and_end(bytes)};
    BackendBench bench{check};
    bench.expect_failure(bench.post(server.origin()), Fate::unknown);
}

inline void broken_length(BackendCheck& check) {
    expect_broken(check, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01234");
}
inline void broken_chunk(BackendCheck& check) {
    expect_broken(
        check, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n5\r\n01");
    expect_broken(check, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n");
}
inline void broken_head(BackendCheck& check) {
    expect_broken(check, "HTTP/1.1 200 OK\r\nContent-Type: application/js");
    expect_broken(check, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n");
}
inline void broken_nothing(BackendCheck& check) { expect_broken(check, ""); }

inline void broken_code(BackendCheck& check) {
    for (const char* const bytes :
         {"",
          "HTTP/1.1 200 OK\r\nContent-Ty",
          "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01234",
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n01"}) {
        BackendServer server{check, reply_and_end(bytes)};
        BackendBench bench{check};
        const Exchange& exchange = bench.post(server.origin());
        if (!exchange.error) continue;
        const Errc code = exchange.error->code();
        check.expect(
            code == Errc::io,
            "a reply that was cut off was reported as " + std::string{to_string(code)} + ": " +
                exchange.error->to_string());
    }
}

/// Only a connection that has served, and ended without a byte of the reply, may be called stale:
/// the client repeats such a call at once.
inline void broken_stale(BackendCheck& check) {
    BackendServer server(check, [](RawPeer& peer) {
        while (const auto request = peer.read()) {
            if (request->body == "cut") return;
            if (request->body == "begun") return peer.send("HTTP/1.1 200 OK\r\nDate");
            peer.reply(request->body);
        }
    });
    BackendBench bench{check};
    const Exchange& fresh = bench.post(server.origin(), "cut");
    bench.expect_success(bench.post(server.origin(), "fine"), 200, "fine");
    const Exchange& begun = bench.post(server.origin(), "begun");
    const auto is_stale = [](const Exchange& exchange) {
        return exchange.error && exchange.error->reason() == Reason::stale;
    };
    check.expect(!is_stale(fresh), "a connection that had not served was reported as stale");
    check.expect(!is_stale(begun), "a connection that had begun its reply was reported as stale");
}

// --- Names and addresses ------------------------------------------------------------------------

/// A port that was free a moment ago: bound, but nobody listens.
class UnusedPort {
public:
    UnusedPort() {
        bound_.open(boost::asio::ip::tcp::v4());
        bound_.bind({boost::asio::ip::address_v4::loopback(), 0});
    }
    std::string origin() const {
        return "http://127.0.0.1:" + std::to_string(bound_.local_endpoint().port());
    }

private:
    boost::asio::io_context context_;
    boost::asio::ip::tcp::acceptor bound_{context_};
};

inline void connect_refused(BackendCheck& check) {
    const UnusedPort unused;
    BackendBench bench{check};
    const Exchange& exchange = bench.post(unused.origin());
    bench.expect_failure(exchange, Fate::unsent, Errc::connect);
    check.expect(!exchange.progress.sent, "progress says that something was sent");
    if (!exchange.error) return;
    check.expect(
        exchange.error->cause().failed(), "the error has no cause(), which the system surely gave");
}

/// What the machine's resolver says of a name; nothing if it does not answer soon.
inline std::optional<std::vector<boost::asio::ip::address>> addresses_of(const std::string& host) {
    using Addresses = std::vector<boost::asio::ip::address>;
    const auto answer = std::make_shared<std::promise<Addresses>>();
    std::future<Addresses> answered = answer->get_future();
    std::thread{[answer, host] {
        boost::asio::io_context context;
        boost::system::error_code ec;
        Addresses found;
        for (const auto& entry : boost::asio::ip::tcp::resolver{context}.resolve(host, "80", ec))
            found.push_back(entry.endpoint().address());
        answer->set_value(std::move(found));
    }}.detach();
    if (answered.wait_for(std::chrono::seconds{1}) != std::future_status::ready) return {};
    return answered.get();
}

inline void resolve_unknown(BackendCheck& check) {
    const std::string host = "no-such-host.invalid";
    // A resolver that answers every name with an address of its own, or that cannot be reached,
    // says nothing about a backend.
    const auto addresses = addresses_of(host);
    if (!addresses) return check.skip("this machine's resolver does not answer within a second");
    if (!addresses->empty()) return check.skip("this machine's resolver knows every name");
    BackendBench bench{check};
    const Exchange& exchange = bench.post("http://" + host + "/");
    bench.expect_failure(exchange, Fate::unsent, Errc::resolve);
    check.expect(!exchange.progress.sent, "progress says that something was sent");
}

/// Not every machine knows this one name, or knows it as the address of the kit's servers.
inline bool localhost_is_known() {
    const auto addresses = addresses_of("localhost");
    const boost::asio::ip::address loopback = boost::asio::ip::address_v4::loopback();
    return addresses &&
        std::find(addresses->begin(), addresses->end(), loopback) != addresses->end();
}

inline void resolve_localhost(BackendCheck& check) {
    if (!localhost_is_known())
        return check.skip("this machine does not know localhost as 127.0.0.1");
    BackendServer server{check, echo};
    BackendServer secure(check, [context = tls_server(check.authority().issue())](RawPeer& peer) {
        peer.begin_tls(*context);
        echo(peer);
    });
    BackendBench bench{check};
    const std::string plain_origin = "http://localhost:" + std::to_string(server.port());
    const std::string secure_origin = "https://localhost:" + std::to_string(secure.port());
    bench.expect_success(bench.post(plain_origin, "1"), 200, "1");
    bench.expect_success(bench.post(secure_origin, "2"), 200, "2", "the exchange over TLS");
}

// --- Too many at once ---------------------------------------------------------------------------

inline void failure_overloaded(BackendCheck& check) {
    Stall stall{check, Phase::first_byte};
    BackendBench bench{check};
    std::vector<Exchange*> exchanges;
    for (int i = 0; i != 100; ++i)
        exchanges.push_back(&bench.start(stall.address()));
    const auto refused = [&] {
        return std::count_if(exchanges.begin(), exchanges.end(), [](const Exchange* exchange) {
            return exchange->done && !exchange->cancelled;
        });
    };
    bench.runs_until([&] { return refused() != 0; }, std::chrono::milliseconds{300});
    if (refused() == 0) return check.skip("the backend lets 100 exchanges run or wait at once");
    for (const Exchange* const exchange : exchanges) {
        if (!exchange->done || exchange->cancelled) continue;
        if (!bench.expect_failure(
                *exchange, Fate::unsent, Errc::overloaded, "one of 100 exchanges at once"))
            return;
    }
}

inline void failure_phase_unsent(BackendCheck& check) {
    const auto expect_phase = [&check](const Exchange& exchange, Phase phase) {
        if (!exchange.error) return;
        check.expect(
            exchange.error->phase() == phase,
            "a failure in " + std::string{to_string(phase)} + " reported the phase " +
                std::string{to_string(exchange.error->phase())});
    };
    const UnusedPort unused;
    BackendServer no_tls(check, [](RawPeer& peer) {
        peer.send("220 ready\r\n");
        peer.drain();
    });
    BackendBench bench{check};
    expect_phase(bench.post(unused.origin()), Phase::connect);
    expect_phase(bench.post(no_tls.origin("https")), Phase::tls);
}

inline constexpr BackendCase failure_cases[] = {
    {"limit.exact", "a body of just the allowed size is accepted", limit_exact},
    {"limit.exact_chunked",
     "a chunked body of just the allowed size is accepted",
     limit_exact_chunked},
    {"limit.announced",
     "an announced body over the limit is refused as too_large",
     limit_announced},
    {"limit.chunked", "a chunked body over the limit is refused as too_large", limit_chunked},
    {"limit.until_close",
     "a body without a length over the limit is refused as too_large",
     limit_until_close},
    {"broken.length", "a body shorter than announced is a failure of unknown fate", broken_length},
    {"broken.chunk", "a chunked body without its end is a failure of unknown fate", broken_chunk},
    {"broken.head", "a head without its end is a failure of unknown fate", broken_head},
    {"broken.nothing",
     "a connection that ends without a reply is a failure of unknown fate",
     broken_nothing},
    {"broken.code", "a connection that ends inside the reply is reported as io", broken_code},
    {"broken.stale",
     "only a connection that had served, and ended without a byte of the reply, is called stale",
     broken_stale},
    {"failure.overloaded",
     "an exchange that may not wait any more is reported as overloaded, unsent",
     failure_overloaded},
    {"failure.phase_unsent",
     "a failure before the request says in which phase it happened",
     failure_phase_unsent},
    {"connect.refused",
     "a refused connection is reported as connect, unsent, with its cause",
     connect_refused},
    {"resolve.localhost", "the name of a host is looked up, also for https", resolve_localhost},
    {"resolve.unknown", "an unknown host is reported as resolve, unsent", resolve_unknown},
};

}  // namespace clarify::testing::detail::backend_cases

#endif  // CLARIFY_TESTING_DETAIL_KITS_BACKEND_FAILURE_CASES_HPP
