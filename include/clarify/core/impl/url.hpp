// SPDX-License-Identifier: BSL-1.0
// Parses URLs by hand, so that nothing is repaired on the way.

#ifndef CLARIFY_CORE_IMPL_URL_HPP
#define CLARIFY_CORE_IMPL_URL_HPP

#include <clarify/core/detail/text.hpp>
#include <clarify/core/url.hpp>

#include <boost/asio/ip/address.hpp>

#include <algorithm>
#include <charconv>

namespace clarify {
namespace detail {

inline Error bad_url(const char* why) { return Error{Errc::bad_config, Reason::url, why}; }

inline bool is_host_name(std::string_view host) noexcept {
    if (host.empty() || host.size() > 253 || host.front() == '.' || host.front() == '-')
        return false;
    char before = '.';
    for (const char c : host) {
        if (!is_alnum(c) && c != '-' && c != '.' && c != '_') return false;
        if (c == '.' && before == '.') return false;
        before = c;
    }
    return true;
}

/// Takes an IPv6 address in brackets off the beginning of `authority`; what is wrong, or null.
inline const char* read_bracketed(std::string_view& authority, std::string& host) {
    const std::size_t bracket = authority.find(']');
    if (bracket == std::string_view::npos) return "the URL has an unclosed bracket";
    host = std::string{authority.substr(1, bracket - 1)};
    boost::system::error_code ec;
    const auto address = boost::asio::ip::make_address_v6(host, ec);
    // A zone names an interface of this machine (RFC 4007), and Asio forgets some of them.
    if (ec || host.find('%') != std::string::npos) return "the URL has no valid IPv6 address";
    host = address.to_string();
    authority.remove_prefix(bracket + 1);
    const bool ends = authority.empty() || authority.front() == ':';
    return ends ? nullptr : "the URL has a bad host";
}

/// Takes a name or an IPv4 address off the beginning of `authority`; what is wrong, or null.
inline const char* read_host(std::string_view& authority, std::string& host, bool& ip_literal) {
    const std::size_t end = (std::min)(authority.find(':'), authority.size());
    host = lower(authority.substr(0, end));
    authority.remove_prefix(end);
    if (host.empty()) return "the URL has no host";
    if (!is_host_name(host)) return "the URL has a bad host";
    // This machine wherever one looks (RFC 6761 section 6.3); but a resolver that begins with a file of
    // names does not find it there with its dot.
    if (host == "localhost.") host.pop_back();
    boost::system::error_code ec;
    boost::asio::ip::make_address_v4(host, ec);
    ip_literal = !ec;
    // A last label that is a number is a mistyped address, never a name (RFC 3696 section 2);
    // resolvers read hexadecimal ones as well.
    std::string_view last = host;
    if (last.ends_with('.')) last.remove_suffix(1);
    last.remove_prefix(last.rfind('.') + 1);
    const bool hex = last.starts_with("0x");
    if (hex) last.remove_prefix(2);
    const std::string_view digits = hex ? "0123456789abcdef" : "0123456789";
    const bool number = last.find_first_not_of(digits) == std::string_view::npos;
    return number && !ip_literal ? "the URL has a bad host" : nullptr;
}

inline bool read_port(std::string_view text, std::uint16_t& port) noexcept {
    unsigned value = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    port = static_cast<std::uint16_t>(value);
    return error == std::errc{} && stop == end && value != 0 && value <= 65535;
}

}  // namespace detail

CLARIFY_DECL Result<Url> Url::parse(std::string_view text) {
    using detail::bad_url;
    for (const char c : text) {
        if (static_cast<unsigned char>(c) <= 0x20 || static_cast<unsigned char>(c) >= 0x7F) {
            return bad_url("the URL has a blank, a control character or a non-ASCII character");
        }
    }
    if (text.find('\\') != std::string_view::npos) return bad_url("the URL has a backslash");

    Url url;
    const std::size_t colon = text.find("://");
    if (colon == std::string_view::npos) return bad_url("the URL does not start with https://");
    const std::string_view scheme = text.substr(0, colon);
    if (detail::iequals(scheme, "http")) {
        url.https_ = false;
        url.port_ = 80;
    } else if (!detail::iequals(scheme, "https")) {
        return bad_url("the scheme of the URL is neither https nor http");
    }
    text.remove_prefix(colon + 3);

    const std::size_t end = text.find_first_of("/?#");
    std::string_view authority = text.substr(0, end);
    const std::string_view rest = end == std::string_view::npos ? "" : text.substr(end);
    if (authority.find('@') != std::string_view::npos) {
        return bad_url("the URL has user information, which is not allowed");
    }
    if (rest.find('#') != std::string_view::npos) return bad_url("the URL has a fragment");
    if (rest.find('?') != std::string_view::npos) return bad_url("the URL has a query");

    const bool bracketed = authority.starts_with('[');
    const char* const fault = bracketed ? detail::read_bracketed(authority, url.host_)
                                        : detail::read_host(authority, url.host_, url.ip_literal_);
    if (fault != nullptr) return bad_url(fault);
    if (bracketed) url.ip_literal_ = true;
    if (!authority.empty() && !detail::read_port(authority.substr(1), url.port_)) {
        return bad_url(
            "the URL has a bad port: it is a number from 1 to 65535, and a slash ends it");
    }
    if (!rest.empty()) url.path_ = std::string{rest};
    return url;
}

CLARIFY_DECL bool Url::is_loopback() const noexcept {
    if (host_ == "localhost" || host_ == "::1") return true;
    return ip_literal_ && host_.starts_with("127.");
}

CLARIFY_DECL std::string Url::server_name() const {
    return host_.substr(0, host_.size() - (host_.ends_with('.') ? 1 : 0));
}

CLARIFY_DECL std::string Url::with_port(std::string host) const {
    if (host.find(':') != std::string::npos) host = '[' + host + ']';
    if (port_ != (https_ ? 443 : 80)) host += ':' + std::to_string(port_);
    return host;
}

CLARIFY_DECL std::string Url::authority() const { return with_port(server_name()); }

CLARIFY_DECL std::string Url::origin() const {
    return (https_ ? "https://" : "http://") + with_port(host_);
}

CLARIFY_DECL Url Url::with_trailing_slash() const {
    Url url = *this;
    url.path_ += '/';
    const auto both = [](char a, char b) { return a == '/' && b == '/'; };
    url.path_.erase(std::unique(url.path_.begin(), url.path_.end(), both), url.path_.end());
    return url;
}

CLARIFY_DECL Url Url::join(std::string_view relative) const {
    Url url = with_trailing_slash();
    url.path_ += relative;
    return url;
}

}  // namespace clarify

#endif  // CLARIFY_CORE_IMPL_URL_HPP
