// SPDX-License-Identifier: BSL-1.0
// A TLS server that notes what reached it, a client to call it, and what a refusal must look like.

#ifndef CLARIFY_TESTS_SUPPORT_TLS_SCENE_HPP
#define CLARIFY_TESTS_SUPPORT_TLS_SCENE_HPP

#include <clarify/auth/bearer_token.hpp>
#include <clarify/http/beast_backend.hpp>
#include <clarify/rpc_client.hpp>

#include "pki.hpp"
#include "raw_server.hpp"
#include "run.hpp"
#include "text_codec.hpp"

#include <boost/asio/io_context.hpp>

#include <doctest/doctest.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace support {

using Outcome = clarify::Result<std::string>;

/// What a client offers in its first message.
struct ClientHello {
    /// The name in SNI, or nothing.
    std::optional<std::string> server_name;
    /// The list of protocols as it stands in the message.
    std::string alpn;
    /// The numbers of the extensions.
    std::vector<int> extensions;

    bool has(int extension) const {
        return std::find(extensions.begin(), extensions.end(), extension) != extensions.end();
    }
};

/// Serves calls over TLS and keeps count.
class TlsServer {
public:
    /// After the handshake `script` goes on; by default it answers every call with the number of
    /// the connection.
    explicit TlsServer(
        pki::TlsContext context,
        RawServer::Script script = &answer_with_number,
        const std::string& address = "127.0.0.1")
        : context_(std::move(context)),
          script_(std::move(script)),
          server_([this](RawPeer& peer) { serve(peer); }, address) {
        SSL_CTX_set_client_hello_cb(context_->native_handle(), &note_hello, this);
    }

    RawServer& raw() noexcept { return server_; }
    std::uint16_t port() const noexcept { return server_.port(); }
    /// From now on a client that offers a session gets an alert, or a reset.
    void refuse_offered_sessions(bool with_reset) {
        const std::lock_guard lock{mutex_};
        refuses_ = with_reset ? Refusal::reset : Refusal::alert;
    }
    int connections() const noexcept { return server_.connections(); }
    std::vector<ClientHello> hellos() const {
        const std::lock_guard lock{mutex_};
        return hellos_;
    }
    /// Connections on which the handshake took up an earlier session.
    int resumed() const {
        const std::lock_guard lock{mutex_};
        return resumed_;
    }
    /// Waits until the client has closed all connections; false if that takes too long.
    bool await_closed() {
        std::unique_lock lock{mutex_};
        return changed_.wait_for(lock, patience, [&] { return closed_ >= server_.connections(); });
    }
    /// Of the last handshake that succeeded.
    std::string version() const {
        const std::lock_guard lock{mutex_};
        return version_;
    }

    static void answer_with_number(RawPeer& peer) {
        while (const auto request = peer.read())
            peer.result(*request, std::to_string(peer.number()));
    }

private:
    static int note_hello(SSL* ssl, int*, void* self) {
        ClientHello hello;
        int* types = nullptr;
        std::size_t count = 0;
        if (SSL_client_hello_get1_extensions_present(ssl, &types, &count) == 1) {
            hello.extensions.assign(types, types + count);
            OPENSSL_free(types);
        }
        const unsigned char* data = nullptr;
        std::size_t size = 0;
        const auto text = [&](std::size_t skip) {
            return size < skip
                ? std::string{}
                : std::string{reinterpret_cast<const char*>(data) + skip, size - skip};
        };
        // A list of one name: the list's size, the kind of name, the name's size.
        if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_server_name, &data, &size) == 1) {
            hello.server_name = text(5);
        }
        if (SSL_client_hello_get0_ext(
                ssl, TLSEXT_TYPE_application_layer_protocol_negotiation, &data, &size) == 1) {
            hello.alpn = text(2);
        }
        const bool offers = hello.has(TLSEXT_TYPE_psk) || has_ticket(ssl);
        auto& server = *static_cast<TlsServer*>(self);
        const std::lock_guard lock{server.mutex_};
        server.hellos_.push_back(std::move(hello));
        const bool refused = offers && server.refuses_ != Refusal::none;
        return refused ? SSL_CLIENT_HELLO_ERROR : SSL_CLIENT_HELLO_SUCCESS;
    }

    static bool has_ticket(SSL* ssl) {
        const unsigned char* data = nullptr;
        std::size_t size = 0;
        return SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_session_ticket, &data, &size) == 1 &&
            size != 0;
    }

    void serve(RawPeer& peer) {
        struct Closed {
            TlsServer& server;
            ~Closed() {
                const std::lock_guard lock{server.mutex_};
                ++server.closed_;
                server.changed_.notify_all();
            }
        };
        const Closed closed{*this};
        /// OpenSSL forgets the session of a connection that did not end as it should.
        struct Ending {
            SSL* ssl = nullptr;
            ~Ending() {
                if (ssl != nullptr) SSL_set_shutdown(ssl, SSL_SENT_SHUTDOWN);
            }
        } ending;
        try {
            SSL* const ssl = peer.begin_tls(*context_);
            ending.ssl = ssl;
            const std::lock_guard lock{mutex_};
            version_ = SSL_get_version(ssl);
            resumed_ += SSL_session_reused(ssl);
        } catch (const std::exception&) {
            {
                const std::lock_guard lock{mutex_};
                if (refuses_ == Refusal::alert) return;
                if (refuses_ == Refusal::reset) return peer.reset();
            }
            // Not the server, but the client must end the connection.
            char bytes[1024];
            boost::system::error_code ec;
            while (!ec)
                peer.socket().read_some(boost::asio::buffer(bytes), ec);
            return;
        }
        script_(peer);
    }

    enum class Refusal { none, alert, reset };

    pki::TlsContext context_;
    RawServer::Script script_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<ClientHello> hellos_;
    std::string version_;
    Refusal refuses_ = Refusal::none;
    int resumed_ = 0;
    int closed_ = 0;
    RawServer server_;
};

