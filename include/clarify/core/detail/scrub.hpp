// SPDX-License-Identifier: BSL-1.0
// Takes the credentials of a request out of what the server says in reply.

#ifndef CLARIFY_CORE_DETAIL_SCRUB_HPP
#define CLARIFY_CORE_DETAIL_SCRUB_HPP

#include <clarify/core/detail/text.hpp>
#include <clarify/core/secret.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace clarify::detail {

/** Finds what an Authorization header says in text of a peer, and masks it.

    Looked for are the credentials as they were sent and, of Basic credentials (RFC 7617), the
    password; each also with characters escaped as JSON or a URL would escape them. What is shorter
    than four bytes is no secret.
*/
class Scrubber {
public:
    /// `authorization` is the value of the header, or empty; it must outlive the scrubber.
    explicit Scrubber(std::string_view authorization);

    /// Does `text` hold a secret?
    bool finds(std::string_view text) const;
    /// Masks every secret in `text`.
    void scrub(std::string& text) const;
    /// `at`, or the end of a secret that lies across it.
    std::size_t behind_secret(std::string_view text, std::size_t at) const;
    /// How much text a secret may take.
    std::size_t reach() const noexcept {
        return longest_escape * std::max(forms_[0].size(), forms_[1].size());
    }

private:
    static constexpr std::size_t longest_escape = 6;

    std::size_t found(std::string_view text) const;

    Secret password_;
    std::array<std::string_view, 2> forms_;
};

/// The byte that two hexadecimal digits at the front of `text` spell, or -1.
inline int hex_byte(std::string_view text) noexcept {
    int value = 0;
    for (std::size_t i = 0; i != 2; ++i) {
        const char c = i < text.size() ? to_lower(text[i]) : ' ';
        if (!is_digit(c) && (c < 'a' || c > 'f')) return -1;
        value = value * 16 + (is_digit(c) ? c - '0' : c - 'a' + 10);
    }
    return value;
}

/// How many bytes at the front of `text` spell `secret`, escaped or not; 0 if they do not.
inline std::size_t spelled(std::string_view text, std::string_view secret) noexcept {
    constexpr std::string_view unicode = "\\u00";
    std::size_t at = 0;
    for (const char c : secret) {
        const std::string_view rest = text.substr(at);
        const int byte = static_cast<unsigned char>(c);
        if (rest.empty()) return 0;
        if (rest[0] == c) {
            at += 1;
        } else if (rest.size() > 1 && rest[0] == '\\' && rest[1] == c) {
            at += 2;
        } else if (rest[0] == '%' && hex_byte(rest.substr(1)) == byte) {
            at += 3;
        } else if (rest.starts_with(unicode) && hex_byte(rest.substr(unicode.size())) == byte) {
            at += 6;
        } else {
            return 0;
        }
    }
    return at;
}

/// The password in the credentials of the Basic scheme; empty where there is none.
inline Secret basic_password(std::string_view credentials) {
    constexpr std::string_view alphabet =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string text;
    text.reserve(credentials.size());
    std::uint32_t bits = 0;
    unsigned count = 0;
    for (const char c : credentials) {
        const std::size_t value = alphabet.find(c);
        if (value == std::string_view::npos) break;
        bits = (bits << 6U | static_cast<std::uint32_t>(value)) & 0xFFFFU;
        count += 6;
        if (count < 8) continue;
        count -= 8;
        text += static_cast<char>(bits >> count & 0xFFU);
    }
    const std::size_t colon = text.find(':');
    Secret password{
        colon == std::string::npos ? std::string_view{} : std::string_view{text}.substr(colon + 1)};
    Secret::wipe(text);
    return password;
}

inline Scrubber::Scrubber(std::string_view authorization) {
    const std::size_t blank = authorization.find(' ');
    if (blank == std::string_view::npos) {
        forms_[0] = authorization;
        return;
    }
    forms_[0] = trim(authorization.substr(blank));
    if (iequals(authorization.substr(0, blank), "Basic")) password_ = basic_password(forms_[0]);
    forms_[1] = password_.expose();
}

inline std::size_t Scrubber::found(std::string_view text) const {
    for (const std::string_view form : forms_) {
        if (form.size() < 4) continue;
        if (const std::size_t size = spelled(text, form); size != 0) return size;
    }
    return 0;
}

inline bool Scrubber::finds(std::string_view text) const {
    for (std::size_t at = 0; at != text.size(); ++at) {
        if (found(text.substr(at)) != 0) return true;
    }
    return false;
}

inline void Scrubber::scrub(std::string& text) const {
    constexpr std::string_view mask = "****";
    std::string out;
    std::size_t kept = 0;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t size = found(std::string_view{text}.substr(at));
        if (size == 0) {
            ++at;
            continue;
        }
        out.append(text, kept, at - kept);
        out += mask;
        kept = at += size;
    }
    if (kept == 0) return;
    out.append(text, kept);
    text = std::move(out);
}

inline std::size_t Scrubber::behind_secret(std::string_view text, std::size_t at) const {
    std::size_t end = at;
    for (std::size_t from = at - std::min(at, reach()); from < at; ++from) {
        const std::size_t size = found(text.substr(from));
        if (from + size > end) end = from + size;
    }
    return end;
}

}  // namespace clarify::detail

#endif  // CLARIFY_CORE_DETAIL_SCRUB_HPP
