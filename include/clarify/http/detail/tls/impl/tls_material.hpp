// SPDX-License-Identifier: BSL-1.0
// How certificates, keys and revocation lists are read and given to OpenSSL.

#ifndef CLARIFY_HTTP_DETAIL_TLS_IMPL_TLS_MATERIAL_HPP
#define CLARIFY_HTTP_DETAIL_TLS_IMPL_TLS_MATERIAL_HPP

#include <clarify/core/detail/blocking_workers.hpp>
#include <clarify/core/detail/file.hpp>
#include <clarify/http/detail/tls/tls_material.hpp>

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string_view>
#include <utility>

namespace clarify::detail {

/// Forgets the errors in OpenSSL's queue; throws `std::bad_alloc` if one of them is a shortage of
/// memory, which is no fault of what OpenSSL was given.
inline void check_openssl_memory() {
    bool short_of_memory = false;
    while (const unsigned long code = ERR_get_error())
        short_of_memory = short_of_memory || ERR_GET_REASON(code) == ERR_R_MALLOC_FAILURE;
    if (short_of_memory) throw std::bad_alloc{};
}

inline Error unusable_material(const std::string& what) {
    // OpenSSL's own words may quote what they are about, and would be found by whoever asks next.
    check_openssl_memory();
    Error error{Errc::bad_config, Reason::file, what};
    return error.set_phase(Phase::tls);
}

/// A file, or a text that options hold, with the name it has in messages.
struct TlsSource {
    std::string name;
    Secret content;
};

inline Result<TlsSource> read_tls_file(
    const std::string& what, const std::string& path, std::size_t limit) {
    Result<SmallFile> file = read_small_file(path, limit);
    if (!file) {
        Error error = file.error();
        return error.set_phase(Phase::tls);
    }
    return TlsSource{what + " " + path, Secret{std::move(file->content)}};
}

struct BioDeleter {
    void operator()(BIO* which) const noexcept { BIO_free(which); }
};

inline std::unique_ptr<BIO, BioDeleter> open_text(const TlsSource& source) {
    const std::string_view text = source.content.expose();
    ERR_clear_error();
    return std::unique_ptr<BIO, BioDeleter>{
        BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))};
}

/// Did reading stop because there is nothing more of the kind, and not at something broken?
inline bool ended_cleanly() {
    const unsigned long error = ERR_peek_last_error();
    const bool clean =
        ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
    check_openssl_memory();
    return clean;
}

inline Error nothing_in(const TlsSource& source, const char* what) {
    return unusable_material(source.name + " has no " + what + " that can be read");
}

/// All items that `read(bio)` finds; fails if there is none, or one is broken.
template <class T, class Read>
Result<void> read_all(
    const TlsSource& source, const char* what, std::vector<OpensslOwned<T>>& out, Read read) {
    const auto bio = open_text(source);
    const std::size_t before = out.size();
    while (bio) {
        // A large bundle takes longer than the end of the process waits for.
        if (process_is_ending.load(std::memory_order_relaxed))
            return Error{Errc::internal, Reason::resource};
        OpensslOwned<T> item{read(bio.get())};
        if (!item) break;
        out.push_back(std::move(item));
    }
    if (!ended_cleanly() || out.size() == before) return nothing_in(source, what);
    return {};
}

inline int give_passphrase(char* buffer, int size, int, void* passphrase) {
    const std::string_view text = static_cast<const Secret*>(passphrase)->expose();
    // Nothing, rather than a question on the terminal or half a passphrase.
    if (text.empty() || size < 0 || text.size() > static_cast<std::size_t>(size)) return -1;
    std::memcpy(buffer, text.data(), text.size());
    return static_cast<int>(text.size());
}

/** Writes over what this thread has freed of late.

    OpenSSL's decoders free copies of a private key as they are, and in a thread that does little else
    they would stay. Memory that has been freed is what an allocator gives out first, so it is asked
    for more of each size than it may have kept. That is what can be done, and no guarantee.
*/
inline void overwrite_freed_memory() noexcept {
    constexpr std::size_t step = 16;
    constexpr std::size_t largest = std::size_t{4} << 10U;
    constexpr std::size_t of_each = 8;
    struct Block {
        Block* next;
    };
    Block* taken = nullptr;
    for (std::size_t size = largest; size != 0; size -= step) {
        for (std::size_t i = 0; i != of_each; ++i) {
            void* const memory = std::malloc(size);
            if (memory == nullptr) break;
            OPENSSL_cleanse(memory, size);
            taken = new (memory) Block{taken};
        }
    }
    while (taken != nullptr)
        std::free(std::exchange(taken, taken->next));
}

