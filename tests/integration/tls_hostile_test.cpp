// SPDX-License-Identifier: BSL-1.0
// Peers that are no TLS servers, that break off or stall, and certificates that are bombs.

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>

#include <doctest/doctest.h>
#include <malloc.h>
#include <support/in_child.hpp>
#include <support/pki.hpp>
#include <support/tls_flight.hpp>
#include <support/tls_scene.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace tls_hostile_test {

namespace {

namespace pki = support::pki;
using namespace std::chrono_literals;
using clarify::Errc;
using clarify::Fate;
using clarify::Phase;
using clarify::Reason;
using support::Outcome;
using support::RawPeer;
using support::RawServer;
using support::TlsCaller;
using support::TlsServer;
using Moment = std::chrono::steady_clock;

/// The client must refuse what `script` does, within a second for each attempt, and close.
void check_script(
    const RawServer::Script& script,
    Reason reason,
    unsigned attempts,
    const std::string& ca_pem = pki::Identity::self_signed().certificate_pem()) {
    for (const bool idempotent : {false, true}) {
        std::atomic<int> closed = 0;
        RawServer server{[&](RawPeer& peer) {
            struct Closed {
                std::atomic<int>& count;
                ~Closed() { ++count; }
            } end{closed};
            script(peer);
        }};
        {
            TlsCaller caller{server.port(), TlsCaller::options(ca_pem)};
            const auto begun = Moment::now();
            support::check_refusal(caller.call(idempotent), reason, "localhost", attempts);
            CHECK(Moment::now() - begun < attempts * 1s);
        }
        CHECK(server.connections() == static_cast<int>(attempts));
        const auto until = Moment::now() + support::patience;
        while (closed != static_cast<int>(attempts) && Moment::now() < until)
            std::this_thread::yield();
        CHECK(closed == static_cast<int>(attempts));
    }
}

/// A record of TLS.
std::string record(char type, const std::string& content, std::size_t announced) {
    return std::string{type, '\x03', '\x03'} + static_cast<char>(announced >> 8U) +
        static_cast<char>(announced & 0xFFU) + content;
}

/// A server whose certificates are a burden.
struct Bomb {
    const char* what;
    pki::TlsContext context;
    bool accepted;
};

std::vector<Bomb> bombs(const pki::Identity& root) {
    const auto names = [](int count) {
        std::vector<std::string> all;
        for (int i = 0; i != count; ++i)
            all.push_back("DNS:host-" + std::to_string(i) + ".example");
        all.emplace_back("DNS:localhost");
        return all;
    };
    auto end_of_chain = root;
    for (int i = 0; i != 60; ++i)
        end_of_chain = end_of_chain.issue(pki::authority("level " + std::to_string(i)));
    const auto huge = root.issue(pki::authority("huge").key(pki::KeyKind::rsa_16384));
    return {
        {"3,000 names", pki::server(root.issue(pki::leaf().names(names(3'000)))), true},
        {"10,000 names", pki::server(root.issue(pki::leaf().names(names(10'000)))), false},
        {"60 certificates", pki::server(end_of_chain.issue()), false},
        {"200 KiB", pki::server(root.issue(pki::leaf().padded(200 << 10U))), false},
        {"an authority of RSA 16,384", pki::server(huge.issue()), true}};
}

/// A figure of `/proc/self/status`, in bytes.
std::size_t own_memory(const std::string& name) {
    std::ifstream status{"/proc/self/status"};
    std::string word;
    std::size_t kilobytes = 0;
    while (status >> word) {
        if (word == name + ':' && status >> kilobytes) return kilobytes << 10U;
    }
    return 0;
}

}  // namespace

TEST_CASE("TLS: what is no TLS is refused at once, and for good") {
    struct Row {
        const char* what;
        std::string bytes;
    };
    std::string noise;
    for (unsigned i = 0; i != 60'000; ++i)
        noise += static_cast<char>((i * 2654435761U) >> 13U);
    const std::string oversize(17'000, 'x');
    for (const Row& row : std::vector<Row>{
             {"HTTP", "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"},
             {"SSH", "SSH-2.0-OpenSSH_9.2\r\n"},
             {"noise", noise},
             {"an alert", record('\x15', "\x02\x50", 2)},
             {"an alert of an older version", std::string{"\x15\x03\x01\x00\x02\x02\x28", 7}},
             {"a record that is too large", record('\x16', oversize, oversize.size())},
             {"a message out of place", record('\x16', std::string("\x0e\0\0\0", 4), 4)},
             {"data", record('\x17', "hello", 5)},
             {"zeros", std::string(4096, '\0')}}) {
        INFO(row.what);
        const bool refused_parameters = row.bytes[6] == '\x28' && row.bytes[0] == '\x15';
        check_script(
            [&](RawPeer& peer) {
                support::read_hello(peer);
                peer.send(row.bytes);
                support::await_close(peer);
            },
            refused_parameters ? Reason::weak : Reason::handshake,
            1);
    }
}

TEST_CASE("TLS: a peer that speaks before the client does is no TLS server, whatever it says") {
    // The client finds the bytes there, or they come as an answer to its first message.
    for (const std::string& bytes :
         {std::string{"SSH-2.0-OpenSSH_9.2\r\n"}, record('\x15', "\x02\x50", 2)}) {
        check_script(
            [&](RawPeer& peer) {
                peer.send(bytes);
                support::await_close(peer);
            },
            Reason::handshake,
            1);
    }
}

TEST_CASE("TLS: a peer that goes away in the handshake is asked again") {
    const auto root = pki::Identity::self_signed();
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        const auto context = pki::server(root.issue());
        SSL_CTX_set_max_proto_version(context->native_handle(), version);
        for (const bool reset : {false, true}) {
            const auto leave = [reset](RawPeer& peer) {
                if (reset) return peer.reset();
                peer.finish_sending();
                support::await_close(peer);
            };
            // One that resets sooner may have done so before the client knew it was connected.
            if (!reset) check_script(leave, Reason::reset, 3);
            for (const int part : {0, 1, 2, 3}) {
                INFO(version << ' ' << reset << ' ' << part);
                check_script(
                    [&](RawPeer& peer) {
                        const std::string flight =
                            support::answer_to(context, support::read_hello(peer));
                        // In the head of a record, in the first message, and at the last byte.
                        const std::size_t sizes[] = {0, 4, 40, flight.size() - 1};
                        peer.send(flight.substr(0, sizes[part]));
                        leave(peer);
                    },
                    Reason::reset,
                    3,
                    root.certificate_pem());
            }
        }
    }
}

TEST_CASE("TLS: a handshake that stalls ends at its limit, and holds up nobody else") {
    const auto root = pki::Identity::self_signed();
    const auto context = pki::server(root.issue(pki::leaf().padded(20'000)));
    struct Row {
        const char* what;
        std::function<void(RawPeer&)> stall;
    };
    const auto flight = [&](RawPeer& peer) {
        return support::answer_to(context, support::read_hello(peer));
    };
    for (const Row& row : std::vector<Row>{
             {"at once", [](RawPeer&) {}},
             {"after the first message",
              [&](RawPeer& peer) { peer.send(flight(peer).substr(0, 200)); }},
             {"byte by byte", [&](RawPeer& peer) {
                  for (const char byte : flight(peer)) {
                      peer.send({&byte, 1});
                      std::this_thread::sleep_for(10ms);
                  }
              }}}) {
        INFO(row.what);
        RawServer server{[&](RawPeer& peer) {
            if (peer.number() <= 2) {
                row.stall(peer);
                return support::await_close(peer);
            }
            peer.begin_tls(*context);
            TlsServer::answer_with_number(peer);
        }};
        auto options = TlsCaller::options(root.certificate_pem());
        options.http.tls_timeout = 400ms;
        options.retry.attempts = 2;
        TlsCaller caller{server.port(), options};
        const auto begun = Moment::now();
        std::vector<Outcome> outcomes;
        std::vector<Moment::duration> took;
        // Both attempts of the first stall; the second begins once the first is under way.
        const auto note = [&](Outcome outcome) {
            took.push_back(Moment::now() - begun);
            outcomes.push_back(std::move(outcome));
        };
        caller.client.async_call("m", "{}", note);
        while (server.connections() < 2)
            caller.context.run_one_for(10ms);
        caller.client.async_call("m", "{}", note);
        while (outcomes.size() < 2 && Moment::now() - begun < support::patience)
            caller.context.run_one_for(10ms);
        REQUIRE(outcomes.size() == 2);
        CHECK_MESSAGE(outcomes.front().has_value(), outcomes.front().error());
        CHECK(outcomes.back().error().code() == Errc::timeout);
        CHECK(outcomes.back().error().phase() == Phase::tls);
        CHECK(outcomes.back().error().fate() == Fate::unsent);
        CHECK(outcomes.back().error().attempts() == 2);
        CHECK(took.back() >= 800ms);
        CHECK(took.back() < 5s);
    }
}

TEST_CASE("TLS: a peer that talks HTTP/2 is refused at its first frame") {
    const auto root = pki::Identity::self_signed();
    TlsServer server{pki::server(root.issue()), [](RawPeer& peer) {
                         peer.read();
                         peer.send(std::string("\0\0\0\4\0\0\0\0\0", 9) + "\r\n\r\n");
                         peer.drain();
                     }};
    TlsCaller caller{server.port(), TlsCaller::options(root.certificate_pem())};
    const auto outcome = caller.call(true);
    REQUIRE_FALSE(outcome);
    CHECK_MESSAGE(outcome.error().code() == Errc::framing, outcome.error());
    CHECK(outcome.error().reason() == Reason::head);
    CHECK(outcome.error().attempts() == 1);
    CHECK(server.await_closed());
}

TEST_CASE("TLS: a server that wants to renegotiate is refused, and the connection ends") {
    const auto root = pki::Identity::self_signed();
    const auto context = pki::server(root.issue());
    SSL_CTX_set_max_proto_version(context->native_handle(), TLS1_2_VERSION);
    RawServer server{[&](RawPeer& peer) {
        SSL* const ssl = peer.begin_tls(*context);
        const auto request = peer.read();
        if (!request) return;
        SSL_renegotiate(ssl);
        SSL_do_handshake(ssl);
        // Whether or not the client agrees.
        peer.result(*request, "1");
        support::await_close(peer);
    }};
    static std::atomic<int> alerts = 0;
    alerts = 0;
    auto options = TlsCaller::options({});
    options.http.tls.context =
        std::make_shared<boost::asio::ssl::context>(boost::asio::ssl::context::tls_client);
    SSL_CTX* const native = options.http.tls.context->native_handle();
    X509_STORE_add_cert(SSL_CTX_get_cert_store(native), root.certificate());
    SSL_CTX_set_info_callback(native, [](const SSL*, int where, int) {
        if (where == SSL_CB_WRITE_ALERT) ++alerts;
    });
    TlsCaller caller{server.port(), options};
    const auto outcome = caller.call();
    REQUIRE_FALSE(outcome);
    CHECK_MESSAGE(outcome.error().code() == Errc::io, outcome.error());
    CHECK(outcome.error().fate() == Fate::unknown);
    CHECK(outcome.error().attempts() == 1);
    CHECK(server.connections() == 1);
    CHECK(server.ledger().request_count() == 1);
    // The application's own callback is still called.
    CHECK(alerts > 0);
}

TEST_CASE("TLS: certificates that are bombs cost neither time nor trust") {
    const auto root = pki::Identity::self_signed();
    for (const Bomb& row : bombs(root)) {
        INFO(row.what);
        TlsServer server{row.context};
        TlsCaller caller{server.port(), TlsCaller::options(root.certificate_pem())};
        boost::asio::steady_timer ticker{caller.context};
        Moment::duration longest{};
        Moment::time_point last = Moment::now();
        std::function<void(boost::system::error_code)> tick = [&](boost::system::error_code ec) {
            longest = std::max(longest, Moment::now() - last);
            last = Moment::now();
            if (ec) return;
            ticker.expires_after(1ms);
            ticker.async_wait(tick);
        };
        tick({});
        const auto begun = Moment::now();
        const Outcome outcome = caller.call();
        CHECK(Moment::now() - begun < 2s);
        CHECK(longest < 1s);
        if (row.accepted) {
            CHECK_MESSAGE(outcome.has_value(), outcome.error());
        } else {
            support::check_refusal(outcome, Reason::untrusted);
        }
    }
}

TEST_CASE("TLS: certificates that are bombs take eight megabytes at most") {
    const auto root = pki::Identity::self_signed();
    const std::string ca = root.certificate_pem();
    const auto harmless = pki::server(root.issue());
    for (const Bomb& row : bombs(root)) {
        INFO(row.what);
        const auto script = [&](RawPeer& peer) {
            peer.begin_tls(peer.number() == 1 ? *harmless : *row.context);
            if (const auto request = peer.read())
                peer.result(*request, "1", "Connection: close\r\n");
        };
        const auto body = [&](const std::string& origin) -> std::string {
            const auto port =
                static_cast<std::uint16_t>(std::stoi(origin.substr(origin.rfind(':') + 1)));
            TlsCaller caller{port, TlsCaller::options(ca)};
            // What every handshake takes, and what is read once.
            if (!caller.call()) return "no call works";
            // From here on the highest mark counts anew, and nothing free is there to be used.
            ::malloc_trim(0);
            std::ofstream{"/proc/self/clear_refs"} << '5';
            const std::size_t before = own_memory("VmRSS");
            if (own_memory("VmHWM") > before + (std::size_t{1} << 20U)) return "not measured";
            const Outcome outcome = caller.call();
            if (outcome.has_value() != row.accepted) return "the outcome is another";
            const std::size_t extra = own_memory("VmHWM") - before;
            std::printf("%s: %zu KiB\n", row.what, extra >> 10U);
            std::fflush(stdout);
#if defined(__SANITIZE_ADDRESS__)
            constexpr std::size_t most = std::size_t{64} << 20U;  // freed memory is held back
#else
            constexpr std::size_t most = std::size_t{8} << 20U;
#endif
            if (extra > most) return "it takes " + std::to_string(extra >> 10U) + " KiB";
            return {};
        };
        const std::string problem = support::in_child(script, body).problem;
        if (problem == "not measured") {
            MESSAGE("the system does not measure memory anew");
        } else {
            CHECK(problem == "");
        }
    }
}

}  // namespace tls_hostile_test
