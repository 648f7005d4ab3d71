// SPDX-License-Identifier: BSL-1.0
// Senders, and gateways before one Clarify or another.

#ifndef CLARIFY_TESTS_CLI_GATEWAY_SCENE_HPP
#define CLARIFY_TESTS_CLI_GATEWAY_SCENE_HPP

#include <clarify/testing/emulator.hpp>

#include "../support/temporary_directory.hpp"
#include "gateway_process.hpp"
#include "gateway_sender.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <string>
#include <utility>
#include <vector>

namespace gateway_test {

namespace asio = boost::asio;
namespace json = boost::json;
using asio::ip::tcp;
using clarify::testing::Emulator;
using clarify::testing::EmulatorOptions;
using support::TemporaryDirectory;
using Options = std::vector<std::string>;

inline const std::string one_sample =
    R"({"times":["2024-01-01T00:00:00Z"],"series":{"temperature":[20.5]}})";

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
        options.push_back("--credentials");
        options.push_back(
            folder.write("credentials.json", credentials_for(acceptor.local_endpoint().port())));
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
