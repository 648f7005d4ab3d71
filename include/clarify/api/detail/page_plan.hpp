// SPDX-License-Identifier: BSL-1.0
// Which page of a selection to ask for next: decisions only.

#ifndef CLARIFY_API_DETAIL_PAGE_PLAN_HPP
#define CLARIFY_API_DETAIL_PAGE_PLAN_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace clarify::detail {

/// A part of a selection to ask for.
struct PageRequest {
    std::size_t skip = 0;
    std::size_t limit = 0;
    /// Ask how many there are in all. Only once, because the server has to count them.
    bool total = false;

    friend bool operator==(const PageRequest&, const PageRequest&) = default;
};

/// Walks through a selection whose end shows as it comes: by the number that the server counted, or
/// else by a page that is not full.
class PagePlan {
public:
    /// `limit`: how many are wanted at most; unset: all. `page_size`: how many at a time.
    PagePlan(std::size_t skip, std::optional<std::size_t> limit, std::size_t page_size) noexcept
        : skip_(skip), left_(limit), page_size_(std::max<std::size_t>(page_size, 1)) {
        done_ = left_ && *left_ == 0;
    }

    bool done() const noexcept { return done_; }
    /// The page that comes next; the same until it has arrived.
    PageRequest next() const noexcept {
        return {skip_, left_ ? (std::min)(*left_, page_size_) : page_size_, first_};
    }
    /// It has arrived, with `count` resources and perhaps the number of all. Returns how many of them
    /// are wanted: not more than `limit` in all, however many the server sends.
    std::size_t arrived(std::size_t count, std::optional<std::int64_t> total) noexcept {
        const std::size_t asked = next().limit;
        const std::size_t wanted = left_ ? (std::min)(*left_, count) : count;
        first_ = false;
        skip_ += count;
        if (left_) *left_ -= wanted;
        if (total && *total >= 0) total_ = static_cast<std::size_t>(*total);
        // A server that sends less than it was asked for has reached the end, unless it has counted
        // more: then it has a limit of its own.
        const bool at_end = total_ ? skip_ >= *total_ : count < asked;
        done_ = at_end || count == 0 || (left_ && *left_ == 0);
        return wanted;
    }
    /// It has arrived, and its `count` resources are those of the page before: so many others have
    /// been added in front of them meanwhile, or the server does not heed offsets.
    void repeated(std::size_t count) noexcept {
        skip_ += count;
        if (total_) *total_ += count;
    }

private:
    std::size_t skip_;
    std::optional<std::size_t> left_;
    std::size_t page_size_;
    std::optional<std::size_t> total_;
    bool first_ = true;
    bool done_ = false;
};

}  // namespace clarify::detail

#endif  // CLARIFY_API_DETAIL_PAGE_PLAN_HPP
