// SPDX-License-Identifier: BSL-1.0
// What a call reports of complete replies that are not its result.

#include "raw_caller.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace envelope_replies_test {

using namespace raw_caller;
using namespace std::string_literals;
using namespace std::string_view_literals;

namespace {

std::string reply(std::string_view body, std::string_view type = "application/json") {
    std::size_t size = body.size();
    for (std::size_t at = body.find("{id}"); at != std::string_view::npos;
         at = body.find("{id}", at + 1)) {
        size -= 3;
    }
    std::string out = "HTTP/1.1 200 OK\r\n";
    if (!type.empty()) out += "Content-Type: " + std::string{type} + "\r\n";
    return out + "Content-Length: " + std::to_string(size) + "\r\n\r\n" + std::string{body};
}

struct Row {
    std::string body;
    std::string_view outcome;
    bool reused = true;
};

/// Each is sent once, by any call, and answered.
void check(const std::vector<Row>& rows) {
    for (const Row& row : rows) {
        for (const bool idempotent : {false, true}) {
            CAPTURE(row.body.substr(0, 200));
            CAPTURE(idempotent);
            const Seen seen = play(reply(row.body), idempotent);
            CHECK(seen.outcome == row.outcome);
            if (row.outcome != "ok") {
                CHECK(seen.error.fate() == Fate::answered);
                CHECK(seen.error.phase() == (row.outcome == "rpc" ? Phase::reply : Phase::decode));
                CHECK(seen.error.http_status() == 200);
            }
            CHECK(seen.sends == 1);
            CHECK(seen.reused == row.reused);
        }
    }
}

std::string with(std::string_view members) {
    return R"({"jsonrpc":"2.0",)" + std::string{members} + '}';
}

}  // namespace

TEST_CASE("RpcClient: only the reply with the id of the request will do; another closes") {
    std::vector<Row> rows;
    const std::string_view mismatch = "envelope[id_mismatch]";
    for (const std::string_view rest :
         {R"(,"result":1)"sv, R"(,"error":{"code":-32602,"message":"m"})"sv}) {
        const bool is_result = rest.find("result") != std::string_view::npos;
        const std::string_view good = is_result ? "ok" : "rpc";
        for (const std::string_view id : {"{id}.0"sv, "{id}e0"sv}) {
            rows.push_back({with("\"id\":" + std::string{id} + std::string{rest}), good});
        }
        for (const std::string_view id :
             {"77"sv,
              "\"{id}\""sv,
              "{id}.5"sv,
              "true"sv,
              "[{id}]"sv,
              "1E400"sv,
              "1e-400"sv,
              "18446744073709551617"sv,
              "9007199254740993"sv}) {
            rows.push_back(
                {with("\"id\":" + std::string{id} + std::string{rest}), mismatch, false});
        }
        rows.push_back({with(std::string{rest.substr(1)}), "envelope[id_missing]", false});
        rows.push_back({with("\"id\":{id},\"id\":{id}" + std::string{rest}), mismatch, false});
        rows.push_back({with("\"ID\":{id}" + std::string{rest}), "envelope[id_missing]", false});
    }
    rows.push_back({with(R"("id":null,"result":1)"), mismatch, false});
    rows.push_back({with(R"("id":null,"error":{"code":-32603,"message":"m"})"), mismatch, false});
    check(rows);
}

TEST_CASE("RpcClient: a null id counts for requests that the server could not read") {
    for (const std::string_view code : {"-32700"sv, "-32600"sv}) {
        const Seen seen = play(
            reply(with(R"("id":null,"error":{"code":)" + std::string{code} + R"(,"message":"m"})")),
            true);
        CHECK(seen.outcome == "rpc");
        REQUIRE(seen.error.rpc() != nullptr);
        CHECK(seen.error.rpc()->uncorrelated);
        CHECK(seen.sends == 1);
    }
}

