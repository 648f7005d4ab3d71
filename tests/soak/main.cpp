// SPDX-License-Identifier: BSL-1.0
// The soak: clients that live for many calls, and whether they are at the end what they were.

#include "soak.hpp"

#include <unistd.h>

#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

constexpr const char* help =
    R"(Usage: clarify_soak [option...]

Makes calls with clients that live as long as the soak, to servers that fail, fall silent, end
connections, revoke tokens and let them run out, while some calls are cancelled and others have little
time: most of them with TLS on a network in memory, where hours pass in no time, and a share over
sockets with Beast and with libcurl.

Compares what this process holds after a tenth of the calls with what it holds at the end, each time
with no call under way and no connection open: resident memory within 1 MiB, the same descriptors and the same
threads. What the clients have counted must be what their callers have. Exits with 1 if not.

  --calls N    in all (1000000, a minute; 100000000 for hours)
  --seed N     of all that happens (1)
  --help       this text
)";

struct Settings {
    std::uint64_t calls = 1'000'000;
    std::uint64_t seed = 1;
};

Settings parse(int argc, char** argv) {
    Settings out;
    for (int i = 1; i != argc; ++i) {
        const std::string_view name = argv[i];
        if (name == "--help") {
            std::fputs(help, stdout);
            std::exit(0);
        }
        if (name != "--calls" && name != "--seed")
            throw std::invalid_argument{"unknown option " + std::string{name} + "; try --help"};
        if (++i == argc) throw std::invalid_argument{"a value is missing; try --help"};
        (name == "--calls" ? out.calls : out.seed) = std::stoull(argv[i]);
    }
    if (out.calls < 10'000) throw std::invalid_argument{"--calls is less than 10000"};
    return out;
}

int entries(const char* folder) {
    int count = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator{folder})
        ++count;
    return count;
}

/// What this process holds.
struct Holding {
    static Holding now() {
        std::ifstream file{"/proc/self/statm"};
        long size = 0;
        long resident = 0;
        file >> size >> resident;
        return {
            static_cast<double>(resident) * static_cast<double>(::sysconf(_SC_PAGESIZE)) / 1024,
            entries("/proc/self/fd"),
            entries("/proc/self/task")};
    }
    void print(const char* when) const {
        std::printf(
            "%s: %.0f KiB resident, %d descriptors, %d threads\n", when, kib, descriptors, threads);
    }

    double kib;
    int descriptors;
    int threads;
};

struct Share {
    std::unique_ptr<soak::Part> part;
    /// In a thousand calls.
    std::uint64_t share;
};

std::vector<Share> make_parts(std::uint64_t seed) {
    std::vector<Share> parts;
    parts.push_back({soak::make_memory_part(seed), 960});
    parts.push_back({soak::make_beast_part(seed + 10), 20});
    if (auto curl = soak::make_curl_part(seed + 20)) {
        parts.push_back({std::move(curl), 20});
    } else {
        parts.back().share = 40;
    }
    return parts;
}

Holding at_rest(const std::vector<Share>& parts, const char* when) {
    for (const Share& each : parts)
        each.part->rest();
    const Holding holding = Holding::now();
    holding.print(when);
    return holding;
}

bool hold(bool right, const std::string& what) {
    if (!right) std::printf("BROKEN: %s\n", what.c_str());
    return right;
}

bool judge(const soak::Part& part) {
    const soak::Tally& tally = part.tally();
    std::printf(
        "%s: %llu calls, %llu failed (%llu cancelled); %s\n",
        part.name().c_str(),
        static_cast<unsigned long long>(tally.begun),
        static_cast<unsigned long long>(tally.failures),
        static_cast<unsigned long long>(tally.cancelled),
        part.figures().c_str());
    bool kept = hold(tally.wrong == 0, "a call got another's result, or two");
    kept = hold(tally.successes + tally.failures == tally.begun, "a call has no outcome") && kept;
    kept = hold(tally.successes > tally.begun / 10 * 9, "too many calls failed") && kept;
    const std::string miscounted = part.miscounted();
    return hold(miscounted.empty(), "the client has miscounted " + miscounted) && kept;
}

bool soak_all(const Settings& settings) {
    constexpr std::uint64_t blocks = 1'000;
    const std::vector<Share> parts = make_parts(settings.seed);
    const std::uint64_t block = settings.calls / blocks;
    std::vector<std::uint64_t> due(parts.size());
    Holding first{};
    for (std::uint64_t done = 0; done != blocks; ++done) {
        for (std::size_t i = 0; i != parts.size(); ++i) {
            // A few at a time would measure the way from rest to rest.
            due[i] += block * parts[i].share;
            if (due[i] < 100'000 && done + 1 != blocks) continue;
            parts[i].part->run(due[i] / 1'000);
            due[i] %= 1'000;
        }
        if (done + 1 == blocks / 10) first = at_rest(parts, "After a tenth");
    }
    const Holding last = at_rest(parts, "At the end");
    bool kept = true;
    for (const Share& each : parts)
        kept = judge(*each.part) && kept;
    kept = hold(std::abs(last.kib - first.kib) <= 1024, "resident memory") && kept;
    kept = hold(last.descriptors == first.descriptors, "descriptors") && kept;
    return hold(last.threads == first.threads, "threads") && kept;
}

}  // namespace

int main(int argc, char** argv) try {
    const Settings settings = parse(argc, argv);
    const auto begun = std::chrono::steady_clock::now();
    const bool kept = soak_all(settings);
    std::printf(
        "%s with --calls %llu --seed %llu, in %.0f s\n",
        kept ? "Kept" : "BROKEN",
        static_cast<unsigned long long>(settings.calls),
        static_cast<unsigned long long>(settings.seed),
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count());
    return kept ? 0 : 1;
} catch (const std::exception& error) {
    std::fprintf(stderr, "clarify_soak: %s\n", error.what());
    return 2;
}
