// SPDX-License-Identifier: BSL-1.0

#include "csv_stream.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <unistd.h>

#include <algorithm>
#include <string_view>
#include <utility>

namespace clarify_cli {
namespace {

namespace asio = boost::asio;

/// A longer line is none.
constexpr std::size_t longest_line = std::size_t{1} << 20U;
/// So often a file is looked at that may grow.
constexpr std::chrono::milliseconds look_again{250};

clarify::Error fault(clarify::Reason reason, std::string what) {
    return clarify::Error{clarify::Errc::bad_argument, reason, std::move(what)};
}

}  // namespace

CsvStream::CsvStream(
    asio::any_io_executor executor,
    int descriptor,
    std::string name,
    const CsvOptions& options,
    Complain complain,
    Look look)
    : executor_(std::move(executor)),
      descriptor_(descriptor),
      name_(std::move(name)),
      options_(options),
      complain_(std::move(complain)),
      look_(std::move(look)),
      wake_(std::make_shared<asio::steady_timer>(executor_)) {
    open_lines();
}

void CsvStream::open_lines() {
    lines_.emplace(executor_, descriptor_, longest_line);
    if (look_) lines_->follow();
}

clarify::Result<void> CsvStream::outcome() const {
    if (!lines_->error()) return {};
    return fault(clarify::Reason::file, name_ + ": " + lines_->error().message());
}

void CsvStream::stop() {
    stopping_ = true;
    wake_->cancel();
}

/// Takes the lines that have come, and as many more as the next record needs; none at the end.
asio::awaitable<std::optional<CsvRecords::Record>> CsvStream::first_record() {
    while (true) {
        while (auto line = lines_->next())
            records_->add(csv_line(std::move(*line)));
        if (auto record = records_->next(lines_->ended())) co_return record;
        if (lines_->ended() || stopping_) co_return std::nullopt;
        co_await more_lines();
    }
}

asio::awaitable<clarify::Result<void>> CsvStream::begin(const CsvForm* earlier) {
    std::optional<LineReader::Line> line = lines_->next();
    while (!line && !lines_->ended() && !stopping_) {
        co_await more_lines();
        line = lines_->next();
    }
    if (const clarify::Result<void> read = outcome(); !read) co_return read;
    if (!line && stopping_) co_return clarify::Error{clarify::Errc::cancelled};
    if (!line) co_return fault(clarify::Reason::empty, name_ + " is empty");
    if (line->cut) co_return fault(clarify::Reason::length, "the first line is too long");
    // Text in UTF-8 may begin with what tells the order of its bytes elsewhere.
    constexpr std::string_view mark = "\xEF\xBB\xBF";
    if (line->text.starts_with(mark)) line->text.erase(0, mark.size());
    if (line->text.find('\0') != std::string::npos) {
        co_return fault(
            clarify::Reason::fields, "the first line has zero bytes: the file is to be UTF-8 text");
    }
    const std::string& wanted = options_.delimiter;
    const char delimiter = earlier != nullptr ? earlier->delimiter
        : wanted.empty()                      ? delimiter_of(line->text)
        : wanted == "tab"                     ? '\t'
                                              : wanted.front();
    records_.emplace(delimiter);
    records_->add(csv_line(std::move(*line)));
    const std::optional<CsvRecords::Record> record = co_await first_record();
    if (!record && stopping_) co_return clarify::Error{clarify::Errc::cancelled};
    if (!record || record->fault != nullptr) {
        co_return fault(
            clarify::Reason::fields,
            std::string{"the first line has "} + (record ? record->fault : "no end"));
    }
    if (earlier != nullptr && earlier->columns.has_time(records_->fields())) {
        form_.emplace(*earlier);
        take(*record);
        co_return clarify::Result<void>{};
    }
    auto columns = CsvSamples::make(records_->fields(), options_);
    if (!columns) co_return columns.error();
    form_.emplace(CsvForm{delimiter, std::move(*columns)});
    state_.lines = record->last;
    state_.offset = record->end;
    co_return clarify::Result<void>{};
}

bool CsvStream::go_on_at(const ImportState& state) {
    if (::lseek(descriptor_, static_cast<off_t>(state.offset), SEEK_SET) < 0) return false;
    state_ = state;
    // Nothing is on its way: the first line has come.
    open_lines();
    lines_->begin_at(state_.offset, state_.lines);
    records_.emplace(form_->delimiter);
    return true;
}

/// Waits until there are more lines; not for ever where samples wait to be handed on.
asio::awaitable<void> CsvStream::more_lines() {
    boost::system::error_code ec;
    if (lines_->at_end()) {
        wake_->expires_at(std::min(send_at_, std::chrono::steady_clock::now() + look_again));
        co_await wake_->async_wait(asio::redirect_error(asio::use_awaitable, ec));
        if (stopping_ || look_(*lines_)) co_return;
    }
    wake_->expires_at(send_at_);
    lines_->read_more([wake = wake_] { wake->cancel(); });
    co_await wake_->async_wait(asio::redirect_error(asio::use_awaitable, ec));
}

/// Has the oldest of the samples waited for long enough? However often more of them come.
bool CsvStream::is_due() const { return std::chrono::steady_clock::now() >= send_at_; }

asio::awaitable<bool> CsvStream::collect(const CsvBatch& most) {
    const std::uint64_t begun = state_.offset;
    wait_ = most.wait;
    send_at_ = samples_.empty() ? asio::steady_timer::time_point::max()
                                : std::chrono::steady_clock::now() + wait_;
    while (!is_due()) {
        if (const auto record = records_->next(lines_->ended())) {
            take(*record);
            if (state_.offset - begun >= most.bytes || samples_.size() >= most.values)
                co_return true;
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

CsvLine CsvStream::csv_line(LineReader::Line line) const {
    // Behind a line that is cut the file goes on within it.
    return {line.number, std::move(line.text), line.cut, lines_->offset()};
}

void CsvStream::take(const CsvRecords::Record& record) {
    state_.lines = record.last;
    state_.offset = record.end;
    within_line_ = record.cut;
    if (record.fault != nullptr) return reject(record.first, record.fault);
    if (record.blank) return;
    if (const auto problem = form_->columns.add(records_->fields(), samples_))
        return reject(record.first, *problem);
    if (send_at_ == asio::steady_timer::time_point::max() && !samples_.empty())
        send_at_ = std::chrono::steady_clock::now() + wait_;
}

void CsvStream::reject(std::uint64_t number, const std::string& why) {
    complain_(number, why);
    ++state_.rejected;
}

}  // namespace clarify_cli
