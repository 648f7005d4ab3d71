// SPDX-License-Identifier: BSL-1.0
// The hosts under which the gateway answers.

#ifndef CLARIFY_GATEWAY_OWN_HOSTS_HPP
#define CLARIFY_GATEWAY_OWN_HOSTS_HPP

#include <clarify/core/detail/text.hpp>
#include <clarify/http/detail/request/request_reader.hpp>

#include <boost/asio/ip/address.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gateway {

/// Does only this machine reach what listens there?
inline bool is_local(const boost::asio::ip::address& address) {
    if (!address.is_v6() || !address.to_v6().is_v4_mapped()) return address.is_loopback();
    return boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, address.to_v6())
        .is_loopback();
}

/** IP addresses, `localhost`, and the names that it was given.

    A web page may let a name of its own lead to this machine ("DNS rebinding"), and its visitor's
    browser then takes the gateway for a part of the page, which may send it anything and read the
    answers. What gives that away is the name, which the browser sends as `Host`.
*/
class OwnHosts {
public:
    /// @param names Without ports, in whatever case.
    explicit OwnHosts(std::vector<std::string> names) : names_(std::move(names)) {}

    /// Is `authority`, a host with or without a port, one of them?
    bool has(std::string_view authority) const {
        std::string_view host;
        if (!clarify::detail::is_host(authority, host)) return false;
        boost::system::error_code ec;
        if (host.starts_with('[')) {
            boost::asio::ip::make_address_v6(std::string{host.substr(1, host.size() - 2)}, ec);
            return !ec;
        }
        // A name with a dot at its end is the same one.
        if (host.ends_with('.')) host.remove_suffix(1);
        boost::asio::ip::make_address_v4(std::string{host}, ec);
        if (!ec || clarify::detail::iequals(host, "localhost")) return true;
        return std::any_of(names_.begin(), names_.end(), [host](const std::string& name) {
            return clarify::detail::iequals(host, name);
        });
    }

    std::string to_string() const {
        std::string out = "IP addresses, localhost";
        for (const std::string& name : names_)
            out += ", " + name;
        return out;
    }

private:
    std::vector<std::string> names_;
};

}  // namespace gateway

#endif  // CLARIFY_GATEWAY_OWN_HOSTS_HPP
