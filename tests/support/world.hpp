// SPDX-License-Identifier: BSL-1.0
// A client and a server in one thread, on a network and a clock that stand still unless told to
// go on: so that anything can be made to happen between any two steps, in the same way each time.

#ifndef CLARIFY_TESTS_SUPPORT_WORLD_HPP
#define CLARIFY_TESTS_SUPPORT_WORLD_HPP

#include <clarify/api/api_client.hpp>
#include <clarify/auth/client_credentials.hpp>
#include <clarify/http/beast_backend.hpp>
#include <clarify/json/boost_json_codec.hpp>
#include <clarify/rpc_client.hpp>
#include <clarify/testing/manual_clock.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <support/memory_net.hpp>
#include <support/memory_server.hpp>
#include <support/pki.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <new>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

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
    /// What the client takes the server for, under TLS; the certificate says `api.example`.
    std::string host = "api.example";
    /// Does the client trust the server's authority? Else another of the same name.
    bool trusted = true;
    /// Does the client have a list on which the server's certificate is revoked?
    bool revoked = false;
    /// Are replies to calls sent in chunks?
    bool chunked = false;
    /// Does a body of more than 64 KiB get 413 before it has been read?
    bool refuses_large = false;
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
    using Client = clarify::ApiClient<
        clarify::RpcClient<Backend, clarify::ClientCredentials, clarify::BoostJsonCodec>>;
    using Outcome = clarify::Result<boost::json::value>;

    /// A call that was started, and how it ended.
    struct Call {
        std::string nonce;
        bool idempotent = false;
        boost::asio::cancellation_signal signal;
        std::optional<Outcome> outcome;
        int completions = 0;
        /// Could it not be begun, for want of memory? Then it has no outcome.
        bool refused = false;
    };

    explicit World(WorldOptions given = {});
    ~World() {
        client.reset();
        if (!abandoned_) settle();
    }
    /// Lets the context be destroyed as it is, with all that waits on it.
    void abandon() { abandoned_ = true; }

    std::shared_ptr<Call> start(bool idempotent, clarify::CallOptions options = {});
    /// One with a body of more than 64 KiB, beside which its reply is read.
    std::shared_ptr<Call> start_large(bool idempotent);
    // The same by another way: the only call of a batch, and methods of the API.
    std::shared_ptr<Call> start_batch(bool idempotent);
    std::shared_ptr<Call> start_insert();
    std::shared_ptr<Call> start_data_frame();
    /// Two requests: which signals there are, and the one of them is published. The second counts as
    /// the execution.
    std::shared_ptr<Call> start_publish();
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

    /// Runs one handler: the client's, or where it has none, the server's. False where there is none.
    bool step_now() {
        context.restart();
        return context.poll_one() != 0 || step_server();
    }
    /// The same, moving the clock to the next alarm where nothing is left to do. False where nothing
    /// ever happens again, or nothing but housekeeping for hours.
    bool step();
    /// Runs until the call has ended. False if it never does.
    bool finish(const Call& call) {
        while (!call.outcome && !call.refused) {
            if (!step()) return false;
        }
        return true;
    }
    /// Runs what is left to do at this time.
    void settle() {
        do {
            context.restart();
            context.poll();
        } while (step_server());
    }
    int executions(const std::string& nonce) const {
        const auto found = executed->find(nonce);
        return found == executed->end() ? 0 : found->second;
    }
    /// What is untrue about an ended call, seen from the server; empty if nothing is.
    std::string lie(const Call& call) const;

    // First, because what the client closes is heard of here.
    boost::asio::io_context server_context{1};
    boost::asio::io_context context{1};
    std::shared_ptr<clarify::testing::ManualClock> clock =
        std::make_shared<clarify::testing::ManualClock>();
    MemoryNetwork& net = MemoryNetwork::of(context);
    std::shared_ptr<std::map<std::string, int>> executed =
        std::make_shared<std::map<std::string, int>>();
    std::optional<MemoryServer> server;
    std::optional<Client> client;
    /// All that were started.
    std::vector<std::shared_ptr<Call>> calls;
    int tokens = 0;

private:
    std::shared_ptr<Call> start_with(
        boost::json::object params, bool idempotent, clarify::CallOptions options);
    std::shared_ptr<Call> make_call(bool idempotent);
    template <class Begin>
    static void begin(Call& call, Begin begin);
    /// What is called with the outcome of `call`, which `take` makes the nonce of the call where it
    /// is right.
    template <class T, class Take>
    static auto handler(const std::shared_ptr<Call>& call, Take take);
    bool step_server() {
        const FailingAllocations::Spared spared;
        server_context.restart();
        return server_context.poll_one() != 0;
    }
    std::string answer(const WorldOptions& options, const MemoryServer::RawRequest& request);

    const clarify::TimePoint began_ = clock->now();
    bool abandoned_ = false;
    bool healed_ = false;
    int asked_ = 0;
    int nonces_ = 0;
};

