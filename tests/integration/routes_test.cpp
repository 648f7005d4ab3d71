// SPDX-License-Identifier: BSL-1.0
// Routes that lead nowhere: each test in a process with a network of its own.

#include <clarify/auth/no_auth.hpp>
#include <clarify/http/beast_backend.hpp>
#include <clarify/rpc_client.hpp>

#include "../support/in_child.hpp"
#include "../support/memory_net.hpp"
#include "../support/network_namespace.hpp"
#include "../support/run.hpp"
#include "../support/text_codec.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <ctime>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <clarify/http/impl/beast_backend.hpp>

namespace routes_test {

// Not in the nameless one: GCC warns of coroutines that hold such a type.
namespace routes {

/// The system's sockets; names mean what the test says.
struct NamedNet {
    using Socket = boost::asio::ip::tcp::socket;
    using Resolver = support::MemoryResolver;
};

}  // namespace routes

namespace {

using namespace std::chrono_literals;
using clarify::Clock;
using clarify::Errc;
using clarify::Fate;
using clarify::Phase;
using clarify::Reason;
using support::NetworkNamespace;
using support::RawServer;

using Outcome = clarify::Result<std::string>;
using Problem = std::optional<std::string>;

using RoutedClient = clarify::
    RpcClient<clarify::BasicBeastBackend<routes::NamedNet>, clarify::NoAuth, support::TextCodec>;

clarify::ClientOptions quick_options() {
    clarify::ClientOptions options;
    options.call_timeout = 20s;
    options.retry.base = 1ms;
    return options;
}

/// Calls `several.test`, which has these addresses, or an address itself.
struct Caller {
    Caller(
        const std::vector<std::string>& addresses,
        std::uint16_t port,
        clarify::ClientOptions options = quick_options()) {
        std::vector<boost::asio::ip::address> parsed;
        for (const std::string& address : addresses)
            parsed.push_back(boost::asio::ip::make_address(address));
        support::MemoryNetwork::of(context).name("several.test", std::move(parsed));
        client.emplace(
            context.get_executor(),
            clarify::Url::parse("http://several.test:" + std::to_string(port) + "/rpc").value(),
            clarify::BasicBeastBackend<routes::NamedNet>{options.http},
            clarify::NoAuth{},
            options);
    }

    Outcome call() {
        const auto began = Clock::now();
        Outcome outcome = support::run(context, client->call("m", "{}"));
        took = Clock::now() - began;
        return outcome;
    }

