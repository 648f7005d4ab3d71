// SPDX-License-Identifier: BSL-1.0
// What is asked of Redis to share a token, and how long nothing is after it has failed.

#ifndef CLARIFY_AUTH_DETAIL_REDIS_CORE_HPP
#define CLARIFY_AUTH_DETAIL_REDIS_CORE_HPP

#include <clarify/auth/detail/redis_connection.hpp>
#include <clarify/auth/detail/redis_protocol.hpp>
#include <clarify/auth/detail/redis_seal.hpp>
#include <clarify/auth/detail/redis_url.hpp>
#include <clarify/auth/token_store.hpp>
#include <clarify/core/clock.hpp>
#include <clarify/core/detail/process_mark.hpp>
#include <clarify/core/detail/serial_executor.hpp>
#include <clarify/core/detail/time_span.hpp>
#include <clarify/core/result.hpp>
#include <clarify/core/secret.hpp>
#include <clarify/core/timer.hpp>
#include <clarify/http/http_options.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/detached.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clarify::detail {

struct RedisTerms {
    explicit RedisTerms(RedisUrl where) : url(std::move(where)) {}

    RedisUrl url;
    Secret secret;
    std::chrono::milliseconds timeout{};
    std::chrono::milliseconds lease{};
    std::chrono::milliseconds pause{};
    std::string prefix;
    /// What is kept there, for errors.
    std::string what = "the token store";
    /// For TLS, and how addresses are tried.
    HttpOptions http;
};

/// Commands, word by word.
using RedisWords = std::vector<std::vector<std::string>>;

/// The names of one token's keys; in a cluster they are on one node.
struct RedisNames {
    RedisNames(const std::string& prefix, const std::string& name)
        : token(prefix + '{' + name + "}:token"), lock(prefix + '{' + name + "}:lock") {}

    /// What tells those who wait that this lease has ended.
    std::string end_of(std::string_view lease) const { return lock + ':' + std::string{lease}; }

    std::string token;
    /// Holds the number of the lease.
    std::string lock;
};

/// Writes the token, for the rest of its life, if the lease is still the one given: 1, or else 0.
inline constexpr std::string_view redis_write = R"(
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
if tonumber(ARGV[3]) > 0 then
  redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3])
else
  redis.call('DEL', KEYS[2])
end
redis.call('DEL', KEYS[1])
redis.pcall('XADD', KEYS[3], '*', 'is', 'over')
redis.pcall('PEXPIRE', KEYS[3], ARGV[4])
return 1)";
/// Has the lease begin anew, if it is still the one given.
inline constexpr std::string_view redis_keep = R"(
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2]))";
/// Lets go of the lease, if it is still the one given.
inline constexpr std::string_view redis_release = R"(
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1])
redis.pcall('XADD', KEYS[2], '*', 'is', 'over')
redis.pcall('PEXPIRE', KEYS[2], ARGV[2])
return 1)";

/** The store itself, which all copies share.

    @par Thread safety
    Safe.
*/
class RedisCore {
public:
    using Core = std::shared_ptr<RedisCore>;
    using Executor = boost::asio::any_io_executor;
    using Found = std::optional<StoredToken>;
    using Replies = RedisConnection::Replies;

    explicit RedisCore(RedisTerms terms) : terms_(std::move(terms)) {}

    template <class = void>
    static boost::asio::awaitable<Result<Found>> read(Core core, Executor executor, TokenKey key);
    template <class = void>
    static boost::asio::awaitable<Result<TokenLease>> try_lock(
        Core core, Executor executor, TokenKey key);
    template <class = void>
    static boost::asio::awaitable<Result<void>> write(
        Core core, Executor executor, TokenKey key, StoredToken token, TokenLease lease);
    template <class = void>
    static boost::asio::awaitable<void> wait(
        Core core, Executor executor, TokenKey key, TimePoint until);
    /// Asks in a connection of its own, where a refusal is an error: but what belongs to somebody
    /// else in the place of a token is no token, and makes room for one.
    template <class = void>
    static boost::asio::awaitable<Result<Replies>> exchange(
        Core core, Executor executor, RedisWords asked);

private:
    class Lease;
    /// What keeps a lease, until `is_over`.
    struct Keeping {
        void end() {
            is_over = true;
            if (pause != nullptr) pause->cancel();
        }
        bool is_over = false;
        /// What it waits for; null while it does not.
        Timer* pause = nullptr;
    };
    class Pause;

