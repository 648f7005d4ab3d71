// SPDX-License-Identifier: BSL-1.0
// Whole sessions with a hostile server: every call ends once and in time, tells its fate truly, gets
// nobody else's result, and is executed at most once; a doubtful connection serves no more.

#include <clarify/core/detail/json_scan.hpp>

#include "session.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/json/object.hpp>

#include <algorithm>
#include <utility>

namespace fuzz {
namespace {

using namespace std::chrono_literals;
using clarify::Errc;
using clarify::Error;
using clarify::Fate;
using clarify::detail::JsonKind;
using clarify::detail::JsonScanner;
using clarify::detail::key_is;
using clarify::detail::RawJson;

constexpr std::string_view poison = "nonce-poison";
constexpr std::string_view secret = "canary-secret";
constexpr std::string_view token_prefix = "canary-token-";

/// The server's side of one connection.
class Peer : public std::enable_shared_from_this<Peer> {
public:
    Peer(Session& session, support::MemorySocket socket)
        : session_(session), socket_(std::move(socket)) {}

    void read() {
        socket_.async_read_some(
            boost::asio::buffer(room_),
            [self = shared_from_this()](boost::system::error_code ec, std::size_t size) {
                if (ec) return;
                self->input_.append(self->room_, size);
                self->take_requests();
                self->read();
            });
    }

private:
    void take_requests() {
        const std::size_t end = input_.find("\r\n\r\n");
        if (end == std::string::npos) return;
        SessionRequest request;
        request.head = input_.substr(0, end + 2);
        const std::size_t length = check_head(request.head);
        if (input_.size() < end + 4 + length) return;
        require(!busy_, "one request at a time");
        require(!doubtful_, "a connection in doubt is not used again");
        request.body = input_.substr(end + 4, length);
        input_.erase(0, end + 4 + length);
        require(input_.empty(), "nothing follows a request before its answer");
        busy_ = true;
        const std::optional<SessionReply> reply = session_.answer(request, previous_);
        if (!reply) return;
        if (reply->delay == 0ms) return send(*reply);
        session_.clock().set_alarm(
            session_.clock().now() + reply->delay,
            [self = shared_from_this(), reply = *reply] { self->send(reply); });
    }

    static std::size_t check_head(const std::string& head) {
        require(head.starts_with("POST /"), "a request is a POST");
        require(head.find(" HTTP/1.1\r\nHost: localhost\r\n") != std::string::npos, "of HTTP/1.1");
        const std::size_t at = head.find("Content-Length: ");
        require(at != std::string::npos, "a request has a length");
        require(head.find("Content-Length: ", at + 1) == std::string::npos, "and only one");
        require(head.find("Transfer-Encoding") == std::string::npos, "and no other framing");
        return std::stoul(head.substr(at + 16));
    }

    void send(const SessionReply& reply) {
        boost::system::error_code ec;
        std::string_view rest = reply.bytes;
        while (!rest.empty() && !ec) {
            const std::size_t size =
                socket_.write_some(boost::asio::buffer(rest.data(), rest.size()), ec);
            rest.remove_prefix(std::min(size, rest.size()));
        }
        busy_ = false;
        doubtful_ = doubtful_ || !reply.clean || reply.close;
        if (reply.close) socket_.close();
    }

