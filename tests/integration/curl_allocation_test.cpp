// SPDX-License-Identifier: BSL-1.0
// Makes each allocation of a call through CurlBackend fail, over loopback: those of this library, of
// Asio and of what else is C++ in the client's thread. libcurl's own do not fail.

#include <clarify/auth/basic_auth.hpp>
#include <clarify/json/boost_json_codec.hpp>

#include "curl_caller.hpp"

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <doctest/doctest.h>
#include <support/allocations.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace curl_allocation_test {

namespace {

using namespace std::chrono_literals;
using clarify::Errc;
using clarify::Fate;
using clarify::Reason;
using clarify::testing::detail::CertificateAuthority;
using support::CurlPost;
using support::FailingAllocations;
using support::RawPeer;
using support::RawServer;
using Client =
    clarify::RpcClient<clarify::CurlBackend, clarify::BasicAuth, clarify::BoostJsonCodec>;
using Outcome = clarify::Result<boost::json::value>;

/// The way to the server.
enum class Way { plain, tls, tunnel };

/// A server that answers each call with its nonce, and counts how often it did each.
class Server {
public:
    explicit Server(Way way) : server_([this, way](RawPeer& peer) { serve(peer, way); }) {}

    std::uint16_t port() const noexcept { return server_.port(); }
    int executions(const std::string& nonce) const {
        const std::lock_guard lock{mutex_};
        const auto found = executed_.find(nonce);
        return found == executed_.end() ? 0 : found->second;
    }
    static const CertificateAuthority& authority() {
        static const CertificateAuthority made;
        return made;
    }

private:
    void serve(RawPeer& peer, Way way) {
        static const auto context = support::tls_server(authority().issue());
        if (way == Way::tunnel) {
            // The proxy and the origin in one.
            if (!peer.read()) return;
            peer.send("HTTP/1.1 200 OK\r\n\r\n");
        }
        if (way != Way::plain) peer.begin_tls(*context);
        while (const auto request = peer.read()) {
            const std::size_t at = request->body.find("nonce-");
            const std::string nonce = request->body.substr(at, request->body.find('"', at) - at);
            {
                const std::lock_guard lock{mutex_};
                ++executed_[nonce];
            }
            const std::string reply =
                R"({"jsonrpc":"2.0","id":)" + request->id() + R"(,"result":")" + nonce + "\"}";
            peer.reply(request->body.starts_with('[') ? '[' + reply + ']' : reply);
        }
    }

    mutable std::mutex mutex_;
    std::map<std::string, int> executed_;
    // Last: its threads end before what they use.
    RawServer server_;
};

/// A call that was started, and how it ended.
struct Call {
    std::string nonce;
    std::optional<Outcome> outcome;
    int completions = 0;
    /// Could it not be begun, for want of memory? Then it has no outcome.
    bool refused = false;
};

/// One client with one place for a connection, so that one that is lost is missed.
class Caller {
public:
    Caller(const Server& server, Way way) {
        const std::string port = ':' + std::to_string(server.port());
        const std::string scheme = way == Way::plain ? "http" : "https";
        const std::string url = scheme + "://127.0.0.1" + port + "/rpc";
        clarify::ClientOptions options;
        // Far above what a call takes: only one that hangs gets there.
        options.call_timeout = 10s;
        options.http.max_connections = 1;
        options.http.tls.ca_pem = Server::authority().certificate_pem();
        if (way == Way::tunnel) {
            options.http.proxy = *clarify::ProxyOptions::parse("user:password@127.0.0.1" + port);
        }
        client_.emplace(
            context_.get_executor(),
            *clarify::Url::parse(url),
            clarify::CurlBackend{options.http},
            clarify::BasicAuth{"user", clarify::Secret{"password"}},
            options);
    }

