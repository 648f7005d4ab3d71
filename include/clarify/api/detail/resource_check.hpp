// SPDX-License-Identifier: BSL-1.0
// What Clarify does not take about a save.

#ifndef CLARIFY_API_DETAIL_RESOURCE_CHECK_HPP
#define CLARIFY_API_DETAIL_RESOURCE_CHECK_HPP

#include <clarify/api/field_errors.hpp>
#include <clarify/api/resource.hpp>

#include <string_view>

namespace clarify::detail {

/** Notes everything about a save that Clarify does not take, with its path below `path`: missing or
    long names, keys, states and texts out of their range, negative durations, text that is not UTF-8.
*/
void check(const SignalSave& save, std::string_view path, FieldErrors& errors);
void check(const ItemSave& save, std::string_view path, FieldErrors& errors);

}  // namespace clarify::detail

#if !defined(CLARIFY_SEPARATE_COMPILATION)
#include <clarify/api/detail/impl/resource_check.hpp>
#endif

#endif  // CLARIFY_API_DETAIL_RESOURCE_CHECK_HPP
