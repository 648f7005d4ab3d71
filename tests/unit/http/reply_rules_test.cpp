// SPDX-License-Identifier: BSL-1.0
// What both backends accept and refuse of a reply, part by part.

#include <clarify/http/detail/reply/reply_rules.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace reply_rules_test {

using namespace clarify;
using namespace clarify::detail;
using namespace std::string_literals;

namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

struct Judged {
    explicit Judged(const ReplyLimits& limits = {}) : rules(response, limits) {}

    bool head(unsigned status, const Fields& fields, bool http_11 = true) {
        if (!rules.status_line(status, http_11)) return false;
        for (const auto& [name, value] : fields) {
            if (!rules.field(name, value)) return false;
        }
        return rules.end_of_head();
    }
    /// `kind[reason] phase`, or `accepted`.
    std::string verdict() const {
        if (!rules.refusal()) return "accepted";
        const Error& error = *rules.refusal();
        CHECK(error.fate() == Fate::unknown);
        CHECK_FALSE(error.message().empty());
        return std::string{to_string(error.code())} + '[' + std::string{to_string(error.reason())} +
            "] " + std::string{to_string(error.phase())};
    }

    HttpResponse response;
    ReplyRules rules;
};

std::string verdict(unsigned status, const Fields& fields, bool http_11 = true) {
    Judged judged;
    judged.head(status, fields, http_11);
    return judged.verdict();
}

}  // namespace

TEST_CASE("ReplyRules: a status code is between 100 and 599") {
    for (const unsigned status : {0U, 99U, 600U, 999U})
        CHECK(verdict(status, {}) == "framing[head] head");
    for (const unsigned status : {100U, 199U, 200U, 599U})
        CHECK(verdict(status, {}) == "accepted");
}

TEST_CASE("ReplyRules: what decides on framing is in no doubt") {
    const std::string length = "framing[length] head";
    const std::string coding = "framing[transfer_encoding] head";
    struct Row {
        Fields fields;
        std::string verdict;
    };
    for (const Row& row : std::vector<Row>{
             {{{"Content-Length", "12"}}, "accepted"},
             {{{"content-length", "012"}, {"CONTENT-LENGTH", "12"}}, "accepted"},
             {{{"Content-Length", "12"}, {"Content-Length", "13"}}, length},
             {{{"Content-Length", "12, 12"}}, length},
             {{{"Content-Length", ""}}, length},
             {{{"Content-Length", "+1"}}, length},
             {{{"Content-Length", "-1"}}, length},
             {{{"Content-Length", "18446744073709551616"}}, length},
             {{{"Transfer-Encoding", "Chunked"}}, "accepted"},
             {{{"Transfer-Encoding", "gzip, chunked"}}, coding},
             {{{"Transfer-Encoding", ""}}, coding},
             {{{"Transfer-Encoding", "chunked"}, {"Transfer-Encoding", "chunked"}}, coding},
             {{{"Transfer-Encoding", "chunked"}, {"Content-Length", "1"}}, coding},
             {{{"Content-Length", "1"}, {"Transfer-Encoding", "chunked"}}, coding},
             {{{"Content-Encoding", "gzip"}}, "framing[content_encoding] head"},
             {{{"Content-Encoding", "Identity"}, {"Content-Encoding", ""}}, "accepted"},
             {{{"X", "a\tb\xFF"}}, "accepted"},
             {{{"X", "a\0b"s}}, "framing[head] head"},
             {{{"X", "a\x7F"}}, "framing[head] head"},
         }) {
        CAPTURE(row.fields.front().first);
        CAPTURE(row.fields.front().second);
        CHECK(verdict(200, row.fields) == row.verdict);
    }
    CHECK(verdict(200, {{"Transfer-Encoding", "chunked"}}, false) == coding);
}

TEST_CASE("ReplyRules: limits are exact, and a body is refused as soon as it is announced") {
    ReplyLimits limits;
    limits.fields = 2;
    limits.body = 4;
    limits.head = 10;
    {
        Judged judged{limits};
        CHECK(judged.head(200, {{"A", "1"}, {"Content-Length", "4"}}));
        CHECK(judged.rules.body("123"));
        CHECK(judged.rules.body_room() == 1);
        CHECK(judged.rules.body("4"));
        CHECK_FALSE(judged.rules.body("5"));
        CHECK(judged.verdict() == "too_large[body] body");
        CHECK(judged.response.body == "1234");
    }
    {
        Judged judged{limits};
        CHECK_FALSE(judged.head(200, {{"A", "1"}, {"B", "2"}, {"C", "3"}}));
        CHECK(judged.verdict() == "too_large[head] head");
    }
    {
        Judged judged{limits};
        CHECK(judged.head(200, {{"A", "1"}}));
        CHECK(judged.rules.trailer("2"));
        CHECK_FALSE(judged.rules.trailer("3"));
        CHECK(judged.verdict() == "too_large[head] body");
    }
    {
        Judged judged{limits};
        CHECK(judged.rules.head_bytes(10));
        CHECK(judged.rules.head_room() == 0);
        CHECK_FALSE(judged.rules.head_bytes(1));
        CHECK(judged.verdict() == "too_large[head] head");
    }
    Judged announced{limits};
    CHECK_FALSE(announced.head(200, {{"Content-Length", "5"}}));
    CHECK(announced.verdict() == "too_large[body] body");
    Judged bodiless{limits};
    CHECK(bodiless.head(304, {{"Content-Length", "5"}}));
}