inline Result<OpensslOwned<EVP_PKEY>> read_key(const TlsSource& source, const Secret& passphrase) {
    const auto bio = open_text(source);
    auto* const context = const_cast<void*>(static_cast<const void*>(&passphrase));
    OpensslOwned<EVP_PKEY> key{
        bio ? PEM_read_bio_PrivateKey(bio.get(), nullptr, &give_passphrase, context) : nullptr};
    overwrite_freed_memory();
    check_openssl_memory();
    if (key) return key;
    if (source.content.expose().find("ENCRYPTED") == std::string_view::npos) {
        return nothing_in(source, "key");
    }
    return unusable_material(
        source.name + " has an encrypted key: the passphrase is " +
        (passphrase.empty() ? "missing" : "wrong"));
}

inline Result<void> read_identity(const TlsOptions& options, TlsMaterial& out) {
    const bool from_file = !options.client_certificate_file.empty();
    if (!from_file && options.client_certificate_pem.empty()) return {};

    Result<TlsSource> chain = from_file
        ? read_tls_file("the client certificate", options.client_certificate_file, largest_chain)
        : TlsSource{"client_certificate_pem", Secret{options.client_certificate_pem}};
    if (!chain) return chain.error();
    const Result<void> read = read_all<X509>(*chain, "certificate", out.certificates, [](BIO* bio) {
        return PEM_read_bio_X509(bio, nullptr, nullptr, nullptr);
    });
    if (!read) return read.error();

    Result<TlsSource> source = TlsSource{"client_key_pem", options.client_key_pem};
    if (!options.client_key_file.empty()) {
        source = read_tls_file("the client key", options.client_key_file, largest_key);
    } else if (options.client_key_pem.empty()) {
        source = std::move(chain);
    }
    if (!source) return source.error();
    Result<OpensslOwned<EVP_PKEY>> key = read_key(*source, options.client_key_passphrase);
    if (!key) return key.error();
    out.key = std::move(*key);
    const bool fits = X509_check_private_key(out.certificates.front().get(), out.key.get()) == 1;
    if (!fits) return unusable_material(source->name + " does not fit the client certificate");
    return {};
}

inline Result<void> read_lists(const TlsOptions& options, TlsMaterial& out) {
    const auto add = [&](const TlsSource& source) {
        return read_all<X509_CRL>(source, "revocation list", out.lists, [](BIO* bio) {
            return PEM_read_bio_X509_CRL(bio, nullptr, nullptr, nullptr);
        });
    };
    if (!options.crl_file.empty()) {
        const Result<TlsSource> source =
            read_tls_file("the revocation list", options.crl_file, largest_lists);
        if (!source) return source.error();
        if (Result<void> read = add(*source); !read) return read;
    }
    if (!options.crl_pem.empty()) return add({"crl_pem", Secret{options.crl_pem}});
    return {};
}

inline Result<void> read_trust(const TlsOptions& options, TlsMaterial& out) {
    const auto add = [&](const TlsSource& source) {
        const Result<void> read = read_all<X509>(source, "certificate", out.roots, [](BIO* bio) {
            return PEM_read_bio_X509_AUX(bio, nullptr, nullptr, nullptr);
        });
        if (read) (out.trust += source.content.expose()) += '\n';
        return read;
    };
    if (!options.ca_file.empty()) {
        const Result<TlsSource> source =
            read_tls_file("the CA file", options.ca_file, largest_trust);
        if (!source) return source.error();
        if (Result<void> read = add(*source); !read) return read;
    }
    if (!options.ca_pem.empty()) return add({"ca_pem", Secret{options.ca_pem}});
    return {};
}

inline Result<TlsMaterial> read_tls_material(const TlsOptions& options) {
    TlsMaterial out;
    out.revocation = options.revocation;
    if (Result<void> read = read_trust(options, out); !read) return read.error();
    if (Result<void> read = read_identity(options, out); !read) return read.error();
    if (Result<void> read = read_lists(options, out); !read) return read.error();
    return out;
}

inline void settle_before_openssl() noexcept {
    // What was registered last is called first, and OpenSSL's own comes with its first use. Asked for
    // nothing in particular, OPENSSL_init_crypto would do nothing.
    static const bool registered =
        OPENSSL_init_ssl(0, nullptr) == 1 && std::atexit(&settle_blocking_jobs) == 0;
    static_cast<void>(registered);
}

inline std::array<const char*, 8> system_root_files() {
    return {
        X509_get_default_cert_file(),
        "/etc/ssl/certs/ca-certificates.crt",
        "/etc/pki/tls/certs/ca-bundle.crt",
        "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
        "/etc/ssl/ca-bundle.pem",
        "/var/lib/ca-certificates/ca-bundle.pem",
        "/etc/ssl/cert.pem",
        "/usr/local/share/certs/ca-root-nss.crt"};
}

