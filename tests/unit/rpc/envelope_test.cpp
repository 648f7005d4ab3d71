// SPDX-License-Identifier: BSL-1.0

#include <clarify/rpc/envelope.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace envelope_test {

using namespace clarify;
using namespace std::string_literals;
using namespace std::string_view_literals;

namespace {

/// Params whose JSON text is given.
struct Text {
    std::string_view json;
};

/// Appends the given text, or fails where there is none.
struct TextCodec {
    Result<void> encode(const Text& params, std::string& out) const {
        if (params.json.empty())
            return Error{Errc::bad_argument, Reason::encoding, "the codec refuses"};
        out += params.json;
        return {};
    }
};

/// What was written, or the kind and reason of the failure.
std::string written(const std::string& out, const Result<void>& result) {
    if (result) return out;
    const Error& error = result.error();
    CHECK(error.fate() == Fate::unsent);
    return std::string{to_string(error.code())} + '[' + std::string{to_string(error.reason())} +
        ']';
}

template <class Params>
std::string request(std::string_view method, std::int64_t id, const Params& params) {
    std::string out;
    const Result<void> result = rpc::write_request(out, method, id, params, TextCodec{});
    return written(out, result);
}

template <class Params>
std::string notification(std::string_view method, const Params& params) {
    std::string out;
    const Result<void> result = rpc::write_notification(out, method, params, TextCodec{});
    return written(out, result);
}

constexpr std::int64_t request_id = 7;

/// The text of the result, the server's code and message, or the kind and reason of the failure.
std::string response(
    std::string_view body, std::size_t max_depth = 64, std::int64_t id = request_id) {
    const Result<std::string_view> result = rpc::read_response(body, id, max_depth);
    if (result) {
        CHECK(result->data() >= body.data());
        CHECK(result->data() + result->size() <= body.data() + body.size());
        return std::string{*result};
    }
    const Error& error = result.error();
    if (error.code() == Errc::rpc) {
        REQUIRE(error.rpc() != nullptr);
        std::string text = "rpc " + std::to_string(error.rpc()->code) + ' ' + error.rpc()->message;
        if (!error.rpc()->data.empty()) text += ' ' + error.rpc()->data;
        if (error.rpc()->uncorrelated) text += " uncorrelated";
        return text;
    }
    CHECK(error.rpc() == nullptr);
    return std::string{to_string(error.code())} + '[' + std::string{to_string(error.reason())} +
        ']';
}

/// A response with the given members behind its version.
std::string reply(std::string_view members) {
    return R"({"jsonrpc":"2.0",)" + std::string{members} + '}';
}

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

struct Row {
    std::string_view text;
    std::string_view outcome;
};

}  // namespace

TEST_CASE("envelope: a request has exactly these bytes") {
    CHECK(
        request("a.b", 1, Text{"{}"}) == R"({"jsonrpc":"2.0","method":"a.b","id":1,"params":{}})");
    CHECK(
        request("m", 42, Text{"[1,2]"}) ==
        R"({"jsonrpc":"2.0","method":"m","id":42,"params":[1,2]})");
    CHECK(request("m", 42, no_params) == R"({"jsonrpc":"2.0","method":"m","id":42})");
}

TEST_CASE("envelope: a notification has no id") {
    CHECK(notification("m", Text{"{}"}) == R"({"jsonrpc":"2.0","method":"m","params":{}})");
    CHECK(notification("m", no_params) == R"({"jsonrpc":"2.0","method":"m"})");
}

TEST_CASE("envelope: ids of any size are written in full") {
    CHECK(
        request("m", std::numeric_limits<std::int64_t>::max(), no_params) ==
        R"({"jsonrpc":"2.0","method":"m","id":9223372036854775807})");
    CHECK(
        request("m", std::numeric_limits<std::int64_t>::min(), no_params) ==
        R"({"jsonrpc":"2.0","method":"m","id":-9223372036854775808})");
    CHECK(request("m", 0, no_params) == R"({"jsonrpc":"2.0","method":"m","id":0})");
}

