// SPDX-License-Identifier: BSL-1.0
// The suite behind check_sample_spool.

#ifndef CLARIFY_TESTING_DETAIL_KITS_SPOOL_SUITE_HPP
#define CLARIFY_TESTING_DETAIL_KITS_SPOOL_SUITE_HPP

#include <clarify/api/samples.hpp>
#include <clarify/api/timestamp.hpp>
#include <clarify/core/errc.hpp>
#include <clarify/core/result.hpp>
#include <clarify/ingest/detail/sample_tables.hpp>
#include <clarify/ingest/sample_spool.hpp>
#include <clarify/testing/conformance.hpp>

#include <bit>
#include <chrono>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace clarify::testing::detail {

/** Runs all cases, each on a spool of its own.

    A spool may join batches that nobody has read yet, so the cases go by pages and their marks, not by
    the batches that were appended.
*/
template <class Spool>
class SpoolSuite {
public:
    using Open = std::function<Spool()>;

    SpoolSuite(Open make, Open reopen, ConformanceReport& report)
        : make_(std::move(make)), reopen_(std::move(reopen)), report_(report) {}

    void run() {
        appending();
        reading();
        removing();
        dropping();
        full();
        reopening();
    }

private:
    static constexpr std::uint64_t everything = (std::numeric_limits<std::uint64_t>::max)();

    /// The spool of one case, and what was wrong with it.
    struct Scene {
        Scene(Spool given, ConformanceCase& one)
            : spool(std::move(given)), problems(one.problems) {}

        void expect(bool kept, const char* otherwise) {
            if (!kept) problems.emplace_back(otherwise);
        }
        /// The number of a new batch; 0 where that failed.
        std::uint64_t append(SampleTable table, std::int64_t written = 0) {
            using std::chrono::system_clock;
            const system_clock::time_point at{std::chrono::seconds{written}};
            const Result<std::uint64_t> number = spool.append(table, at);
            if (number) return *number;
            problems.push_back("append failed: " + number.error().to_string());
            return 0;
        }
        SpoolPage read(std::uint64_t after, std::uint64_t count = everything) {
            Result<SpoolPage> page = spool.read(after, count);
            if (page) return std::move(*page);
            problems.push_back("read failed: " + page.error().to_string());
            return {};
        }
        void remove(std::uint64_t mark) {
            const Result<void> removed = spool.remove(mark);
            if (!removed) problems.push_back("remove failed: " + removed.error().to_string());
        }

        Spool spool;
        std::vector<std::string>& problems;
    };

    /// Samples of one input, a second apart, from `first` on.
    static SampleTable samples(std::int64_t first, std::int64_t count, const char* input = "a") {
        SampleTable table;
        for (std::int64_t i = first; i != first + count; ++i)
            table[input].push_back(
                {Timestamp::from_microseconds(i * 1'000'000), static_cast<double>(i)});
        return table;
    }
    static bool is_same(const SampleTable& a, const SampleTable& b) {
        if (a.size() != b.size()) return false;
        for (auto left = a.begin(), right = b.begin(); left != a.end(); ++left, ++right) {
            if (left->first != right->first || left->second.size() != right->second.size())
                return false;
            for (std::size_t i = 0; i != left->second.size(); ++i) {
                const clarify::Sample& one = left->second[i];
                const clarify::Sample& other = right->second[i];
                if (one.time != other.time ||
                    std::bit_cast<std::uint64_t>(one.value) !=
                        std::bit_cast<std::uint64_t>(other.value))
                    return false;
            }
        }
        return true;
    }
    static std::uint64_t count_of(const SampleTable& table) {
        return clarify::detail::count_of(table);
    }

    template <class Body>
    void check(const char* name, const char* promise, Body body) {
        report_.run(name, promise, [&](ConformanceCase& one) {
            Scene scene{make_(), one};
            body(scene, one);
        });
    }
    template <class Body>
    void check(
        const char* name, const char* promise, Body body) requires std::invocable<Body&, Scene&> {
        check(name, promise, [&](Scene& scene, ConformanceCase&) { body(scene); });
    }

    void appending();
    void reading();
    void removing();
    void dropping();
    void full();
    void fill(Scene& scene, ConformanceCase& one);
    void reopening();

    Open make_;
    Open reopen_;
    ConformanceReport& report_;
};

