// SPDX-License-Identifier: BSL-1.0
// `clarify insert`: the samples of a CSV file of any size.

#include "api_session.hpp"
#include "checkpoint.hpp"
#include "commands.hpp"
#include "csv_stream.hpp"
#include "import.hpp"
#include "input_file.hpp"
#include "progress.hpp"
#include "sample_store.hpp"

#include <boost/asio/this_coro.hpp>

#include <chrono>
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <optional>
#include <string>
#include <utility>

namespace clarify_cli {
namespace {

namespace asio = boost::asio;

/// About so much of a file is inserted at once, in as few requests as it takes: the more, the fewer
/// are needed for samples that do not share their times. What has come through a pipe is sent after
/// a while, however little it is.
constexpr CsvBatch at_once{32'000'000, 1'000'000, std::chrono::seconds{5}};

clarify::Error fault(clarify::Reason reason, std::string what) {
    return clarify::Error{clarify::Errc::bad_argument, reason, std::move(what)};
}

/// An import from its first line to its last.
class Import {
public:
    Import(const InsertCommand& command, const InputFile& input)
        : command_(command),
          input_(input),
          name_(command.file == "-" ? "standard input" : command.file),
          progress_(input.size(), command.quiet),
          rejected_([this] { progress_.clear(); }) {}

    asio::awaitable<clarify::Result<void>> run(Session& session) {
        const auto executor = co_await asio::this_coro::executor;
        stream_.emplace(
            executor,
            input_.descriptor(),
            name_,
            command_.csv,
            [this](std::uint64_t line, const std::string& why) { complain(line, why); });
        const clarify::Result<void> begun = co_await begin(session);
        if (!begun) co_return begun.error();
        auto store = open_store(executor, session);
        if (!store) co_return store.error();
        ImportState& state = stream_->state();
        progress_.show(stream_->offset(), state.inserted);
        bool more = true;
        while (more) {
            more = co_await stream_->collect(at_once);
            clarify::SampleBuffer samples = std::exchange(stream_->samples(), {});
            samples.normalize();
            const std::uint64_t count = samples.size();
            const std::uint64_t refused = rejected_.count();
            if (count != 0) {
                const std::uint64_t before = store->stats().counts.stored;
                const auto done = co_await store->write(std::move(samples), true);
                of_last_ = store->stats().counts.stored - before;
                if (!done) co_return done.error();
            }
            of_last_ = 0;
            state.inserted += count - (rejected_.count() - refused);
            inserted_lines_ = state.lines;
            keep(more);
        }
        progress_.clear();
        const clarify::Result<void> read = stream_->outcome();
        if (!read) co_return read.error();
        checkpoint_->remove();
        kept_ = false;
        std::fprintf(
            stderr,
            "clarify: %" PRIu64 " samples inserted, %" PRIu64 " lines left out\n",
            state.inserted,
            state.rejected);
        rejected_.say_how_many();
        co_return clarify::Result<void>{};
    }

    /// Ends the import of a pipe with what has come so far; false for a file, which the same command
    /// goes on with.
    bool interrupt() {
        if (input_.size() != 0 && command_.file != "-") return false;
        if (!stream_) return false;
        stream_->stop();
        return true;
    }

    /// Of an import that came to its end.
    ExitCode exit_code() {
        if (rejected_.count() != 0) return ExitCode::rpc;
        // Lines that were left out are a mistake in the input.
        return stream_->state().rejected != 0 ? ExitCode::usage : ExitCode::success;
    }

