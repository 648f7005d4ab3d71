// SPDX-License-Identifier: BSL-1.0
// The parts of a request's target.

#ifndef CLARIFY_GATEWAY_TARGET_HPP
#define CLARIFY_GATEWAY_TARGET_HPP

#include <clarify/core/detail/text.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string_view>

namespace gateway {

/// The host of a target that is a whole URL, as proxies get it (RFC 9112 section 3.2.2).
inline std::optional<std::string_view> authority_of(std::string_view target) {
    for (const std::string_view scheme : {"http://", "https://"}) {
        if (!clarify::detail::iequals(target.substr(0, scheme.size()), scheme)) continue;
        target.remove_prefix(scheme.size());
        return target.substr(0, target.find_first_of("/?#"));
    }
    return std::nullopt;
}

/// Which resource is meant, in whatever form. A query does not choose among ours.
inline std::string_view path_of(std::string_view target) {
    if (const auto authority = authority_of(target)) {
        const auto behind = static_cast<std::size_t>(authority->data() - target.data());
        target.remove_prefix(behind + authority->size());
        // An empty path is the root.
        if (!target.starts_with('/')) return "/";
    }
    return target.substr(0, target.find_first_of("?#"));
}

}  // namespace gateway

#endif  // CLARIFY_GATEWAY_TARGET_HPP
