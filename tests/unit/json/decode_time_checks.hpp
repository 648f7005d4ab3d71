// SPDX-License-Identifier: BSL-1.0
// How reading a text keeps to the time that is left for it, whoever reads it.

#ifndef CLARIFY_TESTS_UNIT_JSON_DECODE_TIME_CHECKS_HPP
#define CLARIFY_TESTS_UNIT_JSON_DECODE_TIME_CHECKS_HPP

#include <clarify/core/clock.hpp>
#include <clarify/core/detail/decode_time.hpp>
#include <clarify/core/detail/memory_budget.hpp>

#include <doctest/doctest.h>
#include <support/reading_clock.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace decode_time {

/// `part`, so often that a text has about `size` bytes, between `open` and `close`.
inline std::string text(
    std::string_view part,
    std::size_t size,
    std::string_view open = "[",
    std::string_view close = "]") {
    std::string out{open};
    while (out.size() < size)
        (out += part) += ',';
    return (out += part) += close;
}

/// `read(time)` reads about `size` bytes, and says whether it came to the end.
template <class Read>
void check(std::size_t size, Read read) {
    using clarify::detail::DecodeTime;
    const auto looks = static_cast<int>(size / DecodeTime::next_look);
    REQUIRE(looks > 8);
    {
        support::ReadingClock clock;
        DecodeTime time{(clarify::TimePoint::max)(), &clock};
        CHECK(read(time));
        // To the end of it; the first look is later than the others, and none is in the last part.
        CHECK(clock.readings() >= looks - 5);
    }
    for (const int last : {1, 3, looks - 5}) {
        CAPTURE(last);
        support::ReadingClock clock;
        DecodeTime time{support::ReadingClock::at(last), &clock};
        CHECK_THROWS_AS(read(time), clarify::detail::DecodeTimeUp);
        CHECK(clock.readings() == last);
        // The other parts of the same reply are not begun.
        CHECK_THROWS_AS(time.spend(0), clarify::detail::DecodeTimeUp);
    }
}

/// Reads `json` as a `T`.
template <class T, class Codec>
void check_codec(const Codec& codec, const std::string& json) {
    CAPTURE(json.substr(0, 40));
    check(json.size(), [&](clarify::detail::DecodeTime& time) {
        clarify::detail::MemoryBudget budget{std::size_t{1} << 30U};
        budget.obey(time);
        return codec.template decode<T>(json, budget).has_value();
    });
}

}  // namespace decode_time

#endif  // CLARIFY_TESTS_UNIT_JSON_DECODE_TIME_CHECKS_HPP
