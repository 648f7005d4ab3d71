// SPDX-License-Identifier: BSL-1.0
// How long requests wait in a server that limits its rates.

#ifndef CLARIFY_TESTING_DETAIL_EMULATOR_RATE_QUEUE_HPP
#define CLARIFY_TESTING_DETAIL_EMULATOR_RATE_QUEUE_HPP

#include <clarify/testing/detail/emulator/time_text.hpp>

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace clarify::testing::detail {

/** Queues the requests of each method, of which so many are served in a second.

    @par Thread safety
    Distinct objects: safe. Shared objects: unsafe.
*/
class RateQueue {
public:
    /// The longest time that a request waits; after it the server gives up.
    static constexpr std::chrono::seconds max_wait{10};

    /// How long a request of a method has to wait; nullopt for longer than `max_wait`, when it takes
    /// nobody's place.
    std::optional<Microseconds> enter(const std::string& method, ServerTime now) {
        const int rate = requests_per_second(method);
        if (rate == 0) return Microseconds{0};
        ServerTime& free = free_[method];
        free = (std::max)(free, now);
        const Microseconds wait = free - now;
        if (wait > max_wait) return std::nullopt;
        free += Microseconds{std::chrono::seconds{1}} / rate;
        return wait;
    }

    /// The documented rate of a method by its 1.1 name; 0 where none is.
    static int requests_per_second(std::string_view method) {
        static const std::map<std::string_view, int> rates{
            {"integration.insert", 1},
            {"integration.saveSignals", 1},
            {"admin.selectSignals", 10},
            {"admin.publishSignals", 5},
            {"clarify.selectItems", 10},
            {"clarify.dataFrame", 1},
            {"clarify.evaluate", 1}};
        const auto found = rates.find(method);
        return found == rates.end() ? 0 : found->second;
    }

private:
    // When the next request of a method is served.
    std::map<std::string, ServerTime> free_;
};

}  // namespace clarify::testing::detail

#endif  // CLARIFY_TESTING_DETAIL_EMULATOR_RATE_QUEUE_HPP
