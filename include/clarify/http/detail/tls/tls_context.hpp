// SPDX-License-Identifier: BSL-1.0
// What the TLS connections of a backend share, and what is demanded of each.

#ifndef CLARIFY_HTTP_DETAIL_TLS_TLS_CONTEXT_HPP
#define CLARIFY_HTTP_DETAIL_TLS_TLS_CONTEXT_HPP

#include <clarify/core/clock.hpp>
#include <clarify/core/result.hpp>
#include <clarify/core/url.hpp>
#include <clarify/http/detail/tls/pin.hpp>
#include <clarify/http/detail/tls/tls_session_cache.hpp>
#include <clarify/http/tls_options.hpp>

#include <boost/asio/ssl/context.hpp>

#include <openssl/ssl.h>

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace clarify::detail {

/** Makes a context with TLS 1.2 or newer, security level 2, and what `options` say of trust, the
    client's own certificate and revocation.

    Everything that a system-wide OpenSSL configuration could weaken is set here again.

    @par Errors
    `Errc::bad_config`: `file` where a file or text cannot be used, `no_roots` where the system's
    trust store is not found; the message lists the places that were tried. Throws `std::bad_alloc`
    where memory is short, OpenSSL's included.
*/
Result<std::shared_ptr<boost::asio::ssl::context>> make_tls_context(const TlsOptions& options);

/// Trusts the certificates in the first of `files` that has any; `no_roots` if none has.
Result<void> load_system_roots(SSL_CTX* context, std::span<const char* const> files);

/// Sets up one connection: who the peer must be (RFC 9525), SNI for names, ALPN, and what no context
/// may have otherwise. Throws `std::bad_alloc` where memory is short.
bool prepare_tls(SSL* ssl, const Url& origin);

/// What is demanded of a context that is the application's own.
struct ForeignTerms {
    /// The strong ciphers of TLS 1.2 among those that it allows.
    std::string ciphers;
    /// OpenSSL's own judge of strength, instead of one that the context may have.
    decltype(SSL_CTX_get_security_callback(nullptr)) judge = nullptr;
};

/// The terms on which the peers of one backend are accepted. Used on one serial executor.
class TlsTerms {
public:
    /// Fails like `make_tls_context`.
    static Result<std::unique_ptr<TlsTerms>> make(const TlsOptions& options);

    const std::shared_ptr<boost::asio::ssl::context>& context() const noexcept { return context_; }
    TlsSessionCache& sessions() noexcept { return sessions_; }

    /// `prepare_tls`, and the least that is demanded of a context that is not ours.
    bool prepare(SSL* ssl, const Url& origin) const;

    /** What OpenSSL does not do by itself, once a handshake is over.

        The cipher must be a strong one; a context of the application's may have callbacks that say
        yes to everything, so its chain is verified without them; the certificate must name the host,
        also that of a resumed session; and the key may have to be pinned.
    */
    Result<void> check(SSL* ssl, const Url& origin) const;

    /// A handshake on these terms came to its end.
    void shaken(bool success) noexcept {
        proven_ = proven_ || success;
        doubtful_ = !proven_;
    }
    /** Had better others be made, with another context?

        OpenSSL keeps quiet about some of what it had no memory for when the context was made: it
        then has fewer ciphers, or takes a root for a weak one, and refuses peers for good that it
        should accept. A context with which no handshake has succeeded yet, and one has failed, may be
        one of those.
    */
    bool doubtful() const noexcept { return doubtful_; }

private:
    TlsTerms(const TlsOptions& options, std::shared_ptr<boost::asio::ssl::context> context);

    std::shared_ptr<boost::asio::ssl::context> context_;
    /// Only where the context is the application's own.
    std::optional<ForeignTerms> foreign_;
    std::vector<Pin> pins_;
    TlsSessionCache sessions_;
    bool proven_ = false;
    bool doubtful_ = false;
};

}  // namespace clarify::detail

#include <clarify/http/detail/tls/impl/tls_context.hpp>

#endif  // CLARIFY_HTTP_DETAIL_TLS_TLS_CONTEXT_HPP
