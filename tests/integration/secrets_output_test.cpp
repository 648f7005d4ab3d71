// SPDX-License-Identifier: BSL-1.0
// Every kind of error, and every event, in all forms: none of them may show a secret.

#include <clarify/auth/credentials_auth.hpp>
#include <clarify/credentials.hpp>
#include <clarify/rpc_client.hpp>
#include <clarify/testing/manual_clock.hpp>
#include <clarify/testing/scripted_backend.hpp>

#include "../support/canary.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <exception>
#include <iostream>
#include <memory>
#include <optional>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace secrets_output_test {

namespace {

namespace asio = boost::asio;
using namespace clarify;
using namespace clarify::testing;
using namespace std::chrono_literals;

/// Takes JSON text as it is, and gives none back.
struct PickyCodec {
    using value_type = std::string;

    Result<void> encode(std::string_view json, std::string& out) const {
        if (json == "throw") throw std::runtime_error{std::string{support::canary_token}};
        out += json;
        return {};
    }
    template <class T>
    Result<T> decode(std::string_view json) const {
        if (json == "2") throw std::runtime_error{std::string{support::canary_token}};
        if (json == "3") return Error{Errc::decode, Reason::mismatch, "not this"};
        return T{json};
    }
};

using TestClient = RpcClient<ScriptedBackend, CredentialsAuth, PickyCodec>;
using Outcome = Result<std::string>;

/// All that has been said, for a search, and for whoever searches the output of the tests.
class Output {
public:
    void add(const Error& error) {
        seen_.insert(error.code());
        std::ostringstream text;
        text << error.to_string() << '\n'
             << error << '\n'
             << error.message() << '\n'
             << error.cause().message() << '\n'
             << Exception{error}.what() << '\n';
        if (const HttpFailure* const http = error.http()) {
            text << http->body_excerpt << '\n'
                 << http->traceparent << '\n'
                 << http->www_authenticate << '\n'
                 << http->location << '\n';
        }
        if (const RpcError* const rpc = error.rpc()) {
            text << rpc->message << '\n' << rpc->data << '\n';
            const ErrorData data = rpc->clarify_data();
            text << data.trace << data.text << data.partial_result << '\n';
            for (const auto& [path, message] : data.params)
                text << path << ": " << message << '\n';
        }
        add(text.str());
    }
    void add(const Event& event) {
        std::ostringstream text;
        text << to_string(event.kind) << ' ' << event.method << ' ' << event.host << ' '
             << event.traceparent << ' ' << event.trace_id();
        add(text.str());
        if (event.error != nullptr) add(*event.error);
    }
    void add(const std::string& text) {
        std::cout << text << '\n';
        CHECK(support::find_canary(text) == "");
        ++count_;
    }

    bool has(Errc code) const { return seen_.count(code) != 0; }
    std::size_t count() const { return count_; }

private:
    std::set<Errc> seen_;
    std::size_t count_ = 0;
};

std::string credentials_text(std::string_view type, std::string_view api_url) {
    const std::string_view secret =
        type == "basic-auth" ? support::canary_password : support::canary_client_secret;
    return R"({"apiUrl":")" + std::string{api_url} +
        R"(","integration":"i","credentials":{"type":")" + std::string{type} +
        R"(","clientId":"ident","clientSecret":")" + std::string{secret} + R"("}})";
}

/// A client whose server is a script, and whose token is a canary.
struct Scene {
    explicit Scene(
        Output& out,
        std::string_view type = "client-credentials",
        ClientOptions options = {},
        std::string_view rpc_url = "https://api.example/v1/rpc") {
        options.clock = clock;
        options.observer = [&out](const Event& event) { out.add(event); };
        tokens().always(reply_token(support::canary_token, 1h));
        client.emplace(
            context.get_executor(),
            Url::parse(rpc_url).value(),
            server,
            Credentials::from_string(credentials_text(type, "https://api.example/v1/"))
                .value()
                .auth(),
            std::move(options));
    }

    Script& tokens() { return server.on("/v1/oauth/token"); }
    Script& api() { return server.on("/v1/rpc"); }
    Outcome call(
        CallOptions options = {}, std::string_view method = "m", std::string_view params = "{}") {
        return clock->run(context, client->call(method, params, std::move(options)));
    }

    asio::io_context context;
    std::shared_ptr<ManualClock> clock = std::make_shared<ManualClock>();
    ScriptedBackend server;
    std::optional<TestClient> client;
};

/// The error of a call whose request is answered so.
void fail_call(Output& out, Answer answer, std::string_view type = "client-credentials") {
    Scene scene{out, type};
    scene.api().always(std::move(answer));
    const Outcome outcome = scene.call();
    REQUIRE(outcome.has_error());
    out.add(outcome.error());
}

/// A reply that says back what the request was authorized with.
Answer echo(unsigned status, std::string before, std::string behind, std::string said = {}) {
    return Answer{[=](const RecordedRequest& request) {
        const std::string value{request.header("Authorization")};
        const std::string own = said.empty() ? value.substr(value.find(' ') + 1) : said;
        return reply(status, before + own + behind)
            .header("Location", "https://api.example/" + own);
    }};
}

void fail_arguments(Output& out) {
    Scene scene{out};
    CallOptions options;
    options.headers.add("X-Odd", std::string{support::canary_token} + "\r\n");
    out.add(scene.call(options).error());
    options = {};
    options.headers.add("AUTHORIZATION", std::string{support::canary_token});
    out.add(scene.call(options).error());
    options = {};
    options.api_version = ApiVersion{std::string{support::canary_token} + "\n"};
    out.add(scene.call(options).error());
    out.add(scene.call({}, "m", "throw").error());
}

