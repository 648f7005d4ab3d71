// SPDX-License-Identifier: BSL-1.0
// A TLS client and a TLS server that talk without a network.

#ifndef CLARIFY_TESTS_SUPPORT_TLS_PAIR_HPP
#define CLARIFY_TESTS_SUPPORT_TLS_PAIR_HPP

#include <clarify/http/detail/tls/tls_session_cache.hpp>

#include "pki.hpp"

#include <boost/asio/ssl/context.hpp>

#include <openssl/bio.h>
#include <openssl/ssl.h>

namespace support {

/// Both ends of one connection, after the handshake. The client trusts everybody.
class TlsPair {
public:
    TlsPair(const pki::TlsContext& server_context, int version, SSL_SESSION* session = nullptr)
        : client_context_(boost::asio::ssl::context::tls_client),
          server_(SSL_new(server_context->native_handle())),
          client_(SSL_new(client_context_.native_handle())) {
        SSL_set_security_level(client_, 0);
        SSL_set_min_proto_version(client_, version);
        SSL_set_max_proto_version(client_, version);
        if (session != nullptr) SSL_set_session(client_, session);
        BIO* from_client = nullptr;
        BIO* from_server = nullptr;
        BIO_new_bio_pair(&from_client, 1 << 16U, &from_server, 1 << 16U);
        SSL_set_bio(client_, from_client, from_client);
        SSL_set_bio(server_, from_server, from_server);
        SSL_set_connect_state(client_);
        SSL_set_accept_state(server_);
        for (int i = 0; i != 8; ++i) {
            SSL_do_handshake(client_);
            SSL_do_handshake(server_);
        }
        // The tickets of TLS 1.3 come with what is read.
        char byte = 0;
        SSL_read(client_, &byte, 1);
    }
    TlsPair(const TlsPair&) = delete;
    TlsPair& operator=(const TlsPair&) = delete;
    ~TlsPair() {
        SSL_free(client_);
        SSL_free(server_);
    }

    SSL* client() noexcept { return client_; }
    clarify::detail::OpensslOwned<SSL_SESSION> session() const {
        return clarify::detail::copy_session(SSL_get0_session(client_));
    }

private:
    boost::asio::ssl::context client_context_;
    SSL* server_;
    SSL* client_;
};

}  // namespace support

#endif  // CLARIFY_TESTS_SUPPORT_TLS_PAIR_HPP
