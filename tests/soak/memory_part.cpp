// SPDX-License-Identifier: BSL-1.0
// The client on a network in memory: most of the calls, and all the waiting.

#include <clarify/http/beast_backend.hpp>
#include <clarify/testing/manual_clock.hpp>

#include "../support/memory_net.hpp"
#include "../support/memory_server.hpp"
#include "../support/pki.hpp"
#include "callers.hpp"
#include "server.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>

#include <random>
#include <stdexcept>

#include <clarify/http/impl/beast_backend.hpp>

namespace soak {
namespace {

using namespace std::chrono_literals;
using Backend = clarify::BasicBeastBackend<support::MemoryNet>;

class MemoryPart final : public Part {
public:
    explicit MemoryPart(std::uint64_t seed)
        : server_(seed, 600, true),
          listener_(
              server_context_,
              net_,
              {boost::asio::ip::make_address("192.0.2.1"), 443},
              [this](const auto& request) { return server_.answer(request); },
              tls_.get()),
          client_(
              context_.get_executor(),
              clarify::Url::parse("https://api.example/rpc").value(),
              Backend{options_.http},
              credentials("https://api.example"),
              options_),
          callers_(client_, clock_->executor(context_), seed + 1, 20ms, 100ms),
          random_(seed + 2) {
        net_.name("api.example", {boost::asio::ip::make_address("192.0.2.1")});
        listener_.keep_requests(false);
    }
    ~MemoryPart() override {
        client_.close();
        settle();
    }

    std::string name() const override { return "in memory"; }
    void run(std::uint64_t calls) override {
        callers_.begin(calls);
        while (!callers_.are_done()) {
            if (settle()) continue;
            const auto next = clock_->next_alarm();
            if (!next) throw std::runtime_error{"a call never ends"};
            clock_->advance_to(*next);
        }
        // Tokens grow old, and connections at rest older than they may.
        clock_->run_for(context_, std::chrono::seconds{random_() % 60});
        net_.forget_closed();
    }
    void rest() override {
        clock_->run_for(context_, 1h);
        settle();
        net_.forget_closed();
        if (net_.connections() != 0) throw std::runtime_error{"a connection is never closed"};
    }
    const Tally& tally() const override { return callers_.tally(); }
    std::string figures() const override {
        return soak::figures(metrics_.snapshot(), server_.requests(), server_.tokens());
    }
    std::string miscounted() const override { return callers_.miscounted(metrics_.snapshot()); }

private:
    clarify::ClientOptions make_options(std::uint64_t seed) const {
        clarify::ClientOptions options;
        options.clock = clock_;
        options.observer = metrics_;
        options.retry.seed = static_cast<std::uint32_t>(seed);
        options.http.tls.ca_pem = authority_.certificate_pem();
        // Ids pass what 32 bits hold.
        options.first_id = (std::int64_t{1} << 32U) - 1'000;
        return options;
    }

    /// Does what is left to do at this time. False where that was nothing.
    bool settle() {
        bool any = false;
        for (bool more = true; more; any = any || more) {
            context_.restart();
            server_context_.restart();
            more = context_.poll() + server_context_.poll() != 0;
        }
        return any;
    }

    const support::pki::Identity authority_ = support::pki::Identity::self_signed();
    const support::pki::TlsContext tls_ =
        support::pki::server(authority_.issue(support::pki::leaf().names({"DNS:api.example"})));
    const std::shared_ptr<clarify::testing::ManualClock> clock_ =
        std::make_shared<clarify::testing::ManualClock>();
    clarify::Metrics metrics_;
    const clarify::ClientOptions options_ = make_options(1);
    boost::asio::io_context server_context_{1};
    boost::asio::io_context context_{1};
    support::MemoryNetwork& net_ = support::MemoryNetwork::of(context_);
    Server server_;
    support::MemoryServer listener_;
    Client<Backend> client_;
    Callers<Client<Backend>> callers_;
    std::mt19937_64 random_;
};

}  // namespace

std::unique_ptr<Part> make_memory_part(std::uint64_t seed) {
    return std::make_unique<MemoryPart>(seed);
}

}  // namespace soak
