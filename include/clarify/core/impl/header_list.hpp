// SPDX-License-Identifier: BSL-1.0
// Which headers the application may not set.

#ifndef CLARIFY_CORE_IMPL_HEADER_LIST_HPP
#define CLARIFY_CORE_IMPL_HEADER_LIST_HPP

#include <clarify/core/detail/text.hpp>
#include <clarify/core/header_list.hpp>

#include <string>
#include <string_view>

namespace clarify {

CLARIFY_DECL Result<void> HeaderList::check() const {
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

#endif  // CLARIFY_CORE_IMPL_HEADER_LIST_HPP
