// SPDX-License-Identifier: BSL-1.0
// The courses that a call may take, for the sweeps that disturb it at each step.

#ifndef CLARIFY_TESTS_SUPPORT_SCENARIOS_HPP
#define CLARIFY_TESTS_SUPPORT_SCENARIOS_HPP

#include <support/world.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace support {

struct Scenario {
    std::string name;
    /// A world in the state in which the call begins.
    std::function<std::unique_ptr<World>()> make;
    std::function<std::shared_ptr<World::Call>(World&)> start;
    /// What the call fails with if nothing disturbs it; nothing if it succeeds.
    clarify::Errc fails_with{};
    /// Is its first request answered with something that makes it send another?
    bool repeats = false;

    bool ends_so(const World::Outcome& outcome) const {
        return outcome ? fails_with == clarify::Errc{} : outcome.error().code() == fails_with;
    }
};

/// Those of a client with these options.
inline std::vector<Scenario> scenarios(const clarify::ClientOptions& client = {}) {
    const auto plain_call = [](World& world) { return world.start(false); };
    const auto idempotent_call = [](World& world) { return world.start(true); };
    const auto failing_once = [](const std::string& status) {
        return [status](const MemoryServer::RawRequest&, int time) -> std::optional<std::string> {
            if (time != 1) return std::nullopt;
            return "HTTP/1.1 " + status + "\r\nContent-Length: 0\r\n\r\n";
        };
    };
    const auto cold = [](WorldOptions options) {
        return [options] { return std::make_unique<World>(options); };
    };

    std::vector<Scenario> out;
    WorldOptions tls;
    tls.client = client;
    WorldOptions plain = tls;
    plain.tls = false;
    WorldOptions small = plain;
    small.segment = 7;
    out.push_back({"cold, TLS", cold(tls), plain_call});
    out.push_back({"cold, plain", cold(plain), plain_call});
    out.push_back({"cold, small segments", cold(small), plain_call});
    out.push_back(
        {"warm, TLS",
         [tls] {
             auto world = std::make_unique<World>(tls);
             world->call();
             return world;
         },
         plain_call});
    const auto large_call = [](World& world) { return world.start_large(false); };
    out.push_back({"large, TLS", cold(tls), large_call});
    out.push_back({"large, plain", cold(plain), large_call});
    WorldOptions refusing = tls;
    refusing.refuses_large = true;
    out.push_back({"large, refused early, TLS", cold(refusing), large_call, clarify::Errc::status});
    refusing.tls = false;
    out.push_back(
        {"large, refused early, plain", cold(refusing), large_call, clarify::Errc::status});
    WorldOptions unavailable = plain;
    unavailable.misbehave = failing_once("503 Service Unavailable");
    out.push_back({"repeated after a pause", cold(unavailable), idempotent_call});
    out.back().repeats = true;
    WorldOptions rejected = plain;
    rejected.misbehave = failing_once("401 Unauthorized");
    out.push_back({"repeated with a new token", cold(rejected), plain_call});
    out.back().repeats = true;
    // The only connection is lent to another call, which takes a second.
    WorldOptions narrow = plain;
    narrow.client.http.max_connections = 1;
    out.push_back(
        {"waiting in line",
         [narrow] {
             auto world = std::make_unique<World>(narrow);
             world->call();
             return world;
         },
         [](World& world) {
             world.start(true);
             return world.start(false);
         }});
    out.push_back({"waiting for another's token", cold(plain), [](World& world) {
                       world.start(true);
                       return world.start(false);
                   }});
    // By other ways than a call by its name; the last two may take several requests.
    const auto warm = [plain] {
        auto world = std::make_unique<World>(plain);
        world->call();
        return world;
    };
    out.push_back({"batch", warm, [](World& world) { return world.start_batch(false); }});
    out.push_back({"data frame", warm, [](World& world) { return world.start_data_frame(); }});
    out.push_back({"insert", cold(plain), [](World& world) { return world.start_insert(); }});
    out.push_back({"publish", cold(plain), [](World& world) { return world.start_publish(); }});
    return out;
}

}  // namespace support

#endif  // CLARIFY_TESTS_SUPPORT_SCENARIOS_HPP
