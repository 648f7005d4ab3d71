// SPDX-License-Identifier: BSL-1.0
// JSON texts, numbers and strings: what is accepted, read and written, compared with Boost.JSON,
// with nlohmann/json where it is installed, and with the C library.

#include <clarify/json/boost_json_codec.hpp>

#include "fuzz.hpp"
#include "reference_json.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#if __has_include(<nlohmann/json.hpp>)
#include <nlohmann/json.hpp>
#define CLARIFY_FUZZ_NLOHMANN 1
#endif

namespace {

using clarify::Errc;
using clarify::Reason;
using clarify::Result;
using clarify::detail::JsonScanner;
using fuzz::require;

bool third_opinion([[maybe_unused]] std::string_view text, [[maybe_unused]] bool ours) {
#if defined(CLARIFY_FUZZ_NLOHMANN)
    return nlohmann::json::accept(text.begin(), text.end());
#else
    return ours;
#endif
}

template <class Real>
void check_real(const std::string& token, Real nearest) {
    const std::optional<Real> read = clarify::detail::json_real<Real>(token);
    require(read.has_value() == std::isfinite(nearest), "only what no double holds is refused");
    if (!read) return;
    require(*read == nearest, "a number is the nearest double");
    require(std::signbit(*read) == token.starts_with('-'), "a number keeps its sign");
}

/// The integer that a token spells, found digit by digit: sign and magnitude without a fraction.
std::optional<std::string> spelled_integer(std::string token) {
    const bool negative = token.starts_with('-');
    if (negative) token.erase(0, 1);
    const std::size_t e = std::min(token.find_first_of("eE"), token.size());
    std::string digits = token.substr(0, e);
    const double exponent = e == token.size() ? 0 : std::atof(token.c_str() + e + 1);
    const std::size_t point = std::min(digits.find('.'), digits.size());
    const std::string fraction = digits.substr(std::min(point + 1, digits.size()));
    digits = digits.substr(0, point) + fraction;
    while (!digits.empty() && digits.front() == '0')
        digits.erase(0, 1);
    if (digits.empty()) return "0";
    double shift = exponent - static_cast<double>(fraction.size());
    for (; digits.back() == '0'; shift += 1)
        digits.pop_back();
    if (shift < 0) return std::nullopt;
    if (shift > 40) return (negative ? "-" : "") + std::string(60, '9');
    digits.append(static_cast<std::size_t>(shift), '0');
    return negative ? '-' + digits : digits;
}

void check_number(const std::string& token) {
    check_real<double>(token, std::strtod(token.c_str(), nullptr));
    check_real<float>(token, std::strtof(token.c_str(), nullptr));
    const std::optional<std::string> spelled = spelled_integer(token);
    std::optional<std::int64_t> expected;
    if (spelled) {
        std::int64_t value = 0;
        const char* const end = spelled->data() + spelled->size();
        const auto [stop, error] = std::from_chars(spelled->data(), end, value);
        if (error == std::errc{} && stop == end) expected = value;
    }
    require(clarify::detail::json_integer(token) == expected, "an integer is exact, or none");
    const clarify::BoostJsonCodec codec;
    const Result<std::int64_t> decoded = codec.decode<std::int64_t>(token);
    require(decoded.has_value() == expected.has_value(), "a codec reads the same integers");
    require(!expected || *decoded == *expected, "a codec reads an integer exactly");
    if (decoded) return;
    require(
        decoded.error().reason() == (spelled ? Reason::out_of_range : Reason::mismatch),
        "a fraction and a large number are told apart");
}

/// Are two documents the same but for doubles that Boost.JSON may round to a neighbour?
bool alike(const boost::json::value& ours, const boost::json::value& theirs) {
    if (ours.is_double() || theirs.is_double()) {
        if (!ours.is_number() || !theirs.is_number()) return false;
        const double a = ours.to_number<double>();
        const double b = theirs.to_number<double>();
        // It makes a zero with a huge exponent no number at all.
        if (std::isnan(b)) return a == 0;
        return a == b || std::abs(a - b) <= 1e-12 * std::abs(a) || std::abs(a - b) < 1e-300;
    }
    if (ours.is_array() && theirs.is_array()) {
        const auto& a = ours.get_array();
        const auto& b = theirs.get_array();
        return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), alike);
    }
    if (ours.is_object() && theirs.is_object()) {
        if (ours.get_object().size() != theirs.get_object().size()) return false;
        for (const auto& entry : ours.get_object()) {
            const auto* const other = theirs.get_object().if_contains(entry.key());
            if (other == nullptr || !alike(entry.value(), *other)) return false;
        }
        return true;
    }
    return ours == theirs;
}

