// SPDX-License-Identifier: BSL-1.0
// What a call reports of replies whose status is no plain success.

#include "raw_caller.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <string>
#include <string_view>
#include <vector>

namespace status_replies_test {

using namespace raw_caller;
using namespace std::string_literals;
using namespace std::string_view_literals;

namespace {

struct Row {
    std::string bytes;
    std::string_view outcome;
    bool reused = true;
};

/// Complete replies that are no success: answered, sent once by any call.
void answered(const std::vector<Row>& rows) {
    for (const Row& row : rows) {
        for (const bool idempotent : {false, true}) {
            CAPTURE(row.bytes.substr(0, 200));
            CAPTURE(idempotent);
            const Seen seen = play(row.bytes, idempotent);
            CHECK(seen.outcome == row.outcome);
            CHECK(seen.error.fate() == Fate::answered);
            CHECK(seen.sends == 1);
            CHECK(seen.reused == row.reused);
            CHECK(
                seen.error.http_status() ==
                static_cast<unsigned>(std::stoul(row.bytes.substr(9, 3))));
        }
    }
}

constexpr std::string_view json = R"({"jsonrpc":"2.0","id":{id},"result":"ok"})";

/// A reply whose body is as long as it gets once the id is in it.
std::string reply(std::string_view status, std::string_view headers, std::string_view body) {
    const bool has_id = body.find("{id}") != std::string_view::npos;
    return "HTTP/1.1 " + std::string{status} + "\r\n" + std::string{headers} +
        "Content-Length: " + std::to_string(body.size() - (has_id ? 3 : 0)) + "\r\n\r\n" +
        std::string{body};
}

}  // namespace

TEST_CASE("RpcClient: a success without a body is an empty envelope") {
    answered({
        {reply("200 OK", "", ""), "envelope[empty]"},
        {reply("200 OK", "", " \r\n"), "envelope[empty]"},
        {reply("204 No Content", "", ""), "envelope[empty]"},
        {"HTTP/1.1 204 No Content\r\n\r\n", "envelope[empty]"},
        {reply("205 Reset", "", ""), "envelope[empty]"},
        {reply("205 Reset", "", json), "envelope[empty]"},
        {reply("206 Partial", "", json), "status"},
    });
    for (const std::string_view status : {"201 Created"sv, "202 Accepted"sv, "203 Other"sv}) {
        const Seen seen = play(reply(status, "", json), false);
        CHECK(seen.outcome == "ok");
        CHECK(seen.reused);
    }
}

TEST_CASE("RpcClient: a status that is no success is reported as it is, whatever the body says") {
    std::vector<Row> rows;
    for (const std::string_view status :
         {"400"sv,
          "402"sv,
          "403"sv,
          "404"sv,
          "405"sv,
          "406"sv,
          "409"sv,
          "413"sv,
          "415"sv,
          "417"sv,
          "422"sv,
          "426"sv,
          "451"sv,
          "501"sv,
          "505"sv,
          "511"sv,
          "599"sv}) {
        rows.push_back({reply(std::string{status} + " No", "", json), "status"});
    }
    rows.push_back({reply("400 No", "Connection: close\r\n", "x"), "status", false});
    rows.push_back({reply("401 No", "WWW-Authenticate: Basic\r\n", "x"), "auth[rejected]"});
    answered(rows);
}

TEST_CASE("RpcClient: a server error in a failed reply is attached, unless it is somebody else's") {
    const std::string error = R"(,"error":{"code":-32600,"message":"wrong version","data":[1]}})";
    for (const std::string_view id : {"{id}"sv, "null"sv}) {
        const Seen seen =
            play(reply("400 No", "", R"({"jsonrpc":"2.0","id":)" + std::string{id} + error), true);
        CHECK(seen.outcome == "status");
        CHECK(seen.reused == true);
        REQUIRE(seen.error.rpc() != nullptr);
        CHECK(seen.error.rpc()->code == -32600);
        CHECK(seen.error.rpc()->message == "wrong version");
        CHECK(seen.error.rpc()->data == "[1]");
    }
    for (const std::string_view id : {"77"sv, "\"1\""sv}) {
        const Seen seen =
            play(reply("400 No", "", R"({"jsonrpc":"2.0","id":)" + std::string{id} + error), true);
        CHECK(seen.outcome == "status");
        CHECK(seen.error.rpc() == nullptr);
        CHECK_FALSE(seen.reused);
    }
}

TEST_CASE("RpcClient: a redirect is never followed, and shown as an origin only") {
    RawServer target{[](RawPeer& peer) { peer.drain(); }};
    for (const std::string_view status :
         {"300"sv, "301"sv, "302"sv, "303"sv, "304"sv, "305"sv, "307"sv, "308"sv}) {
        CAPTURE(status);
        const bool bodiless = status == "304";
        for (const bool idempotent : {false, true}) {
            const Seen seen = play(
                reply(
                    std::string{status} + " Elsewhere",
                    "Location: " + target.origin() + "/login?next=x#top\r\n",
                    bodiless ? "" : "moved"),
                idempotent);
            CHECK(seen.outcome == "status");
            CHECK(seen.error.fate() == Fate::answered);
            CHECK(seen.sends == 1);
            CHECK(seen.reused);
            REQUIRE(seen.error.http() != nullptr);
            CHECK(seen.error.http()->location == target.origin());
        }
    }
    CHECK(target.connections() == 0);
    struct Location {
        std::string_view given;
        std::string_view shown;
    };
    for (const Location& row :
         {Location{"https://user:secret@example.com:8443/x", "https://example.com:8443"},
          Location{"https://a@b@example.com", "https://example.com"},
          Location{"HTTP://Example.com?q", "http://example.com"},
          Location{"https://example.com\\@evil.example/", "https://example.com"},
          Location{"/same/origin", ""},
          Location{"//example.com/x", ""},
          Location{"javascript:alert(1)", ""},
          Location{"ftp://example.com/", ""},
          Location{"http://[::1", ""},
          Location{"http://", ""},
          Location{"", ""}}) {
        CAPTURE(row.given);
        const Seen seen =
            play(reply("302 x", "Location: " + std::string{row.given} + "\r\n", ""), false);
        REQUIRE(seen.error.http() != nullptr);
        CHECK(seen.error.http()->location == row.shown);
    }
}

TEST_CASE("RpcClient: how long an excerpt may be is an option") {
    clarify::ClientOptions options = quick_options();
    const auto excerpt = [&](std::size_t most, const std::string& bytes) {
        options.max_body_excerpt = most;
        return play(bytes, false, Then::stays, options).error.http()->body_excerpt;
    };
    const std::string page = reply("404 x", "", std::string(1'000, 'x'));
    CHECK(excerpt(1'000, page) == std::string(1'000, 'x'));
    CHECK(excerpt(16, page) == std::string(13, 'x') + "...");
    CHECK(excerpt(0, page).empty());
    const std::string html = reply("200 OK", "Content-Type: text/html\r\n", "<html>a page</html>");
    CHECK(excerpt(16, html) == "<html>a page<...");
    CHECK(excerpt(0, html).empty());
    const std::string broken = reply("200 OK", "", "[" + std::string(100, ' ') + "?]");
    CHECK(excerpt(16, broken).starts_with("..."));
    CHECK(excerpt(16, broken).find('?') != std::string::npos);
}

TEST_CASE("RpcClient: an excerpt is escaped and has at most 512 bytes") {
    const Seen control = play(reply("404 x", "", "\x1B[31m\0\r\nFAKE\xC2\x9B"s), false);
    CHECK(control.error.http()->body_excerpt == "\\x1b[31m\\x00\\x0d\\nFAKE\\xc2\\x9b");
    const Seen full = play(reply("404 x", "", std::string(512, 'x')), false);
    CHECK(full.error.http()->body_excerpt == std::string(512, 'x'));
    const Seen cut = play(reply("404 x", "", std::string(513, 'x')), false);
    CHECK(cut.error.http()->body_excerpt == std::string(509, 'x') + "...");
    const Seen binary = play(reply("404 x", "", std::string(10'000, '\xFF')), false);
    CHECK(binary.error.http()->body_excerpt.size() <= 512);
    const Seen challenge = play(
        reply("401 x", "WWW-Authenticate: \xFF" + std::string(1'000, 'w') + "\r\n", ""), false);
    CHECK(challenge.error.http()->www_authenticate.starts_with("\\xffwww"));
    CHECK(challenge.error.http()->www_authenticate.size() == 256);
}

TEST_CASE("RpcClient: the trace of a failed reply must look like one") {
    const std::string good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    CHECK(
        play(reply("500 x", "traceparent: " + good + "\r\n", ""), false)
            .error.http()
            ->traceparent == good);
    for (const std::string& bad : {"hello"s, good + "\x1B", good + "Z", std::string(200, '0')}) {
        const Seen seen = play(reply("404 x", "traceparent: " + bad + "\r\n", ""), false);
        // A control character is not even a header.
        if (seen.error.http() != nullptr) CHECK(seen.error.http()->traceparent.empty());
    }
}

TEST_CASE("RpcClient: each HTTP status is told apart, answered, and sent once by a plain call") {
    struct Row {
        std::string_view status;
        Errc code;
    };
    for (const Row row :
         {Row{"400 Bad Request", Errc::status},
          Row{"401 Unauthorized", Errc::auth},
          Row{"403 Forbidden", Errc::status},
          Row{"404 Not Found", Errc::status},
          Row{"206 Partial Content", Errc::status},
          Row{"301 Moved", Errc::status},
          Row{"500 Oops", Errc::status},
          Row{"502 Bad Gateway", Errc::status},
          Row{"503 Unavailable", Errc::status},
          Row{"504 Timeout", Errc::status}}) {
        CAPTURE(row.status);
        std::atomic<int> requests = 0;
        RawServer server{[&](RawPeer& peer) {
            while (peer.read()) {
                ++requests;
                peer.send(with_body(row.status, "Location: http://127.0.0.1:1/x\r\n", "nope"));
            }
        }};
        Caller caller{server};
        const Outcome outcome = caller.call();
        REQUIRE_FALSE(outcome);
        CHECK(outcome.error().code() == row.code);
        CHECK(outcome.error().fate() == Fate::answered);
        CHECK(outcome.error().attempts() == 1);
        REQUIRE(outcome.error().http() != nullptr);
        CHECK(outcome.error().http()->status == std::stoul(std::string{row.status}));
        CHECK(outcome.error().http()->body_excerpt == "nope");
        CHECK(outcome.error().http()->location == "http://127.0.0.1:1");
        CHECK(requests == 1);
        CHECK(caller.call().has_error());
        CHECK(server.connections() == 1);
    }
}

TEST_CASE("RpcClient: an idempotent call is repeated after 503, a plain one is not") {
    std::atomic<int> requests = 0;
    RawServer server{[&](RawPeer& peer) {
        while (const auto request = peer.read()) {
            if (++requests % 3 != 0) {
                peer.send(with_body("503 Unavailable", "", ""));
            } else {
                peer.result(*request, "\"third\"");
            }
        }
    }};
    Caller caller{server};
    CHECK(caller.idempotent_call().value() == "\"third\"");
    CHECK(requests == 3);
    CHECK(caller.call().error().attempts() == 1);
    CHECK(requests == 4);
}

TEST_CASE("RpcClient: 429 is repeated for any call, after the wait that the server asks for") {
    std::atomic<int> requests = 0;
    RawServer server{[&](RawPeer& peer) {
        while (const auto request = peer.read()) {
            if (++requests == 1) {
                peer.send(with_body("429 Slow Down", "Retry-After: 0\r\n", ""));
            } else if (requests == 2) {
                peer.result(*request, "true");
            } else {
                peer.send(with_body("429 Slow Down", "Retry-After: 3600\r\n", ""));
            }
        }
    }};
    clarify::ClientOptions options = quick_options();
    options.retry.throttled_base = 1ms;
    Caller caller{server, options};
    CHECK(caller.call().value() == "true");
    CHECK(requests == 2);
    const Outcome late = caller.call();
    CHECK(late.error().code() == Errc::status);
    CHECK(late.error().http()->retry_after == 3600s);
    CHECK(late.error().attempts() == 1);
}

}  // namespace status_replies_test
