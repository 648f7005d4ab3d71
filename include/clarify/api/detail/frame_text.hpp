// SPDX-License-Identifier: BSL-1.0
// The pieces of a data frame as JSON text: times, values, and arrays of them.

#ifndef CLARIFY_API_DETAIL_FRAME_TEXT_HPP
#define CLARIFY_API_DETAIL_FRAME_TEXT_HPP

#include <clarify/api/detail/digits.hpp>
#include <clarify/api/timestamp.hpp>
#include <clarify/core/detail/json_number.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

namespace clarify::detail::frame_json {

/// Writes a value, not infinite, and returns the end. Room for `json_number_size` bytes.
inline char* put_value(char* out, double value) noexcept {
    if (std::isnan(value)) {
        std::memcpy(out, "null", 4);
        return out + 4;
    }
    return put_json_number(out, value);
}

/// Writes times as quoted text. The date and minute are written once for those that share them.
class TimeWriter {
public:
    static constexpr std::size_t max_size = Timestamp::max_text + 2;

    char* put(char* out, Timestamp time) noexcept {
        constexpr std::int64_t minute_length = 60'000'000;
        const std::int64_t count = time.microseconds();
        std::int64_t minute = count / minute_length;
        std::int64_t rest = count % minute_length;
        if (rest < 0) {
            rest += minute_length;
            --minute;
        }
        if (minute != minute_ || size_ == 0) {
            minute_ = minute;
            char* const end =
                Timestamp::from_microseconds(minute * minute_length).format_to(prefix_);
            // Up to the seconds.
            size_ = static_cast<std::size_t>(end - prefix_) - 3;
        }
        *out++ = '"';
        std::memcpy(out, prefix_, size_);
        out = put_digits(out + size_, static_cast<unsigned>(rest / 1'000'000), 2);
        out = put_microseconds(out, static_cast<unsigned>(rest % 1'000'000));
        *out++ = 'Z';
        *out++ = '"';
        return out;
    }

private:
    std::int64_t minute_ = 0;
    std::size_t size_ = 0;
    char prefix_[Timestamp::max_text];
};

/// Appends `count` elements in brackets; `put(out, i)` writes one, of at most `longest` bytes.
template <class Put>
void append_array(std::string& out, std::size_t count, std::size_t longest, Put&& put) {
    // By blocks, so that the text grows seldom, and no more than it needs.
    constexpr std::size_t block = 256;
    out += '[';
    for (std::size_t first = 0; first < count; first += block) {
        const std::size_t last = (std::min)(count, first + block);
        const std::size_t before = out.size();
        out.resize(before + (last - first) * (longest + 1));
        char* at = out.data() + before;
        for (std::size_t i = first; i != last; ++i) {
            if (i != 0) *at++ = ',';
            at = put(at, i);
        }
        out.resize(static_cast<std::size_t>(at - out.data()));
    }
    out += ']';
}

/// Can a time be written, with a year of four digits?
inline bool is_writable(Timestamp time) noexcept {
    return time.microseconds() >= -62'167'219'200'000'000 &&
        time.microseconds() < 253'402'300'800'000'000;
}

}  // namespace clarify::detail::frame_json

#if !defined(CLARIFY_SEPARATE_COMPILATION)
#include <clarify/api/detail/impl/frame_text.hpp>
#endif

#endif  // CLARIFY_API_DETAIL_FRAME_TEXT_HPP