/// A client with a context of its own, which trusts `root`.
template <class Backend>
struct BasicTlsCaller {
    using Client = clarify::RpcClient<Backend, clarify::BearerToken, TextCodec>;

    static clarify::ClientOptions options(const std::string& ca_pem) {
        clarify::ClientOptions options;
        options.call_timeout = std::chrono::seconds{20};
        options.retry.base = std::chrono::milliseconds{1};
        options.http.tls.ca_pem = ca_pem;
        return options;
    }

    BasicTlsCaller(
        std::uint16_t port, clarify::ClientOptions options, const std::string& host = "localhost")
        : client(
              context.get_executor(),
              *clarify::Url::parse("https://" + host + ":" + std::to_string(port) + "/rpc"),
              Backend{watched(options).http},
              clarify::BearerToken{clarify::Secret{"canary-token"}},
              options) {}

    Outcome call(bool idempotent = false) {
        clarify::CallOptions how;
        how.idempotent = idempotent;
        return run(context, client.call("m", "{}", std::move(how)));
    }
    /// For each connection that was opened, whether it took up an earlier session.
    std::vector<bool> resumed;

    boost::asio::io_context context;
    Client client;

private:
    clarify::ClientOptions& watched(clarify::ClientOptions& options) {
        options.http.observer = [this](const clarify::Event& event) {
            if (event.kind == clarify::EventKind::connection_opened)
                resumed.push_back(event.resumed);
        };
        return options;
    }
};

using TlsCaller = BasicTlsCaller<clarify::BeastBackend>;

/// A failed handshake as its caller sees it.
inline void check_refusal(
    const Outcome& outcome,
    clarify::Reason reason,
    const std::string& host = "localhost",
    unsigned attempts = 1) {
    REQUIRE_FALSE(outcome);
    const clarify::Error& error = outcome.error();
    CHECK_MESSAGE(error.code() == clarify::Errc::tls, error);
    CHECK_MESSAGE(error.reason() == reason, error);
    CHECK(error.phase() == clarify::Phase::tls);
    CHECK(error.fate() == clarify::Fate::unsent);
    CHECK(error.attempts() == attempts);
    CHECK(error.to_string().find(host) != std::string::npos);
    CHECK(error.to_string().find("canary") == std::string::npos);
}

/// Calls `server` once; the client must refuse it for `reason`, and the server sees nothing but one
/// handshake for each attempt, which the client ends.
template <class Backend = clarify::BeastBackend>
void check_refused(
    TlsServer& server,
    const clarify::ClientOptions& options,
    clarify::Reason reason,
    const std::string& host = "localhost",
    unsigned attempts = 1) {
    {
        BasicTlsCaller<Backend> caller{server.port(), options, host};
        check_refusal(caller.call(), reason, host, attempts);
    }
    CHECK(server.await_closed());
    CHECK(server.raw().ledger().bytes() == 0);
    CHECK(server.connections() == static_cast<int>(attempts));
    CHECK(server.hellos().size() == attempts);
}

}  // namespace support

#endif  // CLARIFY_TESTS_SUPPORT_TLS_SCENE_HPP
