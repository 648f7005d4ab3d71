// SPDX-License-Identifier: BSL-1.0
// Limits of the shipped HTTP backends.

#ifndef CLARIFY_HTTP_HTTP_OPTIONS_HPP
#define CLARIFY_HTTP_HTTP_OPTIONS_HPP

#include <clarify/core/event.hpp>
#include <clarify/http/proxy_options.hpp>
#include <clarify/http/tls_options.hpp>

#include <chrono>
#include <cstddef>
#include <stdexcept>
#include <string>

namespace clarify {

/** Limits of a connection pool and its connections. Every limit is hard. */
struct HttpOptions {
    HttpOptions() {}

    /// Connections to one origin, at least 1. Further exchanges wait in line, first come first
    /// served.
    std::size_t max_connections = 16;
    /// Exchanges waiting for a connection to one origin; the next one fails with
    /// `Errc::overloaded`.
    std::size_t max_waiting = 16'384;
    /// A connection idle for longer is not used again; a server's `Keep-Alive: timeout` shortens
    /// it. It is closed when its time is up if an `io_context` then runs, which is not kept running
    /// for that; on other contexts, when the next connection is asked for.
    std::chrono::milliseconds idle_timeout{30'000};
    /// A connection older than this is not used again, so that a changed address takes effect.
    std::chrono::milliseconds connection_lifetime{900'000};
    /// The limit of name resolution and TCP connect together.
    std::chrono::milliseconds connect_timeout{10'000};
    /// The limit of one address while there are others to try.
    std::chrono::milliseconds address_timeout{3'000};
    /// How long an address gets before the next one is tried beside it (RFC 8305 section 5).
    std::chrono::milliseconds connect_stagger{250};
    /// The limit of the TLS handshake.
    std::chrono::milliseconds tls_timeout{10'000};
    /// The limit of a proxy's answer to CONNECT.
    std::chrono::milliseconds proxy_timeout{10'000};
    /// Status line and header fields of a response, interim responses included. At most 30 KiB.
    std::size_t max_response_head = std::size_t{16} << 10U;
    /// Header fields of a response.
    std::size_t max_response_fields = 128;
    /// Interim responses (1xx) before the final one.
    unsigned max_interim_responses = 8;
    /// The size line of one chunk with its extensions. For `BeastBackend`; libcurl has a limit of
    /// its own.
    std::size_t max_chunk_line = std::size_t{1} << 10U;
    /// All chunk extensions and trailers of a response together. For `BeastBackend`.
    std::size_t max_chunk_extras = std::size_t{16} << 10U;

    TlsOptions tls;
    ProxyOptions proxy;
    /// Receives connection events; set by the client.
    Observer observer;

    /// @throws std::invalid_argument naming the member that is out of range.
    void check() const {
        const auto positive = [](std::chrono::milliseconds value, const char* name) {
            if (value.count() <= 0)
                throw std::invalid_argument{std::string{name} + " is not positive"};
        };
        tls.check();
        proxy.check();
        if (max_connections == 0) throw std::invalid_argument{"max_connections is 0"};
        if (max_response_head > std::size_t{30} << 10U || max_response_head < 64) {
            throw std::invalid_argument{"max_response_head is not between 64 B and 30 KiB"};
        }
        positive(connect_timeout, "connect_timeout");
        positive(address_timeout, "address_timeout");
        positive(connect_stagger, "connect_stagger");
        positive(tls_timeout, "tls_timeout");
        positive(proxy_timeout, "proxy_timeout");
        positive(connection_lifetime, "connection_lifetime");
    }
};

}  // namespace clarify

#endif  // CLARIFY_HTTP_HTTP_OPTIONS_HPP
