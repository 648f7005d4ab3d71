// SPDX-License-Identifier: BSL-1.0
// Types that write and read their JSON themselves, with a codec that knows nothing of them.

#include <clarify/auth/no_auth.hpp>
#include <clarify/rpc_client.hpp>
#include <clarify/testing/manual_clock.hpp>
#include <clarify/testing/scripted_backend.hpp>

#include <boost/asio/io_context.hpp>

#include <doctest/doctest.h>
#include <support/text_codec.hpp>

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

namespace own_json_test {

namespace own {

/// Text that claims to be JSON.
struct Claim {
    std::string text;
};

clarify::Result<void> append_json_text(std::string& out, const Claim& claim) {
    if (claim.text == "refuse") {
        return clarify::Error{clarify::Errc::bad_argument, clarify::Reason::params, "refused"};
    }
    if (claim.text == "throw") throw std::runtime_error{"thrown"};
    out += claim.text;
    return {};
}

clarify::Result<void> read_json_text(std::string_view text, Claim& claim) {
    if (text == "0") {
        return clarify::Error{clarify::Errc::decode, clarify::Reason::mismatch, "no zero"};
    }
    if (text == "1") throw std::runtime_error{"thrown"};
    claim.text = text;
    return {};
}

/// The same, vouched for: what is not JSON is found by the server then.
struct Vow {
    static constexpr bool writes_valid_json = true;
    std::string text;
};

clarify::Result<void> append_json_text(std::string& out, const Vow& vow) {
    out += vow.text;
    return {};
}

}  // namespace own

using namespace clarify;
using namespace clarify::testing;
using own::Claim;
using own::Vow;

namespace {

struct Bench {
    Bench() {
        ClientOptions options;
        options.clock = clock;
        client = std::make_unique<Client>(
            context.get_executor(),
            Url::parse("http://localhost/rpc").value(),
            server,
            NoAuth{},
            options);
    }
    template <class R, class Params>
    Result<R> call(const Params& params, std::string result = "[1]") {
        server.on("/rpc").then(reply_result(std::move(result)));
        return clock->run(context, client->call<R>("m", params));
    }

    using Client = RpcClient<ScriptedBackend, NoAuth, support::TextCodec>;
    boost::asio::io_context context;
    std::shared_ptr<ManualClock> clock = std::make_shared<ManualClock>();
    ScriptedBackend server;
    std::unique_ptr<Client> client;
};

}  // namespace

TEST_CASE("own JSON: a type's own functions are used, whatever the codec") {
    Bench bench;
    const Result<Claim> result = bench.call<Claim>(Claim{R"({"a":1})"}, R"({"b":2})");
    REQUIRE(result.has_value());
    CHECK(result->text == R"({"b":2})");
    CHECK(bench.server.requests("/rpc").at(0).params() == R"({"a":1})");
    // Either may be left to the codec.
    CHECK(bench.call<std::string>(Claim{"{}"}).value() == "[1]");
    CHECK(bench.call<Claim>(std::string{"{}"})->text == "[1]");
}

TEST_CASE("own JSON: what is not one JSON object or array is refused before anything is sent") {
    for (const std::string_view text :
         {"", "1", "\"x\"", "{", "{}{}", "[1,]", "{\"a\":NaN}", "refuse", "throw"}) {
        CAPTURE(text);
        Bench bench;
        const Result<Claim> result = bench.call<Claim>(Claim{std::string{text}});
        REQUIRE(result.has_error());
        CHECK(result.error().code() == Errc::bad_argument);
        CHECK(result.error().fate() == Fate::unsent);
        CHECK(bench.server.count("/rpc") == 0);
    }
}

TEST_CASE("own JSON: a type that vouches for its text is not looked through") {
    Bench bench;
    // So this goes as far as the server, which makes nothing of it.
    CHECK(bench.call<std::string>(Vow{"[nonsense]"}).has_error());
    CHECK(bench.server.count("/rpc") == 1);
    CHECK(bench.call<std::string>(Vow{"nonsense"}).has_error());
    CHECK(bench.server.count("/rpc") == 1);
}

TEST_CASE("own JSON: a result that the type refuses, or throws at, is an error of decoding") {
    for (const std::string_view text : {"0", "1"}) {
        CAPTURE(text);
        Bench bench;
        const Result<Claim> result = bench.call<Claim>(Claim{"{}"}, std::string{text});
        REQUIRE(result.has_error());
        CHECK(result.error().code() == Errc::decode);
        CHECK(result.error().fate() == Fate::answered);
        CHECK(result.error().phase() == Phase::decode);
    }
}

}  // namespace own_json_test
