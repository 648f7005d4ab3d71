// SPDX-License-Identifier: BSL-1.0
// The random part of every wait of a client.

#ifndef CLARIFY_DETAIL_JITTER_HPP
#define CLARIFY_DETAIL_JITTER_HPP

#include <clarify/core/detail/process_mark.hpp>

#include <cstdint>
#include <optional>
#include <random>

namespace clarify::detail {

/** Draws random numbers: others for each client and, after a fork, for each process, so that those
    who failed together do not try again together.

    @par Thread safety
    Distinct objects: safe. Shared objects: unsafe; a client uses its own on its serial executor.
*/
class Jitter {
public:
    /// With a seed: the same numbers each time, also on both sides of a fork. Throws what
    /// `std::random_device` throws.
    explicit Jitter(std::optional<std::uint32_t> seed)
        : seeded_(seed.has_value()), numbers_(seed ? *seed : std::random_device{}()) {}

    /// Evenly distributed in [0, 1).
    double next() noexcept {
        if (process_.is_elsewhere()) begin_anew();
        return std::uniform_real_distribution<double>{}(numbers_);
    }

private:
    void begin_anew() noexcept {
        process_.settle();
        if (seeded_) return;
        try {
            numbers_.seed(std::random_device{}());
        } catch (...) {  // NOLINT(bugprone-empty-catch): then it goes on with the same ones
        }
    }

    bool seeded_;
    std::minstd_rand numbers_;
    ProcessMark process_;
};

}  // namespace clarify::detail

#endif  // CLARIFY_DETAIL_JITTER_HPP
