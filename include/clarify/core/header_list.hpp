// SPDX-License-Identifier: BSL-1.0
// Extra request headers, checked before they are used.

#ifndef CLARIFY_CORE_HEADER_LIST_HPP
#define CLARIFY_CORE_HEADER_LIST_HPP

#include <clarify/core/detail/config.hpp>
#include <clarify/core/result.hpp>

#include <string>
#include <utility>
#include <vector>

namespace clarify {

/** Request headers of the application's own, in the order in which they were added.

    They go out behind those of the library, unchanged, once each; a name may occur several times. A
    header is nothing for secrets that must not show: unlike credentials, the values are not wiped from
    memory, nor kept out of a copy.

    @par Errors
    What may not be sent is found when the call is made, by `check`, and not when it is added.
    @par Object lifetimes
    The list owns its texts. A call encodes them before it returns.
    @par Thread safety
    Distinct objects: safe. Shared objects: safe for reading.
*/
class HeaderList {
public:
    /// A name and its value.
    using value_type = std::pair<std::string, std::string>;
    /// Invalidated by `add`.
    using const_iterator = std::vector<value_type>::const_iterator;

    HeaderList() {}

    /// Appends a header; the list, for another one. Throws `std::bad_alloc` only, whatever the texts
    /// are.
    HeaderList& add(std::string name, std::string value) {
        headers_.emplace_back(std::move(name), std::move(value));
        return *this;
    }

    const_iterator begin() const noexcept { return headers_.begin(); }
    const_iterator end() const noexcept { return headers_.end(); }
    /// Are there none? That is what a call has by default.
    bool empty() const noexcept { return headers_.empty(); }

    /** May these headers be sent?

        A name has to be a token (RFC 9110 section 5.6.2), and none of those that the library, its
        backend or the protocol decides on: `Accept`, `Accept-Encoding`, `Authorization`, `Connection`,
        `Content-Length`, `Content-Type`, `Expect`, `Host`, `Keep-Alive`, `Proxy-Authorization`,
        `Proxy-Connection`, `TE`, `traceparent`, `Trailer`, `Transfer-Encoding`, `Upgrade`,
        `User-Agent` and `X-API-Version`, in any case. A value has no control character but the tab and
        no blank at either end (RFC 9110 section 5.5); it may be empty.

        @par Errors
        `Errc::bad_argument`, `Reason::header`, for the first header that may not. The message names it
        where its name is a token, and never shows a value.
    */
    Result<void> check() const;

private:
    std::vector<value_type> headers_;
};

}  // namespace clarify

#if !defined(CLARIFY_SEPARATE_COMPILATION)
#include <clarify/core/impl/header_list.hpp>
#endif

#endif  // CLARIFY_CORE_HEADER_LIST_HPP
