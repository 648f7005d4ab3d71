// SPDX-License-Identifier: BSL-1.0
// Whom to trust, who to be, and what to remember of a TLS handshake.

#ifndef CLARIFY_HTTP_TLS_OPTIONS_HPP
#define CLARIFY_HTTP_TLS_OPTIONS_HPP

#include <clarify/core/detail/config.hpp>
#include <clarify/core/secret.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace boost::asio::ssl {
class context;
}

namespace clarify {

/// What to do about a certificate of which the revocation lists say nothing.
enum class Revocation : std::uint8_t {
    /// Refuse it with `tls[revocation_unknown]`: every certificate of the chain needs a list of its
    /// issuer whose time has not run out.
    required,
    /// Accept it. A list whose time has run out still counts for what it revokes, and one that its
    /// issuer has not signed is refused all the same.
    best_effort,
};

/** Whom to trust. TLS 1.2 or newer, chain and host name verified; there is no switch to turn that
    off.

    Without `ca_file` and `ca_pem` the system's trust store is used: OpenSSL's compiled-in bundle,
    else the places where distributions keep theirs; where none is found, `Reason::no_roots` names
    them all. Environment variables are not consulted, and OpenSSL's configuration file cannot lower
    what is demanded. Of a CA and of revocation lists, file and text may both be given, and count
    together. Files are regular files. They are read when the first https connection is opened; by
    `BeastBackend` also later, as long as handshakes have failed and none has succeeded. What is wrong
    with one is `Errc::bad_config`, `Reason::file`, with the name of the file and never its content.

    Certificates are asked after in the lists given here and nowhere else: nothing is fetched (no
    OCSP, no distribution points) and stapled answers are not asked for.
*/
struct TlsOptions {
    TlsOptions() {}

    /// A PEM file of the certificate authorities to trust instead of the system's. At most 8 MiB.
    std::string ca_file;
    /// The same as text. Both empty: the system's trust store.
    std::string ca_pem;

    /// The client's certificate, with the intermediates behind it, as a PEM file of at most 1 MiB;
    /// shown to a server that asks for one. Either this or `client_certificate_pem`; both empty: none
    /// is shown.
    std::string client_certificate_file;
    /// The same as text.
    std::string client_certificate_pem;
    /// The PEM file of its key, at most 64 KiB; empty for `client_certificate_file` itself. Either
    /// this or `client_key_pem`.
    std::string client_key_file;
    /// The same as text.
    Secret client_key_pem;
    /// What an encrypted key is decrypted with; empty for a key that is not encrypted. Nobody is ever
    /// asked for it.
    Secret client_key_passphrase;

    /// A PEM file of revocation lists (RFC 5280), at most 64 MiB. With any list given, the whole
    /// chain is looked up in them; a certificate found there is refused with `tls[revoked]`.
    std::string crl_file;
    /// The same as text.
    std::string crl_pem;
    /// What to do where the lists say nothing; without any list it has no effect.
    Revocation revocation = Revocation::required;

    /** Public keys, one of which must be in the chain that was verified: the server's own, or that
        of an authority above it. Else the connection is refused with `tls[pin_mismatch]`.

        Written as `sha256/` and the base64 of the SHA-256 of the SubjectPublicKeyInfo (RFC 7469
        section 2.4). In addition to verification, never instead of it. Pin a spare key as well: a
        client whose only pin is gone is locked out. Empty: none.
    */
    std::vector<std::string> pins;

    /** TLS sessions kept, over all origins, so that the next connection costs less. 64 by default;
        zero keeps none. For `BeastBackend`.

        A session goes to the scheme, host and port that it came from, in the same backend: so only
        under the same trust, pins and client certificate. It is kept once the peer was verified,
        until the certificate runs out at the latest, and a session of TLS 1.3 is used once. A
        server that does not take it gets a full handshake. Early data (0-RTT) is never sent.
    */
    std::size_t max_sessions = 64;
    /// How long a session is kept; the server may say less. Not negative, 1 h by default. Zero
    /// keeps none.
    std::chrono::seconds session_lifetime{3600};

    /** The application's own context, instead of one made for the client; not with a CA, client
        certificate or revocation list of this struct. For `BeastBackend`.

        Trust, client certificate, ciphers and callbacks are as it has them. On each connection the
        client insists on TLS 1.2 or newer, a verified chain and the host's name, whatever the
        context or its callbacks say. It is never changed, not even to keep sessions, but must not be
        changed by others while it is in use.
    */
    std::shared_ptr<boost::asio::ssl::context> context;

    /// Looks at what excludes each other, and into no file. Part of `HttpOptions::check`.
    /// @throws std::invalid_argument naming the member that is wrong.
    void check() const;
};

}  // namespace clarify

#if !defined(CLARIFY_SEPARATE_COMPILATION)
#include <clarify/http/impl/tls_options.hpp>
#endif

#endif  // CLARIFY_HTTP_TLS_OPTIONS_HPP
