// SPDX-License-Identifier: BSL-1.0
// Credentials in a header of another name.

#include <clarify/auth/static_header.hpp>
#include <clarify/rpc_client.hpp>
#include <clarify/testing/manual_clock.hpp>
#include <clarify/testing/scripted_backend.hpp>

#include <boost/asio/io_context.hpp>

#include <doctest/doctest.h>
#include <support/text_codec.hpp>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

namespace named_header_test {

using namespace clarify;
using namespace clarify::testing;

namespace {

using TestClient = RpcClient<ScriptedBackend, StaticHeader, support::TextCodec>;

struct Bench {
    explicit Bench(StaticHeader auth, const std::string& url = "https://api.example/rpc") {
        ClientOptions options;
        options.clock = clock;
        client.emplace(
            context.get_executor(), Url::parse(url).value(), server, std::move(auth), options);
        server.always(reply_result("1"));
    }
    Result<std::string> call(CallOptions options = {}) {
        return clock->run(context, client->call("m", no_params, std::move(options)));
    }

    boost::asio::io_context context;
    std::shared_ptr<ManualClock> clock = std::make_shared<ManualClock>();
    ScriptedBackend server;
    std::optional<TestClient> client;
};

}  // namespace

TEST_CASE("AuthHeader: the usual name, or another one") {
    const auto value = std::make_shared<const Secret>("v");
    const AuthHeader usual{value};
    const AuthHeader named{value, "X-API-Key"};
    CHECK(usual.name() == "Authorization");
    CHECK_FALSE(usual.has_own_name());
    CHECK(named.name() == "X-API-Key");
    CHECK(named->expose() == "v");
    CHECK(named == usual);
    CHECK_FALSE(named == AuthHeader{std::make_shared<const Secret>("v"), "X-API-Key"});
    CHECK_FALSE(AuthHeader{});
    CHECK_FALSE(AuthHeader{nullptr});
}

TEST_CASE("StaticHeader: a key in a header of its own is sent there, and nowhere else") {
    Bench bench{StaticHeader{Secret{"abc-123"}, "X-API-Key"}};
    CHECK(bench.call().has_value());
    const RecordedRequest& sent = bench.server.requests().at(0);
    CHECK(sent.header("X-API-Key") == "abc-123");
    CHECK(sent.header("Authorization").empty());
}

TEST_CASE("StaticHeader: it is a credential under another name, too") {
    SUBCASE("refused by the server") {
        Bench bench{StaticHeader{Secret{"abc-123-def-456"}, "X-API-Key"}};
        bench.server.then(reply(401, R"({"key":"abc-123-def-456"})"));
        const auto outcome = bench.call();
        REQUIRE(outcome.has_error());
        CHECK(outcome.error().code() == Errc::auth);
        CHECK(outcome.error().to_string().find("abc-123-def-456") == std::string::npos);
        CHECK(bench.server.requests().size() == 1);
    }
    SUBCASE("not over plain http to another machine") {
        Bench bench{StaticHeader{Secret{"abc"}, "X-API-Key"}, "http://api.example/rpc"};
        const auto outcome = bench.call();
        REQUIRE(outcome.has_error());
        CHECK(outcome.error().reason() == Reason::insecure);
    }
}

TEST_CASE(
    "StaticHeader: a name that cannot be sent is refused, and one that the call has as well") {
    for (const char* const name :
         {"", "X API Key", "Host", "content-length", "User-Agent", "X-API-Version"}) {
        CAPTURE(name);
        CHECK_THROWS_AS(StaticHeader(Secret{"v"}, name), std::invalid_argument);
    }
    Bench bench{StaticHeader{Secret{"v"}, "X-API-Key"}};
    CallOptions options;
    options.headers.add("x-api-key", "mine");
    const auto outcome = bench.call(options);
    REQUIRE(outcome.has_error());
    CHECK(outcome.error().code() == Errc::token);
    CHECK(outcome.error().reason() == Reason::header);
    CHECK(bench.server.requests().empty());
}

}  // namespace named_header_test
