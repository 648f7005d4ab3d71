// SPDX-License-Identifier: BSL-1.0
// Requests as RFC 9112 wants them, and everything that two recipients could read differently.

#include <clarify/http/detail/request/request_reader.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace request_reader_test {

namespace {

using clarify::detail::RequestLimits;
using clarify::detail::RequestReader;

RequestLimits small_limits() {
    RequestLimits limits;
    limits.head = 1000;
    limits.body = 100;
    limits.fields = 10;
    limits.chunk_extras = 200;
    return limits;
}

/// What became of bytes.
struct Read {
    std::string outcome;
    std::size_t used = 0;
    std::string body;
};

/// Read in portions of `step` bytes.
Read read_in_steps(std::string_view bytes, std::size_t step) {
    RequestReader reader{small_limits()};
    Read out;
    while (out.used != bytes.size() && !reader.done() && !reader.refused()) {
        const std::string_view portion = bytes.substr(out.used, step);
        const std::size_t used = reader.feed(portion);
        out.used += used;
        if (used != portion.size()) CHECK((reader.done() || reader.refused()));
    }
    out.outcome = reader.done() ? "done"
        : reader.refused()      ? std::to_string(reader.status())
                                : "more";
    if (reader.done()) out.body = reader.body();
    return out;
}

/// The same, whatever the portions.
Read read(std::string_view bytes) {
    CAPTURE(bytes);
    const Read whole = read_in_steps(bytes, bytes.size());
    for (const std::size_t step : {1U, 2U, 7U}) {
        const Read pieces = read_in_steps(bytes, step);
        CHECK(pieces.outcome == whole.outcome);
        CHECK(pieces.used == whole.used);
        CHECK(pieces.body == whole.body);
    }
    return whole;
}

std::string outcome(std::string_view bytes) { return read(bytes).outcome; }

/// The outcome of a request with these fields, and then the bytes of another one.
std::string with_fields(const std::string& fields, const std::string& version = "HTTP/1.1") {
    return outcome(
        "POST / " + version + "\r\nHost: a\r\n" + fields + "\r\nGET /b HTTP/1.1\r\n\r\n");
}

/// The outcome of a chunked body.
Read chunked(const std::string& body) {
    return read("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + body);
}

}  // namespace

TEST_CASE("RequestReader: takes the parts of a request, and leaves what follows") {
    RequestReader reader{small_limits()};
    CHECK_FALSE(reader.begun());
    const std::string bytes =
        "\r\nPOST /samples?a=b HTTP/1.1\r\nhOST: gateway:80\r\nX-Note:\t two words \r\nX-Empty:\r\n"
        "Content-Length: 005\r\n\r\nhelloGET";
    CHECK(reader.feed(bytes) == bytes.size() - 3);
    CHECK(reader.begun());
    REQUIRE(reader.done());
    CHECK(reader.method() == "POST");
    CHECK(reader.target() == "/samples?a=b");
    CHECK(reader.http_11());
    CHECK(reader.host() == "gateway:80");
    CHECK(reader.field("x-note") == "two words");
    CHECK(reader.field("x-empty").empty());
    CHECK(reader.field("x-absent").empty());
    CHECK(reader.length() == 5);
    CHECK(reader.body() == "hello");
    CHECK(reader.keep_alive());
    CHECK_FALSE(reader.expects_continue());
    CHECK(reader.feed("GET") == 0);
}

TEST_CASE("RequestReader: a request line is what it must be") {
    for (const char* const line :
         {"GET / HTTP/1.1", "get * HTTP/1.1", "GET http://a/ HTTP/1.1", "M-SEARCH /%20 HTTP/1.0"}) {
        CHECK(outcome(std::string{line} + "\r\nHost: a\r\n\r\n") == "done");
    }
    for (const char* const line :
         {"nonsense",
          "GET /",
          "GET  / HTTP/1.1",
          "GET /  HTTP/1.1",
          "GET / a HTTP/1.1",
          " GET / HTTP/1.1",
          "GET /\tHTTP/1.1",
          "GET /a#b HTTP/1.1",
          "GET /\xC3\xA6 HTTP/1.1",
          "G(T / HTTP/1.1",
          "GET / HTTP/1.1 ",
          "GET / http/1.1",
          "GET / HTTP/1.10",
          "GET / HTTP/11"}) {
        CHECK(outcome(std::string{line} + "\r\nHost: a\r\n\r\n") == "400");
    }
    for (const char* const version : {"HTTP/0.9", "HTTP/1.2", "HTTP/2.0"})
        CHECK(outcome("GET / " + std::string{version} + "\r\n\r\n") == "505");
    CHECK(outcome("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n") == "done");
    CHECK(outcome("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n") == "400");
    CHECK(outcome("\r\nGET / HTTP/1.1\r\nHost: a\r\n") == "more");
}

TEST_CASE("RequestReader: lines end in CR LF and hold no controls") {
    using namespace std::string_literals;
    CHECK(outcome("GET / HTTP/1.1\nHost: a\r\n\r\n") == "400");
    CHECK(outcome("GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n") == "400");
    CHECK(outcome("GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n") == "400");
    CHECK(outcome("GET / HTTP/1.1\r\nHost: a\r\r\n\r\n") == "400");
    CHECK(outcome("GET / HTTP/1.1\r\nHost: a\r\n\r\r\n") == "400");
    CHECK(outcome("GET / HTTP/1.1\r\nHost: a\r\n\n") == "400");
    // At once: nothing may come that would complete them.
    CHECK(outcome("\x16\x03\x01") == "400");
    CHECK(outcome("GET / HTTP/1.1\r\nX: a\0b"s) == "400");
    CHECK(with_fields("X: a\vb\r\n") == "400");
    CHECK(with_fields("X: a\x7F\r\n") == "400");
    CHECK(with_fields("X: a\tb\xE9\r\n") == "done");
}

TEST_CASE("RequestReader: a name is a token, and no line continues another") {
    for (const char* const line :
         {"X : a",
          "X\t: a",
          ": a",
          "X",
          "X(a): b",
          " X: a",
          "\tX: a",
          "X: a\r\n b",
          "X: a\r\n\tb"}) {
        CHECK(with_fields(std::string{line} + "\r\n") == "400");
    }
    // Also where the first field is folded, or one that would decide on the framing.
    CHECK(outcome("GET / HTTP/1.1\r\n Host: a\r\n\r\n") == "400");
    CHECK(with_fields("Transfer-Encoding:\r\n chunked\r\n") == "400");
    CHECK(with_fields("Content-Length : 3\r\n") == "400");
}

TEST_CASE("RequestReader: there is one Host") {
    const auto hosts = [](const std::string& fields, const std::string& version = "HTTP/1.1") {
        return outcome("GET / " + version + "\r\n" + fields + "\r\n");
    };
    CHECK(hosts("") == "400");
    CHECK(hosts("", "HTTP/1.0") == "done");
    CHECK(hosts("Host: a\r\nHost: a\r\n") == "400");
    CHECK(hosts("Host: a\r\nhost: b\r\n", "HTTP/1.0") == "400");
    for (const char* const host : {"a", "a:80", "a:", "1.2.3.4", "[::1]", "[::1]:8080", ""})
        CHECK(hosts("Host: " + std::string{host} + "\r\n") == "done");
    for (const char* const host :
         {"a b",
          "a/b",
          "a@b",
          "a:b",
          "a:800000",
          "a:1:2",
          "[::1",
          "[]",
          "[::1]a",
          "[g]",
          "\xC3\xA6",
          "a\\b",
          "a?b"}) {
        CHECK(hosts("Host: " + std::string{host} + "\r\n") == "400");
    }
}

TEST_CASE("RequestReader: a length is one plain number") {
    CHECK(with_fields("") == "done");
    CHECK(with_fields("Content-Length: 0\r\n") == "done");
    CHECK(with_fields("Content-Length: 3\r\n") == "done");
    for (const char* const length :
         {"", "+3", "-3", "3 3", "3,3", "3, 3", "0x3", "3.0", "3;", "\xD9\xA3", "3\t3"}) {
        CHECK(with_fields("Content-Length: " + std::string{length} + "\r\n") == "400");
    }
    CHECK(with_fields("Content-Length: 3\r\nContent-Length: 3\r\n") == "400");
    CHECK(with_fields("Content-Length: 0\r\nX: a\r\ncontent-length: 3\r\n") == "400");
    CHECK(with_fields("Content-Length: 101\r\n") == "413");
    CHECK(with_fields("Content-Length: 18446744073709551617\r\n") == "413");
    CHECK(with_fields("Content-Length: 100\r\n") == "more");
    CHECK(read("POST / HTTP/1.0\r\nContent-Length: 2\r\n\r\n{}{}").body == "{}");
}

TEST_CASE("RequestReader: a transfer encoding is chunked, or nobody knows where the body ends") {
    const auto encoded = [](const std::string& value, const std::string& more = "") {
        return with_fields("Transfer-Encoding: " + value + "\r\n" + more);
    };
    // The next line is no chunk.
    CHECK(encoded("chunked") == "400");
    CHECK(chunked("0\r\n\r\n").outcome == "done");
    CHECK(
        read("POST / HTTP/1.1\r\nHost: a\r\nTRANSFER-ENCODING:\tCHUNKED \r\n\r\n0\r\n\r\n")
            .outcome == "done");
    for (const char* const value :
         {"",
          "identity",
          "chunked, x",
          "chunked, identity",
          "xchunked",
          "chunkedx",
          "chunked;a=b",
          "\"chunked\"",
          "chunked chunked",
          "chunked, chunked",
          ", chunked",
          "chunked,",
          ",",
          "gzip",
          "gzip;q=1, chunked",
          "x y, chunked",
          "'chunked'"}) {
        CAPTURE(value);
        CHECK(encoded(value) == "400");
        CHECK(encoded(value, "Content-Length: 0\r\n") == "400");
    }
    CHECK(encoded("gzip, chunked") == "501");
    CHECK(encoded("chunked", "Transfer-Encoding: chunked\r\n") == "400");
    CHECK(encoded("chunked", "Transfer-Encoding: identity\r\n") == "400");
    CHECK(encoded("chunked", "Content-Length: 0\r\n") == "400");
    CHECK(with_fields("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n") == "400");
    CHECK(with_fields("Transfer-Encoding: chunked\r\n", "HTTP/1.0") == "400");
    CHECK(
        with_fields("Connection: keep-alive\r\nTransfer-Encoding: chunked\r\n", "HTTP/1.0") ==
        "400");
}

TEST_CASE("RequestReader: chunks are read to the letter") {
    CHECK(chunked("3\r\nabc\r\n00A\r\n0123456789\r\n0\r\n\r\nGET").body == "abc0123456789");
    CHECK(chunked("3;a\r\nabc\r\n0;b=c\r\n\r\n").body == "abc");
    CHECK(chunked("3 ; a = \"x;\\\"y\" ;b\r\nabc\r\n0\r\n\r\n").body == "abc");
    CHECK(chunked("0\r\nX-Sum: 5\r\nY:\r\n\r\n").outcome == "done");
    CHECK(chunked("3\r\nabc\r\n").outcome == "more");
    for (const char* const body :
         {"zz\r\n",
          "\r\n",
          " 3\r\nabc\r\n",
          "3 \r\nabc\r\n",
          "+3\r\nabc\r\n",
          "-3\r\nabc\r\n",
          "0x3\r\nabc\r\n",
          "3\nabc\r\n",
          "3\rabc\r\n",
          "3\r\nabcd\r\n",
          "3\r\nabc\n",
          "3\r\nabc0\r\n\r\n",
          "3;\r\nabc\r\n",
          "3;a=\r\nabc\r\n",
          "3;a=\"b\r\nabc\r\n",
          "3;a\nb\r\nabc\r\n",
          "3a b\r\n",
          "3,4\r\n",
          "00000000000000003\r\nabc\r\n",
          "8000000000000000\r\n",
          "ffffffffffffffff\r\n",
          "0\r\nno trailer\r\n\r\n",
          "0\r\n a: b\r\n\r\n",
          "0\r\nContent-Length: 5\r\n\r\n",
          "0\r\ntransfer-encoding: chunked\r\n\r\n",
          "0\r\nHost: b\r\n\r\n"}) {
        CAPTURE(body);
        CHECK(chunked(body).outcome == "400");
    }
}

TEST_CASE("RequestReader: everything that a sender can lengthen has its limit") {
    CHECK(outcome("GET /" + std::string(1000, 'a')) == "431");
    CHECK(outcome("GET / HTTP/1.1\r\nX: " + std::string(1000, 'a')) == "431");
    std::string fields;
    for (int i = 0; i != 10; ++i)
        fields += "X: a\r\n";
    CHECK(with_fields(fields) == "431");
    CHECK(chunked("65\r\n").outcome == "413");
    CHECK(chunked("60\r\n" + std::string(96, 'a') + "\r\n5\r\n").outcome == "413");
    CHECK(chunked("1;" + std::string(500, 'a')).outcome == "400");
    std::string extensions;
    for (int i = 0; i != 20; ++i)
        extensions += "1;" + std::string(40, 'a') + "\r\nb\r\n";
    CHECK(chunked(extensions).outcome == "400");
    CHECK(chunked("0\r\nX: " + std::string(500, 'a')).outcome == "400");
    // Small chunks alone are no extras.
    std::string small;
    for (int i = 0; i != 100; ++i)
        small += "1\r\na\r\n";
    CHECK(chunked(small + "0\r\n\r\n").body == std::string(100, 'a'));
}

TEST_CASE("RequestReader: what the sender says of the connection, and of waiting") {
    const auto reader_of = [](const std::string& version, const std::string& fields) {
        RequestReader reader{small_limits()};
        reader.feed("GET / HTTP/" + version + "\r\nHost: a\r\n" + fields + "\r\n");
        REQUIRE(reader.head_done());
        return reader;
    };
    CHECK(reader_of("1.1", "").keep_alive());
    CHECK_FALSE(reader_of("1.1", "Connection: x, Close\r\n").keep_alive());
    CHECK_FALSE(reader_of("1.1", "Connection: keep-alive\r\nConnection: close\r\n").keep_alive());
    CHECK_FALSE(reader_of("1.0", "").keep_alive());
    CHECK(reader_of("1.0", "Connection: Keep-Alive\r\n").keep_alive());
    const std::string expects = "Expect: 100-Continue\r\nContent-Length: 3\r\n";
    CHECK(reader_of("1.1", expects).expects_continue());
    CHECK_FALSE(reader_of("1.0", expects).expects_continue());
    CHECK(with_fields("Expect: a-miracle\r\n") == "417");
}

}  // namespace request_reader_test