    /// Says how to go on with an import that did not come to its end.
    void say_how_to_go_on() {
        progress_.clear();
        if (!stream_) return;
        const ImportState& state = stream_->state();
        if (kept_) {
            // Not where it is in the file: what was read and not inserted is read again.
            std::fprintf(
                stderr,
                "clarify: %" PRIu64
                " samples inserted so far; the same command goes on at line %" PRIu64 "\n",
                state.inserted + of_last_,
                kept_lines_ + 1);
        } else if (state.lines > inserted_lines_) {
            std::fprintf(
                stderr,
                "clarify: %" PRIu64 " samples inserted, %" PRIu64 " of them of the lines %" PRIu64
                " to %" PRIu64 " of %s, whose others are not\n",
                state.inserted + of_last_,
                of_last_,
                inserted_lines_ + 1,
                state.lines,
                name_.c_str());
        }
    }

private:
    clarify::Result<SampleStore> open_store(
        const asio::any_io_executor& executor, Session& session) {
        StoreOptions options;
        // Whatever is collected at once has room.
        options.size = std::numeric_limits<std::uint64_t>::max() / 2;
        options.gives_up = true;
        options.rate_limits = command_.common.limits.client.rate_limits;
        options.on_rejected = [this](const auto& sample) { rejected_.add(sample); };
        return SampleStore::open(executor, session, std::move(options));
    }

    /// Reads the names of the columns, and goes on where an earlier import ended.
    asio::awaitable<clarify::Result<void>> begin(Session& session) {
        const clarify::Result<void> begun = co_await stream_->begin();
        if (!begun) co_return begun.error();
        ImportState& state = stream_->state();
        inserted_lines_ = state.lines;
        checkpoint_.emplace(
            command_.file == "-" ? std::string{} : command_.file,
            input_.descriptor(),
            import_of(session, command_.csv, stream_->form().delimiter));
        // Also where it is not wanted: what is no such file is not to be replaced by one.
        const auto stored = checkpoint_->load();
        if (!stored) co_return stored.error();
        if (!*stored || command_.restart || !stream_->go_on_at(**stored))
            co_return clarify::Result<void>{};
        inserted_lines_ = state.lines;
        kept_ = true;
        kept_lines_ = state.lines;
        progress_.begin_at(state.inserted);
        std::fprintf(stderr, "clarify: going on at line %" PRIu64 "\n", state.lines + 1);
        co_return clarify::Result<void>{};
    }

    void complain(std::uint64_t number, const std::string& why) {
        progress_.clear();
        std::fprintf(stderr, "%s:%" PRIu64 ": %s\n", command_.file.c_str(), number, why.c_str());
    }

    /// Everything up to here is done.
    void keep(bool more) {
        // Not within a line, where nothing could go on.
        if (!stream_->is_between_lines()) return;
        const ImportState& state = stream_->state();
        progress_.show(state.offset, state.inserted);
        if (!more && stream_->outcome()) return;  // at the end
        if (!checkpoint_->store(state)) {
            progress_.clear();
            std::fprintf(
                stderr,
                "clarify: %s.progress cannot be written: an interrupted import would begin anew\n",
                command_.file.c_str());
        }
        kept_ = checkpoint_->works();
        kept_lines_ = state.lines;
    }

    const InsertCommand& command_;
    const InputFile& input_;
    std::string name_;
    Progress progress_;
    RejectedSamples rejected_;
    std::optional<CsvStream> stream_;
    std::optional<Checkpoint> checkpoint_;
    /// The samples up to this line are inserted, and of those behind it so many.
    std::uint64_t inserted_lines_ = 0;
    std::uint64_t of_last_ = 0;
    bool kept_ = false;
    std::uint64_t kept_lines_ = 0;
};

}  // namespace

std::string import_of(Session& session, const CsvOptions& csv, char delimiter) {
    std::string import = ApiSession::server(session) + ' ' +
        ApiSession::client(session).integration() + '\n' + csv.prefix + '\n' + delimiter +
        csv.decimal + csv.time_format + '\n' + csv.time_zone;
    for (const std::string& name : csv.skip)
        import += '\n' + name;
    return import;
}

ExitCode insert(const InsertCommand& command) {
    if (command.follow) return follow(command);
    const InputFile input{command.file};
    if (input.error() != 0) {
        const clarify::Error error =
            fault(clarify::Reason::file, command.file + ": " + input.problem());
        print_error(error, false);
        return exit_code(error.code());
    }
    Import import{command, input};
    const ExitCode code = run_with_session(
        command.common,
        [&](Session& session) { return import.run(session); },
        [&import] { return import.interrupt(); });
    if (code == ExitCode::success) return import.exit_code();
    import.say_how_to_go_on();
    return code;
}

}  // namespace clarify_cli
