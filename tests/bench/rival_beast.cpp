// SPDX-License-Identifier: BSL-1.0
// The call written by hand on Boost.Beast and Boost.JSON, as a careful user would: keep-alive, a
// deadline for each exchange, a bounded body, the status and the id checked.

#include "rivals.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/json.hpp>

#include <chrono>
#include <exception>
#include <stdexcept>
#include <vector>

namespace bench {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
namespace json = boost::json;

class HandWritten final : public Rival {
public:
    explicit HandWritten(std::uint16_t port) : port_(port) {}

    std::string name() const override { return "beast"; }

    void run(std::size_t width, std::size_t calls) override {
        const std::string host = "127.0.0.1:" + std::to_string(port_);
        while (connections_.size() < width) {
            connections_.push_back(std::make_unique<Connection>(context_));
            connections_.back()->stream.connect({asio::ip::make_address("127.0.0.1"), port_});
            connections_.back()->stream.socket().set_option(asio::ip::tcp::no_delay{true});
        }
        for (std::size_t worker = 0; worker != width; ++worker) {
            asio::co_spawn(
                context_, work(*connections_[worker], host, calls), [](std::exception_ptr error) {
                    if (error) std::rethrow_exception(error);
                });
        }
        context_.restart();
        context_.run();
    }

private:
    struct Connection {
        explicit Connection(asio::io_context& context) : stream(context) { buffer.reserve(16384); }
        beast::tcp_stream stream;
        beast::flat_buffer buffer;
        std::int64_t id = 0;
    };

    static asio::awaitable<json::value> call(
        Connection& connection, const std::string& host, const json::object& params) {
        json::object envelope;
        envelope["jsonrpc"] = "2.0";
        envelope["method"] = "clarify.selectItems";
        envelope["id"] = ++connection.id;
        envelope["params"] = params;
        http::request<http::string_body> request{http::verb::post, "/v1/rpc", 11};
        request.set(http::field::host, host);
        request.set(http::field::authorization, "Bearer benchmark-token-0123456789");
        request.set(http::field::content_type, "application/json");
        request.set(http::field::accept, "application/json");
        request.set("X-API-Version", "1.1");
        request.set(http::field::user_agent, "bench");
        request.body() = json::serialize(envelope);
        request.prepare_payload();

        connection.stream.expires_after(std::chrono::seconds{30});
        co_await http::async_write(connection.stream, request, asio::use_awaitable);
        http::response_parser<http::string_body> parser;
        parser.body_limit(16 << 20);
        co_await http::async_read(
            connection.stream, connection.buffer, parser, asio::use_awaitable);
        connection.stream.expires_never();

        const http::response<http::string_body>& response = parser.get();
        if (response.result() != http::status::ok) throw std::runtime_error{"status"};
        json::value reply = json::parse(response.body());
        json::object& members = reply.as_object();
        if (members.at("id") != connection.id || members.at("jsonrpc") != "2.0") {
            throw std::runtime_error{"envelope"};
        }
        co_return std::move(members.at("result"));
    }
    static asio::awaitable<void> work(
        Connection& connection, const std::string& host, std::size_t calls) {
        json::object query;
        query["limit"] = 10;
        json::object params;
        params["query"] = query;
        for (std::size_t i = 0; i != calls; ++i) {
            const json::value result = co_await call(connection, host, params);
            if (!result.is_object()) throw std::runtime_error{"result"};
        }
    }

    std::uint16_t port_;
    asio::io_context context_{1};
    std::vector<std::unique_ptr<Connection>> connections_;
};

}  // namespace

std::unique_ptr<Rival> make_beast(std::uint16_t port) {
    return std::make_unique<HandWritten>(port);
}

}  // namespace bench
