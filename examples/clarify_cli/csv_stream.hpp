// SPDX-License-Identifier: BSL-1.0
// The samples of a CSV file, or of whatever else comes through a descriptor, some at a time.

#ifndef CLARIFY_CLI_CSV_STREAM_HPP
#define CLARIFY_CLI_CSV_STREAM_HPP

#include <clarify/api/sample_buffer.hpp>
#include <clarify/core/result.hpp>

#include "checkpoint.hpp"
#include "csv_record.hpp"
#include "csv_samples.hpp"
#include "line_reader.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace clarify_cli {

/// How much is collected at a time.
struct CsvBatch {
    std::uint64_t bytes;
    std::size_t values;
    /// So old may a sample become before it is handed on.
    std::chrono::milliseconds wait;
};

/// The names of the columns, and what separates them.
struct CsvForm {
    char delimiter;
    CsvSamples columns;
};

/** Reads records, and makes samples of them. What it cannot make sense of it complains about, and leaves
    out.

    @par Thread safety
    All functions are called in the thread of the executor.
*/
class CsvStream {
public:
    using Complain = std::function<void(std::uint64_t line, const std::string& why)>;
    /// Asked now and then whether a file that was read up to its end is over, which it then says to
    /// the reader (`LineReader::finish`).
    using Look = std::function<bool(LineReader& lines)>;

    /** @param name For messages.
        @param look Unset: what is read to its end is over.
    */
    CsvStream(
        boost::asio::any_io_executor executor,
        int descriptor,
        std::string name,
        const CsvOptions& options,
        Complain complain,
        Look look = {});

    /** Reads the names of the columns.

        @param earlier How a file was that this one may go on with: where the first record has a time
        where that has one, there are no names.
        @par Errors
        `Errc::bad_argument`; `Errc::cancelled` where it was stopped before they had come.
    */
    boost::asio::awaitable<clarify::Result<void>> begin(const CsvForm* earlier = nullptr);
    /// How they are written; there once it has begun.
    const CsvForm& form() const { return *form_; }
    /// Goes on behind what was done before. False, and where it was, where the descriptor cannot.
    bool go_on_at(const ImportState& state);

    /// Adds to the samples what comes, up to a batch. False where there is no more.
    boost::asio::awaitable<bool> collect(const CsvBatch& most);
    /// No more is to be waited for; what has come already is taken.
    void stop();

    clarify::SampleBuffer& samples() { return samples_; }
    /// Up to what was read; who inserts counts that.
    ImportState& state() { return state_; }
    /// Is it at the end of a line?
    bool is_between_lines() const { return !within_line_; }
    std::uint64_t offset() const { return lines_->offset(); }
    /// Why it ended, if not properly.
    clarify::Result<void> outcome() const;

private:
    boost::asio::awaitable<std::optional<CsvRecords::Record>> first_record();
    boost::asio::awaitable<void> more_lines();
    bool is_due() const;
    CsvLine csv_line(LineReader::Line line) const;
    void take(const CsvRecords::Record& record);
    void reject(std::uint64_t number, const std::string& why);
    void open_lines();

    boost::asio::any_io_executor executor_;
    int descriptor_;
    std::string name_;
    const CsvOptions& options_;
    Complain complain_;
    Look look_;
    std::shared_ptr<boost::asio::steady_timer> wake_;
    std::optional<LineReader> lines_;
    std::optional<CsvRecords> records_;
    std::optional<CsvForm> form_;
    clarify::SampleBuffer samples_;
    ImportState state_;
    std::chrono::milliseconds wait_{0};
    /// When the samples are handed on, however few they are.
    std::chrono::steady_clock::time_point send_at_ = std::chrono::steady_clock::time_point::max();
    bool within_line_ = false;
    bool stopping_ = false;
};

}  // namespace clarify_cli

#endif  // CLARIFY_CLI_CSV_STREAM_HPP
