// SPDX-License-Identifier: BSL-1.0
// How the name of a proxy, and a list of exceptions from it, are read.

#ifndef CLARIFY_HTTP_IMPL_PROXY_OPTIONS_HPP
#define CLARIFY_HTTP_IMPL_PROXY_OPTIONS_HPP

#include <clarify/core/detail/basic_scheme.hpp>
#include <clarify/core/detail/encoding.hpp>
#include <clarify/core/detail/text.hpp>
#include <clarify/http/proxy_options.hpp>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>

#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <initializer_list>
#include <stdexcept>
#include <utility>

namespace clarify {
namespace detail {

CLARIFY_DECL Error unusable_proxy() {
    return Error{Errc::bad_config, Reason::url, "the proxy is not of the form http://host[:port]"};
}

/// Cuts `:port` off `entry`; nothing where what follows the colon is no port.
CLARIFY_DECL std::optional<std::uint16_t> cut_port(std::string_view& entry) {
    const std::size_t colon = entry.rfind(':');
    if (colon == std::string_view::npos) return std::nullopt;
    const bool is_v6 = entry.find(':') != colon && entry[colon - 1] != ']';
    if (is_v6) return std::nullopt;
    std::uint16_t port = 0;
    const char* const end = entry.data() + entry.size();
    const auto read = std::from_chars(entry.data() + colon + 1, end, port);
    if (read.ec != std::errc{} || read.ptr != end) return std::nullopt;
    entry = entry.substr(0, colon);
    return port;
}

/// Does a block such as `10.0.0.0/8` hold `address`?
CLARIFY_DECL bool block_holds(std::string_view block, const boost::asio::ip::address& address) {
    namespace ip = boost::asio::ip;
    boost::system::error_code ec;
    const std::string text{block};
    if (address.is_v4()) {
        const ip::network_v4 network = ip::make_network_v4(text, ec);
        if (ec) return false;
        const std::uint32_t mask = network.netmask().to_uint();
        return (address.to_v4().to_uint() & mask) == (network.address().to_uint() & mask);
    }
    const ip::network_v6 network = ip::make_network_v6(text, ec);
    if (ec) return false;
    return ip::network_v6{address.to_v6(), network.prefix_length()}.canonical() ==
        network.canonical();
}

/// Does one entry of a `no_proxy` list stand for `origin`?
CLARIFY_DECL bool is_exception(std::string_view entry, const Url& origin) {
    if (entry == "*") return true;
    const std::optional<std::uint16_t> port = cut_port(entry);
    if (port && *port != origin.port()) return false;
    if (entry.size() > 2 && entry.front() == '[' && entry.back() == ']') {
        entry = entry.substr(1, entry.size() - 2);
    }
    std::string_view host = origin.host();
    if (origin.is_ip_literal()) {
        const auto address = boost::asio::ip::make_address(origin.host());
        if (entry.find('/') != std::string_view::npos) return block_holds(entry, address);
        boost::system::error_code ec;
        const auto other = boost::asio::ip::make_address(std::string{entry}, ec);
        return !ec && other == address;
    }
    if (entry.starts_with("*.")) entry.remove_prefix(1);
    if (entry.starts_with('.')) entry.remove_prefix(1);
    if (entry.ends_with('.')) entry.remove_suffix(1);
    if (host.ends_with('.')) host.remove_suffix(1);
    if (entry.empty() || host.size() < entry.size()) return false;
    const std::size_t before = host.size() - entry.size();
    return iequals(host.substr(before), entry) && (before == 0 || host[before - 1] == '.');
}

/// The first of these variables that is set and not empty.
CLARIFY_DECL std::string_view environment(std::initializer_list<const char*> names) {
    for (const char* name : names) {
        const char* const value = std::getenv(name);
        if (value != nullptr && *value != '\0') return value;
    }
    return {};
}

}  // namespace detail

CLARIFY_DECL Result<ProxyOptions> ProxyOptions::parse(std::string_view text) {
    ProxyOptions out;
    std::string url = "http://";
    if (const std::size_t mark = text.find("://"); mark != std::string_view::npos) {
        if (!detail::iequals(text.substr(0, mark), "http")) return detail::unusable_proxy();
        text.remove_prefix(mark + 3);
    }
    if (const std::size_t at = text.rfind('@'); at != std::string_view::npos) {
        const std::string_view user = text.substr(0, at);
        const std::size_t colon = user.find(':');
        auto name = detail::percent_decoded(user.substr(0, colon));
        auto password = detail::percent_decoded(
            colon == std::string_view::npos ? std::string_view{} : user.substr(colon + 1));
        if (!name || !password) return detail::unusable_proxy();
        out.username = std::move(*name);
        out.password = Secret{std::move(*password)};
        text.remove_prefix(at + 1);
    }
    url += text;
    const Result<Url> address = Url::parse(url);
    if (!address || address->path() != "/") return detail::unusable_proxy();
    out.address = *address;
    try {
        out.check();
    } catch (const std::invalid_argument&) {
        return detail::unusable_proxy();
    }
    return out;
}

CLARIFY_DECL Result<ProxyOptions> ProxyOptions::from_environment() {
    const std::string_view text =
        detail::environment({"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"});
    if (text.empty()) return ProxyOptions{};
    Result<ProxyOptions> out = parse(text);
    if (!out) return out;
    out->no_proxy = detail::environment({"no_proxy", "NO_PROXY"});
    out->tunnel_https_only = true;
    return out;
}

CLARIFY_DECL bool ProxyOptions::applies_to(const Url& origin) const {
    if (!address) return false;
    if (tunnel_https_only && (!origin.is_https() || origin.is_loopback())) return false;
    std::string_view rest = no_proxy;
    while (!rest.empty()) {
        const std::size_t end = rest.find_first_of(", \t");
        if (detail::is_exception(rest.substr(0, end), origin)) return false;
        rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    }
    return true;
}

CLARIFY_DECL void ProxyOptions::check() const {
    if (!address) return;
    if (address->is_https()) {
        throw std::invalid_argument{
            "proxy.address is https, but a proxy can only be reached over plain http"};
    }
    if (!username.empty() || !password.empty()) detail::basic_scheme(username, password);
}

}  // namespace clarify

#endif  // CLARIFY_HTTP_IMPL_PROXY_OPTIONS_HPP
