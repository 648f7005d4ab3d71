// SPDX-License-Identifier: BSL-1.0
// What RedisTokenStore does before it connects: its options, what it writes, what it reads of replies.

#include <clarify/auth/redis_token_store.hpp>

#include <doctest/doctest.h>
#include <support/canary.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace redis_token_store_unit_test {

namespace {

using namespace clarify;
using namespace std::chrono_literals;
using namespace std::string_literals;
using namespace std::string_view_literals;
using clarify::detail::redis_refusal;
using clarify::detail::RedisCommands;
using clarify::detail::RedisReplies;
using clarify::detail::RedisReply;
using clarify::detail::RedisUrl;
using clarify::detail::TokenSeal;
using Kind = RedisReply::Kind;

TokenKey key_of(std::string id = "the-client-id") {
    TokenKey key;
    key.token_url = "https://api.example/v1/oauth/token";
    key.client_id = std::move(id);
    key.audience = "https://api.example/v1/";
    return key;
}
StoredToken token_of(std::string_view text) {
    StoredToken token;
    token.token = Secret{text};
    token.issued = std::chrono::system_clock::time_point{std::chrono::hours{24 * 365 * 50}};
    token.lifetime = 1h;
    return token;
}
RedisStoreOptions options_of(std::string_view url) {
    RedisStoreOptions options;
    options.url = Secret{url};
    options.secret = Secret{support::canary_client_secret};
    return options;
}
/// What `check` says; empty where nothing is wrong.
std::string fault(const RedisStoreOptions& options) {
    try {
        options.check();
    } catch (const std::invalid_argument& thrown) {
        return thrown.what();
    }
    return {};
}

}  // namespace

TEST_CASE("RedisUrl: host, port, TLS, user, password and database") {
    const auto plain = RedisUrl::parse("redis://cache.example");
    REQUIRE(plain.has_value());
    CHECK_FALSE(plain->server().is_https());
    CHECK(plain->server().host() == "cache.example");
    CHECK(plain->server().port() == 6379);
    CHECK(plain->user().empty());
    CHECK(plain->password().empty());
    CHECK(plain->database() == 0);

    const auto full = RedisUrl::parse("REDISS://me:p%40ss%2F%3A@[::1]:7000/12");
    REQUIRE(full.has_value());
    CHECK(full->server().is_https());
    CHECK(full->server().host() == "::1");
    CHECK(full->server().port() == 7000);
    CHECK(full->user() == "me");
    CHECK(full->password().expose() == "p@ss/:");
    CHECK(full->database() == 12);

    CHECK(RedisUrl::parse("redis://[::1]").value().server().port() == 6379);
    CHECK(RedisUrl::parse("redis://:a@b:c@h").value().password().expose() == "a@b:c");
    CHECK(RedisUrl::parse("redis://h/").value().database() == 0);
}

TEST_CASE("RedisUrl: what is not one is refused, and not repeated") {
    for (const std::string_view text :
         {"",
          "redis:",
          "redis://",
          "http://h",
          "redis+unix:///x",
          "redis://h:0",
          "redis://h:65536",
          "redis://h:",
          "redis://h:1:2",
          "redis://h/x",
          "redis://h/1/2",
          "redis://h/-1",
          "redis://h/99999999999",
          "redis://h?db=1",
          "redis://h/1?x",
          "redis://h#x",
          "redis://canary-token@h",
          "redis://:@h",
          "redis://user:@h",
          "redis://:canary-token%4@h",
          "redis://:canary-token@",
          "redis://:canary/token@h",
          "redis:// h"}) {
        CAPTURE(text);
        const auto read = RedisUrl::parse(text);
        REQUIRE_FALSE(read.has_value());
        CHECK(read.error().code() == Errc::bad_config);
        CHECK(read.error().reason() == Reason::url);
        CHECK(support::find_canary(read.error().to_string()) == "");
    }
}

