// SPDX-License-Identifier: BSL-1.0
// `clarify insert`: the samples of a CSV file of any size.

#include "api_session.hpp"
#include "checkpoint.hpp"
#include "commands.hpp"
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

namespace clarify_cli {
namespace {

namespace asio = boost::asio;

/// A longer line is none.
constexpr std::size_t longest_line = std::size_t{1} << 20U;
/// About so much of a file makes a request, which may have 8 MB.
constexpr std::uint64_t bytes_per_request = 6'000'000;
constexpr std::size_t values_per_request = 1'000'000;
/// After so long, what has come through a pipe is sent even if it is little.
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

    asio::awaitable<clarify::Result<void>> run(clarify::Client& client) {
        const auto executor = co_await asio::this_coro::executor;
        wake_ = std::make_shared<asio::steady_timer>(executor);
        lines_.emplace(executor, input_.descriptor(), longest_line);
        const clarify::Result<void> begun = co_await begin(client.integration());
        if (!begun) co_return begun.error();
        const clarify::Result<void> placed = go_on_where_it_was(executor);
        if (!placed) co_return placed.error();
        progress_.show(lines_->offset(), state_.inserted);
        bool more = true;
        while (more) {
            more = co_await collect();
            const clarify::DataFrame frame = samples_.take();
            if (!frame.empty()) {
                const auto done = co_await client.insert(frame);
                if (!done) co_return done.error();
            }
            state_.inserted += frame.value_count();
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

    std::uint64_t rejected() const { return state_.rejected; }

    /// Says how to go on with an import that did not come to its end.
    void say_how_to_go_on() {
        progress_.clear();
        if (!kept_) return;
        // Not where it is in the file: what was read and not inserted is read again.
        std::fprintf(
            stderr,
            "clarify: %" PRIu64
            " samples inserted so far; the same command goes on at line %" PRIu64 "\n",
            state_.inserted,
            kept_lines_ + 1);
    }

private:
    /// Reads the first line.
    asio::awaitable<clarify::Result<void>> begin(std::string integration) {
        std::optional<LineReader::Line> line = lines_->next();
        while (!line && !lines_->ended()) {
            co_await more_lines();
            line = lines_->next();
        }
        if (lines_->error()) {
            co_return fault(clarify::Reason::file, name_ + ": " + lines_->error().message());
        }
        if (!line) co_return fault(clarify::Reason::empty, name_ + " is empty");
        if (line->cut) co_return fault(clarify::Reason::length, "the first line is too long");
        auto format = CsvSamples::make(line->text, command_.prefix, command_.skip);
        if (!format) co_return format.error();
        format_.emplace(std::move(*format));
        const std::string import = integration + '\n' + command_.prefix + '\n' + line->text;
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
        kept_ = true;
        kept_lines_ = state_.lines;
        // Nothing is on its way: the first line has come.
        lines_.emplace(executor, input_.descriptor(), longest_line);
        lines_->begin_at(state_.offset, state_.lines);
        progress_.begin_at(state_.inserted);
        std::fprintf(stderr, "clarify: going on at line %" PRIu64 "\n", state_.lines + 1);
        return {};
    }

    /// Waits until there are more lines; not for ever where samples wait to be sent.
    asio::awaitable<void> more_lines() {
        if (samples_.empty()) {
            wake_->expires_at(asio::steady_timer::time_point::max());
        } else {
            wake_->expires_after(longest_wait);
        }
        lines_->read_more([wake = wake_] { wake->cancel(); });
        boost::system::error_code ec;
        co_await wake_->async_wait(asio::redirect_error(asio::use_awaitable, ec));
        timed_out_ = !ec;
    }

    /// Reads what makes a request. False where there is no more.
    asio::awaitable<bool> collect() {
        const std::uint64_t begun = lines_->offset();
        timed_out_ = false;
        while (!timed_out_) {
            if (lines_->offset() - begun >= bytes_per_request ||
                samples_.size() >= values_per_request) {
                // Not within a line, where nothing could go on.
                if (!lines_->within_line()) co_return true;
            }
            if (const auto line = lines_->next()) {
                take(*line);
            } else if (lines_->ended()) {
                co_return false;
            } else {
                co_await more_lines();
            }
        }
        co_return true;
    }

    void take(const LineReader::Line& line) {
        state_.lines = line.number;
        if (line.cut) return reject(line.number, "longer than 1 MiB");
        if (line.text.find_first_not_of(" \t\r") == std::string::npos) return;
        if (const auto problem = format_->add(line.text, samples_)) reject(line.number, *problem);
    }

    void reject(std::uint64_t number, const std::string& why) {
        progress_.clear();
        const char* const name = command_.file == "-" ? "-" : command_.file.c_str();
        std::fprintf(stderr, "%s:%" PRIu64 ": %s\n", name, number, why.c_str());
        ++state_.rejected;
    }

    /// Everything up to here is done.
    void keep(bool more) {
        if (lines_->within_line()) return;
        state_.offset = lines_->offset();
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
    std::optional<CsvSamples> format_;
    std::optional<Checkpoint> checkpoint_;
    clarify::SampleBuffer samples_;
    ImportState state_;
    bool kept_ = false;
    std::uint64_t kept_lines_ = 0;
    bool timed_out_ = false;
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
    const ExitCode code = run_with_client(
        command.common, [&](clarify::Client& client) { return import.run(client); });
    if (code != ExitCode::success) import.say_how_to_go_on();
    // Lines that were left out are a mistake in the input.
    return code == ExitCode::success && import.rejected() != 0 ? ExitCode::usage : code;
}

}  // namespace clarify_cli
