// SPDX-License-Identifier: BSL-1.0
// The verdict on a run.

#include "judge.hpp"

#include <algorithm>
#include <cstdio>
#include <functional>

namespace campaign {
namespace {

// A sanitizer's own memory grows with the work.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool memory_counts = false;
#else
constexpr bool memory_counts = true;
#endif

}  // namespace

std::uint64_t Verdict::breaches() const {
    // Heaps breathe; a leak of a few bytes a call is far more.
    const bool grows = memory_counts && memory_growth_kib > 1024;
    return duplicates + false_unsent + false_success + false_answered + false_attempts + crossed +
        late + lost + repeated + (grows ? 1U : 0U) + (extra_descriptors != 0 ? 1U : 0U) +
        (extra_threads != 0 ? 1U : 0U) + (settled ? 0U : 1U);
}

void judge(const Diary& diary, Ledger& ledger, Verdict& verdict) {
    const Settings& settings = verdict.settings;
    std::vector<std::uint32_t> times;
    times.reserve(settings.calls);
    std::vector<std::uint64_t> kinds;
    verdict.stall_ms = static_cast<double>(diary.worst_stall().count());
    // Nobody is on time on a machine that stands still.
    const double grace = static_cast<double>(settings.late.count()) + verdict.stall_ms;
    const unsigned allowed = settings.idempotent ? settings.attempts : 1;
    for (std::uint32_t i = 0; i != settings.calls; ++i) {
        const CallNote& note = diary.notes()[i];
        const unsigned executed = ledger.entry(i).executed;
        const unsigned received = ledger.entry(i).received;
        if (executed > allowed) ++verdict.duplicates;
        if (note.outcomes == 0) {
            ++verdict.lost;
            continue;
        }
        if (note.outcomes > 1) ++verdict.repeated;
        if (note.told == Told::success) {
            ++verdict.successes;
            if (executed == 0) ++verdict.false_success;
        } else {
            ++verdict.failures;
            if (executed != 0) ++verdict.open_ends;
            // How often a success was tried is not told.
            if (received > note.attempts) ++verdict.false_attempts;
        }
        if (note.told == Told::answered && received == 0) ++verdict.false_answered;
        if (note.told == Told::unsent && executed != 0) ++verdict.false_unsent;
        if (note.crossed) ++verdict.crossed;
        const double late =
            note.microseconds / 1000.0 - static_cast<double>(settings.deadline.count());
        verdict.worst_late_ms = std::max(verdict.worst_late_ms, late);
        if (late > grace) ++verdict.late;
        times.push_back(note.microseconds);
        if (kinds.size() <= note.kind) kinds.resize(note.kind + std::size_t{1});
        ++kinds[note.kind];
    }
    std::sort(times.begin(), times.end());
    if (!times.empty()) {
        verdict.median_ms = times[times.size() / 2] / 1000.0;
        verdict.p99_ms = times[times.size() * 99 / 100] / 1000.0;
    }
    for (std::size_t i = 0; i != kinds.size(); ++i)
        verdict.kinds[diary.kind_name(i)] = kinds[i];
    verdict.memory_growth_kib = diary.memory_growth_kib();

    for (std::size_t i = 1; !server_fault_name(i).empty(); ++i)
        verdict.faults["server: " + std::string{server_fault_name(i)}] = ledger.server_faults[i];
    verdict.faults["server: tokens given"] = ledger.tokens;
    verdict.faults["proxy: connections"] = ledger.connections;
    verdict.faults["proxy: closed (FIN)"] = ledger.fins;
    verdict.faults["proxy: reset (RST)"] = ledger.resets;
    verdict.faults["proxy: half-closed"] = ledger.half_closes;
    verdict.faults["proxy: swallowed"] = ledger.swallows;
    verdict.faults["proxy: ended at accept"] = ledger.ends_at_accept;
    verdict.faults["proxy: refused for a while"] = ledger.refusals;
}

namespace {

constexpr int name_width = 34;
constexpr int column_width = 22;

void head(const std::vector<Verdict>& verdicts, const char* title) {
    std::printf("\n%-*s", name_width, title);
    for (const Verdict& verdict : verdicts)
        std::printf("%*s", column_width, verdict.name.c_str());
    std::printf("\n");
}

void row(
    const std::vector<Verdict>& verdicts,
    const char* name,
    const std::function<double(const Verdict&)>& value,
    int digits = 0) {
    std::printf("%-*s", name_width, name);
    for (const Verdict& verdict : verdicts)
        std::printf("%*.*f", column_width, digits, value(verdict));
    std::printf("\n");
}

void table(
    const std::vector<Verdict>& verdicts,
    const char* title,
    std::map<std::string, std::uint64_t> Verdict::*member) {
    head(verdicts, title);
    std::map<std::string, std::uint64_t> all;
    for (const Verdict& verdict : verdicts)
        all.insert((verdict.*member).begin(), (verdict.*member).end());
    for (const auto& [name, ignored] : all) {
        row(verdicts, name.c_str(), [&, &key = name](const Verdict& verdict) {
            const auto at = (verdict.*member).find(key);
            return at == (verdict.*member).end() ? 0.0 : static_cast<double>(at->second);
        });
    }
}

template <class T>
std::function<double(const Verdict&)> member(T Verdict::*at) {
    return [at](const Verdict& verdict) { return static_cast<double>(verdict.*at); };
}

}  // namespace

void print(const std::vector<Verdict>& verdicts) {
    head(verdicts, "run");
    row(verdicts, "calls", [](const Verdict& v) { return v.settings.calls; });
    row(verdicts, "successes", member(&Verdict::successes));
    row(verdicts, "failures", member(&Verdict::failures));
    head(verdicts, "promises broken");
    row(verdicts, "executed too often", member(&Verdict::duplicates));
    row(verdicts, "told unsent, was executed", member(&Verdict::false_unsent));
    row(verdicts, "told success, was not executed", member(&Verdict::false_success));
    row(verdicts, "told answered, did not arrive", member(&Verdict::false_answered));
    row(verdicts, "sent more often than told", member(&Verdict::false_attempts));
    row(verdicts, "reply of another call", member(&Verdict::crossed));
    row(verdicts, "late", member(&Verdict::late));
    row(verdicts, "no outcome", member(&Verdict::lost));
    row(verdicts, "two outcomes", member(&Verdict::repeated));
    row(verdicts, "memory growth, KiB", member(&Verdict::memory_growth_kib));
    row(verdicts, "descriptors left", member(&Verdict::extra_descriptors));
    row(verdicts, "threads left", member(&Verdict::extra_threads));
    head(verdicts, "for information");
    row(verdicts, "failed, but was executed", member(&Verdict::open_ends));
    row(verdicts, "latest after its deadline, ms", member(&Verdict::worst_late_ms), 1);
    row(verdicts, "longest stall of the machine, ms", member(&Verdict::stall_ms));
    row(verdicts, "median latency, ms", member(&Verdict::median_ms), 2);
    row(verdicts, "99th percentile, ms", member(&Verdict::p99_ms), 2);
    row(verdicts, "seconds", member(&Verdict::seconds), 1);
    table(verdicts, "outcomes", &Verdict::kinds);
    table(verdicts, "faults met", &Verdict::faults);
}

}  // namespace campaign
