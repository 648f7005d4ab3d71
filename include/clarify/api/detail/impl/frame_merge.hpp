// SPDX-License-Identifier: BSL-1.0
// Many frames that become one.

#ifndef CLARIFY_API_DETAIL_IMPL_FRAME_MERGE_HPP
#define CLARIFY_API_DETAIL_IMPL_FRAME_MERGE_HPP

#include <clarify/api/data_frame.hpp>
#include <clarify/core/detail/memory_budget.hpp>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace clarify::detail {
namespace frame_json {

/// What sorting takes for each row, besides a column of its own.
inline constexpr std::size_t scratch_of_row = 4 * sizeof(double) + 1;

}  // namespace frame_json

/** Merges frames one by one, in their order.

    In pairs of about the same size, so that many small ones take little more time than one large
    one, whatever they are made of: a frame counts with its rows, its columns and its values. Frames
    with neither times nor keys in common would become a frame of little but missing values, however
    short the text is: what a merge takes is charged to a budget before.
*/
class FrameMerge {
public:
    explicit FrameMerge(MemoryBudget& budget) noexcept : budget_(budget) {}

    /// Adds a frame for which so much was charged.
    void add(DataFrame frame, std::size_t charged) {
        parts_.push_back({std::move(frame), charged});
        while (parts_.size() > 1 &&
               weight(parts_.end()[-2].frame) <= 2 * weight(parts_.back().frame)) {
            join_last();
        }
    }
    /// What all of them make.
    DataFrame finish() {
        while (parts_.size() > 1)
            join_last();
        return parts_.empty() ? DataFrame{} : std::move(parts_.front().frame);
    }

private:
    struct Part {
        DataFrame frame;
        std::size_t charged;
    };

    static std::size_t weight(const DataFrame& frame) noexcept {
        return (frame.size() + 1) * (frame.columns() + 1);
    }
    /// What a column takes besides its values.
    static std::size_t around_column(const std::string& key) noexcept {
        return 256 + 2 * key.size();
    }
    void join_last() {
        const Part last = std::move(parts_.back());
        parts_.pop_back();
        Part& into = parts_.back();
        std::size_t columns = into.frame.columns();
        std::size_t needed = 0;
        for (std::size_t i = 0; i != into.frame.columns(); ++i)
            needed += around_column(into.frame.key(i));
        for (std::size_t i = 0; i != last.frame.columns(); ++i) {
            if (into.frame.contains(last.frame.key(i))) continue;
            ++columns;
            needed += around_column(last.frame.key(i));
        }
        const std::size_t rows = into.frame.size() + last.frame.size();
        needed += rows * (columns + 1) * sizeof(double);
        const std::size_t scratch = rows * (frame_json::scratch_of_row + sizeof(double));
        budget_.charge(needed);
        budget_.charge(scratch);
        into.frame.merge(last.frame);
        budget_.refund(scratch + last.charged + std::exchange(into.charged, needed));
    }

    MemoryBudget& budget_;
    std::vector<Part> parts_;
};

}  // namespace clarify::detail

#endif  // CLARIFY_API_DETAIL_IMPL_FRAME_MERGE_HPP
