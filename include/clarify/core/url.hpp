// SPDX-License-Identifier: BSL-1.0
// An absolute http or https URL, parsed strictly.

#ifndef CLARIFY_CORE_URL_HPP
#define CLARIFY_CORE_URL_HPP

#include <clarify/core/result.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace clarify {

/** Scheme, host, port and path of an http or https URL (RFC 3986).

    User information, fragments, queries, blanks, control characters, backslashes and non-ASCII
    bytes are refused, not repaired: a URL decides who gets to see a secret. A host in another script
    is given in its ASCII form (`xn--...`).

    Two URLs are equal if they are written alike once scheme, host and port are normalized; paths are
    compared byte by byte.

    ```cpp
    const clarify::Url url = clarify::Url::parse("https://API.Clarify.io/v1").value();
    // url.host() == "api.clarify.io", url.port() == 443, url.path() == "/v1"
    ```

    @par Thread safety
    Distinct objects: safe. Shared objects: safe for reading.
*/
class Url {
public:
    /** Reads a whole URL: `https://host[:port][/path]`, or the same with `http`.

        Scheme and host may be in upper case. Ports are from 1 to 65535. The path is taken as it is,
        percent signs and dots among it.

        @par Errors
        `Errc::bad_config`, `Reason::url`. The message says what is wrong and does not repeat `text`,
        which may hold a secret in the wrong place.
    */
    static Result<Url> parse(std::string_view text);

    /// Is the scheme https, rather than http?
    bool is_https() const noexcept { return https_; }
    /// What is looked up: lower case; an IPv6 address without its brackets; a name with the dot at
    /// its end, if it was given with one, so that no search list is tried (RFC 3986 section 3.2.2).
    /// `localhost.` is `localhost`, which nobody searches.
    const std::string& host() const noexcept { return host_; }
    /// Who the server is, for SNI and in its certificate: the host, without a dot at the end of a
    /// name (RFC 6066 section 3).
    std::string server_name() const;
    /// The given port, else 443 or 80.
    std::uint16_t port() const noexcept { return port_; }
    /// The path with its leading slash, as it was given; `/` where none was.
    const std::string& path() const noexcept { return path_; }
    /// Is the host a literal IPv4 or IPv6 address? Then there is nothing to look up, and certificates
    /// are checked for the address.
    bool is_ip_literal() const noexcept { return ip_literal_; }
    /// Is the host `localhost`, `::1` or in 127.0.0.0/8? What goes there does not leave this machine,
    /// so plain http is good enough for credentials. The shipped backends connect by plain http to
    /// `localhost` at addresses of this machine only, whatever a resolver says.
    bool is_loopback() const noexcept;

    /// What goes into a `Host` field: the host, without a dot at the end of a name, and the port where
    /// it is not the scheme's default.
    std::string authority() const;
    /// `https://host[:port]` or `http://host[:port]`, the host as it was given, the port where it is
    /// not the scheme's default.
    std::string origin() const;
    /// The whole URL, normalized: `parse` reads it as an equal one.
    std::string to_string() const { return origin() + path_; }

    /// The same URL with its path ending in a slash, and without empty parts (`//`) in it.
    Url with_trailing_slash() const;
    /// The same URL with `relative` appended to `with_trailing_slash()`. It is appended as it is: it
    /// should have no slash at its beginning, and nothing that `parse` refuses.
    Url join(std::string_view relative) const;

    friend bool operator==(const Url&, const Url&) = default;

private:
    Url() = default;
    std::string with_port(std::string host) const;

    bool https_ = true;
    bool ip_literal_ = false;
    std::uint16_t port_ = 443;
    std::string host_;
    std::string path_ = "/";
};

}  // namespace clarify

#if !defined(CLARIFY_SEPARATE_COMPILATION)
#include <clarify/core/impl/url.hpp>
#endif

#endif  // CLARIFY_CORE_URL_HPP
