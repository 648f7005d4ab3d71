// SPDX-License-Identifier: BSL-1.0
// The ids of a client's calls: one after the other, from a number that nobody can foresee.

#ifndef CLARIFY_CORE_DETAIL_CALL_IDS_HPP
#define CLARIFY_CORE_DETAIL_CALL_IDS_HPP

#include <clarify/core/detail/process_mark.hpp>
#include <clarify/core/detail/random.hpp>

#include <atomic>
#include <cstdint>
#include <optional>

namespace clarify::detail {

/** Gives each call an id that no other call of the client has.

    An id is between 1 and 2^53 - 1, so that every JSON library keeps it exact. They begin at a random
    number of up to 13 digits: a reply that has come to the wrong client, or to the wrong process
    after a fork, then bears an id that nobody there waits for.

    @par Thread safety
    Distinct objects: safe. Shared objects: safe.
*/
class CallIds {
public:
    static constexpr std::int64_t largest = (std::int64_t{1} << 53U) - 1;

    /// `first` in place of the random number, if it is one. Throws `std::bad_alloc`.
    explicit CallIds(std::optional<std::int64_t> first = std::nullopt)
        : next_(first ? *first : random_start()) {
        count_forks();
    }
    CallIds(const CallIds&) = delete;
    CallIds& operator=(const CallIds&) = delete;

    std::int64_t next() noexcept {
        const unsigned here = fork_count.load(std::memory_order_relaxed);
        unsigned there = forks_.load(std::memory_order_relaxed);
        if (here != there && forks_.compare_exchange_strong(there, here)) begin_anew();
        const std::int64_t counted = next_.fetch_add(1, std::memory_order_relaxed);
        return (counted - 1) % largest + 1;
    }

private:
    static std::int64_t random_start() noexcept {
        return static_cast<std::int64_t>(unforeseeable_number() % 9'999'999'999'999) + 1;
    }
    // In a process that was forked.
    void begin_anew() noexcept { next_.store(random_start(), std::memory_order_relaxed); }

    std::atomic<std::int64_t> next_;
    /// The process in which it began.
    std::atomic<unsigned> forks_{fork_count.load(std::memory_order_relaxed)};
};

}  // namespace clarify::detail

#endif  // CLARIFY_CORE_DETAIL_CALL_IDS_HPP