    boost::asio::io_context context;
    std::optional<RoutedClient> client;
    /// How long the last call took.
    Clock::duration took{};
};

std::string in_milliseconds(Clock::duration span) {
    using std::chrono::milliseconds;
    return std::to_string(std::chrono::duration_cast<milliseconds>(span).count()) + " ms";
}

/// Waits for the attempts that are given up to be gone.
Problem check_no_half_open() {
    const auto until = Clock::now() + 1s;
    while (NetworkNamespace::half_open() != 0) {
        if (Clock::now() > until) return "an attempt was not given up";
        std::this_thread::sleep_for(1ms);
    }
    return std::nullopt;
}

/// The server was found, soon, and asked once.
Problem check_found(Caller& caller, RawServer& server, Clock::duration at_most) {
    const Outcome outcome = caller.call();
    if (!outcome) return outcome.error().to_string();
    if (caller.took > at_most) return "it took " + in_milliseconds(caller.took);
    if (server.ledger().request_count() != 1 || server.connections() != 1)
        return "the server was asked more than once";
    return check_no_half_open();
}

/// No address could be reached.
Problem check_failed(Caller& caller, Errc code, Reason reason, unsigned attempts) {
    const Outcome outcome = caller.call();
    if (outcome) return "it succeeded";
    const clarify::Error& error = outcome.error();
    if (error.code() != code || error.reason() != reason || error.phase() != Phase::connect ||
        error.fate() != Fate::unsent || error.attempts() != attempts)
        return error.to_string();
    return check_no_half_open();
}

/// Runs `body` in a network of its own, or says why there is none.
void in_network(const std::function<Problem()>& body) {
    const std::string skipped = "skipped: ";
    const std::string problem = support::in_child([&]() -> std::string {
        if (const Problem without = NetworkNamespace::enter()) return skipped + *without;
        return body().value_or("");
    });
    if (problem.starts_with(skipped)) {
        MESSAGE(problem);
    } else {
        CHECK(problem == "");
    }
}

}  // namespace

TEST_CASE("routes: an address that is silent is left for the next one, before its time is up") {
    for (const char* const silent : {"2001:db8:9::2", "10.9.0.2"}) {
        CAPTURE(silent);
        in_network([&]() -> Problem {
            if (const Problem problem = NetworkNamespace::silence(silent)) return problem;
            RawServer server{support::answer_all("1")};
            // The silent one first, wherever it stands in the order.
            Caller caller{{silent, "127.0.0.1"}, server.port()};
            if (const Problem problem = check_found(caller, server, 2500ms)) return problem;
            if (caller.took < clarify::HttpOptions{}.connect_stagger)
                return "the silent one was not tried first";
            return std::nullopt;
        });
    }
}

TEST_CASE("routes: an address that refuses makes way at once") {
    for (const char* const first : {"::1", "127.0.0.2", "10.8.0.1", "10.7.0.1", "2001:db8:8::1"}) {
        CAPTURE(first);
        in_network([&]() -> Problem {
            for (const char* const route :
                 {"route add unreachable 10.8.0.0/24",
                  "route add prohibit 10.7.0.0/24",
                  "route add unreachable 2001:db8:8::/64"}) {
                if (const Problem problem = NetworkNamespace::ip(route)) return problem;
            }
            RawServer server{support::answer_all("1")};
            clarify::ClientOptions options = quick_options();
            options.http.connect_stagger = 8s;
            Caller caller{{first, "127.0.0.1"}, server.port(), options};
            return check_found(caller, server, 4s);
        });
    }
}

TEST_CASE("routes: where no address leads anywhere, each says why") {
    in_network([]() -> Problem {
        for (const Problem& problem :
             {NetworkNamespace::ip("route add unreachable 10.8.0.0/24"),
              NetworkNamespace::ip("route add prohibit 10.7.0.0/24"),
              NetworkNamespace::silence("10.9.0.2")}) {
            if (problem) return problem;
        }
        clarify::ClientOptions options = quick_options();
        options.http.connect_stagger = 100ms;
        options.http.address_timeout = 400ms;
        options.retry.attempts = 1;
        Caller caller{{"10.9.0.2", "10.8.0.1", "127.0.0.2"}, 9, options};
        const Outcome outcome = caller.call();
        if (outcome) return "it succeeded";
        const std::string text{outcome.error().message()};
        for (const char* const part :
             {"several.test:9",
              "10.9.0.2 timed out",
              "10.8.0.1 No route to host",
              "127.0.0.2 Connection refused"}) {
            if (text.find(part) == std::string::npos) return outcome.error().to_string();
        }
        if (outcome.error().code() != Errc::connect || outcome.error().fate() != Fate::unsent)
            return outcome.error().to_string();
        return check_no_half_open();
    });
}

TEST_CASE("routes: a refusal, an unreachable net and a forbidden one are told apart, at once") {
    in_network([]() -> Problem {
        for (const Problem& problem :
             {NetworkNamespace::ip("route add unreachable 10.8.0.0/24"),
              NetworkNamespace::ip("route add prohibit 10.7.0.0/24")}) {
            if (problem) return problem;
        }
        struct Row {
            const char* address;
            Reason reason;
        };
        for (const Row& row :
             {Row{"127.0.0.2", Reason::refused},
              Row{"10.8.0.1", Reason::unreachable},
              // No route at all.
              Row{"10.6.0.1", Reason::unreachable},
              Row{"2001:db8:8::1", Reason::unreachable},
              Row{"10.7.0.1", Reason::denied}}) {
            Caller caller{{row.address}, 9};
            if (const Problem problem = check_failed(caller, Errc::connect, row.reason, 3))
                return std::string{row.address} + ": " + *problem;
            if (caller.took > 2s) return "it took " + in_milliseconds(caller.took);
        }
        return std::nullopt;
    });
}

TEST_CASE("routes: what vanishes on its way ends at the limit of the client, not the system's") {
    in_network([]() -> Problem {
        if (const Problem problem = NetworkNamespace::silence("10.9.0.2")) return problem;
        clarify::ClientOptions options = quick_options();
        options.http.connect_timeout = 300ms;
        {
            Caller caller{{"10.9.0.2"}, 9, options};
            if (const Problem problem = check_failed(caller, Errc::timeout, Reason::none, 3))
                return problem;
            if (caller.took < 900ms || caller.took > 5s)
                return "three times 300 ms took " + in_milliseconds(caller.took);
        }
        // Repeated only while there is time.
        options.call_timeout = 400ms;
        Caller caller{{"10.9.0.2"}, 9, options};
        if (const Problem problem = check_failed(caller, Errc::timeout, Reason::none, 2))
            return problem;
        if (caller.took < 400ms || caller.took > 3s)
            return "400 ms took " + in_milliseconds(caller.took);
        return std::nullopt;
    });
}

TEST_CASE("routes: without a free local port a call waits, does not spin, and heals by itself") {
    in_network([]() -> Problem {
        RawServer server{support::answer_all("1")};
        if (const Problem problem = NetworkNamespace::limit_ports(40'000, 40'001)) return problem;
        // The server needs a port to wake itself when it ends.
        struct Enough {
            ~Enough() { NetworkNamespace::limit_ports(40'000, 50'000); }
        } enough;
        // Takes all ports that lead to the server, and gives them back without leaving a trace.
        boost::asio::io_context others;
        std::vector<boost::asio::ip::tcp::socket> taken;
        for (int i = 0; i != 2; ++i) {
            taken.emplace_back(others).connect(
                {boost::asio::ip::make_address("127.0.0.1"), server.port()});
            taken.back().set_option(boost::asio::socket_base::linger{true, 0});
        }
        clarify::ClientOptions options = quick_options();
        options.retry.seed = 1;  // the waits are of some length then
        Caller caller{{"127.0.0.1"}, server.port(), options};
        const std::clock_t before = std::clock();
        if (const Problem problem = check_failed(caller, Errc::connect, Reason::resource, 3))
            return problem;
        const double spent = static_cast<double>(std::clock() - before) / CLOCKS_PER_SEC;
        if (spent > 0.2) return "it spins: " + std::to_string(spent) + " s";

        std::optional<Outcome> outcome;
        caller.client->async_call("m", "{}", [&](Outcome got) { outcome = std::move(got); });
        caller.context.restart();
        caller.context.run_for(20ms);
        if (outcome) return "it does not wait";
        // Not by their destructors, in which Asio lets sockets linger no more.
        for (auto& socket : taken)
            socket.close();
        const auto until = Clock::now() + 15s;
        while (!outcome && Clock::now() < until)
            caller.context.run_one_for(50ms);
        if (!outcome) return "it waits for ever";
        if (!*outcome) return "it does not heal: " + outcome->error().to_string();
        if (server.ledger().request_count() != 1) return "the request was sent more than once";
        return std::nullopt;
    });
}

}  // namespace routes_test
