// SPDX-License-Identifier: BSL-1.0
// One token for several clients: in files, and by a store that fails, hangs or throws.

#include <clarify/auth/client_credentials.hpp>
#include <clarify/auth/file_token_store.hpp>
#include <clarify/rpc_client.hpp>
#include <clarify/testing/manual_clock.hpp>
#include <clarify/testing/scripted_backend.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

#include <doctest/doctest.h>
#include <support/canary.hpp>
#include <support/temporary_directory.hpp>
#include <support/text_codec.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace token_store_test {

namespace {

using namespace clarify;
using namespace std::chrono_literals;
using clarify::detail::TokenFiles;
using clarify::detail::TokenText;
using support::TemporaryDirectory;
namespace asio = boost::asio;

constexpr std::chrono::system_clock::time_point day{std::chrono::hours{24 * 365 * 50}};

TokenKey key_of(std::string id = "id") {
    TokenKey key;
    key.token_url = "https://api.example/v1/oauth/token";
    key.client_id = std::move(id);
    key.audience = "https://api.example/v1/";
    return key;
}
StoredToken token_of(std::string_view text, std::chrono::seconds lifetime = 1h) {
    StoredToken token;
    token.token = Secret{text};
    token.issued = day;
    token.lifetime = lifetime;
    return token;
}
std::string text_of(const Result<std::optional<StoredToken>>& found) {
    if (!found) return "failed";
    return *found ? std::string{(*found)->token.expose()} : "none";
}

/// A store in memory, as others use it, and with faults. Copies are the same one.
class FakeStore {
public:
    struct State {
        std::optional<StoredToken> token;
        bool is_locked = false;
        std::size_t reads = 0;
        std::size_t writes = 0;
        std::optional<Error> read_fault, lock_fault, write_fault;
        bool throws = false;
        /// How long a write takes.
        std::chrono::milliseconds delay{0};
    };

    asio::awaitable<Result<std::optional<StoredToken>>> read(
        const asio::any_io_executor& executor, const TokenKey& key) {
        static_cast<void>(executor);
        static_cast<void>(key);
        ++state().reads;
        if (state().throws) throw std::runtime_error{"a fault"};
        if (state().read_fault) co_return *state().read_fault;
        co_return state().token;
    }
    asio::awaitable<Result<TokenLease>> try_lock(
        const asio::any_io_executor& executor, const TokenKey& key) {
        static_cast<void>(executor);
        static_cast<void>(key);
        if (state().lock_fault) co_return *state().lock_fault;
        if (std::exchange(state().is_locked, true)) co_return TokenLease{};
        co_return TokenLease{this, [kept = state_](void*) { kept->is_locked = false; }};
    }
    asio::awaitable<Result<void>> write(
        const asio::any_io_executor& executor,
        const TokenKey& key,
        const StoredToken& token,
        const TokenLease& lease) {
        CHECK(lease);
        static_cast<void>(key);
        ++state().writes;
        if (state().delay > 0ms) {
            Timer timer{executor};
            timer.expires_at(timer.now() + state().delay);
            co_await timer.async_wait(asio::as_tuple(asio::deferred));
        }
        if (state().write_fault) co_return *state().write_fault;
        state().token = token;
        co_return Result<void>{};
    }
    asio::awaitable<void> wait(
        const asio::any_io_executor& executor, const TokenKey& key, TimePoint until) {
        static_cast<void>(key);
        Timer timer{executor};
        timer.expires_at((std::min)(until, timer.now() + 100ms));
        co_await timer.async_wait(asio::as_tuple(asio::deferred));
    }

    State& state() const noexcept { return *state_; }

private:
    std::shared_ptr<State> state_ = std::make_shared<State>();
};

/// Clients of one clock and one token endpoint, which may share a store.
struct Bench {
    using Client = RpcClient<testing::ScriptedBackend, ClientCredentials, support::TextCodec>;
    using Outcome = Result<std::string>;

