// SPDX-License-Identifier: BSL-1.0
// Batches whose samples are stored, and that stay in the spool for a while all the same.

#ifndef CLARIFY_INGEST_DETAIL_KEPT_BATCHES_HPP
#define CLARIFY_INGEST_DETAIL_KEPT_BATCHES_HPP

#include <clarify/core/clock.hpp>

#include <cstdint>
#include <deque>
#include <optional>

namespace clarify::detail {

/** Decides up to which batch a spool may forget what is stored.

    An insert that was not answered may be executed after another one has stored its samples. Should
    the process be killed before that, its successor has to find them in the spool, or it would send a
    newer value for one of them too early, and the older one would be written over it. Batches are forgotten in
    their order, so what the successor sends again ends with the newest values.

    No I/O and no clock.

    @par Thread safety
    Distinct objects: safe. Shared objects: unsafe.
*/
class KeptBatches {
public:
    /// All up to `mark` are stored, and are kept until then, which is no earlier than for those before.
    void add(std::uint64_t mark, TimePoint until) {
        if (!all_.empty() && all_.back().until == until) {
            all_.back().mark = mark;
        } else {
            all_.push_back({mark, until});
        }
    }
    /// The last batch that may be forgotten, 0 in the beginning.
    std::uint64_t removable(TimePoint now) {
        while (!all_.empty() && all_.front().until <= now) {
            removable_ = all_.front().mark;
            all_.pop_front();
        }
        return removable_;
    }
    /// When the next one may be; unset where none is kept.
    std::optional<TimePoint> next_end() const {
        if (all_.empty()) return std::nullopt;
        return all_.front().until;
    }

private:
    struct Batches {
        std::uint64_t mark;
        TimePoint until;
    };

    std::deque<Batches> all_;
    std::uint64_t removable_ = 0;
};

}  // namespace clarify::detail

#endif  // CLARIFY_INGEST_DETAIL_KEPT_BATCHES_HPP
