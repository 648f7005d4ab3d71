// SPDX-License-Identifier: BSL-1.0
// A client with any of the backends for a scripted peer, and what peers of all tests say.

#ifndef CLARIFY_TESTS_INTEGRATION_CALLER_HPP
#define CLARIFY_TESTS_INTEGRATION_CALLER_HPP

#include <clarify/auth/no_auth.hpp>
#include <clarify/rpc_client.hpp>

#include "../support/raw_server.hpp"
#include "../support/run.hpp"
#include "../support/text_codec.hpp"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <string>
#include <string_view>
#include <utility>

namespace support {

using Outcome = clarify::Result<std::string>;

inline clarify::ClientOptions quick_options() {
    clarify::ClientOptions options;
    options.call_timeout = std::chrono::seconds{10};
    options.retry.base = std::chrono::milliseconds{1};
    // So that a forged reply may guess the id of the call that follows.
    options.first_id = 1;
    return options;
}

/// A client with a context of its own.
template <class Backend>
struct BasicCaller {
    using Client = clarify::RpcClient<Backend, clarify::NoAuth, TextCodec>;

    explicit BasicCaller(const RawServer& server, clarify::ClientOptions options = quick_options())
        : BasicCaller(server.origin() + "/v1/rpc", std::move(options)) {}
    explicit BasicCaller(const std::string& url, clarify::ClientOptions options = quick_options())
        : client(
              context.get_executor(),
              *clarify::Url::parse(url),
              Backend{options.http},
              clarify::NoAuth{},
              options) {}

    Outcome call(clarify::CallOptions options = {}, std::string method = "test.method") {
        return run(context, client.call(method, "{}", std::move(options)));
    }
    Outcome idempotent_call() {
        clarify::CallOptions options;
        options.idempotent = true;
        return call(options);
    }
    clarify::Result<void> notify() { return run(context, client.notify("test.method", "{}")); }

    boost::asio::io_context context;
    Client client;
};

/// A reply with a length.
inline std::string with_body(
    std::string_view status, std::string_view headers, std::string_view body) {
    std::string out = "HTTP/1.1 ";
    out += status;
    out += "\r\n";
    out += headers;
    out += "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n";
    out += body;
    return out;
}

/// A server that answers the first request of every connection with these bytes and then ends its
/// side.
inline RawServer::Script send_bytes(std::string bytes) {
    return [bytes = std::move(bytes)](RawPeer& peer) {
        if (!peer.read()) return;
        peer.send(bytes);
        peer.finish_sending();
        peer.drain();
    };
}

}  // namespace support

#endif  // CLARIFY_TESTS_INTEGRATION_CALLER_HPP