TEST_CASE("RedisStoreOptions: each member keeps to its range") {
    CHECK(fault(options_of("redis://127.0.0.1")) == "");
    CHECK(fault(options_of("")).starts_with("redis.url: "));
    const auto with = [](auto change) {
        RedisStoreOptions options = options_of("redis://h");
        change(options);
        return fault(options);
    };
    CHECK(with([](auto& options) { options.secret = Secret{}; }) == "redis.secret is empty");
    CHECK(with([](auto& options) { options.timeout = 9ms; }).starts_with("redis.timeout "));
    CHECK(with([](auto& options) { options.timeout = 61s; }).starts_with("redis.timeout "));
    CHECK(with([](auto& options) { options.lease = 999ms; }).starts_with("redis.lease "));
    CHECK(with([](auto& options) { options.lease = 2h; }).starts_with("redis.lease "));
    CHECK(with([](auto& options) { options.pause = -1ms; }).starts_with("redis.pause "));
    CHECK(with([](auto& options) { options.pause = 2h; }).starts_with("redis.pause "));
    CHECK(with([](auto& options) {
              options.key_prefix = std::string(257, 'x');
          }).starts_with("redis.key_prefix "));
    CHECK(with([](auto& options) { options.tls.pins = {"x"}; }).starts_with("tls.pins "));
    CHECK_THROWS_AS(RedisTokenStore{options_of("redis://")}, std::invalid_argument);
}

TEST_CASE("RedisStoreOptions: a password leaves this machine by TLS alone") {
    CHECK(fault(options_of("redis://:secret@127.0.0.1")) == "");
    CHECK(fault(options_of("redis://:secret@localhost")) == "");
    CHECK(fault(options_of("rediss://:secret@cache.example")) == "");
    RedisStoreOptions options = options_of("redis://:secret@cache.example");
    CHECK(
        fault(options) == "redis.url has a password that would go to another machine without TLS");
    options.insecure_allow_password_in_plain_text = true;
    CHECK(fault(options) == "");
}

TEST_CASE("TokenSeal: what is sealed is opened by the same secret and key alone") {
    const Secret secret{support::canary_client_secret};
    const TokenSeal seal{secret, key_of()};
    const std::string sealed = seal.seal(token_of(support::canary_token));
    const auto opened = TokenSeal{secret, key_of()}.open(sealed);
    REQUIRE(opened);
    CHECK(opened->token.expose() == support::canary_token);
    CHECK(opened->lifetime == 1h);
    CHECK_FALSE(TokenSeal{secret, key_of("other")}.open(sealed));
    CHECK_FALSE(TokenSeal{Secret{"other"}, key_of()}.open(sealed));
}

TEST_CASE("TokenSeal: nothing in it can be read, and no two are alike") {
    const TokenSeal seal{Secret{support::canary_client_secret}, key_of()};
    const std::string one = seal.seal(token_of(support::canary_token));
    const std::string other = seal.seal(token_of(support::canary_token));
    for (const std::string& text : {one, seal.name()}) {
        CHECK(support::find_canary(text) == "");
        CHECK(text.find("client-id") == std::string::npos);
        CHECK(text.find("example") == std::string::npos);
    }
    CHECK(one.substr(8, 12) != other.substr(8, 12));
    CHECK(one.substr(20) != other.substr(20));
    // Not even whose name it is can be guessed without the secret.
    const TokenSeal foreign{Secret{"other"}, key_of()};
    CHECK(seal.name().size() == 32);
    CHECK(seal.name() != foreign.name());
    CHECK(seal.name() != TokenSeal{Secret{support::canary_client_secret}, key_of("b")}.name());
}

