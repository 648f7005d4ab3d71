// SPDX-License-Identifier: BSL-1.0

#include <clarify/http/detail/beast/response_reader.hpp>

#include "reply_reading.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>

namespace response_reader_test {

using namespace reply_reading;
using namespace std::string_view_literals;

TEST_CASE("ResponseReader: a reply with a length ends where the length says") {
    CHECK(outcome("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello") == "200 keep: hello");
    CHECK(
        outcome("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhelloHTTP") ==
        "200 keep, left 4: hello");
    CHECK(outcome("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") == "200 keep: ");
    CHECK(outcome("HTTP/1.1 503 Sorry\r\ncontent-length:3\r\n\r\nno\n") == "503 keep: no\n");
    CHECK(outcome("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell") == "in the body");
    CHECK(outcome("HTTP/1.1 200 OK\r\nContent-Le") == "in the head");
}

TEST_CASE("ResponseReader: a content length that is not one plain number is refused") {
    for (const Row& row : {
             Row{"Content-Length: 2\r\nContent-Length: 3\r\n", "framing[length]"},
             Row{"Content-Length: 2, 3\r\n", "framing[length]"},
             Row{"Content-Length: 2, 2\r\n", "framing[length]"},
             Row{"Content-Length: 2,\r\n", "framing[length]"},
             Row{"Content-Length: -2\r\n", "framing[length]"},
             Row{"Content-Length: +2\r\n", "framing[length]"},
             Row{"Content-Length: 0x2\r\n", "framing[length]"},
             Row{"Content-Length:\r\n", "framing[length]"},
             Row{"Content-Length: \t \r\n", "framing[length]"},
             Row{"Content-Length: 1 2\r\n", "framing[length]"},
             Row{"Content-Length: 2.0\r\n", "framing[length]"},
             Row{"Content-Length: \"2\"\r\n", "framing[length]"},
             Row{"Content-Length: two\r\n", "framing[length]"},
             Row{"Content-Length: 18446744073709551616\r\n", "framing[length]"},
             Row{"Content-Length: 18446744073709551618\r\n", "framing[length]"},
             Row{"Content-Length: 100000000000000000000000000000002\r\n", "framing[length]"},
             Row{"Content-Length: 2\r\nContent-Length: 2\r\n", "200 keep: ok"},
             Row{"Content-Length: 2\r\nX: y\r\ncontent-length: 2\r\n", "200 keep: ok"},
             Row{"Content-Length: 002\r\n", "200 keep: ok"},
             Row{"Content-Length:   2\t \r\n", "200 keep: ok"},
         }) {
        CAPTURE(row.text);
        CHECK(outcome(head(row.text) + "ok") == row.outcome);
    }
}

TEST_CASE("ResponseReader: a body that ends early is truncated, never a success") {
    for (const std::string& reply :
         {head("Content-Length: 6\r\n") + "hello",
          chunked("5\r\nhel"),
          chunked("5\r\nhello\r\n"),
          chunked("5\r\nhello"),
          chunked("5\r\nhello\r\n0\r\n"),
          chunked("5\r\nhello\r\n0\r\nA: b\r\n"),
          chunked("5"),
          chunked(""),
          head("Content-Length: 1\r\n")}) {
        CAPTURE(reply);
        CHECK(outcome(reply, End::clean) == "io[truncated]");
        CHECK(outcome(reply, End::broken) == "io[truncated]");
    }
    for (const std::string_view reply : {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n"sv, "HTTP"sv}) {
        CHECK(outcome(reply, End::clean) == "io[truncated]");
        CHECK(outcome(reply, End::broken) == "io[truncated]");
    }
}

TEST_CASE("ResponseReader: a body beyond its limit is too large, however it is delimited") {
    ReplyLimits limits;
    limits.body = 10;
    const std::string ten = "0123456789";
    CHECK(
        outcome(head("Content-Length: 10\r\n") + ten, End::stays_open, limits) ==
        "200 keep: " + ten);
    CHECK(
        outcome(head("Content-Length: 11\r\n") + ten + "x", End::stays_open, limits) ==
        "too_large[body]");
    CHECK(
        outcome(chunked("5\r\n01234\r\n5\r\n56789\r\n0\r\n\r\n"), End::stays_open, limits) ==
        "200 keep: " + ten);
    CHECK(
        outcome(chunked("5\r\n01234\r\n6\r\n56789x\r\n0\r\n\r\n"), End::stays_open, limits) ==
        "too_large[body]");
    CHECK(outcome(head("") + ten, End::clean, limits) == "200 close: " + ten);
    CHECK(outcome(head("") + ten + "x", End::clean, limits) == "too_large[body]");
}

TEST_CASE(
    "ResponseReader: an announced giant is refused before its first byte, without memory for it") {
    const std::string reply = head("Content-Length: 9223372036854775807\r\n") + "x";
    const Reading reading = read_reply(reply);
    CHECK(reading.outcome == "too_large[body]");
    CHECK(reading.response.body.capacity() < 1'000);
    CHECK(outcome(head("Content-Length: 9223372036854775807\r\n")) == "too_large[body]");
    CHECK(outcome(head("Content-Length: 18446744073709551615\r\n")) == "too_large[body]");
    CHECK(outcome(head("Content-Length: 16777217\r\n")) == "too_large[body]");
    CHECK(outcome(head("Content-Length: 16777216\r\n")) == "in the body");
    CHECK(outcome(head("Content-Length: 16777216\r\n") + "x") == "in the body");
    // No body comes with these, whatever they say.
    CHECK(outcome(head("Content-Length: 16777217\r\n", "HTTP/1.1 304 x")) == "304 close: ");
}

TEST_CASE("ResponseReader: a connection serves again only if the message says where it ends") {
    for (const Row& row : {
             Row{"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "200 keep: ok"},
             Row{"HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok",
                 "200 keep: ok"},
             Row{"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
                 "200 close: ok"},
             Row{"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nconnection: CLOSE\r\n\r\nok",
                 "200 close: ok"},
             Row{"HTTP/1.1 200 OK\r\nConnection: keep-alive, close\r\nContent-Length: 2\r\n\r\nok",
                 "200 close: ok"},
             Row{"HTTP/1.1 200 OK\r\nConnection: a\r\nConnection: close\r\nContent-Length: "
                 "2\r\n\r\nok",
                 "200 close: ok"},
             Row{"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", "200 close: ok"},
             Row{"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok",
                 "200 keep: ok"},
             Row{"HTTP/1.0 200 OK\r\nConnection: keep-alive, close\r\nContent-Length: 2\r\n\r\nok",
                 "200 close: ok"},
             Row{"HTTP/1.0 200 OK\r\nConnection: Close\r\nConnection: keep-alive\r\n"
                 "Content-Length: 2\r\n\r\nok",
                 "200 close: ok"},
             Row{"HTTP/1.1 200 OK\r\nConnection: closed\r\nContent-Length: 2\r\n\r\nok",
                 "200 keep: ok"},
             Row{"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\nok", "200 close: ok"},
             Row{"HTTP/1.0 200 OK\r\n\r\nok", "200 close: ok"},
             Row{"HTTP/1.1 200 OK\r\n\r\nok", "200 close: ok"},
             Row{"HTTP/1.1 200 OK\r\nConnection: keep-alive\r\n\r\nok", "200 close: ok"},
             Row{"HTTP/1.1 200 OK\r\n\r\n", "200 close: "},
         }) {
        CAPTURE(row.text);
        CHECK(outcome(row.text, End::clean) == row.outcome);
    }
}

TEST_CASE("ResponseReader: a body delimited by the end of a broken connection is not complete") {
    CHECK(outcome("HTTP/1.1 200 OK\r\n\r\nok", End::broken) == "io[truncated]");
    CHECK(outcome("HTTP/1.0 200 OK\r\n\r\n", End::broken) == "io[truncated]");
}

TEST_CASE("ResponseReader: what follows a reply that has no body belongs to nothing") {
    for (const Row& row : {
             Row{"HTTP/1.1 204 No Content\r\n\r\n", "204 keep: "},
             Row{"HTTP/1.1 304 Not Modified\r\n\r\n", "304 keep: "},
             Row{"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", "204 keep: "},
             Row{"HTTP/1.1 204 No Content\r\nContent-Length: 00\r\n\r\n", "204 keep: "},
             Row{"HTTP/1.1 204 No Content\r\nContent-Length: 4\r\n\r\nevil", "204 close, left 4: "},
             Row{"HTTP/1.1 204 No Content\r\nContent-Length: 4\r\n\r\n", "204 close: "},
             Row{"HTTP/1.1 304 Not Modified\r\nContent-Length: 4\r\n\r\n", "304 close: "},
             Row{"HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                 "204 close, left 5: "},
             Row{"HTTP/1.1 304 x\r\nTransfer-Encoding: chunked\r\n\r\n", "304 close: "},
             Row{"HTTP/1.1 204 No Content\r\n\r\nevil", "204 keep, left 4: "},
             Row{"HTTP/1.1 204 x\r\nContent-Length: 0\r\nContent-Length: 4\r\n\r\n",
                 "framing[length]"},
         }) {
        CAPTURE(row.text);
        CHECK(outcome(row.text) == row.outcome);
    }
}

TEST_CASE(
    "ResponseReader: a content encoding that was not asked for is refused before any byte of it") {
    for (const std::string_view coding :
         {"gzip"sv,
          "br"sv,
          "deflate"sv,
          "x-unknown"sv,
          "identity, gzip"sv,
          "GZIP"sv,
          "gzip, gzip"sv,
          ","sv}) {
        CAPTURE(coding);
        const Reading reading = read_reply(
            head("Content-Encoding: " + std::string{coding} + "\r\nContent-Length: 4\r\n") +
            "\x1F\x8B..");
        CHECK(reading.outcome == "framing[content_encoding]");
        CHECK(reading.response.body.empty());
    }
    CHECK(
        outcome(head("Content-Encoding: Identity\r\nContent-Length: 2\r\n") + "ok") ==
        "200 keep: ok");
    CHECK(outcome(head("Content-Encoding:\r\nContent-Length: 2\r\n") + "ok") == "200 keep: ok");
}

}  // namespace response_reader_test
