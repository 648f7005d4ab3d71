// SPDX-License-Identifier: BSL-1.0
// Compares text with a secret, letter by letter, in each of the forms it may be written in.

#ifndef CLARIFY_CORE_DETAIL_IMPL_SCRUB_HPP
#define CLARIFY_CORE_DETAIL_IMPL_SCRUB_HPP

#include <clarify/core/detail/encoding.hpp>
#include <clarify/core/detail/json_scan.hpp>
#include <clarify/core/detail/scrub.hpp>
#include <clarify/core/detail/text.hpp>

#include <algorithm>
#include <utility>

namespace clarify::detail {

/// The value of a hexadecimal digit, or -1.
inline int hex_digit(char c) noexcept {
    if (c >= '0' && c <= '9') return c - '0';
    const char lower = to_lower(c);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/// The byte at the beginning of `text`, or the escape that stands there instead of some.
inline WrittenBytes read_written(std::string_view text) noexcept {
    WrittenBytes out;
    out.meaning[0] = text.front();
    const auto hex = [&](std::size_t at, std::size_t digits) {
        int value = 0;
        if (text.size() < at + digits) return -1;
        for (const char c : text.substr(at, digits)) {
            const int digit = hex_digit(c);
            if (digit < 0) return -1;
            value = 16 * value + digit;
        }
        return value;
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
            int code = hex(2, 4);
            if (code < 0 || json_scan::low_surrogate(code)) return out;
            std::size_t size = 6;
            if (json_scan::high_surrogate(code)) {
                const int low = text.substr(size).starts_with("\\u") ? hex(8, 4) : -1;
                if (!json_scan::low_surrogate(low)) return out;
                code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
                size = 12;
            }
            out.size = size;
            out.meaning[0] = static_cast<char>(code);
            if (code < 0x80) return out;
            std::string utf8;
            json_scan::append_utf8(utf8, static_cast<unsigned>(code));
            out.count = utf8.copy(out.meaning, sizeof out.meaning);
            Secret::wipe(utf8);
        }
    }
    return out;
}

inline SecretFinder::SecretFinder(
    std::string_view secret, std::string_view second, std::string_view third) noexcept {
    add(secret);
    add(second);
    add(third);
}

inline void SecretFinder::add(std::string_view secret) noexcept {
    if (secret.size() < shortest) return;
    longest_ = (std::max)(longest_, secret.size());
    add({secret, Letters::exact, 0, secret.size()});
    add({secret, Letters::hex, 0, 2 * secret.size()});
    // Base64 packs three bytes into four letters, so what stands before the secret decides which
    // letters it becomes; those that it shares with its neighbours are left out.
    for (unsigned before = 0; before != 3; ++before) {
        const std::size_t first = (std::size_t{before} * 8 + 5) / 6;
        const std::size_t last = (before + secret.size()) * 8 / 6;
        add({secret, Letters::base64, before, last - first});
    }
}

inline void SecretFinder::add(const Form& form) noexcept {
    mark(firsts_, form, form.letter(0));
    mark(seconds_, form, form.letter(1));
    forms_[count_++] = form;
}

inline void SecretFinder::mark(Table& table, const Form& form, char letter) noexcept {
    const auto set = [&](char c) {
        std::uint16_t& forms = table[static_cast<unsigned char>(c)];
        forms = static_cast<std::uint16_t>(forms | 1U << count_);
    };
    set(letter);
    if (form.letters == Letters::exact && letter == ' ') set('+');
    if (form.letters == Letters::base64 && letter == '+') set('-');
    if (form.letters == Letters::base64 && letter == '/') set('_');
    if (form.letters == Letters::hex && letter >= 'a') set(static_cast<char>(letter - 'a' + 'A'));
}

inline char SecretFinder::Form::letter(std::size_t i) const noexcept {
    if (letters == Letters::exact) return secret[i];
    const auto byte = [this](std::size_t at) {
        return at < secret.size() ? static_cast<unsigned>(static_cast<unsigned char>(secret[at]))
                                  : 0U;
    };
    if (letters == Letters::hex) {
        constexpr std::string_view digits = "0123456789abcdef";
        return digits[byte(i / 2) >> (i % 2 == 0 ? 4U : 0U) & 0xFU];
    }
    // Counted from the beginning of the secret, which need not be that of a letter.
    const std::size_t bit = ((std::size_t{before} * 8 + 5) / 6 + i) * 6 - std::size_t{before} * 8;
    const unsigned pair = byte(bit / 8) << 8U | byte(bit / 8 + 1);
    return base64_alphabet[pair >> (10U - bit % 8) & 0x3FU];
}

/// What the escape at the beginning of `text` means if it is to be `own`: backslashes that were
/// escaped themselves, perhaps twice, still escape what follows them.
inline WrittenBytes SecretFinder::read_escape(std::string_view text, char own) noexcept {
    if (text.front() == '%' || own == '\\') return read_written(text);
    std::size_t last = 0;
    while (last + 1 < most_backslashes && last + 1 < text.size() && text[last + 1] == '\\')
        ++last;
    WrittenBytes written = read_written(text.substr(last));
    written.size += last;
    return written;
}

/// The size of the occurrence at the beginning of `text`, or 0. Its first letters cost no work. What
/// may be an escape is taken for one where these are to be read; else `escapes` tells whether there
/// was any.
inline std::size_t SecretFinder::match(
    std::string_view text, const Form& form, Escapes& escapes, std::size_t& work) noexcept {
    const auto same = [&form](char written, char own) {
        if (written == own) return true;
        switch (form.letters) {
            case Letters::exact:
                // As a form writes it.
                return written == '+' && own == ' ';
            case Letters::hex:
                return to_lower(written) == own;
            case Letters::base64:
                return (written == '-' && own == '+') || (written == '_' && own == '/');
        }
        return false;
    };
    const std::size_t before = work;
    std::size_t at = 0;
    std::size_t found = 0;
    while (found != form.size) {
        if (at == text.size() || work == 0) return 0;
        WrittenBytes written;
        written.meaning[0] = text[at];
        if (text[at] == '%' || text[at] == '\\') {
            if (escapes == Escapes::read) {
                written = read_escape(text.substr(at), form.letter(found));
            } else {
                escapes = Escapes::literal;
            }
        }
        if (form.size - found < written.count) return 0;
        for (std::size_t i = 0; i != written.count; ++i) {
            if (!same(written.meaning[i], form.letter(found + i))) return 0;
        }
        if (found > 1) --work;
        at += written.size;
        found += written.count;
    }
    // What is found costs no more than its size.
    work = before;
    return at;
}

inline unsigned SecretFinder::second_at(std::string_view text, std::size_t at) const noexcept {
    if (at == text.size()) return 0;
    const char c = text[at];
    const unsigned forms = seconds_[static_cast<unsigned char>(c)];
    if (c != '%' && c != '\\') return forms;
    constexpr unsigned any = ~0U;
    const std::string_view rest = text.substr(at);
    if (rest.starts_with("\\\\")) return any;
    return forms | seconds_[static_cast<unsigned char>(read_written(rest).meaning[0])];
}

inline unsigned SecretFinder::begin_at(std::string_view text, std::size_t at) const noexcept {
    const char c = text[at];
    unsigned forms = firsts_[static_cast<unsigned char>(c)];
    if (forms != 0) forms &= second_at(text, at + 1);
    if (c != '%' && c != '\\') return forms;
    const WrittenBytes written = read_written(text.substr(at));
    unsigned escaped = firsts_[static_cast<unsigned char>(written.meaning[0])];
    if (escaped != 0) {
        escaped &= written.count > 1 ? seconds_[static_cast<unsigned char>(written.meaning[1])]
                                     : second_at(text, at + written.size);
    }
    return forms | escaped;
}

inline SecretFinder::Span SecretFinder::find(
    std::string_view text, std::size_t from, std::size_t until, std::size_t& work) const noexcept {
    for (std::size_t at = from; at < until; ++at) {
        const unsigned forms = begin_at(text, at);
        if (forms == 0) continue;
        const std::string_view rest = text.substr(at);
        for (std::size_t i = 0; i != count_; ++i) {
            if ((forms >> i & 1U) == 0) continue;
            // A percent sign or a backslash may be an escape, or stand for itself.
            Escapes escapes = Escapes::none;
            if (work != 0) --work;
            std::size_t size = match(rest, forms_[i], escapes, work);
            if (size == 0 && escapes == Escapes::literal) {
                escapes = Escapes::read;
                size = match(rest, forms_[i], escapes, work);
            }
            if (size != 0) return {at, size};
        }
        if (work == 0) return {at, rest.size()};
    }
    return {until, 0};
}

inline bool SecretFinder::is_in(std::string_view text) const noexcept {
    std::size_t work = work_for(text.size());
    return find(text, 0, text.size(), work).size != 0;
}

inline bool SecretFinder::scrub(std::string& text) const {
    if (!is_in(text)) return false;
    std::string out = scrubbed_front(text, text.size());
    Secret::wipe(text);
    text = std::move(out);
    return true;
}

inline std::string SecretFinder::scrubbed_front(std::string_view text, std::size_t size) const {
    constexpr std::string_view mask = "****";
    std::size_t work = work_for((std::min)(text.size(), size + reach()));
    std::string out;
    std::size_t done = 0;
    while (done != text.size() && out.size() < size) {
        const std::size_t until = done + (std::min)(text.size() - done, size - out.size());
        const Span found = find(text, done, until, work);
        out.append(text, done, found.begin - done);
        done = found.begin + found.size;
        if (found.size == 0) continue;
        out += mask;
    }
    return out;
}

inline std::size_t SecretFinder::behind_secret(
    std::string_view text, std::size_t at) const noexcept {
    std::size_t end = at;
    std::size_t work = work_for((std::min)(text.size(), 2 * reach()));
    for (std::size_t from = at - (std::min)(at, reach()); from < at;) {
        const Span found = find(text, from, at, work);
        end = (std::max)(end, found.begin + found.size);
        from = found.begin + 1;
    }
    return end;
}

inline Scrubber::Scrubber(std::string_view authorization, std::string_view kept)
    : password_(password_in(authorization)),
      finder_(credentials_in(authorization), password_.expose(), kept) {}

inline std::string_view Scrubber::credentials_in(std::string_view authorization) noexcept {
    const std::size_t blank = authorization.find(' ');
    return blank == std::string_view::npos ? authorization : trim(authorization.substr(blank));
}

inline Secret Scrubber::password_in(std::string_view authorization) {
    constexpr std::string_view scheme = "Basic ";
    if (!iequals(authorization.substr(0, scheme.size()), scheme)) return {};
    std::string pair = base64_decoded(credentials_in(authorization));
    const std::size_t colon = (std::min)(pair.find(':'), pair.size());
    Secret password{std::string_view{pair}.substr((std::min)(colon + 1, pair.size()))};
    Secret::wipe(pair);
    return password;
}

}  // namespace clarify::detail

#endif  // CLARIFY_CORE_DETAIL_IMPL_SCRUB_HPP
