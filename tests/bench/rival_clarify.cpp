// SPDX-License-Identifier: BSL-1.0
// The call with this library: policies fixed in the type, and chosen at run time.

#include <clarify/any_client.hpp>
#include <clarify/clarify.hpp>

#include "rivals.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <exception>
#include <stdexcept>
#include <utility>

namespace bench {
namespace {

using FixedClient =
    clarify::RpcClient<clarify::BeastBackend, clarify::BearerToken, clarify::BoostJsonCodec>;

template <class Client>
class Clarify final : public Rival {
public:
    Clarify(std::string name, std::uint16_t port)
        : name_(std::move(name)),
          client_(
              context_.get_executor(),
              clarify::Url::parse("http://127.0.0.1:" + std::to_string(port) + "/v1/rpc").value(),
              clarify::BeastBackend{options().http},
              clarify::BearerToken{clarify::Secret{"benchmark-token-0123456789"}},
              options()) {}

    std::string name() const override { return name_; }

    void run(std::size_t width, std::size_t calls) override {
        for (std::size_t worker = 0; worker != width; ++worker) {
            boost::asio::co_spawn(context_, work(client_, calls), [](std::exception_ptr error) {
                if (error) std::rethrow_exception(error);
            });
        }
        context_.restart();
        context_.run();
    }

private:
    static clarify::ClientOptions options() {
        clarify::ClientOptions options;
        options.http.max_connections = 64;
        return options;
    }
    static boost::asio::awaitable<void> work(Client& client, std::size_t calls) {
        boost::json::object query;
        query["limit"] = 10;
        boost::json::object params;
        params["query"] = query;
        for (std::size_t i = 0; i != calls; ++i) {
            const auto result = co_await client.call("clarify.selectItems", params);
            if (!result) throw std::runtime_error{result.error().to_string()};
        }
    }

    std::string name_;
    boost::asio::io_context context_{1};
    Client client_;
};

}  // namespace

std::unique_ptr<Rival> make_clarify(std::uint16_t port) {
    return std::make_unique<Clarify<FixedClient>>("clarify", port);
}
std::unique_ptr<Rival> make_any_clarify(std::uint16_t port) {
    return std::make_unique<Clarify<clarify::AnyClient>>("AnyClient", port);
}

}  // namespace bench
