// SPDX-License-Identifier: BSL-1.0
// Small questions about header and peer text.

#ifndef CLARIFY_CORE_DETAIL_TEXT_HPP
#define CLARIFY_CORE_DETAIL_TEXT_HPP

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

namespace clarify::detail {

inline char to_lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

/// ASCII case-insensitive equality: header names, schemes, hosts.
inline bool iequals(std::string_view a, std::string_view b) noexcept {
    return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) {
               return x == y || to_lower(x) == to_lower(y);
           });
}

inline std::string lower(std::string_view text) {
    std::string out{text};
    std::transform(out.begin(), out.end(), out.begin(), to_lower);
    return out;
}

inline bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
inline bool is_alnum(char c) noexcept {
    return is_digit(c) || (to_lower(c) >= 'a' && to_lower(c) <= 'z');
}

inline std::string_view trim(std::string_view text) noexcept {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
        text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t'))
        text.remove_suffix(1);
    return text;
}

/// A `token` of RFC 9110 section 5.6.2: what a header name may be.
inline bool is_token(std::string_view text) noexcept {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return is_alnum(c) || std::string_view{"!#$%&'*+-.^_`|~"}.find(c) != std::string_view::npos;
    });
}

/// Is there a control character in `text`, other than the tab?
inline bool has_control_character(std::string_view text) noexcept {
    return std::any_of(text.begin(), text.end(), [](char c) {
        return c != '\t' && (static_cast<unsigned char>(c) < 0x20 || c == 0x7F);
    });
}

/// May `text` be a header value? No control character but the tab, no blank at either end.
inline bool is_field_value(std::string_view text) noexcept {
    if (trim(text).size() != text.size()) return false;
    return !has_control_character(text);
}

/// Calls `on_item` for each non-empty, trimmed element of a comma-separated list (RFC 9110 5.6.1).
template <class OnItem>
void for_each_list_item(std::string_view list, OnItem&& on_item) {
    while (true) {
        const std::size_t comma = list.find(',');
        const std::string_view item = trim(list.substr(0, comma));
        if (!item.empty()) on_item(item);
        if (comma == std::string_view::npos) return;
        list.remove_prefix(comma + 1);
    }
}

/// The first `limit` bytes of text from a peer, made printable, and `...` if there are more: a line
/// feed becomes `\n`, any other byte that is not printable ASCII `\xHH`, so that it can neither drive a
/// terminal nor forge a log line.
inline std::string printable(std::string_view text, std::size_t limit) {
    constexpr std::string_view hex = "0123456789abcdef";
    const bool cut = text.size() > limit;
    std::string out;
    for (const char c : text.substr(0, limit)) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte >= 0x20 && byte < 0x7F) {
            out.push_back(c);
        } else if (c == '\n') {
            out += "\\n";
        } else {
            out += "\\x";
            out.push_back(hex[byte >> 4U]);
            out.push_back(hex[byte & 0xFU]);
        }
    }
    if (cut) out += "...";
    return out;
}

/// All of `text` made printable in the same way, and cut to `limit` bytes, `...` included, but not in
/// the middle of an escape.
inline std::string printable_within(std::string_view text, std::size_t limit) {
    constexpr std::string_view dots = "...";
    std::string out;
    std::size_t last_fit = 0;
    for (std::size_t i = 0; i != text.size(); ++i) {
        if (out.size() + dots.size() <= limit) last_fit = out.size();
        out += printable(text.substr(i, 1), 1);
        if (out.size() <= limit) continue;
        out.resize(last_fit);
        return out += dots;
    }
    return out;
}

}  // namespace clarify::detail

#endif  // CLARIFY_CORE_DETAIL_TEXT_HPP
