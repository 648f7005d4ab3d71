// SPDX-License-Identifier: BSL-1.0
// `localhost.`, with both backends: found, and proven without the dot.

#include <clarify/http/curl_backend.hpp>

#include "../support/tls_scene.hpp"

#include <doctest/doctest.h>

#include <mutex>
#include <string>

namespace trailing_dot_test {

namespace pki = support::pki;
using clarify::Reason;
using support::RawPeer;
using support::TlsServer;

TEST_CASE_TEMPLATE(
    "HTTP backends: a host name may end in a dot, which neither SNI nor Host nor a certificate has",
    Backend,
    clarify::BeastBackend,
    clarify::CurlBackend) {
    using Caller = support::BasicTlsCaller<Backend>;
    const auto root = pki::Identity::self_signed();
    std::mutex mutex;
    std::string head;
    const auto script = [&](RawPeer& peer) {
        while (const auto request = peer.read()) {
            {
                const std::lock_guard lock{mutex};
                head = request->head;
            }
            peer.result(*request, "1");
        }
    };
    TlsServer server{pki::server(root.issue(pki::leaf().names({"DNS:localhost"}))), script};
    {
        Caller caller{server.port(), Caller::options(root.certificate_pem()), "localhost."};
        for (int i = 0; i != 2; ++i) {
            const auto outcome = caller.call();
            REQUIRE_MESSAGE(outcome.has_value(), outcome.error());
        }
    }
    CHECK(server.connections() == 1);
    CHECK(server.hellos().at(0).server_name == "localhost");
    const std::lock_guard lock{mutex};
    const std::string host = "\r\nHost: localhost:" + std::to_string(server.port()) + "\r\n";
    CHECK(head.find(host) != std::string::npos);
    // Once.
    CHECK(head.find("\r\nHost:") == head.rfind("\r\nHost:"));
}

TEST_CASE_TEMPLATE(
    "HTTP backends: a certificate of another host is none for a name that ends in a dot",
    Backend,
    clarify::BeastBackend,
    clarify::CurlBackend) {
    using Caller = support::BasicTlsCaller<Backend>;
    const auto root = pki::Identity::self_signed();
    TlsServer server{pki::server(root.issue(pki::leaf().names({"DNS:other.example"})))};
    Caller caller{server.port(), Caller::options(root.certificate_pem()), "localhost."};
    support::check_refusal(caller.call(), Reason::host_mismatch, "localhost");
}

}  // namespace trailing_dot_test