TEST_CASE("ReplyRules: the reply to CONNECT has no body, whatever it announces") {
    ReplyLimits limits;
    limits.head_only = true;
    Judged judged{limits};
    CHECK(judged.head(407, {{"Content-Length", "99999999999"}}));
    CHECK(judged.rules.head_done());
}

TEST_CASE("ReplyRules: interim replies announce nothing, leave nothing behind and are counted") {
    ReplyLimits limits;
    limits.interim = 2;
    Judged judged{limits};
    CHECK(judged.head(
        103,
        {{"Content-Length", "7"},
         {"Content-Encoding", "gzip"},
         {"Date", "now"},
         {"Link", "</a>"}}));
    CHECK(judged.head(100, {{"Transfer-Encoding", "chunked"}, {"Connection", "close"}}));
    CHECK_FALSE(judged.rules.head_done());
    CHECK(judged.response.date.empty());
    SUBCASE("the final one follows") {
        CHECK(judged.head(200, {{"Content-Length", "0"}}));
        CHECK(judged.rules.head_done());
        CHECK(judged.rules.reusable());
        CHECK(judged.rules.length() == 0U);
    }
    SUBCASE("another one is one too many") {
        CHECK_FALSE(judged.head(103, {}));
        CHECK(judged.verdict() == "framing[interim] head");
    }
    CHECK(verdict(101, {{"Upgrade", "h2c"}}) == "framing[interim] head");
    CHECK(verdict(103, {{"Content-Length", "x"}}) == "framing[length] head");
}

TEST_CASE("ReplyRules: a connection serves again only if the message says where it ends") {
    struct Row {
        unsigned status;
        Fields fields;
        bool http_11;
        bool reusable;
    };
    for (const Row& row : std::vector<Row>{
             {200, {{"Content-Length", "2"}}, true, true},
             {200, {{"Transfer-Encoding", "chunked"}}, true, true},
             {200, {}, true, false},
             {200, {{"Content-Length", "2"}, {"Connection", "x, CLOSE"}}, true, false},
             {200, {{"Content-Length", "2"}, {"Proxy-Connection", "close"}}, true, false},
             {200, {{"Content-Length", "2"}}, false, false},
             {200, {{"Content-Length", "2"}, {"Connection", "keep-alive"}}, false, true},
             {200, {{"Content-Length", "2"}, {"Connection", "keep-alive, close"}}, false, false},
             {204, {}, true, true},
             {304, {{"Content-Length", "0"}}, true, true},
             {304, {{"Content-Length", "2"}}, true, false},
             {204, {{"Transfer-Encoding", "chunked"}}, true, false},
         }) {
        CAPTURE(row.status);
        Judged judged;
        REQUIRE(judged.head(row.status, row.fields, row.http_11));
        CHECK(judged.rules.reusable() == row.reusable);
    }
    Judged judged;
    REQUIRE(judged.head(200, {{"Keep-Alive", "max=9, Timeout=7"}}));
    CHECK(judged.rules.keep_alive() == std::chrono::seconds{7});
    Judged nonsense;
    REQUIRE(nonsense.head(200, {{"Keep-Alive", "timeout=, timeout=-1, timeout=99999999999"}}));
    CHECK_FALSE(nonsense.rules.keep_alive());
}

TEST_CASE(
    "ReplyRules: keeps what the client reads, joins what is repeated, continues what is folded") {
    Judged judged;
    CHECK(judged.rules.status_line(401, true));
    CHECK(judged.rules.field("www-AUTHENTICATE", "Basic"));
    CHECK(judged.rules.field("WWW-Authenticate", "Bearer"));
    CHECK(judged.rules.fold("realm=x"));
    CHECK(judged.rules.fold(""));
    CHECK(judged.rules.field("X-Other", "y"));
    CHECK(judged.rules.fold("z"));
    CHECK(judged.rules.field("Retry-After", "1"));
    CHECK(judged.rules.field("Retry-After", "1"));
    CHECK(judged.rules.field("Location", "/x"));
    CHECK(judged.rules.end_of_head());
    CHECK(judged.response.status == 401);
    CHECK(judged.response.www_authenticate == "Basic, Bearer realm=x");
    CHECK(judged.response.retry_after == "?");
    CHECK(judged.response.location == "/x");

    Judged first;
    CHECK(first.rules.status_line(200, true));
    CHECK_FALSE(first.rules.fold("x"));
    CHECK(first.verdict() == "framing[head] head");
    Judged framing;
    CHECK(framing.rules.status_line(200, true));
    CHECK(framing.rules.field("Content-Length", "1"));
    CHECK_FALSE(framing.rules.fold("0"));
    CHECK(framing.verdict() == "framing[head] head");
}

TEST_CASE("ReplyLimits: the options and the request give each its limit") {
    HttpOptions options;
    options.max_response_head = 1'000;
    options.max_response_fields = 11;
    options.max_interim_responses = 3;
    options.max_chunk_line = 12;
    options.max_chunk_extras = 13;
    HttpRequest request;
    request.max_response_body = 14;
    const ReplyLimits limits = reply_limits(options, request);
    CHECK(limits.head == 1'000);
    CHECK(limits.fields == 11);
    CHECK(limits.interim == 3);
    CHECK(limits.chunk_line == 12);
    CHECK(limits.chunk_extras == 13);
    CHECK(limits.body == 14);
    CHECK_FALSE(limits.head_only);
    CHECK(tunnel_reply_limits(options).head_only);
    CHECK(tunnel_reply_limits(options).fields == 11);
}

}  // namespace reply_rules_test
