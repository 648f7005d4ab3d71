// SPDX-License-Identifier: BSL-1.0
// `clarify insert`: the samples of a CSV file of any size.

#include "api_session.hpp"
#include "checkpoint.hpp"
#include "commands.hpp"
#include "csv_record.hpp"
#include "csv_samples.hpp"
#include "line_reader.hpp"
#include "progress.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace clarify_cli {
namespace {

namespace asio = boost::asio;

/// A longer line is none.
constexpr std::size_t longest_line = std::size_t{1} << 20U;
/// About so much of a file is inserted at once, in as few requests as it takes: the more, the fewer
/// are needed for samples that do not share their times.
constexpr std::uint64_t bytes_at_once = 32'000'000;
constexpr std::size_t values_at_once = 1'000'000;
/// So old may a sample become that has come through a pipe before it is sent.
constexpr std::chrono::seconds longest_wait{5};

clarify::Error fault(clarify::Reason reason, std::string what) {
    return clarify::Error{clarify::Errc::bad_argument, reason, std::move(what)};
}

/// The file, open for reading, or standard input.
class Input {
public:
    explicit Input(const std::string& name)
        : descriptor_(name == "-" ? STDIN_FILENO : ::open(name.c_str(), O_RDONLY | O_CLOEXEC)) {
        if (descriptor_ < 0) {
            problem_ = std::strerror(errno);
        } else if (::fstat(descriptor_, &status_) == 0 && S_ISDIR(status_.st_mode)) {
            problem_ = std::strerror(EISDIR);
        }
    }
    Input(const Input&) = delete;
    Input& operator=(const Input&) = delete;
    ~Input() {
        if (descriptor_ > STDERR_FILENO) ::close(descriptor_);
    }

    /// Why it cannot be read; empty where it can.
    const std::string& problem() const { return problem_; }
    int descriptor() const { return descriptor_; }
    /// 0 for what has no size.
    std::uint64_t size() const {
        return S_ISREG(status_.st_mode) ? static_cast<std::uint64_t>(status_.st_size) : 0;
    }

private:
    int descriptor_;
    struct stat status_ {};
    std::string problem_;
};

/// An import from its first line to its last.
class Import {
public:
    Import(const InsertCommand& command, const Input& input)
        : command_(command),
          input_(input),
          name_(command.file == "-" ? "standard input" : command.file),
          progress_(input.size(), command.quiet) {}

    asio::awaitable<clarify::Result<void>> run(clarify::Client& client, const std::string& server) {
        const auto executor = co_await asio::this_coro::executor;
        wake_ = std::make_shared<asio::steady_timer>(executor);
        lines_.emplace(executor, input_.descriptor(), longest_line);
        const clarify::Result<void> begun = co_await begin(server + ' ' + client.integration());
        if (!begun) co_return begun.error();
        const clarify::Result<void> placed = go_on_where_it_was(executor);
        if (!placed) co_return placed.error();
        progress_.show(lines_->offset(), state_.inserted);
        bool more = true;
        while (more) {
            more = co_await collect();
            samples_.normalize();
            const std::size_t count = samples_.size();
            clarify::SampleBuffer samples = std::exchange(samples_, {});
            if (count != 0) {
                const auto done = co_await client.insert(std::move(samples));
                if (!done) co_return done.error();
            }
            state_.inserted += count;
            inserted_lines_ = state_.lines;
            keep(more);
        }
        progress_.clear();
        if (lines_->error()) {
            co_return fault(clarify::Reason::file, name_ + ": " + lines_->error().message());
        }
        checkpoint_->remove();
        kept_ = false;
        std::fprintf(
            stderr,
            "clarify: %" PRIu64 " samples inserted, %" PRIu64 " lines left out\n",
            state_.inserted,
            state_.rejected);
        co_return clarify::Result<void>{};
    }

    /// Ends the import of a pipe with what has come so far; false for a file, which the same command
    /// goes on with.
    bool interrupt() {
        if (input_.size() != 0 && command_.file != "-") return false;
        if (!wake_) return false;
        stopping_ = true;
        wake_->cancel();
        return true;
    }

    std::uint64_t rejected() const { return state_.rejected; }