    static std::string text_of(std::chrono::milliseconds span) {
        return std::to_string(span.count());
    }

    /// The error of an outage that is not long ago.
    std::optional<Error> outage(TimePoint now) const {
        const std::lock_guard lock{mutex_};
        if (outage_ && now < outage_until_) return outage_;
        return std::nullopt;
    }
    Error failed(Error error, const Executor& executor) {
        if (error.code() == Errc::cancelled) return error;
        error.add_message(terms_.what + " is in this Redis");
        const TimePoint until = time_after(time_on(executor), terms_.pause);
        const std::lock_guard lock{mutex_};
        outage_ = error;
        outage_until_ = until;
        return error;
    }

    /// What each connection begins with; the number of its replies.
    std::size_t greet(RedisCommands& commands) const {
        const RedisUrl& url = terms_.url;
        if (!url.password().empty() && url.user().empty())
            commands.add({"AUTH", url.password().expose()});
        if (!url.password().empty() && !url.user().empty())
            commands.add({"AUTH", url.user(), url.password().expose()});
        if (url.database() != 0) commands.add({"SELECT", std::to_string(url.database())});
        return commands.count();
    }
    /// Opens a connection and asks, after having said who asks. A refusal is an error only of that.
    template <class = void>
    boost::asio::awaitable<Result<Replies>> begin(
        RedisConnection& connection, RedisWords asked, TimePoint until);
    /// Keeps the lease for as long as its owner has it, so that it ends soon where the owner is gone.
    template <class = void>
    static boost::asio::awaitable<void> keep(
        Core core,
        Executor executor,
        RedisNames names,
        std::string number,
        std::shared_ptr<Keeping> keeping);
    template <class = void>
    static boost::asio::awaitable<void> release(
        Core core,
        Executor executor,
        RedisNames names,
        std::string number,
        std::shared_ptr<Keeping> keeping);
    template <class = void>
    static boost::asio::awaitable<bool> await_end(
        Core core, Executor executor, RedisNames names, TimePoint until);

    const RedisTerms terms_;
    SpareTerms spare_;
    mutable std::mutex mutex_;
    std::optional<Error> outage_;
    TimePoint outage_until_{};
};

/// Seen by the `Keeping` for as long as it lasts.
class RedisCore::Pause {
public:
    Pause(const Executor& executor, Keeping& keeping, std::chrono::milliseconds span)
        : timer(executor), keeping_(keeping) {
        timer.expires_at(time_after(timer.now(), span));
        keeping_.pause = &timer;
    }
    Pause(const Pause&) = delete;
    Pause& operator=(const Pause&) = delete;
    ~Pause() { keeping_.pause = nullptr; }

    Timer timer;

private:
    Keeping& keeping_;
};

/// Lets go of the lock where nothing was written, without waiting for that.
class RedisCore::Lease {
public:
    /// @param asked when it was asked for.
    Lease(Core core, Executor executor, RedisNames names, std::string number, TimePoint asked)
        : core_(std::move(core)),
          executor_(std::move(executor)),
          names_(std::move(names)),
          number_(std::move(number)),
          asked_(asked) {}
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    ~Lease() {
        // In a child process it is the parent's.
        if (keeping_->is_over || process_.is_elsewhere()) return;
        try {
            boost::asio::co_spawn(
                executor_,
                release(core_, executor_, names_, number_, keeping_),
                boost::asio::detached);
        } catch (...) {  // NOLINT(bugprone-empty-catch): it ends by itself
            keeping_->is_over = true;
        }
    }

    void begin() {
        boost::asio::co_spawn(
            executor_, keep(core_, executor_, names_, number_, keeping_), boost::asio::detached);
    }
    const std::string& number() const noexcept { return number_; }
    TimePoint asked() const noexcept { return asked_; }
    void end() { keeping_->end(); }

private:
    Core core_;
    Executor executor_;
    RedisNames names_;
    std::string number_;
    TimePoint asked_;
    std::shared_ptr<Keeping> keeping_ = std::make_shared<Keeping>();
    ProcessMark process_;
};

