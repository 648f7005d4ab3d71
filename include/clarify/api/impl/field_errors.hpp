// SPDX-License-Identifier: BSL-1.0
// Errors collected, and put into one message.

#ifndef CLARIFY_API_IMPL_FIELD_ERRORS_HPP
#define CLARIFY_API_IMPL_FIELD_ERRORS_HPP

#include <clarify/api/field_errors.hpp>
#include <clarify/core/detail/config.hpp>
#include <clarify/core/detail/text.hpp>

#include <algorithm>

namespace clarify {

CLARIFY_DECL void FieldErrors::add(std::string_view path, std::string_view message) {
    all_.emplace_back(std::string{path}, std::string{message});
}

CLARIFY_DECL Result<void> FieldErrors::result() const {
    constexpr std::size_t most = 20;
    constexpr std::size_t longest_path = 400;
    if (all_.empty()) return {};
    std::string text;
    for (std::size_t i = 0; i != (std::min)(most, all_.size()); ++i) {
        if (i != 0) text += "; ";
        text += detail::printable(all_[i].path, longest_path) + ": " + all_[i].message;
    }
    if (all_.size() > most) text += "; and " + std::to_string(all_.size() - most) + " more";
    return Error{Errc::bad_argument, Reason::fields, std::move(text)};
}

CLARIFY_DECL std::string field_path(std::string_view parent, std::string_view name) {
    std::string path{parent};
    if (!path.empty()) path += '.';
    return path += name;
}

}  // namespace clarify

#endif  // CLARIFY_API_IMPL_FIELD_ERRORS_HPP
