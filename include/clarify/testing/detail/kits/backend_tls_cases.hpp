// SPDX-License-Identifier: BSL-1.0
// The cases about TLS: who is trusted, and where a reply over it ends.

#ifndef CLARIFY_TESTING_DETAIL_KITS_BACKEND_TLS_CASES_HPP
#define CLARIFY_TESTING_DETAIL_KITS_BACKEND_TLS_CASES_HPP

#include <clarify/testing/detail/kits/backend_bench.hpp>
#include <clarify/testing/detail/kits/backend_failure_cases.hpp>
#include <clarify/testing/detail/kits/backend_scripts.hpp>

#include <openssl/ssl.h>
#include <openssl/tls1.h>

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <string>

namespace clarify::testing::detail::backend_cases {

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

inline void tls_not_yet_valid(BackendCheck& check) {
    CertificateRequest certificate;
    certificate.not_before = std::chrono::system_clock::now() + std::chrono::hours{24};
    certificate.not_after = std::chrono::system_clock::now() + std::chrono::hours{48};
    expect_untrusted(check, check.authority(), certificate);
}

inline void tls_final(BackendCheck& check) {
    const CertificateAuthority other;
    BackendServer server{check, over_tls(other, CertificateRequest{}, echo)};
    BackendBench bench{check};
    const Exchange& exchange = bench.post(server.origin("https"));
    if (!exchange.error) return;
    check.expect(
        exchange.error->reason() != Reason::reset,
        "it was reported as a connection that broke: " + exchange.error->to_string());
}

inline void tls_handshake(BackendCheck& check) {
    for (const char* const bytes : {"", "220 ready\r\n", "HTTP/1.1 400 Bad Request\r\n\r\n"}) {
        BackendServer server(check, [bytes](RawPeer& peer) {
            // What the client begins with is awaited, so that it is not reset by what comes back.
            if (!peer.receive()) return;
            if (*bytes == '\0') return;
            peer.send(bytes);
            peer.drain();
        });
        BackendBench bench{check};
        const Exchange& exchange = bench.post(server.origin("https"), "secret");
        bench.expect_failure(
            exchange,
            Fate::unsent,
            Errc::tls,
            *bytes == '\0' ? "an exchange whose handshake was cut"
                           : "one with a server without TLS");
        check.expect(!exchange.progress.sent, "progress says that something was sent");
    }
}

/// Which name a server is told in a handshake over TLS: for an address none (RFC 6066 section 3).
inline void expect_server_name(
    BackendCheck& check, const std::string& host, const std::string& expected) {
    const auto told = std::make_shared<std::promise<std::string>>();
    const auto is_told = std::make_shared<std::atomic_flag>();
    BackendServer server(
        check, [told, is_told, context = tls_server(check.authority().issue())](RawPeer& peer) {
            const SSL* const tls = peer.begin_tls(*context);
            const char* const name = SSL_get_servername(tls, TLSEXT_NAMETYPE_host_name);
            if (!is_told->test_and_set()) told->set_value(name == nullptr ? "" : name);
            echo(peer);
        });
    BackendBench bench{check};
    const std::string origin = "https://" + host + ':' + std::to_string(server.port());
    if (!bench.expect_success(bench.post(origin), 200, "{}", "the exchange with " + host)) return;
    const std::string got = told->get_future().get();
    check.expect(got == expected, "for " + host + " the server was told the name '" + got + '\'');
}

inline void tls_server_name(BackendCheck& check) {
    if (!localhost_is_known())
        return check.skip("this machine does not know localhost as 127.0.0.1");
    expect_server_name(check, "localhost", "localhost");
}
inline void tls_address_is_no_name(BackendCheck& check) {
    expect_server_name(check, "127.0.0.1", "");
}

inline void tls_wrong_name(BackendCheck& check) {
    if (!localhost_is_known())
        return check.skip("this machine does not know localhost as 127.0.0.1");
    CertificateRequest certificate;
    // Its address would do, but that is not what the URL says.
    certificate.subject_alt_names = {"DNS:other.example", "DNS:*.localhost", "IP:127.0.0.1"};
    BackendServer server{check, over_tls(check.authority(), certificate, echo)};
    BackendBench bench{check};
    const Exchange& exchange =
        bench.post("https://localhost:" + std::to_string(server.port()), "secret");
    bench.expect_failure(exchange, Fate::unsent, Errc::tls);
    check.expect(server.ledger().bytes() == 0, "the server got bytes of the request");
}

inline void tls_until_close(BackendCheck& check) {
    const RawServer::Script closes = [](RawPeer& peer) {
        if (!peer.read()) return;
        peer.send("HTTP/1.1 200 OK\r\n\r\nall of it");
        peer.finish_tls();
    };
    BackendServer server{check, over_tls(check.authority(), CertificateRequest{}, closes)};
    BackendBench bench{check};
    const Exchange& exchange = bench.post(server.origin("https"));
    // A stack that is not told of the alert has to take every such end for a cut.
    if (exchange.error && exchange.error->code() == Errc::io)
        return check.skip(
            "the backend takes every reply that ends with its TLS connection for cut");
    bench.expect_success(exchange, 200, "all of it");
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

inline constexpr BackendCase tls_cases[] = {
    {"tls.trusted", "a server with a trusted certificate is accepted", tls_trusted},
    {"tls.unknown_authority",
     "a certificate of an unknown authority is reported as tls, unsent",
     tls_unknown_authority},
    {"tls.wrong_host",
     "a certificate without the URL's address is reported as tls, unsent",
     tls_wrong_host},
    {"tls.wrong_name",
     "a certificate without the URL's host name is reported as tls, unsent",
     tls_wrong_name},
    {"tls.expired", "an expired certificate is reported as tls, unsent", tls_expired},
    {"tls.not_yet_valid",
     "a certificate that is not valid yet is reported as tls, unsent",
     tls_not_yet_valid},
    {"tls.final",
     "a peer that is not trusted is not reported as a connection that broke",
     tls_final},
    {"tls.handshake", "a handshake that fails is reported as tls, unsent", tls_handshake},
    {"tls.server_name", "the host name goes out as SNI", tls_server_name},
    {"tls.address_is_no_name", "an address does not go out as SNI", tls_address_is_no_name},
    {"tls.until_close",
     "a reply without a length that TLS's closing alert ends is complete",
     tls_until_close},
    {"tls.cut",
     "a reply without a length that ends without TLS's closing alert is incomplete",
     tls_cut},
    {"tls.no_alert",
     "a complete reply is a success at once, also where TLS's closing alert does not follow",
     tls_no_alert},
};

}  // namespace clarify::testing::detail::backend_cases

#endif  // CLARIFY_TESTING_DETAIL_KITS_BACKEND_TLS_CASES_HPP
