// SPDX-License-Identifier: BSL-1.0
// Credentials are replaced while a client lives: by their file, or by a call of the application's.

#include <clarify/any_client.hpp>
#include <clarify/auth/credentials_auth.hpp>
#include <clarify/credentials.hpp>
#include <clarify/json/boost_json_codec.hpp>
#include <clarify/rpc_client.hpp>
#include <clarify/testing/manual_clock.hpp>
#include <clarify/testing/scripted_backend.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/json/value.hpp>

#include <doctest/doctest.h>
#include <support/temporary_directory.hpp>

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace followed_credentials_test {

using namespace clarify;
using namespace clarify::testing;
using namespace std::chrono_literals;

namespace {

/// A scripted server, whose client tells it to give up its connections.
class Backend : public ScriptedBackend {
public:
    void retire() noexcept { ++*retired_; }
    int retired() const noexcept { return *retired_; }

private:
    std::shared_ptr<int> retired_ = std::make_shared<int>(0);
};

struct Document {
    std::string secret = "secret-1";
    std::string client_id = "id-1";
    std::string host = "one.example";
    std::string integration = "i";
    std::string type = "client-credentials";

    std::string text() const {
        return R"({"apiUrl":"https://)" + host + R"(/v1/","integration":")" + integration +
            R"(","credentials":{"type":")" + type + R"(","clientId":")" + client_id +
            R"(","clientSecret":")" + secret + R"("}})";
    }
};

struct Request {
    std::string url;
    std::string authorization;
    std::string body;
};

/// A client of credentials in a file, and a server that answers everything and notes where it was
/// asked, and with what.
template <class Client = RpcClient<Backend, CredentialsAuth, BoostJsonCodec>>
struct Scene {
    explicit Scene(const Document& first, bool from_file = true) {
        options.clock = clock;
        options.observer = [this](const Event& event) {
            if (event.kind == EventKind::file_changed) changed.emplace_back(event.file);
            if (event.kind == EventKind::file_failed) failed.emplace_back(event.error->to_string());
        };
        server.on("/v1/oauth/token").always([this](const RecordedRequest& request) {
            note(request);
            if (!token_fault.empty()) return reply(401, token_fault);
            return reply_token("token-" + std::to_string(++tokens), 1h);
        });
        server.on("/v1/rpc").always([this](const RecordedRequest& request) {
            note(request);
            return reply_result("1");
        });
        write(first);
        const auto credentials =
            from_file ? Credentials::from_file(path) : Credentials::from_string(first.text());
        REQUIRE(credentials.has_value());
        client.emplace(
            context.get_executor(), credentials->rpc_url(), server, credentials->auth(), options);
    }

    void write(const Document& document) { write_text(document.text()); }
    void write_text(const std::string& text) {
        folder.write("next", text);
        std::filesystem::rename(folder / "next", path);
    }
    void note(const RecordedRequest& request) {
        requests.push_back(
            {request.url, std::string{request.header("Authorization")}, request.body});
    }
    /// A second after the one before; what went wrong, or nothing.
    std::string call() {
        clock->advance(1s);
        const auto outcome = clock->run(context, client->call("m", no_params));
        return outcome ? std::string{} : outcome.error().to_string();
    }
    bool last_went_to(std::string_view host) const {
        return requests.back().url.find(host) != std::string::npos;
    }

    const support::TemporaryDirectory folder;
    const std::filesystem::path path = folder / "credentials.json";
    boost::asio::io_context context;
    std::shared_ptr<ManualClock> clock = std::make_shared<ManualClock>();
    ClientOptions options;
    Backend server;
    int tokens = 0;
    std::string token_fault;
    std::vector<Request> requests;
    std::vector<std::string> changed;
    std::vector<std::string> failed;
    std::optional<Client> client;
};

}  // namespace

TEST_CASE("followed credentials: the next token is fetched with the new secret, and no sooner") {
    Document document;
    Scene<> scene{document};
    CHECK(scene.call() == "");
    CHECK(scene.tokens == 1);
    document.secret = "secret-2";
    scene.write(document);
    CHECK(scene.call() == "");
    CHECK(scene.tokens == 1);
    CHECK(scene.requests.back().authorization == "Bearer token-1");
    CHECK(scene.changed == std::vector<std::string>{scene.path.string()});
    CHECK(scene.server.retired() == 0);
    scene.clock->run_for(scene.context, 2h);
    CHECK(scene.call() == "");
    CHECK(scene.tokens == 2);
    bool found = false;
    for (const Request& request : scene.requests)
        found = found || request.body.find("secret-2") != std::string::npos;
    CHECK(found);
}

TEST_CASE("followed credentials: a secret that was refused is no reason to wait with the next") {
    Document document;
    Scene<> scene{document};
    scene.token_fault = R"({"error":"invalid_client"})";
    for (int i = 0; i != 8; ++i)
        CHECK(scene.call().find("denied") != std::string::npos);
    // By now the pause is longer than a second.
    scene.token_fault.clear();
    document.secret = "secret-2";
    scene.write(document);
    CHECK(scene.call() == "");
}

