// SPDX-License-Identifier: BSL-1.0
// What the outcome of an insert says of the samples in it: decisions only.

#ifndef CLARIFY_INGEST_DETAIL_INSERT_VERDICT_HPP
#define CLARIFY_INGEST_DETAIL_INSERT_VERDICT_HPP

#include <clarify/api/data_frame.hpp>
#include <clarify/core/error.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace clarify::detail {

/// What was found wrong in a frame: a column, or of one or all columns the value of a row.
struct BlamedPlace {
    std::optional<std::size_t> column;
    std::optional<std::size_t> row;
    std::string reason;
};

/** What a failed insert says.

    Only a verdict on samples costs samples. Everything else waits, also what a frame cannot be blamed for:
    credentials, an integration, a version, a method.
*/
struct InsertVerdict {
    enum class Kind : std::uint8_t {
        /// Nothing of the samples: they wait.
        wait,
        /// There are too many of them for a request.
        divide,
        /// Some of them are bad: those at `places`, or if there is none, nobody knows which. None of the
        /// others is stored, except for `stored`.
        blame,
    };

    Kind kind = Kind::wait;
    /// Was it sent, and may it be executed yet?
    bool in_doubt = false;
    std::vector<BlamedPlace> places;
    /// Columns that are stored all the same.
    std::vector<std::size_t> stored;
    /// The words of the service.
    std::string reason;
};

/// Reads what a failed insert of `frame` says.
InsertVerdict judge_insert(const Error& error, const DataFrame& frame);

}  // namespace clarify::detail

#if !defined(CLARIFY_SEPARATE_COMPILATION)
#include <clarify/ingest/detail/impl/insert_verdict.hpp>
#endif

#endif  // CLARIFY_INGEST_DETAIL_INSERT_VERDICT_HPP
