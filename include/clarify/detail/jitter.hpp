// SPDX-License-Identifier: BSL-1.0
// The random part of every wait of a client.

#ifndef CLARIFY_DETAIL_JITTER_HPP
#define CLARIFY_DETAIL_JITTER_HPP

#include <clarify/core/detail/process_mark.hpp>
#include <clarify/core/detail/random.hpp>

#include <cstdint>
#include <optional>

namespace clarify::detail {

/** Draws random numbers: others for each client and, after a fork, for each process, so that those
    who failed together do not try again together.

    @par Thread safety
    Distinct objects: safe. Shared objects: unsafe; a client uses its own on its serial executor.
*/
class Jitter {
public:
    /// With a seed: the same numbers each time, also on both sides of a fork. Throws
    /// `std::bad_alloc`.
    explicit Jitter(std::optional<std::uint32_t> seed)
        : seeded_(seed.has_value()), numbers_(seed ? *seed : unforeseeable_number()) {}

    /// Evenly distributed in [0, 1).
    double next() noexcept {
        if (process_.is_elsewhere()) {
            process_.settle();
            if (!seeded_) numbers_ = RandomNumbers{unforeseeable_number()};
        }
        // As many bits as a double has.
        return static_cast<double>(numbers_.next() >> 11U) * 0x1p-53;
    }

private:
    bool seeded_;
    RandomNumbers numbers_;
    ProcessMark process_;
};

}  // namespace clarify::detail

#endif  // CLARIFY_DETAIL_JITTER_HPP
