// SPDX-License-Identifier: BSL-1.0
// What a scripted answer consists of: pauses on the way, and how the exchange ends.

#ifndef CLARIFY_TESTING_DETAIL_DOUBLES_SCRIPT_PLAN_HPP
#define CLARIFY_TESTING_DETAIL_DOUBLES_SCRIPT_PLAN_HPP

#include <clarify/core/clock.hpp>
#include <clarify/core/error.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <exception>
#include <functional>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace clarify::testing {

struct RecordedRequest;
class Answer;

namespace detail {

/// The phases that an HTTP exchange goes through, in their order.
inline constexpr std::array script_phases{
    Phase::queue,
    Phase::resolve,
    Phase::connect,
    Phase::proxy,
    Phase::tls,
    Phase::write,
    Phase::first_byte,
    Phase::head,
    Phase::body};

inline void check_script_phase(Phase phase) {
    if (std::find(script_phases.begin(), script_phases.end(), phase) == script_phases.end()) {
        throw std::invalid_argument{
            "an HTTP exchange has no phase " + std::string{to_string(phase)}};
    }
}

/// Has a request that is in `phase` been sent, at least in part?
inline bool is_sent_in(Phase phase) noexcept { return phase >= Phase::write; }

/// Where an exchange that fails in this way is likely to be.
inline Phase usual_phase(Errc code) noexcept {
    switch (code) {
        case Errc::resolve:
            return Phase::resolve;
        case Errc::connect:
            return Phase::connect;
        case Errc::proxy:
            return Phase::proxy;
        case Errc::tls:
            return Phase::tls;
        case Errc::framing:
            return Phase::head;
        case Errc::too_large:
            return Phase::body;
        case Errc::cancelled:
        case Errc::closed:
        case Errc::overloaded:
            return Phase::queue;
        default:
            return Phase::first_byte;
    }
}

/// A complete reply, whose body may depend on the request.
struct ScriptedReply {
    unsigned status = 200;
    std::function<std::string(const RecordedRequest&)> body;
};
/// A failure, or with no error, silence.
struct ScriptedFailure {
    Error error;
    bool silent = false;
};
using ScriptedEnding = std::variant<
    ScriptedReply,
    ScriptedFailure,
    std::exception_ptr,
    std::function<Answer(const RecordedRequest&)>>;

struct ScriptPlan {
    Clock::duration& pause_in(Phase phase) { return pauses[static_cast<std::size_t>(phase)]; }
    Clock::duration pause_in(Phase phase) const { return pauses[static_cast<std::size_t>(phase)]; }
    bool is_reply() const noexcept { return std::holds_alternative<ScriptedReply>(ending); }

    std::array<Clock::duration, static_cast<std::size_t>(Phase::decode)> pauses{};
    std::vector<std::pair<std::string, std::string>> headers;
    /// Where the exchange ends, unless with a reply.
    Phase where = Phase::first_byte;
    ScriptedEnding ending;
};

}  // namespace detail
}  // namespace clarify::testing

#endif  // CLARIFY_TESTING_DETAIL_DOUBLES_SCRIPT_PLAN_HPP
