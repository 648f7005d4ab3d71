// SPDX-License-Identifier: BSL-1.0
// The suite behind check_sample_sink.

#ifndef CLARIFY_TESTING_DETAIL_KITS_SINK_SUITE_HPP
#define CLARIFY_TESTING_DETAIL_KITS_SINK_SUITE_HPP

#include <clarify/api/data_frame.hpp>
#include <clarify/api/samples.hpp>
#include <clarify/api/timestamp.hpp>
#include <clarify/core/result.hpp>
#include <clarify/ingest/detail/sample_tables.hpp>
#include <clarify/ingest/sample_sink.hpp>
#include <clarify/testing/conformance.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <algorithm>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace clarify::testing {

/// What `check_sample_sink` is to know of what is behind a sink. It may be asked from another thread than
/// the one that stores.
struct SinkCheckOptions {
    SinkCheckOptions() {}

    /// All that is stored, by input; in any order of the times, and each once. Needed.
    std::function<SampleTable()> stored;
    /// How many requests have come so far. Unset: what is about them is not judged.
    std::function<std::uint64_t()> requests;
    /// Has the service refuse all that comes, or take it again. Unset: not judged.
    std::function<void(bool)> set_away;
    /// Has the service take requests without answering, or answer the next ones. Unset: not judged.
    std::function<void(bool)> set_hanging;
    /// Within what everything ends that is not made to hang. Default 30 s.
    std::chrono::milliseconds patience{30'000};
};

namespace detail {

/// Runs all cases, each on a sink of its own.
template <class Sink>
class SinkSuite {
public:
    using Make = std::function<Sink(boost::asio::any_io_executor)>;

    SinkSuite(Make make, SinkCheckOptions options, ConformanceReport& report)
        : make_(std::move(make)), options_(std::move(options)), report_(report) {}

    void run() {
        limits();
        storing();
        requests();
        failing();
        cancelling();
    }

private:
    using Outcome = std::optional<Result<void>>;

    /// The sink of one case, and what was wrong with it.
    struct Scene {
        Scene(SinkSuite& suite, ConformanceCase& one)
            : sink(suite.make_(context.get_executor())),
              options(suite.options_),
              problems(one.problems) {}

        void expect(bool kept, const char* otherwise) {
            if (!kept) problems.emplace_back(otherwise);
        }
        /// Begins to store, until `signal` says otherwise.
        void begin(const DataFrame& frame) {
            outcome.reset();
            boost::asio::co_spawn(
                context,
                sink.store(frame),
                boost::asio::bind_cancellation_slot(
                    signal.slot(), [this](const std::exception_ptr& thrown, Result<void> got) {
                        if (thrown) problems.emplace_back("it threw an exception");
                        outcome.emplace(std::move(got));
                        context.stop();
                    }));
        }
        /// Runs it until it has ended, or for `span`.
        const Outcome& run(std::chrono::milliseconds span) {
            context.restart();
            context.run_for(span);
            return outcome;
        }
        Outcome store(const DataFrame& frame) {
            begin(frame);
            run(options.patience);
            expect(outcome.has_value(), "it did not end");
            return outcome;
        }
        void store_well(const DataFrame& frame) {
            const Outcome told = store(frame);
            if (told && !*told) problems.push_back("store failed: " + told->error().to_string());
        }
        void expect_stored(SampleTable all) {
            expect(is_same(options.stored(), std::move(all)), "other samples are stored");
        }

        boost::asio::io_context context{1};
        // Before the sink's coroutines, which are in the context, and after it.
        boost::asio::cancellation_signal signal;
        Outcome outcome;
        Sink sink;
        const SinkCheckOptions& options;
        std::vector<std::string>& problems;
    };

    static Timestamp at(std::int64_t microseconds) {
        constexpr std::int64_t begin = 1'704'067'200'000'000;
        return Timestamp::from_microseconds(begin + microseconds);
    }
    /// Two inputs that share some of their times.
    static DataFrame frame(double shift = 0) {
        DataFrame made;
        for (std::int64_t i = 0; i != 50; ++i) {
            const double value = static_cast<double>(i) + shift;
            made.append(at(i * 1'000'000), {{"kit/a", value}});
            if (i % 3 == 0) made.append(at(i * 1'000'000), {{"kit/b", -value}});
        }
        made.normalize();
        return made;
    }
    static bool is_same(SampleTable a, SampleTable b) {
        const auto earlier = [](const clarify::Sample& one, const clarify::Sample& other) {
            return one.time < other.time;
        };
        const auto same = [](const clarify::Sample& one, const clarify::Sample& other) {
            return one.time == other.time &&
                std::bit_cast<std::uint64_t>(one.value) ==
                std::bit_cast<std::uint64_t>(other.value);
        };
        for (SampleTable* const table : {&a, &b}) {
            std::erase_if(*table, [](const auto& column) { return column.second.empty(); });
            for (auto& [key, column] : *table)
                std::sort(column.begin(), column.end(), earlier);
        }
        return std::equal(
            a.begin(), a.end(), b.begin(), b.end(), [&](const auto& one, const auto& other) {
                return one.first == other.first &&
                    std::equal(
                           one.second.begin(),
                           one.second.end(),
                           other.second.begin(),
                           other.second.end(),
                           same);
            });
    }
    static SampleTable table_of(const DataFrame& frame) { return clarify::detail::table_of(frame); }

    template <class Body>
    void check(const char* name, const char* promise, Body body) {
        report_.run(name, promise, [&](ConformanceCase& one) {
            Scene scene{*this, one};
            body(scene);
        });
    }
    /// Where one of the options is needed.
    template <class Body>
    void check_if(bool can, const char* name, const char* promise, Body body) {
        if (can) return check(name, promise, std::move(body));
        report_.skip(name, promise, "the options do not tell how");
    }