    /// Starts a call with as much padding, in a batch if wanted, and runs it to its end. Adds the
    /// exceptions that leave the context.
    std::shared_ptr<Call> call(std::size_t padding, bool batch, std::size_t& escaped) {
        std::optional<FailingAllocations::Spared> spared{std::in_place};
        const auto made = std::make_shared<Call>();
        static std::uint64_t nonces = 0;
        made->nonce = "nonce-" + std::to_string(++nonces);
        boost::json::object params;
        params["value"] = made->nonce;
        params["padding"] = std::string(padding, 'x');
        spared.reset();
        try {
            batch ? start_batch(params, made) : start(params, made);
        } catch (const std::bad_alloc&) {
            made->refused = true;
        }
        run(*made, escaped);
        return made;
    }

private:
    void start(const boost::json::object& params, const std::shared_ptr<Call>& made) {
        client_->async_call("test.echo", params, [made](Outcome outcome) {
            const FailingAllocations::Spared spared;
            ++made->completions;
            made->outcome.emplace(std::move(outcome));
        });
    }
    void start_batch(const boost::json::object& params, const std::shared_ptr<Call>& made) {
        Client::Batch batch = client_->make_batch();
        batch.call("test.echo", params);
        using Slots = clarify::BatchResult<boost::json::value>;
        client_->async_call_batch(std::move(batch), [made](clarify::Result<Slots> slots) {
            const FailingAllocations::Spared spared;
            ++made->completions;
            if (slots) {
                made->outcome.emplace((*slots)[0]);
            } else {
                made->outcome.emplace(slots.error());
            }
        });
    }
    void run(const Call& call, std::size_t& escaped) {
        context_.restart();
        const auto until = std::chrono::steady_clock::now() + support::patience;
        while (!call.outcome && !call.refused && std::chrono::steady_clock::now() < until) {
            try {
                if (context_.run_one_for(1s) == 0 && context_.stopped()) return;
            } catch (const std::bad_alloc&) {
                ++escaped;
            }
        }
    }

    boost::asio::io_context context_;
    std::optional<Client> client_;
};

struct Scenario {
    const char* name;
    Way way;
    /// Has the client a connection?
    bool warm;
    /// Is there a body of more than 64 KiB?
    bool large = false;
    bool batch = false;
};

const std::vector<Scenario>& scenarios() {
    static const std::vector<Scenario> all{
        {"cold, plain", Way::plain, false},
        {"warm, plain", Way::plain, true},
        {"large, plain", Way::plain, false, true},
        {"warm, large, plain", Way::plain, true, true},
        {"batch, plain", Way::plain, true, false, true},
        {"cold, TLS", Way::tls, false},
        {"warm, TLS", Way::tls, true},
        {"large, TLS", Way::tls, false, true},
        {"cold, through a proxy", Way::tunnel, false},
    };
    return all;
}

struct Tally {
    std::size_t runs = 0;
    std::size_t failed = 0;
    std::size_t escaped = 0;
    std::map<std::string, int> errors;
};

/// What is untrue about a call, seen from the server; empty if nothing is.
std::string lie(const Call& call, const Server& server) {
    const int executions = server.executions(call.nonce);
    if (call.refused) {
        return call.completions == 0 && executions == 0 ? "" : "refused, but not without effect";
    }
    if (call.completions != 1) return "completed " + std::to_string(call.completions) + " times";
    if (executions > 1) return "executed more than once";
    if (*call.outcome) {
        if (executions == 0) return "succeeded, but was not executed";
        return **call.outcome == boost::json::value(call.nonce) ? "" : "got another's result";
    }
    const bool unsent = call.outcome->error().fate() == Fate::unsent;
    return unsent && executions != 0 ? "called unsent, but was executed" : "";
}

