// SPDX-License-Identifier: BSL-1.0
// Retry-After and HTTP dates: two lines of text, compared with the C library's reading of them.

#include <clarify/core/detail/http_date.hpp>
#include <clarify/core/retry_after.hpp>

#include "fuzz.hpp"

#include <time.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

namespace {

using clarify::detail::parse_http_date;
using fuzz::require;
using std::chrono::milliseconds;

constexpr std::int64_t day = 86'400;

/// What `strptime` reads; it takes more for a date than a sender may write.
std::optional<std::int64_t> c_library_date(const std::string& text) {
    const auto read = [](const char* at, const char* format) -> std::optional<std::int64_t> {
        std::tm parts{};
        const char* const end = ::strptime(at, format, &parts);
        if (end == nullptr || *end != '\0') return std::nullopt;
        return ::timegm(&parts);
    };
    // The library does not look at a short name of the day of the week, the C library does.
    if (text.size() < 5) return std::nullopt;
    if (const auto date = read(text.c_str() + 5, "%d %b %Y %H:%M:%S GMT")) return date;
    if (const auto date = read(text.c_str() + 4, "%b %e %H:%M:%S %Y")) return date;
    return read(text.c_str(), "%A, %d-%b-%y %H:%M:%S GMT");
}

/// How the one form that a sender may write spells a moment.
std::string spell(std::int64_t seconds) {
    const std::time_t time = seconds;
    std::tm parts{};
    ::gmtime_r(&time, &parts);
    std::array<char, 64> text{};
    const std::size_t size =
        std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
    return {text.data(), size};
}

void check_date(std::string_view text) {
    if (!parse_http_date(text)) return;
    const auto reference = c_library_date(std::string{text});
    require(reference.has_value(), "what is read as a date is one");
    // The C library has its own rule for the century.
    const std::chrono::sys_seconds moment{std::chrono::seconds{*reference}};
    require(parse_http_date(text, moment) == moment, "a date is the moment that it names");
}

/// A moment that the input names is understood in its one legal form.
void check_round_trip(std::uint64_t word) {
    // From year 1 to 9999: 4 digits.
    constexpr std::int64_t first = -62'135'596'800;
    constexpr std::int64_t last = 253'402'300'799;
    const auto span = static_cast<std::uint64_t>(last - first + 1);
    const std::int64_t moment = first + static_cast<std::int64_t>(word % span);
    std::string text = spell(moment);
    // The C library writes small years with fewer digits.
    if (text.size() != 29) text.insert(12, 29 - text.size(), '0');
    const auto read = parse_http_date(text);
    require(read && read->time_since_epoch().count() == moment, "every legal date is read");
    const auto wait = clarify::parse_retry_after(spell(moment + 7), spell(moment));
    if (moment > 0 && moment + 7 <= last) {
        require(wait == milliseconds{7'000}, "a wait is the time between two dates");
    }
}

std::string_view trim(std::string_view text) {
    const std::size_t first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") + 1 - first);
}

std::optional<milliseconds> reference(std::string_view retry_after, std::string_view date) {
    std::string_view text = trim(retry_after);
    if (text.empty()) return std::nullopt;
    if (text.find_first_not_of("0123456789") == std::string_view::npos) {
        const std::size_t zeros = std::min(text.find_first_not_of('0'), text.size());
        text.remove_prefix(zeros);
        const std::int64_t seconds = text.empty() ? 0
            : text.size() > 5                     ? day
                                                  : std::stoll(std::string{text});
        return milliseconds{1'000 * std::min(seconds, day)};
    }
    auto until = parse_http_date(text);
    if (!until) return std::nullopt;
    const auto now = parse_http_date(trim(date), *until);
    if (now) until = parse_http_date(text, *now);
    if (!until || !now) return std::nullopt;
    const std::int64_t seconds = (*until - *now).count();
    return milliseconds{1'000 * std::clamp<std::int64_t>(seconds, 0, day)};
}

void run(std::string_view input) {
    fuzz::Choices choices{input};
    const std::string_view retry_after = choices.line();
    const std::string_view date = choices.line();
    check_date(retry_after);
    check_date(date);
    const auto wait = clarify::parse_retry_after(retry_after, date);
    require(wait == reference(retry_after, date), "a wait is what the fields say");
    require(
        !wait || (*wait >= milliseconds{0} && *wait <= milliseconds{1'000 * day}),
        "a wait is between nothing and a day");
    fuzz::Choices bytes{input};
    check_round_trip(bytes.word());
}

const fuzz::Target target{"retry_after", run};

}  // namespace
