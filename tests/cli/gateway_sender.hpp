// SPDX-License-Identifier: BSL-1.0
// Whoever sends to a gateway.

#ifndef CLARIFY_TESTS_CLI_GATEWAY_SENDER_HPP
#define CLARIFY_TESTS_CLI_GATEWAY_SENDER_HPP

#include "gateway_process.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <chrono>
#include <cstdint>
#include <string>

namespace gateway_test {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using Response = http::response<http::string_body>;

/// A blocking keep-alive connection to the gateway.
class Sender {
public:
    explicit Sender(const GatewayProcess& gateway) : Sender(gateway.port()) {}
    explicit Sender(std::uint16_t port) {
        socket_.connect({asio::ip::address_v4::loopback(), port});
        // A gateway that hangs fails the test.
        const timeval limit{gateway_test::patience.count(), 0};
        ::setsockopt(socket_.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    }

    void write(const std::string& bytes) { asio::write(socket_, asio::buffer(bytes)); }

    void write_samples(const std::string& document, const std::string& target = "/samples") {
        write(
            "POST " + target +
            " HTTP/1.1\r\nHost: gateway\r\nContent-Type: application/json\r\n"
            "Content-Length: " +
            std::to_string(document.size()) + "\r\n\r\n" + document);
    }

    Response read() {
        Response response;
        http::read(socket_, buffer_, response);
        return response;
    }

    Response post(const std::string& document, const std::string& target = "/samples") {
        write_samples(document, target);
        return read();
    }
    /// Answered when Clarify has them.
    Response post_and_wait(const std::string& document) {
        return post(document, "/samples?wait=stored");
    }

    Response get(const std::string& target) {
        write("GET " + target + " HTTP/1.1\r\nHost: gateway\r\n\r\n");
        return read();
    }

    /// Has the gateway ended the connection, without a word?
    bool at_end() {
        boost::system::error_code ec;
        char byte = 0;
        socket_.read_some(asio::buffer(&byte, 1), ec);
        return ec == asio::error::eof && buffer_.size() == 0;
    }

    /// Everything that comes until the gateway ends the connection.
    std::string read_all() {
        std::string out;
        boost::system::error_code ec;
        asio::read(socket_, asio::dynamic_buffer(out), ec);
        return out;
    }

    bool readable_within(std::chrono::milliseconds limit) {
        pollfd state{socket_.native_handle(), POLLIN, 0};
        return ::poll(&state, 1, static_cast<int>(limit.count())) != 0;
    }

    void close() { socket_.close(); }
    int descriptor() { return socket_.native_handle(); }

private:
    asio::io_context context_;
    tcp::socket socket_{context_};
    boost::beast::flat_buffer buffer_;
};

}  // namespace gateway_test

#endif  // CLARIFY_TESTS_CLI_GATEWAY_SENDER_HPP