void fail_configuration(Output& out) {
    for (const std::string_view type : {"client-credentials", "basic-auth"}) {
        const std::string good = credentials_text(type, "https://a/");
        for (std::size_t size = 0; size < good.size(); size += 7)
            out.add(Credentials::from_string(good.substr(0, size)).error());
        out.add(Credentials::from_string(good + "x").error());
        out.add(Credentials::from_string('[' + good + ']').error());
        for (const std::string& url :
             {"https://u:" + std::string{support::canary_token} + "@a/",
              "http://" + std::string{support::canary_token} + ".example/",
              std::string{support::canary_token}}) {
            out.add(Credentials::from_string(credentials_text(type, url)).error());
        }
    }
    const std::string unknown = credentials_text(support::canary_token, "https://a/");
    out.add(Credentials::from_string(unknown).error());
    Scene scene{out, "basic-auth", {}, "http://api.example/v1/rpc"};
    out.add(scene.call().error());
}

void fail_tokens(Output& out) {
    const std::string secret{support::canary_client_secret};
    const std::string token{support::canary_token};
    for (const unsigned status : {200U, 302U, 400U, 401U, 429U, 500U, 503U}) {
        for (const std::string& body :
             {"{\"error\":\"" + secret + "\"}",
              R"({"error":"invalid_client","error_description":")" + secret + "\"}",
              "{\"error\":\"x " + support::canary_percent(secret, "%%%02X") + "\"}",
              "{\"error\":\"" + support::canary_digits(secret, "%02x") + "\"}",
              "{\"error\":\"" + support::canary_base64(secret) + "\"}",
              "{\"error\":\"" + support::canary_digits(secret, "\\u%04x") + "\"}",
              R"({"access_token":")" + token + R"(","error":")" + token + "\"}",
              R"({"access_token":")" + token + R"(","expires_in":-1})",
              R"({"access_token":")" + token + R"(","token_type":"mac"})",
              R"({"access_token":")" + token,
              "client_secret=" + secret}) {
            Scene scene{out};
            scene.tokens().always(
                reply(status, body).header("traceparent", secret).header("Location", secret));
            const Outcome outcome = scene.call();
            REQUIRE(outcome.has_error());
            out.add(outcome.error());
        }
    }
    Scene scene{out};
    scene.tokens().always(raise(std::make_exception_ptr(std::runtime_error{token})));
    out.add(scene.call().error());
}

void fail_otherwise(Output& out) {
    for (const Errc code :
         {Errc::resolve,
          Errc::connect,
          Errc::tls,
          Errc::proxy,
          Errc::io,
          Errc::overloaded,
          Errc::framing,
          Errc::too_large})
        fail_call(out, fail(code));
    fail_call(out, hang());
    fail_call(out, raise(std::make_exception_ptr(std::runtime_error{"canary-token"})));
    for (const std::string_view result : {"2", "3"})
        fail_call(out, reply_result(std::string{result}));

    Scene scene{out};
    scene.api().always(hang());
    asio::cancellation_signal signal;
    std::vector<Outcome> outcomes;
    const auto keep = [&](Outcome outcome) { outcomes.push_back(std::move(outcome)); };
    scene.client->async_call("m", no_params, asio::bind_cancellation_slot(signal.slot(), keep));
    scene.client->async_call("m", no_params, keep);
    scene.clock->run_for(scene.context, 1s);
    signal.emit(asio::cancellation_type::terminal);
    scene.clock->run_for(scene.context, 1s);
    scene.client.reset();
    scene.clock->run(scene.context);
    REQUIRE(outcomes.size() == 2);
    for (const Outcome& outcome : outcomes)
        out.add(outcome.error());
}

void fail_replies(Output& out, std::string_view type) {
    const auto fail = [&](Answer answer) { fail_call(out, std::move(answer), type); };
    for (const unsigned status : {302U, 400U, 401U, 403U, 404U, 413U, 429U, 500U, 503U}) {
        fail(echo(status, "<html>your header was ", ", which is wrong</html>"));
        // Across the place where the excerpt is cut.
        fail(echo(status, std::string(505, '.'), "!"));
    }
    fail(echo(200, "", ""));
    fail(echo(200, "{\"x\":", "}"));
    fail(reply(200, R"({"jsonrpc":"2.0","id":77,"result":1})"));
    fail(reply(200, "{"));
    fail(reply(200, ""));
    fail(reply(200, "<html>").header("Content-Type", "text/html"));
    fail(reply_error(
        -32603, "the server failed", R"({"trace":"0af7651916cd43dd8448eb211c80319c"})"));
}

}  // namespace

TEST_CASE("secrets in output: no kind of error and no event shows one") {
    Output out;
    fail_arguments(out);
    fail_configuration(out);
    fail_tokens(out);
    fail_otherwise(out);
    fail_replies(out, "client-credentials");
    fail_replies(out, "basic-auth");
    for (int code = 1; code <= static_cast<int>(Errc::internal); ++code) {
        const auto errc = static_cast<Errc>(code);
        CHECK_MESSAGE(out.has(errc), to_string(errc));
    }
    CHECK(out.count() > 800);
}

TEST_CASE("secrets in output: the search finds each canary in each encoding") {
    for (const std::string_view canary : support::all_canaries) {
        for (const support::CanaryForm& form : support::canary_forms(canary)) {
            CAPTURE(form.name);
            CHECK(support::find_canary("before " + form.text + " behind") != "");
        }
    }
    // As a Basic header has it.
    const std::string pair = "ident:" + std::string{support::canary_password};
    CHECK(support::find_canary("Basic " + support::canary_base64(pair)) != "");
    CHECK(support::find_canary("nothing to see, not even canary-id") == "");
}

}  // namespace secrets_output_test
