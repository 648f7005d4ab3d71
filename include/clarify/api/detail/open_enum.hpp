// SPDX-License-Identifier: BSL-1.0
// An enumeration that may get new values from a newer server.

#ifndef CLARIFY_API_DETAIL_OPEN_ENUM_HPP
#define CLARIFY_API_DETAIL_OPEN_ENUM_HPP

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>

namespace clarify::detail {

/** One of the known values of `Names`, or a text that this version of the library does not know.

    `Names` has an unscoped enumeration `Known`, whose first value is the default and whose last one
    is `other`, and `names`, the texts of all but the last.
*/
template <class Names>
class OpenEnum : public Names {
public:
    using Known = typename Names::Known;

    /// The default value.
    OpenEnum() noexcept {}
    /// A known value. `other` has an empty text.
    OpenEnum(Known value) noexcept : known_(value) {}
    /// The value of a text. An empty one means the default, as it does for Clarify.
    explicit OpenEnum(std::string_view text) {
        if (text.empty()) return;
        for (std::size_t i = 0; i != std::size(Names::names); ++i) {
            if (Names::names[i] != text) continue;
            known_ = static_cast<Known>(i);
            return;
        }
        known_ = Names::other;
        other_ = text;
    }

    /// For `switch`.
    Known known() const noexcept { return known_; }
    /// The text, as it is on the wire.
    std::string_view text() const noexcept {
        return known_ == Names::other ? std::string_view{other_} : Names::names[known_];
    }

    friend bool operator==(const OpenEnum& a, const OpenEnum& b) noexcept {
        return a.known_ == b.known_ && a.other_ == b.other_;
    }
    friend bool operator==(const OpenEnum& a, Known b) noexcept { return a.known_ == b; }

private:
    Known known_ = Known{};
    std::string other_;
};

}  // namespace clarify::detail

#endif  // CLARIFY_API_DETAIL_OPEN_ENUM_HPP
