// SPDX-License-Identifier: BSL-1.0
// One pace for a fleet, in Redis.

#ifndef CLARIFY_PACE_REDIS_PACE_STORE_HPP
#define CLARIFY_PACE_REDIS_PACE_STORE_HPP

#include <clarify/auth/detail/redis_core.hpp>
#include <clarify/auth/detail/redis_seal.hpp>
#include <clarify/auth/redis_token_store.hpp>
#include <clarify/auth/token_store.hpp>
#include <clarify/core/clock.hpp>
#include <clarify/core/error.hpp>
#include <clarify/core/result.hpp>
#include <clarify/pace/pace_store.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace clarify {

namespace detail {

/** Takes a slot, in one step, by Redis's own clock: as `PaceLine` does. Gives "reserved wait sharers".

    What is kept ends by itself. Where the clock was set back by more than anybody waits for, nobody has
    taken anything.
*/
inline constexpr std::string_view redis_pace = R"(
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local interval = tonumber(ARGV[1])
local full = tonumber(redis.call('GET', KEYS[1]) or '') or 0
if full < now or full - now > interval * 100000 then full = now end
local slot = math.max(now, full - interval * (ARGV[2] - 1))
local wait = slot - now
local reserved = 0
local seen = now
if wait <= tonumber(ARGV[3]) then
  reserved = 1
  seen = slot
  local left = math.ceil((full + interval - now) / 1000) + 1
  redis.call('SET', KEYS[1], string.format('%.0f', full + interval), 'PX', string.format('%.0f', left))
end
seen = math.max(seen + 60000000, tonumber(redis.call('ZSCORE', KEYS[2], ARGV[4]) or '') or 0)
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', string.format('(%.0f', now))
redis.call('ZADD', KEYS[2], string.format('%.0f', seen), ARGV[4])
local last = redis.call('ZRANGE', KEYS[2], -1, -1, 'WITHSCORES')
redis.call('PEXPIRE', KEYS[2], string.format('%.0f', math.ceil((last[2] - now) / 1000) + 1))
return string.format('%d %.0f %d', reserved, wait, redis.call('ZCARD', KEYS[2])))";

/// What the script gives; nothing where that is something else.
inline std::optional<PaceSlot> read_redis_pace(std::string_view text) {
    std::int64_t numbers[3]{};
    for (std::int64_t& number : numbers) {
        const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (failed != std::errc{} || number < 0) return std::nullopt;
        text.remove_prefix(static_cast<std::size_t>(end - text.data()));
        if (text.starts_with(' ')) text.remove_prefix(1);
    }
    if (!text.empty() || numbers[0] > 1 || numbers[2] == 0) return std::nullopt;
    constexpr std::int64_t most = std::int64_t{86'400} * 1'000'000 * 366;
    if (numbers[1] > most || numbers[2] > most) return std::nullopt;
    PaceSlot slot;
    slot.is_reserved = numbers[0] == 1;
    slot.wait = std::chrono::microseconds{numbers[1]};
    slot.sharers = static_cast<unsigned>((std::min)(numbers[2], std::int64_t{1'000'000}));
    return slot;
}

}  // namespace detail

/** Keeps rate limits in Redis 5.0 or newer, for all who use it and know the same secret; models `PaceStore`.
    For this the program links hiredis, 0.14 or newer.

    ```cpp
    clarify::RedisStoreOptions redis;
    redis.url = clarify::Secret{"rediss://:password@redis.internal"};
    redis.secret = client_secret;
    clarify::ClientOptions options;
    options.pace.store = clarify::RedisPaceStore{redis};
    ```

    A slot is taken in one step, by Redis's own clock, under names that say nothing. Each takes a connection of
    its own, as the operations of `RedisTokenStore` do: there is one for each call that keeps to a limit.

    @par Errors
    As those of `RedisTokenStore`; an outage is remembered for `RedisStoreOptions::pause`.
    @par Per-operation cancellation
    Terminal; it closes the connection. The slot may be taken all the same.
    @par Thread safety
    Distinct objects: safe. Shared objects: safe.
*/
class RedisPaceStore {
public:
    /// Connects to nobody yet. `lease` is of no use here.
    /// @throws std::invalid_argument as `RedisStoreOptions::check`.
    explicit RedisPaceStore(const RedisStoreOptions& options) {
        detail::RedisTerms terms = detail::redis_terms(options);
        secret_ = options.secret;
        prefix_ = options.key_prefix;
        terms.what = "the shared pace";
        core_ = std::make_shared<detail::RedisCore>(std::move(terms));
    }

    // See `PaceStore`.
    template <class = void>
    boost::asio::awaitable<Result<PaceSlot>> reserve(
        const boost::asio::any_io_executor& executor,
        const PaceKey& key,
        const PaceTerms& terms) const {
        return take(core_, executor, words_for(key, terms));
    }

private:
    static std::string text_of(Clock::duration span) {
        return std::to_string(std::chrono::ceil<std::chrono::microseconds>(span).count());
    }
    detail::RedisWords words_for(const PaceKey& key, const PaceTerms& terms) const {
        TokenKey whose;
        whose.token_url = key.api_url;
        whose.client_id = key.integration;
        whose.audience = key.method;
        whose.scope = "pace";
        const std::string name =
            prefix_ + '{' + detail::TokenSeal{secret_, whose}.name() + "}:pace";
        detail::RedisWords words;
        words.push_back(
            {"EVAL",
             std::string{detail::redis_pace},
             "2",
             name,
             name + ":sharers",
             text_of((std::max)(terms.interval, Clock::duration{std::chrono::microseconds{1}})),
             std::to_string(terms.burst),
             text_of(terms.patience),
             std::to_string(terms.sharer)});
        return words;
    }
    template <class = void>
    static boost::asio::awaitable<Result<PaceSlot>> take(
        detail::RedisCore::Core core,
        boost::asio::any_io_executor executor,
        detail::RedisWords words) {
        const Result<detail::RedisCore::Replies> replies =
            co_await detail::RedisCore::exchange(core, executor, std::move(words));
        if (!replies) co_return replies.error();
        const detail::RedisReply& reply = replies->front();
        const std::optional<PaceSlot> slot = detail::read_redis_pace(reply.text);
        if (reply.kind != detail::RedisReply::Kind::text || !slot)
            co_return detail::not_redis("Redis gave something else than a slot");
        co_return *slot;
    }

    Secret secret_;
    std::string prefix_;
    std::shared_ptr<detail::RedisCore> core_;
};

static_assert(PaceStore<RedisPaceStore>);

}  // namespace clarify

#endif  // CLARIFY_PACE_REDIS_PACE_STORE_HPP
