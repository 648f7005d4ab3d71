// SPDX-License-Identifier: BSL-1.0
// Reads comma-separated values of any length, record by record.

#ifndef CLARIFY_CLI_CSV_READER_HPP
#define CLARIFY_CLI_CSV_READER_HPP

#include <cstddef>
#include <cstdint>
#include <istream>
#include <string>
#include <vector>

namespace clarify_cli {

/** Reads RFC 4180, as it occurs: any of `,` `;` and tab between fields, which the first record
    shows; line feeds with or without a carriage return; a byte order mark; blank lines.

    @par Thread safety
    Distinct objects: safe. Shared objects: unsafe.
*/
class CsvReader {
public:
    /// The stream must outlive the reader.
    explicit CsvReader(std::istream& in) : in_(in) {}

    /// Reads the first record, which names the columns. False where there is none, or it is not
    /// closed.
    bool header(std::vector<std::string>& fields);
    /// Reads the next record. False at the end, and where a record is too long or not closed.
    bool next(std::vector<std::string>& fields);

    /// Goes on from a place in the stream that `offset` and `next_line` told earlier.
    void seek(std::uint64_t offset, std::uint64_t line);

    /// What is wrong with the input as a whole; null where nothing is.
    const char* fault() const noexcept { return fault_; }
    /// The line on which the last record began, from 1.
    std::uint64_t line() const noexcept { return line_; }
    /// The line on which the next one begins.
    std::uint64_t next_line() const noexcept { return next_line_; }
    /// How many bytes were read.
    std::uint64_t offset() const noexcept { return offset_; }

private:
    static constexpr std::size_t longest_record = std::size_t{16} << 20U;

    int take();
    int peek() { return in_.peek(); }
    bool record(std::vector<std::string>& fields);
    bool quoted(std::string& field);

    std::istream& in_;
    char delimiter_ = ',';
    const char* fault_ = nullptr;
    std::uint64_t line_ = 0;
    std::uint64_t next_line_ = 1;
    std::uint64_t offset_ = 0;
    std::size_t length_ = 0;
};

}  // namespace clarify_cli

#endif  // CLARIFY_CLI_CSV_READER_HPP
