// SPDX-License-Identifier: BSL-1.0
// Makes resource identifiers that sort by the time of their creation.

#ifndef CLARIFY_TESTING_DETAIL_EMULATOR_ID_MINT_HPP
#define CLARIFY_TESTING_DETAIL_EMULATOR_ID_MINT_HPP

#include <clarify/testing/detail/secrets.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <mutex>
#include <span>
#include <string>
#include <string_view>

namespace clarify::testing::detail {

/// True for the 20 characters `[a-v0-9]` that name a signal, item, integration or organisation.
inline bool is_resource_id(std::string_view text) {
    return text.size() == 20 && std::all_of(text.begin(), text.end(), [](char c) {
               return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'v');
           });
}

/** Mints identifiers: Unix seconds, five random bytes an instance, and a counter, in base32hex.

    Identifiers of one mint sort in the order of minting as long as the given times do not decrease.

    @par Thread safety
    Distinct objects: safe. Shared objects: safe.
*/
class IdMint {
public:
    IdMint() {
        fill_random(std::span(bytes_).subspan(4, 5));
        std::array<unsigned char, 2> start{};
        fill_random(start);
        counter_ = static_cast<std::uint32_t>(start[0] << 8 | start[1]);
    }

    std::string next(std::int64_t unix_seconds) {
        const std::lock_guard lock{mutex_};
        const auto seconds = static_cast<std::uint32_t>(unix_seconds);
        for (unsigned i = 0; i < 4; ++i)
            bytes_[i] = static_cast<unsigned char>(seconds >> (24 - 8 * i) & 0xffU);
        ++counter_;
        for (unsigned i = 0; i < 3; ++i)
            bytes_[9 + i] = static_cast<unsigned char>(counter_ >> (16 - 8 * i) & 0xffU);
        return encode();
    }

private:
    std::string encode() const {
        constexpr std::string_view digits = "0123456789abcdefghijklmnopqrstuv";
        std::string text;
        std::uint32_t group = 0;
        unsigned bits = 0;
        for (const unsigned char byte : bytes_) {
            group = group << 8 | byte;
            bits += 8;
            while (bits >= 5) {
                bits -= 5;
                text.push_back(digits[group >> bits & 31U]);
            }
        }
        text.push_back(digits[group << (5 - bits) & 31U]);
        return text;
    }

    // Guards bytes_ and counter_.
    std::mutex mutex_;
    std::array<unsigned char, 12> bytes_{};
    std::uint32_t counter_ = 0;
};

}  // namespace clarify::testing::detail

#endif  // CLARIFY_TESTING_DETAIL_EMULATOR_ID_MINT_HPP
