// SPDX-License-Identifier: BSL-1.0
// Data frames as text, without a document tree in between, and how long that text is.

#ifndef CLARIFY_API_DETAIL_FRAME_TEXT_HPP
#define CLARIFY_API_DETAIL_FRAME_TEXT_HPP

#include <clarify/api/data_frame.hpp>
#include <clarify/core/result.hpp>

#include <cstddef>
#include <vector>

namespace clarify::detail {

/// A number of consecutive rows.
struct RowRange {
    std::size_t first = 0;
    std::size_t count = 0;

    friend bool operator==(const RowRange&, const RowRange&) = default;
};

/** Divides a frame by rows so that the JSON text of each part has at most `max_size` bytes.

    @par Errors
    `Errc::bad_argument`, `Reason::request`, where a single row is longer.
*/
Result<std::vector<RowRange>> split_by_json_size(const DataFrame& frame, std::size_t max_size);

}  // namespace clarify::detail

#if !defined(CLARIFY_SEPARATE_COMPILATION)
#include <clarify/api/detail/impl/frame_text.hpp>
#endif

#endif  // CLARIFY_API_DETAIL_FRAME_TEXT_HPP
