// SPDX-License-Identifier: BSL-1.0
// Compares text with a secret, letter by letter, in each of the forms it may be written in.

#ifndef CLARIFY_CORE_DETAIL_IMPL_SCRUB_HPP
#define CLARIFY_CORE_DETAIL_IMPL_SCRUB_HPP

#include <clarify/core/detail/encoding.hpp>
#include <clarify/core/detail/json_scan.hpp>
#include <clarify/core/detail/scrub.hpp>
#include <clarify/core/detail/text.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace clarify::detail {

/// The value of a hexadecimal digit, or -1.
inline int hex_digit(char c) noexcept {
    if (c >= '0' && c <= '9') return c - '0';
    const char lower = to_lower(c);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/// The kinds of escapes, as bits.
namespace escape {
inline constexpr unsigned percent = 1;
inline constexpr unsigned backslash = 2;
inline constexpr unsigned reference = 4;
inline constexpr unsigned all = 7;
}  // namespace escape

/// The kind of escape that may begin with `c`, or 0.
constexpr unsigned escape_kind(char c) noexcept {
    if (c == '%') return escape::percent;
    if (c == '\\') return escape::backslash;
    return c == '&' ? escape::reference : 0;
}

/// The number that `text` begins with, of at most eight digits: -1 where it begins with none.
inline std::int64_t read_digits(std::string_view text, int base, std::size_t& size) noexcept {
    constexpr std::size_t most = 8;
    std::int64_t value = 0;
    for (size = 0; size != (std::min)(most, text.size()); ++size) {
        const int digit = hex_digit(text[size]);
        if (digit < 0 || digit >= base) break;
        value = base * value + digit;
    }
    return size == 0 ? -1 : value;
}

/// What follows the ampersand of a character reference of HTML.
struct CharacterReference {
    /// 0 where it is none.
    std::size_t size = 0;
    unsigned code = 0;
};

/// Reads one by number, or by one of the names that HTML has for ASCII.
inline CharacterReference read_reference(std::string_view text) noexcept {
    if (text.starts_with('#')) {
        const bool is_hex = text.size() > 1 && to_lower(text[1]) == 'x';
        const std::size_t first = is_hex ? 2 : 1;
        std::size_t digits = 0;
        const std::int64_t code =
            read_digits(text.substr((std::min)(first, text.size())), is_hex ? 16 : 10, digits);
        const bool is_surrogate = code >= 0xD800 && code < 0xE000;
        if (code <= 0 || code > 0x10FFFF || is_surrogate) return {};
        const std::size_t end = first + digits;
        // Browsers do without it.
        const bool is_ended = end < text.size() && text[end] == ';';
        return {end + (is_ended ? 1 : 0), static_cast<unsigned>(code)};
    }
    struct Name {
        std::string_view name;
        char means;
    };
    constexpr std::array names{
        Name{"amp", '&'},    Name{"AMP", '&'},    Name{"lt", '<'},       Name{"LT", '<'},
        Name{"gt", '>'},     Name{"GT", '>'},     Name{"quot", '"'},     Name{"QUOT", '"'},
        Name{"apos", '\''},  Name{"Tab", '\t'},   Name{"NewLine", '\n'}, Name{"excl", '!'},
        Name{"num", '#'},    Name{"dollar", '$'}, Name{"percnt", '%'},   Name{"lpar", '('},
        Name{"rpar", ')'},   Name{"ast", '*'},    Name{"midast", '*'},   Name{"plus", '+'},
        Name{"comma", ','},  Name{"period", '.'}, Name{"sol", '/'},      Name{"colon", ':'},
        Name{"semi", ';'},   Name{"equals", '='}, Name{"quest", '?'},    Name{"commat", '@'},
        Name{"lsqb", '['},   Name{"lbrack", '['}, Name{"bsol", '\\'},    Name{"rsqb", ']'},
        Name{"rbrack", ']'}, Name{"Hat", '^'},    Name{"lowbar", '_'},   Name{"UnderBar", '_'},
        Name{"grave", '`'},  Name{"lcub", '{'},   Name{"lbrace", '{'},   Name{"verbar", '|'},
        Name{"vert", '|'},   Name{"rcub", '}'},   Name{"rbrace", '}'}};
    constexpr std::size_t longest = 8;
    const std::size_t end = text.substr(0, longest + 1).find(';');
    if (end == std::string_view::npos) return {};
    const auto named = std::find_if(names.begin(), names.end(), [&](const Name& one) {
        return one.name == text.substr(0, end);
    });
    if (named == names.end()) return {};
    return {end + 1, static_cast<unsigned char>(named->means)};
}

/// The character `code`, written in so many bytes.
inline WrittenBytes written_character(unsigned code, std::size_t size) noexcept {
    WrittenBytes out;
    out.size = size;
    out.meaning[0] = static_cast<char>(code);
    if (code < 0x80) return out;
    std::string utf8;
    json_scan::append_utf8(utf8, code);
    out.count = utf8.copy(out.meaning, sizeof out.meaning);
    Secret::wipe(utf8);
    return out;
}

/// What the escape of JSON at the beginning of `text` means; its backslash itself where it is none.
inline WrittenBytes read_json_escape(std::string_view text, unsigned read) noexcept {
    constexpr std::string_view letters = "\"\\/bfnrt";
    constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
    WrittenBytes none;
    none.meaning[0] = '\\';
    if (text.size() < 2) return none;
    if (const std::size_t at = letters.find(text[1]); at != std::string_view::npos)
        return written_character(static_cast<unsigned char>(meanings[at]), 2);
    const auto unit = [text](std::size_t at) {
        if (text.size() < at + 6 || text[at] != '\\' || text[at + 1] != 'u') return -1;
        std::size_t size = 0;
        const std::int64_t value = read_digits(text.substr(at + 2, 4), 16, size);
        return size == 4 ? static_cast<int>(value) : -1;
    };
    int code = unit(0);
    if (code < 0 || json_scan::low_surrogate(code)) return none;
    if (code == '&' && (read & escape::reference) != 0) {
        const CharacterReference found = read_reference(text.substr(6));
        if (found.size != 0) return written_character(found.code, 6 + found.size);
    }
    if (!json_scan::high_surrogate(code)) return written_character(static_cast<unsigned>(code), 6);
    const int low = unit(6);
    if (!json_scan::low_surrogate(low)) return none;
    code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    return written_character(static_cast<unsigned>(code), 12);
}

/// The byte at the beginning of `text`, or the escape, of one of the kinds to be `read`, that stands
/// there instead of some.
inline WrittenBytes read_written(std::string_view text, unsigned read) noexcept {
    WrittenBytes out;
    out.meaning[0] = text.front();
    const unsigned kind = escape_kind(text.front()) & read;
    if (kind == escape::backslash) return read_json_escape(text, read);
    if (kind == escape::percent) {
        std::size_t digits = 0;
        const std::int64_t byte = read_digits(text.substr(1, 2), 16, digits);
        if (digits != 2) return out;
        out.size = 3;
        out.meaning[0] = static_cast<char>(byte);
    } else if (kind == escape::reference) {
        const CharacterReference found = read_reference(text.substr(1));
        if (found.size != 0) return written_character(found.code, 1 + found.size);
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
inline WrittenBytes SecretFinder::read_escape(
    std::string_view text, char own, unsigned read) noexcept {
    if (text.front() != '\\' || own == '\\') return read_written(text, read);
    std::size_t last = 0;
    while (last + 1 < most_backslashes && last + 1 < text.size() && text[last + 1] == '\\')
        ++last;
    WrittenBytes written = read_written(text.substr(last), read);
    written.size += last;
    return written;
}

/// The size of the occurrence at the beginning of `text`, or 0. Its first letters cost no work. What
/// may be an escape of a kind to be `read` is taken for one, and of others for itself; `met` tells of
/// which kinds there were any.
inline std::size_t SecretFinder::match(
    std::string_view text,
    const Form& form,
    unsigned read,
    unsigned& met,
    std::size_t& work) noexcept {
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
        if (const unsigned kind = escape_kind(text[at]); kind != 0) {
            met |= kind;
            if ((kind & read) != 0)
                written = read_escape(text.substr(at), form.letter(found), read);
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

// A percent sign, a backslash or an ampersand may begin an escape, or stand for itself. A peer writes
// in one way, or in one within another, so that each kind is taken for the same all along.
inline std::size_t SecretFinder::match_any(
    std::string_view text, const Form& form, std::size_t& work) noexcept {
    constexpr std::array readings{
        0U,
        escape::all,
        escape::reference,
        escape::percent,
        escape::backslash,
        escape::all & ~escape::reference,
        escape::all & ~escape::percent,
        escape::all & ~escape::backslash};
    unsigned met = 0;
    unsigned tried = 0;
    for (const unsigned read : readings) {
        // The same as one before, as far as it is known.
        const unsigned reading = read & met;
        if (read != 0 && (tried >> reading & 1U) != 0) continue;
        if (const std::size_t size = match(text, form, read, met, work); size != 0) return size;
        tried |= 1U << (read & met);
    }
    return 0;
}

inline unsigned SecretFinder::second_at(std::string_view text, std::size_t at) const noexcept {
    if (at == text.size()) return 0;
    const char c = text[at];
    const unsigned forms = seconds_[static_cast<unsigned char>(c)];
    if (escape_kind(c) == 0) return forms;
    constexpr unsigned any = ~0U;
    const std::string_view rest = text.substr(at);
    if (rest.starts_with("\\\\")) return any;
    const auto escaped = [&](unsigned read) {
        return seconds_[static_cast<unsigned char>(read_written(rest, read).meaning[0])];
    };
    return forms | escaped(escape::all) | escaped(escape::all & ~escape::reference);
}

inline unsigned SecretFinder::begin_at(std::string_view text, std::size_t at) const noexcept {
    const char c = text[at];
    unsigned forms = firsts_[static_cast<unsigned char>(c)];
    if (forms != 0) forms &= second_at(text, at + 1);
    if (escape_kind(c) == 0) return forms;
    const auto escaped = [&](unsigned read) {
        const WrittenBytes written = read_written(text.substr(at), read);
        unsigned found = firsts_[static_cast<unsigned char>(written.meaning[0])];
        if (found == 0) return found;
        return found &
            (written.count > 1 ? unsigned{seconds_[static_cast<unsigned char>(written.meaning[1])]}
                               : second_at(text, at + written.size));
    };
    return forms | escaped(escape::all) | escaped(escape::all & ~escape::reference);
}

inline SecretFinder::Span SecretFinder::find(
    std::string_view text, std::size_t from, std::size_t until, std::size_t& work) const noexcept {
    for (std::size_t at = from; at < until; ++at) {
        const unsigned forms = begin_at(text, at);
        if (forms == 0) continue;
        const std::string_view rest = text.substr(at);
        for (std::size_t i = 0; i != count_; ++i) {
            if ((forms >> i & 1U) == 0) continue;
            if (work != 0) --work;
            if (const std::size_t size = match_any(rest, forms_[i], work); size != 0)
                return {at, size};
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
