// SPDX-License-Identifier: BSL-1.0
// The server of the campaign: books every request, answers with its nonce, and misbehaves.

#ifndef CLARIFY_TESTS_CAMPAIGN_LEDGER_SERVER_HPP
#define CLARIFY_TESTS_CAMPAIGN_LEDGER_SERVER_HPP

#include "../support/chaos_proxy.hpp"
#include "campaign.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

namespace campaign {

/// What may happen to a request, drawn from the seed, its nonce, and how often it has come.
enum class Fault : std::uint8_t {
    none,
    error_before,
    error_after,
    unavailable_before,
    unavailable_after,
    throttled,
    wrong_id,
    short_body,
    short_chunk,
    close_announced,
    slow,
    too_slow,
    close_when_idle,
    reset_before,
    reset_after,
    close_before,
    close_after,
    answer_twice,
    execute_late,
    revoked,
    unauthorized,
    count,
};

struct FaultRow {
    std::string_view name;
    /// In a thousand requests.
    unsigned share;
};
inline constexpr std::array<FaultRow, static_cast<std::size_t>(Fault::count)> fault_table{{
    {"no fault", 0},
    {"500 before execution", 4},
    {"500 after execution", 4},
    {"503 before execution", 3},
    {"503 after execution", 3},
    {"429 before execution", 5},
    {"reply of another call", 5},
    {"body cut short", 5},
    {"chunk cut short", 3},
    {"Connection: close", 8},
    {"slow reply", 10},
    {"reply after the deadline", 1},
    {"closes when idle", 15},
    {"reset before execution", 4},
    {"reset after execution", 4},
    {"close before execution", 4},
    {"close after execution", 4},
    {"answers twice", 3},
    {"executes late", 3},
    {"tokens revoked", 0},
    {"401 for an old token", 0},
}};
static_assert(fault_table.size() <= Ledger::max_faults);

/** Speaks as much HTTP as the campaign needs, in a thread of its own.

    `POST /token` gives a token; anything else is a call. A call with a token that has been revoked
    is refused; all tokens are revoked by one call in 20,000. 401 and 429 are only ever said before
    execution: a server that executes a call and then says that it did not could not be helped.
*/
class LedgerServer {
public:
    LedgerServer(const Settings& settings, Ledger& ledger)
        : settings_(settings),
          ledger_(ledger),
          acceptor_(context_, {boost::asio::ip::address_v4::loopback(), 0}) {
        accept();
        thread_ = std::thread{[this] { context_.run(); }};
    }
    LedgerServer(const LedgerServer&) = delete;
    LedgerServer& operator=(const LedgerServer&) = delete;
    ~LedgerServer() {
        context_.stop();
        thread_.join();
    }

    std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

private:
    using Socket = boost::asio::ip::tcp::socket;
    class Session;

    void accept();

    const Settings& settings_;
    Ledger& ledger_;
    boost::asio::io_context context_{1};
    boost::asio::ip::tcp::acceptor acceptor_;
    std::uint64_t token_ = 1;
    std::thread thread_;
};

class LedgerServer::Session : public std::enable_shared_from_this<Session> {
public:
    Session(LedgerServer& server, Socket socket)
        : server_(server), socket_(std::move(socket)), timer_(server.context_) {}

    void read() {
        socket_.async_read_some(
            boost::asio::buffer(chunk_),
            [self = shared_from_this()](boost::system::error_code ec, std::size_t size) {
                self->timer_.cancel();
                if (ec) return self->close();
                self->input_.append(self->chunk_.data(), size);
                self->take();
            });
    }

private:
    using Ms = std::chrono::milliseconds;

    /// The number behind `key`, or 0.
    std::uint64_t number(std::string_view key, std::size_t from) const {
        const std::size_t at = input_.find(key, from);
        std::uint64_t value = 0;
        if (at == std::string::npos) return 0;
        std::from_chars(input_.data() + at + key.size(), input_.data() + input_.size(), value);
        return value;
    }

    void take() {
        const std::size_t head = input_.find("\r\n\r\n");
        if (head == std::string::npos) return read();
        const std::size_t end = head + 4 + number("Content-Length: ", 0);
        if (input_.size() < end) return read();
        ++server_.ledger_.busy;
        if (input_.starts_with("POST /token ")) {
            input_.erase(0, end);
            return give_token();
        }
        id_ = number("\"id\":", head);
        nonce_ = static_cast<std::uint32_t>(number("\"nonce\":", head));
        const std::uint64_t token = number("Bearer token-", 0);
        input_.erase(0, end);
        if (nonce_ >= server_.settings_.calls) return close_busy();
        const unsigned times = server_.ledger_.entry(nonce_).received++;
        act(token == server_.token_ ? draw(times) : Fault::unauthorized);
    }

    Fault draw(unsigned times) {
        random_ =
            support::ChaosRandom{server_.settings_.seed + 1, (std::uint64_t{nonce_} << 8U) + times};
        if (nonce_ % 20'000 == 10'000 && times == 0) return Fault::revoked;
        std::uint64_t left = random_.below(1000);
        for (std::size_t i = 0; i != fault_table.size(); ++i) {
            if (left < fault_table[i].share) return static_cast<Fault>(i);
            left -= fault_table[i].share;
        }
        return Fault::none;
    }

