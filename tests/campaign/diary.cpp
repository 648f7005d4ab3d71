// SPDX-License-Identifier: BSL-1.0
// The client's notes, and the state of its process.

#include "../support/chaos_proxy.hpp"
#include "campaign.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <string>
#include <thread>

namespace campaign {

struct Diary::Kinds {
    std::mutex mutex;
    std::vector<std::string> names;
};

Diary::Diary(const Settings& settings)
    : settings_(settings),
      // Written here, so that the memory is in use before any is measured.
      notes_(settings.calls, CallNote{}),
      kinds_(std::make_shared<Kinds>()) {
    memory_.reserve(10'000);
    watcher_ = std::thread{[this] { watch(); }};
}

std::uint32_t Diary::begin_call() noexcept {
    return std::min(next_.fetch_add(1, std::memory_order_relaxed), settings_.calls);
}

unsigned Diary::pause_after(std::uint32_t call) const noexcept {
    support::ChaosRandom random{settings_.seed + 2, call};
    return random.below(2) == 0 ? 0 : static_cast<unsigned>(random.below(10'000));
}

void Diary::end_call(
    std::uint32_t call,
    Clock::time_point begun,
    Told told,
    std::string_view kind,
    bool crossed,
    unsigned attempts) noexcept {
    const auto took = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - begun);
    std::size_t index = 0;
    {
        const std::lock_guard lock{kinds_->mutex};
        auto& names = kinds_->names;
        index =
            static_cast<std::size_t>(std::find(names.begin(), names.end(), kind) - names.begin());
        if (index == names.size()) names.emplace_back(kind);
    }
    CallNote& note = notes_[call];
    ++note.outcomes;
    note.told = told;
    note.crossed = crossed;
    note.attempts = static_cast<std::uint8_t>(attempts);
    note.kind = static_cast<std::uint16_t>(index);
    note.microseconds = static_cast<std::uint32_t>(took.count());
    ++ended_;
}

bool Diary::wait() const {
    const auto patience = std::chrono::seconds{20};
    std::uint32_t seen = 0;
    for (auto since = Clock::now(); ended_ < settings_.calls;) {
        std::this_thread::sleep_for(std::chrono::milliseconds{5});
        if (ended_ != seen) {
            seen = ended_;
            since = Clock::now();
        }
        if (Clock::now() - since > patience) return false;
    }
    // An outcome too many would come soon after.
    std::this_thread::sleep_for(std::chrono::milliseconds{200});
    return true;
}

void Diary::stop() {
    stopping_ = true;
    if (watcher_.joinable()) watcher_.join();
}

std::string Diary::kind_name(std::size_t kind) const {
    const std::lock_guard lock{kinds_->mutex};
    return kinds_->names.at(kind);
}

void Diary::watch() {
    const std::chrono::milliseconds nap{5};
    std::uint32_t next_sample = settings_.calls / 5;
    while (!stopping_) {
        const auto from = Clock::now();
        std::this_thread::sleep_for(nap);
        const auto took = Clock::now() - from;
        worst_stall_ = std::max(
            worst_stall_, std::chrono::duration_cast<std::chrono::milliseconds>(took - nap));
        const std::uint32_t done = ended_;
        if (done < next_sample || done == settings_.calls) continue;
        if (memory_.size() < memory_.capacity()) memory_.emplace_back(done, resident_kib());
        next_sample = done + settings_.calls / 500;
    }
}

double Diary::memory_growth_kib() const {
    if (memory_.size() < 2) return 0;
    double x = 0;
    double y = 0;
    const auto count = static_cast<double>(memory_.size());
    for (const auto& [done, kib] : memory_) {
        x += done / count;
        y += kib / count;
    }
    double square = 0;
    double product = 0;
    for (const auto& [done, kib] : memory_) {
        square += (done - x) * (done - x);
        product += (done - x) * (kib - y);
    }
    return square == 0 ? 0 : product / square * (memory_.back().first - memory_.front().first);
}

double resident_kib() {
    std::ifstream file{"/proc/self/statm"};
    long size = 0;
    long resident = 0;
    file >> size >> resident;
    return static_cast<double>(resident) * static_cast<double>(::sysconf(_SC_PAGESIZE)) / 1024;
}

namespace {
int entries(const char* folder) {
    int count = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator{folder})
        ++count;
    return count;
}
}  // namespace

int descriptors() { return entries("/proc/self/fd"); }
int threads() { return entries("/proc/self/task"); }

}  // namespace campaign
