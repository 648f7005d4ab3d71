// SPDX-License-Identifier: BSL-1.0
// The cases about limits, incomplete replies, unreachable servers and servers that are not trusted.

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
#include <initializer_list>
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
inline void broken_no_http(BackendCheck& check) {
    expect_broken(check, "SSH-2.0-OpenSSH_9.2\r\nwhatever\r\n\r\n");
}

// --- Replies that are not well-formed -----------------------------------------------------------

/// Expects that each of these replies is refused, and that its connection is not used again: where
/// the reply ends is in doubt, so the next bytes may be anything.
inline void expect_malformed(BackendCheck& check, std::initializer_list<const char*> replies) {
    std::size_t number = 0;
    for (const char* const bytes : replies) {
        BackendServer server(check, [bytes](RawPeer& peer) {
            while (const auto request = peer.read()) {
                if (request->body == "bad") {
                    peer.send(bytes);
                } else {
                    peer.reply(request->body);
                }
            }
        });
        BackendBench bench{check};
        const std::string which = "reply " + std::to_string(++number);
        Exchange& exchange = bench.prepare(server.origin(), "bad");
        // One that waits for the rest for ever has not noticed anything.
        exchange.request.deadline = Clock::now() + std::chrono::seconds{2};
        bench.start(exchange);
        bench.wait(exchange);
        if (!bench.expect_failure(exchange, Fate::unknown, Errc::framing, which)) return;
        bench.expect_success(bench.post(server.origin(), "next"), 200, "next", "the next exchange");
        check.expect(
            connection_of(server, "next") != connection_of(server, "bad"),
            "the next exchange used the connection of " + which);
    }
}

inline void framing_lengths(BackendCheck& check) {
    expect_malformed(
        check,
        {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 4\r\n\r\n1234",
         "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 2\r\n\r\n1234"});
}

