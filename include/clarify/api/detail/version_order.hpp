// SPDX-License-Identifier: BSL-1.0
// Which version of the API comes before which.

#ifndef CLARIFY_API_DETAIL_VERSION_ORDER_HPP
#define CLARIFY_API_DETAIL_VERSION_ORDER_HPP

#include <clarify/core/detail/text.hpp>

#include <array>
#include <charconv>
#include <compare>
#include <cstddef>
#include <optional>
#include <string_view>
#include <system_error>

namespace clarify::detail {

/// A selector such as `1.2alpha1`, in the order `1.1 < 1.2alpha1 < 1.2beta1 < 1.2rc1 < 1.2`.
struct VersionOrder {
    unsigned major = 0;
    unsigned minor = 0;
    /// 0 alpha, 1 beta, 2 release candidate, 3 release.
    unsigned stage = 3;
    unsigned number = 0;

    /// None for a text that is no such selector.
    static std::optional<VersionOrder> parse(std::string_view text) noexcept {
        VersionOrder version;
        if (!take(text, version.major) || text.empty() || text.front() != '.') return std::nullopt;
        text.remove_prefix(1);
        if (!take(text, version.minor)) return std::nullopt;
        if (text.empty()) return version;
        constexpr std::array<std::string_view, 3> stages{"alpha", "beta", "rc"};
        for (unsigned i = 0; i != stages.size(); ++i) {
            if (text.substr(0, stages[i].size()) != stages[i]) continue;
            text.remove_prefix(stages[i].size());
            version.stage = i;
            if (take(text, version.number) && text.empty()) return version;
            return std::nullopt;
        }
        // A build of a release, such as 1.1.2.
        if (text.front() != '.') return std::nullopt;
        text.remove_prefix(1);
        if (take(text, version.number) && text.empty()) return version;
        return std::nullopt;
    }

    constexpr auto operator<=>(const VersionOrder&) const noexcept = default;

private:
    static bool take(std::string_view& text, unsigned& number) noexcept {
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (error != std::errc{}) return false;
        text.remove_prefix(static_cast<std::size_t>(end - text.data()));
        return true;
    }
};

}  // namespace clarify::detail

#endif  // CLARIFY_API_DETAIL_VERSION_ORDER_HPP