void check_document(std::string_view text) {
    constexpr std::size_t depth = 64;
    JsonScanner scanner{text, depth};
    const clarify::detail::RawJson whole = scanner.document();
    const fuzz::Reference parsed = fuzz::reference_json(text, depth);
    require(scanner.offset() <= text.size(), "no more is read than there is");
    require(
        scanner.ok() == (parsed.value || parsed.only_too_large) || parsed.only_too_large,
        "Boost.JSON accepts what the library accepts");

    const clarify::BoostJsonCodec codec;
    const Result<boost::json::value> decoded = codec.decode<boost::json::value>(text);
    const bool too_large = scanner.ok() && !decoded;
    if (too_large) {
        require(decoded.error().reason() == Reason::number_range, "valid text has a value");
    }
    require(!decoded || scanner.ok(), "a codec reads only valid text");
    // It has no limit of depth, takes a zero byte for the end, and refuses a number that is too
    // large as if it were no JSON.
    const bool has_zero = text.find('\0') != std::string_view::npos;
    if (scanner.reason() != Reason::depth && !too_large && !has_zero) {
        require(third_opinion(text, scanner.ok()) == scanner.ok(), "nlohmann/json agrees");
    }
    if (!scanner.ok()) return;
    if (whole.kind == clarify::detail::JsonKind::number) check_number(std::string{whole.text});
    if (!decoded) return;
    if (parsed.value) require(alike(*decoded, *parsed.value), "the value is the one written");

    std::string again;
    require(codec.encode(*decoded, again).has_value(), "what was read can be written");
    const Result<boost::json::value> reread = codec.decode<boost::json::value>(again);
    // A double without a fraction is written, and then read, as an integer.
    require(reread && alike(*reread, *decoded), "what was written reads back");
    std::string third;
    require(codec.encode(*reread, third).has_value() && third == again, "writing is stable");
}

/// Reading into C++ types, with little memory: a value or an error with a printable text.
template <class T>
void check_typed(std::string_view text, const clarify::BoostJsonCodec& codec) {
    const Result<T> value = codec.decode<T>(text);
    if (!value) {
        const std::string message = value.error().to_string();
        const bool printable = std::all_of(
            message.begin(), message.end(), [](char c) { return c >= ' ' && c <= '~'; });
        require(printable && message.size() < 1'000, "an error is short and printable");
        return;
    }
    std::string again;
    require(codec.encode(*value, again).has_value(), "what was read can be written");
    const clarify::BoostJsonCodec generous;
    const Result<T> reread = generous.decode<T>(again);
    require(reread.has_value(), "what was written reads back as the same type");
    if constexpr (!std::is_same_v<T, boost::json::value>) {
        require(*reread == *value, "what was written reads back as the same value");
    }
}

/// Is `text` UTF-8, judged by its code points?
bool is_utf8(std::string_view text) {
    std::size_t i = 0;
    while (i < text.size()) {
        const auto at = [&](std::size_t n) { return static_cast<unsigned char>(text[n]); };
        const unsigned lead = at(i);
        const unsigned extra = lead < 0x80 ? 0 : lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : 3;
        if (lead >= 0x80 && lead < 0xC0) return false;
        if (lead > 0xF7 || i + extra >= text.size()) return false;
        unsigned code = extra == 0 ? lead : lead & (0x3FU >> extra);
        for (unsigned n = 1; n <= extra; ++n) {
            if (at(i + n) < 0x80 || at(i + n) > 0xBF) return false;
            code = code << 6U | (at(i + n) & 0x3FU);
        }
        constexpr unsigned least[] = {0, 0x80, 0x800, 0x10000};
        if (code < least[extra] || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) {
            return false;
        }
        i += extra + 1;
    }
    return true;
}

void check_string(std::string_view text) {
    std::string out = "before";
    const bool written = clarify::detail::append_json_string(out, text);
    require(written == is_utf8(text), "a string is written if and only if it is UTF-8");
    require(clarify::detail::is_utf8(text) == written, "UTF-8 has one meaning");
    if (!written) return require(out == "before", "a failure leaves the output alone");
    const std::string_view token = std::string_view{out}.substr(6);
    require(clarify::detail::json_unescape(token) == text, "a string reads back");
    const fuzz::Reference parsed = fuzz::reference_json(token, 1);
    require(parsed.value && fuzz::text_of(&*parsed.value) == text, "others read the same string");
}

void check_written_numbers(std::uint64_t word) {
    const clarify::BoostJsonCodec codec;
    const auto real = std::bit_cast<double>(word);
    std::string text;
    const Result<void> written = codec.encode(real, text);
    require(written.has_value() == std::isfinite(real), "NaN and infinity are not written");
    if (written) {
        require(text.size() <= 24, "a double is written short");
        require(
            std::bit_cast<std::uint64_t>(codec.decode<double>(text).value()) == word,
            "a double reads back to the bit");
        require(std::strtod(text.c_str(), nullptr) == real, "others read the same double");
    }
    text.clear();
    require(
        codec.encode(static_cast<std::int64_t>(word), text).has_value(), "integers are written");
    require(
        codec.decode<std::int64_t>(text).value() == static_cast<std::int64_t>(word),
        "an integer reads back");
    text.clear();
    require(codec.encode(word, text).has_value(), "integers without sign are written");
    require(
        codec.decode<std::uint64_t>(text).value() == word, "an integer without sign reads back");
}

void run(std::string_view input) {
    check_document(input);
    check_string(input);
    check_written_numbers(fuzz::Choices{input}.word());
    clarify::JsonCodecOptions options;
    options.max_parse_memory = 1'000;
    const clarify::BoostJsonCodec frugal{options};
    check_typed<std::vector<double>>(input, frugal);
    check_typed<std::map<std::string, std::vector<std::optional<int>>>>(input, frugal);
    check_typed<boost::json::value>(input, frugal);
}

const fuzz::Target target{"json", run};

}  // namespace
