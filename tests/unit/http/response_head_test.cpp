// SPDX-License-Identifier: BSL-1.0

#include <clarify/http/detail/beast/response_reader.hpp>

#include "reply_reading.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace response_head_test {

using namespace reply_reading;
using namespace std::string_literals;
using namespace std::string_view_literals;

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
    ReplyLimits limits;
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
    ReplyLimits limits;
    limits.head = 200;
    const std::string interim = "HTTP/1.1 103 Hints\r\nLink: " + std::string(44, 'x') + "\r\n\r\n";
    const std::string last = head("Content-Length: 2\r\n") + "ok";
    CHECK(outcome(interim + last, End::stays_open, limits) == "200 keep: ok");
    CHECK(outcome(interim + interim + last, End::stays_open, limits) == "200 keep: ok");
    CHECK(
        outcome(interim + interim + interim + last, End::stays_open, limits) == "too_large[head]");
}

TEST_CASE("ResponseReader: an interim reply has no body, whatever it announces") {
    const std::string last = head("Content-Length: 2\r\n") + "ok";
    for (const std::string_view fields :
         {"Content-Length: 0\r\n"sv,
          "Content-Length: 4\r\n"sv,
          "Content-Length: 99999999\r\nLink: </a>; rel=preload\r\n"sv,
          "Transfer-Encoding: chunked\r\n"sv,
          "Content-Encoding: gzip\r\n"sv}) {
        CAPTURE(fields);
        CHECK(outcome(head(fields, "HTTP/1.1 103 Early Hints") + last) == "200 keep: ok");
    }
    // A body that follows all the same begins no head.
    CHECK(
        outcome(head("Content-Length: 4\r\n", "HTTP/1.1 100 Continue") + "evil" + last) ==
        "framing[head]");
    // What it announces must still be clear.
    CHECK(outcome(head("Content-Length: x\r\n", "HTTP/1.1 103 Hints") + last) == "framing[length]");
    CHECK(
        outcome(head("Transfer-Encoding: gzip\r\n", "HTTP/1.1 103 Hints") + last) ==
        "framing[transfer_encoding]");
}

TEST_CASE("ResponseReader: a status line may lack the reason and the blank before it") {
    const std::string tail = "\r\nContent-Length: 2\r\n\r\n";
    CHECK(outcome("HTTP/1.1 200" + tail + "okHTTP") == "200 keep, left 4: ok");
    CHECK(outcome("HTTP/1.0 503" + tail + "ok") == "503 close: ok");
    CHECK(outcome("HTTP/1.1 204\r\n\r\n") == "204 keep: ");
    CHECK(outcome("HTTP/1.1 103\r\n\r\nHTTP/1.1 200" + tail + "ok") == "200 keep: ok");
    CHECK(outcome("HTTP/1.1 20" + tail) == "framing[head]");
    CHECK(outcome("HTTP/1.1 2000" + tail) == "framing[head]");
    CHECK(outcome("HTTP/1.1 200OK" + tail) == "framing[head]");
    ReplyLimits limits;
    limits.head = 12 + tail.size();
    CHECK(outcome("HTTP/1.1 200" + tail + "ok", End::stays_open, limits) == "200 keep: ok");
}

TEST_CASE("ResponseReader: refuses a head that ends within its status line, wherever it does") {
    const std::string line = "HTTP/1.1 200";
    for (std::size_t size = 0; size != line.size(); ++size) {
        const std::string reply = line.substr(0, size) + "\r\n\r\n";
        CAPTURE(reply);
        CHECK(outcome(reply) == "framing[head]");
    }
    // Also behind an interim response.
    CHECK(outcome("HTTP/1.1 103\r\n\r\nHTTP/1.\r\n\r\n") == "framing[head]");
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
    ResponseReader refused_head{response, {}};
    CHECK(
        refused_head.feed("HTTP/1.1 200 OK\r\nContent-Encoding: br\r\n\r\n").error().phase() ==
        Phase::head);
    ReplyLimits limits;
    limits.body = 4;
    ResponseReader refused_body{response, limits};
    CHECK(refused_body.feed(chunked("5\r\n")).error().phase() == Phase::body);
    ResponseReader ended{response, {}};
    CHECK(ended.end_of_input(true).error().phase() == Phase::head);
    ResponseReader ended_in_body{response, {}};
    REQUIRE(ended_in_body.feed("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{").has_value());
    CHECK(ended_in_body.end_of_input(true).error().phase() == Phase::body);
}

TEST_CASE("ResponseReader: what begins no head is refused at once, in whatever portions it comes") {
    for (const std::string& reply :
         {"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"s,
          "220 mail.example ESMTP\r\n"s,
          "Hten"s + std::string(60, '\0'),
          "HTTP/2.0 200 OK\r\n"s,
          "HTTP/1.1 200 OK\nContent-Length: 2\n"s,
          "HTTP/1.1 200 OK\r\nA: b\rC: d\r\n"s}) {
        CAPTURE(reply);
        CHECK(outcome(reply) == "framing[head]");
        CHECK(outcome(reply, End::clean) == "framing[head]");
    }
    // What could still become one is waited for, also where it is bad already.
    CHECK(outcome("HTTP/1.1 200 OK\r\nbad field\r\n") == "in the head");
    CHECK(outcome("HTTP/1.1 200 OK\r\nbad field\r\n", End::clean) == "io[truncated]");
    CHECK(outcome("HTTP/1.1 200 OK\r\nbad field\r\n\r\n") == "framing[head]");
}

}  // namespace response_head_test
