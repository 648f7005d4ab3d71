// SPDX-License-Identifier: BSL-1.0
// The suite behind check_pace_store.

#ifndef CLARIFY_TESTING_DETAIL_KITS_PACE_SUITE_HPP
#define CLARIFY_TESTING_DETAIL_KITS_PACE_SUITE_HPP

#include <clarify/core/clock.hpp>
#include <clarify/core/detail/random.hpp>
#include <clarify/core/result.hpp>
#include <clarify/pace/pace_store.hpp>
#include <clarify/testing/conformance.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace clarify::testing::detail {

/// Runs all cases, each with limits that nobody has asked for yet. Intervals are of an hour, so that it
/// does not matter how quick the store is.
template <class Store>
class PaceSuite {
public:
    using Make = std::function<Store()>;

    PaceSuite(Make make, std::chrono::milliseconds patience, ConformanceReport& report)
        : make_(std::move(make)), patience_(patience), report_(report) {}

    void run() {
        slots();
        sharing();
    }

private:
    static constexpr std::chrono::hours interval{1};

    struct Scene {
        Scene(PaceSuite& suite, ConformanceCase& one)
            : patience(suite.patience_), problems(one.problems) {
            stores.push_back(suite.make_());
            stores.push_back(suite.make_());
            key.api_url = "https://kit.example/v1/rpc";
            key.integration = one.name + std::to_string(clarify::detail::unforeseeable_number());
            key.method = "integration.insert";
            terms.interval = interval;
            terms.patience = 10'000 * interval;
            terms.sharer = 1;
        }

        void expect(bool kept, const char* otherwise) {
            if (!kept) problems.emplace_back(otherwise);
        }
        /// Begins to ask one of the stores.
        void ask(std::size_t store, const PaceTerms& asked) {
            const std::size_t place = answers.size();
            answers.emplace_back();
            boost::asio::co_spawn(
                context,
                stores[store].reserve(context.get_executor(), key, asked),
                [this, place](const std::exception_ptr& thrown, Result<PaceSlot> got) {
                    if (thrown) problems.emplace_back("it threw an exception");
                    answers[place].emplace(std::move(got));
                });
        }
        void ask(std::size_t store) { ask(store, terms); }
        /// Waits for all answers, and gives those that are none of a failure.
        std::vector<PaceSlot> wait() {
            context.restart();
            context.run_for(patience);
            std::vector<PaceSlot> out;
            for (const std::optional<Result<PaceSlot>>& answer : answers) {
                if (!answer) {
                    problems.emplace_back("it did not answer");
                } else if (!*answer) {
                    problems.push_back("it failed: " + answer->error().to_string());
                } else {
                    out.push_back(**answer);
                }
            }
            answers.clear();
            return out;
        }
        PaceSlot slot(std::size_t store, const PaceTerms& asked) {
            ask(store, asked);
            const std::vector<PaceSlot> all = wait();
            return all.empty() ? PaceSlot{} : all.front();
        }
        PaceSlot slot(std::size_t store = 0) { return slot(store, terms); }
        /// Is it so many intervals from now, but for the time that all this takes?
        void expect_after(const PaceSlot& given, int intervals) {
            expect(given.is_reserved, "no slot was given");
            if (std::chrono::round<std::chrono::hours>(given.wait) == intervals * interval) return;
            problems.push_back(
                "the slot is " + std::to_string(std::chrono::duration<double>{given.wait}.count()) +
                " s away, not " + std::to_string(intervals) + " h");
        }

        const std::chrono::milliseconds patience;
        std::vector<std::string>& problems;
        boost::asio::io_context context{1};
        std::vector<std::optional<Result<PaceSlot>>> answers;
        std::vector<Store> stores;
        PaceKey key;
        PaceTerms terms;
    };

    template <class Body>
    void check(const char* name, const char* promise, Body body) {
        report_.run(name, promise, [&](ConformanceCase& one) {
            Scene scene{*this, one};
            body(scene);
        });
    }

    void slots();
    void sharing();

    Make make_;
    std::chrono::milliseconds patience_;
    ConformanceReport& report_;
};

