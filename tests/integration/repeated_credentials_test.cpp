// SPDX-License-Identifier: BSL-1.0
// Servers that repeat the credentials they were sent do not get them into errors.

#include <clarify/auth/basic_auth.hpp>
#include <clarify/auth/bearer_token.hpp>

#include "raw_caller.hpp"

#include <boost/asio/io_context.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace repeated_credentials_test {

using namespace raw_caller;
using namespace std::string_view_literals;

namespace {

constexpr std::string_view token = "canary-token/77";
constexpr std::string_view password = "canary pass/+\"";

/// What is left of all that an error says.
std::string said(const clarify::Error& error) {
    std::string text = error.to_string() + std::string{error.message()};
    if (const clarify::RpcError* rpc = error.rpc()) text += rpc->message + rpc->data;
    if (const clarify::HttpFailure* http = error.http()) {
        text += http->body_excerpt + http->www_authenticate + http->location + http->traceparent;
    }
    return text;
}

/// What a client with these credentials reports of a reply made of the request.
template <class Auth, class Reply>
clarify::Error report(Auth auth, Reply reply) {
    RawServer server{[&](RawPeer& peer) {
        while (const auto request = peer.read())
            peer.send(reply(*request));
    }};
    boost::asio::io_context context;
    clarify::ClientOptions options;
    options.first_id = 1;
    clarify::RpcClient<clarify::BeastBackend, Auth, support::TextCodec> client{
        context.get_executor(),
        *clarify::Url::parse(server.origin() + "/rpc"),
        clarify::BeastBackend{},
        std::move(auth),
        options};
    const Outcome outcome = support::run(context, client.call("m", "{}"));
    REQUIRE_FALSE(outcome);
    return outcome.error();
}

clarify::BearerToken bearer() { return clarify::BearerToken{clarify::Secret{token}}; }
clarify::BasicAuth basic() { return clarify::BasicAuth{"user", clarify::Secret{password}}; }

std::string authorization(const support::RawRequest& request) {
    return request.header("Authorization").value_or("nothing");
}

std::string rpc_reply(std::string_view status, std::string_view message, std::string_view data) {
    return with_body(
        status,
        "",
        R"({"jsonrpc":"2.0","id":1,"error":{"code":1,"message":")" + std::string{message} +
            R"(","data":)" + std::string{data} + "}}");
}

}  // namespace

TEST_CASE("RpcClient: credentials that a server repeats in a body are masked in the excerpt") {
    const auto echo = [](const support::RawRequest& request) {
        return with_body("500 Oops", "", "you sent " + authorization(request));
    };
    CHECK(report(bearer(), echo).http()->body_excerpt == "you sent Bearer ****");
    CHECK(report(basic(), echo).http()->body_excerpt == "you sent Basic ****");
    const auto decoded = [](const support::RawRequest&) {
        return with_body("403 No", "", "user:" + std::string{password} + " is wrong");
    };
    CHECK(report(basic(), decoded).http()->body_excerpt == "user:**** is wrong");
    const auto escaped = [](const support::RawRequest&) {
        return with_body("403 No", "", R"({"t":"canary-token\/77","u":"canary-token%2F77"})");
    };
    CHECK(report(bearer(), escaped).http()->body_excerpt == R"({"t":"****","u":"****"})");
    const auto at_the_cut = [](const support::RawRequest&) {
        return with_body("403 No", "", std::string(508, 'x') + std::string{token});
    };
    CHECK(report(bearer(), at_the_cut).http()->body_excerpt == std::string(508, 'x') + "****");
}

