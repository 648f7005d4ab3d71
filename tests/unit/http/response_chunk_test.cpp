// SPDX-License-Identifier: BSL-1.0

#include <clarify/http/detail/beast/response_reader.hpp>

#include "reply_reading.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace response_chunk_test {

using namespace reply_reading;
using namespace std::string_view_literals;

TEST_CASE("ResponseReader: trailers count against the number of fields") {
    CHECK(outcome(chunked("0\r\n" + repeat("a:b\r\n", 127) + "\r\n")) == "200 keep: ");
    CHECK(outcome(chunked("0\r\n" + repeat("a:b\r\n", 128) + "\r\n")) == "too_large[head]");
}

TEST_CASE("ResponseReader: only a lone chunked on HTTP/1.1 is a transfer encoding") {
    const std::string_view good = "200 keep: ok";
    const std::string_view bad = "framing[transfer_encoding]";
    for (const Row& row : {
             Row{"Transfer-Encoding: chunked\r\n", good},
             Row{"transfer-encoding:\t CHUNKed \r\n", good},
             Row{"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n", bad},
             Row{"Transfer-Encoding: chunked\r\nContent-Length: 2\r\n", bad},
             Row{"Transfer-Encoding: chunked\r\nContent-Length: nonsense\r\n", bad},
             Row{"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", bad},
             Row{"Transfer-Encoding: chunked, chunked\r\n", bad},
             Row{"Transfer-Encoding: chunked,\r\n", bad},
             Row{"Transfer-Encoding: gzip, chunked\r\n", bad},
             Row{"Transfer-Encoding: chunked, gzip\r\n", bad},
             Row{"Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n", bad},
             Row{"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", bad},
             Row{"Transfer-Encoding: identity\r\n", bad},
             Row{"Transfer-Encoding: identity\r\nContent-Length: 2\r\n", bad},
             Row{"Transfer-Encoding: xchunked\r\n", bad},
             Row{"Transfer-Encoding: chunkedx\r\n", bad},
             Row{"Transfer-Encoding: chunked;q=1\r\n", bad},
             Row{"Transfer-Encoding: \"chunked\"\r\n", bad},
             Row{"Transfer-Encoding:\r\n", bad},
             Row{"Transfer-Encoding: gzip\r\n", bad},
         }) {
        CAPTURE(row.text);
        CHECK(outcome(head(row.text) + "2\r\nok\r\n0\r\n\r\n") == row.outcome);
    }
    CHECK(
        outcome("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n") ==
        bad);
}

TEST_CASE("ResponseReader: reads chunks of every legal form") {
    for (const Row& row : {
             Row{"5\r\nhello\r\n0\r\n\r\n", "200 keep: hello"},
             Row{"2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n", "200 keep: hello"},
             Row{"0\r\n\r\n", "200 keep: "},
             Row{"000\r\n\r\n", "200 keep: "},
             Row{"0000000000000005\r\nhello\r\n0000\r\n\r\n", "200 keep: hello"},
             Row{"A\r\n0123456789\r\n0\r\n\r\n", "200 keep: 0123456789"},
             Row{"a\r\n0123456789\r\n0\r\n\r\n", "200 keep: 0123456789"},
             Row{"5;x\r\nhello\r\n0;y=\"z\"\r\n\r\n", "200 keep: hello"},
             Row{"5;x=1;y\r\nhello\r\n0\r\n\r\n", "200 keep: hello"},
             Row{"5\r\nhello\r\n0\r\nExpires: never\r\nX-Y: z\r\n\r\n", "200 keep: hello"},
             Row{"5\r\nhello\r\n0\r\n\r\nHTTP", "200 keep, left 4: hello"},
             Row{"5\r\n\r\n\r\n\r\r\n0\r\n\r\n", "200 keep: \r\n\r\n\r"},
         }) {
        CAPTURE(row.text);
        CHECK(outcome(chunked(row.text)) == row.outcome);
    }
}