    Session& session_;
    support::MemorySocket socket_;
    char room_[4096];
    std::string input_;
    /// The reply to the request before, which a confused server might send once more.
    std::string previous_;
    bool busy_ = false;
    bool doubtful_ = false;
};

SessionRequest& read_body(SessionRequest& request) {
    JsonScanner scanner{request.body};
    scanner.object([&](std::string_view key, JsonScanner& at) {
        const RawJson value = at.value();
        if (key_is(key, "id")) request.id = value.text;
    });
    require(scanner.ok(), "a request is JSON");
    const std::size_t at = request.body.find("nonce-");
    require(at != std::string::npos, "a request has what the caller gave");
    request.nonce = request.body.substr(at, request.body.find('"', at) - at);
    require(request.body.find("canary") == std::string::npos, "credentials are in no request body");
    return request;
}

}  // namespace

Session::Session(std::string_view script) : script_(script) {
    const auto address = boost::asio::ip::make_address("127.0.0.1");
    net_.name("localhost", {address});
    net_.listen({address, 80}, [this](support::MemorySocket socket) {
        std::make_shared<Peer>(*this, std::move(socket))->read();
    });
    make_client();
}

void Session::make_client() {
    clarify::ClientOptions options;
    options.clock = clock_;
    options.first_id = 1;
    const unsigned flags = script_.byte();
    options.http.max_connections = 1 + flags % 3;
    if ((flags & 4U) != 0) options.max_response_body = 200;
    if ((flags & 8U) != 0) options.http.max_response_head = 256;
    if ((flags & 16U) != 0) net_.set_segment(1 + script_.below(40));
    if ((flags & 32U) != 0) options.retry.attempts = 1 + script_.below(4);
    const clarify::Url token = clarify::Url::parse("http://localhost/token").value();
    clarify::ClientCredentialsConfig config{token, "id", clarify::Secret{std::string{secret}}};
    client_.emplace(
        context_.get_executor(),
        clarify::Url::parse("http://localhost/rpc").value(),
        Backend{options.http},
        clarify::ClientCredentials{std::move(config)},
        options);
}

void Session::play() {
    for (int i = 0; i != 40 && !script_.empty(); ++i)
        act();
    clock_->run(context_);
    for (const auto& call : calls_)
        check(*call);
    client_.reset();
    clock_->run(context_);
    require(net_.open() == 0, "no connection outlives the client");
    for (const auto& call : calls_)
        require(call->completions == 1, "a call ends once, also when the client has gone");
}

void Session::act() {
    constexpr std::chrono::milliseconds spans[] = {0ms, 1ms, 50ms, 1s, 29s, 31s, 2min, 1h};
    switch (script_.below(12)) {
        case 0:
            clock_->run(context_);
            break;
        case 1:
            clock_->run_for(context_, spans[script_.below(std::size(spans))]);
            break;
        case 2:
            context_.restart();
            for (unsigned left = script_.below(32); left != 0 && context_.poll_one() != 0; --left) {
            }
            break;
        case 3: {
            constexpr boost::asio::cancellation_type types[] = {
                boost::asio::cancellation_type::terminal,
                boost::asio::cancellation_type::partial,
                boost::asio::cancellation_type::total};
            if (calls_.empty()) break;
            const auto call = calls_[script_.below(static_cast<unsigned>(calls_.size()))];
            call->signal.emit(types[script_.below(3)]);
            break;
        }
        case 4:
            trouble_network();
            break;
        case 5:
            if (script_.below(8) != 7) break;
            client_->close();
            closed_ = true;
            break;
        default:
            if (calls_.size() < 12) start_call();
    }
}

void Session::start_call() {
    constexpr std::chrono::milliseconds timeouts[] = {30s, 10ms, 1s, 10s, 2min};
    const unsigned flags = script_.byte();
    auto call = std::make_shared<SessionCall>();
    call->nonce = "nonce-" + std::to_string(calls_.size() + 1) + '-';
    call->idempotent = (flags & 1U) != 0;
    call->notification = (flags & 6U) == 6;
    clarify::CallOptions options{timeouts[flags / 8 % std::size(timeouts)]};
    options.idempotent = call->idempotent;
    call->deadline = clock_->now() + *options.timeout;
    calls_.push_back(call);
    boost::json::object params;
    params["value"] = call->nonce;
    const auto end = [this, call](clarify::Result<boost::json::value> outcome) {
        ++call->completions;
        call->ended = clock_->now();
        call->outcome.emplace(std::move(outcome));
    };
    if (call->notification) {
        client_->async_notify(
            "test.echo",
            params,
            std::move(options),
            boost::asio::bind_cancellation_slot(
                call->signal.slot(), [end](clarify::Result<void> outcome) {
                    using Value = clarify::Result<boost::json::value>;
                    end(outcome ? Value{boost::json::value{}} : Value{outcome.error()});
                }));
    } else {
        client_->async_call(
            "test.echo",
            params,
            std::move(options),
            boost::asio::bind_cancellation_slot(call->signal.slot(), end));
    }
    require(call->completions == 0, "a call never ends inside the function that starts it");
}

void Session::trouble_network() {
    const boost::system::error_code errors[] = {
        boost::asio::error::connection_reset,
        boost::asio::error::eof,
        boost::asio::error::broken_pipe,
        boost::asio::error::timed_out,
        boost::asio::error::connection_refused,
        boost::asio::error::no_descriptors};
    const support::MemoryEndpoint endpoint{boost::asio::ip::make_address("127.0.0.1"), 80};
    const unsigned kind = script_.below(5);
    const boost::system::error_code error = errors[script_.below(std::size(errors))];
    switch (kind) {
        case 0:
            net_.heal_connect(endpoint);
            net_.heal();
            break;
        case 1:
            net_.fail_step(net_.steps() + 1 + script_.below(8), error);
            break;
        case 2:
            net_.cut_next(false, script_.byte() * 2, error);
            break;
        case 3:
            net_.cut_next(true, script_.byte(), error);
            break;
        default:
            net_.fail_connect(endpoint, script_.flag() ? error : boost::system::error_code{});
    }
}

void Session::check(const SessionCall& call) const {
    require(call.completions == 1, "a call ends once");
    require(call.ended <= call.deadline + 50ms, "a call ends by its deadline");
    const auto found = ledger_.find(call.nonce);
    const Ledger ledger = found == ledger_.end() ? Ledger{} : found->second;
    if (!call.idempotent) require(ledger.executed <= 1, "what may not be repeated is not");
    require(ledger.seen <= 8, "no call is repeated without end");
    if (*call.outcome) {
        require(ledger.seen != 0, "a call that succeeds was sent");
        if (call.notification) return;
        const boost::json::value& value = **call.outcome;
        if (!value.is_string()) return;
        const std::string_view text{value.get_string().data(), value.get_string().size()};
        if (text.starts_with("nonce-")) {
            require(text == call.nonce, "no call gets the result of another");
        }
        return;
    }
    const Error& error = call.outcome->error();
    require(error.code() != Errc::internal, "nothing that a peer does is an internal error");
    if (error.fate() == Fate::unsent) {
        require(ledger.executed == 0, "what is called unsent was not executed");
        require(ledger.seen == ledger.refused, "what is called unsent was not seen, or refused");
    }
    if (ledger.seen != 0 && ledger.refused == 0) {
        require(error.attempts() != 0, "what the server saw was attempted");
    }
    const std::string text = error.to_string();
    require(text.find("canary") == std::string::npos, "no error shows credentials");
    require(
        std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; }),
        "the text of an error is printable");
}

