// SPDX-License-Identifier: BSL-1.0
// Is an address one of this machine, as plain http to `localhost` takes for granted?

#ifndef CLARIFY_HTTP_DETAIL_CONNECT_LOOPBACK_HPP
#define CLARIFY_HTTP_DETAIL_CONNECT_LOOPBACK_HPP

#include <clarify/core/error.hpp>
#include <clarify/core/url.hpp>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/address_v4.hpp>
#include <boost/asio/ip/address_v6.hpp>

#include <string>

namespace clarify::detail {

/// ::1, 127.0.0.0/8, and the latter within IPv6: what goes there does not leave this machine.
inline bool is_loopback(const boost::asio::ip::address& address) {
    namespace ip = boost::asio::ip;
    if (address.is_v6() && address.to_v6().is_v4_mapped())
        return ip::make_address_v4(ip::v4_mapped, address.to_v6()).is_loopback();
    return address.is_loopback();
}

/// A name of this machine leads elsewhere, where plain http must not go.
inline Error not_this_machine(const Url& origin) {
    Error error{
        Errc::bad_config,
        Reason::insecure,
        origin.host() +
            " does not lead to this machine, and plain http to another one shows credentials"};
    return error.set_phase(Phase::connect).set_fate(Fate::unsent);
}

}  // namespace clarify::detail

#endif  // CLARIFY_HTTP_DETAIL_CONNECT_LOOPBACK_HPP