template <class>
boost::asio::awaitable<Result<RedisCore::Replies>> RedisCore::begin(
    RedisConnection& connection, RedisWords asked, TimePoint until) {
    const Url& server = terms_.url.server();
    const Result<void> opened = co_await connection.open(server, terms_.http, spare_, until);
    if (!opened) co_return opened.error();
    RedisCommands commands;
    const std::size_t greetings = greet(commands);
    for (const std::vector<std::string>& words : asked)
        commands.add({words.begin(), words.end()});
    Result<Replies> replies = co_await connection.ask(commands, until);
    if (!replies) co_return replies.error();
    connection.keep_terms(server, spare_);
    const auto greeted = replies->begin() + static_cast<std::ptrdiff_t>(greetings);
    const auto refused = std::find_if(replies->begin(), greeted, [](const RedisReply& reply) {
        return reply.kind == RedisReply::Kind::refusal;
    });
    if (refused != greeted) co_return redis_refusal(refused->text);
    replies->erase(replies->begin(), greeted);
    co_return std::move(*replies);
}

template <class>
boost::asio::awaitable<Result<RedisCore::Replies>> RedisCore::exchange(
    Core core, Executor executor, RedisWords asked) {
    if (const std::optional<Error> outage = core->outage(time_on(executor))) co_return *outage;
    RedisConnection connection{executor};
    const TimePoint until = time_after(time_on(executor), core->terms_.timeout);
    Result<Replies> replies = co_await core->begin(connection, std::move(asked), until);
    if (!replies) co_return core->failed(replies.error(), executor);
    for (const RedisReply& reply : *replies) {
        const bool is_foreign = reply.text.starts_with("WRONGTYPE");
        if (reply.kind == RedisReply::Kind::refusal && !is_foreign)
            co_return core->failed(redis_refusal(reply.text), executor);
    }
    co_return replies;
}

template <class>
boost::asio::awaitable<Result<RedisCore::Found>> RedisCore::read(
    Core core, Executor executor, TokenKey key) {
    const TokenSeal seal{core->terms_.secret, key};
    const RedisNames names{core->terms_.prefix, seal.name()};
    // From before Redis is asked: what passes until it answers makes the token older, not younger.
    const auto now = wall_time(time_source(executor).get());
    // In this order, so that the life is not that of a token which comes in between.
    RedisWords asked;
    asked.push_back({"PTTL", names.token});
    asked.push_back({"GET", names.token});
    const Result<Replies> replies = co_await exchange(core, executor, std::move(asked));
    if (!replies) co_return replies.error();
    const std::chrono::milliseconds left{(*replies)[0].number};
    Found token;
    if ((*replies)[1].kind == RedisReply::Kind::text && left.count() > 0)
        token = seal.open((*replies)[1].text);
    if (token && left > token->lifetime) token.reset();
    if (token) token->issued = now - (token->lifetime - left);
    co_return token;
}

template <class>
boost::asio::awaitable<Result<TokenLease>> RedisCore::try_lock(
    Core core, Executor executor, TokenKey key) {
    const TokenSeal seal{core->terms_.secret, key};
    const RedisNames names{core->terms_.prefix, seal.name()};
    const std::string number = hex_text(random_bytes(16));
    const TimePoint now = time_on(executor);
    RedisWords asked;
    asked.push_back({"SET", names.lock, number, "NX", "PX", text_of(core->terms_.lease)});
    const Result<Replies> replies = co_await exchange(core, executor, std::move(asked));
    if (!replies) co_return replies.error();
    if (replies->front().kind != RedisReply::Kind::text) co_return TokenLease{};
    const auto lease = std::make_shared<Lease>(core, executor, names, number, now);
    lease->begin();
    co_return TokenLease{lease};
}

template <class>
boost::asio::awaitable<void> RedisCore::keep(
    Core core,
    Executor executor,
    RedisNames names,
    std::string number,
    std::shared_ptr<Keeping> keeping) {
    const ProcessMark process;
    RedisWords asked;
    asked.push_back(
        {"EVAL", std::string{redis_keep}, "1", names.lock, number, text_of(core->terms_.lease)});
    while (!keeping->is_over && !process.is_elsewhere()) {
        // Twice before it ends.
        {
            Pause pause{executor, *keeping, core->terms_.lease / 3};
            co_await pause.timer.async_wait(boost::asio::as_tuple(boost::asio::deferred));
        }
        if (keeping->is_over || process.is_elsewhere()) break;
        RedisWords words = asked;
        const Result<Replies> replies = co_await exchange(core, executor, std::move(words));
        if (replies && replies->front().number != 1) break;
    }
}

