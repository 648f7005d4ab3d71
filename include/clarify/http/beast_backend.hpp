// SPDX-License-Identifier: BSL-1.0
// The default HTTP stack: HTTP/1.1 over TCP and TLS on Boost.Asio and Boost.Beast.

#ifndef CLARIFY_HTTP_BEAST_BACKEND_HPP
#define CLARIFY_HTTP_BEAST_BACKEND_HPP

#include <clarify/concepts/http_backend.hpp>
#include <clarify/http/http_options.hpp>

#include <memory>

namespace clarify {

namespace detail {
struct TcpNet;
template <class Net>
class BeastSource;
}  // namespace detail

/** HTTP/1.1 with keep-alive, a bounded pool of connections for each origin, and verified TLS.

    - Connections are reused, the most recently used first, after a check that the peer has neither
    closed them nor sent anything unasked. A wrong or doubtful reply closes its connection. Session
    tickets and new keys that a TLS peer sends meanwhile are read, up to 64 KiB, and cost nothing.
    - TLS 1.2 or newer; chain and host name are verified (RFC 5280, RFC 9525); SNI is sent for
    names. One TLS context serves all connections; it is made, and the trust store read, at the first
    use. Sessions are resumed.
    - Addresses of a host are tried side by side with a stagger (RFC 8305). Names are looked up by
    `getaddrinfo` in threads that the process shares, one for each name that is looked up at the
    moment, so that one that hangs holds up no other: at most 32 threads, which end when they have
    rested for ten seconds. One look-up of a name serves all who wait for it.
    - The reply is read while a large request goes out, so that an early refusal ends it.
    - Framing is checked strictly (RFC 9112); every part of a reply is bounded. Redirects are not
    followed, cookies not kept, compressed replies refused.
    - Nothing of the environment has an effect: no proxy but that of the options, no trust store, no
    configuration of OpenSSL that demands less.

    `Net` is the network; `BeastBackend` has the real one. Tests put one in memory in its place.

    @par Object lifetimes
    It may be moved until the first exchange. Connections that are lent when it is destroyed are closed
    as they are given back.
    @par Thread safety
    Distinct objects: safe. Shared objects: unsafe; a client uses its own on its serial executor.
    @par Per-operation cancellation
    Terminal, at any time; it closes the connection of that exchange, and disturbs no other. The
    look-up of a name cannot be stopped: it runs on in its thread, and nobody waits for it, neither
    `io_context::run` nor the end of the context or of the process.
    @par Errors
    Those of `HttpBackend`, with kinds `overloaded`, `resolve`, `connect`, `proxy`, `tls`, `io`,
    `timeout`, `framing`, `too_large`, and `bad_config` where a file or text of `TlsOptions` or the
    trust store cannot be read, or plain http would go through a proxy. `Error::cause()` is the code of
    the system, Asio, OpenSSL or Beast.
*/
template <class Net>
class BasicBeastBackend {
public:
    /// Opens nothing and reads nothing yet.
    /// @throws std::invalid_argument naming an option that is out of range.
    explicit BasicBeastBackend(HttpOptions options = {});

    /// See `HttpBackend`.
    boost::asio::awaitable<Result<void>> post(
        const HttpRequest& request, HttpResponse& response, HttpProgress& progress);
    /// Closes idle connections at once and lent ones when they are given back.
    void close() noexcept;
    /// Closes idle connections at once, and lent ones when nobody is in line for them.
    void drain() noexcept;
    /// Connection events go to `observer`, unless `HttpOptions::observer` was set. Before the first
    /// exchange.
    void observe(Observer observer);

private:
    // Shared with the connections on loan.
    std::shared_ptr<detail::BeastSource<Net>> source_;
};

/// See `BasicBeastBackend`: the default, over the system's sockets.
using BeastBackend = BasicBeastBackend<detail::TcpNet>;

static_assert(HttpBackend<BeastBackend>);

#if defined(CLARIFY_SEPARATE_COMPILATION)
extern template class BasicBeastBackend<detail::TcpNet>;
#endif

}  // namespace clarify

#if !defined(CLARIFY_SEPARATE_COMPILATION)
#include <clarify/http/impl/beast_backend.hpp>
#endif

#endif  // CLARIFY_HTTP_BEAST_BACKEND_HPP