    void limits();
    void storing();
    void requests();
    void failing();
    void cancelling();

    Make make_;
    SinkCheckOptions options_;
    ConformanceReport& report_;
};

template <class Sink>
void SinkSuite<Sink>::limits() {
    check("limits.size", "a frame may have some bytes", [](Scene& scene) {
        scene.expect(scene.sink.max_size() > 0, "max_size() is 0");
    });
    check("limits.interval", "the interval is not negative", [](Scene& scene) {
        scene.expect(scene.sink.interval() >= Clock::duration{}, "interval() is negative");
    });
}

template <class Sink>
void SinkSuite<Sink>::storing() {
    check("store.all", "the samples of a frame are stored, and nothing else", [](Scene& scene) {
        scene.store_well(frame());
        scene.expect_stored(table_of(frame()));
    });
    check("store.exact", "they are as they were, to the last bit", [](Scene& scene) {
        DataFrame hard;
        hard.append(at(1), {{"kit/a", 5e-324}});
        hard.append(at(2), {{"kit/a", -1.7976931348623157e308}});
        hard.append(at(3), {{"kit/a", 0.1}, {"kit/b", 1.0 / 3}});
        scene.store_well(hard);
        scene.expect_stored(table_of(hard));
    });
    check("store.replaces", "a value takes the place of the one before", [](Scene& scene) {
        scene.store_well(frame());
        scene.store_well(frame(1));
        scene.expect_stored(table_of(frame(1)));
    });
    check("store.twice", "to store a frame twice does no harm", [](Scene& scene) {
        scene.store_well(frame());
        scene.store_well(frame());
        scene.expect_stored(table_of(frame()));
    });
    check("store.largest", "a frame of nearly the largest size is stored", [](Scene& scene) {
        constexpr std::size_t most = 8'000'000;
        // For each sample a time of at most 32 bytes, and a value of three.
        const std::size_t rows = (std::min)(scene.sink.max_size(), most) / 40;
        DataFrame large;
        for (std::size_t i = 0; i != rows; ++i)
            large.append(at(static_cast<std::int64_t>(i) * 1'000), {{"kit/a", 1.5}});
        if (large.empty()) return;
        scene.store_well(large);
        scene.expect_stored(table_of(large));
    });
}

template <class Sink>
void SinkSuite<Sink>::requests() {
    const bool can = static_cast<bool>(options_.requests);
    check_if(can, "store.once", "a frame is stored by one request", [](Scene& scene) {
        const std::uint64_t before = scene.options.requests();
        scene.store_well(frame());
        scene.expect(scene.options.requests() == before + 1, "there was not one request");
    });
    check_if(can, "store.lazy", "nothing is sent before it is awaited", [](Scene& scene) {
        const std::uint64_t before = scene.options.requests();
        const DataFrame samples = frame();
        { const boost::asio::awaitable<Result<void>> never = scene.sink.store(samples); }
        scene.run(std::chrono::milliseconds{50});
        scene.expect(scene.options.requests() == before, "something was sent");
    });
}

template <class Sink>
void SinkSuite<Sink>::failing() {
    const bool can = static_cast<bool>(options_.set_away);
    check_if(can, "failure.told", "a service that is away is a failure", [](Scene& scene) {
        scene.options.set_away(true);
        const Outcome away = scene.store(frame());
        scene.options.set_away(false);
        scene.expect(!away || !*away, "it succeeded");
        scene.expect_stored({});
    });
    check_if(can, "failure.passes", "when it is back, the same frame is stored", [](Scene& scene) {
        scene.options.set_away(true);
        scene.store(frame());
        scene.options.set_away(false);
        scene.store_well(frame());
        scene.expect_stored(table_of(frame()));
    });
    check_if(
        can && options_.requests,
        "failure.once",
        "a sink repeats nothing by itself",
        [](Scene& scene) {
            const std::uint64_t before = scene.options.requests();
            scene.options.set_away(true);
            scene.store(frame());
            scene.options.set_away(false);
            scene.expect(scene.options.requests() <= before + 1, "it sent more than one request");
        });
}

template <class Sink>
void SinkSuite<Sink>::cancelling() {
    const bool can = static_cast<bool>(options_.set_hanging);
    check_if(can, "cancel.ends", "an attempt under way can be cancelled", [](Scene& scene) {
        constexpr std::chrono::milliseconds moment{100};
        scene.options.set_hanging(true);
        const DataFrame samples = frame();
        scene.begin(samples);
        if (scene.run(moment)) {
            scene.options.set_hanging(false);
            return scene.expect(!*scene.outcome, "it succeeded without an answer");
        }
        scene.signal.emit(boost::asio::cancellation_type::terminal);
        scene.run(scene.options.patience / 10);
        scene.expect(scene.outcome.has_value(), "it did not end");
        if (scene.outcome) scene.expect(!*scene.outcome, "it succeeded without an answer");
        scene.options.set_hanging(false);
        scene.run(moment);
    });
    check_if(can, "cancel.goes_on", "after that the next frame is stored", [](Scene& scene) {
        constexpr std::chrono::milliseconds moment{100};
        scene.options.set_hanging(true);
        const DataFrame samples = frame();
        scene.begin(samples);
        scene.run(moment);
        scene.signal.emit(boost::asio::cancellation_type::terminal);
        scene.run(scene.options.patience / 10);
        scene.options.set_hanging(false);
        scene.store_well(frame(1));
        scene.expect_stored(table_of(frame(1)));
    });
}

}  // namespace detail
}  // namespace clarify::testing

#endif  // CLARIFY_TESTING_DETAIL_KITS_SINK_SUITE_HPP
