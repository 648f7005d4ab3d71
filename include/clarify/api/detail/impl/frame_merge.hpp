// SPDX-License-Identifier: BSL-1.0
// Many frames that become one.

#ifndef CLARIFY_API_DETAIL_IMPL_FRAME_MERGE_HPP
#define CLARIFY_API_DETAIL_IMPL_FRAME_MERGE_HPP

#include <clarify/api/data_frame.hpp>

#include <cstddef>
#include <utility>
#include <vector>

namespace clarify::detail {

/** Merges frames one by one, in their order.

    In pairs of about the same size, so that many small ones take little more time than one large
    one. Frames with neither times nor keys in common would become a frame of little but missing
    values, however short the text is; there is a limit to that.
*/
class FrameMerge {
public:
    /// False if that would take too much memory.
    bool add(DataFrame frame) {
        values_ += cells(frame);
        parts_.push_back(std::move(frame));
        while (parts_.size() > 1 && cells(parts_.end()[-2]) <= 2 * cells(parts_.back())) {
            if (!join_last()) return false;
        }
        return true;
    }
    /// What all of them make; the same error.
    bool finish(DataFrame& out) {
        while (parts_.size() > 1) {
            if (!join_last()) return false;
        }
        out = parts_.empty() ? DataFrame{} : std::move(parts_.front());
        return true;
    }

private:
    static constexpr std::size_t spare = std::size_t{1} << 22U;

    static std::size_t cells(const DataFrame& frame) noexcept {
        return frame.size() * frame.columns();
    }
    bool join_last() {
        const DataFrame last = std::move(parts_.back());
        parts_.pop_back();
        DataFrame& into = parts_.back();
        std::size_t columns = into.columns();
        for (std::size_t i = 0; i != last.columns(); ++i)
            columns += into.contains(last.key(i)) ? 0U : 1U;
        const std::size_t rows = into.size() + last.size();
        if (columns != 0 && rows > (2 * values_ + spare) / columns) return false;
        into.merge(last);
        return true;
    }

    std::vector<DataFrame> parts_;
    /// In all frames together.
    std::size_t values_ = 0;
};

}  // namespace clarify::detail

#endif  // CLARIFY_API_DETAIL_IMPL_FRAME_MERGE_HPP
