// SPDX-License-Identifier: BSL-1.0
// One token in a real Redis: for many processes, some of which are killed, and a Redis that fails.

#include <clarify/auth/client_credentials.hpp>
#include <clarify/auth/redis_token_store.hpp>
#include <clarify/rpc_client.hpp>
#include <clarify/testing/check_token_store.hpp>
#include <clarify/testing/manual_clock.hpp>
#include <clarify/testing/scripted_backend.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <doctest/doctest.h>
#include <integration/redis_server.hpp>
#include <signal.h>
#include <support/canary.hpp>
#include <support/pki.hpp>
#include <support/run.hpp>
#include <support/text_codec.hpp>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace redis_token_store_test {

namespace {

using namespace clarify;
using namespace std::chrono_literals;
using support::RedisServer;
namespace asio = boost::asio;
namespace pki = support::pki;

using Found = Result<std::optional<StoredToken>>;
using Locked = Result<TokenLease>;

/// Begins a test; true where it can go on.
bool has_redis() {
    if (!RedisServer::is_there()) MESSAGE("skipped: there is no redis-server");
    return RedisServer::is_there();
}

TokenKey key_of(std::string id = "the-client-id") {
    TokenKey key;
    key.token_url = "https://api.example/v1/oauth/token";
    key.client_id = std::move(id);
    key.audience = "https://api.example/v1/";
    return key;
}
StoredToken token_of(
    std::string_view text,
    std::chrono::seconds lifetime = 1h,
    std::chrono::system_clock::time_point issued = std::chrono::system_clock::now()) {
    StoredToken token;
    token.token = Secret{text};
    token.issued = issued;
    token.lifetime = lifetime;
    return token;
}
RedisStoreOptions options_of(const std::string& url) {
    RedisStoreOptions options;
    options.url = Secret{std::string_view{url}};
    options.secret = Secret{support::canary_client_secret};
    options.pause = 0ms;
    return options;
}

/// A store as one client of it sees it.
struct Side {
    explicit Side(const RedisStoreOptions& options) : store(options) {}
    explicit Side(const std::string& url) : Side(options_of(url)) {}

    template <class T>
    T run(asio::awaitable<T> task) {
        return support::run(context, std::move(task));
    }
    Found read(const TokenKey& key = key_of()) { return run(store.read(executor, key)); }
    Locked lock(const TokenKey& key = key_of()) { return run(store.try_lock(executor, key)); }
    Result<void> write(const StoredToken& token, const TokenLease& lease) {
        return run(store.write(executor, key_of(), token, lease));
    }
    /// The token's text; what is wrong; or that there is none.
    std::string text(const TokenKey& key = key_of()) {
        const Found found = read(key);
        if (!found) return found.error().to_string();
        return *found ? std::string{(*found)->token.expose()} : "none";
    }
    /// How long it took.
    Clock::duration wait(Clock::duration at_most) {
        const TimePoint begin = Clock::now();
        const auto task = [](Side& side, TimePoint until) -> asio::awaitable<bool> {
            co_await side.store.wait(side.executor, key_of(), until);
            co_return true;
        };
        run(task(*this, begin + at_most));
        return Clock::now() - begin;
    }
    /// Puts a token there, and says what went wrong.
    std::string put(const StoredToken& token) {
        const Locked lease = lock();
        if (!lease) return lease.error().to_string();
        if (!*lease) return "somebody has the lock";
        const Result<void> written = write(token, *lease);
        return written ? "" : written.error().to_string();
    }
    /// Does what was begun meanwhile, such as letting go of a lease.
    void settle() {
        context.restart();
        context.run();
    }

