// SPDX-License-Identifier: BSL-1.0
// Records of comma-separated values, of one line or of several.

#ifndef CLARIFY_CLI_CSV_RECORD_HPP
#define CLARIFY_CLI_CSV_RECORD_HPP

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace clarify_cli {

/// The one of `,` `;` and tab that a line of names has most of, outside of quotes.
char delimiter_of(std::string_view line);

/** Divides lines into fields as RFC 4180 has it, with or without a carriage return at the end.

    A field may be in quotes, and then have delimiters, doubled quotes and line breaks in it. Blanks
    around a field are no part of it, whether it is in quotes or not.
*/
class CsvSplitter {
public:
    explicit CsvSplitter(char delimiter) : delimiter_(delimiter) {}

    /// Forgets what was fed.
    void clear();
    /// Takes the next line. False where it ends within quotes, so that the record goes on.
    bool feed(std::string_view line);
    /// The fields of a complete record; valid until the next call.
    std::vector<std::string>& fields() { return fields_; }

private:
    void end_field();

    char delimiter_;
    /// Strings keep their memory from one record to the next; so many are in use.
    std::vector<std::string> fields_;
    std::size_t count_ = 0;
    std::string field_;
    /// What of the field stood between quotes, where blanks count.
    std::size_t quoted_ = 0;
    bool within_ = false;
};

/// A line of a file, as far as records need it.
struct CsvLine {
    std::uint64_t number = 0;
    std::string text;
    /// Longer than a line may be; the text is not there.
    bool cut = false;
    /// Where in the file the next line begins.
    std::uint64_t end = 0;
};

/** Joins lines to records.

    A quote that is not closed within `longest` bytes, or before the file ends, spoils its own line
    and not the rest of the file.
*/
class CsvRecords {
public:
    struct Record {
        /// The first and the last line.
        std::uint64_t first = 0;
        std::uint64_t last = 0;
        /// Where in the file the next record begins.
        std::uint64_t end = 0;
        /// What is wrong with the record; null where nothing is.
        const char* fault = nullptr;
        /// The record is part of a line that is longer than a line may be, and goes on behind `end`.
        bool cut = false;
        /// Nothing but blanks.
        bool blank = false;
    };

    static constexpr std::size_t longest = std::size_t{64} << 10U;

    explicit CsvRecords(char delimiter) : splitter_(delimiter) {}

    void add(CsvLine line) { lines_.push_back(std::move(line)); }
    /// The next record; none where more lines are needed. `ended`: there are none.
    std::optional<Record> next(bool ended);
    std::vector<std::string>& fields() { return splitter_.fields(); }

private:
    Record taken(std::size_t count, const char* fault);

    CsvSplitter splitter_;
    std::deque<CsvLine> lines_;
    /// So many lines, of so many bytes, were fed to the splitter.
    std::size_t fed_ = 0;
    std::size_t bytes_ = 0;
};

}  // namespace clarify_cli

#endif  // CLARIFY_CLI_CSV_RECORD_HPP
