// SPDX-License-Identifier: BSL-1.0

#ifndef CLARIFY_CORE_DETAIL_IMPL_SECRET_FINDER_HPP
#define CLARIFY_CORE_DETAIL_IMPL_SECRET_FINDER_HPP

#include <clarify/core/detail/encoding.hpp>
#include <clarify/core/detail/json_scan.hpp>

#include <charconv>
#include <system_error>
#include <utility>

namespace clarify::detail {

/// One or more bytes as they stand in a text: how much of it they take, and what they mean.
struct WrittenBytes {
    std::size_t size = 1;
    char meaning[4]{};
    std::size_t count = 1;
};

/// The byte at the beginning of `text`, or the escape that stands there instead of some.
inline WrittenBytes read_written(std::string_view text) noexcept {
    WrittenBytes out;
    out.meaning[0] = text.front();
    const auto hex = [&](std::size_t at, std::size_t digits) {
        unsigned value = 0;
        if (text.size() < at + digits) return -1;
        const char* const end = text.data() + at + digits;
        const auto [stop, error] = std::from_chars(text.data() + at, end, value, 16);
        return error == std::errc{} && stop == end ? static_cast<int>(value) : -1;
    };
    if (text.front() == '%') {
        if (const int byte = hex(1, 2); byte >= 0) {
            out.size = 3;
            out.meaning[0] = static_cast<char>(byte);
        }
    } else if (text.front() == '\\' && text.size() > 1) {
        constexpr std::string_view letters = "\"\\/bfnrt";
        constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
        if (const std::size_t at = letters.find(text[1]); at != std::string_view::npos) {
            out.size = 2;
            out.meaning[0] = meanings[at];
        } else if (text[1] == 'u') {
            const int unit = hex(2, 4);
            if (unit < 0 || json_scan::high_surrogate(unit) || json_scan::low_surrogate(unit))
                return out;
            std::string utf8;
            json_scan::append_utf8(utf8, static_cast<unsigned>(unit));
            out.size = 6;
            out.count = utf8.copy(out.meaning, sizeof out.meaning);
            Secret::wipe(utf8);
        }
    }
    return out;
}

inline SecretFinder::SecretFinder(std::string_view secret) {
    if (secret.size() < shortest) return;
    add(std::string{secret}, Letters::exact);
    constexpr std::string_view digits = "0123456789abcdef";
    std::string hex;
    hex.reserve(2 * secret.size());
    for (const char c : secret) {
        hex += digits[static_cast<unsigned char>(c) >> 4U];
        hex += digits[static_cast<unsigned char>(c) & 0xFU];
    }
    add(std::move(hex), Letters::hex);
    // Base64 packs three bytes into four letters, so what stands before the secret decides which
    // letters it becomes; those that it shares with its neighbours are left out.
    for (std::size_t before = 0; before != 3; ++before) {
        std::string bytes;
        bytes.reserve(before + secret.size());
        bytes.append(before, '\0');
        bytes += secret;
        std::string letters;
        letters.reserve(base64_size(bytes.size()));
        append_base64(letters, bytes);
        const std::size_t first = (before * 8 + 5) / 6;
        const std::size_t last = bytes.size() * 8 / 6;
        std::string own;
        own.reserve(last);
        own.append(letters, first, last - first);
        Secret::wipe(bytes);
        Secret::wipe(letters);
        add(std::move(own), Letters::base64);
    }
}

inline void SecretFinder::add(std::string&& text, Letters letters) {
    if (text.size() < shortest) return;
    const auto start = [&](char c) {
        starts_[static_cast<unsigned char>(c)] |= static_cast<unsigned char>(1U << forms_.size());
    };
    const char first = text.front();
    start(first);
    start('%');
    start('\\');
    if (letters == Letters::exact && first == ' ') start('+');
    if (letters == Letters::base64 && first == '+') start('-');
    if (letters == Letters::base64 && first == '/') start('_');
    if (letters == Letters::hex && first >= 'a') start(static_cast<char>(first - 'a' + 'A'));
    forms_.emplace_back(std::move(text), letters);
    // What was short enough to be copied rather than moved is still there.
    Secret::wipe(text);
}

/// The size of the occurrence at the beginning of `text`, or 0.
inline std::size_t SecretFinder::match(
    std::string_view text, const Form& form, bool escaped, std::size_t& work) noexcept {
    const std::string_view wanted = form.text;
    const auto same = [&](char written, char own) {
        if (written == own) return true;
        switch (form.letters) {
            case Letters::exact:
                // As a form writes it.
                return written == '+' && own == ' ';
            case Letters::base64:
                return (written == '-' && own == '+') || (written == '_' && own == '/');
            case Letters::hex:
                return to_lower(written) == own;
        }
        return false;
    };
    std::size_t at = 0;
    std::size_t found = 0;
    while (found != wanted.size()) {
        if (at == text.size() || work == 0) return 0;
        --work;
        WrittenBytes written;
        written.meaning[0] = text[at];
        if (text[at] == '%' || text[at] == '\\') {
            if (escaped) written = read_written(text.substr(at));
        }
        if (wanted.size() - found < written.count) return 0;
        for (std::size_t i = 0; i != written.count; ++i) {
            if (!same(written.meaning[i], wanted[found + i])) return 0;
        }
        at += written.size;
        found += written.count;
    }
    return at;
}

inline SecretFinder::Span SecretFinder::find(
    std::string_view text, std::size_t from, std::size_t& work) const noexcept {
    for (std::size_t at = from; at < text.size(); ++at) {
        const unsigned forms = starts_[static_cast<unsigned char>(text[at])];
        if (forms == 0) continue;
        const std::string_view rest = text.substr(at);
        for (std::size_t i = 0; i != forms_.size(); ++i) {
            if ((forms >> i & 1U) == 0) continue;
            // A percent sign or a backslash may be an escape, or stand for itself.
            for (const bool escaped : {false, true}) {
                if (const std::size_t size = match(rest, forms_[i], escaped, work); size != 0)
                    return {at, size};
            }
        }
        if (work == 0) return {at, rest.size()};
    }
    return {text.size(), 0};
}

inline bool SecretFinder::is_in(std::string_view text) const noexcept {
    std::size_t work = work_for(text);
    return find(text, 0, work).size != 0;
}

inline void SecretFinder::scrub(std::string& text) const {
    constexpr std::string_view mask = "****";
    std::size_t work = work_for(text);
    Span found = find(text, 0, work);
    if (found.size == 0) return;
    std::string out;
    std::size_t done = 0;
    for (; found.size != 0; found = find(text, done, work)) {
        out.append(text, done, found.begin - done);
        out += mask;
        done = found.begin + found.size;
    }
    out.append(text, done);
    Secret::wipe(text);
    text = std::move(out);
}

}  // namespace clarify::detail

#endif  // CLARIFY_CORE_DETAIL_IMPL_SECRET_FINDER_HPP
