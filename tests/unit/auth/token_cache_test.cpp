// SPDX-License-Identifier: BSL-1.0
// When a token is used, renewed, awaited or refused: the decisions alone.

#include <clarify/auth/detail/token_cache.hpp>
#include <clarify/detail/jitter.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace token_cache_test {

using namespace clarify;
using namespace std::chrono_literals;
using clarify::detail::TokenCache;
using Step = TokenCache::Step;

namespace {

const TimePoint start{1'000h};

AuthHeader make_header(std::string_view token = "Bearer t") {
    return std::make_shared<const Secret>(token);
}

Error denied() { return Error{Errc::token, Reason::denied, "denied"}; }
Error throttled() { return Error{Errc::token, Reason::throttled, "throttled"}; }

/// A deadline that no pause reaches.
constexpr auto far = 24h;

TokenCache::Decision decide(const TokenCache& cache, TimePoint now, Clock::duration left = far) {
    return cache.decide(now, now + left);
}

/// A cache that holds a token got at `start`, to be renewed as late as may be.
TokenCache cache_with(
    AuthHeader header,
    std::optional<std::chrono::seconds> life = 3'600s,
    double random = 0,
    const TokenTimes& times = {}) {
    TokenCache cache{times};
    cache.fetch_started();
    cache.fetched(std::move(header), start, life, random);
    return cache;
}

/// Calls once a `step` for `total` with an issuer that answers at once; returns when it was asked.
std::vector<TimePoint> simulate(
    TokenCache& cache,
    std::chrono::seconds life,
    Clock::duration total,
    Clock::duration step,
    double random = 0) {
    std::vector<TimePoint> fetches;
    for (TimePoint now = start; now < start + total; now += step) {
        const TokenCache::Decision decision = decide(cache, now);
        if (decision.step == Step::fetch || decision.renew) {
            fetches.push_back(now);
            cache.fetch_started();
            cache.fetched(make_header(), now, life, random);
        }
        CHECK(decide(cache, now).step == Step::use);
    }
    return fetches;
}

}  // namespace

TEST_CASE("TokenCache: begins without a token, so the first call fetches") {
    const TokenCache cache;
    CHECK(decide(cache, start).step == Step::fetch);
    CHECK_FALSE(decide(cache, start).renew);
    CHECK(cache.header() == nullptr);
    CHECK_FALSE(cache.last_error().has_value());
}

TEST_CASE("TokenCache: a call that comes during the first fetch joins it") {
    TokenCache cache;
    cache.fetch_started();
    CHECK(decide(cache, start).step == Step::wait);
    CHECK(decide(cache, start, 0s).step == Step::wait);
}

TEST_CASE("TokenCache: hands out the token until the instant it expires") {
    const AuthHeader header = make_header();
    const TokenCache cache = cache_with(header);
    CHECK(cache.header() == header);
    CHECK(decide(cache, start).step == Step::use);
    CHECK(decide(cache, start + 3'600s - 1ns).step == Step::use);
    CHECK(decide(cache, start + 3'600s).step == Step::fetch);
}

TEST_CASE("TokenCache: renews a minute before expiry at the latest, or a tenth of a short life") {
    struct Row {
        std::chrono::seconds life;
        Clock::duration latest;
        /// Where the highest number is drawn, which is never reached.
        Clock::duration earliest;
    };
    for (const Row& row :
         {Row{3'600s, 3'540s, 3'360s},
          Row{86'400s, 86'340s, 82'020s},
          Row{2'400s, 2'340s, 2'220s},
          Row{600s, 540s, 420s},
          Row{300s, 270s, 210s},
          Row{60s, 54s, 42s},
          Row{5s, 4'500ms, 3'500ms},
          Row{1s, 900ms, 700ms}}) {
        CAPTURE(row.life.count());
        for (const double random : {0.0, 0.25, 1.0}) {
            CAPTURE(random);
            const TokenCache cache = cache_with(make_header(), row.life, random);
            const auto earlier = std::chrono::duration_cast<Clock::duration>(
                random * std::chrono::duration<double, Clock::period>{row.latest - row.earliest});
            const TimePoint renewal = start + row.latest - earlier;
            CHECK_FALSE(decide(cache, renewal - 1ns).renew);
            CHECK(decide(cache, renewal).step == Step::use);
            CHECK(decide(cache, renewal).renew);
        }
    }
}

TEST_CASE("TokenCache: without a margin it renews at the end, whatever is drawn") {
    TokenTimes times;
    times.renewal_margin = 0s;
    const TokenCache cache = cache_with(make_header(), 3'600s, 0.9, times);
    CHECK_FALSE(decide(cache, start + 3'600s - 1ns).renew);
    CHECK(decide(cache, start + 3'600s).step == Step::fetch);
}

TEST_CASE("TokenCache: an issuer that names no lifetime gets the default") {
    const TokenCache cache = cache_with(make_header(), std::nullopt);
    CHECK(decide(cache, start + 300s - 1ns).step == Step::use);
    CHECK(decide(cache, start + 300s).step == Step::fetch);
}

TEST_CASE("TokenCache: the longest lifetime overflows nothing") {
    const TokenCache cache = cache_with(make_header(), 2'147'483'647s);
    CHECK(decide(cache, start + 2'147'483'646s).step == Step::use);
    CHECK(decide(cache, start + 2'147'483'647s).step == Step::fetch);
}

TEST_CASE("TokenCache: a token's life is counted from before it was asked for") {
    TokenCache cache;
    cache.fetch_started();
    cache.fetched(make_header(), start, 10s);
    CHECK(decide(cache, start + 10s).step == Step::fetch);
}

TEST_CASE("TokenCache: one renewal at a time, and everybody goes on with the old token meanwhile") {
    TokenCache cache = cache_with(make_header());
    const TimePoint renewal = start + 3'550s;
    REQUIRE(decide(cache, renewal).renew);
    cache.fetch_started();
    CHECK(decide(cache, renewal).step == Step::use);
    CHECK_FALSE(decide(cache, renewal).renew);
    SUBCASE("the new token takes over") {
        const AuthHeader renewed = make_header("Bearer new");
        cache.fetched(renewed, renewal, 3'600s);
        CHECK(cache.header() == renewed);
        CHECK(decide(cache, start + 3'600s).step == Step::use);
    }
    SUBCASE("an old token that expires first leaves its callers waiting") {
        CHECK(decide(cache, start + 3'600s).step == Step::wait);
    }
}

TEST_CASE("TokenCache: a renewal that fails harms no call while the old token lives") {
    const AuthHeader header = make_header();
    TokenCache cache = cache_with(header);
    const TimePoint renewal = start + 3'540s;
    cache.fetch_started();
    cache.failed(denied(), renewal, std::nullopt);
    CHECK(decide(cache, renewal).step == Step::use);
    CHECK(cache.header() == header);
    CHECK_FALSE(decide(cache, renewal + 999ms).renew);
    CHECK(decide(cache, renewal + 1s).renew);
}

TEST_CASE("TokenCache: the pauses of a failing renewal double, and the token is used to its end") {
    TokenCache cache = cache_with(make_header());
    std::size_t fetches = 0;
    for (TimePoint now = start; now < start + 3'600s; now += 100ms) {
        const TokenCache::Decision decision = decide(cache, now);
        REQUIRE(decision.step == Step::use);
        if (!decision.renew) continue;
        ++fetches;
        cache.fetch_started();
        cache.failed(denied(), now, std::nullopt);
    }
    // At 0, 1, 3, 7, 15 and 31 s of the last minute.
    CHECK(fetches == 6);
    CHECK(decide(cache, start + 3'600s).step == Step::fail);
}

TEST_CASE("TokenCache: a failed fetch is remembered for a pause, which all calls share") {
    TokenCache cache;
    cache.fetch_started();
    cache.failed(denied(), start, std::nullopt);
    for (const Clock::duration later :
         {Clock::duration{0s}, Clock::duration{500ms}, Clock::duration{1s - 1ns}}) {
        CHECK(decide(cache, start + later).step == Step::fail);
    }
    REQUIRE(cache.last_error().has_value());
    CHECK(cache.last_error()->code() == Errc::token);
    CHECK(cache.last_error()->reason() == Reason::denied);
    CHECK(decide(cache, start + 1s).step == Step::fetch);
}

TEST_CASE("TokenCache: the pauses double from one second to sixty") {
    TokenCache cache;
    TimePoint now = start;
    for (const std::chrono::seconds pause : {1s, 2s, 4s, 8s, 16s, 32s, 60s, 60s, 60s}) {
        CAPTURE(pause.count());
        REQUIRE(decide(cache, now).step == Step::fetch);
        cache.fetch_started();
        cache.failed(denied(), now, std::nullopt);
        CHECK(decide(cache, now + pause - 1ns).step == Step::fail);
        now += pause;
    }
}

TEST_CASE("TokenCache: a success makes the next pause short again") {
    TokenCache cache;
    for (int i = 0; i != 5; ++i)
        cache.failed(denied(), start, std::nullopt);
    cache.fetched(make_header(), start, 100s);
    CHECK_FALSE(cache.last_error().has_value());
    cache.failed(denied(), start + 100s, std::nullopt);
    CHECK(decide(cache, start + 101s - 1ns).step == Step::fail);
    CHECK(decide(cache, start + 101s).step == Step::fetch);
}

TEST_CASE("TokenCache: a call with time for it sits out the wait that the issuer asked for") {
    TokenCache cache;
    cache.fetch_started();
    cache.failed(throttled(), start, 7s);
    SUBCASE("the deadline is later") {
        const TokenCache::Decision decision = decide(cache, start + 2s, 5s + 1ns);
        CHECK(decision.step == Step::pause);
        CHECK(decision.until == start + 7s);
    }
    SUBCASE("the deadline is nearer, so the call ends at once") {
        CHECK(decide(cache, start + 2s, 5s).step == Step::fail);
        CHECK(decide(cache, start, 0s).step == Step::fail);
        CHECK(cache.last_error()->reason() == Reason::throttled);
    }
    SUBCASE("nobody fetches before it is over") {
        CHECK(decide(cache, start + 7s - 1ns).step == Step::pause);
        CHECK(decide(cache, start + 7s).step == Step::fetch);
    }
}

TEST_CASE("TokenCache: patience binds the renewal of a living token too") {
    TokenCache cache = cache_with(make_header());
    cache.fetch_started();
    cache.failed(throttled(), start + 3'540s, 30s);
    CHECK_FALSE(decide(cache, start + 3'569s).renew);
    CHECK(decide(cache, start + 3'570s).renew);
}

TEST_CASE("TokenCache: a wait shorter than the own pause does not shorten it") {
    TokenCache cache;
    cache.failed(denied(), start, std::nullopt);
    cache.failed(denied(), start, std::nullopt);
    cache.failed(throttled(), start, 0s);
    CHECK(decide(cache, start).until == start + 4s);
    CHECK(decide(cache, start + 4s - 1ns).step == Step::pause);
}

TEST_CASE("TokenCache: patience ends with the failure it belongs to") {
    TokenCache cache;
    cache.failed(throttled(), start, 1s);
    cache.failed(denied(), start + 1s, std::nullopt);
    CHECK(decide(cache, start + 1s).step == Step::fail);
}

TEST_CASE("TokenCache: a rejected token is dropped and replaced at once") {
    const AuthHeader header = make_header();
    TokenCache cache = cache_with(header);
    cache.rejected(header, start + 100s, false);
    CHECK(cache.header() == nullptr);
    CHECK(decide(cache, start + 100s).step == Step::fetch);
}

TEST_CASE("TokenCache: a rejection leaves the wait that the issuer asked for as it is") {
    const AuthHeader header = make_header();
    TokenCache cache = cache_with(header);
    cache.fetch_started();
    cache.failed(throttled(), start + 3'540s, 30s);
    cache.rejected(header, start + 3'550s, false);
    const TokenCache::Decision decision = decide(cache, start + 3'550s);
    CHECK(decision.step == Step::pause);
    CHECK(decision.until == start + 3'570s);
    CHECK(cache.last_error()->reason() == Reason::throttled);
}

TEST_CASE("TokenCache: a thousand rejections of one old token cost one fetch") {
    const AuthHeader revoked = make_header();
    TokenCache cache = cache_with(revoked);
    const TimePoint now = start + 100s;
    std::size_t fetches = 0;
    for (int i = 0; i != 1'000; ++i) {
        cache.rejected(revoked, now, false);
        if (decide(cache, now).step == Step::fetch) {
            ++fetches;
            cache.fetch_started();
        }
        // The new token comes in the middle of the storm.
        if (i == 500) cache.fetched(make_header("Bearer new"), now, 3'600s);
    }
    CHECK(fetches == 1);
    CHECK(decide(cache, now).step == Step::use);
    CHECK(cache.header()->expose() == "Bearer new");
}

TEST_CASE("TokenCache: an old rejection leaves a token with the same text alone") {
    const AuthHeader old = make_header("Bearer same");
    TokenCache cache = cache_with(old);
    cache.rejected(old, start + 1s, false);
    const AuthHeader again = make_header("Bearer same");
    cache.fetch_started();
    cache.fetched(again, start + 1s, 3'600s);
    cache.rejected(old, start + 1s, false);
    CHECK(cache.header() == again);
    CHECK(decide(cache, start + 1s).step == Step::use);
}

TEST_CASE("TokenCache: a rejection of what it never gave out changes nothing") {
    TokenCache empty;
    empty.rejected(nullptr, start, false);
    empty.rejected(make_header(), start, false);
    CHECK(decide(empty, start).step == Step::fetch);
    TokenCache cache = cache_with(make_header());
    cache.rejected(nullptr, start, false);
    cache.rejected(make_header(), start, false);
    CHECK(decide(cache, start).step == Step::use);
}

TEST_CASE("TokenCache: a fresh token that is rejected as well is not replaced at once") {
    const AuthHeader first = make_header();
    const AuthHeader second = make_header();
    TokenCache cache = cache_with(first);
    cache.rejected(first, start + 100s, false);
    cache.fetch_started();
    cache.fetched(second, start + 100s, 3'600s);
    cache.rejected(second, start + 100s + 10ms, false);
    CHECK(decide(cache, start + 100s + 10ms).step == Step::fail);
    REQUIRE(cache.last_error().has_value());
    CHECK(cache.last_error()->code() == Errc::auth);
    CHECK(cache.last_error()->reason() == Reason::rejected);
    CHECK(cache.last_error()->phase() == Phase::token);
    CHECK(decide(cache, start + 101s - 1ns).step == Step::fail);
    CHECK(decide(cache, start + 101s).step == Step::fetch);
}

TEST_CASE("TokenCache: a token that has served is replaced at once, however often it is revoked") {
    AuthHeader header = make_header();
    TokenCache cache = cache_with(header);
    TimePoint now = start;
    for (int i = 0; i != 1'000; ++i) {
        now += 3ms;
        cache.rejected(header, now, true);
        REQUIRE(decide(cache, now).step == Step::fetch);
        header = make_header();
        cache.fetch_started();
        cache.fetched(header, now, 3'600s);
    }
    SUBCASE("the pause is for one that is rejected at its first use, and short") {
        cache.rejected(header, now, false);
        CHECK(decide(cache, now).step == Step::fail);
        CHECK(cache.last_error()->code() == Errc::auth);
        CHECK(decide(cache, now + 1s - 1ns).step == Step::fail);
        CHECK(decide(cache, now + 1s).step == Step::fetch);
    }
}

TEST_CASE("TokenCache: a token that serves ends the growth of the pauses") {
    AuthHeader header = make_header();
    TokenCache cache = cache_with(header);
    TimePoint now = start;
    for (int i = 0; i != 5; ++i) {
        cache.rejected(header, now, false);
        while (decide(cache, now).step == Step::fail)
            now += 100ms;
        header = make_header();
        cache.fetched(header, now, 3'600s);
    }
    cache.rejected(header, now, true);
    CHECK(decide(cache, now).step == Step::fetch);
    header = make_header();
    cache.fetched(header, now, 3'600s);
    cache.rejected(header, now, false);
    CHECK(decide(cache, now + 1s - 1ns).step == Step::fail);
    CHECK(decide(cache, now + 1s).step == Step::fetch);
}

TEST_CASE("TokenCache: that it was revoked does not shorten the wait that the issuer asked for") {
    const AuthHeader header = make_header();
    TokenCache cache = cache_with(header);
    cache.fetch_started();
    cache.failed(throttled(), start + 3'540s, 30s);
    cache.rejected(header, start + 3'550s, true);
    CHECK(decide(cache, start + 3'550s).step == Step::pause);
    CHECK(decide(cache, start + 3'570s).step == Step::fetch);
}

TEST_CASE("TokenCache: a server that rejects every token costs at most one fetch a pause") {
    TokenCache cache = cache_with(make_header());
    std::vector<Clock::duration> fetched_at;
    const TimePoint revoked = start + 100s;
    for (TimePoint now = revoked; now < revoked + 400s; now += 10ms) {
        switch (decide(cache, now).step) {
            case Step::use:
                cache.rejected(AuthHeader{cache.header()}, now, false);
                break;
            case Step::fetch:
                fetched_at.push_back(now - revoked);
                cache.fetch_started();
                cache.fetched(make_header(), now, 3'600s);
                break;
            default:
                break;
        }
    }
    // The replacement of the revoked token is one step behind its rejection.
    REQUIRE(fetched_at.size() >= 6);
    CHECK(fetched_at[0] == 10ms);
    for (std::size_t i = 1; i != fetched_at.size(); ++i) {
        CAPTURE(i);
        const Clock::duration pause = std::min<Clock::duration>(1s * (1 << (i - 1)), 60s);
        CHECK(fetched_at[i] - fetched_at[i - 1] >= pause - 10ms);
        CHECK(fetched_at[i] - fetched_at[i - 1] <= pause + 30ms);
    }
}

TEST_CASE("TokenCache: recovers by itself when a server accepts tokens again") {
    AuthHeader header = make_header();
    TokenCache cache = cache_with(header);
    TimePoint now = start + 100s;
    for (int i = 0; i != 4; ++i) {
        cache.rejected(header, now, false);
        while (decide(cache, now).step == Step::fail)
            now += 100ms;
        REQUIRE(decide(cache, now).step == Step::fetch);
        header = make_header();
        cache.fetch_started();
        cache.fetched(header, now, 3'600s);
    }
    CHECK(decide(cache, now).step == Step::use);
    CHECK_FALSE(cache.last_error().has_value());
    SUBCASE("after a content while a revocation is a surprise again") {
        now += 200s;
        cache.rejected(header, now, false);
        CHECK(decide(cache, now).step == Step::fetch);
        header = make_header();
        cache.fetched(header, now, 3'600s);
        cache.rejected(header, now, false);
        CHECK(decide(cache, now + 1s - 1ns).step == Step::fail);
        CHECK(decide(cache, now + 1s).step == Step::fetch);
    }
}

TEST_CASE("TokenCache: a rejection during a renewal waits for that renewal") {
    const AuthHeader header = make_header();
    TokenCache cache = cache_with(header);
    cache.fetch_started();
    cache.rejected(header, start + 3'550s, false);
    CHECK(decide(cache, start + 3'550s).step == Step::wait);
    cache.fetched(make_header(), start + 3'550s, 3'600s);
    CHECK(decide(cache, start + 3'550s).step == Step::use);
}

TEST_CASE("TokenCache: a day of hourly tokens takes 24 to 26 fetches, whatever is drawn") {
    for (const double random : {0.0, 0.5, 1.0}) {
        TokenCache cache;
        const std::vector<TimePoint> fetches = simulate(cache, 3'600s, 24h, 1s, random);
        CHECK(fetches.size() >= 24);
        CHECK(fetches.size() <= 26);
    }
}

TEST_CASE("TokenCache: tokens of five seconds are renewed every four and a half at most") {
    for (const auto& [random, apart] :
         {std::pair{0.0, Clock::duration{4'500ms}}, std::pair{1.0, Clock::duration{3'500ms}}}) {
        TokenCache cache;
        const std::vector<TimePoint> fetches = simulate(cache, 5s, 10min, 100ms, random);
        for (std::size_t i = 1; i < fetches.size(); ++i)
            CHECK(fetches[i] - fetches[i - 1] == apart);
    }
}

TEST_CASE("TokenCache: of a thousand that began in one second at most fifty renew in one") {
    for (const std::chrono::seconds life : {300s, 3'600s, 86'400s}) {
        CAPTURE(life.count());
        // Of those of an hour, each calls once in five seconds: what is drawn is not all that counts.
        const Clock::duration step = Clock::duration{life} / 720;
        std::map<Clock::rep, int> renewals;
        for (unsigned client = 0; client != 1'000; ++client) {
            clarify::detail::Jitter jitter{client * 2'654'435'761U};
            TokenCache cache;
            TimePoint began = start + 1ms * client;
            cache.fetched(make_header(), began, life, jitter.next());
            for (int round = 0; round != 3; ++round) {
                TimePoint now = began + 360 * step;
                const auto is_early = [&] {
                    const TokenCache::Decision decision = decide(cache, now);
                    return decision.step == Step::use && !decision.renew;
                };
                while (is_early())
                    now += step;
                ++renewals[(now - start) / 1s];
                began = now;
                cache.fetched(make_header(), began, life, jitter.next());
            }
        }
        int most = 0;
        for (const auto& each : renewals)
            most = std::max(most, each.second);
        MESSAGE("tokens of " << life.count() << " s: " << most << " renewals in a second at most");
        CHECK(most <= 50);
    }
}

TEST_CASE("TokenCache: an idle client fetches nothing") {
    TokenCache cache;
    CHECK(simulate(cache, 3'600s, 24h, 12h).size() == 2);
}

}  // namespace token_cache_test
