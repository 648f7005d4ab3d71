// SPDX-License-Identifier: BSL-1.0
// Requests and responses between the emulator's HTTP server and its endpoints.

#ifndef CLARIFY_TESTING_DETAIL_EMULATOR_SERVER_MESSAGE_HPP
#define CLARIFY_TESTING_DETAIL_EMULATOR_SERVER_MESSAGE_HPP

#include <boost/beast/http/message.hpp>
#include <boost/beast/http/status.hpp>
#include <boost/beast/http/string_body.hpp>

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clarify::testing::detail {

using ServerRequest = boost::beast::http::request<boost::beast::http::string_body>;

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
    /// Without those of framing.
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;
    /// To be sent so much later.
    std::chrono::microseconds delay{0};
    Sending sending = Sending::at_once;
};

inline ServerReply text_reply(unsigned status, std::string text) {
    return ServerReply(status, "text/plain; charset=utf-8", std::move(text));
}

inline ServerReply json_reply(unsigned status, std::string text) {
    return ServerReply(status, "application/json", std::move(text));
}

/// The bytes of a response. One to HEAD has no body, and says how long it would be.
inline std::string serialize(const ServerReply& response, bool keep_alive, bool is_head) {
    namespace http = boost::beast::http;
    const http::status status = http::int_to_status(response.status);
    std::string out = "HTTP/1.1 " + std::to_string(response.status) + " ";
    out += http::obsolete_reason(status);
    out += "\r\n";
    for (const auto& [name, value] : response.headers)
        out += name + ": " + value + "\r\n";
    if (!keep_alive) out += "Connection: close\r\n";
    if (response.status != 204 && response.status != 304 && response.status >= 200)
        out += "Content-Length: " + std::to_string(response.body.size()) + "\r\n";
    out += "\r\n";
    if (!is_head && response.status != 204 && response.status != 304) out += response.body;
    return out;
}

}  // namespace clarify::testing::detail

#endif  // CLARIFY_TESTING_DETAIL_EMULATOR_SERVER_MESSAGE_HPP
