// SPDX-License-Identifier: BSL-1.0
// One pace in a real Redis, which may fail.

#include <clarify/pace/redis_pace_store.hpp>
#include <clarify/testing/check_pace_store.hpp>

#include <boost/asio/io_context.hpp>

#include <doctest/doctest.h>
#include <integration/redis_server.hpp>
#include <support/canary.hpp>
#include <support/run.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace redis_pace_store_test {

namespace {

using namespace clarify;
using namespace std::chrono_literals;
using clarify::detail::read_redis_pace;
using support::RedisServer;

/// Begins a test; true where it can go on.
bool has_redis() {
    if (!RedisServer::is_there()) MESSAGE("skipped: there is no redis-server");
    return RedisServer::is_there();
}

RedisStoreOptions options_of(const RedisServer& redis) {
    const std::string url = redis.url();
    RedisStoreOptions options;
    options.url = Secret{std::string_view{url}};
    options.secret = Secret{support::canary_client_secret};
    options.pause = 0ms;
    return options;
}

Result<PaceSlot> reserve(const RedisPaceStore& store, Clock::duration patience = 1h) {
    boost::asio::io_context context;
    PaceKey key;
    key.api_url = "https://api.example/v1/rpc";
    key.integration = "the-integration";
    key.method = "integration.insert";
    PaceTerms terms;
    terms.interval = 1min;
    terms.patience = patience;
    terms.sharer = 7;
    const boost::asio::any_io_executor executor = context.get_executor();
    return support::run(context, store.reserve(executor, key, terms));
}

}  // namespace

TEST_CASE(
    "RedisPaceStore: it keeps its contract, and Redis can read nothing of whose limit it is") {
    if (!has_redis()) return;
    RedisServer redis;
    const auto report =
        testing::check_pace_store([&] { return RedisPaceStore{options_of(redis)}; });
    INFO(report);
    CHECK(report.passed());
    CHECK(report.not_judged().empty());
    REQUIRE(reserve(RedisPaceStore{options_of(redis)}).has_value());
    std::string all;
    for (const std::string& key : redis.keys())
        all += key + ' ' + redis.ask({"DUMP", key}) + '\n';
    CHECK(all.find(":pace") != std::string::npos);
    CHECK(all.find("the-integration") == std::string::npos);
    CHECK(all.find("api.example") == std::string::npos);
    CHECK(all.find(support::canary_client_secret) == std::string::npos);
}

TEST_CASE(
    "RedisPaceStore: where Redis is away, or something else is in its place, that is an error") {
    if (!has_redis()) return;
    RedisServer redis;
    const RedisPaceStore store{options_of(redis)};
    REQUIRE(reserve(store).has_value());
    redis.kill();
    const Result<PaceSlot> away = reserve(store);
    REQUIRE_FALSE(away.has_value());
    CHECK(away.error().to_string().find("the shared pace is in this Redis") != std::string::npos);
    redis.start();
    const Result<PaceSlot> anew = reserve(store);
    REQUIRE(anew.has_value());
    // It had kept nothing.
    CHECK(anew->wait == Clock::duration{});
}

TEST_CASE("RedisPaceStore: what the script gives is read, and nothing else is") {
    const std::optional<PaceSlot> slot = read_redis_pace("1 1500000 3");
    REQUIRE(slot.has_value());
    CHECK(slot->is_reserved);
    CHECK(slot->wait == 1'500ms);
    CHECK(slot->sharers == 3);
    CHECK_FALSE(read_redis_pace("0 0 1")->is_reserved);
    for (const char* const wrong :
         {"",
          "1",
          "1 2",
          "1 2 3 4",
          "2 0 1",
          "1 -1 1",
          "1 0 0",
          "1 0 x",
          "x",
          "1 1e9 1",
          "-1 0 1",
          "1 99999999999999999 1",
          "1 99999999999999999999 1"}) {
        CAPTURE(wrong);
        CHECK_FALSE(read_redis_pace(wrong).has_value());
    }
}

}  // namespace redis_pace_store_test
