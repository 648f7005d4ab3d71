// SPDX-License-Identifier: BSL-1.0
// Verifies the chain of a peer where no callback has a say in the outcome.

#ifndef CLARIFY_HTTP_DETAIL_TLS_TLS_VERIFY_HPP
#define CLARIFY_HTTP_DETAIL_TLS_TLS_VERIFY_HPP

#include <clarify/core/result.hpp>
#include <clarify/core/url.hpp>
#include <clarify/http/detail/tls/tls_failure.hpp>
#include <clarify/http/detail/tls/tls_material.hpp>

#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <memory>
#include <new>
#include <string>
#include <utility>

namespace clarify::detail {

/// A wildcard stands for one whole label, and the common name counts for nothing.
inline constexpr unsigned host_flags =
    X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT;

struct OpensslStackDeleter {
    void operator()(STACK_OF(X509) * which) const noexcept { sk_X509_pop_free(which, X509_free); }
    void operator()(STACK_OF(X509_CRL) * which) const noexcept {
        sk_X509_CRL_pop_free(which, X509_CRL_free);
    }
    void operator()(X509_STORE_CTX* which) const noexcept { X509_STORE_CTX_free(which); }
};
using CertificateStack = std::unique_ptr<STACK_OF(X509), OpensslStackDeleter>;
using CrlStack = std::unique_ptr<STACK_OF(X509_CRL), OpensslStackDeleter>;

/// The store that a context verifies its peers with.
inline X509_STORE* verification_store(SSL_CTX* context) noexcept {
    X509_STORE* store = nullptr;
    SSL_CTX_ctrl(context, SSL_CTRL_GET_VERIFY_CERT_STORE, 0, static_cast<void*>(&store));
    return store != nullptr ? store : SSL_CTX_get_cert_store(context);
}

/// The revocation lists of a store, with those that it has looked up by itself.
inline CrlStack lists_of(X509_STORE* store) {
    CrlStack lists{sk_X509_CRL_new_null()};
    if (!lists || X509_STORE_lock(store) != 1) throw std::bad_alloc{};
    const STACK_OF(X509_OBJECT)* const objects = X509_STORE_get0_objects(store);
    bool fine = true;
    for (int i = 0; fine && i < sk_X509_OBJECT_num(objects); ++i) {
        X509_CRL* const list = X509_OBJECT_get0_X509_CRL(sk_X509_OBJECT_value(objects, i));
        if (list == nullptr) continue;
        fine = X509_CRL_up_ref(list) == 1 && sk_X509_CRL_push(lists.get(), list) > 0;
    }
    X509_STORE_unlock(store);
    if (!fine) throw std::bad_alloc{};
    return lists;
}

/** What is demanded of the chain: that it is one of a TLS server of this name, now.

    Of the context's own parameters only those that demand more count, and which of its certificates
    are the end of a chain (`X509_V_FLAG_PARTIAL_CHAIN`): not its time, its purpose, or what it would
    overlook.
*/
inline void set_demands(
    X509_STORE_CTX* verification, SSL* ssl, X509_STORE* store, const Url& origin) {
    constexpr unsigned long heeded = X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL |
        X509_V_FLAG_EXTENDED_CRL_SUPPORT | X509_V_FLAG_USE_DELTAS | X509_V_FLAG_X509_STRICT |
        X509_V_FLAG_CHECK_SS_SIGNATURE | X509_V_FLAG_PARTIAL_CHAIN;
    const unsigned long wanted = X509_VERIFY_PARAM_get_flags(SSL_get0_param(ssl)) |
        X509_VERIFY_PARAM_get_flags(X509_STORE_get0_param(store));
    X509_VERIFY_PARAM* const parameters = X509_STORE_CTX_get0_param(verification);
    const std::string host = origin.server_name();
    const bool fine = X509_STORE_CTX_set_default(verification, "ssl_server") == 1 &&
        X509_VERIFY_PARAM_set_flags(parameters, wanted & heeded) == 1 &&
        (origin.is_ip_literal()
             ? X509_VERIFY_PARAM_set1_ip_asc(parameters, host.c_str()) == 1
             : X509_VERIFY_PARAM_set1_host(parameters, host.data(), host.size()) == 1);
    if (!fine) throw std::bad_alloc{};
    X509_VERIFY_PARAM_set_hostflags(parameters, host_flags);
    X509_VERIFY_PARAM_set_auth_level(parameters, (std::max)(SSL_get_security_level(ssl), 2));
    if (const int depth = SSL_get_verify_depth(ssl); depth >= 0)
        X509_VERIFY_PARAM_set_depth(parameters, depth);
}

/** Verifies what the peer of `ssl` has shown, or what a resumed session remembers of it, once more;
    gives the chain up to the authority.

    A context may have callbacks in many places, of itself and of its store, each of which can say
    yes to everything: so nothing of what they have written is looked at. The certificates and lists
    of the store are used without the store, which has no callbacks then, and without their results.

    @par Errors
    As the handshake would have failed. Throws `std::bad_alloc` where memory is short.
*/
inline Result<CertificateStack> verify_without_callbacks(SSL* ssl, const Url& origin) {
    X509_STORE* const store = verification_store(SSL_get_SSL_CTX(ssl));
    const CertificateStack roots{X509_STORE_get1_all_certs(store)};
    const CrlStack lists = lists_of(store);
    const std::unique_ptr<X509_STORE_CTX, OpensslStackDeleter> verification{X509_STORE_CTX_new()};
    if (!roots || !verification ||
        X509_STORE_CTX_init(
            verification.get(),
            nullptr,
            SSL_get0_peer_certificate(ssl),
            SSL_get_peer_cert_chain(ssl)) != 1) {
        throw std::bad_alloc{};
    }
    X509_STORE_CTX_set0_trusted_stack(verification.get(), roots.get());
    X509_STORE_CTX_set0_crls(verification.get(), lists.get());
    set_demands(verification.get(), ssl, store, origin);
    const bool accepted = X509_verify_cert(verification.get()) == 1;
    const int verdict = X509_STORE_CTX_get_error(verification.get());
    check_openssl_memory();
    if (verdict == X509_V_ERR_OUT_OF_MEM) throw std::bad_alloc{};
    if (!accepted || verdict != X509_V_OK) {
        return verdict_error(verdict, origin);
    }
    CertificateStack chain{X509_STORE_CTX_get1_chain(verification.get())};
    if (!chain) throw std::bad_alloc{};
    return chain;
}

}  // namespace clarify::detail

#endif  // CLARIFY_HTTP_DETAIL_TLS_TLS_VERIFY_HPP
