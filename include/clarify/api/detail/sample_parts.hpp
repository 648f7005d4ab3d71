// SPDX-License-Identifier: BSL-1.0
// Samples divided into requests: by inputs, and by time.

#ifndef CLARIFY_API_DETAIL_SAMPLE_PARTS_HPP
#define CLARIFY_API_DETAIL_SAMPLE_PARTS_HPP

#include <clarify/api/data_frame.hpp>
#include <clarify/api/detail/sample_groups.hpp>
#include <clarify/api/field_errors.hpp>
#include <clarify/core/result.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace clarify::detail {

/// What one request inserts: the samples of some columns at some times, and columns without any. It
/// refers to what it is a part of.
struct SamplePart {
    std::span<const SampleColumn* const> columns;
    std::span<const Timestamp> times;

    /// How many samples it has.
    std::size_t size() const noexcept;
};

/// Writes it as a data frame. Columns that have samples at other times only are left out.
void append_json(std::string& out, const SamplePart& part);

/** The parts that samples are divided into, one after the other.

    They have in all no more text than about ten times that of the samples, see `TableCosts`, and each
    at most `max_size` bytes; as few as that allows. What is between them is made when it is needed.

    @par Thread safety
    Distinct objects: safe. Shared objects: unsafe.
*/
class SampleParts {
public:
    /// Of samples that are valid, see `check`. With a `max_size` of 0 there is one part.
    SampleParts(SampleTable table, std::size_t max_size);
    SampleParts(const SampleParts&) = delete;
    SampleParts& operator=(const SampleParts&) = delete;

    /// `Errc::bad_argument`, `Reason::request`, where a sample alone is longer than `max_size`.
    Result<void> check_size() const;
    /// How many samples there are in all.
    std::size_t samples() const noexcept { return samples_; }
    /// Is each part later than those before it?
    bool is_divided_by_time_only() const noexcept { return groups_.size() <= 1; }
    /// The next part: valid until the one after it is asked for. Null at the end.
    const SamplePart* next();

private:
    void begin_group();
    void measure_rows();
    void take_empty_columns_along(std::size_t size);
    bool with_empty_columns();

    SampleTable table_;
    std::size_t max_size_;
    std::size_t samples_ = 0;
    std::vector<SampleGroup> groups_;
    /// How many of them are begun.
    std::size_t begun_ = 0;
    /// Where the next part of the last of them begins.
    std::size_t row_ = 0;
    /// Of that group: what it takes without its rows, and each row.
    std::size_t fixed_ = 0;
    std::vector<std::size_t> sizes_;
    /// The columns without a sample, and in the end those that they go with.
    std::vector<const SampleColumn*> empty_;
    bool told_of_empty_ = false;
    SamplePart part_;
};

/// Notes, with its path below `path`, every key that is no input key, and every column that has an
/// infinite value or a time that cannot be written.
void check(const SampleTable& table, std::string_view path, FieldErrors& errors);

/// Is one request, with what is missing, about as good as several? A look at all values of a frame
/// that is normalised.
bool is_worth_one_request(const DataFrame& frame, std::size_t max_size);

}  // namespace clarify::detail

#if !defined(CLARIFY_SEPARATE_COMPILATION)
#include <clarify/api/detail/impl/sample_parts.hpp>
#endif

#endif  // CLARIFY_API_DETAIL_SAMPLE_PARTS_HPP
