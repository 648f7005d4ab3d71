// SPDX-License-Identifier: BSL-1.0
// Numbers that follow from a seed.

#ifndef CLARIFY_TESTS_SUPPORT_CHAOS_RANDOM_HPP
#define CLARIFY_TESTS_SUPPORT_CHAOS_RANDOM_HPP

#include <cstdint>

namespace support {

/// Even numbers from a seed, the same with every standard library (SplitMix64).
class ChaosRandom {
public:
    explicit ChaosRandom(std::uint64_t seed, std::uint64_t stream = 0) : state_(seed) {
        state_ = next() ^ (stream * 0x9e3779b97f4a7c15U);
    }

    std::uint64_t next() noexcept {
        std::uint64_t z = (state_ += 0x9e3779b97f4a7c15U);
        z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
        z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
        return z ^ (z >> 31U);
    }
    /// Less than `bound`, which is not 0.
    std::uint64_t below(std::uint64_t bound) noexcept { return next() % bound; }

private:
    std::uint64_t state_;
};

}  // namespace support

#endif  // CLARIFY_TESTS_SUPPORT_CHAOS_RANDOM_HPP
