// SPDX-License-Identifier: BSL-1.0
// What the parts of the soak share: who makes calls, and what they came to.

#ifndef CLARIFY_TESTS_SOAK_SOAK_HPP
#define CLARIFY_TESTS_SOAK_SOAK_HPP

#include <cstdint>
#include <memory>
#include <string>

namespace soak {

/// What one client's calls came to, as their callers saw it.
struct Tally {
    std::uint64_t begun = 0;
    std::uint64_t successes = 0;
    std::uint64_t failures = 0;
    /// Those among the failures that their callers had cancelled.
    std::uint64_t cancelled = 0;
    /// Got another call's result, or a second outcome.
    std::uint64_t wrong = 0;
};

/// A client that lives as long as the soak, and its server.
class Part {
public:
    Part() = default;
    Part(const Part&) = delete;
    Part& operator=(const Part&) = delete;
    virtual ~Part() = default;

    virtual std::string name() const = 0;
    /// Makes so many calls, to their ends.
    virtual void run(std::uint64_t calls) = 0;
    /// Waits until no connection is open any more.
    virtual void rest() = 0;
    virtual const Tally& tally() const = 0;
    /// What else there is to tell, such as how many tokens there were.
    virtual std::string figures() const = 0;
    /// What the client has counted otherwise than its callers; empty if nothing.
    virtual std::string miscounted() const = 0;
};

/// On a network in memory, with TLS, and on a clock that stands still unless all wait for it.
std::unique_ptr<Part> make_memory_part(std::uint64_t seed);
/// On sockets of the loopback.
std::unique_ptr<Part> make_beast_part(std::uint64_t seed);
/// The same with libcurl; null where that was not found.
std::unique_ptr<Part> make_curl_part(std::uint64_t seed);

}  // namespace soak

#endif  // CLARIFY_TESTS_SOAK_SOAK_HPP
