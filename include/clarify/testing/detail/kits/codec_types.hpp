// SPDX-License-Identifier: BSL-1.0
// What the suite for JSON codecs tries a codec with: C++ types, numbers, and another locale.

#ifndef CLARIFY_TESTING_DETAIL_KITS_CODEC_TYPES_HPP
#define CLARIFY_TESTING_DETAIL_KITS_CODEC_TYPES_HPP

#include <clarify/core/result.hpp>

#include <boost/describe/class.hpp>

#include <array>
#include <bit>
#include <charconv>
#include <clocale>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <locale>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace clarify::testing::detail {

/// A type of C++ that a codec says it maps, both ways, beside its own documents.
template <class T, class Codec>
concept MappedBy = !std::same_as<T, typename Codec::value_type> &&
    requires(const Codec& codec, const T& value, std::string& out, std::string_view text) {
    { codec.encode(value, out) } -> std::same_as<Result<void>>;
    { codec.template decode<T>(text) } -> std::same_as<Result<T>>;
};

/// A struct as applications have them.
struct CodecProbe {
    std::string item_id;
    std::optional<double> upper_limit;
    std::vector<std::int64_t> row_counts;

    bool operator==(const CodecProbe&) const = default;
};
BOOST_DESCRIBE_STRUCT(CodecProbe, (), (item_id, upper_limit, row_counts))

/// A decimal comma and dots between thousands, in C++ and, if there is such a locale, in C.
class ForeignLocale {
public:
    ForeignLocale()
        : c_(std::setlocale(LC_ALL, nullptr)),
          cpp_(std::locale::global(std::locale{std::locale::classic(), new Punctuation})) {
        for (const char* name : {"de_DE.UTF-8", "de_DE.utf8", "de_DE", "fr_FR.UTF-8", "German"}) {
            if (std::setlocale(LC_ALL, name) != nullptr) return;
        }
    }
    ForeignLocale(const ForeignLocale&) = delete;
    ForeignLocale& operator=(const ForeignLocale&) = delete;
    ~ForeignLocale() {
        std::locale::global(cpp_);
        std::setlocale(LC_ALL, c_.c_str());
    }

private:
    class Punctuation final : public std::numpunct<char> {
        char do_decimal_point() const override { return ','; }
        char do_thousands_sep() const override { return '.'; }
        std::string do_grouping() const override { return "\3"; }
    };

    std::string c_;
    std::locale cpp_;
};

/// Doubles at the limits, and many at random: any bits, and the size of measurements.
inline std::vector<double> codec_doubles() {
    using Limits = std::numeric_limits<double>;
    constexpr double exact = 9007199254740992.0;
    std::vector<double> numbers{
        0.0,
        -0.0,
        1.0,
        0.1,
        -20.5,
        1e23,
        1e308,
        5e-324,
        -5e-324,
        2.2250738585072009e-308,
        exact - 1,
        exact,
        exact + 2,
        1.0 / 3,
        (Limits::max)(),
        (Limits::min)(),
        1e22,
        Limits::lowest(),
        Limits::epsilon(),
        123456789.125};
    std::mt19937_64 random{1};
    while (numbers.size() < 2'000) {
        const double any = std::bit_cast<double>(random());
        if (std::isfinite(any)) numbers.push_back(any);
        numbers.push_back(std::ldexp(static_cast<double>(random() >> 11U), -43) - 512);
    }
    return numbers;
}

/// The shortest text with an exponent that reads back as `number`.
inline std::string scientific(double number) {
    std::array<char, 32> digits{};
    const auto [end, error] = std::to_chars(
        digits.data(), digits.data() + digits.size(), number, std::chars_format::scientific);
    return error == std::errc{} ? std::string{digits.data(), end} : std::string{};
}

}  // namespace clarify::testing::detail

#endif  // CLARIFY_TESTING_DETAIL_KITS_CODEC_TYPES_HPP