std::optional<SessionReply> Session::answer(const SessionRequest& got, std::string& previous) {
    SessionRequest request = got;
    if (request.head.starts_with("POST /token ")) return token_reply();
    require(request.head.starts_with("POST /rpc "), "calls go to the endpoint");
    require(
        request.head.find("Authorization: Bearer " + std::string{token_prefix}) !=
            std::string::npos,
        "calls carry the token");
    read_body(request);
    Ledger& ledger = ledger_[request.nonce];
    ++ledger.seen;
    if (const auto id = clarify::detail::json_integer(request.id)) {
        last_id_ = std::max(last_id_, *id);
    }
    const unsigned plan = script_.below(8);
    // It may do nothing, for ever, with or without having executed the call.
    if (plan == 7) {
        ledger.executed += script_.flag() ? 0 : 1;
        return std::nullopt;
    }
    if (plan < 3) {
        ++ledger.executed;
        SessionReply reply;
        bool other = false;
        const std::string body = request.id.empty() ? "" : body_for(0, request, previous, other);
        reply.bytes = frame(reply, 200, body);
        previous = reply.bytes;
        return reply;
    }
    return hostile_reply(request, previous);
}

SessionReply Session::token_reply() {
    SessionReply reply;
    const std::string token = std::string{token_prefix} + std::to_string(++tokens_);
    const unsigned plan = script_.below(16);
    if (plan == 15) {
        const unsigned status = script_.flag() ? 401 : 503;
        reply.bytes = frame(reply, status, R"({"error":"invalid_client"})");
    } else if (plan == 14) {
        reply.bytes = script_.text(script_.below(40));
        reply.close = true;
    } else if (plan == 13) {
        reply.delay = 20s;
    }
    if (!reply.bytes.empty()) return reply;
    const std::string life = plan == 12 ? "1" : "3600";
    reply.bytes = frame(
        reply,
        200,
        R"({"token_type":"Bearer","access_token":")" + token + R"(","expires_in":)" + life + '}');
    return reply;
}

