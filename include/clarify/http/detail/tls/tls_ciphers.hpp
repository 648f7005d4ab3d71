// SPDX-License-Identifier: BSL-1.0
// Which ciphers are strong enough to carry a secret.

#ifndef CLARIFY_HTTP_DETAIL_TLS_TLS_CIPHERS_HPP
#define CLARIFY_HTTP_DETAIL_TLS_TLS_CIPHERS_HPP

#include <openssl/objects.h>
#include <openssl/ssl.h>

#include <string>
#include <string_view>

namespace clarify::detail {

/** Of TLS 1.2: what keeps a recorded connection secret from whoever gets the server's key later, and
    authenticates what it encrypts (RFC 9325 section 4.2).

    So the keys are agreed on by Diffie and Hellman, and the cipher is an AEAD. Every server that is
    kept up to date has one of them; those without are nearly always limited by their configuration.
    Keys, parameters and signatures have at least 112 bits of strength (level 2).
*/
inline constexpr const char* tls12_ciphers =
    "ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM:DHE+CHACHA20:ECDHE+AESCCM:DHE+AESCCM"
    ":!AESCCM8:!aNULL:!eNULL:!PSK:!SRP:!DSS:@SECLEVEL=2";

/// Of TLS 1.3, where the keys are always agreed on so.
inline constexpr const char* tls13_ciphers =
    "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256";

/// Is it one of those, or as good? For what a context of the application's allows.
inline bool is_strong(const SSL_CIPHER* cipher) noexcept {
    if (cipher == nullptr || SSL_CIPHER_is_aead(cipher) != 1) return false;
    if (SSL_CIPHER_get_bits(cipher, nullptr) < 128) return false;
    const int exchange = SSL_CIPHER_get_kx_nid(cipher);
    const int proof = SSL_CIPHER_get_auth_nid(cipher);
    // A tag of eight bytes is for networks of tiny machines.
    const std::string_view name{SSL_CIPHER_get_name(cipher)};
    const bool short_tag =
        name.find("CCM8") != std::string_view::npos || name.find("CCM_8") != std::string_view::npos;
    // "Any" is TLS 1.3.
    return !short_tag &&
        (exchange == NID_kx_ecdhe || exchange == NID_kx_dhe || exchange == NID_kx_any) &&
        (proof == NID_auth_rsa || proof == NID_auth_ecdsa || proof == NID_auth_any);
}

/// Those of TLS 1.2 that a context allows and that are strong, in its order and in the notation of a
/// cipher list; may be empty.
inline std::string strong_tls12_ciphers(const SSL_CTX* context) {
    std::string list;
    const STACK_OF(SSL_CIPHER)* const all = SSL_CTX_get_ciphers(context);
    for (int i = 0; i < sk_SSL_CIPHER_num(all); ++i) {
        const SSL_CIPHER* const cipher = sk_SSL_CIPHER_value(all, i);
        if (SSL_CIPHER_get_kx_nid(cipher) == NID_kx_any || !is_strong(cipher)) continue;
        if (!list.empty()) list += ':';
        list += SSL_CIPHER_get_name(cipher);
    }
    return list;
}

}  // namespace clarify::detail

#endif  // CLARIFY_HTTP_DETAIL_TLS_TLS_CIPHERS_HPP
