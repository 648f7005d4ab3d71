// SPDX-License-Identifier: BSL-1.0
// The ledger of a gateway: the program itself, with a spool, is killed again and again, before a service that is away,
// slow, lying, rejecting and rate-limited. Compares sample by sample what it has acknowledged with what is stored in the end.

#include "../cli/gateway_process.hpp"
#include "../cli/gateway_sender.hpp"
#include "../support/temporary_directory.hpp"
#include "gateway_book.hpp"
#include "gateway_senders.hpp"
#include "gateway_service.hpp"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace gateway_campaign {
namespace {

using gateway_test::GatewayProcess;

constexpr const char* help =
    R"(Usage: CLARIFY_GATEWAY=PROGRAM clarify_gateway_campaign [--samples N] [--seed N] [--seconds N]

Posts N samples (1000000), and other values for some of them later, to a gateway with a spool. For so many seconds (40) it
is killed and started again, before a service that is away, slow, lying, rejecting and rate-limited. Then there are
no more faults; the gateway takes what has not been posted yet, stores what is left, and ends. Exits with 1 if a sample
that was acknowledged is not stored, or not the last value of it, or if a bad one was not set aside.
)";

/// How long a gateway lives, by its number.
struct Life {
    /// It is killed before it can be ready.
    bool ends_early = false;
    Ms span{0};
    /// It is killed so much after an insert was executed, while one that it sent before has not been yet.
    bool is_hunted = false;
    Ms after_insert{0};
    Ms max_delay{0};
    bool outlives_power = false;
    bool has_small_spool = false;
};
Life life_of(std::uint64_t seed, std::uint64_t number) {
    support::ChaosRandom random = draw(seed, Draw::life, number);
    Life life;
    life.ends_early = random.below(8) == 0;
    const std::array<std::uint64_t, 4> longest{2'000, 5'000, 8'000, 15'000};
    life.span = Ms{100 + random.below(longest[random.below(longest.size())])};
    if (life.ends_early) life.span = Ms{random.below(100)};
    const std::array<Ms, 3> delays{Ms{0}, Ms{100}, Ms{1'000}};
    life.max_delay = delays[random.below(delays.size())];
    life.outlives_power = random.below(2) == 0;
    life.has_small_spool = random.below(4) == 0;
    life.is_hunted = random.below(2) == 0;
    life.after_insert = Ms{random.below(1'000)};
    return life;
}

class Campaign {
public:
    explicit Campaign(Book& book)
        : book_(book),
          credentials_(folder_.write("c", gateway_test::credentials_for(service_.port()))) {}

    void run() {
        const SteadyTime end =
            std::chrono::steady_clock::now() + std::chrono::seconds{book_.settings.seconds};
        PostingSenders senders{book_, service_, port_};
        while (std::chrono::steady_clock::now() < end && !senders.are_through())
            live(life_of(book_.settings.seed, lives_++), senders);
        service_.behave();
        store_the_rest(senders);
    }

    std::uint64_t kills() const noexcept { return lives_; }
    /// More inserts than a second has, of all gateways together.
    bool was_too_fast() const { return service_.inserts() > allowed_; }
    const Service& service() const noexcept { return service_; }

    /// The samples with the values that were set aside.
    std::set<std::pair<std::uint32_t, Version>> set_aside() {
        std::set<std::pair<std::uint32_t, Version>> out;
        for (const char* const name : {"spool.rejected", "spool.rejected.1"}) {
            std::ifstream file{folder_ / name};
            std::string line;
            while (std::getline(file, line)) {
                const json::value one = json::parse(line);
                const auto input = input_of(one.at("input").as_string());
                const auto row = row_of(one.at("time").as_string());
                const std::uint64_t sample =
                    input && row ? *row * std::uint64_t{inputs} + *input : 0;
                if (!input || !row || sample >= book_.entries.size()) {
                    ++book_.never_sent;
                    continue;
                }
                const auto number = static_cast<std::uint32_t>(sample);
                const double value = one.at("value").to_number<double>();
                out.emplace(number, version_of(book_.settings.seed, number, value));
            }
        }
        return out;
    }

private:
    std::vector<std::string> options(const Life& life) const {
        return {
            "--host",
            "gateway",
            "--credentials",
            credentials_.string(),
            "--spool",
            (folder_ / "spool").string(),
            "--spool-size",
            life.has_small_spool ? "2MiB" : "1GiB",
            "--durability",
            life.outlives_power ? "power" : "process",
            "--max-delay",
            std::to_string(life.max_delay.count()) + "ms",
            "--timeout",
            std::to_string(longest_wait.count()) + "ms"};
    }

    void live(const Life& life, PostingSenders& senders) {
        const SteadyTime start = std::chrono::steady_clock::now();
        if (life.ends_early) {
            GatewayProcess::kill_at_start(options(life), life.span);
        } else {
            GatewayProcess gateway{options(life)};
            gateway_test::Sender watcher{gateway};
            port_ = gateway.port();
            SteadyTime end = std::chrono::steady_clock::now() + life.span;
            bool is_hunted = life.is_hunted;
            for (unsigned i = 0; std::chrono::steady_clock::now() < end && !senders.are_through();
                 ++i) {
                service_.tend();
                if (i % 8 == 0) look_at(gateway, watcher);
                std::this_thread::sleep_for(Ms{20});
                if (!is_hunted || !service_.was_well_since(start)) continue;
                end = std::min(end, std::chrono::steady_clock::now() + life.after_insert);
                is_hunted = false;
            }
            gateway.send_signal(SIGKILL);
            if (gateway.wait() != -SIGKILL)
                throw std::runtime_error{"the gateway has ended: " + gateway.log()};
            port_ = 0;
        }
        allow_since(start);
        service_.tend();
    }

    /// By the last gateway, which is not killed.
    void store_the_rest(PostingSenders& senders) {
        constexpr std::chrono::seconds no_progress{90};
        const SteadyTime start = std::chrono::steady_clock::now();
        GatewayProcess gateway{options(Life{})};
        gateway_test::Sender watcher{gateway};
        port_ = gateway.port();
        SteadyTime limit = start + no_progress;
        std::int64_t before = 0;
        for (bool is_over = false; !is_over;) {
            const bool is_all_posted = senders.are_through();
            const std::int64_t pending = look_at(gateway, watcher);
            is_over = is_all_posted && pending == 0;
            const SteadyTime now = std::chrono::steady_clock::now();
            if (std::exchange(before, pending) != pending) limit = now + no_progress;
            if (now > limit) throw std::runtime_error{"nothing is stored: " + gateway.log()};
            service_.tend();
            std::this_thread::sleep_for(Ms{100});
        }
        while (service_.has_late())
            std::this_thread::sleep_for(Ms{50});
        gateway.send_signal(SIGTERM);
        if (gateway.wait() != 0 || gateway.counted("left") != 0)
            throw std::runtime_error{"the gateway did not end well: " + gateway.log()};
        allow_since(start);
    }

    /// Checks what the gateway says of itself, and returns how many samples it says it has.
    std::int64_t look_at(const GatewayProcess& gateway, gateway_test::Sender& watcher) {
        json::value status;
        try {
            status = json::parse(watcher.get("/status").body());
        } catch (const std::exception& error) {
            throw std::runtime_error{std::string{error.what()} + ": " + gateway.log()};
        }
        std::int64_t dropped = 0;
        for (const auto& [reason, count] : status.at("dropped").as_object())
            dropped += count.to_number<std::int64_t>();
        const auto number = [&](const char* name) {
            return status.at(name).to_number<std::int64_t>();
        };
        const std::int64_t pending = number("pending");
        if (number("offered") != number("stored") + pending + dropped) ++book_.unbalanced;
        if (dropped != number("rejected") || !status.at("damage").as_array().empty())
            ++book_.lost_in_spool;
        return pending;
    }

    void allow_since(SteadyTime start) {
        const auto life = std::chrono::steady_clock::now() - start;
        allowed_ += 1 +
            static_cast<std::uint64_t>(
                        std::chrono::duration_cast<std::chrono::seconds>(life).count());
    }

    Book& book_;
    support::TemporaryDirectory folder_;
    Service service_{book_};
    std::filesystem::path credentials_;
    Port port_ = 0;
    std::uint64_t lives_ = 0;
    std::uint64_t allowed_ = 0;
};

/// Counts what must not be, and prints the first of each kind.
class Breaches {
public:
    explicit Breaches(Book& book) : book_(book) {}

    void count(const char* name, std::uint64_t count) {
        if (count == 0) return;
        std::printf("%s: %llu\n", name, static_cast<unsigned long long>(count));
        is_kept_ = false;
    }
    void judge(const std::set<std::pair<std::uint32_t, Version>>& set_aside) {
        for (std::uint32_t i = 0; i != book_.entries.size(); ++i) {
            const Entry& entry = book_.entries[i];
            const Version last = entry.acknowledged;
            if (last == 0) continue;
            // What was sent and not acknowledged since may have taken its place; a bad one, if that was stored.
            const bool is_replaced = last != entry.sent;
            if (!book_.has_bad_value(i, last, entry.sent)) {
                if (entry.stored == 0) tell("acknowledged and missing", i);
                if (entry.stored != 0 && entry.stored < last) tell("not the last value", i);
            } else if (!is_replaced && !set_aside.contains({i, last})) {
                tell("bad and not set aside", i);
            }
        }
        for (const auto& [sample, version] : set_aside) {
            if (version == 0 || version > book_.entries[sample].sent ||
                !is_bad(book_.settings.seed, sample, version))
                tell("good and set aside", sample);
        }
        count("differences", differences_);
    }
    bool is_kept() const noexcept { return is_kept_; }

private:
    void tell(const char* what, std::uint32_t sample) {
        constexpr std::uint64_t enough = 10;
        if (differences_++ >= enough) return;
        const Entry& entry = book_.entries[sample];
        std::printf(
            "%s: %s at %s, of the values 1 to %u was acknowledged %u, stored %u\n",
            what,
            key_of(sample % inputs).c_str(),
            time_of(sample / inputs).c_str(),
            unsigned{entry.sent},
            unsigned{entry.acknowledged},
            unsigned{entry.stored});
    }

    Book& book_;
    bool is_kept_ = true;
    std::uint64_t differences_ = 0;
};

void print_figures(
    const Book& book, const Campaign& campaign, std::size_t set_aside, double seconds) {
    const auto number = [](std::uint64_t value) { return static_cast<unsigned long long>(value); };
    const Service& service = campaign.service();
    std::string of_each;
    for (std::size_t i = 0; i != faults.size(); ++i) {
        of_each += of_each.empty() ? "" : ", ";
        of_each += std::string{faults[i].name} + ' ' + std::to_string(service.fault_counts()[i]);
    }
    std::printf(
        "%u samples, %llu rewritten, %llu posts (%llu refused, %llu without an answer, %llu of "
        "them left so, %llu "
        "waited for), %llu kills, %llu inserts (%llu executed late, %llu rejected; %s), %zu set "
        "aside, %.0f s\n",
        book.settings.samples,
        number(book.rewritten),
        number(book.posts),
        number(book.refused),
        number(book.lost),
        number(book.abandoned),
        number(book.waited_for),
        number(campaign.kills()),
        number(service.inserts()),
        number(service.executed_late()),
        number(service.rejections()),
        of_each.c_str(),
        set_aside,
        seconds);
}

Settings parse(int argc, char** argv) {
    Settings settings;
    for (int i = 1; i != argc; ++i) {
        const std::string_view name = argv[i];
        if (name == "--help") {
            std::fputs(help, stdout);
            std::exit(0);
        }
        if (++i == argc) throw std::invalid_argument{"a value is missing; try --help"};
        if (name == "--samples") {
            constexpr std::uint32_t round = senders * post_size;
            settings.samples = static_cast<std::uint32_t>(std::stoul(argv[i])) / round * round;
        } else if (name == "--seed") {
            settings.seed = std::stoull(argv[i]);
        } else if (name == "--seconds") {
            settings.seconds = static_cast<unsigned>(std::stoul(argv[i]));
        } else {
            throw std::invalid_argument{"unknown option " + std::string{name} + "; try --help"};
        }
    }
    return settings;
}

bool run(const Settings& settings) {
    const SteadyTime start = std::chrono::steady_clock::now();
    Book book{settings};
    Campaign campaign{book};
    campaign.run();
    const auto set_aside = campaign.set_aside();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    print_figures(book, campaign, set_aside.size(), took.count());

    Breaches breaches{book};
    breaches.judge(set_aside);
    breaches.count("stored or set aside, and never sent", book.never_sent);
    breaches.count("said to be stored, and not", book.not_stored);
    breaches.count("wrong answers", book.wrong_answers);
    breaches.count("counts that do not add up", book.unbalanced);
    breaches.count("said to be lost or damaged", book.lost_in_spool);
    breaches.count("inserts sent too soon", campaign.was_too_fast() ? 1 : 0);
    std::printf(
        "%s with --samples %u --seed %llu --seconds %u\n",
        breaches.is_kept() ? "Kept" : "BROKEN",
        settings.samples,
        static_cast<unsigned long long>(settings.seed),
        settings.seconds);
    return breaches.is_kept();
}

}  // namespace
}  // namespace gateway_campaign

int main(int argc, char** argv) try {
    return gateway_campaign::run(gateway_campaign::parse(argc, argv)) ? 0 : 1;
} catch (const std::exception& error) {
    std::fprintf(stderr, "clarify_gateway_campaign: %s\n", error.what());
    return 2;
}