std::string Session::body_for(
    unsigned kind, const SessionRequest& request, const std::string& previous, bool& other) {
    const std::string id = request.id.empty() ? "null" : request.id;
    const auto result = [](const std::string& its_id, const std::string& value) {
        return R"({"jsonrpc":"2.0","id":)" + its_id + R"(,"result":")" + value + R"("})";
    };
    other = kind == 1 || kind == 2;
    switch (kind) {
        case 1:
            return result(std::to_string(last_id_ + 1), std::string{poison});
        case 2:
            return result("\"" + id + "\"", std::string{poison});
        case 3: {
            constexpr std::string_view codes[] = {"-32015", "-32603", "-32600", "1e9", "\"x\""};
            return R"({"jsonrpc":"2.0","id":)" + id + R"(,"error":{"code":)" +
                std::string{codes[script_.below(std::size(codes))]} + R"(,"message":"\u0007"}})";
        }
        case 4:
            return R"({"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"?"}})";
        case 5:
            return "<html>canary-token-1</html>";
        case 6:
            return {};
        case 7:
            return '[' + result(id, request.nonce) + ']';
        case 8: {
            std::string text{script_.text(script_.below(64))};
            // What it makes up must not look like another call's result.
            for (std::size_t at = text.find("nonce-"); at != std::string::npos;
                 at = text.find("nonce-"))
                text[at] = 'N';
            return text;
        }
        case 9:
            // A whole reply within a reply, for whoever loses count.
            return previous;
        default:
            return result(id, request.nonce);
    }
}

std::string Session::frame(SessionReply& reply, unsigned status, const std::string& body) {
    const std::string line = "HTTP/1.1 " + std::to_string(status) + " x\r\n";
    if (body.empty() && status == 200) return "HTTP/1.1 204 x\r\n\r\n";
    reply.clean = reply.clean && status != 204 && status != 304;
    return line +
        "Content-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
        "\r\n\r\n" + body;
}

