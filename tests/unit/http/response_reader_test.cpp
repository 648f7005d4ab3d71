// SPDX-License-Identifier: BSL-1.0

#include <clarify/http/detail/response_reader.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <random>
#include <string>
#include <string_view>
#include <vector>

using namespace clarify;
using namespace clarify::detail;
using namespace std::string_literals;
using namespace std::string_view_literals;

namespace {

/// How the peer's side ends after the reply.
enum class End { stays_open, clean, broken };

struct Reading {
    HttpResponse response;
    std::string outcome;
};

std::string failure_text(const Error& error) {
    CHECK(error.fate() == Fate::unknown);
    CHECK_FALSE(error.message().empty());
    std::string text{to_string(error.code())};
    text += '[';
    text += to_string(error.reason());
    text += ']';
    return text;
}

/// Feeds `segments` one after the other, what was left over in front of each next one. Every
/// portion is in memory of exactly its own size, so that a sanitizer sees each step beyond it.
Reading read_segments(
    const std::vector<std::string_view>& segments, End end, const ResponseLimits& limits) {
    Reading reading;
    ResponseReader reader{reading.response, limits};
    std::string pending;
    for (const std::string_view segment : segments) {
        pending += segment;
        if (reader.done()) continue;
        const std::vector<char> input(pending.begin(), pending.end());
        const Result<std::size_t> consumed = reader.feed({input.data(), input.size()});
        if (!consumed) {
            reading.outcome = failure_text(consumed.error());
            return reading;
        }
        REQUIRE(*consumed <= pending.size());
        pending.erase(0, *consumed);
    }
    if (!reader.done() && end != End::stays_open) {
        const Result<void> ended = reader.end_of_input(end == End::clean);
        if (!ended) {
            reading.outcome = failure_text(ended.error());
            return reading;
        }
    }
    if (!reader.done()) {
        reading.outcome = reader.head_done() ? "in the body" : "in the head";
        return reading;
    }
    reading.outcome =
        std::to_string(reading.response.status) + (reader.reusable() ? " keep" : " close");
    if (reader.keep_alive())
        reading.outcome += " for " + std::to_string(reader.keep_alive()->count());
    if (!pending.empty()) reading.outcome += ", left " + std::to_string(pending.size());
    reading.outcome += ": " + reading.response.body;
    return reading;
}

/// Cuts `text` into portions of `size` bytes.
std::vector<std::string_view> cut(std::string_view text, std::size_t size) {
    std::vector<std::string_view> segments;
    for (; text.size() > size; text.remove_prefix(size))
        segments.push_back(text.substr(0, size));
    segments.push_back(text);
    return segments;
}

/// Reads a reply whole, split at every offset and byte by byte; the same must come of each.
Reading read_reply(
    std::string_view reply, End end = End::stays_open, const ResponseLimits& limits = {}) {
    Reading whole = read_segments({reply}, end, limits);
    for (std::size_t at = 1; at < reply.size(); ++at) {
        const Reading split = read_segments({reply.substr(0, at), reply.substr(at)}, end, limits);
        if (split.outcome != whole.outcome) {
            CAPTURE(reply);
            CAPTURE(at);
            CHECK(split.outcome == whole.outcome);
            break;
        }
    }
    if (!reply.empty()) {
        CAPTURE(reply);
        CHECK(read_segments(cut(reply, 1), end, limits).outcome == whole.outcome);
    }
    return whole;
}

std::string outcome(
    std::string_view reply, End end = End::stays_open, const ResponseLimits& limits = {}) {
    return read_reply(reply, end, limits).outcome;
}

/// For replies too long to be split everywhere: whole, and in portions of some sizes.
std::string outcome_of_long(std::string_view reply, const ResponseLimits& limits = {}) {
    const std::string whole = read_segments({reply}, End::stays_open, limits).outcome;
    for (const std::size_t size : {1'000U, 4'096U, 16'383U, 32'768U}) {
        CAPTURE(size);
        CHECK(read_segments(cut(reply, size), End::stays_open, limits).outcome == whole);
    }
    return whole;
}

struct Row {
    std::string_view text;
    std::string_view outcome;
};

/// A head with `fields`, each of which ends with CRLF, and nothing behind it.
std::string head(std::string_view fields, std::string_view status_line = "HTTP/1.1 200 OK") {
    return std::string{status_line} + "\r\n" + std::string{fields} + "\r\n";
}

std::string chunked(std::string_view body) {
    return head("Transfer-Encoding: chunked\r\n") + std::string{body};
}

std::string repeat(std::string_view text, std::size_t times) {
    std::string out;
    out.reserve(text.size() * times);
    for (std::size_t i = 0; i != times; ++i)
        out += text;
    return out;
}

}  // namespace

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