inline void framing_length_and_chunked(BackendCheck& check) {
    const char* const body = "2\r\n12\r\n0\r\n\r\n";
    const std::string length_first = std::string{"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n"} +
        "Transfer-Encoding: chunked\r\n\r\n" + body;
    const std::string chunked_first =
        std::string{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"} +
        "Content-Length: 12\r\n\r\n" + body;
    expect_malformed(check, {length_first.c_str(), chunked_first.c_str()});
}

inline void framing_malformed(BackendCheck& check) {
    expect_malformed(
        check,
        {"HTTP/1.1 200 OK\r\nContent-Length: two\r\n\r\n12",
         "HTTP/1.1 200 OK\r\nTransfer-Encoding: unheard-of\r\n\r\n12",
         "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n12\r\n0\r\n\r\n",
         "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: other\r\n\r\n"});
}

// --- Names and addresses ------------------------------------------------------------------------

inline void connect_refused(BackendCheck& check) {
    // A port that was free a moment ago: bound, but nobody listens.
    boost::asio::io_context context;
    boost::asio::ip::tcp::acceptor bound{context};
    bound.open(boost::asio::ip::tcp::v4());
    bound.bind({boost::asio::ip::address_v4::loopback(), 0});
    const std::string port = std::to_string(bound.local_endpoint().port());
    BackendBench bench{check};
    const Exchange& exchange = bench.post("http://127.0.0.1:" + port);
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
    if (!addresses || !addresses->empty()) return;
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
    if (!localhost_is_known()) return;
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

// --- TLS ----------------------------------------------------------------------------------------

inline RawServer::Script over_tls(
    const CertificateAuthority& authority,
    const CertificateRequest& certificate,
    RawServer::Script script) {
    return [context = tls_server(authority.issue(certificate)), script](RawPeer& peer) {
        peer.begin_tls(*context);
        script(peer);
    };
}

inline void tls_trusted(BackendCheck& check) {
    const std::string large = every_byte(100'000);
    BackendServer server{check, over_tls(check.authority(), CertificateRequest{}, echo)};
    BackendBench bench{check};
    bench.expect_success(bench.post(server.origin("https"), "1"), 200, "1", "the first exchange");
    bench.expect_success(
        bench.post(server.origin("https"), large), 200, large, "the second exchange");
}

inline void expect_untrusted(
    BackendCheck& check,
    const CertificateAuthority& authority,
    const CertificateRequest& certificate) {
    BackendServer server{check, over_tls(authority, certificate, echo)};
    BackendBench bench{check};
    const Exchange& exchange = bench.post(server.origin("https"), "secret");
    bench.expect_failure(exchange, Fate::unsent, Errc::tls);
    check.expect(!exchange.progress.sent, "progress says that something was sent");
    check.expect(server.ledger().bytes() == 0, "the server got bytes of the request");
}

inline void tls_unknown_authority(BackendCheck& check) {
    const CertificateAuthority other;
    expect_untrusted(check, other, CertificateRequest{});
}

inline void tls_wrong_host(BackendCheck& check) {
    CertificateRequest certificate;
    certificate.subject_alt_names = {"DNS:other.example", "IP:127.0.0.2"};
    expect_untrusted(check, check.authority(), certificate);
}

inline void tls_expired(BackendCheck& check) {
    CertificateRequest certificate;
    certificate.not_before = std::chrono::system_clock::now() - std::chrono::hours{48};
    certificate.not_after = std::chrono::system_clock::now() - std::chrono::hours{24};
    expect_untrusted(check, check.authority(), certificate);
}

inline void tls_cut(BackendCheck& check) {
    // Without the closing alert, anybody on the way may have cut off the rest (RFC 9112, 9.8).
    BackendServer server{
        check,
        over_tls(
            check.authority(),
            CertificateRequest{},
            reply_and_end("HTTP/1.1 200 OK\r\n\r\nthe first half"))};
    BackendBench bench{check};
    bench.expect_failure(bench.post(server.origin("https")), Fate::unknown);
}

inline void tls_no_alert(BackendCheck& check) {
    // Such servers are common: they close late, or without a word.
    const RawServer::Script silent = [](RawPeer& peer) {
        if (!peer.read()) return;
        peer.reply("complete", "Connection: close\r\n");
        peer.await_release();
    };
    BackendServer server{check, over_tls(check.authority(), CertificateRequest{}, silent)};
    BackendBench bench{check};
    const Exchange& exchange = bench.start(server.origin("https"));
    const bool over = bench.runs_until([&] { return exchange.done; }, std::chrono::seconds{3});
    if (check.expect(over, "the exchange went on for 3 s after its complete reply"))
        bench.expect_success(exchange, 200, "complete");
}

inline constexpr BackendCase failure_cases[] = {
    {"limit.exact", "a body of just the allowed size is accepted", limit_exact},
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
    {"broken.no_http", "a reply that is not HTTP is a failure of unknown fate", broken_no_http},
    {"framing.lengths",
     "a reply with two different lengths is refused as framing",
     framing_lengths},
    {"framing.length_and_chunked",
     "a chunked reply with a length is refused as framing",
     framing_length_and_chunked},
    {"framing.malformed",
     "a reply with a senseless length, an unknown transfer coding, a broken chunk or a change of "
     "protocol is refused as framing",
     framing_malformed},
    {"connect.refused",
     "a refused connection is reported as connect, unsent, with its cause",
     connect_refused},
    {"resolve.localhost", "the name of a host is looked up, also for https", resolve_localhost},
    {"resolve.unknown", "an unknown host is reported as resolve, unsent", resolve_unknown},
    {"tls.trusted", "a server with a trusted certificate is accepted", tls_trusted},
    {"tls.unknown_authority",
     "a certificate of an unknown authority is reported as tls, unsent",
     tls_unknown_authority},
    {"tls.wrong_host", "a certificate of another host is reported as tls, unsent", tls_wrong_host},
    {"tls.expired", "an expired certificate is reported as tls, unsent", tls_expired},
    {"tls.cut",
     "a reply without a length that ends without TLS's closing alert is incomplete",
     tls_cut},
    {"tls.no_alert",
     "a complete reply is a success at once, also where TLS's closing alert does not follow",
     tls_no_alert},
};

}  // namespace clarify::testing::detail::backend_cases

#endif  // CLARIFY_TESTING_DETAIL_KITS_BACKEND_FAILURE_CASES_HPP
