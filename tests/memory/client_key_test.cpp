// SPDX-License-Identifier: BSL-1.0
// What of a client's own key is left in the memory of a process that has used it.

#include <clarify/auth/no_auth.hpp>
#include <clarify/http/beast_backend.hpp>
#include <clarify/json/boost_json_codec.hpp>
#include <clarify/rpc_client.hpp>

#include "../support/memory_scan.hpp"
#include "../support/pki.hpp"
#include "../support/raw_server.hpp"
#include "../support/run.hpp"
#include "../support/temporary_file.hpp"
#include "../support/two_processes.hpp"

#include <boost/asio/io_context.hpp>

#include <doctest/doctest.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace {

using support::count_in_memory;
using support::Disguised;
using support::RawPeer;
using support::RawServer;

// Never written out in one piece outside of a constant expression.
constexpr Disguised passphrase = support::disguise("kp/v3+n8q%zt-0c6w1-3");

using Client = clarify::RpcClient<clarify::BeastBackend, clarify::NoAuth, clarify::BoostJsonCodec>;

/// Both processes see it. The key is in it only in disguise.
struct Shared {
    std::uint16_t port;
    char authority[4'096];
    char certificate[4'096];
    unsigned char key[4'096];
    std::size_t key_size;
    /// A line of the key's text.
    Disguised line;
    /// Its private number as it is written, and as OpenSSL holds it for computing.
    Disguised number;
    Disguised limbs;

    bool done;
    int calls;
    int control;
    int text_idle;
    int number_idle;
    int passphrase_idle;
    int text_after;
    int number_after;
    int passphrase_after;

    int count_numbers() const { return count_in_memory(number) + count_in_memory(limbs); }
};

enum class KeyIn { text, encrypted_text, file };

void append(const Disguised& what, std::string& out) {
    for (std::size_t i = 0; i != what.size; ++i)
        out += static_cast<char>(what[i]);
}

/// Tells the client's process about the key, in disguise.
void tell_key(const support::pki::Identity& identity, KeyIn key_in, Shared& shared) {
    std::string secret;
    if (key_in == KeyIn::encrypted_text) append(passphrase, secret);
    const std::string text = identity.key_pem(secret);
    for (std::size_t i = 0; i != text.size(); ++i)
        shared.key[i] = static_cast<unsigned char>(text[i]) ^ Disguised::mask;
    shared.key_size = text.size();
    const std::size_t second = text.find('\n', text.find('\n') + 1) + 1;
    for (const char c : text.substr(second, text.find('\n', second) - second))
        shared.line.add(static_cast<unsigned char>(c));
    BIGNUM* number = nullptr;
    EVP_PKEY_get_bn_param(identity.key(), OSSL_PKEY_PARAM_PRIV_KEY, &number);
    std::array<unsigned char, 32> bytes{};
    BN_bn2binpad(number, bytes.data(), static_cast<int>(bytes.size()));
    BN_free(number);
    for (const unsigned char byte : bytes)
        shared.number.add(byte);
    std::reverse(bytes.begin(), bytes.end());
    for (const unsigned char byte : bytes)
        shared.limbs.add(byte);
}

/// A server for clients with a certificate.
void serve(
    KeyIn key_in,
    const std::string& key_file,
    Shared& shared,
    const std::function<void()>& serving) {
    namespace pki = support::pki;
    const auto root = pki::Identity::self_signed();
    const auto people = pki::Identity::self_signed(pki::authority("people"));
    const auto client = people.issue(pki::leaf().usage("clientAuth").names({}));
    tell_key(client, key_in, shared);
    if (key_in == KeyIn::file) {
        std::FILE* const out = std::fopen(key_file.c_str(), "w");
        std::fputs(client.key_pem().c_str(), out);
        std::fclose(out);
    }
    const auto tls = pki::server(root.issue());
    SSL_CTX* const native = tls->native_handle();
    X509_STORE_add_cert(SSL_CTX_get_cert_store(native), people.certificate());
    SSL_CTX_set_verify(native, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    RawServer server{[&](RawPeer& peer) {
        peer.begin_tls(*tls);
        while (const auto request = peer.read())
            peer.result(*request, "1");
    }};
    shared.port = server.port();
    std::strncpy(shared.authority, root.certificate_pem().c_str(), sizeof shared.authority - 1);
    std::strncpy(
        shared.certificate, client.certificate_pem().c_str(), sizeof shared.certificate - 1);
    serving();
}

/// The client's options, in which its key is.
clarify::ClientOptions make_options(KeyIn key_in, const std::string& key_file, Shared& shared) {
    clarify::ClientOptions options;
    options.http.tls.ca_pem = shared.authority;
    options.http.tls.client_certificate_pem = shared.certificate;
    if (key_in == KeyIn::file) {
        options.http.tls.client_key_file = key_file;
        return options;
    }
    std::string text;
    text.reserve(shared.key_size);
    for (std::size_t i = 0; i != shared.key_size; ++i)
        text += static_cast<char>(shared.key[i] ^ Disguised::mask);
    options.http.tls.client_key_pem = clarify::Secret{std::move(text)};
    if (key_in == KeyIn::encrypted_text) {
        std::string secret;
        secret.reserve(passphrase.size);
        append(passphrase, secret);
        options.http.tls.client_key_passphrase = clarify::Secret{std::move(secret)};
    }
    return options;
}

void use_client(KeyIn key_in, const std::string& key_file, Shared& shared) {
    boost::asio::io_context context;
    {
        const std::string origin = "https://127.0.0.1:" + std::to_string(shared.port);
        std::optional<clarify::ClientOptions> options = make_options(key_in, key_file, shared);
        // The search finds what is there.
        shared.control = count_in_memory(shared.line);
        std::optional<Client> client;
        client.emplace(
            context.get_executor(),
            clarify::Url::parse(origin + "/v1/rpc").value(),
            clarify::BeastBackend{options->http},
            clarify::NoAuth{},
            *options);
        options.reset();
        for (int i = 0; i != 5; ++i) {
            if (support::run(context, client->call("m"))) ++shared.calls;
        }
        shared.text_idle = count_in_memory(shared.line);
        shared.number_idle = shared.count_numbers();
        shared.passphrase_idle = count_in_memory(passphrase);
        client.reset();
        context.restart();
        context.run();
    }
    shared.text_after = count_in_memory(shared.line);
    shared.number_after = shared.count_numbers();
    shared.passphrase_after = count_in_memory(passphrase);
    shared.done = true;
}

Shared run_scenario(KeyIn key_in) {
    const support::TemporaryFile key_file{""};
    return support::in_two_processes<Shared>(
        [&](Shared& shared, const std::function<void()>& serving) {
            serve(key_in, key_file.path(), shared, serving);
        },
        [&](Shared& shared) { use_client(key_in, key_file.path(), shared); });
}

}  // namespace

TEST_CASE(
    "secrets in memory: a client's key leaves nothing behind" *
    doctest::skip(!support::can_scan_memory)) {
    for (const KeyIn key_in : {KeyIn::text, KeyIn::encrypted_text, KeyIn::file}) {
        CAPTURE(static_cast<int>(key_in));
        const Shared report = run_scenario(key_in);
        REQUIRE(report.done);
        CHECK(report.calls == 5);
        CHECK(report.control == (key_in == KeyIn::file ? 0 : 1));
        // The options of the client and of its backend, and what OpenSSL signs with.
        CHECK(report.text_idle <= 2);
        CHECK(report.number_idle == 1);
        CHECK(report.passphrase_idle <= 2);
        CHECK(report.text_after == 0);
        CHECK(report.number_after == 0);
        CHECK(report.passphrase_after == 0);
    }
}