TEST_CASE("ResponseReader: refuses chunks that are not well-formed") {
    const std::string_view bad = "framing[chunk]";
    for (const std::string_view body : {
             "-5\r\nhello\r\n0\r\n\r\n"sv,
             "+5\r\nhello\r\n0\r\n\r\n"sv,
             "0x5\r\nhello\r\n0\r\n\r\n"sv,
             "5h\r\nhello\r\n0\r\n\r\n"sv,
             "\r\nhello\r\n0\r\n\r\n"sv,
             "g\r\nhello\r\n0\r\n\r\n"sv,
             "00000000000000005\r\nhello\r\n0\r\n\r\n"sv,
             "10000000000000005\r\nhello\r\n0\r\n\r\n"sv,
             "00000000000000000\r\n\r\n"sv,
             "5\nhello\r\n0\r\n\r\n"sv,
             "5\r\nhello\n0\r\n\r\n"sv,
             "5\r\nhello0\r\n\r\n"sv,
             "5\r\nhelloXX0\r\n\r\n"sv,
             "5\r\nhello!\r\n0\r\n\r\n"sv,
             "5 5\r\nhello\r\n0\r\n\r\n"sv,
             "5,\r\nhello\r\n0\r\n\r\n"sv,
             "5\r\nhello\r\nx\r\n\r\n"sv,
             "5\r\nhello\r\n0\r\nbad trailer\r\n\r\n"sv,
             "5\r\nhello\r\n0\r\n: empty\r\n\r\n"sv,
             "5\r\nhello\r\n0;\"\r\n\r\n"sv,
             // Where a line feed ends a line, the second chunk is another one.
             "5;a=\"\n\"\r\nhello\r\n0\r\n\r\n"sv,
             "0;a=\"\n0;a=\"\r\n\r\n"sv,
             "5;a=\"\x7F\"\r\nhello\r\n0\r\n\r\n"sv,
             "5;a=\"\0\"\r\nhello\r\n0\r\n\r\n"sv,
         }) {
        CAPTURE(body);
        CHECK(outcome(chunked(body)) == bad);
    }
}

TEST_CASE("ResponseReader: a chunk size near 2^64 overflows nothing") {
    const auto with = [](std::string_view size) {
        return chunked("2\r\nok\r\n" + std::string{size} + "\r\nhello\r\n0\r\n\r\n");
    };
    for (const std::string_view size : {"8000000000000000"sv, "7fffffffffffffff"sv, "ffffffff"sv}) {
        CAPTURE(size);
        CHECK(outcome(with(size)) == "too_large[body]");
    }
    for (const std::string_view size :
         {"ffffffffffffffff"sv, "FFFFFFFFFFFFFFFE"sv, "8000000000000001"sv}) {
        CAPTURE(size);
        CHECK(outcome(with(size)) == "framing[chunk]");
    }
    CHECK(outcome(chunked("fffffffffffffffff\r\nx")) == "framing[chunk]");
}

TEST_CASE("ResponseReader: a trailer cannot change what the head said") {
    const Reading reading =
        read_reply(chunked("2\r\nok\r\n0\r\nContent-Type: text/html\r\nRetry-After: "
                           "9\r\nKeep-Alive: timeout=1\r\n\r\n"));
    CHECK(reading.outcome == "200 keep: ok");
    CHECK(reading.response.content_type.empty());
    CHECK(reading.response.retry_after.empty());
    // Framing fields behind the body are an attempt to confuse.
    CHECK(outcome(chunked("0\r\nContent-Length: 5\r\n\r\n")).starts_with("framing["));
    CHECK(outcome(chunked("0\r\nTransfer-Encoding: chunked\r\n\r\n")).starts_with("framing["));
}

