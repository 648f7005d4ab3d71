// SPDX-License-Identifier: BSL-1.0
// The Retry-After header (RFC 9110 section 10.2.3).

#ifndef CLARIFY_CORE_RETRY_AFTER_HPP
#define CLARIFY_CORE_RETRY_AFTER_HPP

#include <clarify/core/detail/config.hpp>

#include <chrono>
#include <optional>
#include <string_view>

namespace clarify {

/** The wait that a reply asks for with its `Retry-After` field.

    For whatever makes HTTP requests of its own, such as an authentication policy; for calls the
    client reads the field itself (`HttpFailure::retry_after`).

    @param retry_after the field's value: a number of seconds, or an HTTP date in any of its three
    forms (RFC 9110 section 5.6.7). Blanks around it do not matter.
    @param date the value of the same reply's `Date` field, which a date is measured against, so that
    neither this machine's clock nor the server's needs to be right. For a number of seconds it may be
    empty.
    @param now the date on this machine (`AuthContext::wall_now`), which serves where `date` is none.
    Without either of them a date says nothing.
    @return the wait: zero for a date that is past, a day for anything longer than a day; nothing where
    the field is missing or cannot be understood, and the caller has to choose a wait.

    @par Errors
    None: what a server sends here is not to be relied on, and throws nothing.
*/
std::optional<std::chrono::milliseconds> parse_retry_after(
    std::string_view retry_after,
    std::string_view date,
    std::optional<std::chrono::system_clock::time_point> now = std::nullopt);

}  // namespace clarify

#if !defined(CLARIFY_SEPARATE_COMPILATION)
#include <clarify/core/impl/retry_after.hpp>
#endif

#endif  // CLARIFY_CORE_RETRY_AFTER_HPP
