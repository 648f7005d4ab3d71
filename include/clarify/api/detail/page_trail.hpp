// SPDX-License-Identifier: BSL-1.0
// Does a page bring anything that the one before it did not?

#ifndef CLARIFY_API_DETAIL_PAGE_TRAIL_HPP
#define CLARIFY_API_DETAIL_PAGE_TRAIL_HPP

#include <algorithm>
#include <cstddef>
#include <new>
#include <string>
#include <vector>

namespace clarify::detail {

/// Remembers a page by the identifiers of its resources, to know it when it comes again.
class PageTrail {
public:
    /// Is `page` the one that was noted last, or its beginning? Never where an identifier is empty,
    /// because that one is no evidence.
    template <class Resources>
    bool is_repeated(const Resources& page) const noexcept {
        return !page.empty() && page.size() <= ids_.size() &&
            std::equal(page.begin(), page.end(), ids_.begin(), [](const auto& a, const auto& id) {
                return !id.empty() && a.id == id;
            });
    }
    /// Where memory is short, nothing is remembered.
    template <class Resources>
    void note(const Resources& page) noexcept {
        try {
            ids_.resize(page.size());
            for (std::size_t i = 0; i != page.size(); ++i)
                ids_[i] = page[i].id;
        } catch (const std::bad_alloc&) {
            ids_.clear();
        }
    }

private:
    std::vector<std::string> ids_;
};

}  // namespace clarify::detail

#endif  // CLARIFY_API_DETAIL_PAGE_TRAIL_HPP
