// SPDX-License-Identifier: BSL-1.0
// The contract of where clients share a rate limit.

#ifndef CLARIFY_PACE_PACE_STORE_HPP
#define CLARIFY_PACE_PACE_STORE_HPP

#include <clarify/core/clock.hpp>
#include <clarify/core/detail/signal.hpp>
#include <clarify/core/error.hpp>
#include <clarify/core/result.hpp>
#include <clarify/core/timer.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>

#include <concepts>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace clarify {

/// Whose limit it is. Those share it who ask with the same key.
struct PaceKey {
    PaceKey() {}

    /// Where the calls go.
    std::string api_url;
    /// Whom the service counts them for.
    std::string integration;
    /// The first of the methods that the limit is for.
    std::string method;

    friend bool operator==(const PaceKey&, const PaceKey&) = default;
};

/// What a client asks for.
struct PaceTerms {
    PaceTerms() {}

    /// The time between two calls; more than zero.
    Clock::duration interval{};
    /// How many may follow each other at once after a pause; 1 or more.
    unsigned burst = 1;
    /// The longest wait for a slot that is of use.
    Clock::duration patience{};
    /// Who asks: a number that no other has.
    std::uint64_t sharer = 0;
};

/// A moment at which a call may be sent.
struct PaceSlot {
    PaceSlot() {}

    /// Is it the client's? Else nothing was taken, for `wait` is longer than the client would wait.
    bool is_reserved = false;
    /// How long until then; zero or more.
    Clock::duration wait{};
    /// How many clients have asked lately, this one included.
    unsigned sharers = 1;
};

/** Where several clients, of one process or of many, take the slots of a rate limit.

    | expression | meaning |
    | --- | --- |
    | `Store(std::move(store))` | the same store, in another place |
    | `store.reserve(executor, key, terms)` | `awaitable<Result<PaceSlot>>`: the next slot of `key` that nobody has, unless it is later than `terms.patience` from now |

    Slots are given in the order in which they are asked for, and a client asks for one only when it has
    used the one before: so no client waits for longer than one interval for each that shares the limit, and one
    more. A slot whose owner is gone is lost; that costs the others an interval.

    @par Who calls it
    A client, on its serial executor, which is `executor`; nothing may block there. A store is shared by
    several clients, so it is called while another call of it is under way, and, where the clients are on
    other executors, in another thread.
    @par Failures
    Any `Error`. The client then keeps the limit by itself alone for a while, and tells it by an event
    (`pace_store_failed`), once. No call fails for it. A client waits for an answer 5 s at most,
    and no more than half of the time that the call has left.
    @par Cancellation
    Terminal; the slot may be taken all the same.
*/
template <class S>
concept PaceStore = std::move_constructible<S> && requires(
    S& store,
    const boost::asio::any_io_executor& executor,
    const PaceKey& key,
    const PaceTerms& terms) {
    {
        store.reserve(executor, key, terms)
        } -> std::same_as<boost::asio::awaitable<Result<PaceSlot>>>;
};

/** Any `PaceStore`, or none.

    @par Object lifetimes
    Copies share one store.
    @par Thread safety
    Distinct objects: safe. Shared objects: as the store.
*/
class AnyPaceStore {
public:
    /// A question to a store, and its answer.
    struct Question {
        Question() {}

        PaceKey key;
        PaceTerms terms;
        /// When it is too late for an answer.
        TimePoint until{};
        std::optional<Result<PaceSlot>> answer;
    };

    /// None: each client keeps its limits by itself.
    AnyPaceStore() noexcept {}
    /// @throws std::bad_alloc, or what moving it throws.
    template <class Store>
    requires(!std::same_as<Store, AnyPaceStore> && PaceStore<Store>) AnyPaceStore(Store store)
        : store_(std::make_shared<Of<Store>>(std::move(store))) {}

    explicit operator bool() const noexcept { return store_ != nullptr; }

    /// Asks it, on `executor`, where `question` must stay until it is answered: by `Errc::timeout` where
    /// the store says nothing in time.
    boost::asio::awaitable<void> ask(
        boost::asio::any_io_executor executor, Question& question) const {
        return store_->ask(std::move(executor), question, store_);
    }

private:
    // What waits is made here, where a store is, so that clients without one pay nothing for it.
    struct Base {
        Base() = default;
        Base(const Base&) = delete;
        Base& operator=(const Base&) = delete;
        virtual ~Base() = default;
        virtual boost::asio::awaitable<void> ask(
            boost::asio::any_io_executor executor,
            Question& question,
            std::shared_ptr<Base> self) = 0;
    };
    template <class Store>
    struct Of;

    std::shared_ptr<Base> store_;
};

template <class Store>
struct AnyPaceStore::Of final : Base {
    explicit Of(Store given) : store(std::move(given)) {}

    /// What the store is asked, which goes on where nobody waits for the answer any more.
    struct Visit {
        PaceKey key;
        PaceTerms terms;
        std::optional<Result<PaceSlot>> answer;
        bool is_over = false;
        detail::Signal told;
        boost::asio::cancellation_signal stop;
    };

    static boost::asio::awaitable<void> make(
        std::shared_ptr<Visit> visit,
        boost::asio::any_io_executor executor,
        std::shared_ptr<Base> self) {
        try {
            auto& store = static_cast<Of&>(*self).store;
            visit->answer.emplace(co_await store.reserve(executor, visit->key, visit->terms));
        } catch (...) {
            visit->answer.emplace(
                Error{Errc::internal, Reason::exception, "the pace store threw an exception"});
        }
        visit->is_over = true;
        visit->told.notify_all();
    }

    boost::asio::awaitable<void> ask(
        boost::asio::any_io_executor executor,
        Question& question,
        std::shared_ptr<Base> self) override {
        const auto asked = std::make_shared<Visit>();
        asked->key = question.key;
        asked->terms = question.terms;
        boost::asio::co_spawn(
            executor,
            make(asked, executor, std::move(self)),
            boost::asio::bind_cancellation_slot(
                asked->stop.slot(), [asked](std::exception_ptr) {}));
        const Timer clock{executor};
        while (!asked->is_over) {
            const bool cancelled = co_await asked->told.wait(executor, question.until);
            if (asked->is_over) break;
            if (!cancelled && clock.now() < question.until) continue;
            asked->stop.emit(boost::asio::cancellation_type::terminal);
            if (cancelled) {
                question.answer.emplace(Error{Errc::cancelled});
            } else {
                question.answer.emplace(
                    Error{Errc::timeout, Reason::none, "the pace store does not answer"});
            }
            co_return;
        }
        question.answer = std::move(asked->answer);
    }

    Store store;
};

}  // namespace clarify

#endif  // CLARIFY_PACE_PACE_STORE_HPP