    struct Member {
        std::vector<EventKind> told;
        std::optional<Client> client;
    };

    explicit Bench() { server.on("/v1/rpc").always(testing::reply_result("1")); }

    Member& add(AnyTokenStore store, std::string_view secret = support::canary_client_secret) {
        members.push_back(std::make_unique<Member>());
        Member& member = *members.back();
        ClientOptions options;
        options.clock = clock;
        options.observer = [&member](const Event& event) {
            const bool counts = event.kind == EventKind::token_fetched ||
                event.kind == EventKind::token_renewed || event.kind == EventKind::token_shared ||
                event.kind == EventKind::token_failed ||
                event.kind == EventKind::token_store_failed;
            if (counts) member.told.push_back(event.kind);
        };
        ClientCredentialsConfig config{
            Url::parse("https://api.example/v1/oauth/token").value(), "id", Secret{secret}};
        config.token.store = std::move(store);
        member.client.emplace(
            context.get_executor(),
            Url::parse("https://api.example/v1/rpc").value(),
            server,
            ClientCredentials{std::move(config)},
            std::move(options));
        return member;
    }
    Outcome call(Member& member) {
        return clock->run(context, member.client->call("m", no_params));
    }
    void issue(std::string_view token, int seconds = 3'600) {
        server.on("/v1/oauth/token")
            .then(testing::reply(
                200,
                R"({"access_token":")" + std::string{token} + R"(","expires_in":)" +
                    std::to_string(seconds) + "}"));
    }
    std::size_t fetches() const { return server.count("/v1/oauth/token"); }

    asio::io_context context;
    std::shared_ptr<testing::ManualClock> clock = std::make_shared<testing::ManualClock>();
    testing::ScriptedBackend server;
    std::vector<std::unique_ptr<Member>> members;
};

using Told = std::vector<EventKind>;

}  // namespace

TEST_CASE("TokenText: what is written is read, and nothing that is cut or another key's") {
    const Secret text = TokenText::write(key_of(), token_of("abc.def~+/="));
    const auto read = TokenText::read(key_of(), text.expose());
    REQUIRE(read);
    CHECK(read->token.expose() == "abc.def~+/=");
    CHECK(read->issued == day);
    CHECK(read->lifetime == 1h);
    for (std::size_t size = 0; size != text.size(); ++size)
        CHECK_FALSE(TokenText::read(key_of(), text.expose().substr(0, size)));
    CHECK_FALSE(TokenText::read(key_of(), std::string{text.expose()} + "x"));
    CHECK_FALSE(TokenText::read(key_of("other"), text.expose()));
    TokenKey strange = key_of("a\n\"b\" c");
    const Secret escaped = TokenText::write(strange, token_of("t"));
    CHECK(TokenText::read(strange, escaped.expose()));
    CHECK(TokenText::name_of(strange) != TokenText::name_of(key_of()));
    // What one member ends with is not what the next begins with.
    TokenKey shifted = key_of("id");
    shifted.scope = shifted.audience;
    shifted.audience.clear();
    CHECK_FALSE(TokenText::read(shifted, text.expose()));
    for (const std::string_view number : {"-1", "", "1x", "99999999999999999999", "0"}) {
        std::string wrong{text.expose()};
        wrong.replace(wrong.find("\n3600\n"), 6, "\n" + std::string{number} + "\n");
        CHECK_FALSE(TokenText::read(key_of(), wrong));
    }
}

