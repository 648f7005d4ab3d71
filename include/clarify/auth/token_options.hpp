// SPDX-License-Identifier: BSL-1.0
// How tokens are fetched and kept.

#ifndef CLARIFY_AUTH_TOKEN_OPTIONS_HPP
#define CLARIFY_AUTH_TOKEN_OPTIONS_HPP

#include <clarify/auth/token_store.hpp>

#include <chrono>
#include <cstddef>
#include <stdexcept>

namespace clarify {

/** The times that govern a token.

    All are measured on the client's monotonic clock, so that setting the wall clock changes nothing,
    and from before the token was asked for, so that the time a fetch takes cannot make a token
    outlive itself. The longest time there is means for ever.
*/
struct TokenTimes {
    TokenTimes() {}

    /// A token is renewed this long before it expires at the latest, or a tenth of its life if that is
    /// less. Meanwhile calls go on with the old one, also where the renewal fails. At least 0 s: then
    /// it is renewed by the first call that finds it expired, and that one waits.
    ///
    /// The moment is drawn at random for each token, so that clients that were started together do not
    /// go on asking together: up to twice this margin earlier, or a twentieth of the token's life if
    /// that is more. A token of an hour is renewed 1 to 4 min before it expires, one of a day 1 to
    /// 73 min, and none before seven tenths of its life.
    std::chrono::seconds renewal_margin{60};
    /// The life of a token whose issuer does not say one; at least 1 s.
    std::chrono::seconds default_lifetime{300};
    /// The first pause, at least 1 s, doubled with each in a row, up to `longest_pause`.
    ///
    /// A pause follows a fetch that failed: no other is begun, and calls without a token fail at once
    /// with what the fetch failed with. `Retry-After` makes it longer, up to a day; up to `longest_pause` where a proxy says it,
    /// or a token endpoint without TLS, for then it may be anybody's word. A pause follows
    /// also where the server rejects a token at its first use that had replaced one it rejected; a
    /// token that has served before it is rejected was revoked, and is replaced at once.
    std::chrono::seconds first_pause{1};
    /// The longest such pause without `Retry-After`; not shorter than `first_pause`.
    std::chrono::seconds longest_pause{60};
};

/** How `ClientCredentials` fetches tokens, and what it takes for one.

    The defaults suit an endpoint that is costly and rate limited, as Clarify documents its own:
    tokens that live for an hour or a day cost a request in an hour or a day, however many calls are
    made, and a failing endpoint is asked about once a minute.
*/
struct TokenOptions {
    TokenOptions() {}

    /// The limit of one fetch with its repetitions, more than 0 ms. Each call also keeps its own
    /// deadline, which may end its wait sooner; the fetch then goes on for the others.
    std::chrono::milliseconds fetch_timeout{30'000};
    /// How often a fetch is sent before it counts as failed, where a failure may pass: 1 or more.
    ///
    /// Repeated is what idempotent calls repeat: failures of the connection, and the statuses that
    /// `RetryOptions` lists. The waits are random, at first between 0 and 100 ms, after 429
    /// and 503 between 0 and 1 s, and up to twice as long each further time. A reply with
    /// `Retry-After` is not repeated here: it begins a pause that binds all fetches.
    unsigned attempts = 3;
    /// How long a token is used, and when to ask for another: by a first call, before the token
    /// expires, after a rejection, and after a failure.
    TokenTimes times;
    /// A larger reply of the token endpoint, in bytes, is no token. From 1 KiB to 1 MiB; while a
    /// token is fetched, so much memory is set aside for it.
    std::size_t max_reply = std::size_t{64} << 10U;
    /// A longer access token, in bytes, is refused: servers limit the size of a request's head. From
    /// 1 byte to 64 KiB.
    std::size_t max_token = std::size_t{8} << 10U;

    /** Where the token is shared with other clients: `FileTokenStore` for all processes of a user,
        `RedisTokenStore` for a fleet, or a store of one's own. None unless given.

        Of those who share a token one fetches it, and renews it; meanwhile the others wait if they have
        none, for 10 s at most, and go on with the old one if they have. Where the store fails, or somebody
        keeps others waiting longer, a client fetches a token of its own.
    */
    AnyTokenStore store;

    /** Holds every member to its range.

        Whoever is given the options does so, and a program need not: `ClientCredentials` and
        `Credentials::auth` throw what this throws.

        @throws std::invalid_argument naming the first member that is out of range, as
        `token.attempts`.
    */
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
            "token.max_token is not between 1 byte and 64 KiB");
    }
};

}  // namespace clarify

#endif  // CLARIFY_AUTH_TOKEN_OPTIONS_HPP
