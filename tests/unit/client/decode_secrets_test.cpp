// SPDX-License-Identifier: BSL-1.0
// A result that does not fit, and repeats the credentials in its members: nobody is shown them.

#include <clarify/api/data_frame.hpp>
#include <clarify/api/selection.hpp>
#include <clarify/auth/basic_auth.hpp>
#include <clarify/auth/client_credentials.hpp>
#include <clarify/core/detail/encoding.hpp>
#include <clarify/json/boost_json_codec.hpp>
#include <clarify/rpc_client.hpp>
#include <clarify/testing/manual_clock.hpp>
#include <clarify/testing/scripted_backend.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/json/value.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace decode_secrets_test {

using namespace clarify;
using namespace clarify::testing;
using namespace std::chrono_literals;

namespace {

const std::string password = "pass-word-1234-and-a-tail-that-is-longer-than-a-place-may-tell";
const std::string pair = "user-1:" + password;

std::string in_base64(std::string_view text) {
    std::string out;
    clarify::detail::append_base64(out, text);
    return out;
}

/// All that an error may tell.
std::string all_text(const Error& error) {
    std::string text = error.to_string() + '\n' + std::string{error.message()};
    if (error.cause()) text += error.cause().message();
    if (const HttpFailure* http = error.http()) text += http->body_excerpt;
    if (const RpcError* rpc = error.rpc()) text += rpc->message + rpc->data;
    return text;
}

/// Is any part of the text in it that would say more than chance?
bool tells(const Error& error, std::string_view secret) {
    constexpr std::size_t telling = 8;
    const std::string text = all_text(error);
    for (std::size_t at = 0; at + telling <= secret.size(); ++at) {
        if (text.find(secret.substr(at, telling)) != std::string::npos) return true;
    }
    return false;
}

template <class Auth>
struct Bench {
    using Client = RpcClient<ScriptedBackend, Auth, BoostJsonCodec>;

    explicit Bench(Auth auth)
        : client(
              context.get_executor(),
              Url::parse("https://api.example/rpc").value(),
              server,
              std::move(auth),
              options()) {}

    ClientOptions options() {
        ClientOptions made;
        made.clock = clock;
        made.observer = [this](const Event& event) {
            if (event.error != nullptr) seen.push_back(*event.error);
        };
        return made;
    }
    template <class T>
    Error fails(const std::string& result) {
        server.on("/rpc").always(reply_result(result));
        const Result<T> got = clock->run(context, client.template call<T>("m"));
        REQUIRE(got.has_error());
        return got.error();
    }

    boost::asio::io_context context;
    std::shared_ptr<ManualClock> clock = std::make_shared<ManualClock>();
    ScriptedBackend server;
    std::vector<Error> seen;
    Client client;
};

std::string member(const std::string& key, const std::string& value) {
    return "{\"" + key + "\":" + value + "}";
}

}  // namespace

TEST_CASE("decode errors: no place is told where the result repeats the credentials") {
    const std::string encoded = in_base64(pair);
    std::vector<std::string> keys{password, encoded, "x" + password, password + "x"};
    keys.push_back(in_base64("xy" + password));
    keys.push_back("pass\\u002dword" + password.substr(9));
    keys.push_back("pass%2Dword" + password.substr(9));
    keys.push_back("pass&#45;word" + password.substr(9));
    for (const std::string& key : keys) {
        CAPTURE(key);
        Bench<BasicAuth> bench{BasicAuth{"user-1", Secret{password}}};
        using Numbers = std::map<std::string, int>;
        const std::vector<Error> errors{
            bench.fails<Numbers>(member(key, "\"no number\"")),
            bench.fails<std::map<std::string, Numbers>>(member("a", member(key, "[]"))),
            bench.fails<std::map<std::string, std::int8_t>>(member(key, "1000")),
            bench.fails<DataFrame>(R"({"times":[],"series":)" + member(key, "5") + "}"),
            bench.fails<DataFrame>(R"({"times":[],"series":)" + member(key, "[1]") + "}"),
            bench.fails<std::vector<Numbers>>("[" + member(key, "null") + "]")};
        for (const Error& error : errors) {
            CHECK(error.code() == Errc::decode);
            CHECK(error.fate() == Fate::answered);
            CHECK(error.phase() == Phase::decode);
            CHECK(error.attempts() == 1);
            CHECK(error.http_status() == 200);
            CHECK_FALSE(error.message().empty());
            CHECK_FALSE(tells(error, password));
            CHECK_FALSE(tells(error, encoded));
        }
        for (const Error& error : bench.seen)
            CHECK_FALSE(tells(error, password));
    }
}

TEST_CASE("decode errors: the place is told where nothing is repeated") {
    Bench<BasicAuth> bench{BasicAuth{"user-1", Secret{password}}};
    const Error error = bench.fails<std::map<std::string, int>>(member("width", "\"wide\""));
    CHECK(std::string{error.message()}.find("/width") != std::string::npos);
}

TEST_CASE("decode errors: neither a token nor the secret that it was got with is told") {
    ClientCredentialsConfig config{
        Url::parse("https://api.example/token").value(), "id", Secret{password}};
    Bench<ClientCredentials> bench{ClientCredentials{std::move(config)}};
    bench.server.on("/token").always(reply_token("token-abcdefgh-1234567890", 1h));
    for (const std::string& key : {password, std::string{"token-abcdefgh-1234567890"}}) {
        const Error error = bench.fails<std::map<std::string, int>>(member(key, "{}"));
        CHECK(error.code() == Errc::decode);
        CHECK_FALSE(tells(error, key));
    }
}

TEST_CASE("decode errors: nor in the slots of a batch") {
    Bench<BasicAuth> bench{BasicAuth{"user-1", Secret{password}}};
    bench.server.on("/rpc").always(reply_result(member(password, "\"x\"")));
    auto batch = bench.client.make_batch();
    batch.call("a");
    batch.call("b");
    using Numbers = std::map<std::string, int>;
    const auto got =
        bench.clock->run(bench.context, bench.client.call_batch<Numbers>(std::move(batch)));
    REQUIRE(got.has_value());
    REQUIRE(got->size() == 2);
    for (const Result<Numbers>& slot : *got) {
        REQUIRE(slot.has_error());
        CHECK(slot.error().code() == Errc::decode);
        CHECK_FALSE(tells(slot.error(), password));
    }
}

TEST_CASE("decode errors: pages of a proxy and errors of a server are masked in HTML, too") {
    const std::string odd = "p&ss<w>\"rd'1/+=";
    const std::string html =
        "<p>p&amp;ss&lt;w&gt;&quot;rd&#39;1/+= "
        "<b>p&#38;ss&#60;w&#62;&#34;rd&#x27;1&#x2F;&#43;&#61;";
    Bench<BasicAuth> bench{BasicAuth{"user-1", Secret{odd}}};
    bench.server.on("/rpc").always(reply(502, html));
    const auto got = bench.clock->run(bench.context, bench.client.call("m"));
    REQUIRE(got.has_error());
    REQUIRE(got.error().http() != nullptr);
    CHECK(got.error().http()->body_excerpt == "<p>**** <b>****");
    bench.server.on("/rpc").always(reply_error(1, "no: p&amp;ss&lt;w&gt;&quot;rd&#39;1/+=."));
    const auto said = bench.clock->run(bench.context, bench.client.call("m"));
    REQUIRE(said.error().rpc() != nullptr);
    CHECK(said.error().rpc()->message == "no: ****.");
}

}  // namespace decode_secrets_test
