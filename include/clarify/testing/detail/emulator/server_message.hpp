// SPDX-License-Identifier: BSL-1.0
// Requests and replies between the emulator's HTTP server and its endpoints.

#ifndef CLARIFY_TESTING_DETAIL_EMULATOR_SERVER_MESSAGE_HPP
#define CLARIFY_TESTING_DETAIL_EMULATOR_SERVER_MESSAGE_HPP

#include <boost/beast/http/message.hpp>
#include <boost/beast/http/status.hpp>
#include <boost/beast/http/string_body.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clarify::testing::detail {

/// What an endpoint is asked: a request as Beast parsed it.
using ServerRequest = boost::beast::http::request<boost::beast::http::string_body>;

/// What an endpoint answers.
struct ServerReply {
    ServerReply() = default;
    ServerReply(unsigned status_code, std::string media_type, std::string text)
        : status(status_code), body(std::move(text)) {
        add_header("Content-Type", std::move(media_type));
    }

    void add_header(std::string name, std::string value) {
        headers.emplace_back(std::move(name), std::move(value));
    }

    /// How the bytes get to the peer; `none` resets the connection instead.
    enum class Sending { at_once, byte_by_byte, none };

    unsigned status = 204;
    /// In the order in which they are sent; without those that say where the reply ends.
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;
    /// How much later it is to be sent.
    std::chrono::microseconds delay{0};
    Sending sending = Sending::at_once;
    /// How many of its bytes are sent at most, the head among them; then the connection ends.
    std::size_t most_bytes = SIZE_MAX;
};

inline ServerReply text_reply(unsigned status, std::string text) {
    return ServerReply(status, "text/plain; charset=utf-8", std::move(text));
}

inline ServerReply json_reply(unsigned status, std::string text) {
    return ServerReply(status, "application/json", std::move(text));
}

/// The bytes of a reply. One to HEAD has no body, and says how long it would be.
inline std::string serialize(const ServerReply& reply, bool keep_alive, bool is_head) {
    namespace http = boost::beast::http;
    const http::status status = http::int_to_status(reply.status);
    std::string out = "HTTP/1.1 " + std::to_string(reply.status) + " ";
    out += http::obsolete_reason(status);
    out += "\r\n";
    for (const auto& [name, value] : reply.headers)
        out += name + ": " + value + "\r\n";
    if (!keep_alive) out += "Connection: close\r\n";
    if (reply.status != 204 && reply.status != 304 && reply.status >= 200)
        out += "Content-Length: " + std::to_string(reply.body.size()) + "\r\n";
    out += "\r\n";
    if (!is_head && reply.status != 204 && reply.status != 304) out += reply.body;
    return out;
}

}  // namespace clarify::testing::detail

#endif  // CLARIFY_TESTING_DETAIL_EMULATOR_SERVER_MESSAGE_HPP