    /// Says how to go on with an import that did not come to its end.
    void say_how_to_go_on() {
        progress_.clear();
        if (kept_) {
            // Not where it is in the file: what was read and not inserted is read again.
            std::fprintf(
                stderr,
                "clarify: %" PRIu64
                " samples inserted so far; the same command goes on at line %" PRIu64 "\n",
                state_.inserted,
                kept_lines_ + 1);
        } else if (state_.lines > inserted_lines_) {
            std::fprintf(
                stderr,
                "clarify: %" PRIu64 " samples inserted; those of the lines %" PRIu64 " to %" PRIu64
                " of %s are not, or not all of them\n",
                state_.inserted,
                inserted_lines_ + 1,
                state_.lines,
                name_.c_str());
        }
    }

private:
    /// Takes the lines that have come, and as many more as the next record needs; none at the end.
    asio::awaitable<std::optional<CsvRecords::Record>> first_record() {
        while (true) {
            while (auto line = lines_->next())
                records_->add(csv_line(std::move(*line)));
            if (auto record = records_->next(lines_->ended())) co_return record;
            if (lines_->ended() || stopping_) co_return std::nullopt;
            co_await more_lines();
        }
    }

    /// Reads the names of the columns.
    asio::awaitable<clarify::Result<void>> begin(const std::string& place) {
        std::optional<LineReader::Line> line = lines_->next();
        while (!line && !lines_->ended() && !stopping_) {
            co_await more_lines();
            line = lines_->next();
        }
        if (lines_->error()) {
            co_return fault(clarify::Reason::file, name_ + ": " + lines_->error().message());
        }
        if (!line && stopping_) co_return clarify::Error{clarify::Errc::cancelled};
        if (!line) co_return fault(clarify::Reason::empty, name_ + " is empty");
        if (line->cut) co_return fault(clarify::Reason::length, "the first line is too long");
        // Text in UTF-8 may begin with what tells the order of its bytes elsewhere.
        constexpr std::string_view mark = "\xEF\xBB\xBF";
        if (line->text.starts_with(mark)) line->text.erase(0, mark.size());
        if (line->text.find('\0') != std::string::npos) {
            co_return fault(
                clarify::Reason::fields,
                "the first line has zero bytes: the file is to be UTF-8 text");
        }
        const std::string& wanted = command_.csv.delimiter;
        delimiter_ = wanted.empty() ? delimiter_of(line->text)
            : wanted == "tab"       ? '\t'
                                    : wanted.front();
        records_.emplace(delimiter_);
        std::string import = place + '\n' + command_.csv.prefix + '\n' + delimiter_ +
            command_.csv.decimal + command_.csv.time_format + '\n' + command_.csv.time_zone;
        for (const std::string& name : command_.csv.skip)
            import += '\n' + name;
        records_->add(csv_line(std::move(*line)));
        const std::optional<CsvRecords::Record> record = co_await first_record();
        if (!record || record->fault != nullptr) {
            co_return fault(
                clarify::Reason::fields,
                std::string{"the first line has "} + (record ? record->fault : "no end"));
        }
        auto format = CsvSamples::make(records_->fields(), command_.csv);
        if (!format) co_return format.error();
        format_.emplace(std::move(*format));
        state_.lines = inserted_lines_ = record->last;
        state_.offset = record->end;
        checkpoint_.emplace(
            command_.file == "-" ? std::string{} : command_.file, input_.descriptor(), import);
        co_return clarify::Result<void>{};
    }

    clarify::Result<void> go_on_where_it_was(const asio::any_io_executor& executor) {
        // Also where it is not wanted: what is no such file is not to be replaced by one.
        const auto loaded = checkpoint_->load();
        if (!loaded) return loaded.error();
        const std::optional<ImportState>& stored = *loaded;
        if (!stored || command_.restart) return {};
        if (::lseek(input_.descriptor(), static_cast<off_t>(stored->offset), SEEK_SET) < 0)
            return {};
        state_ = *stored;
        inserted_lines_ = state_.lines;
        kept_ = true;
        kept_lines_ = state_.lines;
        // Nothing is on its way: the first line has come.
        lines_.emplace(executor, input_.descriptor(), longest_line);
        lines_->begin_at(state_.offset, state_.lines);
        records_.emplace(delimiter_);
        progress_.begin_at(state_.inserted);
        std::fprintf(stderr, "clarify: going on at line %" PRIu64 "\n", state_.lines + 1);
        return {};
    }

