// SPDX-License-Identifier: BSL-1.0
// Replies whose framing is in doubt, and those whose framing is odd but clear, over real sockets.

#include "raw_caller.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace framing_replies_test {

using namespace raw_caller;
using namespace std::string_literals;
using namespace std::string_view_literals;

namespace {

constexpr std::string_view json = R"({"jsonrpc":"2.0","id":{id},"result":"ok"})";
// As long as it gets once the id is in it.
constexpr std::size_t json_size = json.size() - 3;

std::string head(std::string_view fields, std::string_view line = "HTTP/1.1 200 OK") {
    return std::string{line} + "\r\n" + std::string{fields} + "\r\n";
}
std::string length(std::size_t size = json_size) {
    return "Content-Length: " + std::to_string(size) + "\r\n";
}
std::string good(std::string_view fields = {}, std::string_view line = "HTTP/1.1 200 OK") {
    return head(std::string{fields} + length(), line) + std::string{json};
}
std::string chunked(std::string_view fields = "Transfer-Encoding: chunked\r\n") {
    return head(fields) + "26\r\n" + std::string{json} + "\r\n0\r\n\r\n";
}
std::string repeat(std::string_view text, std::size_t times) {
    std::string out;
    for (std::size_t i = 0; i != times; ++i)
        out += text;
    return out;
}

struct Row {
    std::string bytes;
    std::string_view outcome;
};

/// None of these may succeed, be sent twice by any call, or leave a connection that serves again;
/// and no verdict may wait for the peer to end the connection.
void refused(const std::vector<Row>& rows) {
    for (const Row& row : rows) {
        for (const bool idempotent : {false, true}) {
            CAPTURE(row.bytes.substr(0, 120));
            CAPTURE(idempotent);
            const Seen seen = play(row.bytes, idempotent);
            CHECK(seen.outcome == row.outcome);
            CHECK(seen.error.fate() == Fate::unknown);
            CHECK(seen.sends == 1);
            CHECK_FALSE(seen.reused);
        }
    }
}

struct Accepted {
    std::string bytes;
    bool reused = true;
    Then then = Then::stays;
};

void accepted(const std::vector<Accepted>& rows) {
    for (const Accepted& row : rows) {
        for (const bool idempotent : {false, true}) {
            CAPTURE(row.bytes.substr(0, 120));
            const Seen seen = play(row.bytes, idempotent, row.then);
            CHECK_MESSAGE(seen.outcome == "ok", seen.error);
            CHECK(seen.result == "\"ok\"");
            CHECK(seen.sends == 1);
            CHECK(seen.reused == row.reused);
        }
    }
}

}  // namespace

