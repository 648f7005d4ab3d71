// SPDX-License-Identifier: BSL-1.0
// What the parts of the campaign share: its settings, the ledger of the server, the diary of the
// client.

#ifndef CLARIFY_TESTS_CAMPAIGN_CAMPAIGN_HPP
#define CLARIFY_TESTS_CAMPAIGN_CAMPAIGN_HPP

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace campaign {

using Clock = std::chrono::steady_clock;

struct Settings {
    std::uint32_t calls = 100'000;
    std::uint64_t seed = 1;
    /// Calls in flight, and connections of the client that is judged.
    unsigned concurrency = 64;
    unsigned connections = 32;
    std::chrono::milliseconds deadline{400};
    /// A call that ends so long after its deadline is late.
    std::chrono::milliseconds late{50};
    /// May every call be executed more than once?
    bool idempotent = false;
    /// How often a call is sent at most.
    unsigned attempts = 3;
};

/** What happened at the server, written by its process and read by the client's.

    It lives in memory that both processes share, which begins as zeros.
*/
struct Ledger {
    struct Entry {
        /// How often a request with this nonce arrived whole, and how often it was executed.
        std::atomic<std::uint8_t> received, executed;
    };
    enum : std::size_t { max_faults = 32 };

    std::atomic<std::uint16_t> server_port, proxy_port;
    std::atomic<std::uint32_t> busy, open;
    std::atomic<std::uint64_t> tokens;
    std::array<std::atomic<std::uint64_t>, max_faults> server_faults;
    /// Of the proxy.
    std::atomic<std::uint64_t> connections, fins, resets, half_closes, swallows, ends_at_accept,
        refusals;

    /// One for each call, right behind this object.
    Entry& entry(std::uint32_t nonce) {
        return reinterpret_cast<Entry*>(this + 1)[nonce];  // NOLINT: see `bytes`
    }
    static std::size_t bytes(std::uint32_t calls) { return sizeof(Ledger) + sizeof(Entry) * calls; }
};
static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

/// The server and the chaos proxy before it, in a process of their own, so that what is measured of
/// this process is the client.
class Lab {
public:
    explicit Lab(const Settings& settings);
    Lab(const Lab&) = delete;
    Lab& operator=(const Lab&) = delete;
    ~Lab();

    Ledger& ledger() noexcept { return *ledger_; }
    /// Waits until nothing is in flight any more that could still be executed.
    bool settle();

private:
    Ledger* ledger_;
    std::size_t bytes_;
    int child_ = -1;
};

/// What the server may do to a request, by name.
/// Empty behind the last one.
std::string_view server_fault_name(std::size_t fault);

/// What the caller was told about a call.
enum class Told : std::uint8_t { nothing, success, unsent, unknown, answered };

struct CallNote {
    std::uint8_t outcomes = 0;
    Told told = Told::nothing;
    /// The reply belonged to another call.
    bool crossed = false;
    std::uint8_t attempts = 0;
    /// An index into `Diary::kinds`.
    std::uint16_t kind = 0;
    std::uint32_t microseconds = 0;
};

/** What the caller saw, and what its process looked like meanwhile.

    Several threads may write notes of different calls. A thread of its own samples the memory, and
    measures how long the machine did not let it run.
*/
class Diary {
public:
    explicit Diary(const Settings& settings);
    Diary(const Diary&) = delete;
    Diary& operator=(const Diary&) = delete;
    ~Diary() { stop(); }

    /// The number of the next call, or `calls` at the end.
    std::uint32_t begin_call() noexcept;
    /// A pause before the next call of this one's worker, in microseconds: often none.
    unsigned pause_after(std::uint32_t call) const noexcept;
    void end_call(
        std::uint32_t call,
        Clock::time_point begun,
        Told told,
        std::string_view kind,
        bool crossed,
        unsigned attempts) noexcept;
    std::uint32_t ended() const noexcept { return ended_; }
    /// Waits until all calls have ended, or none has for a long time.
    bool wait() const;
    void stop();

    const std::vector<CallNote>& notes() const noexcept { return notes_; }
    std::string kind_name(std::size_t kind) const;
    /// Least squares over the last four fifths of the run, for its length.
    double memory_growth_kib() const;
    std::chrono::milliseconds worst_stall() const noexcept { return worst_stall_; }

private:
    void watch();

    const Settings settings_;
    std::vector<CallNote> notes_;
    std::atomic<std::uint32_t> next_{0}, ended_{0};
    struct Kinds;
    std::shared_ptr<Kinds> kinds_;
    std::vector<std::pair<double, double>> memory_;
    std::chrono::milliseconds worst_stall_{0};
    std::atomic<bool> stopping_{false};
    std::thread watcher_;
};

/// The memory in use, in KiB; the number of open descriptors, and of threads, of this process.
double resident_kib();
int descriptors();
int threads();

/// Those who make the calls. They return once all calls have ended and all they used is destroyed.
void run_clarify(const Settings& settings, Ledger& ledger, Diary& diary);
void run_curl(const Settings& settings, Ledger& ledger, Diary& diary);

/// Was libcurl found when the campaign was built?
bool has_curl() noexcept;

}  // namespace campaign

#endif  // CLARIFY_TESTS_CAMPAIGN_CAMPAIGN_HPP
