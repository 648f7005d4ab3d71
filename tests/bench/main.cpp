// SPDX-License-Identifier: BSL-1.0
// A warm call on loopback, in several ways, interleaved in one run: CPU time, allocations and
// system calls of the client per call, as medians and as ratios to the first rival.

#include "counters.hpp"
#include "extra.hpp"
#include "rivals.hpp"
#include "server.hpp"

#include <sched.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <vector>

namespace {

double cpu_seconds() {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

struct Samples {
    std::vector<double> cpu, allocations, system_calls;
};

void measure(bench::Rival& rival, std::size_t width, std::size_t calls, Samples& samples) {
    const bench::Counters before = bench::counters_of_this_thread();
    const double cpu = cpu_seconds();
    rival.run(width, calls);
    const auto total = static_cast<double>(width * calls);
    const bench::Counters after = bench::counters_of_this_thread();
    samples.cpu.push_back((cpu_seconds() - cpu) * 1e6 / total);
    samples.allocations.push_back(
        static_cast<double>(after.allocations - before.allocations) / total);
    samples.system_calls.push_back(
        static_cast<double>(after.system_calls - before.system_calls) / total);
}

void compare(std::uint16_t port, std::size_t width, std::size_t calls, int rounds) {
    std::vector<std::unique_ptr<bench::Rival>> rivals;
    rivals.push_back(bench::make_beast(port));
    rivals.push_back(bench::make_clarify(port));
    rivals.push_back(bench::make_any_clarify(port));
    std::vector<Samples> samples(rivals.size());
    for (auto& rival : rivals)
        rival->run(width, 10);
    for (int round = 0; round != rounds; ++round) {
        for (std::size_t i = 0; i != rivals.size(); ++i)
            measure(*rivals[i], width, calls, samples[i]);
    }
    std::printf(
        "\n%zu connection%s, %d rounds of %zu calls\n",
        width,
        width == 1 ? "" : "s",
        rounds,
        width * calls);
    std::printf("  %-9s %16s %16s %16s\n", "", "CPU us/call", "allocations", "system calls");
    const auto column = [&](std::size_t i, std::vector<double> Samples::*member) {
        const double value = median(samples[i].*member);
        const double base = median(samples[0].*member);
        std::printf("  %7.2f (%4.2fx)", value, base > 0 ? value / base : 1.0);
    };
    for (std::size_t i = 0; i != rivals.size(); ++i) {
        std::printf("  %-9s", rivals[i]->name().c_str());
        column(i, &Samples::cpu);
        column(i, &Samples::allocations);
        column(i, &Samples::system_calls);
        std::printf("\n");
    }
}

/// Client and server share one core: on two, a quick client mostly pays for waking an idle core.
void share_one_core() {
    cpu_set_t allowed;
    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return;
    for (int core = 0; core != CPU_SETSIZE; ++core) {
        if (!CPU_ISSET(core, &allowed)) continue;
        cpu_set_t one;
        CPU_ZERO(&one);
        CPU_SET(core, &one);
        sched_setaffinity(0, sizeof one, &one);
        return;
    }
}

}  // namespace

int main(int argc, char** argv) {
    const int rounds = argc > 1 ? std::max(1, std::atoi(argv[1])) : 15;
    share_one_core();
    // In a process of its own, so that only the client is measured.
    const bench::Server server;
    std::printf(
        "A warm call, medians; in parentheses the ratio to hand-written Beast and Boost.JSON.\n");
    compare(server.port(), 1, 2000, rounds);
    compare(server.port(), 64, 100, rounds);
    for (const bench::Extra* extra = bench::Extra::first; extra != nullptr; extra = extra->next)
        extra->run();
    return 0;
}
