// SPDX-License-Identifier: BSL-1.0
// Tokens as Redis holds them: encrypted, under a name that says nothing.

#ifndef CLARIFY_AUTH_DETAIL_REDIS_SEAL_HPP
#define CLARIFY_AUTH_DETAIL_REDIS_SEAL_HPP

#include <clarify/auth/detail/token_files.hpp>
#include <clarify/auth/token_store.hpp>
#include <clarify/core/secret.hpp>

#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/rand.h>

#include <array>
#include <cstddef>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace clarify::detail {

struct SealDeleter {
    void operator()(EVP_PKEY_CTX* which) const noexcept { EVP_PKEY_CTX_free(which); }
    void operator()(EVP_CIPHER_CTX* which) const noexcept { EVP_CIPHER_CTX_free(which); }
};

inline const unsigned char* seal_bytes(std::string_view text) noexcept {
    return reinterpret_cast<const unsigned char*>(text.data());
}
inline unsigned char* seal_bytes(std::string& text) noexcept {
    return reinterpret_cast<unsigned char*>(text.data());
}

/// OpenSSL fails here for want of memory, or of random numbers, and says which to nobody.
inline void require_seal(bool fine) {
    if (!fine) throw std::bad_alloc{};
}

/// `size` bytes that nobody can foresee.
inline std::string random_bytes(std::size_t size) {
    std::string out(size, '\0');
    require_seal(RAND_bytes(seal_bytes(out), static_cast<int>(size)) == 1);
    return out;
}

inline std::string hex_text(std::string_view bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string out;
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        out += digits[byte >> 4U];
        out += digits[byte & 0xFU];
    }
    return out;
}

/** Encrypts the tokens of one key (AES-256-GCM), and knows their own when it sees them.

    What it encrypts with, and the name, follow from the secret and the key (HKDF with SHA-256). So
    whoever has another secret looks in another place, and what was moved there is not opened.
*/
class TokenSeal {
public:
    /// Throws `std::bad_alloc`.
    TokenSeal(const Secret& secret, const TokenKey& key) : owner_(key) {
        std::string derived = derive(secret, "clarify token 1&" + TokenText::line_of(key));
        key_ = Secret{std::string_view{derived}.substr(0, key_size)};
        name_ = hex_text(std::string_view{derived}.substr(key_size));
        Secret::wipe(derived);
    }

    /// 32 hexadecimal digits.
    const std::string& name() const noexcept { return name_; }

    /// A mark of the form, a number that is used once, the text encrypted, and what authenticates it.
    std::string seal(const StoredToken& token) const {
        const Secret text = TokenText::write(owner_, token);
        const std::string nonce = random_bytes(nonce_size);
        std::string body(text.size() + tag_size, '\0');
        const Cipher cipher{EVP_CIPHER_CTX_new()};
        int size = 0;
        require_seal(
            cipher && begin(cipher.get(), nonce, true) &&
            EVP_EncryptUpdate(
                cipher.get(),
                seal_bytes(body),
                &size,
                seal_bytes(text.expose()),
                static_cast<int>(text.size())) == 1 &&
            EVP_EncryptFinal_ex(cipher.get(), seal_bytes(body) + size, &size) == 1 &&
            EVP_CIPHER_CTX_ctrl(
                cipher.get(),
                EVP_CTRL_GCM_GET_TAG,
                static_cast<int>(tag_size),
                seal_bytes(body) + text.size()) == 1);
        return std::string{mark} + nonce + body;
    }

    /// Nothing unless it is whole, and one of this key and secret.
    std::optional<StoredToken> open(std::string_view sealed) const {
        constexpr std::size_t least = mark.size() + nonce_size + tag_size;
        if (!sealed.starts_with(mark) || sealed.size() <= least ||
            sealed.size() > least + TokenText::most) {
            return std::nullopt;
        }
        sealed.remove_prefix(mark.size());
        const std::string_view nonce = sealed.substr(0, nonce_size);
        const std::string_view body =
            sealed.substr(nonce_size, sealed.size() - nonce_size - tag_size);
        std::string tag{sealed.substr(sealed.size() - tag_size)};
        std::string text(body.size(), '\0');
        const Cipher cipher{EVP_CIPHER_CTX_new()};
        int size = 0;
        require_seal(
            cipher && begin(cipher.get(), nonce, false) &&
            EVP_DecryptUpdate(
                cipher.get(),
                seal_bytes(text),
                &size,
                seal_bytes(body),
                static_cast<int>(body.size())) == 1 &&
            EVP_CIPHER_CTX_ctrl(
                cipher.get(), EVP_CTRL_GCM_SET_TAG, static_cast<int>(tag_size), seal_bytes(tag)) ==
                1);
        std::array<unsigned char, 16> rest{};
        const bool is_ours = EVP_DecryptFinal_ex(cipher.get(), rest.data(), &size) == 1;
        std::optional<StoredToken> token;
        if (is_ours) token = TokenText::read(owner_, text);
        Secret::wipe(text);
        return token;
    }

private:
    using Cipher = std::unique_ptr<EVP_CIPHER_CTX, SealDeleter>;

    static constexpr std::string_view mark = "clarify1";
    static constexpr std::size_t key_size = 32;
    static constexpr std::size_t name_size = 16;
    static constexpr std::size_t nonce_size = 12;
    static constexpr std::size_t tag_size = 16;

    static std::string derive(const Secret& secret, std::string_view about) {
        const std::unique_ptr<EVP_PKEY_CTX, SealDeleter> context{
            EVP_PKEY_CTX_new_id(EVP_PKEY_HKDF, nullptr)};
        std::string out(key_size + name_size, '\0');
        std::size_t size = out.size();
        constexpr std::string_view salt = "clarify token store";
        const std::string_view from = secret.expose();
        require_seal(
            context && EVP_PKEY_derive_init(context.get()) == 1 &&
            EVP_PKEY_CTX_set_hkdf_md(context.get(), EVP_sha256()) == 1 &&
            EVP_PKEY_CTX_set1_hkdf_salt(
                context.get(), seal_bytes(salt), static_cast<int>(salt.size())) == 1 &&
            EVP_PKEY_CTX_set1_hkdf_key(
                context.get(), seal_bytes(from), static_cast<int>(from.size())) == 1 &&
            EVP_PKEY_CTX_add1_hkdf_info(
                context.get(), seal_bytes(about), static_cast<int>(about.size())) == 1 &&
            EVP_PKEY_derive(context.get(), seal_bytes(out), &size) == 1 && size == out.size());
        return out;
    }
    /// The name is authenticated with the text.
    bool begin(EVP_CIPHER_CTX* cipher, std::string_view nonce, bool encrypt) const noexcept {
        int size = 0;
        return EVP_CipherInit_ex(
                   cipher,
                   EVP_aes_256_gcm(),
                   nullptr,
                   seal_bytes(key_.expose()),
                   seal_bytes(nonce),
                   encrypt ? 1 : 0) == 1 &&
            EVP_CipherUpdate(
                cipher, nullptr, &size, seal_bytes(name_), static_cast<int>(name_.size())) == 1;
    }

    TokenKey owner_;
    Secret key_;
    std::string name_;
};

}  // namespace clarify::detail

#endif  // CLARIFY_AUTH_DETAIL_REDIS_SEAL_HPP
