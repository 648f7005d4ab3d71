// SPDX-License-Identifier: BSL-1.0
// How tokens are fetched and kept.

#ifndef CLARIFY_AUTH_TOKEN_OPTIONS_HPP
#define CLARIFY_AUTH_TOKEN_OPTIONS_HPP

#include <chrono>
#include <cstddef>
#include <stdexcept>

namespace clarify {

/** The times that govern a token. All are measured on the monotonic clock. */
struct TokenTimes {
    TokenTimes() {}

    /// A token is renewed this long before it expires, but never earlier than a tenth of its life.
    /// Not negative.
    std::chrono::seconds renewal_margin{60};
    /// The life of a token whose issuer does not say; at least 1 s.
    std::chrono::seconds default_lifetime{300};
    /// After a failed fetch no other is begun for this long, at least 1 s; doubled with each failure
    /// in a row.
    std::chrono::seconds first_pause{1};
    /// The longest such pause; not shorter than `first_pause`.
    std::chrono::seconds longest_pause{60};
};

/** How `ClientCredentials` fetches tokens, and what it takes for one. */
struct TokenOptions {
    TokenOptions() {}

    /// The limit of one fetch with its repetitions. Each call also keeps its own deadline.
    std::chrono::milliseconds fetch_timeout{30'000};
    /// How often a fetch is sent before it counts as failed, where a failure may pass: 1 or more.
    unsigned attempts = 3;
    TokenTimes times;
    /// A larger reply of the token endpoint is no token. From 1 KiB to 1 MiB; while a token is
    /// fetched, so much memory is set aside for it.
    std::size_t max_reply = std::size_t{64} << 10U;
    /// A longer access token is refused: servers limit the size of a request's head. From 1 to
    /// 64 KiB.
    std::size_t max_token = std::size_t{8} << 10U;

    /// @throws std::invalid_argument naming the member that is out of range.
    void check() const {
        const auto require = [](bool fine, const char* what) {
            if (!fine) throw std::invalid_argument{what};
        };
        using std::chrono::seconds;
        require(fetch_timeout.count() > 0, "token.fetch_timeout is not positive");
        require(attempts != 0, "token.attempts is 0");
        require(times.renewal_margin >= seconds{0}, "token.times.renewal_margin is negative");
        require(times.default_lifetime >= seconds{1}, "token.times.default_lifetime is below 1 s");
        require(times.first_pause >= seconds{1}, "token.times.first_pause is below 1 s");
        require(
            times.longest_pause >= times.first_pause,
            "token.times.longest_pause is shorter than first_pause");
        require(
            max_reply >= std::size_t{1} << 10U && max_reply <= std::size_t{1} << 20U,
            "token.max_reply is not between 1 KiB and 1 MiB");
        require(
            max_token != 0 && max_token <= std::size_t{64} << 10U,
            "token.max_token is not between 1 and 64 KiB");
    }
};

}  // namespace clarify

#endif  // CLARIFY_AUTH_TOKEN_OPTIONS_HPP