TEST_CASE("TokenSeal: what is cut, longer or changed anywhere is no token") {
    const TokenSeal seal{Secret{"secret"}, key_of()};
    const std::string sealed = seal.seal(token_of("token"));
    REQUIRE(seal.open(sealed));
    for (std::size_t size = 0; size != sealed.size(); ++size)
        CHECK_FALSE(seal.open(std::string_view{sealed}.substr(0, size)));
    CHECK_FALSE(seal.open(sealed + "x"));
    for (std::size_t at = 0; at != sealed.size(); ++at) {
        std::string wrong = sealed;
        wrong[at] = static_cast<char>(wrong[at] ^ 1);
        CHECK_FALSE(seal.open(wrong));
    }
    CHECK_FALSE(seal.open(std::string(300'000, 'x')));
    CHECK_FALSE(seal.open("clarify1" + std::string(300'000, 'x')));
}

TEST_CASE("RedisCommands: words may have any bytes") {
    RedisCommands commands;
    commands.add({"SET", "a\0\r\n"sv, ""});
    commands.add({"PING"});
    CHECK(commands.count() == 2);
    CHECK(
        commands.bytes() == "*3\r\n$3\r\nSET\r\n$4\r\na\0\r\n\r\n$0\r\n\r\n*1\r\n$4\r\nPING\r\n"sv);
}

TEST_CASE("RedisReplies: read as they come, byte by byte too") {
    constexpr std::string_view text =
        "+OK\r\n$-1\r\n:-7\r\n$5\r\na\0\r\nb\r\n-OOM no\r\n*2\r\n:1\r\n*1\r\n$1\r\nx\r\n*-1\r\n"sv;
    for (const std::size_t step : {std::size_t{1}, text.size()}) {
        RedisReplies replies;
        for (std::size_t at = 0; at < text.size(); at += step)
            REQUIRE(replies.take(text.substr(at, step)));
        const auto& all = replies.all();
        REQUIRE(all.size() == 7);
        CHECK((all[0].kind == Kind::text && all[0].text == "OK"));
        CHECK(all[1].kind == Kind::nothing);
        CHECK((all[2].kind == Kind::number && all[2].number == -7));
        CHECK((all[3].kind == Kind::text && all[3].text == "a\0\r\nb"sv));
        CHECK((all[4].kind == Kind::refusal && all[4].text == "OOM no"));
        CHECK(all[5].kind == Kind::list);
        CHECK(all[6].kind == Kind::nothing);
    }
}

TEST_CASE("RedisReplies: what is no reply, too large, too long or too deep is an error") {
    const auto code = [](std::string_view text) {
        RedisReplies replies;
        const Result<void> taken = replies.take(text);
        return taken ? Errc{} : taken.error().code();
    };
    CHECK(code("HTTP/1.1 400 Bad Request\r\n\r\n") == Errc::framing);
    CHECK(code("\x15\x03\x01\x00\x02\x02\x46") == Errc::framing);
    CHECK(code("*65\r\n") == Errc::framing);
    CHECK(code("*2147483647\r\n") == Errc::framing);
    CHECK(code("*99999999999999999999\r\n") == Errc::framing);
    CHECK(code("$99999999999999999999\r\n") == Errc::framing);
    CHECK(code("$-2\r\n") == Errc::framing);
    CHECK(code(":12x\r\n") == Errc::framing);
    std::string deep;
    for (int i = 0; i != 100; ++i)
        deep += "*1\r\n";
    CHECK(code(deep) == Errc::framing);
    CHECK(code("$262000\r\n" + std::string(262'000, 'x') + "\r\n") == Errc{});
    CHECK(code("$262144\r\n" + std::string(262'144, 'x') + "\r\n") == Errc::too_large);
    RedisReplies many;
    for (std::size_t i = 0; i != RedisReplies::most_bytes / 4; ++i)
        REQUIRE(many.take(":1\r\n"));
    CHECK(many.take(":").error().code() == Errc::too_large);
}

TEST_CASE("RedisReplies: no bytes at random do harm") {
    std::mt19937 random{7};
    constexpr std::string_view letters = "+-:$*_#,(!=%~>|019\r\n\r\nx";
    for (int round = 0; round != 20'000; ++round) {
        RedisReplies replies;
        std::string text;
        for (auto left = random() % 40; left != 0; --left)
            text += letters[random() % letters.size()];
        static_cast<void>(replies.take(text));
    }
}

TEST_CASE("redis_refusal: says what is wrong, and repeats nothing that Redis says") {
    const auto words = [](std::string_view text) {
        return std::string{redis_refusal(text).message()};
    };
    CHECK(
        words("OOM command not allowed when used memory > 'maxmemory'.").find("(OOM)") != ""s.npos);
    CHECK(
        words("ERR Error running script (call to f_1): @user_script:3: -OOM command not allowed")
            .find("(OOM)") != ""s.npos);
    CHECK(words("NOAUTH Authentication required.").find("(NOAUTH)") != ""s.npos);
    CHECK(words("WRONGPASS invalid username-password pair").find("(WRONGPASS)") != ""s.npos);
    CHECK(
        words("READONLY You can't write against a read only replica.").find("(READONLY)") !=
        ""s.npos);
    CHECK(words("LOADING Redis is loading the dataset in memory").find("(LOADING)") != ""s.npos);
    CHECK(words("MOVED 3999 127.0.0.1:6381").find("(MOVED)") != ""s.npos);
    for (const std::string_view begin :
         {"ERR unknown command `AUTH`, with args beginning with: `", "WRONGPASS ", "", "OOM "}) {
        const Error error = redis_refusal(std::string{begin} + "canary-token");
        CHECK(support::find_canary(error.to_string()) == "");
        CHECK_FALSE(error.message().empty());
    }
}

}  // namespace redis_token_store_unit_test
