// SPDX-License-Identifier: BSL-1.0
// The credentials of HTTP's Basic scheme.

#ifndef CLARIFY_CORE_DETAIL_BASIC_SCHEME_HPP
#define CLARIFY_CORE_DETAIL_BASIC_SCHEME_HPP

#include <clarify/core/detail/encoding.hpp>
#include <clarify/core/detail/json_scan.hpp>
#include <clarify/core/secret.hpp>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <string_view>

namespace clarify::detail {

/** `Basic` and the encoded user name and password (RFC 7617), as a header value.

    @throws std::invalid_argument for a user name with a colon, and for control characters or what
    is not UTF-8 in either.
*/
inline Secret basic_scheme(std::string_view username, const Secret& password) {
    const auto has_control = [](std::string_view text) {
        return std::any_of(text.begin(), text.end(), [](char c) {
            return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
        });
    };
    if (username.find(':') != std::string_view::npos) {
        throw std::invalid_argument{"the user name of Basic authentication must not have a colon"};
    }
    for (const std::string_view part : {username, password.expose()}) {
        if (has_control(part) || !is_utf8(part)) {
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
    header.reserve(scheme.size() + base64_size(plain.size()));
    header += scheme;
    append_base64(header, plain);
    Secret::wipe(plain);
    return Secret{std::move(header)};
}

}  // namespace clarify::detail

#endif  // CLARIFY_CORE_DETAIL_BASIC_SCHEME_HPP
