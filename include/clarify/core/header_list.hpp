// SPDX-License-Identifier: BSL-1.0
// Extra request headers, checked before they are used.

#ifndef CLARIFY_CORE_HEADER_LIST_HPP
#define CLARIFY_CORE_HEADER_LIST_HPP

#include <clarify/core/detail/text.hpp>
#include <clarify/core/result.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clarify {

/** Request headers in the order they were added.

    @par Thread safety
    Distinct objects: safe. Shared objects: safe for reading.
*/
class HeaderList {
public:
    using value_type = std::pair<std::string, std::string>;
    using const_iterator = std::vector<value_type>::const_iterator;

    HeaderList() {}

    /// Appends a header. It is checked when the call is made (`check`), not here.
    HeaderList& add(std::string name, std::string value) {
        headers_.emplace_back(std::move(name), std::move(value));
        return *this;
    }

    const_iterator begin() const noexcept { return headers_.begin(); }
    const_iterator end() const noexcept { return headers_.end(); }
    bool empty() const noexcept { return headers_.empty(); }

    /** May these headers be sent?

        Fails with `Errc::bad_argument`, `Reason::header` for a name that is not a token, a value
        with a control character (RFC 9110 section 5.5), and a name that the library sets itself. The
        message names the header where its name is printable, and never shows a value.
    */
    Result<void> check() const;

private:
    std::vector<value_type> headers_;
};

inline Result<void> HeaderList::check() const {
    constexpr std::string_view reserved[]{
        "accept",
        "accept-encoding",
        "authorization",
        "connection",
        "content-length",
        "content-type",
        "expect",
        "host",
        "keep-alive",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "traceparent",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "user-agent",
        "x-api-version"};
    for (const auto& [name, value] : headers_) {
        if (!detail::is_token(name)) {
            return Error{Errc::bad_argument, Reason::header, "a header name is not a token"};
        }
        for (const std::string_view own : reserved) {
            if (detail::iequals(name, own)) {
                return Error{
                    Errc::bad_argument,
                    Reason::header,
                    "the header " + name + " is set by the library"};
            }
        }
        if (!detail::is_field_value(value)) {
            return Error{
                Errc::bad_argument,
                Reason::header,
                "the value of the header " + name + " has characters that are not allowed"};
        }
    }
    return {};
}

}  // namespace clarify

#endif  // CLARIFY_CORE_HEADER_LIST_HPP
