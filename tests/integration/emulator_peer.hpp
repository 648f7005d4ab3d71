// A blocking HTTP client for the emulator's tests, which shares no code with the emulator.
//
// SPDX-License-Identifier: BSL-1.0

#ifndef CLARIFY_TESTS_INTEGRATION_EMULATOR_PEER_HPP
#define CLARIFY_TESTS_INTEGRATION_EMULATOR_PEER_HPP

#include <clarify/testing/emulator.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace emulator_test {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using clarify::testing::Emulator;

using Reply = http::response<http::string_body>;
using Fields = std::vector<std::pair<std::string, std::string>>;

/// A blocking keep-alive connection to an emulator.
class Peer {
public:
    explicit Peer(const Emulator& emulator, const std::string& host_name = "127.0.0.1")
        : socket_(std::make_unique<tcp::socket>(context_)) {
        socket_->connect({asio::ip::make_address("127.0.0.1"), emulator.port()});
        if (!emulator.ca_certificate_pem().empty()) {
            tls_.add_certificate_authority(asio::buffer(emulator.ca_certificate_pem()));
            stream_ = std::make_unique<asio::ssl::stream<tcp::socket&>>(*socket_, tls_);
            stream_->set_verify_mode(asio::ssl::verify_peer);
            stream_->set_verify_callback(asio::ssl::host_name_verification(host_name));
            stream_->handshake(asio::ssl::stream_base::client);
        }
    }

    Reply send(
        http::verb method,
        const std::string& target,
        const Fields& fields,
        const std::string& body) {
        http::request<http::string_body> request(method, target, 11);
        request.set(http::field::host, "127.0.0.1");
        for (const auto& [name, value] : fields) {
            request.set(name, value);
        }
        request.body() = body;
        request.prepare_payload();
        Reply reply;
        if (stream_) {
            http::write(*stream_, request);
            http::read(*stream_, buffer_, reply);
        } else {
            http::write(*socket_, request);
            http::read(*socket_, buffer_, reply);
        }
        return reply;
    }

    Reply post_form(const std::string& form, const Fields& more = {}) {
        Fields fields{{"Content-Type", "application/x-www-form-urlencoded"}};
        fields.insert(fields.end(), more.begin(), more.end());
        return send(http::verb::post, "/v1/oauth/token", fields, form);
    }

    Reply post_rpc(
        const std::string& authorization, const std::string& body, const Fields& more = {}) {
        Fields fields{{"Content-Type", "application/json"}, {"Authorization", authorization}};
        fields.insert(fields.end(), more.begin(), more.end());
        return send(http::verb::post, "/v1/rpc", fields, body);
    }

    /// Sends bytes as they are and nothing after them, and returns all that comes back.
    std::string exchange(const std::string& bytes) {
        boost::system::error_code ec;
        std::string received;
        asio::write(*socket_, asio::buffer(bytes), ec);
        socket_->shutdown(tcp::socket::shutdown_send, ec);
        asio::read(*socket_, asio::dynamic_buffer(received), ec);
        return received;
    }

    tcp::socket& socket() { return *socket_; }

private:
    asio::io_context context_;
    asio::ssl::context tls_{asio::ssl::context::tls_client};
    std::unique_ptr<tcp::socket> socket_;
    std::unique_ptr<asio::ssl::stream<tcp::socket&>> stream_;
    boost::beast::flat_buffer buffer_;
};

}  // namespace emulator_test

#endif
