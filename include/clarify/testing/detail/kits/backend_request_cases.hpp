// SPDX-License-Identifier: BSL-1.0
// The cases about the request on the wire.

#ifndef CLARIFY_TESTING_DETAIL_KITS_BACKEND_REQUEST_CASES_HPP
#define CLARIFY_TESTING_DETAIL_KITS_BACKEND_REQUEST_CASES_HPP

#include <clarify/core/detail/text.hpp>
#include <clarify/testing/detail/kits/backend_bench.hpp>
#include <clarify/testing/detail/kits/backend_scripts.hpp>

#include <boost/system/system_error.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clarify::testing::detail::backend_cases {

/// The values of all fields of this name, which is in lower case.
inline std::vector<std::string> values_of(const RawRequest& request, std::string_view name) {
    std::vector<std::string> out;
    for (auto& [field, value] : request.fields()) {
        if (field == name) out.push_back(std::move(value));
    }
    return out;
}

inline void expect_field(
    BackendCheck& check, const RawRequest& request, std::string_view name, std::string_view value) {
    const std::vector<std::string> values = values_of(request, name);
    const std::string field{name};
    if (values.size() != 1) {
        check.problem(field + " was sent " + std::to_string(values.size()) + " times");
    } else {
        check.expect(
            values.front() == value,
            field + " is '" + values.front() + "' instead of '" + std::string{value} + '\'');
    }
}

/// The one request that a server got; nothing, and a problem, where it got none or several.
inline std::optional<RawRequest> one_request(BackendCheck& check, const RawServer& server) {
    const auto requests = server.ledger().requests();
    if (!check.expect(
            requests.size() == 1,
            "the server got " + std::to_string(requests.size()) + " requests instead of 1"))
        return std::nullopt;
    return requests.front().request;
}

inline void request_target(BackendCheck& check) {
    BackendServer server{check, echo};
    BackendBench bench{check};
    bench.expect_success(bench.post(server.origin() + "/v1/rpc;a=b%20c/~x/"), 200, "{}");
    const auto request = one_request(check, server);
    if (!request) return;
    const std::string line = request->head.substr(0, request->head.find("\r\n"));
    check.expect(
        line.starts_with("POST /v1/rpc;a=b%20c/~x/ HTTP/1."),
        "the request line is '" + line + '\'');
}

inline void request_framing(BackendCheck& check) {
    BackendServer server{check, echo};
    BackendBench bench{check};
    const std::string body = "twenty bytes of text";
    bench.expect_success(bench.post(server.origin(), body), 200, body);
    const auto request = one_request(check, server);
    if (!request) return;
    expect_field(check, *request, "host", "127.0.0.1:" + std::to_string(server.port()));
    expect_field(check, *request, "content-length", "20");
    check.expect(
        values_of(*request, "transfer-encoding").empty(), "a transfer encoding was announced");
}

inline void request_address_6(BackendCheck& check) {
    std::optional<BackendServer> server;
    try {
        server.emplace(check, echo, "::1");
    } catch (const boost::system::system_error&) {
        return check.skip("this machine has no IPv6 address ::1");
    }
    BackendBench bench{check};
    bench.expect_success(bench.post(server->origin()), 200, "{}");
    const auto request = one_request(check, *server);
    if (request) expect_field(check, *request, "host", "[::1]:" + std::to_string(server->port()));
}

inline void request_fields(BackendCheck& check) {
    BackendServer server{check, echo};
    BackendBench bench{check};
    Exchange& exchange = bench.prepare(server.origin());
    exchange.headers = {
        {"Authorization", "Bearer eyJhbGciOi.J9-_~+/=="},
        {"Content-Type", "application/json"},
        {"Accept", "application/json"},
        {"X-API-Version", "1.1"},
        {"User-Agent", "kit/1 (\"a, b\"; c:d)"},
        {"traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"},
        {"X-Long", std::string(3000, 'l')},
        {"X-Empty", ""}};
    bench.start(exchange);
    bench.wait(exchange);
    bench.expect_success(exchange, 200, "{}");
    const auto request = one_request(check, server);
    if (!request) return;
    for (const auto& [name, value] : exchange.headers) {
        expect_field(check, *request, clarify::detail::lower(name), value);
    }
}

