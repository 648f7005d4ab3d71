// SPDX-License-Identifier: BSL-1.0
// What the servers of the soak answer: mostly what was asked for.

#ifndef CLARIFY_TESTS_SOAK_SERVER_HPP
#define CLARIFY_TESTS_SOAK_SERVER_HPP

#include "../support/memory_server.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>

namespace soak {

/** Answers requests for tokens, and calls with the number in their params; some with a fault.

    Of a token it says that it lives for `life` seconds. `patient`: may failures ask for seconds of
    patience? That is for a clock that is set by hand.
*/
class Server {
public:
    Server(std::uint64_t seed, unsigned life, bool patient)
        : random_(seed), life_(life), patient_(patient) {}

    /// Empty where the connection is to end without an answer.
    std::string answer(const support::MemoryServer::RawRequest& request) {
        if (request.head.starts_with("POST /token")) return give_token();
        if (request.header("authorization").value_or("") != "Bearer " + token()) return rejected();
        const std::string id = request.id();
        const std::string number = number_in(request.body);
        const auto right = [&](const std::string& padding = {}) {
            return support::rpc_response(
                id, R"({"n":)" + number + R"(,"padding":")" + padding + "\"}");
        };
        switch (draw()) {
            case Fault::none:
                return support::http_reply(right());
            case Fault::chunks:
                return support::chunked_reply(right());
            case Fault::large:
                return support::http_reply(right(std::string(20'000, 'x')));
            case Fault::last:
                return support::http_reply(right(), "Connection: close\r\n");
            case Fault::gone:
                return {};
            case Fault::unavailable:
                return status("503 Service Unavailable");
            case Fault::broken:
                return status("500 Internal Server Error");
            case Fault::throttled:
                return status("429 Too Many Requests", patient_ ? "Retry-After: 1\r\n" : "");
            case Fault::refused:
                return support::http_reply(
                    R"({"jsonrpc":"2.0","id":)" + id +
                    R"(,"error":{"code":-32602,"message":"no","data":{"x":["y"]}}})");
            case Fault::other_id:
                return support::http_reply(support::rpc_response("0", "1"));
            case Fault::no_json:
                return support::http_reply("<html>");
            case Fault::silent:
                return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                       "Content-Length: 100\r\n\r\n{";
            case Fault::revoked:
                ++token_;
                return rejected();
        }
        return {};
    }

    std::uint64_t tokens() const noexcept { return tokens_; }
    std::uint64_t requests() const noexcept { return requests_; }

private:
    enum class Fault {
        none,
        chunks,
        large,
        last,
        gone,
        unavailable,
        broken,
        throttled,
        refused,
        other_id,
        no_json,
        silent,
        revoked,
    };

    Fault draw() {
        // What is kept for the next call is as large as it ever gets from early on.
        if (++requests_ <= 1'000) return Fault::large;
        // In ten thousand requests.
        struct Row {
            Fault fault;
            unsigned share;
        };
        static constexpr std::array<Row, 12> table{{
            {Fault::chunks, 1'000},
            {Fault::large, 50},
            {Fault::last, 40},
            {Fault::gone, 40},
            {Fault::unavailable, 100},
            {Fault::broken, 50},
            {Fault::throttled, 30},
            {Fault::refused, 200},
            {Fault::other_id, 20},
            {Fault::no_json, 20},
            {Fault::silent, 5},
            {Fault::revoked, 5},
        }};
        auto left = static_cast<unsigned>(random_() % 10'000);
        for (const Row& row : table) {
            if (left < row.share) return row.fault;
            left -= row.share;
        }
        return Fault::none;
    }

    std::string token() const { return "token-" + std::to_string(token_); }
    std::string give_token() {
        ++tokens_;
        if (patient_ && random_() % 4 == 0) return status("503 Service Unavailable");
        ++token_;
        return support::http_reply(
            R"({"access_token":")" + token() + R"(","token_type":"Bearer","expires_in":)" +
            std::to_string(life_) + "}");
    }
    static std::string status(const std::string& line, const std::string& fields = {}) {
        return "HTTP/1.1 " + line + "\r\n" + fields + "Content-Length: 4\r\n\r\noops";
    }
    static std::string rejected() {
        return status("401 Unauthorized", "WWW-Authenticate: Bearer\r\n");
    }
    static std::string number_in(const std::string& body) {
        constexpr std::string_view key = R"("n":)";
        const std::size_t at = body.find(key) + key.size();
        return body.substr(at, body.find_first_not_of("0123456789", at) - at);
    }

    std::mt19937_64 random_;
    unsigned life_;
    bool patient_;
    std::uint64_t token_ = 0;
    std::uint64_t tokens_ = 0;
    std::uint64_t requests_ = 0;
};

}  // namespace soak

#endif  // CLARIFY_TESTS_SOAK_SERVER_HPP