template <class Store>
void PaceSuite<Store>::slots() {
    check("slot.first", "the first one is there at once", [](Scene& scene) {
        const PaceSlot slot = scene.slot();
        scene.expect_after(slot, 0);
        scene.expect(slot.wait == Clock::duration{}, "it is not there at once");
        scene.expect(slot.sharers == 1, "there is not one who shares it");
    });
    check("slot.apart", "each is an interval after the one before", [](Scene& scene) {
        for (int i = 0; i != 5; ++i)
            scene.expect_after(scene.slot(), i);
    });
    check("slot.burst", "as many as the burst says are there at once", [](Scene& scene) {
        scene.terms.burst = 3;
        for (const int wait : {0, 0, 0, 1, 2})
            scene.expect_after(scene.slot(), wait);
    });
    check("slot.short", "intervals may be short, and time passes", [](Scene& scene) {
        scene.terms.interval = std::chrono::microseconds{1'000};
        for (int i = 0; i != 3; ++i) {
            const PaceSlot slot = scene.slot();
            scene.expect(slot.is_reserved, "no slot was given");
            scene.expect(slot.wait <= std::chrono::milliseconds{3}, "it is too far away");
            scene.expect(slot.wait >= Clock::duration{}, "it is in the past");
        }
    });
    check("slot.late", "one that comes too late is not taken", [](Scene& scene) {
        scene.expect_after(scene.slot(), 0);
        PaceTerms hasty = scene.terms;
        hasty.patience = interval / 2;
        for (int i = 0; i != 3; ++i) {
            const PaceSlot refused = scene.slot(0, hasty);
            scene.expect(!refused.is_reserved, "a slot was given");
            scene.expect(refused.wait > hasty.patience, "it does not say how long it would be");
        }
        scene.expect_after(scene.slot(), 1);
    });
    check("slot.keys", "other limits have slots of their own", [](Scene& scene) {
        scene.expect_after(scene.slot(), 0);
        for (std::string PaceKey::*const part :
             {&PaceKey::api_url, &PaceKey::integration, &PaceKey::method}) {
            const PaceKey before = scene.key;
            scene.key.*part += "/other";
            scene.expect_after(scene.slot(), 0);
            scene.key = before;
        }
        scene.expect_after(scene.slot(), 1);
    });
    check("slot.lazy", "nothing is taken before it is awaited", [](Scene& scene) {
        {
            const boost::asio::awaitable<Result<PaceSlot>> never =
                scene.stores[0].reserve(scene.context.get_executor(), scene.key, scene.terms);
        }
        scene.wait();
        scene.expect_after(scene.slot(), 0);
    });
}

template <class Store>
void PaceSuite<Store>::sharing() {
    check("share.one_line", "two stores of one place give slots in turn", [](Scene& scene) {
        for (int i = 0; i != 6; ++i) {
            scene.terms.sharer = 1 + static_cast<std::uint64_t>(i % 2);
            scene.expect_after(scene.slot(static_cast<std::size_t>(i % 2)), i);
        }
    });
    check("share.counted", "it says how many share it", [](Scene& scene) {
        for (std::uint64_t i = 1; i != 5; ++i) {
            scene.terms.sharer = i;
            scene.expect(scene.slot(i % 2).sharers == i, "it counts them wrongly");
        }
        scene.terms.sharer = 2;
        scene.expect(scene.slot().sharers == 4, "it counts one twice");
    });
    check("share.at_once", "no two get the same slot that ask at once", [](Scene& scene) {
        constexpr int count = 20;
        for (std::size_t i = 0; i != count; ++i)
            scene.ask(i % 2);
        std::vector<PaceSlot> slots = scene.wait();
        scene.expect(slots.size() == count, "not all were answered");
        std::sort(slots.begin(), slots.end(), [](const PaceSlot& one, const PaceSlot& other) {
            return one.wait < other.wait;
        });
        for (std::size_t i = 0; i != slots.size(); ++i)
            scene.expect_after(slots[i], static_cast<int>(i));
    });
}

}  // namespace clarify::testing::detail

#endif  // CLARIFY_TESTING_DETAIL_KITS_PACE_SUITE_HPP