TEST_CASE("RpcClient: an envelope that is none keeps the connection") {
    std::string many = R"("id":{id})";
    for (int i = 0; i != 10'000; ++i)
        many += ",\"x" + std::to_string(i) + "\":{}";
    check({
        {R"({"id":{id},"result":1})", "envelope[version]"},
        {R"({"jsonrpc":"1.0","id":{id},"result":1})", "envelope[version]"},
        {R"({"jsonrpc":2.0,"id":{id},"result":1})", "envelope[version]"},
        {with(R"("id":{id},"Result":1)"), "envelope[members]"},
        {with(R"("id":{id},"result":1,"result":1)"), "envelope[members]"},
        {with(R"("id":{id},"result":1,"error":{"code":1,"message":"m"})"), "envelope[members]"},
        {with(R"("id":{id},"result":1,"error":null)"), "ok"},
        {with(many + ",\"result\":1"), "ok"},
        {"[]", "envelope[batch]"},
        {'[' + with(R"("id":{id},"result":1)") + ']', "envelope[batch]"},
        {"null", "envelope[members]"},
    });
}

TEST_CASE("RpcClient: a body that is not JSON says where, and shows what is there, escaped") {
    const std::string good = with(R"("id":{id},"result":"ok")");
    const std::string text = R"({"jsonrpc":"2.0","id":{id},"result":")";
    check({
        {"\xEF\xBB\xBF" + good, "ok"},
        {good + " \r\n\t", "ok"},
        {"\xEF\xBB\xBF\xEF\xBB\xBF" + good, "json[syntax]"},
        {"\xFF\xFE{\0\"\0"s, "json[encoding]"},
        {text + "\xFF\"}", "json[encoding]"},
        {text + "\xC0\x80\"}", "json[encoding]"},
        {text + "\xED\xA0\x80\"}", "json[encoding]"},
        {text + "\\ud800\"}", "json[encoding]"},
        {text + "\x01\"}", "json[syntax]"},
        {good + "// comment", "json[syntax]"},
        {good + good, "json[syntax]"},
        {good + 'x', "json[syntax]"},
        {good.substr(0, good.size() - 1), "json[syntax]"},
        {with(R"("id":{id},"result":)" + std::string(63, '[') + std::string(63, ']')), "ok"},
        {with(R"("id":{id},"result":)" + std::string(64, '[') + std::string(64, ']')),
         "json[depth]"},
        {std::string(std::size_t{1} << 20U, '['), "json[depth]"},
    });
    const Seen near = play(reply(text + "\x1B[31m\"}"), false);
    CHECK(near.error.message() == "the text is not valid JSON, at byte 34");
    REQUIRE(near.error.http() != nullptr);
    CHECK(near.error.http()->status == 200);
    CHECK(near.error.http()->body_excerpt == R"({"jsonrpc":"2.0","id":1,"result":"\x1b[31m"})");
    // Far behind the beginning, what is around the fault is of more use.
    const Seen far =
        play(reply(text + std::string(5'000, 'a') + "\xFF" + std::string(5'000, 'b')), false);
    CHECK(far.error.message() == "the JSON text is not valid UTF-8, at byte 5034");
    const std::string& excerpt = far.error.http()->body_excerpt;
    CHECK(excerpt.starts_with("..." + std::string(64, 'a') + "\\xff" + std::string(100, 'b')));
    CHECK(excerpt.size() == 512);
    CHECK(far.error.to_string().find("\\xff") != std::string::npos);
}

TEST_CASE("RpcClient: the place of a fault in a batch reply is shown, too") {
    RawServer server{[](RawPeer& peer) {
        while (peer.read())
            peer.reply("[" + std::string(65, '[') + "]");
    }};
    Caller caller{server};
    RawClient::Batch batch = caller.client.make_batch();
    batch.call("a");
    const auto outcome = support::run(caller.context, caller.client.call_batch(std::move(batch)));
    REQUIRE(outcome.has_error());
    CHECK(kind(outcome) == "json[depth]");
    REQUIRE(outcome.error().http() != nullptr);
    CHECK(outcome.error().http()->body_excerpt == std::string(66, '[') + "]");
}

TEST_CASE("RpcClient: a reply must be declared as JSON, or not declared") {
    const std::string body = with(R"("id":{id},"result":1)");
    for (const std::string_view type :
         {""sv,
          "application/json"sv,
          "Application/JSON; charset=UTF-8"sv,
          "application/json;charset=\"utf-8\"; a=b"sv,
          "application/json;"sv,
          "application/json; xcharset=latin1"sv,
          "application/json; a=\"charset=latin1; \\\" , text/html\""sv,
          "application/json; charset=us-ascii"sv,
          "application/json; charset=utf8"sv,
          "application/vnd.x+json"sv,
          "application/json-rpc"sv,
          "application/jsonrequest"sv,
          "application/json, application/json; charset=utf-8"sv,
          "application/json\r\nContent-Type: application/json"sv}) {
        CAPTURE(type);
        const Seen seen = play(reply(body, type), false);
        CHECK_MESSAGE(seen.outcome == "ok", seen.error);
    }
    for (const std::string_view type :
         {"text/html"sv,
          "text/plain"sv,
          "json"sv,
          "application/jsonp"sv,
          "application/+json"sv,
          "image/x+json"sv,
          "application/x+jsons"sv,
          "application/json; charset=iso-8859-1"sv,
          "application/json; charset=utf-16"sv,
          "application/json; charset=utf-8x"sv,
          "application/json; charset="sv,
          "application/json; charset=\"utf-8"sv,
          "application/json; a=b; charset=latin1"sv,
          "application/json, text/html"sv,
          "application/json; charset=utf-8, text/html"sv,
          "text/html; a=application/json"sv}) {
        for (const bool idempotent : {false, true}) {
            CAPTURE(type);
            const Seen seen = play(reply(body, type), idempotent);
            CHECK(seen.outcome == "envelope[content_type]");
            CHECK(seen.error.fate() == Fate::answered);
            CHECK(seen.sends == 1);
            CHECK(seen.reused);
            REQUIRE(seen.error.http() != nullptr);
            CHECK(seen.error.http()->body_excerpt == with(R"("id":1,"result":1)"));
        }
    }
}

TEST_CASE("RpcClient: a server's error is handed over intact, and not repeated") {
    for (const std::string_view code :
         {"-32700"sv,
          "-32600"sv,
          "-32601"sv,
          "-32602"sv,
          "-32603"sv,
          "-32000"sv,
          "-32001"sv,
          "-32002"sv,
          "-32003"sv,
          "-32009"sv,
          "-32021"sv,
          "-32099"sv,
          "0"sv,
          "7"sv}) {
        for (const bool idempotent : {false, true}) {
            CAPTURE(code);
            const Seen seen = play(
                reply(with(
                    R"("id":{id},"error":{"code":)" + std::string{code} +
                    R"(,"message":"m\n\u00e9","data":{"partialResult": [1]}})")),
                idempotent);
            CHECK(seen.outcome == "rpc");
            CHECK(seen.error.fate() == Fate::answered);
            REQUIRE(seen.error.rpc() != nullptr);
            CHECK(std::to_string(seen.error.rpc()->code) == code);
            CHECK(seen.error.rpc()->message == "m\n\xC3\xA9");
            CHECK(seen.error.rpc()->data == R"({"partialResult": [1]})");
            CHECK_FALSE(seen.error.rpc()->uncorrelated);
            CHECK(seen.sends == 1);
            CHECK(seen.reused);
        }
    }
    const std::string huge(std::size_t{4} << 20U, 'd');
    const Seen seen = play(
        reply(with(R"("id":{id},"error":{"code":1,"message":"","data":")" + huge + "\"}")), true);
    CHECK(seen.error.rpc()->data.size() == huge.size() + 2);
}

