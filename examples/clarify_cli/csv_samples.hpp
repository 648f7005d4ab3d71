// SPDX-License-Identifier: BSL-1.0
// Samples out of the records of a CSV file.

#ifndef CLARIFY_CLI_CSV_SAMPLES_HPP
#define CLARIFY_CLI_CSV_SAMPLES_HPP

#include <clarify/api/sample_buffer.hpp>
#include <clarify/api/timestamp.hpp>
#include <clarify/core/result.hpp>

#include "csv_time.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clarify_cli {

/// How a file is written, and what of it is wanted. Empty members were not given.
struct CsvOptions {
    /// Put in front of every input key.
    std::string prefix;
    /// The names of columns to leave out.
    std::vector<std::string> skip;
    /// A character, or `tab`; else it is found in the line of names.
    std::string delimiter;
    /// What separates the decimals: a point or a comma.
    char decimal = '.';
    /// See `TimeReader::make`.
    std::string time_format;
    std::string time_zone;
};

/** Reads the record that names the columns, and then samples.

    One column is the time: `time` or `timestamp`, else the first one. The others are input keys; or
    there is one for the key (`input`, `key` or `signal`) and one for the `value`, and no more.

    A value is a decimal number with or without a sign and an exponent, and becomes the nearest
    double, as in replies: one nearer to zero than the smallest of them is zero and keeps its sign, one
    beyond the largest is no value, and its line is left out. One that is missing is an
    empty field, or what programs write for it: null, NaN, NA, N/A, None and their like, in any case,
    `\N`, `1.#QNAN`, `#N/A` or `#NV`. Infinities are no values.

    @par Thread safety
    Distinct objects: safe. Shared objects: unsafe.
*/
class CsvSamples {
public:
    /** Reads the record of names.

        @par Errors
        `Errc::bad_argument` with everything that is wrong with the names or the options.
    */
    static clarify::Result<CsvSamples> make(
        const std::vector<std::string>& names, const CsvOptions& options);

    /// Is it a record of these columns, by its time, so that it names none? Whatever its values are.
    bool has_time(const std::vector<std::string>& fields) const;

    /// Adds the samples of a record, all or none. Yields why there are none; nothing where there
    /// are.
    std::optional<std::string> add(
        const std::vector<std::string>& fields, clarify::SampleBuffer& samples);

private:
    using Fields = std::vector<std::string>;
    explicit CsvSamples(TimeReader times) : times_(std::move(times)) {}

    std::optional<std::string> add_row(
        clarify::Timestamp time, const Fields& fields, clarify::SampleBuffer& samples);
    std::optional<std::string> add_sample(
        clarify::Timestamp time, const Fields& fields, clarify::SampleBuffer& samples);

    TimeReader times_;
    std::string prefix_;
    char decimal_ = '.';
    std::size_t count_ = 0;
    std::size_t time_ = 0;
    /// The input key of each column; empty for the time, and for those that are left out.
    std::vector<std::string> keys_;
    /// Each line is one sample: the columns with its key and its value.
    std::optional<std::pair<std::size_t, std::size_t>> sample_;
    // Kept for its memory.
    std::vector<double> values_;
};

}  // namespace clarify_cli

#endif  // CLARIFY_CLI_CSV_SAMPLES_HPP
