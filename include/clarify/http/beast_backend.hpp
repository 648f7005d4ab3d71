// SPDX-License-Identifier: BSL-1.0
// The default HTTP stack: HTTP/1.1 over TCP and TLS on Boost.Asio and Boost.Beast.

#ifndef CLARIFY_HTTP_BEAST_BACKEND_HPP
#define CLARIFY_HTTP_BEAST_BACKEND_HPP

#include <clarify/concepts/http_backend.hpp>
#include <clarify/core/detail/config.hpp>
#include <clarify/http/http_options.hpp>

#include <memory>

namespace clarify {

namespace detail {
class BeastSource;
}

/** HTTP/1.1 with keep-alive, a bounded pool of connections for each origin, and verified TLS.

    - Connections are reused, the most recently used first, after a check that the peer has neither
    closed them nor sent anything unasked. A wrong or doubtful reply closes its connection.
    - TLS 1.2 or newer; chain and host name are verified (RFC 5280, RFC 9525); SNI is sent for
    names. One TLS context serves all connections; it is made, and the trust store read, at the first
    use.
    - Addresses of a host are tried side by side with a stagger (RFC 8305).
    - Framing is checked strictly (RFC 9112); every part of a reply is bounded. Redirects are not
    followed, cookies not kept, compressed replies refused.

    @par Thread safety
    Distinct objects: safe. Shared objects: unsafe; a client uses its own on its serial executor.
    @par Errors
    Those of `HttpBackend`, with kinds `overloaded`, `resolve`, `connect`, `tls`, `io`, `timeout`,
    `framing`, `too_large`, and `bad_config` where the trust store cannot be read.
*/
class BeastBackend {
public:
    /// @throws std::invalid_argument naming an option that is out of range.
    explicit BeastBackend(HttpOptions options = {});

    /// See `HttpBackend`.
    boost::asio::awaitable<Result<void>> post(
        const HttpRequest& request, HttpResponse& response, HttpProgress& progress);
    /// Closes idle connections at once and lent ones when they are given back.
    void close() noexcept;
    /// See `HttpBackend`: closes idle connections at once and the others as nobody is in line for them.
    void drain() noexcept;

private:
    // Shared with the connections on loan.
    std::shared_ptr<detail::BeastSource> source_;
};

static_assert(HttpBackend<BeastBackend>);

}  // namespace clarify

#if !defined(CLARIFY_SEPARATE_COMPILATION)
#include <clarify/http/impl/beast_backend.hpp>
#endif

#endif  // CLARIFY_HTTP_BEAST_BACKEND_HPP