TEST_CASE("RpcClient: a server that asks to try again is asked again by idempotent calls only") {
    const std::string body = with(R"("id":{id},"error":{"code":-32015,"message":"again"})");
    CHECK(play(reply(body), false).sends == 1);
    const Seen seen = play(reply(body), true);
    CHECK(seen.outcome == "rpc");
    CHECK(seen.error.rpc()->code == -32015);
    CHECK(seen.sends == 3);
    CHECK(seen.reused);
}

TEST_CASE("RpcClient: a notification answered with another request's reply closes") {
    for (const std::string_view rest :
         {R"(,"result":1})"sv, R"(,"error":{"code":1,"message":"m"}})"sv}) {
        RawServer server{[&](RawPeer& peer) {
            while (peer.read())
                peer.reply(R"({"jsonrpc":"2.0","id":9)" + std::string{rest});
        }};
        Caller caller{server};
        const clarify::Result<void> outcome = caller.notify();
        CHECK(kind(outcome) == "envelope[id_mismatch]");
        CHECK(outcome.error().fate() == Fate::answered);
        CHECK(outcome.error().rpc() == nullptr);
        CHECK_FALSE(caller.notify());
        CHECK(server.connections() == 2);
    }
}

TEST_CASE("RpcClient: a notification has no id that a reply could have, not even the next one") {
    RawServer server{[](RawPeer& peer) {
        int last = 0;
        while (const auto request = peer.read()) {
            if (!request->id().empty()) {
                last = std::stoi(request->id());
                peer.result(*request, "1");
            } else {
                peer.reply(
                    R"({"jsonrpc":"2.0","id":)" + std::to_string(last + 1) + R"(,"result":1})");
            }
        }
    }};
    Caller caller{server};
    CHECK(caller.call());
    CHECK(kind(caller.notify()) == "envelope[id_mismatch]");
    CHECK(caller.call());
    CHECK(server.connections() == 2);
}