TEST_CASE("envelope: a request is appended to what is there") {
    std::string out = "[";
    REQUIRE(rpc::write_request(out, "m", 1, no_params, TextCodec{}).has_value());
    CHECK(out == R"([{"jsonrpc":"2.0","method":"m","id":1})");
}

TEST_CASE("envelope: any text is a method, as JSON escapes it") {
    CHECK(
        request("a\r\nX: \"y\"\\\x01\x7F", 1, no_params) ==
        R"({"jsonrpc":"2.0","method":"a\r\nX: \"y\"\\\u0001)"
        "\x7F\",\"id\":1}");
    CHECK(
        request("\xC3\xA9\xF0\x9F\x98\x80", 1, no_params) ==
        "{\"jsonrpc\":\"2.0\",\"method\":\"\xC3\xA9\xF0\x9F\x98\x80\",\"id\":1}");
    CHECK(request("a\0b"sv, 1, no_params) == R"({"jsonrpc":"2.0","method":"a\u0000b","id":1})");
    CHECK(request("rpc", 1, no_params) == R"({"jsonrpc":"2.0","method":"rpc","id":1})");
    CHECK(request("RPC.x", 1, no_params) == R"({"jsonrpc":"2.0","method":"RPC.x","id":1})");
}

TEST_CASE("envelope: a method that is empty, reserved or not UTF-8 is refused") {
    for (const std::string_view method :
         {""sv, "rpc."sv, "rpc.discover"sv, "\xFF"sv, "a\xC3"sv, "\xED\xA0\x80"sv}) {
        CAPTURE(method);
        CHECK(request(method, 1, Text{"{}"}) == "bad_argument[method]");
        CHECK(notification(method, Text{"{}"}) == "bad_argument[method]");
    }
}

TEST_CASE("envelope: params are an object or an array, nothing else") {
    for (const std::string_view params : {"1"sv, "\"text\""sv, "null"sv, "true"sv, "-0.5"sv}) {
        CAPTURE(params);
        CHECK(request("m", 1, Text{params}) == "bad_argument[params]");
        CHECK(notification("m", Text{params}) == "bad_argument[params]");
    }
    struct Nothing {
        Result<void> encode(const Text&, std::string&) const { return {}; }
    };
    std::string out;
    CHECK(rpc::write_request(out, "m", 1, Text{}, Nothing{}).error().reason() == Reason::params);
}

TEST_CASE("envelope: what the codec refuses is not sent") {
    CHECK(request("m", 1, Text{""}) == "bad_argument[encoding]");
}

TEST_CASE("envelope: a result of any kind is handed over as it stands in the body") {
    for (const std::string_view result :
         {"null"sv, "true"sv, "-0.50e1"sv, "\"\\u0041\""sv, "[1, 2]"sv, "{\"a\" : {}}"sv, "{}"sv}) {
        CAPTURE(result);
        CHECK(response(reply("\"id\":7,\"result\":" + std::string{result})) == result);
        CHECK(response(reply("\"result\": " + std::string{result} + " ,\"id\":7 ")) == result);
    }
}

TEST_CASE("envelope: members in any order, blanks and escaped keys are fine") {
    CHECK(response("  \t\r\n{ \"result\" : 1 , \"id\" : 7 , \"jsonrpc\" : \"2.0\" }\n ") == "1");
    CHECK(response(R"({"\u006asonrpc":"2.0","i\u0064":7,"resul\u0074":1})") == "1");
    CHECK(response(R"({"jsonrpc":"2\u002e0","id":7,"result":1})") == "1");
}

