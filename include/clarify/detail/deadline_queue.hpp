// SPDX-License-Identifier: BSL-1.0
// Many deadlines for one timer.

#ifndef CLARIFY_DETAIL_DEADLINE_QUEUE_HPP
#define CLARIFY_DETAIL_DEADLINE_QUEUE_HPP

#include <clarify/core/clock.hpp>

#include <cstddef>
#include <utility>
#include <vector>

namespace clarify::detail {

/// Has a place in a `DeadlineQueue`.
struct Expiring {
    TimePoint deadline = (TimePoint::max)();

private:
    friend class DeadlineQueue;
    static constexpr std::size_t nowhere = static_cast<std::size_t>(-1);
    std::size_t place_ = nowhere;
};

/** A binary heap of deadlines that allocates only when it grows, and removes from the middle.

    The entries belong to somebody else and are removed before they are destroyed.
*/
class DeadlineQueue {
public:
    void insert(Expiring& entry) {
        entries_.push_back(&entry);
        entry.place_ = entries_.size() - 1;
        rise(entry.place_);
    }
    /// Does nothing for an entry that is not in the queue.
    void remove(Expiring& entry) noexcept {
        const std::size_t place = std::exchange(entry.place_, Expiring::nowhere);
        if (place == Expiring::nowhere) return;
        Expiring* const last = entries_.back();
        entries_.pop_back();
        if (last == &entry) return;
        put(*last, place);
        rise(place);
        sink(last->place_);
    }

    bool empty() const noexcept { return entries_.empty(); }
    std::size_t size() const noexcept { return entries_.size(); }
    /// The entry that expires first. Not to be called on an empty queue.
    Expiring& first() const noexcept { return *entries_.front(); }
    /// All entries, in no particular order.
    const std::vector<Expiring*>& entries() const noexcept { return entries_; }

private:
    void put(Expiring& entry, std::size_t place) noexcept {
        entries_[place] = &entry;
        entry.place_ = place;
    }
    void swap(std::size_t a, std::size_t b) noexcept {
        Expiring& first = *entries_[a];
        put(*entries_[b], a);
        put(first, b);
    }
    void rise(std::size_t place) noexcept {
        while (place != 0) {
            const std::size_t parent = (place - 1) / 2;
            if (entries_[parent]->deadline <= entries_[place]->deadline) return;
            swap(place, parent);
            place = parent;
        }
    }
    void sink(std::size_t place) noexcept {
        for (;;) {
            std::size_t least = place;
            for (std::size_t child = 2 * place + 1; child <= 2 * place + 2; ++child) {
                if (child < entries_.size() &&
                    entries_[child]->deadline < entries_[least]->deadline) {
                    least = child;
                }
            }
            if (least == place) return;
            swap(place, least);
            place = least;
        }
    }

    std::vector<Expiring*> entries_;
};

}  // namespace clarify::detail

#endif  // CLARIFY_DETAIL_DEADLINE_QUEUE_HPP