    /// Waits until there are more lines; not for ever where samples wait to be sent.
    asio::awaitable<void> more_lines() {
        wake_->expires_at(send_at_);
        lines_->read_more([wake = wake_] { wake->cancel(); });
        boost::system::error_code ec;
        co_await wake_->async_wait(asio::redirect_error(asio::use_awaitable, ec));
    }

    /// Has the oldest of the samples waited for long enough? However often more of them come.
    bool is_due() const { return std::chrono::steady_clock::now() >= send_at_; }

    /// Reads what is inserted at once. False where there is no more.
    asio::awaitable<bool> collect() {
        const std::uint64_t begun = state_.offset;
        send_at_ = asio::steady_timer::time_point::max();
        while (!is_due()) {
            if (const auto record = records_->next(lines_->ended())) {
                take(*record);
                if (state_.offset - begun >= bytes_at_once || samples_.size() >= values_at_once) {
                    co_return true;
                }
            } else if (auto line = lines_->next()) {
                records_->add(csv_line(std::move(*line)));
            } else if (lines_->ended() || stopping_) {
                co_return false;
            } else {
                co_await more_lines();
            }
        }
        co_return true;
    }

    CsvLine csv_line(LineReader::Line line) const {
        // Behind a line that is cut the file goes on within it.
        return {line.number, std::move(line.text), line.cut, lines_->offset()};
    }

    void take(const CsvRecords::Record& record) {
        state_.lines = record.last;
        state_.offset = record.end;
        within_line_ = record.cut;
        if (record.fault != nullptr) return reject(record.first, record.fault);
        if (record.blank) return;
        if (const auto problem = format_->add(records_->fields(), samples_))
            return reject(record.first, *problem);
        if (send_at_ == asio::steady_timer::time_point::max() && !samples_.empty())
            send_at_ = std::chrono::steady_clock::now() + longest_wait;
    }

    void reject(std::uint64_t number, const std::string& why) {
        progress_.clear();
        const char* const name = command_.file == "-" ? "-" : command_.file.c_str();
        std::fprintf(stderr, "%s:%" PRIu64 ": %s\n", name, number, why.c_str());
        ++state_.rejected;
    }

    /// Everything up to here is done.
    void keep(bool more) {
        // Not within a line, where nothing could go on.
        if (within_line_) return;
        progress_.show(state_.offset, state_.inserted);
        if (!more && !lines_->error()) return;  // at the end
        if (!checkpoint_->store(state_)) {
            progress_.clear();
            std::fprintf(
                stderr,
                "clarify: %s.progress cannot be written: an interrupted import would begin anew\n",
                command_.file.c_str());
        }
        kept_ = checkpoint_->works();
        kept_lines_ = state_.lines;
    }

    const InsertCommand& command_;
    const Input& input_;
    std::string name_;
    Progress progress_;
    std::shared_ptr<asio::steady_timer> wake_;
    std::optional<LineReader> lines_;
    char delimiter_ = ',';
    std::optional<CsvRecords> records_;
    std::optional<CsvSamples> format_;
    std::optional<Checkpoint> checkpoint_;
    clarify::SampleBuffer samples_;
    /// When the samples are sent, however few they are.
    std::chrono::steady_clock::time_point send_at_ = std::chrono::steady_clock::time_point::max();
    /// Up to what was read; the samples of `inserted_lines_` are inserted.
    ImportState state_;
    std::uint64_t inserted_lines_ = 0;
    bool within_line_ = false;
    bool kept_ = false;
    std::uint64_t kept_lines_ = 0;
    /// No more is to be read.
    bool stopping_ = false;
};

}  // namespace

ExitCode insert(const InsertCommand& command) {
    const Input input{command.file};
    if (!input.problem().empty()) {
        const clarify::Error error =
            fault(clarify::Reason::file, command.file + ": " + input.problem());
        print_error(error, false);
        return exit_code(error.code());
    }
    Import import{command, input};
    const ExitCode code = run_with_session(
        command.common,
        [&](Session& session) {
            return import.run(ApiSession::client(session), ApiSession::server(session));
        },
        [&import] { return import.interrupt(); });
    if (code != ExitCode::success) import.say_how_to_go_on();
    // Lines that were left out are a mistake in the input.
    return code == ExitCode::success && import.rejected() != 0 ? ExitCode::usage : code;
}

}  // namespace clarify_cli
