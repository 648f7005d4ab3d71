// SPDX-License-Identifier: BSL-1.0
// The cases about replies that are not well-formed.

#ifndef CLARIFY_TESTING_DETAIL_KITS_BACKEND_FRAMING_CASES_HPP
#define CLARIFY_TESTING_DETAIL_KITS_BACKEND_FRAMING_CASES_HPP

#include <clarify/testing/detail/kits/backend_bench.hpp>
#include <clarify/testing/detail/kits/backend_scripts.hpp>

#include <chrono>
#include <cstddef>
#include <initializer_list>
#include <string>

namespace clarify::testing::detail::backend_cases {

/// Expects that each of these replies is refused, and that its connection is not used again: where
/// the reply ends is in doubt, so the next bytes may be anything.
inline void expect_malformed(BackendCheck& check, std::initializer_list<std::string> replies) {
    std::size_t number = 0;
    for (const std::string& bytes : replies) {
        BackendServer server(check, [&bytes](RawPeer& peer) {
            while (const auto request = peer.read()) {
                if (request->body == "bad") {
                    peer.send(bytes);
                } else {
                    peer.reply(request->body);
                }
            }
        });
        BackendBench bench{check};
        const std::string which = "reply " + std::to_string(++number);
        Exchange& exchange = bench.prepare(server.origin(), "bad");
        // One that waits for the rest for ever has not noticed anything.
        exchange.request.deadline = Clock::now() + std::chrono::seconds{2};
        bench.start(exchange);
        bench.wait(exchange);
        if (!bench.expect_failure(exchange, Fate::unknown, Errc::framing, which)) return;
        bench.expect_success(bench.post(server.origin(), "next"), 200, "next", "the next exchange");
        check.expect(
            connection_of(server, "next") != connection_of(server, "bad"),
            "the next exchange used the connection of " + which);
    }
}

inline void framing_lengths(BackendCheck& check) {
    expect_malformed(
        check,
        {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 4\r\n\r\n1234",
         "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 2\r\n\r\n1234"});
}

inline void framing_length_and_chunked(BackendCheck& check) {
    const std::string body = "2\r\n12\r\n0\r\n\r\n";
    expect_malformed(
        check,
        {"HTTP/1.1 200 OK\r\nContent-Length: 12\r\nTransfer-Encoding: chunked\r\n\r\n" + body,
         "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 12\r\n\r\n" + body});
}

// --- Heads --------------------------------------------------------------------------------------

inline void framing_status_line(BackendCheck& check) {
    const std::string rest = "\r\nContent-Length: 2\r\n\r\n12";
    expect_malformed(
        check,
        {"SSH-2.0-OpenSSH_9.2" + rest,
         "HTTP/2.0 200 OK" + rest,
         "HTTP/1.1 2OO OK" + rest,
         "HTTP/1.1 099 OK" + rest,
         "HTTP/1.1 600 OK" + rest});
}

inline void framing_field_line(BackendCheck& check) {
    const std::string first = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n";
    expect_malformed(
        check,
        {first + "nonsense\r\n\r\n12",
         first + "Content-Type : a/b\r\n\r\n12",
         first + ": a/b\r\n\r\n12",
         first + "Content(Type: a/b\r\n\r\n12"});
}

inline void framing_control_character(BackendCheck& check) {
    expect_malformed(
        check, {"HTTP/1.1 200 OK\r\nContent-Type: a\x01/b\r\nContent-Length: 2\r\n\r\n12"});
}

// --- Lengths and codings ------------------------------------------------------------------------

inline void framing_length_number(BackendCheck& check) {
    const auto reply = [](const std::string& length) {
        return "HTTP/1.1 200 OK\r\nContent-Length: " + length + "\r\n\r\n12";
    };
    expect_malformed(
        check, {reply("two"), reply("-2"), reply("+2"), reply("0x2"), reply("2 2"), reply("2.0")});
}

inline void framing_coding(BackendCheck& check) {
    const auto reply = [](const std::string& coding) {
        return "HTTP/1.1 200 OK\r\nTransfer-Encoding: " + coding + "\r\n\r\n2\r\n12\r\n0\r\n\r\n";
    };
    expect_malformed(
        check,
        {reply("unheard-of"),
         reply("gzip"),
         reply("gzip, chunked"),
         reply("chunked, gzip"),
         reply("chunked, chunked")});
}

inline void framing_http_10_chunked(BackendCheck& check) {
    expect_malformed(
        check, {"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n12\r\n0\r\n\r\n"});
}

inline void framing_chunk(BackendCheck& check) {
    const std::string head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    expect_malformed(
        check,
        {head + "zz\r\n12\r\n0\r\n\r\n",
         head + "-2\r\n12\r\n0\r\n\r\n",
         head + "2\r\n12and more\r\n0\r\n\r\n"});
}

inline void framing_content_encoding(BackendCheck& check) {
    const auto reply = [](const std::string& coding) {
        return "HTTP/1.1 200 OK\r\nContent-Encoding: " + coding + "\r\nContent-Length: 2\r\n\r\n12";
    };
    expect_malformed(check, {reply("gzip"), reply("br"), reply("identity, gzip")});
}

inline void framing_switching(BackendCheck& check) {
    expect_malformed(
        check,
        {"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: other\r\n\r\n"});
}

inline constexpr BackendCase framing_cases[] = {
    {"framing.status_line",
     "a reply that does not begin with the status line of HTTP/1.1 or 1.0 is refused as framing",
     framing_status_line},
    {"framing.field_line",
     "a line of the head without a colon, or with a name that is no token before it, is refused as "
     "framing",
     framing_field_line},
    {"framing.control_character",
     "a control character in a field's value is refused as framing",
     framing_control_character},
    {"framing.lengths",
     "a reply with two different lengths is refused as framing",
     framing_lengths},
    {"framing.length_number",
     "a length that is not one plain number is refused as framing",
     framing_length_number},
    {"framing.length_and_chunked",
     "a chunked reply with a length is refused as framing",
     framing_length_and_chunked},
    {"framing.coding",
     "a transfer coding other than a single chunked is refused as framing",
     framing_coding},
    {"framing.http_10_chunked",
     "a transfer coding on HTTP/1.0 is refused as framing",
     framing_http_10_chunked},
    {"framing.chunk", "a broken chunk is refused as framing", framing_chunk},
    {"framing.content_encoding",
     "a content encoding that nobody asked for is refused as framing",
     framing_content_encoding},
    {"framing.switching", "a change of protocol is refused as framing", framing_switching},
};

}  // namespace clarify::testing::detail::backend_cases

#endif  // CLARIFY_TESTING_DETAIL_KITS_BACKEND_FRAMING_CASES_HPP
