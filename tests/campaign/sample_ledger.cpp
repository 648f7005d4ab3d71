// SPDX-License-Identifier: BSL-1.0
// The ledger of samples: writers that are killed, over a spool, and a service that is away, slow, lying, rejecting and
// rate-limited. Compares sample by sample what was acknowledged with what is stored in the end.

#include <clarify/ingest/basic_sample_writer.hpp>
#include <clarify/ingest/sqlite_spool.hpp>
#include <clarify/testing/manual_clock.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/this_coro.hpp>

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <filesystem>
#include <memory>
#include <new>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

namespace {

using namespace clarify;
using namespace std::chrono_literals;

constexpr const char* help =
    R"(Usage: clarify_sample_campaign [--samples N] [--seed N] [--folder PATH]

Writes N samples (1000000), and other values for some of them later, through writers over one spool that
are killed one after the other, to a service that is away, slow, lying, rejecting and rate-limited. All that waits waits
in virtual time. Exits with 1 if a sample that was acknowledged is not stored, or not the last value of it, or
if a bad one was not told of.
)";

constexpr std::uint32_t inputs = 100;
constexpr std::uint32_t batch_size = 1'000;
/// How many samples an insert that is executed late may have.
constexpr std::size_t late_size = 100'000;
constexpr std::uint8_t none = 0xFF;

/// What is known of a sample, by the number of its value: 0, 1, ...
struct Entry {
    std::uint8_t sent = none;
    std::uint8_t acknowledged = none;
    std::uint8_t stored = none;
    std::uint8_t rejected = 0;
};
struct LateInsert {
    std::int64_t due = 0;
    std::size_t size = 0;
    std::array<std::pair<std::uint32_t, std::uint8_t>, late_size> samples;
};
/// Shared by all processes; begins as zeros, but for the entries.
struct Book {
    /// How far the writers have come, and whether they are through.
    std::uint32_t next;
    bool is_over;
    std::int64_t now;
    std::int64_t last_request;
    std::uint64_t requests, faults, late, too_soon, unbalanced, damaged, restarts;
    std::array<LateInsert, 16> lates;
    Entry* entries() noexcept { return reinterpret_cast<Entry*>(this + 1); }  // NOLINT
};

