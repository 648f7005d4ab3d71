// SPDX-License-Identifier: BSL-1.0
// Calls through CurlBackend: as a client does, and by the exchange.

#ifndef CLARIFY_TESTS_INTEGRATION_CURL_CALLER_HPP
#define CLARIFY_TESTS_INTEGRATION_CURL_CALLER_HPP

#include <clarify/auth/no_auth.hpp>
#include <clarify/http/curl_backend.hpp>
#include <clarify/rpc_client.hpp>

#include "../support/raw_server.hpp"
#include "../support/run.hpp"
#include "../support/text_codec.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <filesystem>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace support {

using CurlClient = clarify::RpcClient<clarify::CurlBackend, clarify::NoAuth, TextCodec>;
using Outcome = clarify::Result<std::string>;

inline clarify::ClientOptions quick_options() {
    clarify::ClientOptions options;
    options.call_timeout = std::chrono::seconds{10};
    options.retry.base = std::chrono::milliseconds{1};
    return options;
}

/// A client with a context of its own.
struct CurlCaller {
    explicit CurlCaller(const RawServer& server, clarify::ClientOptions options = quick_options())
        : CurlCaller(server.origin() + "/v1/rpc", std::move(options)) {}
    explicit CurlCaller(const std::string& url, clarify::ClientOptions options = quick_options())
        : client(
              context.get_executor(),
              *clarify::Url::parse(url),
              clarify::CurlBackend{options.http},
              clarify::NoAuth{},
              options) {}

    Outcome call(clarify::CallOptions options = {}) {
        return run(context, client.call("test.method", "{}", std::move(options)));
    }
    Outcome idempotent_call() {
        clarify::CallOptions options;
        options.idempotent = true;
        return call(options);
    }

    boost::asio::io_context context;
    CurlClient client;
};

/// A backend without a client, and exchanges that can be looked at while they are under way.
struct CurlPost {
    CurlPost(clarify::CurlBackend& backend, const std::string& url, std::string body = "{}")
        : backend_(backend), url_(*clarify::Url::parse(url)), body_(std::move(body)) {
        request.url = &url_;
        request.body = body_;
    }

    clarify::Result<void> run(boost::asio::io_context& context) {
        request.headers = headers;
        return support::run(context, backend_.post(request, response, progress));
    }
    /// Begins the exchange; `result` is there when it has ended.
    void start(boost::asio::io_context& context) {
        request.headers = headers;
        boost::asio::co_spawn(
            context,
            backend_.post(request, response, progress),
            boost::asio::bind_cancellation_slot(
                cancel.slot(), [this](std::exception_ptr error, clarify::Result<void> outcome) {
                    thrown = error != nullptr;
                    result.emplace(std::move(outcome));
                }));
    }
    /// Runs the context until the exchange is in `phase`, or has ended.
    void reach(boost::asio::io_context& context, clarify::Phase phase) {
        run_until(context, [&] { return result || progress.phase == phase; });
    }
    void finish(boost::asio::io_context& context) {
        run_until(context, [&] { return result.has_value(); });
    }
    template <class Condition>
    static void run_until(boost::asio::io_context& context, Condition condition) {
        context.restart();
        const auto until = std::chrono::steady_clock::now() + patience;
        while (!condition() && std::chrono::steady_clock::now() < until)
            context.run_one_for(std::chrono::milliseconds{100});
    }

    std::vector<clarify::HeaderView> headers;
    clarify::HttpRequest request;
    clarify::HttpResponse response;
    clarify::HttpProgress progress;
    boost::asio::cancellation_signal cancel;
    std::optional<clarify::Result<void>> result;
    bool thrown = false;

private:
    clarify::CurlBackend& backend_;
    clarify::Url url_;
    std::string body_;
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

/// The descriptors that this process has open.
inline std::ptrdiff_t open_descriptors() {
    return std::distance(std::filesystem::directory_iterator{"/proc/self/fd"}, {});
}

}  // namespace support

#endif  // CLARIFY_TESTS_INTEGRATION_CURL_CALLER_HPP