TEST_CASE("StoredToken: a clock that is set uses nothing that may have expired") {
    const StoredToken token = token_of("t", 1h);
    CHECK(token.is_good(day, 5s));
    CHECK(token.is_good(day - 4s, 5s));
    CHECK(token.is_good(day + 3'594s, 5s));
    CHECK_FALSE(token.is_good(day + 3'595s, 5s));
    CHECK_FALSE(token.is_good(day - 6s, 5s));
    CHECK_FALSE(token.is_good(day - 24h * 365, 5s));
    CHECK_FALSE(token.is_good(day + 24h * 365, 5s));
}

TEST_CASE("TokenFiles: a token is private, and one that is not counts as none") {
    const TemporaryDirectory folder;
    const TokenFiles files{folder / "a" / "b"};
    CHECK(text_of(files.read(key_of())) == "none");
    Result<TokenLease> lease = files.try_lock(key_of());
    REQUIRE((lease && *lease));
    REQUIRE(files.write(key_of(), token_of("first")));
    CHECK(text_of(files.read(key_of())) == "first");
    CHECK(text_of(files.read(key_of("other"))) == "none");
    struct stat there {};
    const std::filesystem::path path = folder / "a" / "b" / TokenText::name_of(key_of());
    REQUIRE(::stat(path.c_str(), &there) == 0);
    CHECK((there.st_mode & 0777U) == 0600U);
    REQUIRE(::stat((folder / "a" / "b").c_str(), &there) == 0);
    CHECK((there.st_mode & 0777U) == 0700U);

    SUBCASE("readable by the group") { REQUIRE(::chmod(path.c_str(), 0640) == 0); }
    SUBCASE("a link") {
        std::filesystem::rename(path, folder / "elsewhere");
        std::filesystem::create_symlink(folder / "elsewhere", path);
    }
    SUBCASE("of two names") { std::filesystem::create_hard_link(path, folder / "elsewhere"); }
    SUBCASE("empty") { std::filesystem::resize_file(path, 0); }
    SUBCASE("cut") { std::filesystem::resize_file(path, 40); }
    SUBCASE("huge") { std::filesystem::resize_file(path, 1'000'000); }
    SUBCASE("a folder") {
        std::filesystem::remove(path);
        std::filesystem::create_directory(path);
        CHECK(text_of(files.read(key_of())) == "none");
        CHECK_FALSE(files.write(key_of(), token_of("second")));
        std::filesystem::remove(path);
    }
    SUBCASE("what somebody has left who was killed") {
        std::filesystem::remove(path);
        std::filesystem::create_symlink("/nowhere", path.string() + ".new");
    }
    CHECK(text_of(files.read(key_of())) == "none");
    REQUIRE(files.write(key_of(), token_of("second")));
    CHECK(text_of(files.read(key_of())) == "second");
    CHECK(files.remove_all().value() == 1);
    CHECK(text_of(files.read(key_of())) == "none");
}

TEST_CASE("TokenFiles: one has the lock, until he lets go of it") {
    const TemporaryDirectory folder;
    const TokenFiles files{folder.path()};
    const TokenFiles others{folder.path()};
    Result<TokenLease> lease = files.try_lock(key_of());
    REQUIRE((lease && *lease));
    const Result<TokenLease> none = others.try_lock(key_of());
    REQUIRE(none);
    CHECK(*none == nullptr);
    CHECK(*others.try_lock(key_of("other")) != nullptr);
    lease->reset();
    CHECK(*others.try_lock(key_of()) != nullptr);
    const TokenFiles nowhere{folder / "file" / "in"};
    folder.write("file", "x");
    CHECK(nowhere.try_lock(key_of()).error().reason() == Reason::file);
    CHECK_FALSE(nowhere.write(key_of(), token_of("t")));
    CHECK(text_of(nowhere.read(key_of())) == "none");
}

TEST_CASE("FileTokenStore: clients share one token, and one of them renews it") {
    const TemporaryDirectory folder;
    const FileTokenStore store{folder.path()};
    Bench bench;
    bench.issue("first");
    bench.issue("second");
    for (int i = 0; i != 10; ++i)
        REQUIRE(bench.call(bench.add(store)));
    CHECK(bench.fetches() == 1);
    CHECK(bench.members[0]->told == Told{EventKind::token_fetched});
    CHECK(bench.members[9]->told == Told{EventKind::token_shared});
    // A day of calls each five minutes: a token of an hour is renewed before it ends.
    for (int i = 0; i != 13; ++i) {
        bench.clock->run_for(bench.context, 5min);
        for (const auto& member : bench.members)
            REQUIRE(bench.call(*member));
    }
    CHECK(bench.fetches() == 2);
    CHECK(bench.server.requests().back().header("Authorization") == "Bearer second");
    // Nothing of the secret is in the files.
    std::size_t files = 0;
    for (const auto& entry : std::filesystem::directory_iterator{folder.path()}) {
        std::ifstream file{entry.path()};
        const std::string text{std::istreambuf_iterator<char>{file}, {}};
        CHECK(text.find(support::canary_client_secret) == std::string::npos);
        ++files;
    }
    CHECK(files == 2);
}

TEST_CASE(
    "ClientCredentials: in a week ten clients ask once in the life of a token for each store") {
    const FakeStore stores[3];
    Bench bench;
    for (int i = 0; i != 40; ++i)
        bench.issue("token-" + std::to_string(i), 86'400);
    for (std::size_t i = 0; i != 10; ++i)
        bench.add(stores[i % 3]);
    for (int hour = 0; hour != 7 * 24; ++hour) {
        bench.clock->run_for(bench.context, 1h);
        for (const auto& member : bench.members)
            REQUIRE(bench.call(*member));
    }
    for (const FakeStore& store : stores) {
        CHECK(store.state().writes >= 7);
        CHECK(store.state().writes <= 8);
    }
    CHECK(bench.fetches() <= 24);
    for (const auto& member : bench.members)
        CHECK(std::count(member->told.begin(), member->told.end(), EventKind::token_failed) == 0);
}

TEST_CASE("ClientCredentials: a token that was rejected is replaced once for all who share it") {
    const FakeStore store;
    Bench bench;
    bench.issue("first");
    bench.issue("second");
    Bench::Member& one = bench.add(store);
    Bench::Member& other = bench.add(store);
    REQUIRE(bench.call(one));
    REQUIRE(bench.call(other));
    bench.server.on("/v1/rpc").then(testing::reply(401, ""));
    REQUIRE(bench.call(one));
    bench.server.on("/v1/rpc").then(testing::reply(401, ""));
    REQUIRE(bench.call(other));
    CHECK(bench.fetches() == 2);
    CHECK(one.told == Told{EventKind::token_fetched, EventKind::token_renewed});
    CHECK(other.told == Told{EventKind::token_shared, EventKind::token_shared});
}

TEST_CASE("ClientCredentials: who has no token waits for whoever gets one, but not for ever") {
    const FakeStore store;
    Bench bench;
    bench.issue("own");
    Bench::Member& member = bench.add(store);
    store.state().is_locked = true;
    std::optional<Bench::Outcome> outcome;
    member.client->async_call(
        "m", no_params, [&](Bench::Outcome got) { outcome = std::move(got); });
    SUBCASE("it comes") {
        bench.clock->run_for(bench.context, 3s);
        CHECK_FALSE(outcome);
        store.state().token = token_of("theirs");
        store.state().token->issued = bench.clock->wall_now();
        bench.clock->run_for(bench.context, 200ms);
        REQUIRE((outcome && *outcome));
        CHECK(bench.fetches() == 0);
        CHECK(member.told == Told{EventKind::token_shared});
    }
    SUBCASE("it does not") {
        bench.clock->run_for(bench.context, 9s);
        CHECK_FALSE(outcome);
        bench.clock->run_for(bench.context, 2s);
        REQUIRE((outcome && *outcome));
        CHECK(bench.fetches() == 1);
        CHECK(store.state().writes == 0);
        CHECK(member.told == Told{EventKind::token_store_failed, EventKind::token_fetched});
    }
}

TEST_CASE("ClientCredentials: a token is kept before its call goes on, but that has its limit") {
    const FakeStore store;
    Bench bench;
    bench.issue("own");
    Bench::Member& member = bench.add(store);
    std::optional<Bench::Outcome> outcome;
    SUBCASE("in time") {
        store.state().delay = 500ms;
        member.client->async_call(
            "m", no_params, [&](Bench::Outcome got) { outcome = std::move(got); });
        bench.clock->run_for(bench.context, 499ms);
        CHECK_FALSE(outcome);
        bench.clock->run_for(bench.context, 1ms);
        REQUIRE((outcome && *outcome));
        CHECK(store.state().token);
        CHECK(member.told == Told{EventKind::token_fetched});
    }
    SUBCASE("too late") {
        store.state().delay = 1min;
        member.client->async_call(
            "m", no_params, [&](Bench::Outcome got) { outcome = std::move(got); });
        bench.clock->run_for(bench.context, 2s);
        REQUIRE((outcome && *outcome));
        CHECK_FALSE(store.state().token);
        CHECK(member.told == Told{EventKind::token_store_failed, EventKind::token_fetched});
        // Nobody else may write meanwhile.
        CHECK(store.state().is_locked);
        bench.clock->run_for(bench.context, 1min);
        CHECK(store.state().token);
        CHECK_FALSE(store.state().is_locked);
    }
    CHECK(bench.fetches() == 1);
}

TEST_CASE("ClientCredentials: who has a token goes on with it while another one is renewing") {
    const FakeStore store;
    Bench bench;
    bench.issue("first");
    Bench::Member& member = bench.add(store);
    REQUIRE(bench.call(member));
    store.state().is_locked = true;
    bench.clock->run_for(bench.context, 59min + 30s);
    const std::size_t reads = store.state().reads;
    for (int i = 0; i != 20; ++i) {
        REQUIRE(bench.call(member));
        bench.clock->run_for(bench.context, 100ms);
    }
    CHECK(bench.fetches() == 1);
    CHECK(store.state().reads - reads <= 3);
    store.state().token = token_of("second");
    store.state().token->issued = bench.clock->wall_now();
    bench.clock->run_for(bench.context, 11s);
    REQUIRE(bench.call(member));
    REQUIRE(bench.call(member));
    CHECK(bench.fetches() == 1);
    CHECK(bench.server.requests().back().header("Authorization") == "Bearer second");
}

TEST_CASE("ClientCredentials: a store that fails costs no call, and is told of once") {
    const FakeStore store;
    Bench bench;
    Bench::Member& member = bench.add(store);
    SUBCASE("reading") { store.state().read_fault = Error{Errc::io}; }
    SUBCASE("locking") { store.state().lock_fault = Error{Errc::io}; }
    SUBCASE("writing") { store.state().write_fault = Error{Errc::io}; }
    SUBCASE("by an exception") { store.state().throws = true; }
    for (int i = 0; i != 3; ++i) {
        bench.issue("own" + std::to_string(i), 60);
        REQUIRE(bench.call(member));
        bench.clock->run_for(bench.context, 2min);
    }
    CHECK(bench.fetches() == 3);
    std::size_t told = 0;
    for (const EventKind kind : member.told)
        told += kind == EventKind::token_store_failed ? 1U : 0U;
    CHECK(told == 1);
    CHECK_FALSE(store.state().is_locked);
}

TEST_CASE("ClientCredentials: a token of an issuer that fails is looked for in the store again") {
    const FakeStore store;
    Bench bench;
    Bench::Member& member = bench.add(store);
    bench.server.on("/v1/oauth/token").then(testing::reply(400, R"({"error":"invalid_client"})"));
    CHECK(bench.call(member).error().reason() == Reason::denied);
    CHECK_FALSE(store.state().is_locked);
    store.state().token = token_of("theirs");
    store.state().token->issued = bench.clock->wall_now();
    bench.clock->run_for(bench.context, 2s);
    REQUIRE(bench.call(member));
    CHECK(bench.fetches() == 1);
}

}  // namespace token_store_test
