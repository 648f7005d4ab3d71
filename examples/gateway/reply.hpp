// SPDX-License-Identifier: BSL-1.0
// What passes between the HTTP side of the gateway and the side that knows Clarify.

#ifndef CLARIFY_GATEWAY_REPLY_HPP
#define CLARIFY_GATEWAY_REPLY_HPP

#include "memory.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <utility>

namespace gateway {

/// A whole request of a sender.
struct Request {
    explicit Request(Memory& all) : memory(all) {}

    std::string method;
    std::string target;
    std::string content_type;
    std::string body;
    /// What it holds of the memory for all. Whoever takes the body away may hold less.
    Memory::Share memory;
};

/// The answer to a request.
struct Reply {
    // A constructor, because g++ 12 destroys aggregates twice that are made in a `co_await`
    // expression.
    Reply(unsigned http_status, std::string text) : status(http_status), body(std::move(text)) {}

    unsigned status;
    std::string body;
    std::string content_type = "application/json";
    /// Sent as `Retry-After`.
    std::optional<std::chrono::seconds> retry_after;
    /// Sent as `Allow`, where it is not empty.
    std::string allow;
    /// Sent as `WWW-Authenticate`, where it is not empty.
    std::string authenticate;
};

/// Answers one request, which lives until the answer is there, and may be taken apart. It runs on the
/// session's strand, so the handlers of several sessions run at the same time.
using Handler = std::function<boost::asio::awaitable<Reply>(Request&)>;

}  // namespace gateway

#endif  // CLARIFY_GATEWAY_REPLY_HPP
