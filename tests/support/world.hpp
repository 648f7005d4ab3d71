// SPDX-License-Identifier: BSL-1.0
// A client and a server in one thread, on a network and a clock that stand still unless told to
// go on: so that anything can be made to happen between any two steps, in the same way each time.

#ifndef CLARIFY_TESTS_SUPPORT_WORLD_HPP
#define CLARIFY_TESTS_SUPPORT_WORLD_HPP

#include <clarify/auth/client_credentials.hpp>
#include <clarify/http/beast_backend.hpp>
#include <clarify/json/boost_json_codec.hpp>
#include <clarify/rpc_client.hpp>
#include <clarify/testing/detail/certificate.hpp>
#include <clarify/testing/manual_clock.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <support/memory_net.hpp>
#include <support/memory_server.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>

#include <clarify/http/impl/beast_backend.hpp>

namespace support {

/// What the sweeps choose at random follows from this: `CLARIFY_SEED`, else always the same.
inline std::uint64_t seed() {
    static const std::uint64_t value = [] {
        const char* const text = std::getenv("CLARIFY_SEED");
        return text != nullptr ? std::strtoull(text, nullptr, 10) : 20'240'229ULL;
    }();
    return value;
}

/// How a world is set up.
struct WorldOptions {
    WorldOptions() {}

    bool tls = true;
    clarify::ClientOptions client;
    /// Delivers the bytes of replies and of handshakes in pieces of this size at most.
    std::size_t segment = 64 * 1024;
    /// Answers instead of the server's usual reply, unless it returns nothing. Called with how
    /// often the method endpoint has been asked.
    std::function<std::optional<std::string>(const MemoryServer::RawRequest&, int)> misbehave;
};

/** One client of `api.example` (without TLS: of `localhost`), whose server issues tokens and echoes the nonce of each call.

    The server counts how often each nonce was executed, so that the fate that a call reports can be
    compared with what happened.
*/
class World {
public:
    using Backend = clarify::BasicBeastBackend<MemoryNet>;
    using Client = clarify::RpcClient<Backend, clarify::ClientCredentials, clarify::BoostJsonCodec>;
    using Outcome = clarify::Result<boost::json::value>;

    /// A call that was started, and how it ended.
    struct Call {
        std::string nonce;
        bool idempotent = false;
        boost::asio::cancellation_signal signal;
        std::optional<Outcome> outcome;
        int completions = 0;
    };

    explicit World(WorldOptions given = {});
    ~World() {
        client.reset();
        if (!abandoned_) settle();
    }
    /// Lets the context be destroyed as it is, with all that waits on it.
    void abandon() { abandoned_ = true; }

    std::shared_ptr<Call> start(bool idempotent, clarify::CallOptions options = {});
    /// Starts a call and runs it to its end.
    std::shared_ptr<Call> call(bool idempotent = false) {
        auto made = start(idempotent);
        finish(*made);
        return made;
    }

    /// From here on the server behaves, and so does the network.
    void heal() {
        healed_ = true;
        net.heal();
    }

    /// Runs one handler, moving the clock to the next alarm where nothing else is left to do. False
    /// where nothing ever happens again.
    bool step();
    /// Runs until the call has ended. False if it never does.
    bool finish(const Call& call) {
        while (!call.outcome) {
            if (!step()) return false;
        }
        return true;
    }
    /// Runs what is left to do at this time.
    void settle() {
        context.restart();
        context.poll();
    }
    int executions(const std::string& nonce) const {
        const auto found = executed->find(nonce);
        return found == executed->end() ? 0 : found->second;
    }
    /// What is untrue about an ended call, seen from the server; empty if nothing is.
    std::string lie(const Call& call) const;

    boost::asio::io_context context{1};
    std::shared_ptr<clarify::testing::ManualClock> clock =
        std::make_shared<clarify::testing::ManualClock>();
    MemoryNetwork& net = MemoryNetwork::of(context);
    std::shared_ptr<std::map<std::string, int>> executed =
        std::make_shared<std::map<std::string, int>>();
    std::optional<MemoryServer> server;
    std::optional<Client> client;
    int tokens = 0;

private:
    std::string answer(const WorldOptions& options, const MemoryServer::RawRequest& request);

