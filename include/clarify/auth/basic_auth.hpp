// SPDX-License-Identifier: BSL-1.0
// Basic authentication (RFC 7617).

#ifndef CLARIFY_AUTH_BASIC_AUTH_HPP
#define CLARIFY_AUTH_BASIC_AUTH_HPP

#include <clarify/auth/static_header.hpp>
#include <clarify/core/detail/encoding.hpp>
#include <clarify/core/detail/json_scan.hpp>

#include <algorithm>
#include <string>
#include <string_view>

namespace clarify {

/// Sends user name and password, as UTF-8, with every request. For Clarify the user name is the
/// integration id.
class BasicAuth : public StaticHeader {
public:
    /// @throws std::invalid_argument where the user name has a colon, or either has a control
    /// character or is not UTF-8 (RFC 7617 section 2).
    BasicAuth(std::string_view username, const Secret& password)
        : StaticHeader(make(username, password)) {}

private:
    static Secret make(std::string_view username, const Secret& password) {
        const auto has_control = [](std::string_view text) {
            return std::any_of(text.begin(), text.end(), [](char c) {
                return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
            });
        };
        if (username.find(':') != std::string_view::npos) {
            throw std::invalid_argument{
                "the user name of Basic authentication must not have a colon"};
        }
        for (const std::string_view part : {username, password.expose()}) {
            if (has_control(part) || !detail::is_utf8(part)) {
                throw std::invalid_argument{
                    "user name and password must be UTF-8 without control characters"};
            }
        }
        // Reserved in full, so that no reallocation leaves a copy behind.
        std::string plain;
        plain.reserve(username.size() + 1 + password.size());
        plain += username;
        plain += ':';
        plain += password.expose();
        std::string header;
        constexpr std::string_view scheme = "Basic ";
        header.reserve(scheme.size() + detail::base64_size(plain.size()));
        header += scheme;
        detail::append_base64(header, plain);
        Secret::wipe(plain);
        return Secret{std::move(header)};
    }
};

static_assert(AuthPolicy<BasicAuth>);

}  // namespace clarify

#endif  // CLARIFY_AUTH_BASIC_AUTH_HPP