TEST_CASE("BeastBackend: a head beyond its limits ends the connection") {
    const std::string line = "HTTP/1.1 200 OK\r\n";
    refused({
        {line + "A: " + std::string(64U << 10U, 'x') + "\r\n\r\n", "too_large[head]"},
        {line + repeat("A: " + std::string(160, 'x') + "\r\n", 105) + "\r\n", "too_large[head]"},
        {line + repeat("a:b\r\n", 2'000) + "\r\n", "too_large[head]"},
        {"HTTP/1.1 200 " + std::string(10'240, 'r') + "\r\nA: " + std::string(7'000, 'x') + "\r\n",
         "too_large[head]"},
        {line + "A: " + std::string(17U << 10U, 'x'), "too_large[head]"},
    });
}

TEST_CASE("BeastBackend: a length that is none, or several, ends the connection") {
    std::vector<Row> rows{
        {head("Content-Length: 2\r\nContent-Length: 3\r\n") + "{}x", "framing[length]"}};
    for (const std::string_view value :
         {"2, 3"sv,
          "-2"sv,
          "+2"sv,
          "0x2"sv,
          ""sv,
          "18446744073709551616"sv,
          "1 2"sv,
          "2, 2"sv,
          "2;"sv,
          "\"2\""sv,
          "1\r\n 2"sv}) {
        rows.push_back(
            {head("Content-Length: " + std::string{value} + "\r\n") + "{}", "framing[length]"});
    }
    refused(rows);
    accepted({
        {head(length() + length()) + std::string{json}},
        {head("Content-Length: \t" + std::string(40, '0') + "38 \t\r\n") + std::string{json}},
        {head("Content-Length:\r\n 38\r\n") + std::string{json}},
    });
}

TEST_CASE("BeastBackend: a transfer encoding other than one chunked ends the connection") {
    std::vector<Row> rows;
    for (const std::string& fields :
         {"Transfer-Encoding: chunked\r\n" + length(),
          length() + "Transfer-Encoding: chunked\r\n",
          repeat("Transfer-Encoding: chunked\r\n", 2),
          "Transfer-Encoding: chunked\r\ntransfer-ENCODING: CHUNKED\r\n"s,
          "Transfer-Encoding: chunked, chunked\r\n"s,
          "Transfer-Encoding: gzip, chunked\r\n"s,
          "Transfer-Encoding: identity\r\n"s,
          "Transfer-Encoding: xchunked\r\n"s,
          "Transfer-Encoding: chunked;q=1\r\n"s,
          "Transfer-Encoding: chunked,\r\n"s,
          "Transfer-Encoding:\r\n" + length(),
          "Transfer-Encoding:\r\nTransfer-Encoding: chunked\r\n"s,
          "Transfer-Encoding: gzip,\r\n chunked\r\n"s,
          "Transfer-Encoding: chunked\r\n identity\r\n"s}) {
        rows.push_back({chunked(fields), "framing[transfer_encoding]"});
    }
    rows.push_back({"HTTP/1.0" + chunked().substr(8), "framing[transfer_encoding]"});
    // One that comes in a trailer is too late.
    const std::string trailed = chunked().substr(0, chunked().size() - 2);
    for (const std::string& trailer : {"Transfer-Encoding: chunked\r\n"s, length(), length(5)})
        rows.push_back({trailed + trailer + "\r\n", "framing[transfer_encoding]"});
    refused(rows);
    accepted(
        {{chunked("tRANSFER-eNCODING:\tChUnKeD \r\n")},
         {chunked("Transfer-Encoding:\r\n chunked\r\n")},
         {trailed + "Retry-After: 5\r\nDate: x\r\n\r\n"}});
}

TEST_CASE("BeastBackend: a malformed chunk ends the connection, at once") {
    std::vector<Row> rows;
    const std::string data{json};
    for (const std::string& body :
         {"-5\r\nhello\r\n0\r\n\r\n"s,
          "0x5\r\nhello\r\n0\r\n\r\n"s,
          "00000000000000026\r\n" + data + "\r\n0\r\n\r\n",
          "fffffffffffffffff\r\nx"s,
          "ffffffffffffffff\r\nhello"s,
          "26\n" + data + "\n0\n\n",
          "26\r\n" + data + "0\r\n\r\n",
          "26\r\n" + data + "X",
          "26;a=\"\r\n\"\r\n" + data,
          "0\r\n\n"s,
          "zz"s}) {
        rows.push_back({head("Transfer-Encoding: chunked\r\n") + body, "framing[chunk]"});
    }
    const std::string chunks = head("Transfer-Encoding: chunked\r\n");
    rows.push_back({chunks + "7fffffffffffffff\r\nhello", "too_large[body]"});
    rows.push_back({chunks + "26;" + std::string(2'000, 'x'), "too_large[chunk]"});
    rows.push_back(
        {chunks + "0\r\n" + repeat("A: " + std::string(500, 'x') + "\r\n", 40),
         "too_large[chunk]"});
    refused(rows);
    accepted({{chunks + "0026;a=\"b c\"\r\n" + data + "\r\n000;x\r\nT: v\r\n\r\n"}});
}

TEST_CASE("BeastBackend: a body that ends too soon is repeated by idempotent calls only") {
    for (const std::string& bytes :
         {head("Transfer-Encoding: chunked\r\n") + "2\r\n{}\r\n",
          head("Transfer-Encoding: chunked\r\n") + "2\r\n{}\r\n0\r\n",
          head("Transfer-Encoding: chunked\r\n") + "9\r\n{}",
          head("Content-Length: 10\r\n") + "{}",
          "HTTP/1.1 200 OK\r\nContent-"s,
          "HTTP/1.1 100 Continue\r\n\r\n"s,
          "H"s,
          ""s}) {
        for (const Then then : {Then::ends, Then::resets}) {
            for (const bool idempotent : {false, true}) {
                CAPTURE(bytes);
                const Seen seen = play(bytes, idempotent, then);
                // A reset may overtake the bytes before it.
                const bool known = seen.outcome == "io[truncated]" || seen.outcome == "io[reset]";
                CHECK_MESSAGE(known, seen.outcome);
                if (then == Then::ends) CHECK(seen.outcome == "io[truncated]");
                CHECK(seen.error.fate() == Fate::unknown);
                CHECK(seen.sends == (idempotent ? 3 : 1));
                CHECK_FALSE(seen.reused);
            }
        }
    }
}

TEST_CASE("BeastBackend: a body beyond the limit ends the connection, an announced one at once") {
    const std::string part(1'000'000, 'x');
    refused({
        {head("Content-Length: 17000000\r\n"), "too_large[body]"},
        {head("Content-Length: 9223372036854775807\r\n"), "too_large[body]"},
        {head("Transfer-Encoding: chunked\r\n") + repeat("f4240\r\n" + part + "\r\n", 17),
         "too_large[body]"},
        {head("") + repeat(part, 17), "too_large[body]"},
    });
}

TEST_CASE("BeastBackend: interim replies are skipped, up to eight without a body") {
    const std::string interim = "HTTP/1.1 100 Continue\r\n\r\n";
    accepted({
        {repeat(interim, 8) + good()},
        {"HTTP/1.1 102 Wait\r\n\r\nHTTP/1.1 103 Hints\r\nLink: </a>\r\n\r\n" + good()},
        // Whatever it announces, nothing follows it.
        {head("Content-Length: 5\r\n", "HTTP/1.1 103") + good()},
        {head("Transfer-Encoding: chunked\r\n", "HTTP/1.1 103 x") + good()},
    });
    refused({
        {repeat(interim, 9) + good(), "framing[interim]"},
        {repeat(interim, 100'000), "framing[interim]"},
        {head("Upgrade: h2c\r\n", "HTTP/1.1 101 Switching") + good(), "framing[interim]"},
        {head("Content-Length: 5\r\n", "HTTP/1.1 100 x") + "hello" + good(), "framing[head]"},
        {head("Transfer-Encoding: chunked\r\n", "HTTP/1.1 103 x") + "0\r\n\r\n" + good(),
         "framing[head]"},
    });
}

TEST_CASE("BeastBackend: a connection serves again only where the reply leaves no doubt") {
    const std::string keep = "Connection: keep-alive\r\n";
    accepted({
        {good()},
        {good({}, "HTTP/1.0 200 OK"), false},
        {good(keep, "HTTP/1.0 200 OK"), true},
        {good("Connection: close\r\n"), false},
        {good("Connection: keep-alive, close\r\n"), false},
        {good("Connection: x\r\nConnection: y, CLOSE\r\n"), false},
        {good("Keep-Alive: timeout=0\r\n"), false},
        {good("Keep-Alive: timeout=-5\r\n")},
        {good("Keep-Alive: timeout=99999999999999999999\r\n")},
        {good("Connection: keep-alive, close\r\n", "HTTP/1.0 200 OK"), false},
        {head("") + std::string{json}, false, Then::ends},
        {head(keep) + std::string{json}, false, Then::ends},
        {head(keep, "HTTP/1.0 200 OK") + std::string{json}, false, Then::ends},
        // What follows a reply belongs to nobody.
        {good() + "HTTP/1.1 200 OK\r\nContent-Le", false},
        {good() + head("Content-Length: 41\r\n") + R"({"jsonrpc":"2.0","id":2,"result":"forged"})",
         false},
    });
}

TEST_CASE("BeastBackend: what follows a reply without a body never becomes the next one") {
    const std::string forged =
        head("Content-Length: 40\r\n") + R"({"jsonrpc":"2.0","id":2,"result":"evil"})";
    for (const std::string_view line : {"HTTP/1.1 204 x"sv, "HTTP/1.1 304 x"sv}) {
        for (const std::string& bytes :
             {head("", line) + forged,
              head("Content-Length: 40\r\n", line) + forged,
              head("Transfer-Encoding: chunked\r\n", line) + "28\r\n" + forged,
              head("Content-Length: 40\r\n", line)}) {
            for (const bool idempotent : {false, true}) {
                CAPTURE(bytes);
                const Seen seen = play(bytes, idempotent);
                CHECK(seen.outcome == (line == "HTTP/1.1 204 x" ? "envelope[empty]" : "status"));
                CHECK(seen.error.fate() == Fate::answered);
                CHECK(seen.sends == 1);
                CHECK_FALSE(seen.reused);
            }
        }
    }
}

TEST_CASE("BeastBackend: a content encoding that nobody asked for ends the connection") {
    std::vector<Row> rows;
    for (const std::string_view coding :
         {"gzip"sv, "br"sv, "deflate"sv, "unknown"sv, "gzip, identity"sv}) {
        const std::string fields = "Content-Encoding: " + std::string{coding} + "\r\n";
        rows.push_back({good(fields), "framing[content_encoding]"});
        rows.push_back({good(fields, "HTTP/1.1 500 Oops"), "framing[content_encoding]"});
    }
    refused(rows);
    accepted({{good("Content-Encoding: identity\r\n")}});
}

TEST_CASE("BeastBackend: a head that is not HTTP/1.1 to the letter ends the connection") {
    std::vector<Row> rows;
    const std::string tail = length() + "\r\n" + std::string{json};
    for (const std::string& bytes :
         {"HTTP/1.1 200 OK\n" + tail,
          "HTTP/1.1 200 OK\r\nA: b\n" + tail,
          "\r\nHTTP/1.1 200 OK\r\n" + tail,
          " HTTP/1.1 200 OK\r\n" + tail,
          "HTTP/1.1 200 OK\r\nno colon\r\n" + tail,
          "HTTP/1.1 200 OK\r\nA : b\r\n" + tail,
          "HTTP/1.1 200 OK\r\n: b\r\n" + tail,
          "HTTP/1.1 200 OK\r\nA: b\0c\r\n"s + tail,
          "HTTP/1.1 200 OK\r\nA: b\rc\r\n" + tail,
          "ICY 200 OK\r\n" + tail,
          "HTTP/2.0 200 OK\r\n" + tail,
          "HTTP/1.2 200 OK\r\n" + tail,
          std::string{json} + "\r\n\r\n",
          "SSH-2.0-OpenSSH_9.2\r\n"s,
          "HTTP/1.1 099 OK\r\n" + tail,
          "HTTP/1.1 600 OK\r\n" + tail,
          "HTTP/1.1 999 OK\r\n" + tail,
          "HTTP/1.1 1000 OK\r\n" + tail,
          "HTTP/1.1 20 OK\r\n" + tail,
          "HTTP/1.1  200 OK\r\n" + tail,
          "HTTP/1.1 200 \x1B[31mOK\r\n" + tail,
          "http/1.1 200 OK\r\n" + tail,
          "HTTP/1.1 200 OK\r\nX-\xC3\xA9: b\r\n" + tail,
          "HTTP/1.1 200 OK\r\nX Y: b\r\n" + tail,
          "HTTP/1.1 200 OK\r\nContent-Length:\x0B"
          "38\r\n\r\n" +
              std::string{json},
          "HTTP/1.1 200 OK\r\nTransfer-Encoding : chunked\r\n" + tail}) {
        rows.push_back({bytes, "framing[head]"});
    }
    refused(rows);
    accepted({
        {good({}, "HTTP/1.1 200 ")},
        {good({}, "HTTP/1.1 200")},
        {good("X: a\r\n\t b\r\n")},
        {good("X: \xFF\x80\r\n", "HTTP/1.1 200 \xE9")},
    });
}

}  // namespace framing_replies_test