template <class Spool>
void SpoolSuite<Spool>::appending() {
    check("append.numbers", "numbers begin at 1 or later, and grow", [](Scene& scene) {
        std::uint64_t last = 0;
        for (std::int64_t i = 0; i != 5; ++i) {
            const std::uint64_t number = scene.append(samples(i, 2));
            scene.expect(number > last, "a number was not larger than the one before");
            scene.expect(scene.spool.state().newest == number, "state().newest is another number");
            last = number;
        }
    });
    check("append.never_again", "the number of a batch is never used again", [](Scene& scene) {
        const std::uint64_t first = scene.append(samples(0, 3));
        scene.read(0);
        scene.remove(first);
        scene.expect(scene.spool.state().newest == first, "state().newest has changed by remove");
        scene.expect(scene.append(samples(3, 1)) > first, "a number came again after a removal");
    });
    check("append.counts", "a batch counts for the values in it", [](Scene& scene) {
        scene.expect(scene.spool.state().samples == 0, "an empty spool counts samples");
        SampleTable table = samples(0, 4);
        // Twice the same input and time are two values.
        table["a"].push_back({Timestamp::from_microseconds(0), 7});
        table["b"].push_back({Timestamp::from_microseconds(0), 8});
        scene.append(table);
        scene.expect(scene.spool.state().samples == 6, "state().samples is not the sum");
        scene.expect(scene.spool.state().bytes != 0, "samples take no bytes");
    });
    check("append.written", "the time of the oldest batch that waits is kept", [](Scene& scene) {
        using std::chrono::system_clock;
        const auto at = [](std::int64_t seconds) {
            return system_clock::time_point{std::chrono::seconds{seconds}};
        };
        scene.expect(!scene.spool.state().oldest_written, "an empty spool has an oldest batch");
        scene.append(samples(0, 2), 1'000'000'000);
        const std::uint64_t mark = scene.read(0).mark;
        scene.append(samples(2, 2), 1'000'000'060);
        scene.expect(
            scene.spool.state().oldest_written == at(1'000'000'000), "the first one has another");
        scene.remove(mark);
        scene.expect(
            scene.spool.state().oldest_written == at(1'000'000'060), "the second one has another");
    });
}

template <class Spool>
void SpoolSuite<Spool>::reading() {
    check("read.exact", "samples come as they were, to the last bit", [](Scene& scene) {
        SampleTable table = samples(0, 100);
        table["z_\u00e9"] = {
            {(Timestamp::min)(), -0.0},
            {(Timestamp::max)(), 5e-324},
            {Timestamp::from_microseconds(-1), -1.7976931348623157e308},
            {Timestamp::from_microseconds(1), 0.1}};
        scene.append(table);
        scene.expect(is_same(scene.read(0).samples, table), "other samples were read");
    });
    check("read.order", "later samples stand behind earlier ones", [](Scene& scene) {
        SampleTable all;
        for (const double value : {3.0, 1.0, 2.0}) {
            SampleTable table;
            table["a"].push_back({Timestamp::from_microseconds(5), value});
            all["a"].push_back(table["a"].front());
            scene.append(table);
        }
        scene.expect(is_same(scene.read(0).samples, all), "the order is another one");
    });
    check("read.whole", "pages have whole batches, at least one, in order", [](Scene& scene) {
        constexpr std::int64_t batches = 10;
        constexpr std::int64_t size = 1'500;
        for (std::int64_t i = 0; i != batches; ++i)
            scene.append(samples(i * size, size));
        SampleTable all;
        std::uint64_t mark = 0;
        for (const std::uint64_t most : {1U, 1'500U, 2'999U, 3'000U, 100'000U}) {
            const SpoolPage page = scene.read(mark, most);
            scene.expect(page.mark > mark, "a page ended before it began");
            scene.expect(page.count == count_of(page.samples), "a page counts other samples");
            scene.expect(page.count % 1'500 == 0 && page.count != 0, "a batch was divided");
            scene.expect(page.count <= (most < 1'500 ? 1'500U : most), "a page has too many");
            clarify::detail::add_samples(all, page.samples);
            mark = page.mark;
        }
        scene.expect(is_same(all, samples(0, batches * size)), "samples are missing, or doubled");
    });
    check("read.end", "behind the last batch there is nothing", [](Scene& scene) {
        scene.expect(scene.read(0).mark == 0, "an empty spool has a mark");
        const std::uint64_t number = scene.append(samples(0, 3));
        const SpoolPage page = scene.read(number);
        scene.expect(page.samples.empty() && page.count == 0, "there are samples");
        scene.expect(page.mark == number, "the mark has changed");
    });
    check("read.keeps", "reading takes nothing away", [](Scene& scene) {
        scene.append(samples(0, 50));
        const SpoolPage first = scene.read(0);
        const SpoolPage second = scene.read(0);
        scene.expect(is_same(first.samples, second.samples), "the second page differs");
        scene.expect(first.mark == second.mark, "the second mark differs");
        scene.expect(scene.spool.state().samples == 50, "samples do not wait any more");
    });
}

template <class Spool>
void SpoolSuite<Spool>::removing() {
    check("remove.up_to", "batches up to the mark go, others stay", [](Scene& scene) {
        scene.append(samples(0, 10));
        const std::uint64_t mark = scene.read(0).mark;
        const std::uint64_t later = scene.append(samples(10, 7));
        scene.remove(mark);
        scene.expect(scene.spool.state().samples == 7, "state().samples is not what is left");
        const SpoolPage rest = scene.read(0);
        scene.expect(is_same(rest.samples, samples(10, 7)), "others than the later ones are left");
        scene.expect(rest.mark == later, "the mark of the rest is another one");
    });
    check("remove.none", "removing what is not there is a success", [](Scene& scene) {
        scene.remove(0);
        scene.remove(everything);
        const std::uint64_t number = scene.append(samples(0, 1));
        scene.remove(number);
        scene.remove(number);
        scene.expect(scene.spool.state().samples == 0, "something is left");
        scene.expect(!scene.spool.state().oldest_written, "there is an oldest batch");
    });
}

template <class Spool>
void SpoolSuite<Spool>::dropping() {
    check("drop.oldest", "the oldest behind the mark make room", [](Scene& scene) {
        scene.append(samples(0, 2'000));
        const std::uint64_t in_hand = scene.read(0).mark;
        scene.append(samples(2'000, 3'000));
        scene.read(in_hand);
        scene.append(samples(5'000, 1'500));
        const Result<std::uint64_t> dropped = scene.spool.drop(in_hand, 1);
        scene.expect(dropped && *dropped == 3'000, "others than the oldest one were dropped");
        SampleTable left = samples(0, 2'000);
        clarify::detail::add_samples(left, samples(5'000, 1'500));
        scene.expect(is_same(scene.read(0).samples, left), "the rest is not what it was");
        scene.expect(scene.spool.state().samples == 3'500, "state().samples is another number");
    });
    check("drop.none", "where there is none to drop, none is dropped", [](Scene& scene) {
        const std::uint64_t number = scene.append(samples(0, 5));
        scene.read(0);
        const Result<std::uint64_t> dropped = scene.spool.drop(number, 1'000);
        scene.expect(dropped && *dropped == 0, "something was dropped");
        scene.expect(scene.spool.state().samples == 5, "samples are missing");
    });
}

template <class Spool>
void SpoolSuite<Spool>::full() {
    check(
        "full.refuses",
        "a full spool refuses, keeps what it has, and takes more when there is room",
        [this](Scene& scene, ConformanceCase& one) { fill(scene, one); });
}

template <class Spool>
void SpoolSuite<Spool>::fill(Scene& scene, ConformanceCase& one) {
    constexpr std::int64_t size = 10'000;
    // At sixteen bytes a sample.
    constexpr std::int64_t most = (std::int64_t{64} << 20) / 16;
    std::optional<Error> refused;
    std::int64_t appended = 0;
    while (!refused && appended < most) {
        SampleTable table = samples(appended, size);
        // What is hard to pack.
        for (clarify::Sample& sample : table["a"])
            sample.value = 1 / (sample.value + 3);
        const SampleTable same = table;
        const SpoolState before = scene.spool.state();
        const Result<std::uint64_t> number = scene.spool.append(table, {});
        if (number) {
            appended += size;
            continue;
        }
        refused = number.error();
        scene.expect(is_same(table, same), "the samples that were refused are changed");
        scene.expect(scene.spool.state().samples == before.samples, "refused samples are counted");
        scene.expect(scene.spool.state().newest == before.newest, "what was refused has a number");
    }
    if (!refused) {
        one.not_judged = "64 MiB of samples are not too many for it";
        return;
    }
    scene.expect(refused->code() == Errc::overloaded, "it says something else than overloaded");
    scene.expect(appended != 0, "it is full when it is empty");
    const SpoolPage page = scene.read(0, 1);
    scene.expect(page.count != 0, "a full spool cannot be read");
    scene.remove(everything);
    scene.append(samples(0, 1'000));
}

template <class Spool>
void SpoolSuite<Spool>::reopening() {
    const char* const promise = "what was appended and not removed is there again";
    report_.run("reopen.keeps", promise, [&](ConformanceCase& one) {
        std::uint64_t newest = 0;
        {
            Scene scene{make_(), one};
            if (!scene.spool.durable()) {
                one.not_judged = "it does not outlive its object";
                return;
            }
            scene.append(samples(0, 10), 1'000'000'000);
            const std::uint64_t mark = scene.read(0).mark;
            newest = scene.append(samples(10, 20), 1'000'000'060);
            scene.remove(mark);
        }
        {
            Scene again{reopen_(), one};
            const SpoolState state = again.spool.state();
            again.expect(state.samples == 20, "state().samples is another number");
            again.expect(state.newest == newest, "state().newest is another number");
            again.expect(state.damage.empty() && state.lost == 0, "something counts as damaged");
            const SpoolPage page = again.read(0);
            again.expect(is_same(page.samples, samples(10, 20)), "other samples are there");
            again.expect(page.mark == newest, "the mark is another one");
            again.remove(newest);
        }
        Scene last{reopen_(), one};
        last.expect(last.spool.state().samples == 0, "what was removed is there again");
        last.expect(last.append(samples(0, 1)) > newest, "a number came again");
    });
}

}  // namespace clarify::testing::detail

#endif  // CLARIFY_TESTING_DETAIL_KITS_SPOOL_SUITE_HPP
