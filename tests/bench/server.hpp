// SPDX-License-Identifier: BSL-1.0
// A loopback server in a child process that answers every call at once with the same result.

#ifndef CLARIFY_TESTS_BENCH_SERVER_HPP
#define CLARIFY_TESTS_BENCH_SERVER_HPP

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

namespace bench {

class Server {
public:
    Server() {
        boost::asio::io_context context;
        boost::asio::ip::tcp::acceptor acceptor{
            context, {boost::asio::ip::make_address("127.0.0.1"), 0}};
        port_ = acceptor.local_endpoint().port();
        context.notify_fork(boost::asio::io_context::fork_prepare);
        child_ = ::fork();
        if (child_ < 0) throw std::runtime_error{"fork failed"};
        if (child_ == 0) {
            ::prctl(PR_SET_PDEATHSIG, SIGKILL);
            context.notify_fork(boost::asio::io_context::fork_child);
            accept(acceptor);
            context.run();
            ::_exit(0);
        }
        context.notify_fork(boost::asio::io_context::fork_parent);
    }
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;
    ~Server() {
        ::kill(child_, SIGKILL);
        ::waitpid(child_, nullptr, 0);
    }

    std::uint16_t port() const noexcept { return port_; }

private:
    using Socket = boost::asio::ip::tcp::socket;

    struct Session : std::enable_shared_from_this<Session> {
        explicit Session(Socket accepted) : socket(std::move(accepted)) {}

        void read() {
            socket.async_read_some(
                boost::asio::buffer(chunk), [self = shared_from_this()](auto ec, std::size_t n) {
                    if (ec) return;
                    self->input.append(self->chunk, n);
                    self->answer();
                });
        }
        void answer() {
            const std::size_t head = input.find("\r\n\r\n");
            if (head == std::string::npos) return read();
            const std::size_t at = input.find("Content-Length: ");
            const std::size_t length = std::stoul(input.substr(at + 16, 12));
            if (input.size() < head + 4 + length) return read();
            const std::size_t id = input.find("\"id\":", head) + 5;
            const std::string number = input.substr(id, input.find_first_of(",}", id) - id);
            input.erase(0, head + 4 + length);
            const std::string body = R"({"jsonrpc":"2.0","id":)" + number +
                R"(,"result":{"meta":{"total":1,)"
                R"("format":{"dataAsArray":true,"groupIncludedByType":true}},"data":[{"type":"items",)"
                R"("id":"c5ep6ojsbu8cohpih9bg","meta":{"createdAt":"2021-10-06T12:15:30.344Z"},)"
                R"("attributes":{"name":"Electricity price","valueType":"numeric","engUnit":"EUR/kWh",)"
                R"("labels":{"city":["Oslo"],"country":["Norway"]},"visible":true},"relationships":{}}]}})";
            output =
                "HTTP/1.1 200 OK\r\nServer: bench\r\nDate: Mon, 01 Jan 2024 00:00:00 GMT\r\n"
                "Content-Type: application/json\r\nX-API-Version: 1.1\r\n"
                "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n"
                "Connection: keep-alive\r\nContent-Length: " +
                std::to_string(body.size()) + "\r\n\r\n" + body;
            boost::asio::async_write(
                socket,
                boost::asio::buffer(output),
                [self = shared_from_this()](auto ec, std::size_t) {
                    if (!ec) self->read();
                });
        }

        Socket socket;
        std::string input, output;
        char chunk[16384];
    };

    static void accept(boost::asio::ip::tcp::acceptor& acceptor) {
        acceptor.async_accept([&acceptor](auto ec, Socket socket) {
            if (!ec) {
                socket.set_option(boost::asio::ip::tcp::no_delay{true});
                std::make_shared<Session>(std::move(socket))->read();
            }
            accept(acceptor);
        });
    }

    std::uint16_t port_ = 0;
    pid_t child_ = -1;
};

}  // namespace bench

#endif  // CLARIFY_TESTS_BENCH_SERVER_HPP
