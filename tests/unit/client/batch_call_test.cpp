// SPDX-License-Identifier: BSL-1.0
// Batches, from the calls that are gathered to the outcome of each.

#include <clarify/auth/credentials_auth.hpp>
#include <clarify/auth/no_auth.hpp>
#include <clarify/core/connection_lease.hpp>
#include <clarify/rpc_client.hpp>

#include <doctest/doctest.h>
#include <support/run.hpp>
#include <support/text_codec.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace batch_call_test {

using namespace clarify;
namespace asio = boost::asio;

namespace {

/// What the server did, and what it is to answer.
struct Server {
    std::vector<std::string> requests;
    std::function<void(HttpResponse&)> answer;
    std::optional<Error> failure;
    int kept = 0;
    int dropped = 0;
};

struct ServerBackend {
    explicit ServerBackend(std::shared_ptr<Server> given) : server(std::move(given)) {}
    // For the client that is made of credentials, which never gets as far as this.
    explicit ServerBackend(HttpOptions) : server(std::make_shared<Server>()) {}

    asio::awaitable<Result<void>> post(
        const HttpRequest& request, HttpResponse& response, HttpProgress& progress) {
        server->requests.emplace_back(request.body);
        progress = {Phase::first_byte, true};
        if (server->failure) co_return *server->failure;
        response.status = 200;
        response.lease = ConnectionLease{server, [](std::shared_ptr<void> held, bool keep) {
                                             auto& to = *std::static_pointer_cast<Server>(held);
                                             ++(keep ? to.kept : to.dropped);
                                         }};
        server->answer(response);
        co_return Result<void>{};
    }
    void close() noexcept {}

    std::shared_ptr<Server> server;
};

using BatchClient = RpcClient<ServerBackend, NoAuth, support::TextCodec>;
using Outcome = Result<BatchResult<std::string>>;

struct Scene {
    Scene() : client(make()) {}
    BatchClient make() {
        ClientOptions options;
        options.retry.base = std::chrono::milliseconds{1};
        options.first_id = 1;
        return BatchClient{
            context.get_executor(),
            Url::parse("https://api.example/rpc").value(),
            ServerBackend{server},
            NoAuth{},
            options};
    }
    Outcome send(BatchClient::Batch batch, CallOptions options = {}) {
        return support::run(context, client.call_batch(std::move(batch), std::move(options)));
    }
    BatchClient::Batch two(std::string_view first = "a", std::string_view second = "b") {
        auto batch = client.make_batch();
        batch.call(first).call(second);
        return batch;
    }
    void answers(std::string body, unsigned status = 200) {
        server->answer = [body = std::move(body), status](HttpResponse& response) {
            response.status = status;
            response.body = body;
        };
    }

    asio::io_context context;
    std::shared_ptr<Server> server = std::make_shared<Server>();
    BatchClient client;
};

}  // namespace

TEST_CASE("Batch calls: one request, results in its order, the connection kept") {
    Scene scene;
    scene.answers(R"([{"jsonrpc":"2.0","id":2,"error":{"code":-32601,"message":"no"}},)"
                  R"({"jsonrpc":"2.0","id":1,"result":"one"}])");
    const Outcome outcome = scene.send(scene.two());
    REQUIRE(outcome.has_value());
    CHECK(
        scene.server->requests ==
        std::vector<std::string>{R"([{"jsonrpc":"2.0","method":"a","id":1},)"
                                 R"({"jsonrpc":"2.0","method":"b","id":2}])"});
    CHECK((*outcome)[0].value() == R"("one")");
    CHECK((*outcome)[1].error().rpc()->code == -32601);
    CHECK((*outcome)[1].error().fate() == Fate::answered);
    CHECK((*outcome)[1].error().attempts() == 1);
    CHECK(scene.server->kept == 1);
    CHECK(scene.server->dropped == 0);
}

