// SPDX-License-Identifier: BSL-1.0
// What TlsOptions name in files and texts, read and ready for OpenSSL.

#ifndef CLARIFY_HTTP_DETAIL_TLS_TLS_MATERIAL_HPP
#define CLARIFY_HTTP_DETAIL_TLS_TLS_MATERIAL_HPP

#include <clarify/core/detail/follower.hpp>
#include <clarify/core/result.hpp>
#include <clarify/http/tls_options.hpp>

#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#if OPENSSL_VERSION_NUMBER < 0x30000000L
#error "clarify needs OpenSSL 3.0 or newer"
#endif

namespace clarify::detail {

struct OpensslDeleter {
    void operator()(X509* which) const noexcept { X509_free(which); }
    void operator()(X509_CRL* which) const noexcept { X509_CRL_free(which); }
    void operator()(EVP_PKEY* which) const noexcept { EVP_PKEY_free(which); }
    void operator()(SSL_SESSION* which) const noexcept { SSL_SESSION_free(which); }
};
template <class T>
using OpensslOwned = std::unique_ptr<T, OpensslDeleter>;

/// Certificates to trust, the client's own, and what has been revoked.
struct TlsMaterial {
    /// Empty for the system's trust store.
    std::vector<OpensslOwned<X509>> roots;
    /// The same as PEM text.
    std::string trust;
    /// The client's certificate, then those above it; may be empty.
    std::vector<OpensslOwned<X509>> certificates;
    OpensslOwned<EVP_PKEY> key;
    std::vector<OpensslOwned<X509_CRL>> lists;
    Revocation revocation = Revocation::required;
};

/// How large files may be.
inline constexpr std::size_t largest_trust = std::size_t{8} << 20U;
inline constexpr std::size_t largest_chain = std::size_t{1} << 20U;
inline constexpr std::size_t largest_key = std::size_t{64} << 10U;
inline constexpr std::size_t largest_lists = std::size_t{64} << 20U;

/// The files that `options` name; with `system_trust` also those that may be the system's, where that
/// is what is trusted.
std::vector<FollowedPath> followed_tls_files(const TlsOptions& options, bool system_trust);

/** Reads everything but the system's trust store.

    @par Errors
    `Errc::bad_config`, `Reason::file`, with the name of the file or of the option, and never with
    what is in it. Throws `std::bad_alloc` where memory is short, OpenSSL's included.
*/
Result<TlsMaterial> read_tls_material(const TlsOptions& options);

/// Has OpenSSL put itself away, when the process ends, after what is done elsewhere by then has ended.
/// To be called before anything is.
void settle_before_openssl() noexcept;

/// Files that may be the system's trust store, in the order in which they are tried: where OpenSSL was
/// built to have it, then where distributions keep theirs, for an OpenSSL that was built elsewhere.
std::array<const char*, 8> system_root_files();

/// No trust store of the system's can be used. The message names all places that were tried.
Error no_roots_error(std::span<const char* const> tried);

/// Gives a context the client's certificate and the revocation lists. False if OpenSSL refuses.
bool use_tls_material(SSL_CTX* context, const TlsMaterial& material);

}  // namespace clarify::detail

#include <clarify/http/detail/tls/impl/tls_material.hpp>

#endif  // CLARIFY_HTTP_DETAIL_TLS_TLS_MATERIAL_HPP
