// SPDX-License-Identifier: BSL-1.0
// The call with this library.

#include <clarify/clarify.hpp>

#include "rivals.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <exception>
#include <stdexcept>

namespace bench {
namespace {

using BenchClient =
    clarify::RpcClient<clarify::BeastBackend, clarify::BearerToken, clarify::BoostJsonCodec>;

class Clarify final : public Rival {
public:
    explicit Clarify(std::uint16_t port)
        : client_(
              context_.get_executor(),
              clarify::Url::parse("http://127.0.0.1:" + std::to_string(port) + "/v1/rpc").value(),
              clarify::BeastBackend{options().http},
              clarify::BearerToken{clarify::Secret{"benchmark-token-0123456789"}},
              options()) {}

    std::string name() const override { return "clarify"; }

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
    static boost::asio::awaitable<void> work(BenchClient& client, std::size_t calls) {
        boost::json::object query;
        query["limit"] = 10;
        boost::json::object params;
        params["query"] = query;
        for (std::size_t i = 0; i != calls; ++i) {
            const auto result = co_await client.call("clarify.selectItems", params);
            if (!result) throw std::runtime_error{result.error().to_string()};
        }
    }

    boost::asio::io_context context_{1};
    BenchClient client_;
};

}  // namespace

std::unique_ptr<Rival> make_clarify(std::uint16_t port) { return std::make_unique<Clarify>(port); }

}  // namespace bench