/// Runs the scenario where allocation `number` fails, and as many in a row. Returns how many there
/// were.
std::size_t run(
    const Scenario& scenario, Server& server, std::size_t number, std::size_t count, Tally& tally) {
    CAPTURE(scenario.name);
    CAPTURE(number);
    CAPTURE(count);
    std::shared_ptr<Call> call;
    std::size_t seen = 0;
    {
        Caller caller{server, scenario.way};
        std::size_t escaped = 0;
        if (scenario.warm) REQUIRE(*caller.call(0, false, escaped)->outcome);
        const auto began = std::chrono::steady_clock::now();
        {
            const FailingAllocations failing{number, count};
            const std::size_t padding = scenario.large ? std::size_t{80} << 10U : 0;
            call = caller.call(padding, scenario.batch, tally.escaped);
            const FailingAllocations::Spared spared;
            seen = FailingAllocations::seen();
        }
        ++tally.runs;
        CHECK(std::chrono::steady_clock::now() - began < 30s);
        REQUIRE_MESSAGE((call->outcome || call->refused), "it never ended");
        if (call->outcome && !*call->outcome) {
            const clarify::Error& error = call->outcome->error();
            ++tally.failed;
            ++tally.errors[error.to_string()];
            CAPTURE(error.to_string());
            CHECK(error.code() == Errc::internal);
            CHECK(error.reason() == Reason::resource);
        }
        // The only place for a connection has come free.
        const auto next = caller.call(0, false, escaped);
        REQUIRE(next->outcome);
        CHECK_MESSAGE(*next->outcome, next->outcome->error());
        CHECK(lie(*next, server) == "");
        CHECK(lie(*call, server) == "");
        CHECK(escaped == 0);
    }
    // Nobody else has it any more.
    CHECK(call.use_count() == 1);
    return seen;
}

/// Runs all scenarios, once for each allocation with which as many in a row begin to fail.
Tally sweep(std::size_t count) {
    Tally all;
    for (const Scenario& scenario : scenarios()) {
        Server server{scenario.way};
        Tally tally;
        // How many there are depends on how the bytes arrive, so the last is known by its run.
        for (std::size_t number = 0; run(scenario, server, number, count, tally) > number;
             ++number) {
        }
        all.runs += tally.runs;
        all.failed += tally.failed;
        all.escaped += tally.escaped;
        if (std::getenv("CLARIFY_TEST_VERBOSE") == nullptr) continue;
        std::cout << scenario.name << ": " << tally.runs << " runs, " << tally.failed
                  << " calls failed, " << tally.escaped << " exceptions\n";
        for (const auto& [text, times] : tally.errors)
            std::cout << "    " << times << " x " << text << '\n';
    }
    return all;
}

}  // namespace

TEST_CASE("CurlBackend: each allocation of a call fails once") {
    const Tally tally = sweep(1);
    MESSAGE("allocations failed: ", tally.runs);
    CHECK(tally.failed > tally.runs / 2);
}

TEST_CASE("CurlBackend: twenty allocations of the library's in a row fail") {
    const Tally tally = sweep(20);
    MESSAGE("allocations failed: ", tally.runs);
    CHECK(tally.failed > tally.runs / 2);
    // Asio alone lets an exception out of run(), and it does not fail here.
    CHECK(tally.escaped == 0);
}

TEST_CASE("CurlBackend: a request that was short of memory for an earlier address is not sent") {
    std::optional<RawServer> server;
    try {
        server.emplace(support::answer_all("1"), "::1");
    } catch (const boost::system::system_error&) {
        MESSAGE("skipped: there is no ::1");
        return;
    }
    // Most systems have 127.0.0.1 come first, where nobody listens.
    const std::string url = "http://localhost:" + std::to_string(server->port()) + "/";
    clarify::HttpOptions options;
    options.max_connections = 1;
    const auto until = std::chrono::steady_clock::now() + support::patience;
    for (std::size_t number = 0; number != 200; ++number) {
        CAPTURE(number);
        boost::asio::io_context context;
        clarify::CurlBackend backend{options};
        CurlPost post{backend, url};
        bool was_short = false;
        bool sent_by_then = false;
        bool escaped = false;
        {
            const FailingAllocations failing{number};
            const auto goes_on = [&] {
                const FailingAllocations::Spared spared;
                if (!was_short) sent_by_then = post.progress.sent;
                was_short = FailingAllocations::seen() > number;
                return !post.result && std::chrono::steady_clock::now() < until;
            };
            try {
                post.start(context);
                while (goes_on())
                    context.run_one_for(100ms);
            } catch (const std::bad_alloc&) {
                // Out of Asio, with the exchange.
                escaped = true;
            }
        }
        REQUIRE((post.result || escaped));
        if (!was_short && !escaped) return;
        const bool failed = escaped || post.thrown || !*post.result;
        if (failed && !sent_by_then) CHECK_FALSE(post.progress.sent);
    }
    FAIL("there is no end of it");
}

}  // namespace curl_allocation_test
