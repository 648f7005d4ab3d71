// SPDX-License-Identifier: BSL-1.0
// Outcomes on their way to whoever waits for them, and those that have to be handed over later.

#ifndef CLARIFY_DETAIL_OUTBOX_HPP
#define CLARIFY_DETAIL_OUTBOX_HPP

#include <memory>
#include <mutex>
#include <utility>

namespace clarify::detail {

struct CallRecord;

/// Something with an end that has to come, whatever happens: a completion handler to be called.
struct Deliverable {
    Deliverable() = default;
    Deliverable(const Deliverable&) = delete;
    Deliverable& operator=(const Deliverable&) = delete;
    virtual ~Deliverable() = default;

    /// Hands the outcome to the completion handler, on its executor, not inside this call. May
    /// throw where memory is short; then nothing has happened yet.
    virtual void finish() = 0;
    /// This, if it is a call.
    virtual CallRecord* as_call() noexcept { return nullptr; }

    /// Has `finish` done its work?
    bool finished = false;
    /// Did what `finish` handed over not arrive?
    bool lost = false;
    /// Is it among those that are left for later, and if so, which one is the next?
    bool postponed = false;
    std::shared_ptr<Deliverable> next;
};

/** Hands outcomes over, and keeps those for which there was no memory until there is.

    They are linked through themselves, so that keeping one takes no memory.

    @par Thread safety
    `deliver` and `take` belong to the client's serial executor; the rest is safe in any thread.
*/
class Outbox {
public:
    Outbox() = default;
    Outbox(const Outbox&) = delete;
    Outbox& operator=(const Outbox&) = delete;

    /// Hands over what has not been yet. False where there was no memory for that: it is kept, and
    /// to be tried again later.
    bool deliver(std::shared_ptr<Deliverable> what) noexcept {
        if (what->finished) return true;
        try {
            what->finish();
            what->finished = true;
        } catch (...) {
            postpone(std::move(what));
            return false;
        }
        return true;
    }

    /// Keeps it for later; once, however often it is said.
    void postpone(std::shared_ptr<Deliverable> what) noexcept {
        const std::lock_guard lock{mutex_};
        if (std::exchange(what->postponed, true)) return;
        what->next = std::move(newest_);
        newest_ = std::move(what);
    }
    /// What was handed over did not arrive: it will be handed over again when it is next taken.
    void mark_lost(Deliverable& what) noexcept {
        const std::lock_guard lock{mutex_};
        what.lost = true;
    }

    bool empty() const noexcept {
        const std::lock_guard lock{mutex_};
        return newest_ == nullptr;
    }
    /// All that is kept, linked in the order in which it came.
    std::shared_ptr<Deliverable> take() noexcept {
        std::shared_ptr<Deliverable> newest;
        {
            const std::lock_guard lock{mutex_};
            newest = std::move(newest_);
            for (Deliverable* each = newest.get(); each != nullptr; each = each->next.get()) {
                each->postponed = false;
                if (std::exchange(each->lost, false)) each->finished = false;
            }
        }
        std::shared_ptr<Deliverable> first;
        while (newest) {
            std::shared_ptr<Deliverable> rest = std::exchange(newest->next, std::move(first));
            first = std::exchange(newest, std::move(rest));
        }
        return first;
    }
    /// Lets go of all that is kept, undelivered: there is no executor any more to call handlers on.
    void clear() noexcept {
        std::shared_ptr<Deliverable> left;
        {
            const std::lock_guard lock{mutex_};
            left = std::move(newest_);
        }
        // One by one: a long list that destroys itself takes much stack.
        while (left)
            left = std::exchange(left->next, nullptr);
    }

private:
    mutable std::mutex mutex_;
    std::shared_ptr<Deliverable> newest_;
};

}  // namespace clarify::detail

#endif  // CLARIFY_DETAIL_OUTBOX_HPP