template <class>
boost::asio::awaitable<Result<void>> RedisCore::write(
    Core core, Executor executor, TokenKey key, StoredToken token, TokenLease lease) {
    using std::chrono::milliseconds;
    const auto own = std::static_pointer_cast<Lease>(lease);
    if (!own) co_return Error{Errc::bad_argument, Reason::none, "a token is written with a lease"};
    const TokenSeal seal{core->terms_.secret, key};
    const RedisNames names{core->terms_.prefix, seal.name()};
    // Not younger than the lease, though the clock was set back meanwhile.
    const std::chrono::system_clock::duration since =
        std::chrono::duration_cast<std::chrono::system_clock::duration>(
            time_on(executor) - own->asked());
    const auto age = (std::max)(since, wall_time(time_source(executor).get()) - token.issued);
    RedisWords asked;
    asked.push_back(
        {"EVAL",
         std::string{redis_write},
         "3",
         names.lock,
         names.token,
         names.end_of(own->number()),
         own->number(),
         seal.seal(token),
         text_of(token.lifetime - std::chrono::ceil<milliseconds>(age)),
         text_of(core->terms_.lease)});
    const Result<Replies> replies = co_await exchange(core, executor, std::move(asked));
    if (!replies) co_return replies.error();
    own->end();
    if (replies->front().number == 1) co_return Result<void>{};
    co_return Error{
        Errc::timeout,
        Reason::none,
        "the lease of the token store in Redis had ended before the token came"};
}

template <class>
boost::asio::awaitable<void> RedisCore::release(
    Core core,
    Executor executor,
    RedisNames names,
    std::string number,
    std::shared_ptr<Keeping> keeping) {
    keeping->end();
    RedisWords asked;
    asked.push_back(
        {"EVAL",
         std::string{redis_release},
         "2",
         names.lock,
         names.end_of(number),
         number,
         text_of(core->terms_.lease)});
    const Result<Replies> replies = co_await exchange(core, executor, std::move(asked));
    static_cast<void>(replies);
}

template <class>
boost::asio::awaitable<void> RedisCore::wait(
    Core core, Executor executor, TokenKey key, TimePoint until) {
    const TokenSeal seal{core->terms_.secret, key};
    const RedisNames names{core->terms_.prefix, seal.name()};
    if (co_await await_end(core, executor, names, until)) co_return;
    // Redis does not tell: asking now and then is often enough.
    constexpr std::chrono::milliseconds step{500};
    Timer timer{executor};
    timer.expires_at((std::min)(until, time_after(timer.now(), step)));
    co_await timer.async_wait(boost::asio::as_tuple(boost::asio::deferred));
}

/// Has Redis tell when the lease ends that somebody has now. False where it did not.
template <class>
boost::asio::awaitable<bool> RedisCore::await_end(
    Core core, Executor executor, RedisNames names, TimePoint until) {
    using std::chrono::milliseconds;
    if (core->outage(time_on(executor))) co_return false;
    RedisConnection connection{executor};
    RedisWords asked;
    asked.push_back({"GET", names.lock});
    asked.push_back({"PTTL", names.lock});
    const TimePoint soon = time_after(time_on(executor), core->terms_.timeout);
    const Result<Replies> replies =
        co_await core->begin(connection, std::move(asked), (std::min)(soon, until));
    if (!replies) {
        core->failed(replies.error(), executor);
        co_return false;
    }
    const RedisReply& number = replies->front();
    if (number.kind == RedisReply::Kind::nothing) co_return true;
    constexpr std::size_t longest = 64;
    const std::int64_t left = replies->back().number;
    if (number.kind != RedisReply::Kind::text || number.text.size() > longest || left <= 0)
        co_return false;
    const TimePoint now = time_on(executor);
    const auto patience = std::chrono::duration_cast<milliseconds>(until - now);
    if (patience.count() <= 0) co_return true;
    // A word that is lost, for instance where its sender was killed, costs no more than this.
    constexpr milliseconds most{2'000};
    const milliseconds span = (std::min)({patience, milliseconds{left + 1}, most});
    // One that has ended before this is asked has left its word.
    RedisCommands commands;
    commands.add({"XREAD", "BLOCK", text_of(span), "STREAMS", names.end_of(number.text), "0"});
    const TimePoint end = time_after(now, span + core->terms_.timeout);
    const Result<Replies> told = co_await connection.ask(commands, (std::min)(until, end));
    co_return told && told->front().kind != RedisReply::Kind::refusal;
}

}  // namespace clarify::detail

#endif  // CLARIFY_AUTH_DETAIL_REDIS_CORE_HPP
