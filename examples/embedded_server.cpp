// SPDX-License-Identifier: BSL-1.0
// Calls from inside of an asynchronous server with several threads, and its graceful end: `GET /INPUT` says
// which signal of Clarify that input is. Here it asks an emulator, and is told to end as services are.

#include <clarify/clarify.hpp>
#include <clarify/testing/emulator.hpp>

#include <boost/asio.hpp>
#include <boost/beast.hpp>

#include <atomic>
#include <chrono>
#include <csignal>
#include <memory>
#include <string>
#include <vector>

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using Stream = boost::beast::tcp_stream;
constexpr auto outcome = asio::as_tuple(asio::use_awaitable);

class Server {
public:
    Server(asio::thread_pool& threads, clarify::Client& client)
        : threads_(threads), client_(client) {}

    tcp::endpoint address() const { return acceptor_.local_endpoint(); }
    void start() { asio::co_spawn(acceptor_.get_executor(), accept(), asio::detached); }
    void end() { asio::co_spawn(acceptor_.get_executor(), drain(), asio::detached); }

private:
    asio::awaitable<void> accept() {
        while (!ending_) {
            // One thread at a time for a connection; the client is for all.
            auto [failed, socket] =
                co_await acceptor_.async_accept(asio::make_strand(threads_), outcome);
            if (failed) continue;
            const auto stream = std::make_shared<Stream>(std::move(socket));
            std::erase_if(streams_, [](const auto& each) { return each.expired(); });
            streams_.push_back(stream);
            asio::co_spawn(stream->get_executor(), serve(stream), asio::detached);
        }
    }

    asio::awaitable<void> serve(std::shared_ptr<Stream> stream) {
        boost::beast::flat_buffer bytes;
        for (bool more = true; more;) {
            http::request<http::empty_body> request;
            stream->expires_after(std::chrono::seconds{30});
            const auto [failed, size] = co_await http::async_read(*stream, bytes, request, outcome);
            if (failed) break;
            auto response = co_await answer(std::string{request.target().substr(1)});
            more = request.keep_alive() && !ending_;
            response.keep_alive(more);
            response.prepare_payload();
            co_await http::async_write(*stream, response, outcome);
        }
    }

    asio::awaitable<http::response<http::string_body>> answer(std::string input) {
        const clarify::ResourceQuery query{clarify::field("input") == input};
        // One deadline for all that an answer takes, however many calls that are.
        const clarify::CallScope scope{client_.now() + std::chrono::seconds{5}};
        const auto found = co_await client_.select_signals(query, clarify::SelectOptions{scope});
        http::response<http::string_body> response;
        response.result(found ? 200 : http_status_for(found.error()));  // 503, 504 ...
        if (found && !found->data.empty()) response.body() = found->data.front().id + '\n';
        co_return response;
    }

    /// Takes no more requests; those that are being answered have a few seconds.
    asio::awaitable<void> drain() {
        ending_ = true;
        acceptor_.close();
        for (const auto& each : streams_) {
            if (const auto stream = each.lock())
                asio::post(stream->get_executor(), [stream] {
                    boost::system::error_code ignored;
                    stream->socket().shutdown(tcp::socket::shutdown_receive, ignored);
                });
        }
        co_await client_.drain(std::chrono::seconds{5});
    }

    asio::thread_pool& threads_;
    clarify::Client& client_;
    tcp::acceptor acceptor_{asio::make_strand(threads_), {asio::ip::address_v4::loopback(), 0}};
    std::vector<std::weak_ptr<Stream>> streams_;
    std::atomic<bool> ending_ = false;
};

int main() {
    clarify::testing::Emulator emulator;
    const std::string signal = emulator.seed("pump/flow");
    clarify::ClientOptions options;
    options.http.tls.ca_pem = emulator.ca_certificate_pem();
    const auto credentials = clarify::Credentials::from_string(emulator.credentials_json());

    asio::thread_pool threads{4};
    clarify::Client client{threads.get_executor(), credentials.value(), options};
    Server server{threads, client};
    asio::signal_set signals{threads, SIGINT, SIGTERM};
    signals.async_wait([&](boost::system::error_code, int) { server.end(); });
    server.start();

    tcp::iostream caller{server.address()};
    caller << "GET /pump/flow HTTP/1.1\r\nHost: localhost\r\n\r\n" << std::flush;
    std::string line;
    while (std::getline(caller, line) && line != "\r") {
    }
    caller >> line;
    std::raise(SIGTERM);
    threads.join();
    return line == signal ? 0 : 1;
}