inline void request_nothing_added(BackendCheck& check) {
    BackendServer server{check, echo};
    BackendBench bench{check};
    bench.expect_success(
        bench.post(server.origin(), std::string(2000, 'x')), 200, std::string(2000, 'x'));
    const auto request = one_request(check, server);
    if (!request) return;
    constexpr std::array<std::string_view, 6> allowed{
        "host", "content-length", "connection", "keep-alive", "upgrade", "http2-settings"};
    for (const auto& [name, value] : request->fields()) {
        check.expect(
            std::find(allowed.begin(), allowed.end(), name) != allowed.end(),
            "the backend added " + name + ": " + value);
    }
}

inline void request_body_bytes(BackendCheck& check) {
    BackendServer server(check, [](RawPeer& peer) {
        while (peer.read())
            peer.reply("thanks");
    });
    BackendBench bench{check};
    for (const std::size_t size : {std::size_t{0}, std::size_t{256}, std::size_t{4} << 20U}) {
        const std::string body = every_byte(size);
        const std::string which = "the request of " + std::to_string(size) + " bytes";
        if (!bench.expect_success(bench.post(server.origin(), body), 200, "thanks", which))
            continue;
        const RawRequest got = server.ledger().requests().back().request;
        check.expect(got.body == body, which + " arrived with another body");
        expect_field(check, got, "content-length", std::to_string(size));
    }
}

inline void request_no_cookie(BackendCheck& check) {
    BackendServer server{
        check, reply_always(http_reply("200 OK", "Set-Cookie: session=secret; Path=/\r\n", "ok"))};
    BackendBench bench{check};
    for (const char* const which : {"the first exchange", "the second exchange"})
        bench.expect_success(bench.post(server.origin()), 200, "ok", which);
    for (const auto& arrival : server.ledger().requests())
        check.expect(values_of(arrival.request, "cookie").empty(), "a cookie was sent back");
}

inline void request_sent_once(BackendCheck& check) {
    // Cuts the connection at each request but those that say "fine"; by a reset where they say so.
    BackendServer server(check, [](RawPeer& peer) {
        while (const auto request = peer.read()) {
            if (request->body.starts_with("reset")) return peer.reset();
            if (request->body != "fine") return;
            peer.reply("fine");
        }
    });
    BackendBench bench{check};
    for (const std::string body : {"cut", "reset"}) {
        for (const bool used : {false, true}) {
            const std::string text = body + (used ? " used" : " new");
            if (used) bench.expect_success(bench.post(server.origin(), "fine"), 200, "fine");
            bench.expect_failure(
                bench.post(server.origin(), text),
                Fate::unknown,
                std::nullopt,
                "the exchange whose " + std::string{used ? "used" : "new"} + " connection was " +
                    body + " after the request");
            const std::size_t count = arrivals_of(server, text);
            check.expect(count == 1, "a request arrived " + std::to_string(count) + " times");
        }
    }
}

inline constexpr BackendCase request_cases[] = {
    {"request.target", "the request is a POST of the URL's path", request_target},
    {"request.framing", "Host and Content-Length are sent, once each", request_framing},
    {"request.address_6", "an IPv6 address is in brackets in Host", request_address_6},
    {"request.fields", "every given header is sent once, with its exact value", request_fields},
    {"request.nothing_added",
     "no header is added but Host, Content-Length and those of the connection",
     request_nothing_added},
    {"request.body_bytes", "the body of a request is sent byte for byte", request_body_bytes},
    {"request.no_cookie", "no cookie is kept", request_no_cookie},
    {"request.sent_once", "a request is never sent twice", request_sent_once},
};

}  // namespace clarify::testing::detail::backend_cases

#endif  // CLARIFY_TESTING_DETAIL_KITS_BACKEND_REQUEST_CASES_HPP
