// SPDX-License-Identifier: BSL-1.0
// Clients whose policies are chosen at run time.

#include <clarify/any_client.hpp>
#include <clarify/auth/bearer_token.hpp>
#include <clarify/auth/no_auth.hpp>

#include <doctest/doctest.h>
#include <support/echo_backend.hpp>
#include <support/run.hpp>

#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace any_client_test {

using namespace clarify;
namespace asio = boost::asio;

namespace {

/// An HTTP stack with an address, so that only moving its handle works; notes what it is asked.
struct PinnedBackend {
    struct State {
        std::string authorization;
        int closed = 0;
    };
    explicit PinnedBackend(std::shared_ptr<State> given) : state(std::move(given)) {}
    PinnedBackend(PinnedBackend&&) = default;

    asio::awaitable<Result<void>> post(
        const HttpRequest& request, HttpResponse& response, HttpProgress& progress) {
        state->authorization.clear();
        for (const HeaderView& header : request.headers) {
            if (header.name == "Authorization") state->authorization = header.value;
        }
        return echo.post(request, response, progress);
    }
    void close() noexcept { ++state->closed; }

    std::shared_ptr<State> state;
    support::EchoBackend echo;
};

AnyClient make(asio::io_context& context, AnyHttpBackend backend, AnyAuthPolicy auth) {
    return AnyClient{
        context.get_executor(),
        Url::parse("https://api.example/rpc").value(),
        std::move(backend),
        std::move(auth)};
}

}  // namespace

TEST_CASE("AnyClient: policies are chosen at run time and used as they are") {
    asio::io_context context;
    const auto state = std::make_shared<PinnedBackend::State>();
    const auto call = [&](AnyAuthPolicy auth) {
        AnyClient client = make(context, PinnedBackend{state}, std::move(auth));
        const auto answer = support::run(context, client.call("m"));
        REQUIRE(answer.has_value());
        CHECK(*answer == "m");
    };
    call(NoAuth{});
    CHECK(state->authorization.empty());
    call(BearerToken{Secret{"t"}});
    CHECK(state->authorization == "Bearer t");
    context.restart();
    context.run();
    CHECK(state->closed == 2);
}

TEST_CASE("AnyClient: clients of different policies are one type") {
    asio::io_context context;
    const auto state = std::make_shared<PinnedBackend::State>();
    AnyClient client = make(context, support::EchoBackend{}, NoAuth{});
    client = make(context, PinnedBackend{state}, BearerToken{Secret{"t"}});
    CHECK(support::run(context, client.call("m")).has_value());
    CHECK(state->authorization == "Bearer t");
}

}  // namespace any_client_test