TEST_CASE("Batch calls: a foreign answer closes the connection, and the others count") {
    Scene scene;
    scene.answers(R"([{"jsonrpc":"2.0","id":1,"result":1},{"jsonrpc":"2.0","id":2,"result":2},)"
                  R"({"jsonrpc":"2.0","id":99,"result":3}])");
    const Outcome outcome = scene.send(scene.two());
    REQUIRE(outcome.has_value());
    REQUIRE(outcome->violation().has_value());
    CHECK(outcome->violation()->reason() == Reason::id_mismatch);
    CHECK((*outcome)[1].value() == "2");
    CHECK(scene.server->kept == 0);
    CHECK(scene.server->dropped == 1);
}

TEST_CASE("Batch calls: what a refused batch is told belongs to it if the id is that of one") {
    for (const bool foreign : {false, true}) {
        CAPTURE(foreign);
        Scene scene;
        scene.answers(
            std::string{R"({"jsonrpc":"2.0","id":)"} + (foreign ? "99" : "2") +
                R"(,"error":{"code":-32000,"message":"no"}})",
            500);
        const Outcome outcome = scene.send(scene.two());
        REQUIRE(outcome.has_error());
        CHECK(outcome.error().code() == Errc::status);
        CHECK((outcome.error().rpc() != nullptr) == !foreign);
        CHECK(scene.server->kept == (foreign ? 0 : 1));
        CHECK(scene.server->dropped == (foreign ? 1 : 0));
    }
}

TEST_CASE("Batch calls: only notifications need no answer") {
    Scene scene;
    scene.answers("", 204);
    auto batch = scene.client.make_batch();
    batch.notify("a").notify("b");
    const Outcome outcome = scene.send(std::move(batch));
    REQUIRE(outcome.has_value());
    CHECK(outcome->size() == 0);
    CHECK(scene.server->kept == 1);
}

TEST_CASE("Batch calls: an empty reply to calls is an envelope error") {
    Scene scene;
    scene.answers("", 204);
    const Outcome outcome = scene.send(scene.two());
    REQUIRE(outcome.has_error());
    CHECK(outcome.error().code() == Errc::envelope);
    CHECK(outcome.error().reason() == Reason::empty);
}

TEST_CASE("Batch calls: a batch is repeated only if each of its methods may be") {
    const auto sends = [](std::string_view first, std::string_view second, CallOptions options) {
        Scene scene;
        scene.server->failure =
            Error{Errc::io, Reason::reset}.set_phase(Phase::first_byte).set_fate(Fate::unknown);
        const Outcome outcome = scene.send(scene.two(first, second), std::move(options));
        CHECK(outcome.error().fate() == Fate::unknown);
        return scene.server->requests.size();
    };
    CallOptions repeatable;
    repeatable.idempotent = true;
    CHECK(sends("clarify.selectItems", "clarify.dataFrame", CallOptions{}) == 3);
    CHECK(sends("clarify.selectItems", "other", CallOptions{}) == 1);
    CHECK(sends("other", "other", repeatable) == 3);
}

TEST_CASE("Batch calls: what cannot be sent is refused before anything is") {
    Scene scene;
    const auto refused = [&](BatchClient::Batch batch, Reason reason) {
        const Outcome outcome = scene.send(std::move(batch));
        REQUIRE(outcome.has_error());
        CHECK(outcome.error().code() == Errc::bad_argument);
        CHECK(outcome.error().reason() == reason);
        CHECK(outcome.error().fate() == Fate::unsent);
    };
    refused(scene.client.make_batch(), Reason::batch);
    refused(scene.two("a", ""), Reason::method);
    CHECK(scene.server->requests.empty());
}

TEST_CASE("Batch calls: a client made of Clarify credentials has none") {
    using CredentialsClient = RpcClient<ServerBackend, CredentialsAuth, support::TextCodec>;
    asio::io_context context;
    const auto credentials = Credentials::basic("integration", Secret{"secret"});
    CredentialsClient client{context.get_executor(), credentials.value()};
    CredentialsClient moved = std::move(client);
    auto batch = moved.make_batch();
    batch.call("a");
    const auto outcome = support::run(context, moved.call_batch(std::move(batch)));
    REQUIRE(outcome.has_error());
    CHECK(outcome.error().code() == Errc::bad_argument);
    CHECK(outcome.error().reason() == Reason::batch);
    CHECK(outcome.error().attempts() == 0);
}

}  // namespace batch_call_test
