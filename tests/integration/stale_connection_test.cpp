// SPDX-License-Identifier: BSL-1.0
// Servers that close idle connections as the next request sets out, and servers that hang.

#include <clarify/auth/no_auth.hpp>
#include <clarify/http/beast_backend.hpp>
#include <clarify/rpc_client.hpp>

#include "../support/chaos_proxy.hpp"
#include "../support/raw_server.hpp"
#include "../support/run.hpp"
#include "../support/text_codec.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>

#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace stale_connection_test {

namespace {

using namespace std::chrono_literals;
using boost::asio::ip::tcp;
using boost::system::error_code;
using clarify::Errc;
using clarify::Fate;
using clarify::Phase;
using clarify::Reason;
using support::RawPeer;
using support::RawServer;
using Client = clarify::RpcClient<clarify::BeastBackend, clarify::NoAuth, support::TextCodec>;
using Outcome = clarify::Result<std::string>;

Client make_client(
    boost::asio::io_context& context, std::uint16_t port, const clarify::ClientOptions& options) {
    return Client{
        context.get_executor(),
        *clarify::Url::parse("http://127.0.0.1:" + std::to_string(port) + "/rpc"),
        clarify::BeastBackend{options.http},
        clarify::NoAuth{},
        options};
}

/** Answers the requests of a connection, and closes it some time between zero and 5 ms after an
    answer.

    What arrives in that time is, by lot, left unread, which makes the end a reset; or executed, but
    not answered, which makes it an end in good order; or answered. A connection's first request is
    always answered.
*/
class ImpatientServer {
public:
    struct Entry {
        int received = 0;
        /// Was the last arrival the first request of its connection?
        bool fresh = false;
    };

    explicit ImpatientServer(std::size_t calls) : ledger(calls) {
        accept();
        thread_ = std::thread{[this] { context_.run(); }};
    }
    ~ImpatientServer() { stop(); }
    void stop() {
        context_.stop();
        if (thread_.joinable()) thread_.join();
    }
    std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

    /// By nonce; to be read once the server has stopped.
    std::vector<Entry> ledger;
    std::size_t connections = 0;

private:
    struct Session : std::enable_shared_from_this<Session> {
        Session(ImpatientServer& owner, tcp::socket accepted)
            : server(owner), socket(std::move(accepted)), timer(socket.get_executor()) {}

        void read() {
            socket.async_read_some(
                boost::asio::buffer(bytes),
                [self = shared_from_this()](error_code ec, std::size_t size) {
                    if (ec) return self->end();
                    self->input.append(self->bytes.data(), size);
                    // The request is complete with the last brace of its body.
                    if (!self->input.ends_with("}}")) return self->read();
                    self->book();
                });
        }
        void book() {
            timer.cancel();
            const auto number = [this](const char* key) {
                return std::stoul(input.substr(input.find(key) + std::string{key}.size()));
            };
            Entry& entry = server.ledger.at(number("\"nonce\":"));
            ++entry.received;
            entry.fresh = requests++ == 0;
            if (closes_unanswered) return end();
            const std::string body =
                R"({"jsonrpc":"2.0","id":)" + std::to_string(number("\"id\":")) + R"(,"result":1})";
            output = "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) +
                "\r\n\r\n" + body;
            input.clear();
            boost::asio::async_write(
                socket,
                boost::asio::buffer(output),
                [self = shared_from_this()](error_code ec, std::size_t) {
                    if (!ec) self->answered();
                });
        }
        void answered() {
            timer.expires_after(std::chrono::microseconds{server.random_.below(5000)});
            timer.async_wait([self = shared_from_this()](error_code ec) {
                if (!ec) self->end();
            });
            const std::uint64_t lot = server.random_.below(3);
            closes_unanswered = lot == 1;
            if (lot != 0) read();
        }
        void end() {
            error_code ignored;
            timer.cancel();
            socket.close(ignored);
        }

