// SPDX-License-Identifier: BSL-1.0
// Clients on real sockets, whose descriptors are counted.

#include <clarify/http/beast_backend.hpp>
#if defined(SOAK_HAS_CURL)
#include <clarify/http/curl_backend.hpp>
#endif

#include "../support/memory_server.hpp"
#include "callers.hpp"
#include "server.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <stdexcept>

namespace soak {
namespace {

using namespace std::chrono_literals;
using boost::asio::ip::tcp;
using support::MemoryServer;

/// A connection, which ends by itself.
boost::asio::awaitable<void> serve(
    std::shared_ptr<MemoryServer::Service> service, tcp::socket socket) {
    co_await MemoryServer::serve_stream(service, socket);
}

/// Client and server take turns in the thread that runs them.
template <class Backend>
class SocketPart final : public Part {
public:
    SocketPart(std::string name, std::uint64_t seed)
        : name_(std::move(name)),
          server_(seed, 1, false),
          client_(
              context_.get_executor(),
              clarify::Url::parse(origin() + "/rpc").value(),
              Backend{options_.http},
              credentials(origin()),
              options_),
          callers_(client_, context_.get_executor(), seed + 1, 2ms, 1ms) {
        service_->keeps_requests = false;
        service_->answer = [this](const auto& request) { return server_.answer(request); };
        accept();
    }
    ~SocketPart() override {
        client_.close();
        acceptor_.close();
        context_.restart();
        context_.run_for(1s);
    }

    std::string name() const override { return name_; }
    void run(std::uint64_t calls) override {
        callers_.begin(calls);
        while (!callers_.are_done()) {
            context_.restart();
            if (context_.run_one_for(60s) == 0) throw std::runtime_error{"a call never ends"};
        }
    }
    void rest() override {
        context_.restart();
        context_.run_for(2 * options_.http.idle_timeout);
    }
    const Tally& tally() const override { return callers_.tally(); }
    std::string figures() const override {
        return soak::figures(metrics_.snapshot(), server_.requests(), server_.tokens());
    }
    std::string miscounted() const override { return callers_.miscounted(metrics_.snapshot()); }

private:
    std::string origin() const {
        return "http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port());
    }
    clarify::ClientOptions make_options() const {
        clarify::ClientOptions options;
        options.observer = metrics_;
        options.call_timeout = 200ms;
        options.attempt_timeout = 100ms;
        options.retry.base = 1ms;
        options.retry.throttled_base = 1ms;
        options.http.idle_timeout = 250ms;
        // The ids begin again during the soak.
        options.first_id = (std::int64_t{1} << 53U) - 1'000;
        return options;
    }
    void accept() {
        acceptor_.async_accept([this](boost::system::error_code ec, tcp::socket socket) {
            if (ec == boost::asio::error::operation_aborted) return;
            boost::system::error_code ignored;
            if (!ec) {
                socket.set_option(tcp::no_delay{true}, ignored);
                boost::asio::co_spawn(
                    context_, serve(service_, std::move(socket)), boost::asio::detached);
            }
            accept();
        });
    }

    const std::string name_;
    clarify::Metrics metrics_;
    const clarify::ClientOptions options_ = make_options();
    boost::asio::io_context context_{1};
    tcp::acceptor acceptor_{context_, {boost::asio::ip::address_v4::loopback(), 0}};
    const std::shared_ptr<MemoryServer::Service> service_ =
        std::make_shared<MemoryServer::Service>();
    Server server_;
    Client<Backend> client_;
    Callers<Client<Backend>> callers_;
};

}  // namespace

std::unique_ptr<Part> make_beast_part(std::uint64_t seed) {
    return std::make_unique<SocketPart<clarify::BeastBackend>>("Beast, on sockets", seed);
}

std::unique_ptr<Part> make_curl_part([[maybe_unused]] std::uint64_t seed) {
#if defined(SOAK_HAS_CURL)
    return std::make_unique<SocketPart<clarify::CurlBackend>>("libcurl, on sockets", seed);
#else
    return nullptr;
#endif
}

}  // namespace soak
