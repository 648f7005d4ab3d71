// SPDX-License-Identifier: BSL-1.0
// URLs: what is accepted is exactly what RFC 3986 makes of the text, and nothing else is.

#include <clarify/core/detail/text.hpp>
#include <clarify/core/url.hpp>

#include "fuzz.hpp"

#include <boost/asio/ip/address.hpp>

#include <arpa/inet.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

namespace {

using clarify::Result;
using clarify::Url;
using fuzz::require;

/// The parts of a URL, found in another way than the library's.
struct Parts {
    bool https = false;
    std::string host;
    bool brackets = false;
    std::optional<unsigned> port;
    std::string path;
};

bool is_made_of(std::string_view text, std::string_view characters) {
    return text.find_first_not_of(characters) == std::string_view::npos;
}

constexpr std::string_view hexadecimal = "0123456789abcdef";
constexpr std::string_view name_characters = "abcdefghijklmnopqrstuvwxyz0123456789-._";

/// Takes what comes before `end`, a character that must be there if `needed`.
std::optional<std::string> take(std::string& text, std::string_view end, bool needed) {
    const std::size_t at = text.find(end);
    if (at == std::string::npos && needed) return std::nullopt;
    std::string taken = text.substr(0, at);
    text.erase(0, at == std::string::npos ? text.size() : at + end.size());
    return taken;
}

std::optional<Parts> reference(std::string text) {
    Parts parts;
    auto scheme = take(text, "://", true);
    if (!scheme) return std::nullopt;
    parts.https = clarify::detail::lower(*scheme) == "https";
    if (!parts.https && clarify::detail::lower(*scheme) != "http") return std::nullopt;

    const std::size_t slash = text.find('/');
    if (slash != std::string::npos) {
        parts.path = text.substr(slash);
        text.resize(slash);
    }
    const bool clean = std::all_of(parts.path.begin(), parts.path.end(), [](char c) {
        return c > ' ' && c < 0x7F && c != '?' && c != '#' && c != '\\';
    });
    if (!clean) return std::nullopt;

    text = clarify::detail::lower(text);
    parts.brackets = text.starts_with('[');
    if (parts.brackets) {
        text.erase(0, 1);
        auto host = take(text, "]", true);
        if (!host) return std::nullopt;
        parts.host = *host;
        if (!text.empty() && !text.starts_with(':')) return std::nullopt;
        if (!is_made_of(parts.host, "0123456789abcdef:.")) return std::nullopt;
        if (text.empty()) return parts;
        text.erase(0, 1);
    } else {
        const bool has_port = text.find(':') != std::string::npos;
        parts.host = *take(text, ":", false);
        if (parts.host.empty() || parts.host.size() > 253) return std::nullopt;
        if (!is_made_of(parts.host, name_characters)) return std::nullopt;
        if (parts.host.front() == '-' || parts.host.front() == '.') return std::nullopt;
        if (parts.host.find("..") != std::string::npos) return std::nullopt;
        std::string last = parts.host;
        if (last.ends_with('.')) last.pop_back();
        last = last.substr(last.rfind('.') + 1);
        const bool number = is_made_of(last, "0123456789") ||
            (last.starts_with("0x") && is_made_of(last.substr(2), hexadecimal));
        boost::system::error_code ec;
        boost::asio::ip::make_address_v4(parts.host, ec);
        if (ec && number) return std::nullopt;
        if (!has_port) return parts;
    }
    if (text.empty() || !is_made_of(text, "0123456789")) return std::nullopt;
    const std::size_t zeros = std::min(text.find_first_not_of('0'), text.size());
    text.erase(0, zeros);
    if (text.empty() || text.size() > 5 || std::stoul(text) > 65535) return std::nullopt;
    parts.port = static_cast<unsigned>(std::stoul(text));
    return parts;
}

void check_accepted(const Url& url, const Parts& parts) {
    boost::system::error_code ec;
    const auto address = boost::asio::ip::make_address(url.host(), ec);
    require(url.is_https() == parts.https, "the scheme is the one written");
    require(url.is_ip_literal() == !ec, "an address is known for one");
    require(
        url.is_loopback() == (url.host() == "localhost" || (!ec && address.is_loopback())),
        "loopback is what Asio takes for it");
    if (parts.brackets) {
        require(!ec && address.is_v6(), "brackets hold an IPv6 address");
        require(
            address == boost::asio::ip::make_address(parts.host, ec) && !ec,
            "the address is the one written");
    } else {
        const std::string host = parts.host == "localhost." ? "localhost" : parts.host;
        require(url.host() == host, "the host is the one written, in lower case");
    }
    require(
        url.port() == parts.port.value_or(parts.https ? 443 : 80), "the port is the one written");
    require(url.path() == (parts.path.empty() ? "/" : parts.path), "the path is the one written");
    // Resolvers read more than four decimal numbers as an address of the machine's own choice.
    in_addr other{};
    require(
        url.is_ip_literal() || ::inet_aton(url.host().c_str(), &other) == 0,
        "no name is an address in disguise");
}

void check_forms(const Url& url) {
    const Result<Url> again = Url::parse(url.to_string());
    require(again.has_value() && *again == url, "a URL reads back as itself");
    require(again->authority() == url.authority(), "a URL reads back with its authority");
    const Url slash = url.with_trailing_slash();
    require(slash.path().ends_with('/') && !slash.path().ends_with("//"), "one slash at the end");
    require(slash == slash.with_trailing_slash(), "adding the slash twice adds one");
    require(slash.origin() == url.origin(), "a slash does not change the origin");
    const Url joined = url.join("rpc");
    require(joined.path() == slash.path() + "rpc", "joining appends to the path");
    require(joined.origin() == url.origin(), "joining does not change the origin");
}

void run(std::string_view input) {
    const Result<Url> url = Url::parse(input);
    const std::optional<Parts> parts = reference(std::string{input});
    if (url) {
        require(parts.has_value(), "what is accepted is an absolute http or https URL");
        check_accepted(*url, *parts);
    } else {
        // Asio knows which IPv6 addresses are well-formed, and the library asks it.
        require(!parts || parts->brackets, "an absolute http or https URL is accepted");
    }
    if (!url) {
        require(url.error().code() == clarify::Errc::bad_config, "a refusal is bad_config");
        require(url.error().reason() == clarify::Reason::url, "a refusal is about the URL");
        require(
            url.error().to_string().find("canary") == std::string::npos,
            "a refusal repeats nothing of the text");
        return;
    }
    check_forms(*url);
}

const fuzz::Target target{"url", run};

}  // namespace
