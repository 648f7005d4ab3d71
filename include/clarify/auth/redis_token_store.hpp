// SPDX-License-Identifier: BSL-1.0
// One token for a fleet, in Redis.

#ifndef CLARIFY_AUTH_REDIS_TOKEN_STORE_HPP
#define CLARIFY_AUTH_REDIS_TOKEN_STORE_HPP

#include <clarify/auth/detail/redis_core.hpp>
#include <clarify/auth/detail/redis_url.hpp>
#include <clarify/auth/token_store.hpp>
#include <clarify/core/clock.hpp>
#include <clarify/core/result.hpp>
#include <clarify/core/secret.hpp>
#include <clarify/http/tls_options.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

namespace clarify {

/// Where the Redis is, and what is kept there how.
struct RedisStoreOptions {
    RedisStoreOptions() {}

    /// `redis://[[user]:password@]host[:port][/database]`, with `rediss` instead for TLS. The port is
    /// 6379 and the database 0 by default. User and password may be percent-encoded.
    Secret url;
    /// What the token is encrypted with: the client secret, which all who share the token know. Not
    /// empty. Who has another one shares with others, which costs one more token.
    Secret secret;
    /// For `rediss`: whom to trust, and who to be.
    TlsOptions tls;
    /// The limit of one exchange, from looking the host up to the last reply: 10 ms to 60 s.
    std::chrono::milliseconds timeout{2'000};
    /// How soon somebody else may fetch the next token where who was about to is gone: 1 s to 9 s, for
    /// others who have no token wait for him no longer than 10 s. While he is there he keeps it.
    std::chrono::milliseconds lease{6'000};
    /// How long nothing is asked of a Redis that has failed: 0 s to 1 h. Each client then has a token of
    /// its own.
    std::chrono::milliseconds pause{5'000};
    /// What the names of all keys begin with; at most 256 bytes.
    std::string key_prefix = "clarify:";
    /// Send the password without TLS to another machine, where it can be read on the way. Default false:
    /// that is refused.
    bool insecure_allow_password_in_plain_text = false;

    /// Whoever is given the options does so, and a program need not.
    /// @throws std::invalid_argument naming the first member that is wrong, and showing nothing of it.
    void check() const {
        using namespace std::chrono_literals;
        const auto require = [](bool fine, const char* what) {
            if (!fine) throw std::invalid_argument{what};
        };
        const Result<detail::RedisUrl> place = detail::RedisUrl::parse(url.expose());
        if (!place)
            throw std::invalid_argument{"redis.url: " + std::string{place.error().message()}};
        const Url& server = place->server();
        require(
            place->password().empty() || server.is_https() || server.is_loopback() ||
                insecure_allow_password_in_plain_text,
            "redis.url has a password that would go to another machine without TLS");
        require(!secret.empty(), "redis.secret is empty");
        tls.check();
        require(timeout >= 10ms && timeout <= 60s, "redis.timeout is not between 10 ms and 60 s");
        require(lease >= 1s && lease <= 9s, "redis.lease is not between 1 s and 9 s");
        require(pause >= 0s && pause <= 1h, "redis.pause is not between 0 s and 1 h");
        require(key_prefix.size() <= 256, "redis.key_prefix is longer than 256 bytes");
    }
};

namespace detail {

inline RedisTerms redis_terms(const RedisStoreOptions& options) {
    options.check();
    RedisTerms terms{RedisUrl::parse(options.url.expose()).value()};
    terms.secret = options.secret;
    terms.timeout = options.timeout;
    terms.lease = options.lease;
    terms.pause = options.pause;
    terms.prefix = options.key_prefix;
    terms.http.tls = options.tls;
    return terms;
}

}  // namespace detail

/** Keeps tokens in Redis 5.0 or newer, for all who use it and know the client secret; models
    `TokenStore`. For this the program links hiredis, 0.14 or newer.

    ```cpp
    clarify::RedisStoreOptions redis;
    redis.url = clarify::Secret{"rediss://:password@redis.internal"};
    redis.secret = client_secret;
    clarify::TokenOptions options;
    options.store = clarify::RedisTokenStore{redis};
    ```

    Redis holds the token encrypted and authenticated (AES-256-GCM), under a name that says nothing, both
    derived from the client secret (HKDF); so what somebody reads there is worth nothing, and what he
    writes there counts as no token. It stays for the rest of its life. How old it is follows from Redis's
    own clock, and before from the steady clock of who fetched it, whatever dates the others have.

    Who fetches the next one has a lease there, which he keeps meanwhile, and which ends with the write, or by
    itself soon after he is gone. Who was held up until it had ended cannot write any more. Those who wait are told by Redis when it ends.

    Each operation opens a connection and closes it: there are a few a day, and a thousand processes
    do not keep a thousand connections.

    @par Errors
    Those of opening a connection; `Errc::timeout` where Redis does not answer, or the lease has ended
    before the write; `Errc::io` and `Errc::bad_config` where it refuses, with what that means;
    `Errc::framing` and `Errc::too_large` where what answers is not Redis. An outage is remembered for
    `RedisStoreOptions::pause`, in which everything fails with its error at once.
    @par Per-operation cancellation
    Terminal; it closes the connection. Redis may have executed what it was sent.
    @par Thread safety
    Distinct objects: safe. Shared objects: safe.
*/
class RedisTokenStore {
public:
    /// Connects to nobody yet.
    /// @throws std::invalid_argument as `RedisStoreOptions::check`.
    explicit RedisTokenStore(const RedisStoreOptions& options) {
        core_ = std::make_shared<detail::RedisCore>(detail::redis_terms(options));
    }

    // See `TokenStore`.
    template <class = void>
    boost::asio::awaitable<Result<std::optional<StoredToken>>> read(
        const boost::asio::any_io_executor& executor, const TokenKey& key) const {
        return detail::RedisCore::read(core_, executor, key);
    }
    template <class = void>
    boost::asio::awaitable<Result<TokenLease>> try_lock(
        const boost::asio::any_io_executor& executor, const TokenKey& key) const {
        return detail::RedisCore::try_lock(core_, executor, key);
    }
    template <class = void>
    boost::asio::awaitable<Result<void>> write(
        const boost::asio::any_io_executor& executor,
        const TokenKey& key,
        const StoredToken& token,
        const TokenLease& lease) const {
        return detail::RedisCore::write(core_, executor, key, token, lease);
    }
    template <class = void>
    boost::asio::awaitable<void> wait(
        const boost::asio::any_io_executor& executor, const TokenKey& key, TimePoint until) const {
        return detail::RedisCore::wait(core_, executor, key, until);
    }

private:
    std::shared_ptr<detail::RedisCore> core_;
};

static_assert(TokenStore<RedisTokenStore>);

}  // namespace clarify

#endif  // CLARIFY_AUTH_REDIS_TOKEN_STORE_HPP
