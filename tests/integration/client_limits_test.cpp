// SPDX-License-Identifier: BSL-1.0
// The limits of a client that is made from credentials: those of its token and its codec too.

#include <clarify/client.hpp>
#include <clarify/credentials.hpp>

#include "../support/canary.hpp"
#include "../support/raw_server.hpp"
#include "../support/run.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace client_limits_test {

namespace {

using clarify::Errc;
using clarify::Fate;
using clarify::Reason;
using support::RawPeer;
using support::RawServer;
using Outcome = clarify::Result<boost::json::value>;

/// A token endpoint and an API on one server, and a client of both.
struct Scene {
    explicit Scene(std::string token_reply, std::string result = "1")
        : server([token_reply = std::move(token_reply), result = std::move(result)](RawPeer& peer) {
              while (const auto request = peer.read()) {
                  if (request->head.starts_with("POST /oauth/token ")) {
                      peer.reply(token_reply);
                  } else {
                      peer.result(*request, result);
                  }
              }
          }) {}

    Outcome call() {
        const std::string document = R"({"apiUrl":")" + server.origin() +
            R"(/","integration":"i","credentials":{"type":"client-credentials",)"
            R"("clientId":"id","clientSecret":"canary-secret"}})";
        boost::asio::io_context context;
        clarify::Client client{
            context.get_executor(), clarify::Credentials::from_string(document).value(), options};
        return support::run(context, client.call("m", clarify::no_params));
    }

    RawServer server;
    clarify::ClientOptions options;
};

std::string token(std::size_t size, std::size_t padding = 0) {
    return R"({"access_token":")" + std::string(size, 't') + R"(","x":")" +
        std::string(padding, 'x') + R"("})";
}

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

void check_no_token(const Outcome& outcome, std::string_view said) {
    REQUIRE(outcome.has_error());
    CHECK(outcome.error().code() == Errc::token);
    CHECK(outcome.error().reason() == Reason::bad_response);
    CHECK(outcome.error().fate() == Fate::unsent);
    CHECK(outcome.error().to_string().find(said) != std::string::npos);
}

}  // namespace

TEST_CASE("Client: how large the reply of a token endpoint may be is an option") {
    Scene scene{token(10, 70'000)};
    check_no_token(scene.call(), "larger than 65536 bytes");
    scene.options.token.max_reply = std::size_t{128} << 10U;
    CHECK(scene.call());
    scene.options.token.max_reply = std::size_t{2} << 10U;
    check_no_token(scene.call(), "larger than 2048 bytes");
}

TEST_CASE("Client: how long an access token may be is an option") {
    Scene scene{token(9'000)};
    check_no_token(scene.call(), "too long");
    scene.options.token.max_token = 9'000;
    CHECK(scene.call());
    scene.options.token.max_token = 8'999;
    check_no_token(scene.call(), "too long");
}

TEST_CASE("Client: an option of tokens that is out of range is refused by its name") {
    Scene scene{token(10)};
    scene.options.token.max_token = 0;
    CHECK_THROWS_WITH_AS(scene.call(), doctest::Contains("token.max_token"), std::invalid_argument);
}

TEST_CASE("Client: the memory and the depth of what it decodes are options") {
    Scene scene{token(10), nested(70)};
    const Outcome deep = scene.call();
    REQUIRE(deep.has_error());
    CHECK(deep.error().code() == Errc::json);
    CHECK(deep.error().reason() == Reason::depth);
    scene.options.max_json_depth = 100;
    const Outcome deeper = scene.call();
    CHECK_MESSAGE(deeper.has_value(), deeper.error());
    scene.options.max_json_memory = 100;
    const Outcome large = scene.call();
    REQUIRE(large.has_error());
    CHECK(large.error().code() == Errc::too_large);
    CHECK(large.error().reason() == Reason::parse);
}

TEST_CASE("Client: a smaller depth of responses leaves parameters their own") {
    Scene scene{token(10)};
    scene.options.max_json_depth = 2;
    boost::asio::io_context context;
    clarify::Client client{
        context.get_executor(),
        clarify::Credentials::basic("i", clarify::Secret{"canary-secret"}, scene.server.origin())
            .value(),
        scene.options};
    const Outcome outcome = support::run(context, client.call("m", boost::json::parse(nested(20))));
    CHECK_MESSAGE(outcome.has_value(), outcome.error());
}

}  // namespace client_limits_test