TEST_CASE("ResponseReader: keeps the headers that are used, and joins those that are repeated") {
    const Reading reading = read_reply(
        "HTTP/1.1 429 Slow\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nCONTENT-TYPE: "
        "application/json\r\n"
        "Location: /x\r\nRetry-After: 7\r\ntraceparent: 00-1-2-03\r\nWWW-Authenticate: Basic\r\n"
        "X-Other: y\r\nWWW-Authenticate: Bearer realm=\"a\"\r\nContent-Length: 0\r\n\r\n");
    CHECK(reading.outcome == "429 keep: ");
    const HttpResponse& response = reading.response;
    CHECK(response.date == "Sun, 06 Nov 1994 08:49:37 GMT");
    CHECK(response.content_type == "application/json");
    CHECK(response.location == "/x");
    CHECK(response.retry_after == "7");
    CHECK(response.traceparent == "00-1-2-03");
    CHECK(response.www_authenticate == "Basic, Bearer realm=\"a\"");
}

TEST_CASE("ResponseReader: two Retry-After fields contradict each other and mean nothing") {
    for (const std::string_view fields :
         {"Retry-After: 1\r\nRetry-After: 2\r\n"sv,
          "Retry-After: 1\r\nRetry-After: 1\r\nRetry-After: 1\r\n"sv}) {
        const Reading reading = read_reply(head(fields, "HTTP/1.1 204 x"));
        CHECK(reading.response.retry_after == "?");
    }
}

TEST_CASE("ResponseReader: understands the Keep-Alive timeout") {
    for (const Row& row :
         {Row{"timeout=5", "204 keep for 5: "},
          Row{"max=100, Timeout=30", "204 keep for 30: "},
          Row{"timeout=0", "204 keep for 0: "},
          Row{"timeout=", "204 keep: "},
          Row{"timeout=-1", "204 keep: "},
          Row{"timeout=99999999999", "204 keep: "},
          Row{"nonsense", "204 keep: "},
          Row{"", "204 keep: "}}) {
        CAPTURE(row.text);
        const std::string fields = "Keep-Alive: " + std::string{row.text} + "\r\n";
        CHECK(outcome(head(fields, "HTTP/1.1 204 None")) == row.outcome);
    }
}

TEST_CASE("ResponseReader: a head beyond its byte limit is too large, exactly") {
    constexpr std::size_t limit = 300;
    ResponseLimits limits;
    limits.head = limit;
    const std::string line = "HTTP/1.1 200 OK\r\n";
    const std::string length = "Content-Length: 2\r\n";
    // The limit is reached in a long field, in many short ones, or by the status line and a field
    // together.
    const auto long_field = [&](std::size_t size) {
        return line + length + "A: " + std::string(size - line.size() - length.size() - 7, 'x') +
            "\r\n\r\nok";
    };
    const auto long_reason = [&](std::size_t size) {
        const std::size_t half = (size - length.size()) / 2;
        std::string text = "HTTP/1.1 200 " + std::string(half, 'r') + "\r\n" + length + "A: ";
        text += std::string(size - text.size() - 4, 'x');
        return text + "\r\n\r\nok";
    };
    const auto short_fields = [&](std::size_t size) {
        std::string text = line + length;
        while (text.size() + 20 < size)
            text += "a: b\r\n";
        text += "c: ";
        text += std::string(size - text.size() - 4, 'x');
        return text + "\r\n\r\nok";
    };
    for (const std::size_t size : {limit - 1, limit}) {
        CHECK(outcome(long_field(size), End::stays_open, limits) == "200 keep: ok");
        CHECK(outcome(long_reason(size), End::stays_open, limits) == "200 keep: ok");
        CHECK(outcome(short_fields(size), End::stays_open, limits) == "200 keep: ok");
    }
    for (const std::size_t size : {limit + 1, limit + 50, 2 * limit}) {
        CHECK(outcome(long_field(size), End::stays_open, limits) == "too_large[head]");
        CHECK(outcome(long_reason(size), End::stays_open, limits) == "too_large[head]");
        CHECK(outcome(short_fields(size), End::stays_open, limits) == "too_large[head]");
    }
}

