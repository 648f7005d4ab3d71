// SPDX-License-Identifier: BSL-1.0
// A second HTTP stack: libcurl, driven by Asio.

#ifndef CLARIFY_HTTP_CURL_BACKEND_HPP
#define CLARIFY_HTTP_CURL_BACKEND_HPP

#include <clarify/concepts/http_backend.hpp>
#include <clarify/http/detail/curl/curl_transfer.hpp>
#include <clarify/http/http_options.hpp>

#include <memory>
#include <utility>

namespace clarify {

/** HTTP/1.1 on libcurl 7.88 or newer, for programs that want its TLS library, its platform support
    or its patches instead of Boost.Beast's and OpenSSL's.

    A drop-in for `BeastBackend`, with the same options: `RpcClient<CurlBackend, ...>`. libcurl's
    multi interface runs on the client's serial executor through Asio's reactor. Names are looked up
    as for `BeastBackend`, and libcurl is told their addresses, so that no resolver of its own, which
    may block, is asked. Link with libcurl and include this header; nothing else of the library needs
    either.

    Each connection is a libcurl multi handle of its own, held by the same pool that `BeastBackend`
    has. So limits, order, leases and life times are the pool's, and a request goes out once: where
    libcurl would send it again because a reused connection broke, it finds no connection to do so
    and the failure is `io[stale]`, `Fate::unknown`.

    libcurl gets no proxy but that of the options (the environment's neither), no redirect, no
    cookie, no netrc, no credentials and no headers but those of the request; a reply that is
    compressed is refused. TLS is 1.2 or newer, chain and host name are verified, ALPN offers
    `http/1.1` alone. Reply heads, a proxy's among them, are checked on their raw lines by the
    rules of `BeastBackend`; only a folded line that decides on framing is refused here.

    @par What libcurl cannot do, or cannot tell
    - `address_timeout` has no effect: libcurl gives each of several addresses of a family half of
      the time that is left of `connect_timeout`.
    - An interim reply to CONNECT is a refusal (`proxy[refused]`); libcurl does not wait for the
      next.
    - Chunk framing is libcurl's own. It takes LF for CR LF there, and any length of chunk
      extensions (the deadline ends those). A header line of more than 100 KiB is collected before
      it is refused.
    - Bytes behind a chunked or empty reply that come in the same read are dropped by libcurl in
      silence; those that come later cost the connection, as all do behind other replies.
    - Over TLS, a reply that ends with its connection is refused (`io[truncated]`), since libcurl
      does not tell a clean end from a cut.
    - Over another TLS library than the OpenSSL that this program has, a connection is not reused
      after a reply with a `Content-Length`, since bytes behind it could not be seen there.
    - A connection at rest on which a TLS 1.3 session ticket or key update arrives is closed: libcurl
      reads only while a request is under way.
    - Reasons of TLS failures are exact with OpenSSL; other TLS libraries may give `untrusted` or
      `handshake` for more. `alpn` is never given: libcurl goes on with a server that picked
      something else. Certificates without a subject alternative name are matched by their common
      name.
    - A client certificate and revocation lists need a libcurl that uses the OpenSSL which this
      program has; with another, the constructor refuses them. `tls.pins` are compared with the
      server's own key only, not with those above it. TLS sessions are not resumed.
    - Without `ca_file` and `ca_pem`, libcurl's built-in trust store is used, or where that is not
      there the one that `BeastBackend` would use; it is read for each new connection (some 20 ms
      with OpenSSL).
    - Over another TLS library than the OpenSSL that this program has, a libcurl built to do so
      writes TLS secrets to the file that `SSLKEYLOGFILE` names.
    - libcurl's own copy of the request head, authorization included, is not wiped.
    - A reply that stops inside its status line is in phase `first_byte` if the request was large, and
    may be so with newer releases of libcurl in any case.

    @par Signals
    libcurl is told to install no handlers. Since 7.88 it writes with `MSG_NOSIGNAL` (`SO_NOSIGPIPE`
    on macOS) also below TLS, so that a peer that goes away raises no `SIGPIPE`.
    @par Thread safety
    Distinct objects: safe. Shared objects: unsafe; a client uses its own on its serial executor.
    The first use in a process initialises libcurl, see `curl_global_init`: where another part of
    the program might do so at the same time and libcurl lacks the feature `threadsafe`, call it
    before threads are started.
    @par Errors
    Those of `HttpBackend`, with kinds `overloaded`, `resolve`, `connect`, `proxy`, `tls`, `io`,
    `timeout`, `framing`, `too_large`, and `bad_config` where the trust store cannot be read, this
    libcurl lacks something needed, or plain http would go through a proxy. `Error::cause()` is the
    system's code where there is one, else libcurl's.
*/
class CurlBackend {
public:
    /// @throws std::invalid_argument naming an option that is out of range or cannot be had,
    /// `tls.context` among them.
    explicit CurlBackend(HttpOptions options = {})
        : source_(std::make_shared<detail::CurlSource>(std::move(options))) {}

    /// See `HttpBackend`.
    boost::asio::awaitable<Result<void>> post(
        const HttpRequest& request, HttpResponse& response, HttpProgress& progress) {
        return detail::curl_post(source_, request, response, progress);
    }
    /// Closes idle connections at once and lent ones when they are given back.
    void close() noexcept { source_->close(); }
    /// Closes idle connections at once, and lent ones when nobody is in line for them.
    void drain() noexcept { source_->drain(); }
    /// Connection events go to `observer`, unless `HttpOptions::observer` was set. Before the first
    /// exchange.
    void observe(Observer observer) { source_->tell(std::move(observer)); }

private:
    // Shared with the connections on loan.
    std::shared_ptr<detail::CurlSource> source_;
};

static_assert(HttpBackend<CurlBackend>);

}  // namespace clarify

#endif  // CLARIFY_HTTP_CURL_BACKEND_HPP