/// A server context for `api.example`, the authority that a client must trust, and its list of
/// revoked certificates, on which this one is. Made once.
struct WorldTls {
    static WorldTls& get() {
        static WorldTls made;
        return made;
    }

    pki::Identity authority = pki::Identity::self_signed();
    pki::Identity leaf = authority.issue(pki::leaf().names({"DNS:api.example"}));
    pki::TlsContext context = pki::server(leaf);
    std::string ca_pem = authority.certificate_pem();
    std::string other_ca_pem = pki::Identity::self_signed().certificate_pem();
    std::string crl_pem = authority.crl_pem({leaf});
};

inline World::World(WorldOptions given) {
    const auto port = static_cast<std::uint16_t>(given.tls ? 443 : 80);
    const auto address = boost::asio::ip::make_address("192.0.2.1");
    const std::string host = given.tls ? given.host : "localhost";
    net.name(host, {address});
    net.set_segment(given.segment);
    given.client.clock = clock;
    if (!given.client.retry.seed) given.client.retry.seed = static_cast<std::uint32_t>(seed());
    given.client.first_id = 1;
    WorldTls& tls = WorldTls::get();
    given.client.http.tls.ca_pem = given.trusted ? tls.ca_pem : tls.other_ca_pem;
    if (given.revoked) given.client.http.tls.crl_pem = tls.crl_pem;
    auto options = std::make_shared<WorldOptions>(std::move(given));
    server.emplace(
        server_context,
        net,
        MemoryEndpoint{address, port},
        [this, options](const MemoryServer::RawRequest& request) {
            return answer(*options, request);
        },
        options->tls ? tls.context.get() : nullptr);
    if (options->refuses_large) {
        server->refuse_early(
            [this](const MemoryServer::RawRequest& request) -> std::optional<std::string> {
                if (healed_ || !request.head.starts_with("POST /rpc")) return std::nullopt;
                return "HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n"
                       "Connection: close\r\n\r\n";
            });
    }
    const std::string origin = (options->tls ? "https://" : "http://") + host;
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
    const auto asks_for = [&](const char* method) {
        return request.body.find(method) != std::string::npos;
    };
    const bool only_looks = asks_for("selectSignals");
    if (!only_looks) ++(*executed)[nonce];
    const std::string name = '"' + nonce + '"';
    std::string result = name;
    if (asks_for("insert")) {
        result = R"({"signalsByInput":{)" + name + R"(:{"id":"c0ffee","created":true}}})";
    } else if (asks_for("dataFrame")) {
        result = R"({"data":{"times":["2024-02-29T00:00:00Z"],"series":{)" + name + ":[1.5]}}}";
    } else if (only_looks) {
        result = R"({"meta":{"total":1},"data":[{"type":"signals","id":"c0ffee0123456789abcd",)"
                 R"("meta":{},"attributes":{"name":)" +
            name + R"(,"input":"x"},"relationships":{}}]})";
    } else if (asks_for("publishSignals")) {
        result = R"({"itemsBySignal":{"c0ffee0123456789abcd":{"id":"d0ffee","created":true}}})";
    }
    std::string body = rpc_response(request.id(), result);
    if (request.body.starts_with('[')) body = '[' + body + ']';
    return options.chunked ? chunked_reply(body) : http_reply(body);
}

inline std::shared_ptr<World::Call> World::make_call(bool idempotent) {
    auto made = std::make_shared<Call>();
    made->nonce = "nonce-" + std::to_string(++nonces_);
    made->idempotent = idempotent;
    calls.push_back(made);
    return made;
}

template <class Begin>
void World::begin(Call& call, Begin begin) {
    try {
        begin();
    } catch (const std::bad_alloc&) {
        call.refused = true;
    }
}

template <class T, class Take>
auto World::handler(const std::shared_ptr<Call>& call, Take take) {
    return boost::asio::bind_cancellation_slot(
        call->signal.slot(), [call, take](clarify::Result<T> outcome) {
            const FailingAllocations::Spared spared;
            ++call->completions;
            if (!outcome) {
                call->outcome.emplace(outcome.error());
            } else {
                call->outcome.emplace(take(std::move(*outcome), call->nonce));
            }
        });
}