bool is_bad(std::uint32_t sample) { return sample % 49'999 == 77; }
std::string key_of(std::uint32_t sample) { return "k" + std::to_string(sample % inputs); }
Timestamp time_of(std::uint32_t sample) {
    return Timestamp::from_microseconds(std::int64_t{sample / inputs} * 1'000'000);
}
/// The number of a sample, by its place.
std::uint32_t number_of(std::string_view key, Timestamp time) {
    const auto row = static_cast<std::uint32_t>(time.microseconds() / 1'000'000);
    return row * inputs + static_cast<std::uint32_t>(std::stoul(std::string{key.substr(1)}));
}

/// The service, in the process of its writer; what it remembers is in the book.
class Service {
public:
    Service(Book& book, const std::shared_ptr<testing::ManualClock>& clock, std::uint64_t seed)
        : book_(&book), clock_(clock), random_(seed) {}

    boost::asio::awaitable<Result<void>> store(const DataFrame& frame) {
        ++book_->requests;
        note_pace();
        const unsigned chance = static_cast<unsigned>(random_() % 100);
        const bool is_away = chance >= 97 || clock_->now() < away_until_;
        if (chance >= 97) away_until_ = clock_->now() + std::chrono::seconds{random_() % 60};
        Timer timer{co_await boost::asio::this_coro::executor};
        const auto takes = chance < 10 ? random_() % 14'000 : random_() % 400;
        timer.expires_at(timer.now() + std::chrono::milliseconds{takes});
        co_await timer.async_wait(boost::asio::as_tuple(boost::asio::deferred));
        book_->now = ticks();
        execute_lates();
        if (is_away) co_return Error{Errc::connect, Reason::refused};
        co_return answer(frame, chance);
    }
    Clock::duration interval() const noexcept { return 1s; }
    std::size_t max_size() const noexcept { return 1'000'000; }

    /// What was sent and never answered, and is executed now.
    void execute_lates(bool all = false) {
        for (LateInsert& late : book_->lates) {
            if (late.size == 0 || (!all && late.due > ticks())) continue;
            for (std::size_t i = 0; i != late.size; ++i)
                book_->entries()[late.samples[i].first].stored = late.samples[i].second;
            late.size = 0;
            ++book_->late;
        }
    }

private:
    std::int64_t ticks() const { return clock_->now().time_since_epoch().count(); }
    void note_pace() {
        if (ticks() - book_->last_request < Clock::duration{990ms}.count()) ++book_->too_soon;
        book_->last_request = ticks();
        book_->now = ticks();
    }
    Result<void> answer(const DataFrame& frame, unsigned chance) {
        if (chance >= 50) return judge(frame);
        ++book_->faults;
        Error error{Errc::timeout};
        HttpFailure failure;
        switch (chance % 5) {
            case 0:
                // It says so, and stores it all the same.
                failure.status = 503;
                static_cast<void>(judge(frame));
                return Error{Errc::status}.set_fate(Fate::answered).set_http(std::move(failure));
            case 1:
                failure.status = 429;
                failure.retry_after = 5s;
                return Error{Errc::status}.set_fate(Fate::answered).set_http(std::move(failure));
            case 2:
                static_cast<void>(judge(frame));
                return error.set_fate(Fate::unknown);
            case 3:
                keep_for_later(frame);
                return error.set_fate(Fate::unknown);
            default:
                return Error{Errc::connect};
        }
    }
    /// Calls `visit(sample, number of the value, row, column)` for each.
    template <class Visit>
    static void each(const DataFrame& frame, Visit visit) {
        for (std::size_t column = 0; column != frame.columns(); ++column) {
            for (std::size_t row = 0; row != frame.size(); ++row) {
                const double value = frame.column(column)[row];
                if (std::isnan(value)) continue;
                visit(
                    number_of(frame.key(column), frame.times()[row]),
                    static_cast<std::uint8_t>(value),
                    row,
                    column);
            }
        }
    }
    Result<void> judge(const DataFrame& frame) {
        std::string paths;
        each(frame, [&](std::uint32_t sample, std::uint8_t, std::size_t row, std::size_t column) {
            if (!is_bad(sample)) return;
            if (!paths.empty()) paths += ',';
            paths += R"("data.series.)" + frame.key(column);
            // It does not always say which one.
            if (sample % 2 == 0) paths += '.' + std::to_string(row);
            paths += R"(":["out of range"])";
        });
        if (!paths.empty()) {
            RpcError said;
            said.code = RpcError::invalid_params;
            said.message = "invalid params";
            if (random_() % 4 != 0) said.data = R"({"params":{)" + paths + "}}";
            return Error{Errc::rpc}.set_fate(Fate::answered).set_rpc(std::move(said));
        }
        each(frame, [&](std::uint32_t sample, std::uint8_t value, std::size_t, std::size_t) {
            book_->entries()[sample].stored = value;
        });
        return {};
    }
    void keep_for_later(const DataFrame& frame) {
        for (LateInsert& late : book_->lates) {
            if (late.size != 0) continue;
            std::size_t size = 0;
            each(frame, [&](std::uint32_t sample, std::uint8_t value, std::size_t, std::size_t) {
                if (is_bad(sample)) size = late_size + 1;
                if (size < late_size) late.samples[size++] = {sample, value};
            });
            if (size > late_size) return;
            late.due =
                ticks() + Clock::duration{std::chrono::milliseconds{random_() % 15'000}}.count();
            late.size = size;
            return;
        }
    }

    Book* book_;
    std::shared_ptr<testing::ManualClock> clock_;
    std::mt19937_64 random_;
    TimePoint away_until_{};
};

struct Settings {
    std::uint32_t samples = 1'000'000;
    std::uint64_t seed = 1;
    std::filesystem::path folder;
};

/// One writer, from its start to its end.
class Life {
public:
    Life(Book& book, const Settings& settings)
        : book_(book),
          settings_(settings),
          random_(settings.seed * 1'000 + ++book.restarts),
          clock_(std::make_shared<testing::ManualClock>(
              // A writer that was killed has left inserts that may be executed yet: for so long it is away.
              TimePoint{Clock::duration{book.now} + 16s})),
          service_(book, clock_, random_()) {
        SqliteSpoolOptions place;
        place.durability = SpoolDurability::process;
        place.max_bytes = std::uint64_t{4} << 30U;
        SampleWriterOptions options;
        options.clock = clock_;
        options.on_rejected = [this](const RejectedSample& sample) {
            book_.entries()[number_of(sample.input, sample.time)].rejected = 1;
        };
        writer_.emplace(
            context_.get_executor(),
            service_,
            SqliteSpool::open(settings.folder / "spool", place).value(),
            options);
    }

    void run() {
        while (book_.next != settings_.samples) {
            const std::uint32_t first = book_.next;
            write(first);
            // Some that were written before get another value.
            if (first != 0 && random_() % 4 == 0) {
                const auto back = static_cast<std::uint32_t>(1 + random_() % 9);
                write(first - (std::min)(batch_size * back, first));
            }
            book_.next = first + batch_size;
            pass(std::chrono::milliseconds{random_() % 2'000});
        }
        while (writer_->stats().counts.pending() != 0)
            pass(10s);
        pass(20s);
        service_.execute_lates(true);
        book_.is_over = true;
    }

private:
    void pass(Clock::duration span) {
        clock_->run_for(context_, span);
        book_.now = clock_->now().time_since_epoch().count();
        const WriterStats stats = writer_->stats();
        const SampleCounts& counts = stats.counts;
        if (counts.offered != counts.stored + counts.pending() + counts.dropped_in_all() ||
            counts.dropped_in_all() != counts.dropped_for(DropReason::rejected))
            ++book_.unbalanced;
        book_.damaged += stats.damage.size();
    }
    /// Writes a thousand, until they are acknowledged.
    void write(std::uint32_t first) {
        SampleTable table;
        for (std::uint32_t i = first; i != first + batch_size; ++i) {
            Entry& entry = book_.entries()[i];
            // One that was sent and not acknowledged is sent again.
            if (entry.sent == entry.acknowledged) ++entry.sent;
            table[key_of(i)].push_back({time_of(i), static_cast<double>(entry.sent)});
        }
        std::optional<Result<WriteReceipt>> outcome;
        writer_->async_write(
            std::move(table), {}, [&](Result<WriteReceipt> got) { outcome = std::move(got); });
        while (!outcome)
            pass(50ms);
        if (!*outcome) return;
        for (std::uint32_t i = first; i != first + batch_size; ++i)
            book_.entries()[i].acknowledged = book_.entries()[i].sent;
    }

    Book& book_;
    const Settings& settings_;
    std::mt19937_64 random_;
    boost::asio::io_context context_;
    std::shared_ptr<testing::ManualClock> clock_;
    Service service_;
    std::optional<BasicSampleWriter<Service, SqliteSpool>> writer_;
};

/// One process after the other, until one comes to the end.
void run_all(Book& book, const Settings& settings) {
    std::mt19937_64 random{settings.seed};
    while (!book.is_over) {
        const pid_t child = ::fork();
        if (child < 0) throw std::runtime_error{"fork failed"};
        if (child == 0) {
            ::prctl(PR_SET_PDEATHSIG, SIGKILL);
            try {
                Life{book, settings}.run();
            } catch (const std::exception& error) {
                std::fprintf(stderr, "a writer failed: %s\n", error.what());
                ::_exit(3);
            }
            ::_exit(0);
        }
        const auto until =
            std::chrono::steady_clock::now() + std::chrono::milliseconds{10 + random() % 500};
        int status = 0;
        while (::waitpid(child, &status, WNOHANG) == 0) {
            if (std::chrono::steady_clock::now() > until) ::kill(child, SIGKILL);
            std::this_thread::sleep_for(1ms);
        }
        if (WIFEXITED(status) && WEXITSTATUS(status) != 0)
            throw std::runtime_error{"a writer failed"};
    }
}

/// Prints what there was, and whether all is as it should be.
bool judge(Book& book, const Settings& settings) {
    std::uint64_t missing = 0;
    std::uint64_t old = 0;
    std::uint64_t untold = 0;
    std::uint64_t wrongly_rejected = 0;
    std::uint64_t rewritten = 0;
    for (std::uint32_t i = 0; i != settings.samples; ++i) {
        const Entry& entry = book.entries()[i];
        rewritten += entry.acknowledged != 0 ? 1 : 0;
        if (is_bad(i)) {
            untold += entry.rejected == 0 || entry.stored != none ? 1 : 0;
            continue;
        }
        wrongly_rejected += entry.rejected;
        missing += entry.acknowledged == none || entry.stored == none ? 1 : 0;
        // A value may be stored that nobody was told to be safe, as its writer was killed.
        const bool is_last = entry.stored == entry.acknowledged || entry.stored == entry.sent;
        old += entry.stored != none && !is_last ? 1 : 0;
    }
    const std::pair<const char*, std::uint64_t> breaches[] = {
        {"acknowledged and missing", missing},
        {"not the last value", old},
        {"bad and not told of", untold},
        {"good and set aside", wrongly_rejected},
        {"inserts sent too soon", book.too_soon},
        {"counts that do not add up", book.unbalanced},
        {"found damaged", book.damaged}};
    const auto number = [](std::uint64_t value) { return static_cast<unsigned long long>(value); };
    std::printf(
        "%u samples, %llu of them rewritten; %llu writers, %llu inserts, %llu with a fault, "
        "%llu executed late\n",
        settings.samples,
        number(rewritten),
        number(book.restarts),
        number(book.requests),
        number(book.faults),
        number(book.late));
    bool kept = true;
    for (const auto& [name, count] : breaches) {
        std::printf("%-28s %llu\n", name, number(count));
        kept = kept && count == 0;
    }
    return kept;
}

Settings parse(int argc, char** argv) {
    Settings settings;
    settings.folder = std::filesystem::temp_directory_path();
    for (int i = 1; i != argc; ++i) {
        const std::string_view name = argv[i];
        if (name == "--help") {
            std::fputs(help, stdout);
            std::exit(0);
        }
        if (++i == argc) throw std::invalid_argument{"a value is missing; try --help"};
        if (name == "--samples") {
            const unsigned long batches = std::stoul(argv[i]) / batch_size;
            settings.samples = static_cast<std::uint32_t>(batches) * batch_size;
        } else if (name == "--seed") {
            settings.seed = std::stoull(argv[i]);
        } else if (name == "--folder") {
            settings.folder = argv[i];
        } else {
            throw std::invalid_argument{"unknown option " + std::string{name} + "; try --help"};
        }
    }
    return settings;
}

}  // namespace

int main(int argc, char** argv) try {
    Settings settings = parse(argc, argv);
    std::string own = (settings.folder / "clarify-samples-XXXXXX").string();
    if (::mkdtemp(own.data()) == nullptr) throw std::runtime_error{"no folder for the spool"};
    settings.folder = own;
    const std::size_t bytes = sizeof(Book) + sizeof(Entry) * settings.samples;
    void* const memory =
        ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw std::bad_alloc{};
    Book& book = *static_cast<Book*>(memory);
    std::fill_n(book.entries(), settings.samples, Entry{});
    book.now = Clock::duration{std::chrono::hours{24}}.count();
    run_all(book, settings);
    const bool kept = judge(book, settings);
    std::filesystem::remove_all(own);
    std::printf(
        "%s with --samples %u --seed %llu\n",
        kept ? "Kept" : "BROKEN",
        settings.samples,
        static_cast<unsigned long long>(settings.seed));
    return kept ? 0 : 1;
} catch (const std::exception& error) {
    std::fprintf(stderr, "clarify_sample_campaign: %s\n", error.what());
    return 2;
}
