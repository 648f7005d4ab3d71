// SPDX-License-Identifier: BSL-1.0
// Replies that nobody asked for, in one segment with one that somebody did: for both backends.

#ifndef CLARIFY_TESTS_INTEGRATION_TLS_LEFTOVER_CASES_HPP
#define CLARIFY_TESTS_INTEGRATION_TLS_LEFTOVER_CASES_HPP

#include <clarify/core/errc.hpp>

#include <doctest/doctest.h>
#include <openssl/ssl.h>
#include <support/pki.hpp>
#include <support/raw_server.hpp>
#include <support/run.hpp>
#include <support/tls_scene.hpp>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <string>
#include <string_view>
#include <thread>

namespace tls_cases {

/// A reply to a call.
inline std::string with_length(const support::RawRequest& request, std::string_view result) {
    const std::string body =
        R"({"jsonrpc":"2.0","id":)" + request.id() + R"(,"result":)" + std::string{result} + "}";
    return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " +
        std::to_string(body.size()) + "\r\n\r\n" + body;
}

/// The same in chunks.
inline std::string in_chunks(const support::RawRequest& request, std::string_view result) {
    const std::string body =
        R"({"jsonrpc":"2.0","id":)" + request.id() + R"(,"result":)" + std::string{result} + "}";
    char size[16];
    std::snprintf(size, sizeof size, "%zx", body.size());
    return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: "
           "chunked\r\n\r\n" +
        std::string{size} + "\r\n" + body + "\r\n0\r\n\r\n";
}

/// A record of its own, which goes out together with what is sent next.
inline void put_into_segment(support::RawPeer& peer, std::string_view bytes) {
    REQUIRE(
        SSL_write(peer.tls(), bytes.data(), static_cast<int>(bytes.size())) ==
        static_cast<int>(bytes.size()));
}

/** The server answers a call, and in the same segment, but another record, something that answers
    nothing. It answers notifications, which have no id to tell them apart, with 500.
*/
template <class Backend>
void unasked_in_one_segment(std::string (*compose)(const support::RawRequest&, std::string_view)) {
    using namespace std::chrono_literals;
    const auto root = support::pki::Identity::self_signed();
    std::atomic<int> notified_on{0};
    support::TlsServer server{support::pki::server(root.issue()), [&](support::RawPeer& peer) {
                                  while (const auto request = peer.read()) {
                                      if (request->body.find("\"id\"") == std::string::npos) {
                                          notified_on = peer.number();
                                          std::this_thread::sleep_for(20ms);
                                          peer.send("HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n");
                                          continue;
                                      }
                                      put_into_segment(peer, compose(*request, "\"one\""));
                                      peer.send("HTTP/1.1 204 No Content\r\n\r\n");
                                  }
                              }};
    support::BasicTlsCaller<Backend> caller{
        server.port(), support::BasicTlsCaller<Backend>::options(root.certificate_pem())};
    CHECK(caller.call().value() == "\"one\"");
    const auto accepted = support::run(caller.context, caller.client.notify("m", "{}"));
    REQUIRE_FALSE(accepted);
    CHECK_MESSAGE(accepted.error().code() == clarify::Errc::status, accepted.error());
    CHECK(notified_on == 2);
}

template <class Backend>
void unasked_in_one_segment() {
    unasked_in_one_segment<Backend>(&with_length);
    unasked_in_one_segment<Backend>(&in_chunks);
}

}  // namespace tls_cases

#endif  // CLARIFY_TESTS_INTEGRATION_TLS_LEFTOVER_CASES_HPP
