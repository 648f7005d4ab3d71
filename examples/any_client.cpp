// SPDX-License-Identifier: BSL-1.0
// A program that chooses by its configuration how it talks and who it is: one client type, whatever is
// behind it. Here the server is a script, so that it runs anywhere.

#include <clarify/any_client.hpp>
#include <clarify/auth/no_auth.hpp>
#include <clarify/auth/static_header.hpp>
#include <clarify/core/secret.hpp>
#include <clarify/testing/scripted_backend.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <exception>
#include <iostream>
#include <string_view>
#include <utility>

namespace asio = boost::asio;

namespace {

/// What the rest of the program sees: no stack and no authentication, so nothing of either has to be
/// compiled with it.
asio::awaitable<void> count_signals(clarify::AnyClient& client) {
    const auto selection = co_await client.select_signals({});
    std::cout << selection.value().data.size() << " signals\n";
}

clarify::AnyAuthPolicy authentication(std::string_view name) {
    if (name == "key") return clarify::StaticHeader{clarify::Secret{"key"}, "X-API-Key"};
    return clarify::NoAuth{};
}

}  // namespace

int main(int argc, char** argv) {
    clarify::testing::ScriptedBackend server;
    server.on("/v1/rpc").then(clarify::testing::reply_result(R"({"meta":{"total":0},"data":[]})"));

    asio::io_context context;
    clarify::AnyClient client{
        clarify::AnyClient::Base{
            context.get_executor(),
            clarify::Url::parse("https://api.clarify.io/v1/rpc").value(),
            // Or a BeastBackend, a CurlBackend, or one of your own.
            server,
            authentication(argc > 1 ? argv[1] : "key")},
        "c618rbfqfsj7mjkj0ss1"};
    asio::co_spawn(context, count_signals(client), [](const std::exception_ptr& error) {
        if (error) std::rethrow_exception(error);
    });
    context.run();
    return server.requests().size() == 1 ? 0 : 1;
}
