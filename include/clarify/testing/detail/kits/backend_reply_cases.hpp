// SPDX-License-Identifier: BSL-1.0
// The cases about complete replies: their status, body and fields.

#ifndef CLARIFY_TESTING_DETAIL_KITS_BACKEND_REPLY_CASES_HPP
#define CLARIFY_TESTING_DETAIL_KITS_BACKEND_REPLY_CASES_HPP

#include <clarify/core/retry_after.hpp>
#include <clarify/testing/detail/kits/backend_bench.hpp>
#include <clarify/testing/detail/kits/backend_scripts.hpp>

#include <array>
#include <cstddef>
#include <string>
#include <utility>

namespace clarify::testing::detail::backend_cases {

/// The six fields that a response keeps.
inline std::array<std::pair<const char*, const std::string*>, 6> kept_fields(
    const HttpResponse& response) {
    return {{
        {"content_type", &response.content_type},
        {"date", &response.date},
        {"location", &response.location},
        {"retry_after", &response.retry_after},
        {"traceparent", &response.traceparent},
        {"www_authenticate", &response.www_authenticate},
    }};
}

inline void expect_no_fields(BackendCheck& check, const HttpResponse& response) {
    for (const auto& [name, value] : kept_fields(response))
        check.expect(value->empty(), std::string{name} + " is not empty but '" + *value + "'");
}

inline void reply_ok(BackendCheck& check) {
    BackendServer server{check, reply_always(http_reply("200 OK", "", "hello"))};
    BackendBench bench{check};
    const Exchange& exchange = bench.post(server.origin() + "/v1");
    bench.expect_success(exchange, 200, "hello");
    expect_no_fields(check, exchange.response);
}

inline void reply_every_status(BackendCheck& check) {
    BackendServer server(check, [](RawPeer& peer) {
        while (const auto request = peer.read()) {
            const std::string& status = request->body;
            peer.send(
                status == "204" ? std::string{"HTTP/1.1 204 No Content\r\n\r\n"}
                                : http_reply(status + " Whatever", "", "about " + status));
        }
    });
    BackendBench bench{check};
    for (const unsigned status :
         {200U, 201U, 204U, 400U, 401U, 403U, 404U, 407U, 417U, 429U, 500U, 503U, 599U}) {
        const std::string text = std::to_string(status);
        const Exchange& exchange = bench.post(server.origin(), text);
        bench.expect_success(
            exchange, status, status == 204 ? std::string{} : "about " + text, "the reply " + text);
        check.expect(arrivals_of(server, text) == 1, text + " was not asked for exactly once");
    }
}

inline void reply_no_redirect(BackendCheck& check) {
    BackendServer target{check, echo};
    const std::string address = target.origin() + "/elsewhere";
    BackendServer server(check, [&](RawPeer& peer) {
        while (const auto request = peer.read())
            peer.send(
                http_reply(request->body + " Moved", "Location: " + address + "\r\n", "gone"));
    });
    BackendBench bench{check};
    for (const unsigned status : {301U, 302U, 303U, 307U, 308U}) {
        const std::string text = std::to_string(status);
        const Exchange& exchange = bench.post(server.origin(), text);
        if (!bench.expect_success(exchange, status, "gone", "the reply " + text)) continue;
        check.expect(
            exchange.response.location == address,
            "location is '" + exchange.response.location + "' after " + text);
    }
    check.expect(target.connections() == 0, "the target of a redirect was contacted");
}

inline void reply_body_bytes(BackendCheck& check) {
    const std::string large = every_byte(std::size_t{1} << 20U);
    BackendServer server(check, [&](RawPeer& peer) {
        while (const auto request = peer.read())
            peer.reply(request->body == "large" ? large : every_byte(256));
    });
    BackendBench bench{check};
    bench.expect_success(bench.post(server.origin(), "small"), 200, every_byte(256), "256 bytes");
    bench.expect_success(bench.post(server.origin(), "large"), 200, large, "1 MiB");
}

inline void reply_fields(BackendCheck& check) {
    const char* const as_usual =
        "Content-Type: application/json; charset=utf-8\r\nDate: Mon, 02 Jan 2023 03:04:05 GMT\r\n"
        "Location: /a?b=c\r\nRetry-After: 120\r\n"
        "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n"
        "WWW-Authenticate: Bearer realm=\"r\", error=\"invalid_token\"\r\nX-Other: 1\r\n";
    const char* const otherwise =
        "CONTENT-TYPE:application/json; charset=utf-8\r\n"
        "dAtE:  Mon, 02 Jan 2023 03:04:05 GMT \r\nlocation: /a?b=c\t\r\nRETRY-after: 120\r\n"
        "TraceParent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n"
        "www-authenticate: Bearer realm=\"r\", error=\"invalid_token\"\r\nx-other: 1\r\n";
    const std::array<const char*, 6> expected{
        "application/json; charset=utf-8",
        "Mon, 02 Jan 2023 03:04:05 GMT",
        "/a?b=c",
        "120",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "Bearer realm=\"r\", error=\"invalid_token\""};
    BackendServer server(check, [&](RawPeer& peer) {
        while (const auto request = peer.read())
            peer.send(http_reply("401 No", request->body == "usual" ? as_usual : otherwise, "b"));
    });
    BackendBench bench{check};
    for (const char* const which : {"usual", "other"}) {
        const Exchange& exchange = bench.post(server.origin(), which);
        if (!bench.expect_success(exchange, 401, "b")) continue;
        std::size_t at = 0;
        for (const auto& [name, value] : kept_fields(exchange.response)) {
            check.expect(
                *value == expected[at],
                std::string{name} + " is '" + *value + "' instead of '" + expected[at] + '\'');
            ++at;
        }
    }
}

inline void reply_repeated_field(BackendCheck& check) {
    BackendServer server{
        check,
        reply_always(http_reply(
            "401 No",
            "WWW-Authenticate: Basic realm=\"a\"\r\ntraceparent: 00-1\r\nContent-Type: "
            "text/plain\r\n"
            "www-authenticate: Bearer\r\nTraceparent: 00-2\r\n",
            "b"))};
    BackendBench bench{check};
    const Exchange& exchange = bench.post(server.origin());
    if (!bench.expect_success(exchange, 401, "b")) return;
    check.expect(
        exchange.response.www_authenticate == "Basic realm=\"a\", Bearer",
        "www_authenticate is '" + exchange.response.www_authenticate + '\'');
    check.expect(
        exchange.response.traceparent == "00-1, 00-2",
        "traceparent is '" + exchange.response.traceparent + '\'');
    check.expect(
        exchange.response.content_type == "text/plain",
        "content_type is '" + exchange.response.content_type + '\'');
}

/// Two times contradict each other; whichever is chosen, the client would wait for a wrong one.
inline void reply_repeated_retry_after(BackendCheck& check) {
    BackendServer server{
        check, reply_always(http_reply("503 Busy", "Retry-After: 1\r\nretry-after: 7\r\n", "b"))};
    BackendBench bench{check};
    const Exchange& exchange = bench.post(server.origin());
    if (!bench.expect_success(exchange, 503, "b")) return;
    const std::string& kept = exchange.response.retry_after;
    check.expect(!kept.empty(), "retry_after is empty");
    check.expect(
        !parse_retry_after(kept, {}).has_value(), "retry_after is a time: '" + kept + '\'');
}

inline void reply_identity(BackendCheck& check) {
    BackendServer server{
        check, reply_always(http_reply("200 OK", "Content-Encoding: identity\r\n", "b"))};
    BackendBench bench{check};
    bench.expect_success(bench.post(server.origin()), 200, "b");
}

inline void reply_reused_object(BackendCheck& check) {
    BackendServer server(check, [](RawPeer& peer) {
        while (const auto request = peer.read()) {
            if (request->body == "full") {
                peer.send(http_reply(
                    "401 No",
                    "Content-Type: a/b\r\nDate: Mon, 02 Jan 2023 03:04:05 GMT\r\nLocation: "
                    "/l\r\n"
                    "Retry-After: 1\r\ntraceparent: 00-1\r\nWWW-Authenticate: Basic\r\n",
                    "a rather long body"));
            } else {
                peer.send(http_reply("200 OK", "", "new"));
            }
        }
    });
    BackendBench bench{check};
    Exchange& exchange = bench.post(server.origin(), "full");
    if (!bench.expect_success(exchange, 401, "a rather long body", "the first exchange")) return;
    exchange.body = "bare";
    bench.start(exchange);
    bench.wait(exchange);
    bench.expect_success(exchange, 200, "new", "the second exchange");
    expect_no_fields(check, exchange.response);
}

inline constexpr BackendCase reply_cases[] = {
    {"reply.ok",
     "a 200 is a success with its status and body, and absent fields are empty",
     reply_ok},
    {"reply.every_status",
     "a complete reply is a success, whatever its status",
     reply_every_status},
    {"reply.no_redirect", "a redirect is a reply, and is not followed", reply_no_redirect},
    {"reply.body_bytes", "the body of a reply is kept byte for byte", reply_body_bytes},
    {"reply.fields", "six header fields are kept, however their names are written", reply_fields},
    {"reply.repeated_field", "a repeated field is joined with ', '", reply_repeated_field},
    {"reply.repeated_retry_after",
     "a repeated Retry-After is kept as a text that is no time",
     reply_repeated_retry_after},
    {"reply.identity", "the content encoding 'identity' is none", reply_identity},
    {"reply.reused_object",
     "nothing of an earlier reply is left in a reused response",
     reply_reused_object},
};

}  // namespace clarify::testing::detail::backend_cases

#endif  // CLARIFY_TESTING_DETAIL_KITS_BACKEND_REPLY_CASES_HPP