TEST_CASE("ResponseReader: a chunk line has a limit however it arrives") {
    ReplyLimits limits;
    limits.chunk_line = 64;
    limits.chunk_extras = 400;
    const auto line = [](std::size_t size) { return "5;" + std::string(size - 2, 'x'); };
    CHECK(
        outcome(chunked(line(50) + "\r\nhello\r\n0\r\n\r\n"), End::stays_open, limits) ==
        "200 keep: hello");
    CHECK(
        outcome(chunked(line(70) + "\r\nhello\r\n0\r\n\r\n"), End::stays_open, limits) ==
        "too_large[chunk]");
    CHECK(outcome(chunked(line(300)), End::stays_open, limits) == "too_large[chunk]");
}

TEST_CASE("ResponseReader: chunk extensions have a limit together") {
    ReplyLimits limits;
    limits.chunk_line = 64;
    limits.chunk_extras = 400;
    const std::string chunk = "1;" + std::string(39, 'x') + "\r\n.\r\n";
    CHECK(
        outcome(chunked(repeat(chunk, 9) + "0\r\n\r\n"), End::stays_open, limits) ==
        "200 keep: .........");
    CHECK(
        outcome(chunked(repeat(chunk, 11) + "0\r\n\r\n"), End::stays_open, limits) ==
        "too_large[chunk]");
}

TEST_CASE("ResponseReader: trailers have a limit however they arrive") {
    ReplyLimits limits;
    limits.chunk_line = 64;
    limits.chunk_extras = 400;
    const std::string trailer = "A: " + std::string(35, 'x') + "\r\n";
    CHECK(
        outcome(chunked("0\r\n" + repeat(trailer, 8) + "\r\n"), End::stays_open, limits) ==
        "200 keep: ");
    CHECK(
        outcome(chunked("0\r\n" + repeat(trailer, 12) + "\r\n"), End::stays_open, limits) ==
        "too_large[chunk]");
}

TEST_CASE("ResponseReader: the limits of chunk lines, extensions and trailers are exact") {
    ReplyLimits limits;
    limits.chunk_line = 64;
    limits.chunk_extras = 150;
    const auto read = [&](const std::string& body) {
        return outcome(chunked(body), End::stays_open, limits);
    };
    // The size counts for the line, its line break does not.
    const auto chunk = [](std::size_t line) {
        return "1;" + std::string(line - 2, 'x') + "\r\n.\r\n";
    };
    CHECK(read(chunk(64) + "0\r\n\r\n") == "200 keep: .");
    CHECK(read(chunk(65) + "0\r\n\r\n") == "too_large[chunk]");
    CHECK(read(chunk(65).substr(0, 65)) == "in the body");
    CHECK(read(chunk(66).substr(0, 66)) == "too_large[chunk]");
    // Extensions count without the size, together with all that is behind the size of the last
    // chunk.
    CHECK(read(chunk(64) + chunk(64) + chunk(21) + "0\r\n\r\n") == "200 keep: ...");
    CHECK(read(chunk(64) + chunk(64) + chunk(22) + "0\r\n\r\n") == "too_large[chunk]");
    CHECK(read(chunk(64) + chunk(64) + chunk(25)) == "in the body");
    CHECK(read(chunk(64) + chunk(64) + chunk(26)) == "too_large[chunk]");
    const auto trailer = [](std::size_t size) {
        return "A:" + std::string(size - 4, 'x') + "\r\n";
    };
    CHECK(read("000\r\n" + trailer(146) + "\r\n") == "200 keep: ");
    CHECK(read("000\r\n" + trailer(147) + "\r\n") == "too_large[chunk]");
    // Not even the end of the trailers is waited for.
    CHECK(read("000\r\n" + trailer(147)) == "in the body");
    CHECK(read("000\r\n" + trailer(148)) == "too_large[chunk]");
    CHECK(read("0;x\r\n" + trailer(144) + "\r\n") == "200 keep: ");
    CHECK(read("0;x\r\n" + trailer(145) + "\r\n") == "too_large[chunk]");
}

