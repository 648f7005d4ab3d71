// SPDX-License-Identifier: BSL-1.0
// Random numbers: from the system, and from a seed.

#ifndef CLARIFY_CORE_DETAIL_RANDOM_HPP
#define CLARIFY_CORE_DETAIL_RANDOM_HPP

#include <chrono>
#include <cstdint>

// `<random>` would do, and is a tenth of what a file that uses a client has to read of the standard
// library.
#if defined(__unix__)
#include <unistd.h>
#elif defined(__APPLE__)
#include <sys/random.h>
#else
#include <random>
#endif

namespace clarify::detail {

/** Draws numbers one after the other, evenly distributed: SplitMix64, which mixes a counter.

    @par Thread safety
    Distinct objects: safe. Shared objects: unsafe.
*/
class RandomNumbers {
public:
    explicit RandomNumbers(std::uint64_t seed) noexcept : state_(seed) {}

    std::uint64_t next() noexcept {
        state_ += step;
        return mixed(state_);
    }
    /// The number that belongs to a state of the counter, which goes up by `step`.
    static std::uint64_t mixed(std::uint64_t state) noexcept {
        state = (state ^ (state >> 30U)) * 0xBF58476D1CE4E5B9U;
        state = (state ^ (state >> 27U)) * 0x94D049BB133111EBU;
        return state ^ (state >> 31U);
    }
    static constexpr std::uint64_t step = 0x9E3779B97F4A7C15U;

private:
    std::uint64_t state_;
};

/// A number that nobody can foresee, from the system; where that has no source of any, from a clock
/// and the place of the stack. A system call.
inline std::uint64_t unforeseeable_number() noexcept {
    std::uint64_t number = 0;
#if defined(__unix__) || defined(__APPLE__)
    if (::getentropy(&number, sizeof number) == 0) return number;
#else
    try {
        std::random_device device;
        return std::uint64_t{device()} << 32U | std::uint32_t{device()};
    } catch (...) {  // NOLINT(bugprone-empty-catch): see below
    }
#endif
    const auto now = std::chrono::steady_clock::now().time_since_epoch().count();
    number = static_cast<std::uint64_t>(now);
    return RandomNumbers::mixed(number ^ std::uint64_t{reinterpret_cast<std::uintptr_t>(&number)});
}

}  // namespace clarify::detail

#endif  // CLARIFY_CORE_DETAIL_RANDOM_HPP
