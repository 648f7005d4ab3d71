// SPDX-License-Identifier: BSL-1.0
// What is taken from, and refused of, the lines that libcurl hands over.

#include <clarify/http/detail/curl/curl_response.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace curl_response_test {

namespace {

using clarify::Errc;
using clarify::Fate;
using clarify::Phase;
using clarify::Reason;
using clarify::detail::CurlResponse;
using clarify::detail::ReplyLimits;
using Lines = std::vector<std::string>;

struct Reading {
    explicit Reading(const ReplyLimits& limits = {}) : reader(response, limits) {}

    /// Feeds a head; each line gets its CR LF, and the last one is the empty one.
    bool head(const Lines& lines) {
        for (const std::string& line : lines) {
            if (!reader.header_line(line + "\r\n")) return false;
        }
        return reader.header_line("\r\n");
    }
    clarify::Error refusal() const {
        REQUIRE(reader.refusal());
        return *reader.refusal();
    }

    clarify::HttpResponse response;
    CurlResponse reader;
};

}  // namespace

TEST_CASE("CurlResponse: a plain reply gives status, body and the kept fields") {
    Reading reading;
    REQUIRE(reading.head(
        {"HTTP/1.1 200 OK",
         "content-TYPE:  application/json ",
         "Date: today",
         "WWW-Authenticate: Basic",
         "www-authenticate: Bearer",
         "traceparent: 00-1-2-03",
         "Location: http://x/",
         "Retry-After: 3",
         "X-Other: ignored",
         "Content-Length: 5"}));
    CHECK(reading.reader.head_done());
    CHECK_FALSE(reading.reader.is_whole());
    CHECK(reading.reader.body_piece("he"));
    CHECK(reading.reader.body_piece("llo"));
    CHECK(reading.reader.is_whole());
    CHECK(reading.reader.reusable());
    CHECK(reading.response.status == 200);
    CHECK(reading.response.body == "hello");
    CHECK(reading.response.content_type == "application/json");
    CHECK(reading.response.date == "today");
    CHECK(reading.response.www_authenticate == "Basic, Bearer");
    CHECK(reading.response.traceparent == "00-1-2-03");
    CHECK(reading.response.location == "http://x/");
    CHECK(reading.response.retry_after == "3");
}

TEST_CASE("CurlResponse: what is not exactly a head is refused with its reason") {
    struct Row {
        Lines lines;
        Errc code;
        Reason reason;
    };
    const std::string ok = "HTTP/1.1 200 OK";
    const std::string long_line = "X: " + std::string(17 << 10, 'x');
    const Lines many = [&] {
        Lines lines{ok};
        for (int i = 0; i != 129; ++i)
            lines.push_back("X: y");
        return lines;
    }();
    Lines interims;
    for (int i = 0; i != 9; ++i) {
        interims.push_back("HTTP/1.1 103 Early");
        interims.push_back("");
    }
    const std::vector<Row> rows{
        {{"HTTP/2 200"}, Errc::framing, Reason::head},
        {{"HTTP/1.1 20 OK"}, Errc::framing, Reason::head},
        {{"HTTP/1.1 2000 OK"}, Errc::framing, Reason::head},
        {{"HTTP/1.1 999 OK"}, Errc::framing, Reason::head},
        {{"HTTP/1.1  200 OK"}, Errc::framing, Reason::head},
        {{"HTTP/1.2 200 OK"}, Errc::framing, Reason::head},
        {{ok, "no colon"}, Errc::framing, Reason::head},
        {{ok, "blank before : colon"}, Errc::framing, Reason::head},
        {{ok, ": no name"}, Errc::framing, Reason::head},
        {{ok, std::string{"X: nul"} + '\0'}, Errc::framing, Reason::head},
        {{ok, "X: bare\rcr"}, Errc::framing, Reason::head},
        {{ok, long_line}, Errc::too_large, Reason::head},
        {many, Errc::too_large, Reason::head},
        {{ok, "Content-Length: 2", "Content-Length: 3"}, Errc::framing, Reason::length},
        {{ok, "Content-Length: 2, 2"}, Errc::framing, Reason::length},
        {{ok, "Content-Length: -1"}, Errc::framing, Reason::length},
        {{ok, "Content-Length: +1"}, Errc::framing, Reason::length},
        {{ok, "Content-Length:"}, Errc::framing, Reason::length},
        {{ok, "Content-Length: 99999999999999999999"}, Errc::framing, Reason::length},
        {{ok, "Content-Length: 1", " 0"}, Errc::framing, Reason::head},
        {{ok, " X: y"}, Errc::framing, Reason::head},
        {{ok, "Transfer-Encoding: chunked", "Content-Length: 2"},
         Errc::framing,
         Reason::transfer_encoding},
        {{ok, "Transfer-Encoding: gzip, chunked"}, Errc::framing, Reason::transfer_encoding},
        {{ok, "Transfer-Encoding: chunked", "Transfer-Encoding: chunked"},
         Errc::framing,
         Reason::transfer_encoding},
        {{"HTTP/1.0 200 OK", "Transfer-Encoding: chunked"},
         Errc::framing,
         Reason::transfer_encoding},
        {{ok, "Content-Encoding: gzip"}, Errc::framing, Reason::content_encoding},
        {{"HTTP/1.1 101 Switch"}, Errc::framing, Reason::interim},
        {interims, Errc::framing, Reason::interim},
        {{ok, "Content-Length: 16777217"}, Errc::too_large, Reason::body},
    };
    for (const Row& row : rows) {
        CAPTURE(row.lines.front());
        CAPTURE(row.lines.back().substr(0, 40));
        Reading reading;
        REQUIRE_FALSE(reading.head(row.lines));
        CHECK(reading.refusal().code() == row.code);
        CHECK(reading.refusal().reason() == row.reason);
        CHECK(reading.refusal().fate() == Fate::unknown);
        // Whatever comes then is refused as well.
        CHECK_FALSE(reading.reader.header_line("HTTP/1.1 200 OK\r\n"));
        CHECK_FALSE(reading.reader.body_piece("x"));
    }
}

