// SPDX-License-Identifier: BSL-1.0
// A whole session: a client over a network in memory, and a server that does what an input says.

#ifndef CLARIFY_TESTS_FUZZ_SESSION_HPP
#define CLARIFY_TESTS_FUZZ_SESSION_HPP

#include <clarify/auth/client_credentials.hpp>
#include <clarify/http/beast_backend.hpp>
#include <clarify/json/boost_json_codec.hpp>
#include <clarify/rpc_client.hpp>
#include <clarify/testing/manual_clock.hpp>

#include "fuzz.hpp"

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json/value.hpp>

#include <support/memory_net.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <clarify/http/impl/beast_backend.hpp>

namespace fuzz {

/// What the server knows of one call, which it recognises by its nonce.
struct Ledger {
    int seen = 0;
    int executed = 0;
    /// How often it was refused before it was executed, and said so.
    int refused = 0;
};

/// A call, and how it ended.
struct SessionCall {
    std::string nonce;
    bool idempotent = false;
    bool notification = false;
    clarify::TimePoint deadline{};
    boost::asio::cancellation_signal signal;
    int completions = 0;
    clarify::TimePoint ended{};
    std::optional<clarify::Result<boost::json::value>> outcome;
};

/// A request as the server got it.
struct SessionRequest {
    std::string head;
    std::string body;
    std::string id;
    std::string nonce;
};

/// A reply as the server is going to send it.
struct SessionReply {
    std::string bytes;
    /// Nobody can doubt where it ends, and that the connection stays.
    bool clean = true;
    bool close = false;
    std::chrono::milliseconds delay{0};
};

class Session {
public:
    explicit Session(std::string_view script);
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    /// Plays the script to its end, and checks what was promised.
    void play();

    /// For the server's side of a connection: the answer to a complete request.
    std::optional<SessionReply> answer(const SessionRequest& request, std::string& previous);
    clarify::testing::ManualClock& clock() noexcept { return *clock_; }
    Choices& script() noexcept { return script_; }

private:
    using Backend = clarify::BasicBeastBackend<support::MemoryNet>;
    using Client = clarify::RpcClient<Backend, clarify::ClientCredentials, clarify::BoostJsonCodec>;

    void make_client();
    void act();
    void start_call();
    void trouble_network();
    void check(const SessionCall& call) const;
    SessionReply hostile_reply(const SessionRequest& request, const std::string& previous);
    SessionReply token_reply();
    std::string body_for(
        unsigned kind, const SessionRequest& request, const std::string& previous, bool& other);
    std::string frame(SessionReply& reply, unsigned status, const std::string& body);

    Choices script_;
    boost::asio::io_context context_{1};
    std::shared_ptr<clarify::testing::ManualClock> clock_ =
        std::make_shared<clarify::testing::ManualClock>();
    support::MemoryNetwork& net_ = support::MemoryNetwork::of(context_);
    std::map<std::string, Ledger> ledger_;
    std::vector<std::shared_ptr<SessionCall>> calls_;
    std::optional<Client> client_;
    bool closed_ = false;
    int tokens_ = 0;
    std::int64_t last_id_ = 0;
};

}  // namespace fuzz

#endif  // CLARIFY_TESTS_FUZZ_SESSION_HPP
