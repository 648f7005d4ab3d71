// SPDX-License-Identifier: BSL-1.0
// Those who make the calls of the soak, each one after the other, and cancel some.

#ifndef CLARIFY_TESTS_SOAK_CALLERS_HPP
#define CLARIFY_TESTS_SOAK_CALLERS_HPP

#include <clarify/auth/client_credentials.hpp>
#include <clarify/core/timer.hpp>
#include <clarify/json/boost_json_codec.hpp>
#include <clarify/observe/metrics.hpp>
#include <clarify/rpc_client.hpp>

#include "soak.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/post.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <random>
#include <string>
#include <utility>

namespace soak {

template <class Backend>
using Client = clarify::RpcClient<Backend, clarify::ClientCredentials, clarify::BoostJsonCodec>;

inline clarify::ClientCredentials credentials(const std::string& origin) {
    return clarify::ClientCredentials{clarify::ClientCredentialsConfig{
        clarify::Url::parse(origin + "/token").value(), "soak", clarify::Secret{"secret"}}};
}

/// Makes calls with a client, a number of them at a time. All of it on one thread, in which somebody
/// runs the context.
template <class Client>
class Callers {
public:
    /// @param executor Whose timers go by the client's clock.
    /// @param hurry The time limit of the calls that have little.
    /// @param pause Before a caller goes on whose call has failed.
    Callers(
        Client& client,
        const boost::asio::any_io_executor& executor,
        std::uint64_t seed,
        std::chrono::milliseconds hurry,
        std::chrono::milliseconds pause)
        : client_(client), random_(seed), hurry_(hurry), pause_(pause) {
        constexpr int count = 24;
        for (int i = 0; i != count; ++i)
            callers_.emplace_back(executor);
    }

    void begin(std::uint64_t calls) {
        left_ = calls;
        active_ = callers_.size();
        for (Caller& caller : callers_)
            boost::asio::post(caller.pause.get_executor(), [this, &caller] { next(caller); });
    }
    bool are_done() const noexcept { return active_ == 0; }
    const Tally& tally() const noexcept { return tally_; }
    /// How `metrics`, which saw the same calls, has counted otherwise; empty if it has not.
    std::string miscounted(const clarify::MetricsSnapshot& metrics) const {
        const clarify::MethodMetrics& seen = metrics.methods.at("soak.echo");
        std::uint64_t failures = 0;
        for (const auto& each : seen.failures)
            failures += each.second;
        if (seen.successes != tally_.successes) return "successes";
        if (failures != tally_.failures) return "failures";
        if (seen.duration.count() != tally_.begun) return "durations";
        if (seen.attempts + tally_.cancelled + failures < tally_.begun) return "attempts";
        return {};
    }

private:
    struct Caller {
        explicit Caller(const boost::asio::any_io_executor& executor) : pause(executor) {}

        clarify::Timer pause;
        boost::asio::cancellation_signal signal;
        std::uint64_t number = 0;
        bool is_waiting = false;
    };
    using Reply = clarify::Result<boost::json::value>;

    bool one_in(unsigned times) { return random_() % times == 0; }

    void next(Caller& caller) {
        if (left_ == 0) {
            --active_;
            return;
        }
        --left_;
        caller.number = ++tally_.begun;
        caller.is_waiting = true;
        clarify::CallOptions options;
        options.idempotent = one_in(2);
        if (one_in(100)) options.timeout = hurry_;
        if (one_in(50)) victim_ = &caller;
        boost::json::object params;
        params["n"] = caller.number;
        client_.async_call(
            "soak.echo",
            params,
            options,
            boost::asio::bind_cancellation_slot(
                caller.signal.slot(),
                [this, &caller](const Reply& reply) { ended(caller, reply); }));
    }

    void ended(Caller& caller, const Reply& reply) {
        if (!std::exchange(caller.is_waiting, false)) ++tally_.wrong;
        // Another one than this is given up, wherever it is.
        Caller* const victim = std::exchange(victim_, nullptr);
        if (victim != nullptr && victim != &caller && victim->is_waiting)
            victim->signal.emit(boost::asio::cancellation_type::terminal);
        if (reply) {
            ++tally_.successes;
            if (reply->at("n").to_number<std::uint64_t>() != caller.number) ++tally_.wrong;
            return next(caller);
        }
        ++tally_.failures;
        if (reply.error().code() == clarify::Errc::cancelled) ++tally_.cancelled;
        caller.pause.expires_at(caller.pause.now() + pause_);
        caller.pause.async_wait([this, &caller](auto) { next(caller); });
    }

    Client& client_;
    std::mt19937_64 random_;
    const std::chrono::milliseconds hurry_, pause_;
    std::list<Caller> callers_;
    Caller* victim_ = nullptr;
    std::uint64_t left_ = 0;
    std::size_t active_ = 0;
    Tally tally_;
};

/// In words for people.
inline std::string figures(
    const clarify::MetricsSnapshot& seen, std::uint64_t requests, std::uint64_t tokens) {
    return std::to_string(requests) + " requests, " + std::to_string(tokens) + " for a token, " +
        std::to_string(seen.connections_opened) + " connections (" +
        std::to_string(seen.connections_resumed) + " resumed a session), " +
        std::to_string(seen.tokens_failed) + " tokens failed";
}

}  // namespace soak

#endif  // CLARIFY_TESTS_SOAK_CALLERS_HPP