TEST_CASE("CurlResponse: a line that ends in LF alone is refused, the empty one too") {
    Reading first;
    CHECK_FALSE(first.reader.header_line("HTTP/1.1 200 OK\n"));
    CHECK(first.refusal().reason() == Reason::head);
    Reading last;
    CHECK(last.reader.header_line("HTTP/1.1 200 OK\r\n"));
    CHECK_FALSE(last.reader.header_line("\n"));
    CHECK(last.refusal().reason() == Reason::head);
}

TEST_CASE("CurlResponse: interim replies leave nothing behind and count in the head") {
    Reading reading;
    REQUIRE(reading.head({"HTTP/1.1 103 Early", "Date: early", "Location: there"}));
    CHECK_FALSE(reading.reader.head_done());
    CHECK(reading.reader.begun());
    REQUIRE(reading.head({"HTTP/1.1 204 No Content"}));
    CHECK(reading.reader.head_done());
    CHECK(reading.response.status == 204);
    CHECK(reading.response.date.empty());
    CHECK(reading.response.location.empty());
    CHECK(reading.reader.is_whole());
    CHECK(reading.reader.reusable());

    Reading odd;
    REQUIRE(odd.head({"HTTP/1.1 103", "Content-Length: 3", "Content-Encoding: gzip"}));
    REQUIRE(odd.head({"HTTP/1.1 103", "Transfer-Encoding: chunked"}));
    REQUIRE(odd.head({"HTTP/1.1 200", "Content-Length: 0"}));
    CHECK(odd.reader.is_whole());
    CHECK(odd.reader.reusable());

    ReplyLimits limits;
    limits.head = 64;
    Reading small{limits};
    REQUIRE(small.head({"HTTP/1.1 103 Early", "X: 0123456789"}));
    CHECK_FALSE(small.head({"HTTP/1.1 200 OK", "Content-Length: 0"}));
    CHECK(small.refusal().code() == Errc::too_large);
}

TEST_CASE("CurlResponse: equal lengths agree, a fold is a blank, an empty one nothing") {
    Reading reading;
    REQUIRE(reading.head(
        {"HTTP/1.1 200 OK",
         "Content-Length: 2",
         "content-length: 2",
         "Content-Type: application/json;",
         "  charset=utf-8",
         " \t",
         "X-Other: a",
         "\tb"}));
    CHECK(reading.response.content_type == "application/json; charset=utf-8");
    CHECK(reading.reader.reusable());
}

TEST_CASE("CurlResponse: a connection is reused only where the end of the reply is sure") {
    struct Row {
        Lines lines;
        bool reusable;
    };
    const std::string ok = "HTTP/1.1 200 OK";
    const std::vector<Row> rows{
        {{ok, "Content-Length: 0"}, true},
        {{ok, "Transfer-Encoding: chunked"}, true},
        {{ok}, false},
        {{ok, "Content-Length: 0", "Connection: x, Close"}, false},
        {{"HTTP/1.0 200 OK", "Content-Length: 0"}, false},
        {{"HTTP/1.0 200 OK", "Content-Length: 0", "Connection: keep-alive"}, true},
        {{"HTTP/1.1 204 No Content", "Content-Length: 3"}, false},
        {{"HTTP/1.1 304 Not Modified"}, true},
    };
    for (const Row& row : rows) {
        CAPTURE(row.lines.back());
        Reading reading;
        REQUIRE(reading.head(row.lines));
        CHECK(reading.reader.reusable() == row.reusable);
    }
    Reading reading;
    REQUIRE(reading.head({ok, "Content-Length: 0", "Keep-Alive: max=9, timeout=7"}));
    CHECK(reading.reader.keep_alive() == std::chrono::seconds{7});
}

TEST_CASE("CurlResponse: a body may have its limit, not more") {
    ReplyLimits limits;
    limits.body = 4;
    Reading reading{limits};
    REQUIRE(reading.head({"HTTP/1.1 200 OK"}));
    CHECK(reading.reader.body_piece("1234"));
    CHECK_FALSE(reading.reader.body_piece("5"));
    CHECK(reading.refusal().code() == Errc::too_large);
    CHECK(reading.refusal().reason() == Reason::body);
    CHECK(reading.refusal().phase() == Phase::body);
}

TEST_CASE("CurlResponse: trailers change nothing and are bounded") {
    Reading reading;
    REQUIRE(reading.head({"HTTP/1.1 200 OK", "Transfer-Encoding: chunked"}));
    REQUIRE(reading.reader.body_piece("x"));
    CHECK(reading.reader.header_line("Content-Type: text/html\r\n"));
    CHECK(reading.response.content_type.empty());
    CHECK_FALSE(reading.reader.header_line("X: " + std::string(17 << 10, 'x') + "\r\n"));
    CHECK(reading.refusal().code() == Errc::too_large);
    CHECK(reading.refusal().reason() == Reason::chunk);
}

}  // namespace curl_response_test