        ImpatientServer& server;
        tcp::socket socket;
        boost::asio::steady_timer timer;
        std::array<char, 2048> bytes;
        std::string input, output;
        int requests = 0;
        bool closes_unanswered = false;
    };

    void accept() {
        acceptor_.async_accept([this](error_code ec, tcp::socket socket) {
            ++connections;
            if (!ec) std::make_shared<Session>(*this, std::move(socket))->read();
            accept();
        });
    }

    boost::asio::io_context context_{1};
    tcp::acceptor acceptor_{context_, {boost::asio::ip::address_v4::loopback(), 0}};
    support::ChaosRandom random_{1};
    std::thread thread_;
};

struct Round {
    int outcomes = 0;
    clarify::Error error;
    bool success = false;
};

/// Makes all the calls, several at a time, each after a pause of up to 5 ms that meets the server's.
std::vector<Round> make_calls(std::uint16_t port, std::size_t calls, bool idempotent) {
    boost::asio::io_context context;
    clarify::ClientOptions options;
    options.call_timeout = 20s;
    // What is repeated with a wait would not be done in time.
    options.retry.base = options.retry.cap = std::chrono::hours{1};
    options.retry.budget = 0;
    Client client = make_client(context, port, options);
    clarify::CallOptions call;
    call.idempotent = idempotent;
    std::vector<Round> rounds(calls);
    std::size_t next = 0;
    support::ChaosRandom random{2};

    struct Worker {
        explicit Worker(boost::asio::io_context& loop) : timer(loop) {}
        boost::asio::steady_timer timer;
        std::function<void()> step;
    };
    std::list<Worker> workers;
    for (int i = 0; i != 8; ++i) {
        Worker& worker = workers.emplace_back(context);
        worker.step = [&] {
            if (next == calls) return;
            const std::size_t nonce = next++;
            const std::string params = "{\"nonce\":" + std::to_string(nonce) + "}";
            client.async_call("m", params, call, [&, nonce](const Outcome& outcome) {
                Round& round = rounds[nonce];
                ++round.outcomes;
                round.success = outcome.has_value();
                if (!outcome) round.error = outcome.error();
                worker.timer.expires_after(std::chrono::microseconds{random.below(5000)});
                worker.timer.async_wait([&](error_code) { worker.step(); });
            });
        };
        boost::asio::post(context, worker.step);
    }
    context.run_for(support::patience);
    return rounds;
}

}  // namespace

TEST_CASE("RpcClient: whenever the server closes an idle connection, a plain call is sent once") {
    const std::size_t calls = 4000;
    ImpatientServer server{calls};
    const std::vector<Round> rounds = make_calls(server.port(), calls, false);
    server.stop();
    int lost_unread = 0;
    int lost_executed = 0;
    for (std::size_t i = 0; i != calls; ++i) {
        CAPTURE(i);
        const Round& round = rounds[i];
        REQUIRE(round.outcomes == 1);
        if (round.success) {
            CHECK(server.ledger[i].received == 1);
            continue;
        }
        CHECK_MESSAGE(round.error.code() == Errc::io, round.error);
        CHECK_MESSAGE(round.error.reason() == Reason::stale, round.error);
        CHECK(round.error.fate() == Fate::unknown);
        CHECK(round.error.attempts() == 1);
        CHECK(server.ledger[i].received <= 1);
        ++(server.ledger[i].received == 0 ? lost_unread : lost_executed);
    }
    // All of it happened: closed before the request, while it was on its way, and after it came.
    CHECK(lost_unread > 0);
    CHECK(lost_executed > 0);
    CHECK(server.connections > static_cast<std::size_t>(lost_unread + lost_executed) + 8);
}

