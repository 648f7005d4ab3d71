// SPDX-License-Identifier: BSL-1.0
// Access tokens: issued to whoever knows the client secret, good until they expire or are revoked.

#ifndef CLARIFY_TESTING_DETAIL_EMULATOR_TOKEN_ISSUER_HPP
#define CLARIFY_TESTING_DETAIL_EMULATOR_TOKEN_ISSUER_HPP

#include <clarify/testing/detail/secrets.hpp>

#include <chrono>
#include <cstddef>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>

namespace clarify::testing::detail {

/** Issues opaque tokens and knows which of them are valid.

    Only so many of the latest tokens are remembered; older ones are invalid.

    @par Thread safety
    Distinct objects: safe. Shared objects: safe.
*/
class TokenIssuer {
public:
    using Time = std::chrono::steady_clock::time_point;

    explicit TokenIssuer(std::chrono::seconds lifetime) : lifetime_(lifetime) {}

    std::chrono::seconds lifetime() const noexcept { return lifetime_; }

    std::string issue(Time now) {
        std::string token = random_hex(32);
        const std::lock_guard lock{mutex_};
        if (tokens_.size() == max_tokens) tokens_.pop_front();
        tokens_.push_back(Token{token, now + lifetime_});
        return token;
    }

    bool is_valid(std::string_view token, Time now) const {
        const std::lock_guard lock{mutex_};
        bool valid = false;
        for (const Token& known : tokens_)
            valid = (secure_equal(known.text, token) && now < known.expires_at) || valid;
        return valid;
    }

    void revoke_all() {
        const std::lock_guard lock{mutex_};
        tokens_.clear();
    }

private:
    struct Token {
        std::string text;
        Time expires_at;
    };

    static constexpr std::size_t max_tokens = 1000;

    std::chrono::seconds lifetime_;
    // Guards tokens_.
    mutable std::mutex mutex_;
    std::deque<Token> tokens_;
};

}  // namespace clarify::testing::detail

#endif  // CLARIFY_TESTING_DETAIL_EMULATOR_TOKEN_ISSUER_HPP
