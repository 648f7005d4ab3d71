// SPDX-License-Identifier: BSL-1.0
// `clarify insert --follow`: the samples of a file that grows, or of standard input, for days.

#include "../daemons/link_files.hpp"
#include "../daemons/log.hpp"
#include "../daemons/reload.hpp"
#include "../daemons/service_manager.hpp"
#include "../daemons/writer_log.hpp"
#include "api_session.hpp"
#include "checkpoint.hpp"
#include "csv_stream.hpp"
#include "import.hpp"
#include "input_file.hpp"
#include "options.hpp"
#include "output.hpp"
#include "sample_store.hpp"

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace clarify_cli {
namespace {

namespace asio = boost::asio;

/// What goes to a spool at once, which finds room in the smallest one. The writer gathers more where it
/// has to wait.
constexpr CsvBatch to_spool{256'000, 10'000, std::chrono::seconds{1}};
/// What is stored at once that waits nowhere but in its file.
constexpr CsvBatch from_file{32'000'000, 1'000'000, std::chrono::seconds{1}};
/// What is written to a file after its name went to another one comes within this time.
constexpr std::chrono::seconds others_notice{1};
/// Until a file that is not there, or a spool that cannot be used, is tried again.
constexpr std::chrono::milliseconds not_there{500};
constexpr std::chrono::seconds not_usable{5};

std::optional<struct stat> named(const std::string& file) {
    struct stat status {};
    if (file == "-" || ::stat(file.c_str(), &status) != 0) return std::nullopt;
    return status;
}

void say(const std::string& line) { print_line(daemons::Level::info, line); }

/// A file, and those that take its name later, until the process is told to end.
class Follow {
public:
    explicit Follow(const InsertCommand& command)
        : command_(command), name_(command.file == "-" ? "standard input" : command.file) {}

    asio::awaitable<clarify::Result<void>> run(Session& session) {
        executor_ = co_await asio::this_coro::executor;
        pause_.emplace(executor_);
        patience_.emplace(executor_);
        session_ = &session;
        const daemons::Changes read = files_.read();
        if (!read) co_return read.error();
        auto opened = open_store(session);
        if (!opened) co_return opened.error();
        store_.emplace(std::move(*opened));
        const std::uint64_t waiting = store_->stats().counts.pending();
        if (waiting != 0)
            say(std::to_string(waiting) + " samples wait in " + command_.spool + " already");
        daemons::please_watchdog(executor_);
        daemons::tell_manager("READY=1");
        clarify::Result<void> outcome;
        bool goes_on = true;
        while (goes_on && outcome && !stopping_) {
            outcome = co_await open_input();
            if (!outcome || stopping_) break;
            outcome = co_await begin(session);
            // A file that others took the name of before there was anything in it.
            const bool was_empty = !outcome && input_->is_regular() &&
                outcome.error().reason() == clarify::Reason::empty;
            if (was_empty) outcome = {};
            if (!outcome || was_empty) continue;
            goes_on = co_await read_on();
            outcome = stream_->outcome();
        }
        if (!outcome && outcome.error().code() == clarify::Errc::cancelled) outcome = {};
        co_await end();
        co_return outcome;
    }

    /// The work ends by itself: what was read is stored, as far as there is time.
    bool interrupt() {
        daemons::tell_manager("STOPPING=1");
        stopping_ = true;
        if (stream_) stream_->stop();
        if (pause_) {
            pause_->cancel();
            lose_patience();
        }
        return true;
    }

    /// Another file under the name is found without it.
    void hang_up() {
        if (session_ == nullptr || stopping_) return;
        const auto read_link = [this] {
            daemons::Changes changes = files_.read();
            if (changes && !changes->empty()) ApiSession::use(*session_, command_.common, files_);
            return changes;
        };
        daemons::read_again(output_.log(), {read_link});
    }

    ExitCode exit_code() const {
        if (lost_ != 0) return ExitCode::transport;
        if (rejected_.count() != 0) return ExitCode::rpc;
        return left_out_ != 0 ? ExitCode::usage : ExitCode::success;
    }

private:
    /// What is on its way to the spool comes there, unless there is no room.
    void lose_patience() {
        constexpr std::chrono::seconds moment{1};
        patience_->expires_after(moment);
        patience_->async_wait([this](const boost::system::error_code& ec) {
            if (ec) return;
            stop_.emit(asio::cancellation_type::terminal);
            lose_patience();
        });
    }

    clarify::Result<SampleStore> open_store(Session& session) {
        StoreOptions options;
        options.spool = command_.spool;
        options.size =
            command_.spool_size.value_or(std::uint64_t{1} << (command_.spool.empty() ? 26U : 30U));
        options.rate_limits = command_.common.limits.client.rate_limits;
        options.on_rejected = [this](const auto& sample) { rejected_.add(sample); };
        options.on_change = [this](const auto& stats) { writer_log_.changed(stats); };
        return SampleStore::open(executor_, session, std::move(options));
    }

    asio::awaitable<void> sleep(std::chrono::milliseconds time) {
        boost::system::error_code ec;
        pause_->expires_after(time);
        co_await pause_->async_wait(asio::redirect_error(asio::use_awaitable, ec));
    }

    /// Waits until there is what has the name.
    asio::awaitable<clarify::Result<void>> open_input() {
        stream_.reset();
        checkpoint_.reset();
        bool is_told = false;
        while (!stopping_) {
            input_.emplace(command_.file, true);
            if (input_->error() == 0) break;
            // Of one that follows another the owner may still have to be set.
            if (input_->error() != ENOENT && !form_) {
                co_return clarify::Error{
                    clarify::Errc::bad_argument,
                    clarify::Reason::file,
                    command_.file + ": " + input_->problem()};
            }
            if (!std::exchange(is_told, true))
                say("waiting for " + command_.file + ": " + input_->problem());
            co_await sleep(not_there);
        }
        co_return clarify::Result<void>{};
    }

    asio::awaitable<clarify::Result<void>> begin(Session& session) {
        replaced_since_.reset();
        CsvStream::Look look;
        if (input_->is_regular()) look = [this](LineReader& lines) { return is_over(lines); };
        stream_.emplace(
            executor_,
            input_->descriptor(),
            name_,
            command_.csv,
            [this](std::uint64_t line, const std::string& why) { complain(line, why); },
            std::move(look));
        const clarify::Result<void> begun = co_await stream_->begin(form_ ? &*form_ : nullptr);
        if (!begun) co_return begun.error();
        const bool is_first = !form_;
        form_.emplace(stream_->form());
        // What has no place to go on at is not remembered.
        const bool has_place = input_->is_regular() && command_.file != "-";
        checkpoint_.emplace(
            has_place ? command_.file : std::string{},
            input_->descriptor(),
            import_of(session, command_.csv, form_->delimiter));
        kept_lines_ = is_first ? stream_->state().lines : 0;
        if (!is_first) co_return clarify::Result<void>{};
        const auto stored = checkpoint_->load();
        if (!stored) co_return stored.error();
        if (!*stored || command_.restart || !stream_->go_on_at(**stored))
            co_return clarify::Result<void>{};
        kept_lines_ = stream_->state().lines;
        say("going on at line " + std::to_string(kept_lines_ + 1));
        co_return clarify::Result<void>{};
    }

    /// True where another file is to be read.
    asio::awaitable<bool> read_on() {
        bool more = true;
        while (more) {
            more = co_await stream_->collect(waits_in_file() ? from_file : to_spool);
            clarify::SampleBuffer samples = std::exchange(stream_->samples(), {});
            const bool is_safe = samples.empty() || co_await hand_on(std::move(samples));
            if (!is_safe) co_return false;
            keep();
        }
        co_return !stopping_ && input_->is_regular() && stream_->outcome();
    }

    /// Samples of a file without a spool wait in the file; of a pipe, in memory.
    bool waits_in_file() const {
        return command_.spool.empty() && input_->is_regular() && command_.file != "-";
    }

    /// False where it is to end before they are in safety.
    asio::awaitable<bool> hand_on(clarify::SampleBuffer samples) {
        samples.normalize();
        while (true) {
            clarify::SampleBuffer copy = samples;
            const clarify::Result<void> written =
                co_await store_->write(std::move(copy), waits_in_file(), stop_.slot());
            if (written) co_return true;
            const clarify::Errc code = written.error().code();
            if (stopping_ || code == clarify::Errc::closed || code == clarify::Errc::bad_argument) {
                // Those that wait to be stored, and not to be taken, are counted there.
                is_unsafe_ = true;
                if (!waits_in_file()) not_taken_ += samples.size();
                co_return false;
            }
            co_await sleep(not_usable);
        }
    }

    /// Everything up to here is in safety.
    void keep() {
        if (!stream_->is_between_lines() || stream_->state().lines == kept_lines_) return;
        if (!checkpoint_->store(stream_->state()))
            print_warning(command_.file + ".progress cannot be written: it would begin anew");
        kept_lines_ = stream_->state().lines;
    }

    /// Asked when all of the file was read.
    bool is_over(LineReader& lines) {
        struct stat open {};
        if (::fstat(input_->descriptor(), &open) != 0) return false;
        const auto now = std::chrono::steady_clock::now();
        switch (turn_of(open, named(command_.file), lines.received(), has_text(lines))) {
            case FileTurn::same:
                replaced_since_.reset();
                return false;
            case FileTurn::truncated:
                say(name_ + " was cut, and begins anew");
                if (command_.file == "-") static_cast<void>(::lseek(STDIN_FILENO, 0, SEEK_SET));
                // Half a line that went with the rest.
                lines.finish(false);
                return true;
            case FileTurn::replaced:
                if (!replaced_since_) replaced_since_ = now;
                if (now - *replaced_since_ < others_notice) return false;
                say(name_ + " is another file now, which is read from its beginning");
                lines.finish(true);
                return true;
        }
        return false;
    }

    /// Does the file still have what was read of it last?
    bool has_text(const LineReader& lines) const {
        const std::string& text = lines.last_bytes();
        std::string found(text.size(), '\0');
        const ssize_t size = ::pread(
            input_->descriptor(),
            found.data(),
            found.size(),
            static_cast<off_t>(lines.received() - text.size()));
        // Where it cannot be read, reading on will tell.
        return size < 0 || (static_cast<std::size_t>(size) == text.size() && found == text);
    }

    void complain(std::uint64_t number, const std::string& why) {
        ++left_out_;
        print_line(
            daemons::Level::warning, command_.file + ':' + std::to_string(number) + ": " + why);
    }

    /// Stores what there is time for, and says what is left.
    asio::awaitable<void> end() {
        // A pipe that has ended, and no place to keep its samples in: they wait, as they would have.
        if (!stopping_ && command_.spool.empty()) {
            const auto flushed = co_await store_->flush(stop_.slot());
            static_cast<void>(flushed);
        }
        const clarify::DrainReport drained = co_await store_->drain(command_.drain);
        const clarify::SampleCounts counts = store_->stats().counts;
        if (is_unsafe_ && waits_in_file() && drained.left == 0) keep();
        say(std::to_string(counts.stored) + " samples inserted, " + std::to_string(left_out_) +
            " lines left out");
        rejected_.say_how_many();
        if (drained.left != 0 && drained.kept) {
            print_line(
                daemons::Level::notice,
                std::to_string(drained.left) + " samples wait in " + command_.spool +
                    ", for the next start");
        }
        const bool is_in_file =
            is_unsafe_ && input_ && input_->is_regular() && command_.file != "-";
        if (is_in_file && (drained.left != 0 || not_taken_ != 0)) {
            print_line(
                daemons::Level::notice,
                "the same command goes on at line " + std::to_string(kept_lines_ + 1) + " of " +
                    name_);
        }
        if (!is_in_file) lost_ = not_taken_ + (drained.kept ? 0 : drained.left);
        if (lost_ != 0)
            print_line(daemons::Level::error, std::to_string(lost_) + " samples are lost");
    }

    LogOutput output_;
    const InsertCommand& command_;
    std::string name_;
    asio::any_io_executor executor_;
    /// Ends the wait for a time.
    std::optional<asio::steady_timer> pause_;
    /// How long what is under way may take when it is to end.
    std::optional<asio::steady_timer> patience_;
    asio::cancellation_signal stop_;
    daemons::LinkFiles files_{ApiSession::files(command_.common)};
    Session* session_ = nullptr;
    daemons::WriterLog writer_log_{
        output_.log(),
        "there is no room for more samples, which wait to be read",
        "there is room for more samples again"};
    RejectedSamples rejected_{[] {}};
    std::optional<SampleStore> store_;
    std::optional<InputFile> input_;
    std::optional<CsvStream> stream_;
    std::optional<Checkpoint> checkpoint_;
    /// How the file before was written.
    std::optional<CsvForm> form_;
    std::optional<std::chrono::steady_clock::time_point> replaced_since_;
    std::uint64_t kept_lines_ = 0;
    std::uint64_t left_out_ = 0;
    /// What was read last is neither in a spool nor stored.
    bool is_unsafe_ = false;
    std::uint64_t not_taken_ = 0;
    std::uint64_t lost_ = 0;
    bool stopping_ = false;
};

}  // namespace

ExitCode follow(const InsertCommand& command) {
    Follow follow{command};
    const ExitCode code = run_with_session(
        command.common,
        [&](Session& session) { return follow.run(session); },
        [&follow] { return follow.interrupt(); },
        [&follow] { follow.hang_up(); });
    // A signal is how it ends.
    const bool is_well = code == ExitCode::success || code == ExitCode::interrupted;
    return is_well ? follow.exit_code() : code;
}

}  // namespace clarify_cli
