// SPDX-License-Identifier: BSL-1.0
// Senders, and gateways before one Clarify or another.

#ifndef CLARIFY_TESTS_CLI_GATEWAY_SCENE_HPP
#define CLARIFY_TESTS_CLI_GATEWAY_SCENE_HPP

#include <clarify/testing/emulator.hpp>

#include "../support/temporary_directory.hpp"
#include "gateway_process.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace gateway_test {

namespace asio = boost::asio;
namespace http = boost::beast::http;
namespace json = boost::json;
using asio::ip::tcp;
using clarify::testing::Emulator;
using clarify::testing::EmulatorOptions;
using support::TemporaryDirectory;
using Options = std::vector<std::string>;
using Response = http::response<http::string_body>;

inline const std::string one_sample =
    R"({"times":["2024-01-01T00:00:00Z"],"series":{"temperature":[20.5]}})";

/// A blocking keep-alive connection to the gateway.
class Sender {
public:
    explicit Sender(const GatewayProcess& gateway) {
        socket_.connect({asio::ip::address_v4::loopback(), gateway.port()});
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

inline EmulatorOptions plain_http() {
    EmulatorOptions options;
    options.tls = false;
    return options;
}

/// A gateway before an emulator.
struct Setup {
    explicit Setup(Options more = {}) : gateway(with_credentials(std::move(more))) {}

    Options with_credentials(Options options) const {
        options.push_back("--credentials");
        options.push_back(folder.write("credentials.json", emulator.credentials_json()));
        options.insert(options.end(), {"--host", "gateway"});
        return options;
    }

    Emulator emulator{plain_http()};
    TemporaryDirectory folder;
    GatewayProcess gateway;
};

/// A gateway before a Clarify that accepts calls and never answers.
struct StuckSetup {
    explicit StuckSetup(Options more = {}) : gateway(with_credentials(std::move(more))) {}

    Options with_credentials(Options options) const {
        const std::string url =
            "http://127.0.0.1:" + std::to_string(acceptor.local_endpoint().port()) + "/v1/";
        options.push_back("--credentials");
        options.push_back(folder.write(
            "credentials.json",
            R"({"apiUrl":")" + url +
                R"(","integration":"c618rbfqfsj7mjkj0ss1","credentials":{"type":"basic-auth",)"
                R"("clientId":"c618rbfqfsj7mjkj0ss1","clientSecret":"password"}})"));
        options.insert(options.end(), {"--host", "gateway"});
        return options;
    }

    /// Returns when the gateway has sent a call.
    void receive_call() {
        tcp::socket& socket = calls.emplace_back(context);
        acceptor.accept(socket);
        char byte = 0;
        asio::read(socket, asio::buffer(&byte, 1));
    }

    asio::io_context context;
    tcp::acceptor acceptor{context, {asio::ip::address_v4::loopback(), 0}};
    std::vector<tcp::socket> calls;
    TemporaryDirectory folder;
    GatewayProcess gateway;
};

inline json::value error_of(const Response& response) {
    return json::parse(response.body()).at("error");
}

inline std::string text(const json::value& error, const std::string& name) {
    const json::value* const member = error.as_object().if_contains(name);
    return member == nullptr ? "" : std::string{member->as_string()};
}

}  // namespace gateway_test

#endif  // CLARIFY_TESTS_CLI_GATEWAY_SCENE_HPP