TEST_CASE("RpcClient: credentials that a server repeats in its error are masked there") {
    for (const std::string_view status : {"200 OK"sv, "400 No"sv}) {
        const clarify::Error error = report(bearer(), [&](const support::RawRequest& request) {
            return rpc_reply(
                status,
                "sent " + authorization(request),
                R"({"auth":")" + authorization(request) + R"(","n":[1]})");
        });
        REQUIRE(error.rpc() != nullptr);
        CHECK(error.rpc()->message == "sent Bearer ****");
        CHECK(error.rpc()->data == R"({"auth":"Bearer ****","n":[1]})");
        CHECK(said(error).find("canary") == std::string::npos);
    }
    // What is left has to be JSON.
    const clarify::Error number = report(
        clarify::BearerToken{clarify::Secret{"12345678"}},
        [](const support::RawRequest&) { return rpc_reply("200 OK", "m", R"({"n":12345678})"); });
    CHECK(number.rpc()->data == "\"****\"");
}

TEST_CASE("RpcClient: credentials that a server repeats in its headers are masked") {
    const clarify::Error error = report(bearer(), [](const support::RawRequest&) {
        return with_body(
            "401 No",
            "WWW-Authenticate: Bearer realm=\"canary-token/77\"\r\n"
            "Location: https://canary-token/77\r\n"
            "traceparent: canary-token/77\r\n",
            "");
    });
    CHECK(error.http()->www_authenticate == "Bearer realm=\"****\"");
    CHECK(said(error).find("canary-token/77") == std::string::npos);
    const clarify::Error hex = report(
        clarify::BearerToken{clarify::Secret{"0123456789abcdef"}}, [](const support::RawRequest&) {
            return with_body("500 No", "traceparent: 00-0123456789abcdef-01\r\n", "");
        });
    CHECK(hex.http()->traceparent.empty());
}

TEST_CASE("RpcClient: credentials in broken JSON are masked where it is shown") {
    for (const std::size_t before : {0U, 500U, 560U, 565U, 572U, 5'000U}) {
        for (const std::size_t between : {0U, 55U, 60U, 64U, 200U}) {
            CAPTURE(before);
            CAPTURE(between);
            const clarify::Error error = report(bearer(), [&](const support::RawRequest&) {
                return with_body(
                    "200 OK",
                    "",
                    '"' + std::string(before, 'x') + std::string{token} +
                        std::string(between, 'y') + '\n');
            });
            CHECK(error.code() == Errc::json);
            REQUIRE(error.http() != nullptr);
            CHECK_FALSE(error.http()->body_excerpt.empty());
            CHECK(said(error).find("canary") == std::string::npos);
            CHECK(said(error).find("token/77") == std::string::npos);
        }
    }
}

TEST_CASE("RpcClient: one error for a whole batch is masked in every slot") {
    RawServer server{[](RawPeer& peer) {
        while (const auto request = peer.read()) {
            const bool refuse = request->body.find("refuse") != std::string::npos;
            const std::string error =
                R"("error":{"code":1,"message":"bad )" + authorization(*request) + R"("}})";
            peer.reply(
                refuse ? R"({"jsonrpc":"2.0","id":null,)" + error
                       : R"([{"jsonrpc":"2.0","id":99,)" + error + ']');
        }
    }};
    boost::asio::io_context context;
    using Client =
        clarify::RpcClient<clarify::BeastBackend, clarify::BearerToken, support::TextCodec>;
    Client client{
        context.get_executor(),
        *clarify::Url::parse(server.origin() + "/rpc"),
        clarify::BeastBackend{},
        bearer()};
    Client::Batch batch = client.make_batch();
    batch.call("refuse").call("b");
    const auto outcome = support::run(context, client.call_batch(std::move(batch)));
    REQUIRE(outcome.has_value());
    REQUIRE(outcome->size() == 2);
    for (const Outcome& slot : *outcome) {
        CHECK(slot.error().fate() == Fate::answered);
        CHECK(slot.error().rpc()->message == "bad Bearer ****");
    }
    Client::Batch other = client.make_batch();
    other.call("a");
    const auto strange = support::run(context, client.call_batch(std::move(other)));
    REQUIRE(strange.has_value());
    REQUIRE(strange->violation().has_value());
    CHECK(strange->violation()->fate() == Fate::answered);
    CHECK(strange->violation()->http_status() == 200);
    CHECK(strange->violation()->rpc()->message == "bad Bearer ****");
}

}  // namespace repeated_credentials_test
