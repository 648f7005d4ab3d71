// SPDX-License-Identifier: BSL-1.0
// A process that has no descriptor left: in a child of its own, over real sockets.

#include <clarify/auth/no_auth.hpp>
#include <clarify/http/beast_backend.hpp>
#include <clarify/rpc_client.hpp>

#include "../support/in_child.hpp"
#include "../support/run.hpp"
#include "../support/text_codec.hpp"

#include <boost/asio/io_context.hpp>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <ctime>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace load_resource_test {

namespace {

using namespace std::chrono_literals;
using clarify::Clock;
using clarify::Errc;
using clarify::Fate;
using clarify::Phase;
using clarify::Reason;
using support::RawPeer;

using Outcome = clarify::Result<std::string>;
using LoadClient = clarify::RpcClient<clarify::BeastBackend, clarify::NoAuth, support::TextCodec>;

/// Takes every descriptor that is left, up to a low limit, and gives them back.
class Scarcity {
public:
    explicit Scarcity(rlim_t limit = 64) {
        const rlimit lowered{limit, limit};
        ::setrlimit(RLIMIT_NOFILE, &lowered);
        take();
    }
    ~Scarcity() { give_back(taken_.size()); }
    void take() {
        for (int fd = 0; (fd = ::open("/dev/null", O_RDONLY)) >= 0;)
            taken_.push_back(fd);
    }
    void give_back(std::size_t count) {
        for (; count != 0 && !taken_.empty(); --count) {
            ::close(taken_.back());
            taken_.pop_back();
        }
    }

private:
    std::vector<int> taken_;
};

double cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

struct Caller {
    explicit Caller(const std::string& origin, std::chrono::milliseconds timeout = 20s) {
        clarify::ClientOptions options;
        options.call_timeout = timeout;
        client.emplace(
            context.get_executor(),
            clarify::Url::parse(origin + "/rpc").value(),
            clarify::BeastBackend{options.http},
            clarify::NoAuth{},
            options);
    }
    Outcome call() { return support::run(context, client->call("m", "{}")); }
    void start(int count, std::vector<Outcome>& outcomes) {
        for (int i = 0; i != count; ++i)
            client->async_call(
                "m", "{}", [&](Outcome outcome) { outcomes.push_back(std::move(outcome)); });
    }
    void run(const std::function<bool()>& done) {
        context.restart();
        const auto until = Clock::now() + 30s;
        while (!done() && Clock::now() < until && !context.stopped())
            context.run_one_for(50ms);
    }

    boost::asio::io_context context;
    std::optional<LoadClient> client;
};

}  // namespace

TEST_CASE("no descriptor left: connect[resource], unsent, after patient tries, and it heals") {
    const auto body = [](const std::string& origin) -> std::string {
        Caller caller{origin};
        Scarcity scarcity;
        const double cpu = cpu_seconds();
        const Outcome outcome = caller.call();
        if (cpu_seconds() - cpu > 0.2) return "spins";
        if (outcome) return "a call without a connection succeeded";
        const clarify::Error& error = outcome.error();
        if (error.code() != Errc::connect || error.reason() != Reason::resource ||
            error.fate() != Fate::unsent || error.phase() != Phase::connect ||
            error.attempts() != 3) {
            return error.to_string();
        }
        scarcity.give_back(4);
        const Outcome healed = caller.call();
        if (!healed) return "does not heal: " + healed.error().to_string();
        return {};
    };
    const support::ChildReport report = support::in_child(support::answer_all("1"), body);
    CHECK(report.problem == "");
    CHECK(report.requests == 1);
}

TEST_CASE("no descriptor left: the connections that there are serve those in line") {
    const auto script = [](RawPeer& peer) {
        while (const auto request = peer.read()) {
            std::this_thread::sleep_for(5ms);
            peer.result(*request, "1");
        }
    };
    const auto body = [](const std::string& origin) -> std::string {
        Caller caller{origin};
        std::vector<Outcome> outcomes;
        // Three connections.
        caller.start(3, outcomes);
        caller.run([&] { return outcomes.size() == 3; });
        Scarcity scarcity;
        outcomes.clear();
        constexpr int many = 300;
        const double cpu = cpu_seconds();
        const auto began = Clock::now();
        caller.start(many, outcomes);
        caller.run([&] { return outcomes.size() == many; });
        if (outcomes.size() != many) return "calls were lost";
        int succeeded = 0;
        for (const Outcome& outcome : outcomes) {
            if (outcome) {
                ++succeeded;
            } else if (
                outcome.error().code() != Errc::connect ||
                outcome.error().reason() != Reason::resource ||
                outcome.error().fate() != Fate::unsent) {
                return outcome.error().to_string();
            }
        }
        if (succeeded < many - 16) return "only " + std::to_string(succeeded) + " were served";
        if (cpu_seconds() - cpu > 2.0 && Clock::now() - began < 10s) return "spins";
        scarcity.give_back(100);
        outcomes.clear();
        caller.start(40, outcomes);
        caller.run([&] { return outcomes.size() == 40; });
        for (const Outcome& outcome : outcomes) {
            if (!outcome) return "does not heal: " + outcome.error().to_string();
        }
        return {};
    };
    CHECK(support::in_child(script, body).problem == "");
}

TEST_CASE("no descriptor left: those in line get new connections once there are descriptors") {
    // One connection is held for long; the others are free to be opened later.
    const auto script = [](RawPeer& peer) {
        while (const auto request = peer.read()) {
            if (peer.number() == 1 && request->body.find("\"held\"") != std::string::npos) {
                peer.await_release();
            }
            peer.result(*request, "1");
        }
    };
    const auto body = [](const std::string& origin) -> std::string {
        Caller caller{origin};
        if (!caller.call()) return "no first call";
        bool held_ended = false;
        caller.client->async_call("held", "{}", [&](const Outcome&) { held_ended = true; });
        caller.context.restart();
        caller.context.run_for(50ms);
        std::vector<Outcome> outcomes;
        {
            Scarcity scarcity;
            caller.start(5, outcomes);
            caller.run([&, until = Clock::now() + 300ms] { return Clock::now() > until; });
            if (!outcomes.empty()) return "a call ended: " + outcomes[0].error().to_string();
        }
        caller.run([&] { return outcomes.size() == 5; });
        if (outcomes.size() != 5) return "calls still wait for the one that is held";
        for (const Outcome& outcome : outcomes) {
            if (!outcome) return outcome.error().to_string();
        }
        return held_ended ? "the first call ended" : "";
    };
    CHECK(support::in_child(script, body).problem == "");
}

}  // namespace load_resource_test
