// SPDX-License-Identifier: BSL-1.0

#include <clarify/auth/bearer_token.hpp>
#include <clarify/core/detail/file.hpp>
#include <clarify/core/detail/text.hpp>

#include "sender_token.hpp"

#include <algorithm>
#include <cstddef>

namespace gateway {

clarify::Result<std::vector<std::string>> SenderToken::read() {
    constexpr std::size_t largest = 4096;
    std::vector<std::string> changes;
    if (!is_asked_for()) return changes;
    const auto file = clarify::detail::read_small_file(file_, largest);
    if (!file) return file.error();
    const auto refused = [this](const char* why) {
        return clarify::detail::file_error(file_, why, 0);
    };
    if (file->exposed)
        return refused("may be read or written by others than its owner; chmod 600 mends that");
    std::string_view text = file->content;
    constexpr std::string_view around = " \t\r\n";
    text.remove_prefix(std::min(text.find_first_not_of(around), text.size()));
    text = text.substr(0, text.find_last_not_of(around) + 1);
    if (text.empty()) return refused("is empty, instead of holding a token");
    if (!clarify::BearerToken::is_token(text))
        return refused("has characters that may not stand in a token");
    auto now = std::make_shared<const clarify::Secret>(text);
    const auto before = token();
    if (before && *before == *now) return changes;
    if (before) changes.push_back(file_ + " has changed. Senders have to show the new token.");
    const std::lock_guard lock{mutex_};
    token_ = std::move(now);
    return changes;
}

bool SenderToken::admits(std::string_view authorization) const {
    if (!is_asked_for()) return true;
    constexpr std::string_view scheme = "bearer ";
    const auto needed = token();
    if (!needed || !clarify::detail::iequals(authorization.substr(0, scheme.size()), scheme))
        return false;
    const std::string_view shown = clarify::detail::trim(authorization.substr(scheme.size()));
    return shown.size() == needed->size() && clarify::Secret{shown} == *needed;
}

std::shared_ptr<const clarify::Secret> SenderToken::token() const {
    const std::lock_guard lock{mutex_};
    return token_;
}

}  // namespace gateway