inline std::shared_ptr<World::Call> World::start(bool idempotent, clarify::CallOptions options) {
    return start_with({}, idempotent, std::move(options));
}

inline std::shared_ptr<World::Call> World::start_large(bool idempotent) {
    std::optional<FailingAllocations::Spared> spared{std::in_place};
    boost::json::object params;
    params["padding"] = std::string(std::size_t{80} << 10U, 'x');
    spared.reset();
    return start_with(std::move(params), idempotent, {});
}

inline std::shared_ptr<World::Call> World::start_with(
    boost::json::object params, bool idempotent, clarify::CallOptions options) {
    std::optional<FailingAllocations::Spared> spared{std::in_place};
    const auto made = make_call(idempotent);
    options.idempotent = idempotent;
    params["value"] = made->nonce;
    auto end = handler<boost::json::value>(
        made, [](boost::json::value value, const std::string&) { return value; });
    spared.reset();
    begin(*made, [&] {
        client->async_call("test.echo", params, std::move(options), std::move(end));
    });
    spared.emplace();
    return made;
}

inline std::shared_ptr<World::Call> World::start_batch(bool idempotent) {
    std::optional<FailingAllocations::Spared> spared{std::in_place};
    const auto made = make_call(idempotent);
    clarify::CallOptions options;
    options.idempotent = idempotent;
    boost::json::object params;
    params["value"] = made->nonce;
    using Slots = clarify::BatchResult<boost::json::value>;
    auto end = handler<Slots>(made, [](Slots slots, const std::string&) -> Outcome {
        return slots.size() == 1 ? slots[0] : Outcome{boost::json::value{}};
    });
    spared.reset();
    begin(*made, [&] {
        Client::Batch batch = client->make_batch();
        batch.call("test.echo", params);
        client->async_call_batch<boost::json::value>(
            std::move(batch), std::move(options), std::move(end));
    });
    spared.emplace();
    return made;
}

inline std::shared_ptr<World::Call> World::start_insert() {
    std::optional<FailingAllocations::Spared> spared{std::in_place};
    const auto made = make_call(true);
    clarify::DataFrame frame;
    frame.append(clarify::Timestamp{}, {{made->nonce, 1.5}});
    clarify::InsertOptions options;
    options.integration = "c0ffee0123456789abcd";
    using Inserted = clarify::InsertResult;
    auto end = handler<Inserted>(made, [](const Inserted& inserted, const std::string& nonce) {
        const bool found = inserted.signals_by_input.contains(nonce);
        return found ? boost::json::value(nonce) : boost::json::value{};
    });
    spared.reset();
    begin(*made, [&] { client->async_insert(frame, std::move(options), std::move(end)); });
    spared.emplace();
    return made;
}

inline std::shared_ptr<World::Call> World::start_data_frame() {
    std::optional<FailingAllocations::Spared> spared{std::in_place};
    const auto made = make_call(true);
    const clarify::ResourceQuery items{clarify::field("id") == made->nonce};
    clarify::DataQuery data;
    data.from = clarify::Timestamp{};
    data.to = clarify::Timestamp{std::chrono::sys_days{std::chrono::days{1}}};
    using Selected = clarify::DataSelection;
    auto end = handler<Selected>(made, [](const Selected& selected, const std::string& nonce) {
        const bool found = selected.data.contains(nonce);
        return found ? boost::json::value(nonce) : boost::json::value{};
    });
    spared.reset();
    begin(*made, [&] { client->async_data_frame(items, data, {}, std::move(end)); });
    spared.emplace();
    return made;
}

inline std::shared_ptr<World::Call> World::start_publish() {
    std::optional<FailingAllocations::Spared> spared{std::in_place};
    const auto made = make_call(true);
    clarify::PublishOptions options;
    options.integration = "c0ffee0123456789abcd";
    options.signals = clarify::field("name") == made->nonce;
    using Report = clarify::PublishReport;
    auto end = handler<Report>(made, [](const Report& report, const std::string& nonce) {
        const bool found = report.items_by_signal.size() == 1 && report.published.size() == 1 &&
            report.published.begin()->second.name == nonce;
        return found ? boost::json::value(nonce) : boost::json::value{};
    });
    spared.reset();
    begin(
        *made, [&] { client->async_publish_changed_signals(std::move(options), std::move(end)); });
    spared.emplace();
    return made;
}

inline bool World::step() {
    if (step_now()) return true;
    const auto next = clock->next_alarm();
    if (!next || *next > began_ + std::chrono::hours{2}) return false;
    const FailingAllocations::Spared spared;
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