TEST_CASE("envelope: unknown members are ignored, many of them too") {
    CHECK(response(reply(R"("x":{"error":1},"id":7,"result":1,"Error":2,"RESULT":3,"":4)")) == "1");
    std::string members = "\"id\":7";
    for (int i = 0; i != 10'000; ++i)
        members += ",\"x" + std::to_string(i) + "\":[" + std::to_string(i) + ']';
    CHECK(response(reply(members + ",\"result\":1")) == "1");
}

TEST_CASE("envelope: only the very id of the request will do, on results and on errors") {
    const std::string_view accepted = "accepted";
    const std::string_view mismatch = "envelope[id_mismatch]";
    for (const Row& row : {
             Row{R"("id":7,)", accepted},
             Row{R"("id":7.0,)", accepted},
             Row{R"("id":7e0,)", accepted},
             Row{R"("id":70E-1,)", accepted},
             Row{R"("id":0.7e1,)", accepted},
             Row{R"("id":8,)", mismatch},
             Row{R"("id":-7,)", mismatch},
             Row{R"("id":7.5,)", mismatch},
             Row{R"("id":7e1,)", mismatch},
             Row{R"("id":"7",)", mismatch},
             Row{R"("id":"",)", mismatch},
             Row{R"("id":true,)", mismatch},
             Row{R"("id":false,)", mismatch},
             Row{R"("id":[7],)", mismatch},
             Row{R"("id":{"id":7},)", mismatch},
             Row{R"("id":7.00000000000000000000000001,)", mismatch},
             Row{R"("id":18446744073709551623,)", mismatch},
             Row{R"("id":1e400,)", mismatch},
             Row{R"("id":7,"id":7,)", mismatch},
             Row{R"("id":7,"id":8,)", mismatch},
             Row{R"("id":7,"id":null,)", mismatch},
             Row{"", "envelope[id_missing]"},
             Row{R"("ID":7,"Id":7,)", "envelope[id_missing]"},
         }) {
        CAPTURE(row.text);
        const std::string head{row.text};
        const bool good = row.outcome == accepted;
        CHECK(response(reply(head + "\"result\":1")) == (good ? "1" : row.outcome));
        CHECK(
            response(reply(head + R"("error":{"code":-32602,"message":"no"})")) ==
            (good ? "rpc -32602 no" : row.outcome));
    }
}

TEST_CASE("envelope: ids beyond 2^53 are compared exactly") {
    constexpr std::int64_t id = 9007199254740993;
    CHECK(response(reply(R"("id":9007199254740993,"result":1)"), 64, id) == "1");
    CHECK(
        response(reply(R"("id":9007199254740992,"result":1)"), 64, id) == "envelope[id_mismatch]");
    CHECK(
        response(reply(R"("id":9007199254740994,"result":1)"), 64, id) == "envelope[id_mismatch]");
    CHECK(
        response(reply(R"("id":9007199254740993.5,"result":1)"), 64, id) ==
        "envelope[id_mismatch]");
}

TEST_CASE("envelope: a null id counts only with the errors of a request that could not be read") {
    for (const Row& row : {
             Row{R"("id":null,"error":{"code":-32700,"message":"parse"})",
                 "rpc -32700 parse uncorrelated"},
             Row{R"("id":null,"error":{"code":-32600,"message":"bad"})",
                 "rpc -32600 bad uncorrelated"},
             Row{R"("id":null,"error":{"code":-32600,"message":"bad"},"result":null)",
                 "rpc -32600 bad uncorrelated"},
             Row{R"("id":null,"error":{"code":-32603,"message":"oops"})", "envelope[id_mismatch]"},
             Row{R"("id":null,"error":{"code":-32000,"message":"oops"})", "envelope[id_mismatch]"},
             Row{R"("id":null,"error":{"message":"oops"})", "envelope[id_mismatch]"},
             Row{R"("id":null,"error":"oops")", "envelope[id_mismatch]"},
             Row{R"("id":null,"result":1)", "envelope[id_mismatch]"},
             Row{R"("id":null,"result":null)", "envelope[id_mismatch]"},
             Row{R"("id":null,"error":null)", "envelope[id_mismatch]"},
             Row{R"("id":null)", "envelope[id_mismatch]"},
         }) {
        CAPTURE(row.text);
        CHECK(response(reply(row.text)) == row.outcome);
    }
}

TEST_CASE("envelope: the version is the string 2.0, once") {
    for (const std::string_view version :
         {""sv,
          R"("jsonrpc":"1.0",)"sv,
          R"("jsonrpc":2.0,)"sv,
          R"("jsonrpc":2,)"sv,
          R"("jsonrpc":"2",)"sv,
          R"("jsonrpc":"2.0 ",)"sv,
          R"("jsonrpc":null,)"sv,
          R"("jsonrpc":["2.0"],)"sv,
          // One byte at each end away from the right text.
          R"("jsonrpc":[2.0],)"sv,
          R"("jsonrpc":12.05,)"sv,
          R"("JSONRPC":"2.0",)"sv,
          R"("version":"2.0",)"sv,
          R"("jsonrpc":"2.0","jsonrpc":"2.0",)"sv}) {
        CAPTURE(version);
        const std::string head = '{' + std::string{version};
        CHECK(response(head + R"("id":7,"result":1})") == "envelope[version]");
        CHECK(
            response(head + R"("id":7,"error":{"code":1,"message":"m"}})") == "envelope[version]");
    }
}

TEST_CASE("envelope: exactly one of result and error is there") {
    const std::string_view members = "envelope[members]";
    for (const Row& row : {
             Row{R"("id":7)", members},
             Row{R"("id":7,"Result":1)", members},
             Row{R"("id":7,"error":null)", members},
             Row{R"("id":7,"result":1,"error":{"code":1,"message":"m"})", members},
             Row{R"("id":7,"result":false,"error":{"code":1,"message":"m"})", members},
             Row{R"("id":7,"result":1,"error":"m")", members},
             Row{R"("id":7,"result":1,"result":1)", members},
             Row{R"("id":7,"result":1,"result":null)", members},
             Row{R"("id":7,"result":1,"result":1,"error":{"code":1,"message":"m"})", members},
             Row{R"("id":7,"error":{"code":1},"error":{"code":1})", members},
             Row{R"("id":7,"error":null,"error":{"code":1})", members},
             Row{R"("id":7,"result":1,"error":null,"error":null)", members},
             Row{R"("id":7,"result":1,"error":null)", "1"},
             Row{R"("id":7,"error":null,"result":null)", "null"},
             Row{R"("id":7,"result":null,"error":{"code":1,"message":"m"})", "rpc 1 m"},
             Row{R"("id":7,"result":{},"error":{"code":1,"message":"m"})", "rpc 1 m"},
             Row{"\"id\":7,\"error\":{\"code\":1,\"message\":\"m\"},\"result\":{ \n}", "rpc 1 m"},
             Row{R"("id":7,"result":{},"error":null)", "{}"},
             Row{R"("id":7,"result":{"a":1},"error":{"code":1,"message":"m"})", members},
             Row{R"("id":7,"result":[],"error":{"code":1,"message":"m"})", members},
         }) {
        CAPTURE(row.text);
        CHECK(response(reply(row.text)) == row.outcome);
    }
}

TEST_CASE("envelope: code, message and data of a server's error arrive intact") {
    for (const Row& row : {
             Row{R"({"code":-32700,"message":"a"})", "rpc -32700 a"},
             Row{R"({"code":-32601,"message":""})", "rpc -32601 "},
             Row{R"({"code":-32603,"message":"x","data":null})", "rpc -32603 x null"},
             Row{R"({"data":"text","message":"\u00e9\n","code":-32000})",
                 "rpc -32000 \xC3\xA9\n \"text\""},
             Row{R"({"code":-32021,"message":"x","data":{"partialResult":[1, 2]}})",
                 "rpc -32021 x {\"partialResult\":[1, 2]}"},
             Row{R"({"code":-32015.0,"message":"try again","more":1})", "rpc -32015 try again"},
             Row{R"({"code":9223372036854775807,"message":"big"})", "rpc 9223372036854775807 big"},
             Row{R"({"code":-5})", "rpc -5 "},
             Row{R"({"code":-5,"message":null})", "rpc -5 "},
         }) {
        CAPTURE(row.text);
        CHECK(response(reply("\"id\":7,\"error\":" + std::string{row.text})) == row.outcome);
    }
}

TEST_CASE("envelope: nothing is made up for an error that is not an error object") {
    for (const Row& row : {
             Row{"\"boom\"", "is not an object"},
             Row{"42", "is not an object"},
             Row{"true", "is not an object"},
             Row{"false", "is not an object"},
             Row{"[1]", "is not an object"},
             Row{"{}", "has no code"},
             Row{R"({"message":"m"})", "has no code"},
             Row{R"({"code":null,"message":"m"})", "has no code"},
             Row{R"({"Code":1,"Message":"m"})", "has no code"},
             Row{R"({"code":"5","message":7})", "has a code that is not an integer of 64 bits"},
             Row{R"({"code":1.5,"message":"m"})", "has a code that is not an integer of 64 bits"},
             Row{R"({"code":1e30,"message":"m"})", "has a code that is not an integer of 64 bits"},
             Row{R"({"code":1e400,"message":"m"})", "has a code that is not an integer of 64 bits"},
             Row{R"({"code":-5,"message":7})",
                 "has a message that is not a string, and the code -5"},
         }) {
        CAPTURE(row.text);
        const std::string body = reply("\"id\":7,\"error\":" + std::string{row.text});
        const Error error = rpc::read_response(body, 7, 64).error();
        CHECK(error.code() == Errc::envelope);
        CHECK(error.reason() == Reason::bad_error);
        CHECK(error.fate() == Fate::answered);
        CHECK(error.rpc() == nullptr);
        CHECK(error.message() == "the error of the reply " + std::string{row.outcome});
    }
}

TEST_CASE("envelope: an empty body is no reply") {
    for (const std::string_view body : {""sv, " \r\n\t"sv, "\xEF\xBB\xBF"sv, "\xEF\xBB\xBF \n"sv}) {
        CAPTURE(body);
        CHECK(response(body) == "envelope[empty]");
    }
}

TEST_CASE("envelope: an array or a scalar is no reply to one call") {
    CHECK(response("[]") == "envelope[batch]");
    CHECK(response('[' + reply(R"("id":7,"result":1)") + ']') == "envelope[batch]");
    for (const std::string_view body : {"null"sv, "true"sv, "7"sv, "\"2.0\""sv}) {
        CAPTURE(body);
        CHECK(response(body) == "envelope[members]");
    }
}

TEST_CASE("envelope: nesting has a limit, which long input does not overrun") {
    const auto with = [](std::size_t depth) {
        return reply("\"id\":7,\"result\":" + nested(depth));
    };
    CHECK(response(with(63)) == nested(63));
    CHECK(response(with(64)) == "json[depth]");
    CHECK(response(with(3), 4) == nested(3));
    CHECK(response(with(4), 4) == "json[depth]");
    CHECK(response(with(100'000)) == "json[depth]");
    CHECK(response(std::string(std::size_t{16} << 20U, '[')) == "json[depth]");
}

TEST_CASE("envelope: one byte order mark is skipped") {
    const std::string good = reply(R"("id":7,"result":1)");
    CHECK(response("\xEF\xBB\xBF" + good) == "1");
    CHECK(response("\xEF\xBB\xBF\xEF\xBB\xBF" + good) == "json[syntax]");
}

TEST_CASE("envelope: what is not one JSON document in UTF-8 is refused") {
    const std::string good = reply(R"("id":7,"result":1)");
    CHECK(response(good + " \r\n\t") == "1");
    for (const std::string& body :
         {good + 'x',
          good + good,
          good + ',',
          good + "\0"s,
          good.substr(0, good.size() - 1),
          "{"s,
          good + "//c",
          "/**/" + good,
          reply(R"("id":7,"result":1,)"),
          reply(R"("id":7,"result":01)"),
          reply("\"id\":7,\"result\":\"a\nb\""),
          reply(R"("id":7,"result":"\x")"),
          reply(R"("id":7,"result":NaN)"),
          reply("id:7,\"result\":1"),
          "<html>"s,
          "jsonrpc"s}) {
        CAPTURE(body);
        CHECK(response(body) == "json[syntax]");
    }
    for (const std::string& body :
         {reply("\"id\":7,\"result\":\"\xFF\""),
          reply("\"id\":7,\"result\":\"\xC0\xAF\""),
          reply("\"id\":7,\"result\":\"\xED\xA0\x80\""),
          reply(R"("id":7,"result":"\ud800")"),
          "\xFF\xFE{\0}\0"s,
          "\xFE\xFF\0{\0}"s}) {
        CAPTURE(body);
        CHECK(response(body) == "json[encoding]");
    }
}

TEST_CASE("envelope: an error about broken JSON says where, and shows nothing of the text") {
    const Result<std::string_view> bad = rpc::read_response(R"({"jsonrpc":canary})", 7, 64);
    REQUIRE(bad.has_error());
    CHECK(bad.error().message() == "the text is not valid JSON, at byte 11");
    const Result<std::string_view> cut = rpc::read_response(R"({"jsonrpc":"canary)", 7, 64);
    REQUIRE(cut.has_error());
    CHECK(cut.error().message() == "the JSON text ends too early, at byte 18");
}

TEST_CASE("envelope: finds the error object in replies that failed already") {
    const auto remark = [](std::string_view body, std::size_t max_depth = 64) {
        return rpc::read_remark(body, max_depth, [](std::int64_t id) { return id == 7; });
    };
    const rpc::Remark found =
        remark(R"({"id":null,"error":{"code":-32003,"message":"forbidden","data":{"trace":"t"}}})");
    REQUIRE(found.error.has_value());
    CHECK_FALSE(found.foreign);
    CHECK(found.error->code == RpcError::forbidden);
    CHECK(found.error->message == "forbidden");
    CHECK(found.error->data == R"({"trace":"t"})");
    CHECK_FALSE(found.error->uncorrelated);
    for (const std::string_view id : {""sv, R"("id":7,)"sv, R"("id":7.0,)"sv}) {
        const rpc::Remark ours = remark('{' + std::string{id} + R"("error":{"code":1}})");
        CHECK(ours.error.has_value());
        CHECK_FALSE(ours.foreign);
    }
    for (const std::string_view error :
         {"{}"sv, R"({"code":"5"})"sv, R"({"code":1,"message":2})"sv}) {
        const rpc::Remark bad = remark(R"({"id":7,"error":)" + std::string{error} + '}');
        CHECK_FALSE(bad.error.has_value());
        REQUIRE(bad.fault.has_value());
        CHECK(bad.fault->reason() == Reason::bad_error);
    }
    for (const std::string_view body :
         {""sv,
          "<html>"sv,
          "[]"sv,
          "{}"sv,
          R"({"error":null})"sv,
          R"({"error":"x"})"sv,
          R"({"error":{},"error":{}})"sv,
          R"({"error":{"code":1})"sv,
          R"({"result":1})"sv}) {
        CAPTURE(body);
        CHECK_FALSE(remark(body).error.has_value());
        CHECK_FALSE(remark(body).foreign);
    }
    CHECK_FALSE(remark(R"({"error":{"data":[[]]}})", 3).error.has_value());
}

TEST_CASE("envelope: what names another request is not for this one, whatever it says") {
    for (const std::string_view id :
         {"8"sv, "7.5"sv, "\"7\""sv, "\"\""sv, "true"sv, "[7]"sv, "1e400"sv}) {
        CAPTURE(id);
        for (const std::string_view rest :
             {R"(,"error":{"code":1,"message":"m"}})"sv, R"(,"result":1})"sv}) {
            const rpc::Remark remark = rpc::read_remark(
                "{\"id\":" + std::string{id} + std::string{rest}, 64, [](std::int64_t given) {
                    return given == 7;
                });
            CHECK(remark.foreign);
            CHECK_FALSE(remark.error.has_value());
        }
    }
    const rpc::Remark twice = rpc::read_remark(
        R"({"id":7,"id":7,"error":{"code":1}})", 64, [](std::int64_t) { return true; });
    CHECK(twice.foreign);
}

}  // namespace envelope_test