SessionReply Session::hostile_reply(const SessionRequest& request, const std::string& previous) {
    constexpr unsigned statuses[] = {200, 200, 200, 200, 201, 204, 205, 206, 301,
                                     304, 400, 401, 403, 404, 408, 413, 421, 429,
                                     500, 501, 502, 503, 504, 100, 101, 600, 99};
    constexpr std::string_view more[] = {
        "",
        "Connection: close\r\n",
        "Keep-Alive: timeout=2\r\n",
        "Retry-After: 1\r\n",
        "Retry-After: 99999999999999999999\r\n",
        "Content-Type: text/html\r\n",
        "Content-Encoding: gzip\r\n",
        "WWW-Authenticate: Bearer realm=\"canary\"\r\n",
        "Location: https://evil.example/canary\r\n",
        "X: \x01\r\n",
        "Transfer-Encoding: gzip, chunked\r\n",
        "Content-Length: 5\r\n"};
    SessionReply reply;
    Ledger& ledger = ledger_[request.nonce];
    const unsigned status = statuses[script_.below(std::size(statuses))];
    const bool refused = status == 401 || status == 421 || status == 429;
    if (refused) {
        ++ledger.refused;
    } else {
        ledger.executed += script_.flag() ? 0 : 1;
    }
    bool other = false;
    const std::string body = body_for(script_.below(12), request, previous, other);
    const std::size_t field = script_.below(std::size(more));
    const bool html = field == 5;
    // A reply to another call ends the trust in a connection, where it is read at all.
    reply.clean = !other || request.id.empty() || html || status / 100 != 2;
    if (field == 1 || field == 6 || field >= 9) reply.clean = false;

    const bool old = script_.below(8) == 7;
    std::string bytes = old ? "HTTP/1.0 " : "HTTP/1.1 ";
    if (old) reply.clean = false;
    bytes += (status == 99 ? "099" : std::to_string(status)) + " x\r\n" + std::string{more[field]};
    if (!html) bytes += "Content-Type: application/json\r\n";
    const bool bodiless = status == 204 || status == 304 || status < 200;
    if (status < 200 || status > 599) reply.clean = false;
    switch (script_.below(10)) {
        case 1: {
            bytes += "Transfer-Encoding: chunked\r\n\r\n";
            constexpr std::string_view digits = "0123456789abcdef";
            for (std::size_t at = 0; at < body.size(); at += 9) {
                const std::string part = body.substr(at, 9);
                bytes += digits[part.size()];
                bytes += "\r\n" + part + "\r\n";
            }
            bytes += "0\r\n\r\n";
            if (bodiless) reply.clean = false;
            break;
        }
        case 2:
            reply.clean = false;
            reply.close = true;
            bytes += "\r\n" + body;
            break;
        case 3:
            reply.clean = false;
            bytes += "Content-Length: " + std::to_string(body.size() + 1 + script_.byte()) +
                "\r\n\r\n" + body;
            break;
        case 4:
            if (!body.empty()) reply.clean = false;
            bytes += "Content-Length: " + std::to_string(body.size() / 2) + "\r\n\r\n" + body;
            break;
        case 5:
            reply.clean = false;
            bytes +=
                "Transfer-Encoding: chunked\r\nContent-Length: " + std::to_string(body.size()) +
                "\r\n\r\n0\r\n\r\n" + body;
            break;
        default:
            if (bodiless && !body.empty()) reply.clean = false;
            bytes += "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
    }
    switch (script_.below(8)) {
        case 1: {
            // What belongs to no request, but fits the next one.
            reply.clean = false;
            SessionRequest next;
            next.id = std::to_string(last_id_ + 1);
            next.nonce = poison;
            bool unused = false;
            SessionReply behind;
            bytes += frame(behind, 200, body_for(0, next, previous, unused));
            break;
        }
        case 2:
            reply.clean = false;
            bytes.resize(std::min<std::size_t>(bytes.size(), 4 * script_.byte()));
            reply.close = script_.flag();
            break;
        case 3: {
            std::string before;
            for (unsigned left = script_.below(12); left != 0; --left)
                before +=
                    left % 2 != 0 ? "HTTP/1.1 100 x\r\n\r\n" : "HTTP/1.1 103 x\r\nA: b\r\n\r\n";
            bytes = before + bytes;
            break;
        }
        case 4:
            reply.delay = std::chrono::milliseconds{script_.byte() * 100};
            break;
        case 5:
            reply.close = true;
            break;
        default:
            break;
    }
    reply.bytes = std::move(bytes);
    return reply;
}

namespace {

const Target target{"session", [](std::string_view input) {
                        Session session{input};
                        session.play();
                    }};

}  // namespace
}  // namespace fuzz
