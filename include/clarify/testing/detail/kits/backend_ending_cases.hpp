// SPDX-License-Identifier: BSL-1.0
// The cases about where a reply ends, and what belongs to it.

#ifndef CLARIFY_TESTING_DETAIL_KITS_BACKEND_ENDING_CASES_HPP
#define CLARIFY_TESTING_DETAIL_KITS_BACKEND_ENDING_CASES_HPP

#include <clarify/testing/detail/kits/backend_bench.hpp>
#include <clarify/testing/detail/kits/backend_reply_cases.hpp>
#include <clarify/testing/detail/kits/backend_scripts.hpp>

#include <chrono>
#include <string>

namespace clarify::testing::detail::backend_cases {

inline void reply_chunked(BackendCheck& check) {
    const std::string large = every_byte(5000);
    BackendServer server(check, [&](RawPeer& peer) {
        while (peer.read()) {
            peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nA\r\n");
            peer.send("2;name=value\r\nBC\r\n1388\r\n" + large + "\r\n");
            peer.send("0\r\nX-Trailer: 1\r\n\r\n");
        }
    });
    BackendBench bench{check};
    for (const char* const which : {"the first exchange", "the second exchange"})
        bench.expect_success(bench.post(server.origin()), 200, "ABC" + large, which);
}

inline void reply_until_close(BackendCheck& check) {
    BackendServer server(check, [](RawPeer& peer) {
        if (!peer.read()) return;
        peer.send("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nno length");
        peer.send(", but an end");
        peer.finish_sending();
        peer.drain();
    });
    BackendBench bench{check};
    for (const char* const which : {"the first exchange", "the second exchange"})
        bench.expect_success(bench.post(server.origin()), 200, "no length, but an end", which);
}

inline void reply_interim(BackendCheck& check) {
    BackendServer server(check, [](RawPeer& peer) {
        while (peer.read()) {
            peer.send("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLoc");
            peer.send("ation: /early\r\nLink: </style.css>; rel=preload\r\n\r\n");
            peer.send("HTTP/1.1 102 Processing\r\n\r\n" + http_reply("201 Created", "", "final"));
        }
    });
    BackendBench bench{check};
    for (const char* const which : {"the first exchange", "the second exchange"}) {
        const Exchange& exchange = bench.post(server.origin());
        bench.expect_success(exchange, 201, "final", which);
        expect_no_fields(check, exchange.response);
    }
}

inline void reply_without_body(BackendCheck& check) {
    BackendServer server(check, [](RawPeer& peer) {
        while (const auto request = peer.read()) {
            peer.send(
                request->body == "204" ? std::string{"HTTP/1.1 204 No Content\r\n\r\n"}
                                       : http_reply("200 OK", "", ""));
        }
    });
    BackendBench bench{check};
    for (const char* const which : {"204", "200", "204", "200"}) {
        bench.expect_success(
            bench.post(server.origin(), which),
            static_cast<unsigned>(std::stoul(which)),
            "",
            std::string{"the reply "} + which);
    }
}

/// Runs an exchange that must not be waiting for anything any more: one that is gets a short deadline.
inline const Exchange& post_hastily(
    BackendBench& bench, const RawServer& server, const std::string& body) {
    Exchange& exchange = bench.prepare(server.origin(), body);
    exchange.request.deadline = Clock::now() + std::chrono::milliseconds{1'500};
    bench.start(exchange);
    bench.wait(exchange);
    return exchange;
}

/// Answers each request with its own body, which is a whole reply.
inline void reply_as_told(RawPeer& peer) {
    while (const auto request = peer.read())
        peer.send(request->body);
}

inline void reply_no_body(BackendCheck& check) {
    BackendServer server{check, reply_as_told};
    BackendBench bench{check};
    for (const unsigned status : {204U, 304U}) {
        for (const std::string announced :
             {"", "Content-Length: 7\r\n", "Transfer-Encoding: chunked\r\n"}) {
            const std::string line = std::to_string(status) + " Whatever";
            const std::string reply = "HTTP/1.1 " + line + "\r\n" + announced + "\r\n";
            const Exchange& exchange = post_hastily(bench, server, reply);
            const std::string what = announced.substr(0, announced.find(':'));
            bench.expect_success(
                exchange,
                status,
                "",
                "a " + std::to_string(status) + (what.empty() ? "" : " that announces " + what));
        }
    }
}

inline void reply_http_10(BackendCheck& check) {
    BackendServer server(check, [](RawPeer& peer) {
        while (const auto request = peer.read()) {
            if (request->body == "length") {
                peer.send("HTTP/1.0 200 OK\r\nContent-Length: 6\r\n\r\nlength");
                continue;
            }
            peer.send("HTTP/1.0 200 OK\r\n\r\nclose");
            peer.finish_sending();
            return peer.drain();
        }
    });
    BackendBench bench{check};
    for (const char* const which : {"length", "close"})
        bench.expect_success(
            post_hastily(bench, server, which), 200, which, std::string{"the one by "} + which);
}

inline void reply_interim_body(BackendCheck& check) {
    BackendServer server(check, [](RawPeer& peer) {
        while (peer.read()) {
            peer.send("HTTP/1.1 103 Early Hints\r\nContent-Length: 20\r\n\r\n");
            peer.send("HTTP/1.1 102 Processing\r\nTransfer-Encoding: chunked\r\n\r\n");
            peer.send(http_reply("200 OK", "", "final"));
        }
    });
    BackendBench bench{check};
    bench.expect_success(post_hastily(bench, server, "{}"), 200, "final");
}

inline void reply_trailers(BackendCheck& check) {
    BackendServer server(check, [](RawPeer& peer) {
        while (peer.read()) {
            peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nDate: today\r\n\r\n");
            peer.send("3\r\nabc\r\n0\r\nContent-Type: a/b\r\nDate: tomorrow\r\n");
            peer.send("Location: /l\r\nRetry-After: 9\r\ntraceparent: 00-1\r\n");
            peer.send("WWW-Authenticate: Basic\r\n\r\n");
        }
    });
    BackendBench bench{check};
    const Exchange& exchange = bench.post(server.origin());
    if (!bench.expect_success(exchange, 200, "abc")) return;
    for (const auto& [name, value] : kept_fields(exchange.response)) {
        const bool of_head = value == &exchange.response.date;
        check.expect(
            *value == (of_head ? "today" : ""),
            std::string{name} + " is '" + *value + "' by the field behind the last chunk");
    }
}

inline constexpr BackendCase ending_cases[] = {
    {"reply.chunked", "a chunked reply is complete at its last chunk", reply_chunked},
    {"reply.trailers", "a field behind the last chunk leaves nothing behind", reply_trailers},
    {"reply.until_close", "a reply without a length ends with the connection", reply_until_close},
    {"reply.http_10",
     "a reply of HTTP/1.0 ends at its length, or with the connection",
     reply_http_10},
    {"reply.interim", "interim replies (1xx) are passed over", reply_interim},
    {"reply.interim_body",
     "an interim reply has no body, whatever it announces",
     reply_interim_body},
    {"reply.without_body", "a reply without a body is complete at once", reply_without_body},
    {"reply.no_body", "a 204 and a 304 end with their head, whatever they announce", reply_no_body},
};

}  // namespace clarify::testing::detail::backend_cases

#endif  // CLARIFY_TESTING_DETAIL_KITS_BACKEND_ENDING_CASES_HPP
