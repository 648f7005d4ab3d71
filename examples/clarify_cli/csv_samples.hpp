// SPDX-License-Identifier: BSL-1.0
// Samples out of the lines of a CSV file.

#ifndef CLARIFY_CLI_CSV_SAMPLES_HPP
#define CLARIFY_CLI_CSV_SAMPLES_HPP

#include <clarify/api/data_frame.hpp>
#include <clarify/core/result.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clarify_cli {

/** Reads the line that names the columns, and then samples.

    One column is the time: `time` or `timestamp`, else the first one. The others are input keys; or
    there is one for the key (`input`, `key` or `signal`) and one for the `value`, and no more.

    @par Thread safety
    Distinct objects: safe. Shared objects: unsafe.
*/
class CsvSamples {
public:
    /** Reads the first line.

        @param prefix Put in front of every input key.
        @param skipped The names of columns to leave out.
        @par Errors
        `Errc::bad_argument` with everything that is wrong with the names.
    */
    static clarify::Result<CsvSamples> make(
        std::string_view names, const std::string& prefix, const std::vector<std::string>& skipped);

    /// Adds the samples of a line, all or none. Yields why there are none; nothing where there are.
    std::optional<std::string> add(std::string_view line, clarify::SampleBuffer& samples);

private:
    CsvSamples() {}

    std::optional<std::string> add_row(clarify::Timestamp time, clarify::SampleBuffer& samples);
    std::optional<std::string> add_sample(clarify::Timestamp time, clarify::SampleBuffer& samples);

    char delimiter_ = ',';
    std::string prefix_;
    std::size_t count_ = 0;
    std::size_t time_ = 0;
    /// The input key of each column; empty for the time, and for those that are left out.
    std::vector<std::string> keys_;
    /// Each line is one sample: the columns with its key and its value.
    std::optional<std::pair<std::size_t, std::size_t>> sample_;
    // Kept for their memory.
    std::vector<std::string> fields_;
    std::vector<double> values_;
};

}  // namespace clarify_cli

#endif  // CLARIFY_CLI_CSV_SAMPLES_HPP