TEST_CASE("ResponseReader: a million chunks of one byte are no trouble") {
    constexpr std::size_t count = 1'000'000;
    const std::string chunks = repeat("1\r\nx\r\n", count);
    HttpResponse response;
    ResponseReader reader{response, {}};
    REQUIRE(reader.feed(chunked("")).has_value());
    constexpr std::size_t portion = 30'000;
    for (std::size_t at = 0; at < chunks.size(); at += portion) {
        std::string_view part = std::string_view{chunks}.substr(at, portion);
        const Result<std::size_t> consumed = reader.feed(part);
        REQUIRE(consumed.has_value());
        // The end of a chunk waits for the line of the next one.
        if (at + portion < chunks.size()) at -= part.size() - *consumed;
    }
    REQUIRE(reader.feed("\r\n0\r\n\r\n").has_value());
    CHECK(reader.done());
    CHECK(response.body.size() == count);
}

TEST_CASE("ResponseReader: what can never become a chunk line is refused at once, not waited for") {
    for (const std::string_view body :
         {"zz"sv,
          "-"sv,
          " 5"sv,
          "\n"sv,
          "\r\n"sv,
          "0\n"sv,
          "5\nhello\n0\n\n"sv,
          "5 5"sv,
          "5\t,"sv,
          "5h"sv,
          "5;a\n"sv,
          "5;a\rb"sv,
          "5;a\r\r"sv,
          "00000000000000005"sv,
          "5\r\nhelloX"sv,
          "5\r\nhello\n"sv,
          "5\r\nhello\r5"sv,
          "5\r\nhello\r\nZ"sv,
          "5\r\nhello\r\n\r"sv,
          "5\r\nhello\r\n12345678901234567"sv,
          "0\r\n\n"sv,
          "0\r\nA: b\n"sv,
          "0\r\nA: b\n\n"sv,
          "5\r\nhello\r\n0\r\n\n"sv,
          "5\r\nhello\r\n0\r\nA: b\rc"sv}) {
        CAPTURE(body);
        CHECK(outcome(chunked(body)) == "framing[chunk]");
    }
    for (const std::string_view body :
         {""sv,
          "5"sv,
          "5 "sv,
          "5 \t"sv,
          "5;"sv,
          "5;a=\"b"sv,
          "5\r"sv,
          "0000000000000005"sv,
          "5\r\nhell"sv,
          "5\r\nhello"sv,
          "5\r\nhello\r"sv,
          "5\r\nhello\r\n"sv,
          "5\r\nhello\r\nF"sv,
          "0\r"sv,
          "0\r\n"sv,
          "0\r\n\r"sv,
          "0\r\nA: b\r\n"sv,
          "5\r\nhello\r\n0\r\nA: b\r\n\r"sv}) {
        CAPTURE(body);
        CHECK(outcome(chunked(body)) == "in the body");
    }
}

TEST_CASE("ResponseReader: nothing is allocated for a chunk before it arrives") {
    HttpResponse response;
    ResponseReader reader{response, {}};
    REQUIRE(reader.feed(chunked("f00000\r\nxy")).has_value());
    CHECK(response.body == "xy");
    CHECK(response.body.capacity() < 1'000);
}

TEST_CASE("ResponseReader: a chunk's data may look like the last chunk, or like no chunk") {
    CHECK(outcome(chunked("7\r\nabcd0\r\n\r\n0\r\n\r\n")) == "200 keep: abcd0\r\n");
    CHECK(outcome(chunked("3\r\n0\r\n\r\n0\r\n\r\n")) == "200 keep: 0\r\n");
    CHECK(outcome(chunked("4\r\n0\r\n\r\r\n0\r\n\r\n")) == "200 keep: 0\r\n\r");
    CHECK(outcome(chunked("5\r\n0\n\r;x\r\n0\r\n\r\n")) == "200 keep: 0\n\r;x");
    CHECK(outcome(chunked("4000\r\n0\r\n")) == "in the body");
}

}  // namespace response_chunk_test