TEST_CASE("RpcClient: an idempotent call lost so is repeated at once, on a new connection") {
    const std::size_t calls = 4000;
    ImpatientServer server{calls};
    const std::vector<Round> rounds = make_calls(server.port(), calls, true);
    server.stop();
    int repeated = 0;
    for (std::size_t i = 0; i != calls; ++i) {
        CAPTURE(i);
        REQUIRE(rounds[i].outcomes == 1);
        CHECK_MESSAGE(rounds[i].success, rounds[i].error);
        CHECK(server.ledger[i].received <= 2);
        if (server.ledger[i].received != 2) continue;
        CHECK(server.ledger[i].fresh);
        ++repeated;
    }
    CHECK(repeated > 0);
}

TEST_CASE("RpcClient: a peer that hangs costs a call no more than its time, and is left") {
    std::atomic<bool> over = false;
    struct Row {
        const char* name;
        RawServer::Script hang;
        Phase phase;
        bool large = false;
    };
    const auto takes_slowly = [&over](RawPeer& peer) {
        error_code ec;
        for (char byte = 0; !over && !ec; std::this_thread::sleep_for(20ms))
            peer.socket().read_some(boost::asio::buffer(&byte, 1), ec);
    };
    const std::vector<Row> rows{
        {"never reads", [](RawPeer& peer) { peer.await_release(); }, Phase::write, true},
        {"reads a byte at a time", takes_slowly, Phase::write, true},
        {"reads a byte at a time of what fits its window", takes_slowly, Phase::first_byte},
        {"silent after accept", [](RawPeer& peer) { peer.await_release(); }, Phase::first_byte},
        {"a head a byte at a time",
         [](RawPeer& peer) {
             peer.read();
             for (const char c : std::string{"HTTP/1.1 200 OK\r\nX-Field: "}) {
                 peer.send({&c, 1});
                 std::this_thread::sleep_for(2ms);
             }
             peer.drip("x", 20ms);
         },
         Phase::head},
        {"a body a byte at a time",
         [](RawPeer& peer) {
             peer.read();
             peer.send("HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n{");
             peer.drip(" ", 20ms);
         },
         Phase::body},
        {"a chunk a byte at a time",
         [](RawPeer& peer) {
             peer.read();
             peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
             peer.drip("1\r\n \r\n", 20ms);
         },
         Phase::body},
    };
    for (const Row& row : rows) {
        for (const bool idempotent : {false, true}) {
            CAPTURE(row.name);
            CAPTURE(idempotent);
            over = false;
            RawServer server{[&](RawPeer& peer) {
                if (peer.number() == 1) {
                    row.hang(peer);
                    return peer.drain();
                }
                while (const auto request = peer.read())
                    peer.result(*request, "1");
            }};
            boost::asio::io_context context;
            clarify::ClientOptions options;
            options.retry.base = 1ms;
            Client client = make_client(context, server.port(), options);
            clarify::CallOptions call{250ms};
            call.idempotent = idempotent;
            const std::size_t size = row.large ? std::size_t{15} << 20U : 10;
            const std::string params = "{\"a\":\"" + std::string(size, 'x') + "\"}";

            const auto begun = std::chrono::steady_clock::now();
            const Outcome outcome = support::run(context, client.call("m", params, call));
            const auto took = std::chrono::steady_clock::now() - begun;
            REQUIRE_FALSE(outcome);
            CHECK_MESSAGE(outcome.error().code() == Errc::timeout, outcome.error());
            CHECK_MESSAGE(outcome.error().phase() == row.phase, outcome.error());
            CHECK(outcome.error().fate() == Fate::unknown);
            CHECK(outcome.error().attempts() == 1);
            CHECK(took >= 250ms);
            CHECK(took < 3s);
            CHECK(server.connections() == 1);

            const Outcome next = support::run(context, client.call("m", "{}"));
            CHECK(next);
            CHECK(server.connections() == 2);
            over = true;
            server.ledger().release();
            const auto until = std::chrono::steady_clock::now() + 20s;
            while (!server.ledger().closed_by_client(1) && std::chrono::steady_clock::now() < until)
                std::this_thread::sleep_for(1ms);
            CHECK(server.ledger().closed_by_client(1));
        }
    }
}

}  // namespace stale_connection_test
