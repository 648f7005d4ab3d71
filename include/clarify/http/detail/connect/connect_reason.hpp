// SPDX-License-Identifier: BSL-1.0
// Why the system could not connect.

#ifndef CLARIFY_HTTP_DETAIL_CONNECT_CONNECT_REASON_HPP
#define CLARIFY_HTTP_DETAIL_CONNECT_CONNECT_REASON_HPP

#include <clarify/core/errc.hpp>

#include <boost/system/errc.hpp>
#include <boost/system/error_code.hpp>

namespace clarify::detail {

/// Which failure to connect this is, from the system's error.
inline Reason connect_reason(boost::system::error_code ec) noexcept {
    namespace errc = boost::system::errc;
    if (ec == errc::connection_refused || ec == errc::connection_reset) return Reason::refused;
    if (ec == errc::host_unreachable || ec == errc::network_unreachable ||
        ec == errc::network_down) {
        return Reason::unreachable;
    }
    if (ec == errc::permission_denied || ec == errc::operation_not_permitted) return Reason::denied;
    if (ec == errc::address_not_available || ec == errc::no_buffer_space ||
        ec == errc::too_many_files_open || ec == errc::too_many_files_open_in_system ||
        ec == errc::not_enough_memory) {
        return Reason::resource;
    }
    return Reason::none;
}

}  // namespace clarify::detail

#endif  // CLARIFY_HTTP_DETAIL_CONNECT_CONNECT_REASON_HPP