    void act(Fault fault) {
        ++server_.ledger_.server_faults[static_cast<std::size_t>(fault)];
        switch (fault) {
            case Fault::none:
                execute();
                return answer(random_.below(20) == 0);
            case Fault::error_after:
                execute();
                [[fallthrough]];
            case Fault::error_before:
                return send("500 Internal Server Error", "oops");
            case Fault::unavailable_after:
                execute();
                [[fallthrough]];
            case Fault::unavailable_before:
                return send("503 Service Unavailable", "later");
            case Fault::throttled:
                return send("429 Too Many Requests", "slower");
            case Fault::wrong_id:
                execute();
                ++id_;
                nonce_ ^= 1U;
                return answer(false);
            case Fault::short_body:
            case Fault::short_chunk:
                execute();
                cut_short_ = true;
                return answer(fault == Fault::short_chunk);
            case Fault::close_announced:
                execute();
                closes_ = true;
                return send("200 OK", result(), "Connection: close\r\n");
            case Fault::slow:
                execute();
                return later(Ms{random_.below(30)}, [this] { answer(false); });
            case Fault::too_slow:
                execute();
                return later(server_.settings_.deadline + Ms{100}, [this] { answer(false); });
            case Fault::close_when_idle:
                execute();
                idle_ = Ms{random_.below(6)};
                return answer(false);
            case Fault::reset_after:
                execute();
                [[fallthrough]];
            case Fault::reset_before:
                return reset();
            case Fault::close_after:
                execute();
                [[fallthrough]];
            case Fault::close_before:
                return close_busy();
            case Fault::answer_twice:
                execute();
                twice_ = true;
                return answer(false);
            case Fault::execute_late:
                return later(Ms{random_.below(50)}, [this] {
                    execute();
                    answer(false);
                });
            case Fault::revoked:
                ++server_.token_;
                [[fallthrough]];
            case Fault::unauthorized:
                return send("401 Unauthorized", "", "WWW-Authenticate: Bearer\r\n");
            case Fault::count:
                break;
        }
    }

    void execute() { ++server_.ledger_.entry(nonce_).executed; }
    std::string result() const {
        return R"({"jsonrpc":"2.0","id":)" + std::to_string(id_) + R"(,"result":{"nonce":)" +
            std::to_string(nonce_) + "}}";
    }
    void give_token() {
        ++server_.ledger_.tokens;
        send(
            "200 OK",
            R"({"access_token":"token-)" + std::to_string(server_.token_) +
                R"(","token_type":"Bearer","expires_in":86400})");
    }

    void answer(bool chunked) {
        if (!chunked) return send("200 OK", result());
        const std::string body = result();
        std::array<char, 8> size{};
        std::to_chars(size.data(), size.data() + size.size(), body.size(), 16);
        output_ =
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
            "Transfer-Encoding: chunked\r\n\r\n";
        output_ += size.data();
        output_ += "\r\n" + body + "\r\n0\r\n\r\n";
        write();
    }
    void send(std::string_view status, std::string_view body, std::string_view headers = {}) {
        output_ = "HTTP/1.1 ";
        output_ += status;
        output_ += "\r\nContent-Type: application/json\r\n";
        output_ += headers;
        output_ += "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n";
        output_ += body;
        write();
    }
    void write() {
        if (std::exchange(twice_, false)) output_ += output_;
        if (std::exchange(cut_short_, false)) {
            output_.resize(output_.size() - 1 - random_.below(20));
            closes_ = true;
        }
        boost::asio::async_write(
            socket_,
            boost::asio::buffer(output_),
            [self = shared_from_this()](boost::system::error_code ec, std::size_t) {
                --self->server_.ledger_.busy;
                if (ec || self->closes_) return self->close();
                if (self->idle_.count() >= 0) self->close_after(std::exchange(self->idle_, Ms{-1}));
                self->take();
            });
    }

    template <class Work>
    void later(Ms time, Work work) {
        timer_.expires_after(time);
        timer_.async_wait([self = shared_from_this(), work](auto) { work(); });
    }
    /// Unless something comes before.
    void close_after(Ms time) {
        timer_.expires_after(time);
        timer_.async_wait([self = shared_from_this()](boost::system::error_code ec) {
            if (!ec) self->close();
        });
    }
    void reset() {
        boost::system::error_code ignored;
        socket_.set_option(boost::asio::socket_base::linger{true, 0}, ignored);
        close_busy();
    }
    void close_busy() {
        --server_.ledger_.busy;
        close();
    }
    void close() {
        boost::system::error_code ignored;
        timer_.cancel();
        socket_.close(ignored);
    }

    LedgerServer& server_;
    Socket socket_;
    boost::asio::steady_timer timer_;
    support::ChaosRandom random_{0};
    std::uint64_t id_ = 0;
    std::uint32_t nonce_ = 0;
    bool closes_ = false, twice_ = false, cut_short_ = false;
    Ms idle_{-1};
    std::string input_, output_;
    std::array<char, 4096> chunk_;
};

inline void LedgerServer::accept() {
    acceptor_.async_accept([this](boost::system::error_code ec, Socket socket) {
        if (!ec) {
            boost::system::error_code ignored;
            socket.set_option(boost::asio::ip::tcp::no_delay{true}, ignored);
            std::make_shared<Session>(*this, std::move(socket))->read();
        }
        accept();
    });
}

}  // namespace campaign

#endif  // CLARIFY_TESTS_CAMPAIGN_LEDGER_SERVER_HPP
