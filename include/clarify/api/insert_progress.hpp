// SPDX-License-Identifier: BSL-1.0
// How far an insert of several requests came before one of them failed.

#ifndef CLARIFY_API_INSERT_PROGRESS_HPP
#define CLARIFY_API_INSERT_PROGRESS_HPP

#include <clarify/api/timestamp.hpp>

#include <cstddef>
#include <optional>

namespace clarify {

/** How far an `ApiClient::insert` of several requests came before one of them failed or was cancelled:
    `Error::insert_progress()`.

    It counts what the server said is stored. Of the request that failed it says nothing: that may have
    been executed, or been done in part. To insert everything again does no harm; to go on where it
    ended, leave out what is before `all_before`.

    @code
    if (const clarify::InsertProgress* const done = inserted.error().insert_progress(); done && done->all_before)
        go_on_from(*done->all_before);
    @endcode

    @par Thread safety
    Distinct objects: safe. Shared objects: safe for reading.
*/
struct InsertProgress {
    InsertProgress() {}

    /// All samples before this time are stored; of those at it and after it nobody knows. Unset where
    /// the requests were divided by inputs as well, so that there is no such time.
    std::optional<Timestamp> all_before;
    /// How many requests were executed before the one that failed; at least 1.
    std::size_t requests = 0;
    /// How many samples these had: so many are stored.
    std::size_t samples = 0;
    /// How many were to be inserted.
    std::size_t samples_in_all = 0;
};

}  // namespace clarify

#endif  // CLARIFY_API_INSERT_PROGRESS_HPP