inline std::vector<FollowedPath> followed_tls_files(const TlsOptions& options, bool system_trust) {
    std::vector<FollowedPath> paths;
    if (options.context) return paths;
    const auto add = [&](const std::string& path, std::size_t limit) {
        if (!path.empty()) paths.push_back({path, limit});
    };
    add(options.ca_file, largest_trust);
    add(options.client_certificate_file, largest_chain);
    add(options.client_key_file, largest_key);
    add(options.crl_file, largest_lists);
    if (system_trust && options.ca_file.empty() && options.ca_pem.empty()) {
        for (const char* const path : system_root_files())
            add(path, largest_lists);
    }
    return paths;
}

inline Error no_roots_error(std::span<const char* const> tried) {
    std::string text = "no trust store was found; tried ";
    for (const char* const file : tried) {
        if (file != tried.front()) text += ", ";
        text += file;
    }
    text += ". Install ca-certificates, or name a CA file";
    Error error{Errc::bad_config, Reason::no_roots, std::move(text)};
    return error.set_phase(Phase::tls);
}

struct AkidDeleter {
    void operator()(AUTHORITY_KEYID* which) const noexcept { AUTHORITY_KEYID_free(which); }
};

/// Is the list one of `issuer`, which signed `certificate`? In doubt it is.
inline bool is_list_for(const X509_CRL* list, const X509* certificate, const X509* issuer) {
    constexpr int unknown = -2;
    const int order = X509_NAME_cmp(X509_CRL_get_issuer(list), X509_get_issuer_name(certificate));
    if (order != 0 && order != unknown) return false;
    // Another key of the same name has lists of its own.
    const std::unique_ptr<AUTHORITY_KEYID, AkidDeleter> key{static_cast<AUTHORITY_KEYID*>(
        X509_CRL_get_ext_d2i(list, NID_authority_key_identifier, nullptr, nullptr))};
    return !key || X509_check_akid(issuer, key.get()) == X509_V_OK;
}

/// OpenSSL says that there is no list for a certificate also where it had no memory to look for it.
inline bool has_list_after_all(X509_STORE_CTX* verification) {
    const X509* const certificate = X509_STORE_CTX_get_current_cert(verification);
    const STACK_OF(X509)* const chain = X509_STORE_CTX_get0_chain(verification);
    X509_STORE* const store = X509_STORE_CTX_get0_store(verification);
    if (certificate == nullptr || chain == nullptr || X509_STORE_lock(store) != 1) return true;
    const int above = X509_STORE_CTX_get_error_depth(verification) + 1;
    const X509* const issuer = sk_X509_value(chain, (std::min)(above, sk_X509_num(chain) - 1));
    const STACK_OF(X509_OBJECT)* const objects = X509_STORE_get0_objects(store);
    bool found = false;
    for (int i = 0; !found && i != sk_X509_OBJECT_num(objects); ++i) {
        const X509_CRL* const list = X509_OBJECT_get0_X509_CRL(sk_X509_OBJECT_value(objects, i));
        found = list != nullptr && is_list_for(list, certificate, issuer);
    }
    X509_STORE_unlock(store);
    return found;
}

/// Overlooks that a list is missing or out of time, and nothing else.
inline int overlook_missing_lists(int fine, X509_STORE_CTX* verification) {
    if (fine == 1) return 1;
    switch (X509_STORE_CTX_get_error(verification)) {
        case X509_V_ERR_UNABLE_TO_GET_CRL:
            if (has_list_after_all(verification)) return 0;
            [[fallthrough]];
        case X509_V_ERR_CRL_NOT_YET_VALID:
        case X509_V_ERR_CRL_HAS_EXPIRED:
            X509_STORE_CTX_set_error(verification, X509_V_OK);
            return 1;
        default:
            return 0;
    }
}

inline bool use_tls_material(SSL_CTX* context, const TlsMaterial& material) {
    bool fine = true;
    if (material.key) {
        const auto& chain = material.certificates;
        fine = SSL_CTX_use_certificate(context, chain.front().get()) == 1 &&
            SSL_CTX_use_PrivateKey(context, material.key.get()) == 1;
        for (std::size_t i = 1; fine && i != chain.size(); ++i)
            fine = SSL_CTX_add1_chain_cert(context, chain[i].get()) == 1;
    }
    if (material.lists.empty()) return fine;
    X509_STORE* const store = SSL_CTX_get_cert_store(context);
    for (const auto& list : material.lists)
        fine = fine && X509_STORE_add_crl(store, list.get()) == 1;
    X509_VERIFY_PARAM_set_flags(
        SSL_CTX_get0_param(context), X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
    if (material.revocation == Revocation::best_effort) {
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER, &overlook_missing_lists);
    }
    return fine;
}

}  // namespace clarify::detail

#endif  // CLARIFY_HTTP_DETAIL_TLS_IMPL_TLS_MATERIAL_HPP