TEST_CASE("followed credentials: another client id is another identity, whose token is its own") {
    Document document;
    Scene<> scene{document};
    CHECK(scene.call() == "");
    document.client_id = "id-2";
    scene.write(document);
    CHECK(scene.call() == "");
    CHECK(scene.tokens == 2);
    CHECK(scene.requests.back().authorization == "Bearer token-2");
    CHECK(scene.server.retired() == 1);
}

TEST_CASE("followed credentials: calls go to another address, with nothing of the one before") {
    Document document;
    Scene<> scene{document};
    CHECK(scene.call() == "");
    CHECK(scene.last_went_to("one.example"));
    document.host = "two.example";
    scene.write(document);
    CHECK(scene.call() == "");
    CHECK(scene.last_went_to("two.example"));
    CHECK(scene.server.retired() == 1);
    for (const Request& request : scene.requests) {
        const bool first = request.url.find("one.example") != std::string::npos;
        CHECK(request.authorization.find(first ? "token-2" : "token-1") == std::string::npos);
    }
}

TEST_CASE("followed credentials: a call that waits for a token ends at the new address") {
    Document document;
    Scene<> scene{document};
    scene.server.on("/v1/oauth/token").then(reply_token("slow", 1h).after(5s));
    std::optional<Result<boost::json::value>> outcome;
    scene.client->async_call(
        "m", no_params, [&](Result<boost::json::value> got) { outcome.emplace(std::move(got)); });
    scene.clock->run_for(scene.context, 2s);
    REQUIRE_FALSE(outcome.has_value());
    document.host = "two.example";
    scene.write(document);
    // Another call finds the file changed.
    CHECK(scene.call() == "");
    scene.clock->run_for(scene.context, 10s);
    REQUIRE(outcome.has_value());
    CHECK(outcome->has_value());
    for (const Request& request : scene.requests) {
        CHECK(request.authorization.find("slow") == std::string::npos);
        if (request.url.ends_with("/rpc"))
            CHECK(request.url.find("two.example") != std::string::npos);
    }
}

TEST_CASE("followed credentials: a password is replaced from the next call on") {
    Document document;
    document.type = "basic-auth";
    Scene<> scene{document};
    CHECK(scene.call() == "");
    const std::string before = scene.requests.back().authorization;
    document.secret = "secret-2";
    scene.write(document);
    CHECK(scene.call() == "");
    CHECK(scene.requests.back().authorization != before);
    CHECK(scene.server.retired() == 0);
    // To another type, and back.
    document.type = "client-credentials";
    scene.write(document);
    CHECK(scene.call() == "");
    CHECK(scene.requests.back().authorization == "Bearer token-1");
    CHECK(scene.server.retired() == 1);
}

TEST_CASE("followed credentials: what cannot be used leaves the old in force, and is told once") {
    Document document;
    Scene<> scene{document};
    CHECK(scene.call() == "");
    const std::string whole = document.text();
    scene.write_text(whole.substr(0, whole.size() / 2));
    CHECK(scene.call() == "");
    CHECK(scene.call() == "");
    std::filesystem::remove(scene.path);
    CHECK(scene.call() == "");
    REQUIRE(scene.failed.size() == 1);
    CHECK(scene.failed.front().find("secret") == std::string::npos);
    CHECK(scene.changed.empty());
    // Written again as it was: nothing has changed.
    scene.write(document);
    CHECK(scene.call() == "");
    CHECK(scene.changed.empty());
    document.integration = "other";
    scene.write(document);
    CHECK(scene.call() == "");
    CHECK(scene.failed.size() == 2);
    CHECK(scene.tokens == 1);
}

TEST_CASE("followed credentials: AnyClient follows as well") {
    Document document;
    Scene<RpcClient<AnyHttpBackend, AnyAuthPolicy, BoostJsonCodec>> scene{document};
    CHECK(scene.call() == "");
    document.host = "two.example";
    scene.write(document);
    CHECK(scene.call() == "");
    CHECK(scene.last_went_to("two.example"));
    CHECK(scene.server.retired() == 1);
}

TEST_CASE("replaced credentials: values are replaced by a call, and nothing else") {
    Document document;
    Scene<> scene{document, false};
    CHECK(scene.call() == "");
    Document ignored;
    ignored.client_id = "id-9";
    scene.write(ignored);
    CHECK(scene.call() == "");
    CHECK(scene.tokens == 1);
    document.client_id = "id-2";
    document.host = "two.example";
    scene.client->replace_credentials(Credentials::from_string(document.text()).value());
    CHECK(scene.call() == "");
    CHECK(scene.tokens == 2);
    CHECK(scene.last_went_to("two.example"));
    CHECK(scene.server.retired() == 1);
    // With the same identity the token stays.
    document.secret = "secret-2";
    scene.client->replace_credentials(Credentials::from_string(document.text()).value());
    CHECK(scene.call() == "");
    CHECK(scene.tokens == 2);
    // From a file they are followed from then on.
    scene.write(document);
    scene.client->replace_credentials(Credentials::from_file(scene.path).value());
    CHECK(scene.call() == "");
    document.client_id = "id-3";
    scene.write(document);
    CHECK(scene.call() == "");
    CHECK(scene.tokens == 3);
}

}  // namespace followed_credentials_test