    asio::io_context context;
    asio::any_io_executor executor = context.get_executor();
    RedisTokenStore store;
};

/// Runs `body` in a process of its own, whose exit code is what it returns.
pid_t start(const std::function<int()>& body) {
    const pid_t process = ::fork();
    if (process == 0) ::_exit(body());
    return process;
}
int end_of(pid_t process) {
    int status = 0;
    while (::waitpid(process, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/// A client as far as the store is concerned. Returns how often it fetched, or 99.
int get_token(const std::string& url) {
    RedisStoreOptions options = options_of(url);
    options.timeout = 20s;
    Side side{options};
    const TimePoint until = Clock::now() + 60s;
    TokenLease lease;
    while (Clock::now() < until) {
        const Found found = side.read();
        if (!found) return 99;
        if (*found) {
            lease.reset();
            side.settle();
            return (*found)->token.expose() == support::canary_token ? 0 : 99;
        }
        if (lease) {
            std::this_thread::sleep_for(100ms);
            return side.write(token_of(support::canary_token), lease) ? 1 : 99;
        }
        const Locked locked = side.lock();
        if (!locked) return 99;
        lease = *locked;
        if (!lease) side.wait(10s);
    }
    return 99;
}

/// Clients in one thread, with a token endpoint that counts.
struct Fleet {
    using Client = RpcClient<testing::ScriptedBackend, ClientCredentials, support::TextCodec>;

    explicit Fleet(const RedisStoreOptions& options) : store(options) {
        server.on("/v1/rpc").always(testing::reply_result("1"));
        server.on("/v1/oauth/token")
            .always(testing::reply(200, R"({"access_token":"canary-token","expires_in":3600})")
                        .after(50ms));
    }
    void add() {
        ClientOptions options;
        options.observer = [this](const Event& event) {
            if (event.kind == EventKind::token_store_failed)
                failures.push_back(event.error->to_string());
        };
        ClientCredentialsConfig config{
            Url::parse("https://api.example/v1/oauth/token").value(),
            "the-client-id",
            Secret{support::canary_client_secret}};
        config.token.store = store;
        clients.push_back(std::make_unique<Client>(
            context.get_executor(),
            Url::parse("https://api.example/v1/rpc").value(),
            server,
            ClientCredentials{std::move(config)},
            std::move(options)));
    }
    /// A call of each; how many succeeded.
    std::size_t call() {
        std::size_t fine = 0;
        for (const auto& client : clients) {
            client->async_call(
                "m", no_params, [&fine](Result<std::string> got) { fine += got ? 1U : 0U; });
        }
        context.restart();
        context.run();
        return fine;
    }
    std::size_t fetches() const { return server.count("/v1/oauth/token"); }

    asio::io_context context;
    RedisTokenStore store;
    testing::ScriptedBackend server;
    std::vector<std::unique_ptr<Client>> clients;
    std::vector<std::string> failures;
};

}  // namespace

TEST_CASE("RedisTokenStore: what is written is read, for the rest of its life") {
    if (!has_redis()) return;
    RedisServer server;
    Side side{server.url()};
    Side other{server.url("") + "/0"};
    CHECK(side.text() == "none");
    Locked lease = side.lock();
    REQUIRE((lease && *lease));
    // Half a minute old, as its owner says.
    const auto issued = std::chrono::system_clock::now() - 30s;
    REQUIRE(side.write(token_of("first", 1h, issued), *lease));
    CHECK(other.text() == "first");
    CHECK(other.text(key_of("other")) == "none");
    CHECK(Side{"redis://localhost:" + std::to_string(server.port())}.text() == "first");
    const Found found = other.read();
    REQUIRE((found && *found));
    CHECK((*found)->lifetime == 1h);
    CHECK((*found)->issued > issued - 2s);
    CHECK((*found)->issued < issued + 1s);
    const int left = std::stoi(server.ask({"PTTL", server.key(":token")}));
    CHECK(left > 3'560'000);
    CHECK(left <= 3'570'000);
    // In another database there is none.
    CHECK(Side{server.url() + "/3"}.text() == "none");
    CHECK(side.put(token_of("second")) == "");
    CHECK(other.text() == "second");
    // One that has expired takes the place of one that has not, and is none.
    CHECK(side.put(token_of("third", 1h, issued - 1h)) == "");
    CHECK(other.text() == "none");
}

TEST_CASE("RedisTokenStore: keeps the contract of a store") {
    if (!has_redis()) return;
    RedisServer server;
    RedisStoreOptions options = options_of(server.url());
    options.timeout = 10s;
    const auto report = testing::check_token_store(
        [&] {
            server.ask({"FLUSHALL"});
            return RedisTokenStore{options};
        },
        [&] { return RedisTokenStore{options}; });
    INFO(report);
    CHECK(report.passed());
    CHECK(report.not_judged().empty());
}

TEST_CASE("RedisTokenStore: how old a token is follows from Redis's clock") {
    if (!has_redis()) return;
    RedisServer server;
    Side side{server.url()};
    const Locked lease = side.lock();
    REQUIRE((lease && *lease));
    // The owner's clock is set back meanwhile: the token cannot be younger than the lease all the same.
    std::this_thread::sleep_for(1'100ms);
    REQUIRE(side.write(token_of("t", 1h, std::chrono::system_clock::now() + 1h), *lease));
    const int left = std::stoi(server.ask({"PTTL", server.key(":token")}));
    CHECK(left <= 3'599'000);
    CHECK(left > 3'590'000);
    // And a reader whose clock stands elsewhere.
    const auto clock = std::make_shared<testing::ManualClock>();
    Side reader{server.url()};
    reader.executor = clock->executor(reader.context);
    const Found found = reader.read();
    REQUIRE((found && *found));
    CHECK((*found)->issued <= clock->wall_now() - 1s);
    CHECK((*found)->issued > clock->wall_now() - 10s);
}

TEST_CASE("RedisTokenStore: nothing that Redis holds can be read") {
    if (!has_redis()) return;
    RedisServer server;
    Side side{server.url()};
    Side waiter{server.url()};
    REQUIRE(side.put(token_of(support::canary_token)) == "");
    const Locked lease = side.lock();
    REQUIRE((lease && *lease));
    const std::vector<std::string> keys = server.keys();
    CHECK(keys.size() == 3);
    for (const std::string& key : keys) {
        std::string content = key + server.ask({"DUMP", key});
        if (key.ends_with(":token") || key.ends_with(":lock")) content += server.ask({"GET", key});
        CHECK(support::find_canary(content) == "");
        CHECK(content.find("client-id") == std::string::npos);
        CHECK(content.find("example") == std::string::npos);
        CHECK(key.starts_with("clarify:"));
        // None of them stays for good.
        CHECK(std::stoi(server.ask({"PTTL", key})) > 0);
    }
    RedisStoreOptions foreign = options_of(server.url());
    foreign.secret = Secret{"another secret"};
    CHECK(Side{foreign}.text() == "none");
    CHECK(waiter.text() == support::canary_token);
}

TEST_CASE(
    "RedisTokenStore: what is damaged, moved or of another kind is no token, and is replaced") {
    if (!has_redis()) return;
    RedisServer server;
    Side side{server.url()};
    REQUIRE(side.put(token_of("first")) == "");
    const std::string key = server.key(":token");
    const std::string content = server.ask({"GET", key});
    SUBCASE("cut") { server.ask({"SET", key, content.substr(0, 40), "PX", "100000"}); }
    SUBCASE("empty") { server.ask({"SET", key, "", "PX", "100000"}); }
    SUBCASE("changed") {
        std::string wrong = content;
        wrong[30] = static_cast<char>(wrong[30] ^ 1);
        server.ask({"SET", key, wrong, "PX", "100000"});
    }
    SUBCASE("larger than any") {
        server.ask({"SET", key, std::string(200'000, 'x'), "PX", "100000"});
    }
    SUBCASE("of another client") {
        const TokenKey other = key_of("other");
        const Locked lease = side.lock(other);
        REQUIRE((lease && *lease));
        REQUIRE(side.run(side.store.write(side.executor, other, token_of("theirs"), *lease)));
        std::string theirs;
        for (const std::string& each : server.keys()) {
            if (each.ends_with(":token") && each != key) theirs = server.ask({"GET", each});
        }
        REQUIRE_FALSE(theirs.empty());
        server.ask({"SET", key, theirs, "PX", "100000"});
    }
    SUBCASE("for ever") { server.ask({"PERSIST", key}); }
    SUBCASE("for longer than it lives") { server.ask({"PEXPIRE", key, "3700000"}); }
    SUBCASE("a list") {
        server.ask({"DEL", key});
        server.ask({"RPUSH", key, "a", "b"});
    }
    CHECK(side.text() == "none");
    CHECK(side.put(token_of("second")) == "");
    CHECK(side.text() == "second");
}

TEST_CASE("RedisTokenStore: something else in the place of the lock locks nobody in") {
    if (!has_redis()) return;
    RedisServer server;
    Side side{server.url()};
    Locked lease = side.lock();
    REQUIRE((lease && *lease));
    const std::string key = server.key(":lock");
    server.ask({"DEL", key});
    server.ask({"RPUSH", key, "a"});
    CHECK_FALSE(side.write(token_of("t"), *lease));
    const Locked none = side.lock();
    REQUIRE(none.has_value());
    CHECK_FALSE(*none);
    CHECK(side.wait(300ms) < 2s);
    CHECK(side.text() == "none");
}

TEST_CASE("RedisTokenStore: one has the lease, until he lets go of it") {
    if (!has_redis()) return;
    RedisServer server;
    Side side{server.url()};
    Side other{server.url()};
    Locked lease = side.lock();
    REQUIRE((lease && *lease));
    Locked none = other.lock();
    REQUIRE(none.has_value());
    CHECK_FALSE(*none);
    Locked elsewhere = other.lock(key_of("other"));
    REQUIRE(elsewhere.has_value());
    CHECK(*elsewhere);
    lease->reset();
    side.settle();
    Locked again = other.lock();
    REQUIRE(again.has_value());
    CHECK(*again);
    // The old one's end does not end the new one's.
    CHECK(server.ask({"PTTL", server.key(":lock")}) != "-2");
}

TEST_CASE("RedisTokenStore: who was held up past his lease cannot write") {
    if (!has_redis()) return;
    RedisServer server;
    RedisStoreOptions options = options_of(server.url());
    options.lease = 1s;
    Side slow{options};
    Side quick{options};
    Locked lease = slow.lock();
    REQUIRE((lease && *lease));
    SUBCASE("after another one has") {
        CHECK(quick.wait(5s) < 2s);
        REQUIRE(quick.put(token_of("newer")) == "");
        const Result<void> written = slow.write(token_of("older"), *lease);
        REQUIRE_FALSE(written);
        CHECK(written.error().code() == Errc::timeout);
        CHECK(quick.text() == "newer");
    }
    SUBCASE("while another one is at it") {
        std::this_thread::sleep_for(1'100ms);
        const Locked other = quick.lock();
        REQUIRE((other && *other));
        CHECK_FALSE(slow.write(token_of("older"), *lease));
        CHECK(quick.write(token_of("newer"), *other));
        CHECK(quick.text() == "newer");
    }
    SUBCASE("and does not end the lease of another one") {
        std::this_thread::sleep_for(1'100ms);
        const Locked other = quick.lock();
        REQUIRE((other && *other));
        lease->reset();
        slow.settle();
        CHECK(quick.write(token_of("newer"), *other));
    }
    SUBCASE("though nobody else was there") {
        std::this_thread::sleep_for(1'100ms);
        CHECK_FALSE(slow.write(token_of("older"), *lease));
        CHECK(quick.text() == "none");
    }
    SUBCASE("where Redis has forgotten it") {
        server.ask({"FLUSHALL"});
        CHECK_FALSE(slow.write(token_of("older"), *lease));
    }
}

TEST_CASE("RedisTokenStore: the lease of who was killed ends by itself") {
    if (!has_redis()) return;
    RedisServer server;
    RedisStoreOptions options = options_of(server.url());
    options.lease = 2s;
    const pid_t holder = start([&]() -> int {
        Side side{options};
        const Locked lease = side.lock();
        for (;;)
            ::pause();
    });
    while (server.key(":lock").empty())
        std::this_thread::sleep_for(5ms);
    ::kill(holder, SIGKILL);
    CHECK(end_of(holder) == -1);
    Side side{options};
    const Locked none = side.lock();
    REQUIRE(none.has_value());
    CHECK_FALSE(*none);
    CHECK(side.wait(10s) < 4s);
    const Locked lease = side.lock();
    REQUIRE(lease.has_value());
    CHECK(*lease);
}

TEST_CASE("RedisTokenStore: a lease lasts for as long as its owner is there") {
    if (!has_redis()) return;
    RedisServer server;
    RedisStoreOptions options = options_of(server.url());
    options.lease = 1s;
    Side side{options};
    Side other{options};
    Locked lease = side.lock();
    REQUIRE((lease && *lease));
    for (int i = 0; i != 5; ++i) {
        side.context.restart();
        side.context.run_for(500ms);
        const Locked none = other.lock();
        REQUIRE(none.has_value());
        CHECK_FALSE(*none);
    }
    CHECK(side.write(token_of("t"), *lease));
    // And nothing stays for it then.
    const TimePoint written = Clock::now();
    side.settle();
    CHECK(Clock::now() - written < 300ms);
    CHECK(other.text() == "t");
}

TEST_CASE("RedisTokenStore: a child that was forked does not end its parent's lease") {
    if (!has_redis()) return;
    RedisServer server;
    Side side{server.url()};
    Locked lease = side.lock();
    REQUIRE((lease && *lease));
    const pid_t child = start([&] {
        side.context.notify_fork(asio::io_context::fork_child);
        lease->reset();
        side.settle();
        return 0;
    });
    CHECK(end_of(child) == 0);
    CHECK_FALSE(server.key(":lock").empty());
    CHECK(side.write(token_of("t"), *lease));
}

TEST_CASE("RedisTokenStore: those who wait are told, and have not asked") {
    if (!has_redis()) return;
    RedisServer server;
    Side side{server.url()};
    std::optional<Locked> lease = side.lock();
    REQUIRE((*lease && **lease));
    std::thread other{[&] {
        std::this_thread::sleep_for(1s);
        if (**lease) static_cast<void>(side.write(token_of("t"), **lease));
    }};
    Side waiter{server.url()};
    server.ask({"CONFIG", "RESETSTAT"});
    const Clock::duration waited = waiter.wait(10s);
    other.join();
    CHECK(waited > 900ms);
    CHECK(waited < 2s);
    CHECK(waiter.text() == "t");
    const std::string stats = server.ask({"INFO", "commandstats"});
    CHECK(stats.find("cmdstat_xread:calls=1,") != std::string::npos);
    // Where nobody has it there is nothing to wait for, and where it lasts an end.
    Clock::duration least = 10s;
    for (int i = 0; i != 5 && least >= 400ms; ++i)
        least = waiter.wait(10s);
    CHECK(least < 400ms);
    lease.emplace(side.lock());
    const Clock::duration all = waiter.wait(300ms);
    CHECK(all >= 250ms);
    CHECK(all < 2s);
}

TEST_CASE("RedisTokenStore: of many processes that start at once one fetches") {
    if (!has_redis()) return;
    RedisServer server;
    std::vector<pid_t> processes;
    for (int i = 0; i != 200; ++i)
        processes.push_back(start([&] { return get_token(server.url()); }));
    int fetches = 0;
    for (const pid_t process : processes)
        fetches += end_of(process);
    CHECK(fetches == 1);
}

TEST_CASE("RedisTokenStore: of a hundred clients one fetches") {
    if (!has_redis()) return;
    RedisServer server;
    RedisStoreOptions options = options_of(server.url());
    options.timeout = 20s;
    Fleet fleet{options};
    for (int i = 0; i != 100; ++i)
        fleet.add();
    CHECK(fleet.call() == 100);
    CHECK(fleet.fetches() == 1);
    CHECK(fleet.failures.empty());
}

TEST_CASE("RedisTokenStore: where Redis is killed calls go on, and later they share again") {
    if (!has_redis()) return;
    RedisServer server;
    RedisStoreOptions options = options_of(server.url());
    options.pause = 500ms;
    Fleet fleet{options};
    fleet.add();
    CHECK(fleet.call() == 1);
    CHECK(fleet.fetches() == 1);
    server.kill();
    fleet.add();
    fleet.add();
    CHECK(fleet.call() == 3);
    // Each of the two has one of its own, and says why.
    CHECK(fleet.fetches() == 3);
    REQUIRE(fleet.failures.size() == 2);
    CHECK(fleet.failures.front().find("connect[refused]") == 0);
    CHECK(fleet.failures.front().find("the token store is in this Redis") != std::string::npos);
    server.start();
    std::this_thread::sleep_for(600ms);
    fleet.add();
    fleet.add();
    CHECK(fleet.call() == 5);
    CHECK(fleet.fetches() == 4);
    CHECK(fleet.failures.size() == 2);
}

TEST_CASE("RedisTokenStore: one that does not answer holds nobody up for long, and once") {
    if (!has_redis()) return;
    RedisServer server;
    RedisStoreOptions options = options_of(server.url());
    options.timeout = 300ms;
    options.pause = 3s;
    Side side{options};
    REQUIRE(side.put(token_of("t")) == "");
    server.pause();
    TimePoint begin = Clock::now();
    const Found none = side.read();
    REQUIRE_FALSE(none.has_value());
    CHECK(none.error().code() == Errc::timeout);
    CHECK(Clock::now() - begin >= 290ms);
    CHECK(Clock::now() - begin < 2s);
    begin = Clock::now();
    for (int i = 0; i != 100; ++i)
        CHECK(side.read().error().code() == Errc::timeout);
    CHECK(side.lock().error().code() == Errc::timeout);
    CHECK(Clock::now() - begin < 2'500ms);
    server.resume();
    std::this_thread::sleep_for(3'100ms);
    CHECK(side.text() == "t");
}

TEST_CASE("RedisTokenStore: an operation that is cancelled ends") {
    if (!has_redis()) return;
    RedisServer server;
    RedisStoreOptions options = options_of(server.url());
    options.timeout = 60s;
    options.pause = 60s;
    Side side{options};
    server.pause();
    asio::cancellation_signal signal;
    std::optional<Found> found;
    asio::co_spawn(
        side.executor,
        side.store.read(side.executor, key_of()),
        asio::bind_cancellation_slot(
            signal.slot(), [&](std::exception_ptr, Found got) { found.emplace(std::move(got)); }));
    side.context.run_for(200ms);
    CHECK_FALSE(found.has_value());
    signal.emit(asio::cancellation_type::terminal);
    const TimePoint begin = Clock::now();
    side.context.restart();
    side.context.run_for(5s);
    REQUIRE(found.has_value());
    CHECK(Clock::now() - begin < 1s);
    CHECK(found->error().code() == Errc::cancelled);
    server.resume();
    // Nobody has failed.
    CHECK(side.text() == "none");
}

TEST_CASE("RedisTokenStore: a context may go with a lease, or in the middle") {
    if (!has_redis()) return;
    RedisServer server;
    {
        auto side = std::make_unique<Side>(server.url());
        asio::co_spawn(
            side->executor,
            [](Side& own) -> asio::awaitable<void> {
                const Locked lease = co_await own.store.try_lock(own.executor, key_of());
                Timer never{own.executor};
                co_await never.async_wait(asio::use_awaitable);
            }(*side),
            asio::detached);
        side->context.run_for(300ms);
        CHECK_FALSE(server.key(":lock").empty());
    }
    for (int i = 0; i != 30; ++i) {
        Side side{server.url()};
        asio::co_spawn(side.executor, side.store.read(side.executor, key_of()), asio::detached);
        for (int step = 0; step != i / 3; ++step)
            side.context.run_one_for(100ms);
    }
}

TEST_CASE("RedisTokenStore: a password, of all or of a user") {
    if (!has_redis()) return;
    const std::string password{support::canary_password};
    RedisServer server{{}, password};
    const auto encoded = [](std::string_view text) {
        return support::canary_digits(text, "%%%02x");
    };
    server.ask({"ACL", "SETUSER", "me", "on", ">" + password, "~*", "+@all"});
    CHECK(Side{server.url(":" + encoded(password) + "@")}.put(token_of("t")) == "");
    CHECK(Side{server.url("me:" + encoded(password) + "@") + "/0"}.text() == "t");
    const auto fault = [](const std::string& url) {
        const std::string text = Side{url}.text();
        CHECK(support::find_canary(text) == "");
        return text;
    };
    CHECK(fault(server.url()).find("bad_config: Redis asks for a password (NOAUTH)") == 0);
    CHECK(fault(server.url(":canary-token@")).find("(WRONGPASS)") != std::string::npos);
    CHECK(fault(server.url("who:canary-token@")).find("(WRONGPASS)") != std::string::npos);
    server.ask({"ACL", "SETUSER", "me", "-eval"});
    CHECK(
        Side{server.url("me:" + encoded(password) + "@")}.put(token_of("t")).find("(NOPERM)") !=
        std::string::npos);
}

TEST_CASE("RedisTokenStore: over TLS, with one that is trusted") {
    if (!has_redis()) return;
    const pki::Identity root = pki::Identity::self_signed();
    RedisServer server{root.issue()};
    RedisStoreOptions options = options_of(server.url());
    options.tls.ca_pem = root.certificate_pem();
    Side side{options};
    CHECK(side.put(token_of("t")) == "");
    CHECK(side.text() == "t");
    CHECK(Side{options}.text() == "t");
    options.tls.ca_pem = pki::Identity::self_signed().certificate_pem();
    CHECK(Side{options}.text().find("tls[untrusted]") == 0);
    options.tls.ca_pem.clear();
    CHECK(Side{options}.text().find("tls[") == 0);
    // Without it, or with it where it is not expected.
    CHECK(
        Side{"redis://127.0.0.1:" + std::to_string(server.port())}.text().find("the token store") !=
        std::string::npos);
    RedisServer plain;
    options = options_of("rediss://127.0.0.1:" + std::to_string(plain.port()));
    options.tls.ca_pem = root.certificate_pem();
    options.timeout = 500ms;
    CHECK(Side{options}.text().find("the token store") != std::string::npos);

    RedisServer stranger{root.issue(pki::leaf().names({"DNS:elsewhere.example"}))};
    options = options_of(stranger.url());
    options.tls.ca_pem = root.certificate_pem();
    CHECK(Side{options}.text().find("tls[host_mismatch]") == 0);
}

TEST_CASE("RedisTokenStore: a Redis without memory costs no call") {
    if (!has_redis()) return;
    RedisServer server{{"--maxmemory-policy", "noeviction"}};
    Side side{server.url()};
    REQUIRE(side.put(token_of("t")) == "");
    const Locked lease = side.lock();
    REQUIRE((lease && *lease));
    REQUIRE(server.ask({"CONFIG", "SET", "maxmemory", "1"}) == "OK");
    CHECK(side.text() == "t");
    CHECK(
        side.write(token_of("u"), *lease)
            .error()
            .to_string()
            .find("io: Redis has no memory left (OOM)") == 0);
    CHECK(side.put(token_of("u")).find("io: Redis has no memory left (OOM)") == 0);
    CHECK(side.text() == "t");
    server.ask({"DEL", server.key(":token")});
    Fleet fleet{options_of(server.url())};
    fleet.add();
    fleet.add();
    CHECK(fleet.call() == 2);
    CHECK(fleet.failures.size() == 2);
}

TEST_CASE("RedisTokenStore: a replica takes no token") {
    if (!has_redis()) return;
    RedisServer server;
    server.ask({"REPLICAOF", "127.0.0.1", "1"});
    CHECK(Side{server.url()}.put(token_of("t")).find("(READONLY)") != std::string::npos);
}

TEST_CASE("RedisTokenStore: whatever answers in the place of Redis") {
    using asio::ip::tcp;
    std::string answer;
    std::string sign;
    SUBCASE("nothing") { sign = "io[reset]"; }
    SUBCASE("a web server") {
        answer = "HTTP/1.1 400 Bad Request\r\n\r\n";
        sign = "framing";
    }
    SUBCASE("a reply without end") {
        answer = "$300000\r\n" + std::string(299'000, 'x');
        sign = "too_large";
    }
    SUBCASE("a list of a billion") {
        answer = "*1000000000\r\n";
        sign = "framing";
    }
    SUBCASE("lists in lists") {
        for (int i = 0; i != 1000; ++i)
            answer += "*1\r\n";
        sign = "framing";
    }
    SUBCASE("a push of another protocol") {
        answer = ">1\r\n+x\r\n";
        sign = "framing";
    }
    SUBCASE("more than was asked for") {
        answer = "+a\r\n+b\r\n+c\r\n";
        sign = "framing";
    }
    SUBCASE("others than were asked for") {
        answer = "$1\r\nx\r\n:1\r\n";
        sign = "none";
    }
    asio::io_context context;
    tcp::acceptor acceptor{context, tcp::endpoint{asio::ip::address_v4::loopback(), 0}};
    const std::string url = "redis://127.0.0.1:" + std::to_string(acceptor.local_endpoint().port());
    std::thread server{[&] {
        boost::system::error_code ignored;
        tcp::socket socket{context};
        acceptor.accept(socket, ignored);
        char request[1024];
        socket.read_some(asio::buffer(request), ignored);
        asio::write(socket, asio::buffer(answer), ignored);
        socket.shutdown(tcp::socket::shutdown_send, ignored);
        socket.read_some(asio::buffer(request), ignored);
    }};
    CHECK(Side{url}.text().find(sign) == 0);
    server.join();
}

}  // namespace redis_token_store_test