TEST_CASE(
    "RpcClient: a JSON-RPC error surfaces with code, message and data, also for a notification") {
    RawServer server{[](RawPeer& peer) {
        while (const auto request = peer.read()) {
            const std::string id = request->id().empty() ? "null" : request->id();
            peer.reply(
                R"({"jsonrpc":"2.0","id":)" + id +
                R"(,"error":{"code":-32602,"message":"Invalid params","data":{"trace":"t1"}}})");
        }
    }};
    Caller caller{server};
    const Outcome outcome = caller.call();
    CHECK(outcome.error().code() == Errc::rpc);
    REQUIRE(outcome.error().rpc() != nullptr);
    CHECK(outcome.error().rpc()->code == -32602);
    CHECK(outcome.error().http_status() == 200);
    CHECK(outcome.error().rpc()->message == "Invalid params");
    CHECK(outcome.error().rpc()->clarify_data().trace == "t1");
    CHECK(caller.notify().error().rpc()->code == -32602);
    CHECK(server.connections() == 1);
}

TEST_CASE("RpcClient: a notification succeeds with any 2xx and leaves the connection usable") {
    std::atomic<int> requests = 0;
    RawServer server{[&](RawPeer& peer) {
        while (const auto request = peer.read()) {
            switch (++requests) {
                case 1:
                    peer.send("HTTP/1.1 204 No Content\r\n\r\n");
                    break;
                case 2:
                    peer.reply("");
                    break;
                case 3:
                    peer.send(with_body("202 Accepted", "", "thanks"));
                    break;
                default:
                    peer.result(*request, "4");
            }
        }
    }};
    Caller caller{server};
    for (int i = 0; i != 3; ++i)
        CHECK(caller.notify());
    CHECK(caller.call().value() == "4");
    CHECK(server.connections() == 1);
}

}  // namespace envelope_replies_test