TEST_CASE("ResponseReader: heads beyond the default limits are too large") {
    const std::string line = "HTTP/1.1 200 OK\r\n";
    CHECK(
        outcome_of_long(line + "A: " + std::string(64U << 10U, 'x') + "\r\n\r\n") ==
        "too_large[head]");
    CHECK(
        outcome_of_long(line + repeat("A: " + std::string(170, 'x') + "\r\n", 100) + "\r\n") ==
        "too_large[head]");
    CHECK(
        outcome_of_long(
            "HTTP/1.1 200 " + std::string(10U << 10U, 'r') + "\r\n" +
            "A: " + std::string(7U << 10U, 'x') + "\r\n\r\n") == "too_large[head]");
    CHECK(outcome_of_long("HTTP/1.1 200 " + std::string(20U << 10U, 'r')) == "too_large[head]");
    CHECK(outcome_of_long(line + repeat("a: b\r\n", 2'000) + "\r\n") == "too_large[head]");
}

TEST_CASE("ResponseReader: the number of fields is limited, exactly") {
    const std::string length = "Content-Length: 0\r\n";
    CHECK(outcome(head(length + repeat("a:b\r\n", 127))) == "200 keep: ");
    CHECK(outcome(head(length + repeat("a:b\r\n", 128))) == "too_large[head]");
}

TEST_CASE("ResponseReader: trailers count against the number of fields") {
    CHECK(outcome(chunked("0\r\n" + repeat("a:b\r\n", 127) + "\r\n")) == "200 keep: ");
    CHECK(outcome(chunked("0\r\n" + repeat("a:b\r\n", 128) + "\r\n")) == "too_large[head]");
}

TEST_CASE("ResponseReader: a head that drips on is refused at its limit, not kept") {
    HttpResponse response;
    ResponseReader reader{response, {}};
    std::string pending = "HTTP/1.1 200 OK\r\nA: ";
    std::size_t most = 0;
    bool refused = false;
    while (!refused && most < (1U << 20U)) {
        pending += "xxxxxxxxxxxxxxxx";
        const Result<std::size_t> consumed = reader.feed(pending);
        refused = !consumed;
        if (refused) {
            CHECK(failure_text(consumed.error()) == "too_large[head]");
            CHECK(consumed.error().phase() == Phase::head);
        } else {
            pending.erase(0, *consumed);
        }
        most = std::max(most, pending.size());
    }
    CHECK(refused);
    CHECK(most <= (16U << 10U) + 16);
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
         }) {
        CAPTURE(body);
        CHECK(outcome(chunked(body)) == bad);
    }
}

TEST_CASE("ResponseReader: a chunk size near 2^64 overflows nothing") {
    for (const std::string_view size :
         {"ffffffffffffffff"sv, "FFFFFFFFFFFFFFFE"sv, "8000000000000000"sv, "7fffffffffffffff"sv}) {
        CAPTURE(size);
        const std::string reply =
            chunked("2\r\nok\r\n" + std::string{size} + "\r\nhello\r\n0\r\n\r\n");
        CHECK(outcome(reply) == "too_large[body]");
    }
    CHECK(outcome(chunked("fffffffffffffffff\r\nx")) == "framing[chunk]");
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
    ResponseLimits limits;
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
    ResponseLimits limits;
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
    ResponseLimits limits;
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

TEST_CASE("ResponseReader: a body beyond its limit is too large, however it is delimited") {
    ResponseLimits limits;
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
    "ResponseReader: an announced giant is refused at its first byte, without memory for it") {
    const std::string reply = head("Content-Length: 9223372036854775807\r\n") + "x";
    const Reading reading = read_reply(reply);
    CHECK(reading.outcome == "too_large[body]");
    CHECK(reading.response.body.capacity() < 1'000);
    CHECK(outcome(head("Content-Length: 16777217\r\n") + "x") == "too_large[body]");
    CHECK(outcome(head("Content-Length: 16777216\r\n") + "x") == "in the body");
}

TEST_CASE("ResponseReader: skips interim replies, up to eight") {
    const std::string last = head("Content-Length: 2\r\n") + "ok";
    const std::string interim = "HTTP/1.1 100 Continue\r\n\r\n";
    CHECK(outcome(interim + last) == "200 keep: ok");
    CHECK(
        outcome("HTTP/1.1 102 Wait\r\n\r\nHTTP/1.1 103 Hints\r\nLink: </a>\r\n\r\n" + last) ==
        "200 keep: ok");
    CHECK(outcome(repeat(interim, 8) + last) == "200 keep: ok");
    CHECK(outcome(repeat(interim, 9) + last) == "framing[interim]");
    CHECK(outcome_of_long(repeat(interim, 100'000)) == "framing[interim]");
    CHECK(outcome(interim) == "in the head");
    CHECK(outcome(interim, End::clean) == "io[truncated]");
}

TEST_CASE("ResponseReader: an interim reply leaves nothing behind") {
    const Reading reading = read_reply(
        "HTTP/1.1 103 Hints\r\nDate: today\r\nRetry-After: 5\r\nKeep-Alive: "
        "timeout=9\r\nConnection: close\r\n\r\n"
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    CHECK(reading.outcome == "200 keep: ");
    CHECK(reading.response.date.empty());
    CHECK(reading.response.retry_after.empty());
}

TEST_CASE("ResponseReader: switching protocols was not asked for") {
    CHECK(
        outcome("HTTP/1.1 101 Switching\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n") ==
        "framing[interim]");
}

TEST_CASE("ResponseReader: interim replies count against the byte limit of the head") {
    ResponseLimits limits;
    limits.head = 200;
    const std::string interim = "HTTP/1.1 103 Hints\r\nLink: " + std::string(44, 'x') + "\r\n\r\n";
    const std::string last = head("Content-Length: 2\r\n") + "ok";
    CHECK(outcome(interim + last, End::stays_open, limits) == "200 keep: ok");
    CHECK(outcome(interim + interim + last, End::stays_open, limits) == "200 keep: ok");
    CHECK(
        outcome(interim + interim + interim + last, End::stays_open, limits) == "too_large[head]");
}

TEST_CASE("ResponseReader: an interim reply that announces a body is refused") {
    const std::string smuggled = head("Content-Length: 4\r\n") + "evil";
    const std::string length = "Content-Length: " + std::to_string(smuggled.size()) + "\r\n";
    CHECK(outcome(head(length, "HTTP/1.1 100 Continue") + smuggled) == "framing[interim]");
    CHECK(
        outcome(head("Transfer-Encoding: chunked\r\n", "HTTP/1.1 103 Hints") + smuggled) ==
        "framing[interim]");
    CHECK(
        outcome(
            head("Content-Length: 0\r\n", "HTTP/1.1 100 Continue") + head("", "HTTP/1.1 204 x")) ==
        "204 keep: ");
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

TEST_CASE("ResponseReader: refuses a head that is not HTTP/1.1 to the letter") {
    const std::string tail = "Content-Length: 0\r\n\r\n";
    for (const std::string& reply : {
             "HTTP/1.1 200 OK\n" + tail,
             "HTTP/1.1 200 OK\r\nA: b\n" + tail,
             "HTTP/1.1 200 OK\r\nA: b\r" + tail,
             "\r\nHTTP/1.1 200 OK\r\n" + tail,
             " HTTP/1.1 200 OK\r\n" + tail,
             "HTTP/1.1 200 OK\r\nno colon\r\n" + tail,
             "HTTP/1.1 200 OK\r\nnocolon\r\n" + tail,
             "HTTP/1.1 200 OK\r\nA : b\r\n" + tail,
             "HTTP/1.1 200 OK\r\nA\t: b\r\n" + tail,
             "HTTP/1.1 200 OK\r\n A: b\r\n" + tail,
             "HTTP/1.1 200 OK\r\n: b\r\n" + tail,
             "HTTP/1.1 200 OK\r\nA(b): c\r\n" + tail,
             "HTTP/1.1 200 OK\r\nA\x80: c\r\n" + tail,
             "HTTP/1.1 200 OK\r\nA: b\0c\r\n"s + tail,
             "HTTP/1.1 200 OK\r\nA\0: b\r\n"s + tail,
             "HTTP/1.1 200 OK\r\nA: b\rc\r\n" + tail,
             "HTTP/1.1 200 OK\r\nA: b\x01\r\n" + tail,
             "HTTP/1.1 200 OK\r\nA: b\x7F\r\n" + tail,
             "HTTP/1.1 200 O\x01K\r\n" + tail,
             "HTTP/1.1 200 O\0K\r\n"s + tail,
             "HTTP/1.1 200 O\rK\r\n" + tail,
             "ICY 200 OK\r\n" + tail,
             "HTTP/2.0 200 OK\r\n" + tail,
             "HTTP/2 200 OK\r\n" + tail,
             "HTTP/1.2 200 OK\r\n" + tail,
             "HTTP/0.9 200 OK\r\n" + tail,
             "HTTP/1.10 200 OK\r\n" + tail,
             "HTTP/11 200 OK\r\n" + tail,
             "http/1.1 200 OK\r\n" + tail,
             "HTTP/1.1\t200 OK\r\n" + tail,
             "HTTP/1.1  200 OK\r\n" + tail,
             "HTTP/1.1 200\tOK\r\n" + tail,
             "HTTP/1.1 099 OK\r\n" + tail,
             "HTTP/1.1 000 OK\r\n" + tail,
             "HTTP/1.1 600 OK\r\n" + tail,
             "HTTP/1.1 999 OK\r\n" + tail,
             "HTTP/1.1 1000 OK\r\n" + tail,
             "HTTP/1.1 20 OK\r\n" + tail,
             "HTTP/1.1 -20 OK\r\n" + tail,
             "HTTP/1.1 abc OK\r\n" + tail,
             "HTTP/1.1 OK\r\n" + tail,
             "<html>go away</html>\r\n\r\n"s,
             "{\"jsonrpc\":\"2.0\"}\r\n\r\n"s,
             "SSH-2.0-OpenSSH_9.2\r\n\r\n"s,
             "\x16\x03\x01\x02\x00\x01\x00\x01\xFC\x03\x03 ........\r\n\r\n"s,
             "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"s,
         }) {
        CAPTURE(reply);
        CHECK(outcome(reply) == "framing[head]");
    }
}

TEST_CASE("ResponseReader: accepts what is odd but clear") {
    const std::string tail = "Content-Length: 2\r\n\r\nok";
    for (const std::string& reply : {
             "HTTP/1.1 200 \r\n" + tail,
             "HTTP/1.1 200 a reason\twith \xC3\xA9\r\n" + tail,
             "HTTP/1.1 200 OK\r\nA:\r\n" + tail,
             "HTTP/1.1 200 OK\r\nA: \xC3\xA9\xFF\x80\r\n" + tail,
             "HTTP/1.1 200 OK\r\nA:b\tc\r\n" + tail,
             "HTTP/1.1 200 OK\r\n!#$%&'*+-.^_`|~09aZ: b\r\n" + tail,
         }) {
        CAPTURE(reply);
        CHECK(outcome(reply) == "200 keep: ok");
    }
    CHECK(outcome("HTTP/1.1 599 Odd\r\n" + tail) == "599 keep: ok");
}

TEST_CASE("ResponseReader: a folded line reads as a blank") {
    const Reading reading =
        read_reply("HTTP/1.1 204 None\r\nWWW-Authenticate: Bearer\r\n \t realm=x\r\n\r\n");
    CHECK(reading.outcome == "204 keep: ");
    CHECK(reading.response.www_authenticate == "Bearer realm=x");
}

TEST_CASE(
    "ResponseReader: a fold longer than the parser's own buffer ends in a verdict, not in an "
    "exception") {
    const std::string fold = repeat("\r\n " + std::string(100, 'x'), 60);
    const std::string reply = "HTTP/1.1 200 OK\r\nA: b" + fold + "\r\nContent-Length: 0\r\n\r\n";
    CHECK(outcome_of_long(reply) == "too_large[head]");
}

TEST_CASE("ResponseReader: a damaged reply is a success in all portions or in none") {
    const std::string interim = "HTTP/1.1 103 Hints\r\nLink: </a>\r\n\r\n";
    const std::vector<std::string> seeds{
        head("Content-Length: 5\r\nContent-Type: application/json\r\n") + "hello",
        chunked("5;x=1\r\nhello\r\n3\r\n012\r\n0\r\nA: b\r\n\r\n"),
        chunked("0\r\n\r\n"),
        interim + head("Transfer-Encoding: chunked\r\nConnection: close\r\n") +
            "2\r\n{}\r\n0\r\n\r\n",
        head("Content-Length: 0\r\nKeep-Alive: timeout=5\r\n", "HTTP/1.0 204 None"),
    };
    constexpr std::string_view spice = "\r\n\r\n 0:1;,=\"f\t\x80\0"sv;
    std::minstd_rand random{20240601};
    const auto below = [&random](std::size_t limit) {
        return std::uniform_int_distribution<std::size_t>{0, limit - 1}(random);
    };
    for (int round = 0; round != 4'000; ++round) {
        std::string reply = seeds[below(seeds.size())];
        for (std::size_t damage = below(4); damage != 0; --damage) {
            const std::size_t at = below(reply.size());
            const char byte = spice[below(spice.size())];
            switch (below(3)) {
                case 0:
                    reply[at] = byte;
                    break;
                case 1:
                    reply.insert(at, 1 + below(2), byte);
                    break;
                default:
                    reply.erase(at, 1 + below(3));
                    break;
            }
        }
        std::vector<std::string_view> segments;
        for (std::string_view rest = reply; !rest.empty();) {
            const std::size_t size = std::min(rest.size(), 1 + below(12));
            segments.push_back(rest.substr(0, size));
            rest.remove_prefix(size);
        }
        const std::string whole = read_segments({reply}, End::clean, {}).outcome;
        const std::string split = read_segments(segments, End::clean, {}).outcome;
        const auto success = [](const std::string& text) {
            return text.find('[') > text.find(':');
        };
        if (whole != split && (success(whole) || success(split))) {
            CAPTURE(reply);
            CHECK(split == whole);
        }
    }
}

TEST_CASE("ResponseReader: says in which phase it failed") {
    HttpResponse response;
    ResponseReader in_head{response, {}};
    CHECK(in_head.feed("nonsense nonsense\r\n\r\n").error().phase() == Phase::head);
    ResponseReader in_body{response, {}};
    CHECK(in_body.feed(chunked("nonsense\r\n\r\n")).error().phase() == Phase::body);
    ResponseReader ended{response, {}};
    CHECK(ended.end_of_input(true).error().phase() == Phase::head);
}
