// SPDX-License-Identifier: BSL-1.0

#ifndef CLARIFY_CORE_IMPL_URL_HPP
#define CLARIFY_CORE_IMPL_URL_HPP

#include <clarify/core/detail/text.hpp>

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

}  // namespace detail

inline Result<Url> Url::parse(std::string_view text) {
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

    std::string_view port;
    bool has_port = false;
    boost::system::error_code ec;
    if (authority.starts_with('[')) {
        const std::size_t bracket = authority.find(']');
        if (bracket == std::string_view::npos) return bad_url("the URL has an unclosed bracket");
        url.host_ = std::string{authority.substr(1, bracket - 1)};
        const auto address = boost::asio::ip::make_address_v6(url.host_, ec);
        // A zone names an interface of this machine (RFC 4007), and Asio forgets some of them.
        const bool has_zone = url.host_.find('%') != std::string::npos;
        if (ec || has_zone) return bad_url("the URL has no valid IPv6 address");
        url.host_ = address.to_string();
        url.ip_literal_ = true;
        authority.remove_prefix(bracket + 1);
        if (!authority.empty() && authority.front() != ':')
            return bad_url("the URL has a bad host");
        has_port = !authority.empty();
        if (has_port) port = authority.substr(1);
    } else {
        const std::size_t separator = authority.find(':');
        has_port = separator != std::string_view::npos;
        if (has_port) port = authority.substr(separator + 1);
        url.host_ = detail::lower(authority.substr(0, separator));
        if (url.host_.empty()) return bad_url("the URL has no host");
        if (!detail::is_host_name(url.host_)) return bad_url("the URL has a bad host");
        boost::asio::ip::make_address_v4(url.host_, ec);
        url.ip_literal_ = !ec;
        // A last label that is a number is a mistyped address, never a name (RFC 3696 section 2);
        // resolvers read hexadecimal ones as well.
        std::string_view last = url.host_;
        if (last.ends_with('.')) last.remove_suffix(1);
        last.remove_prefix(last.rfind('.') + 1);
        const bool hex = last.starts_with("0x");
        if (hex) last.remove_prefix(2);
        const std::string_view digits = hex ? "0123456789abcdef" : "0123456789";
        const bool number = last.find_first_not_of(digits) == std::string_view::npos;
        if (number && !url.ip_literal_) return bad_url("the URL has a bad host");
    }
    if (has_port) {
        unsigned value = 0;
        const auto [stop, error] = std::from_chars(port.data(), port.data() + port.size(), value);
        if (error != std::errc{} || stop != port.data() + port.size() || value == 0 ||
            value > 65535) {
            return bad_url("the URL has a bad port");
        }
        url.port_ = static_cast<std::uint16_t>(value);
    }
    if (!rest.empty()) url.path_ = std::string{rest};
    return url;
}

inline bool Url::is_loopback() const noexcept {
    if (host_ == "localhost" || host_ == "localhost." || host_ == "::1") return true;
    return ip_literal_ && host_.starts_with("127.");
}

inline std::string Url::server_name() const {
    return host_.substr(0, host_.size() - (host_.ends_with('.') ? 1 : 0));
}

inline std::string Url::with_port(std::string host) const {
    if (host.find(':') != std::string::npos) host = '[' + host + ']';
    if (port_ != (https_ ? 443 : 80)) host += ':' + std::to_string(port_);
    return host;
}

inline std::string Url::authority() const { return with_port(server_name()); }

inline std::string Url::origin() const {
    return (https_ ? "https://" : "http://") + with_port(host_);
}

inline Url Url::with_trailing_slash() const {
    Url url = *this;
    url.path_ += '/';
    const auto both = [](char a, char b) { return a == '/' && b == '/'; };
    url.path_.erase(std::unique(url.path_.begin(), url.path_.end(), both), url.path_.end());
    return url;
}

inline Url Url::join(std::string_view relative) const {
    Url url = with_trailing_slash();
    url.path_ += relative;
    return url;
}

}  // namespace clarify

#endif  // CLARIFY_CORE_IMPL_URL_HPP