    bool abandoned_ = false;
    bool healed_ = false;
    int asked_ = 0;
    int nonces_ = 0;
};

/// A server context for `api.example`, and the authority that a client must trust. Made once.
struct WorldTls {
    WorldTls() {
        const clarify::testing::detail::CertificateAuthority authority;
        ca_pem = authority.certificate_pem();
        clarify::testing::detail::CertificateRequest request;
        request.subject_alt_names = {"DNS:api.example"};
        const auto issued = authority.issue(request);
        context.use_certificate_chain(boost::asio::buffer(issued.certificate_pem));
        context.use_private_key(
            boost::asio::buffer(issued.private_key_pem), boost::asio::ssl::context::pem);
    }
    static WorldTls& get() {
        static WorldTls made;
        return made;
    }

    boost::asio::ssl::context context{boost::asio::ssl::context::tls_server};
    std::string ca_pem;
};

inline World::World(WorldOptions given) {
    const auto port = static_cast<std::uint16_t>(given.tls ? 443 : 80);
    const auto address = boost::asio::ip::make_address("192.0.2.1");
    net.name(given.tls ? "api.example" : "localhost", {address});
    net.set_segment(given.segment);
    given.client.clock = clock;
    if (!given.client.retry.seed) given.client.retry.seed = static_cast<std::uint32_t>(seed());
    given.client.http.tls.ca_pem = WorldTls::get().ca_pem;
    auto options = std::make_shared<WorldOptions>(std::move(given));
    server.emplace(
        context,
        MemoryEndpoint{address, port},
        [this, options](const MemoryServer::RawRequest& request) {
            return answer(*options, request);
        },
        options->tls ? &WorldTls::get().context : nullptr);
    const std::string origin = options->tls ? "https://api.example" : "http://localhost";
    clarify::ClientCredentialsConfig config{
        clarify::Url::parse(origin + "/token").value(), "id", clarify::Secret{"secret"}};
    client.emplace(
        context.get_executor(),
        clarify::Url::parse(origin + "/rpc").value(),
        Backend{options->client.http},
        clarify::ClientCredentials{std::move(config)},
        options->client);
}

inline std::string World::answer(
    const WorldOptions& options, const MemoryServer::RawRequest& request) {
    if (request.head.starts_with("POST /token")) {
        return http_reply(
            R"({"access_token":"token-)" + std::to_string(++tokens) +
            R"(","token_type":"Bearer","expires_in":3600})");
    }
    ++asked_;
    if (options.misbehave && !healed_) {
        if (auto reply = options.misbehave(request, asked_)) return *reply;
    }
    const std::size_t at = request.body.find("nonce-");
    const std::string nonce = request.body.substr(at, request.body.find('"', at) - at);
    ++(*executed)[nonce];
    return rpc_reply(request.id(), '"' + nonce + '"');
}

inline std::shared_ptr<World::Call> World::start(bool idempotent, clarify::CallOptions options) {
    auto made = std::make_shared<Call>();
    made->nonce = "nonce-" + std::to_string(++nonces_);
    made->idempotent = idempotent;
    options.idempotent = idempotent;
    boost::json::object params;
    params["value"] = made->nonce;
    client->async_call(
        "test.echo",
        params,
        std::move(options),
        boost::asio::bind_cancellation_slot(made->signal.slot(), [made](Outcome outcome) {
            ++made->completions;
            made->outcome.emplace(std::move(outcome));
        }));
    return made;
}

inline bool World::step() {
    context.restart();
    if (context.poll_one() != 0) return true;
    const auto next = clock->next_alarm();
    if (!next) return false;
    clock->advance_to(*next);
    return true;
}

inline std::string World::lie(const Call& call) const {
    const int executed_times = executions(call.nonce);
    if (call.completions != 1) return "completed " + std::to_string(call.completions) + " times";
    if (!call.idempotent && executed_times > 1) return "executed more than once";
    if (*call.outcome) {
        if (executed_times == 0) return "succeeded, but was not executed";
        if (**call.outcome != boost::json::value(call.nonce)) return "got another call's result";
        return {};
    }
    if (call.outcome->error().fate() == clarify::Fate::unsent && executed_times != 0) {
        return "called unsent, but was executed";
    }
    return {};
}

}  // namespace support

#endif  // CLARIFY_TESTS_SUPPORT_WORLD_HPP
