// SPDX-License-Identifier: BSL-1.0
// What a fetch of a token has to do with the store that it is shared by.

#ifndef CLARIFY_AUTH_DETAIL_TOKEN_SHARING_HPP
#define CLARIFY_AUTH_DETAIL_TOKEN_SHARING_HPP

#include <clarify/auth/client_credentials_config.hpp>
#include <clarify/auth/token_store.hpp>
#include <clarify/concepts/auth_policy.hpp>
#include <clarify/core/clock.hpp>
#include <clarify/core/detail/signal.hpp>
#include <clarify/core/detail/time_span.hpp>
#include <clarify/core/errc.hpp>
#include <clarify/core/error.hpp>
#include <clarify/core/result.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

namespace clarify::detail {

inline TokenKey token_key(const ClientCredentialsConfig& config) {
    TokenKey key;
    key.token_url = config.token_url.to_string();
    key.client_id = config.client_id;
    key.audience = config.audience;
    key.scope = config.scope;
    return key;
}

inline Error thrown_by_store() {
    return Error{Errc::internal, Reason::exception, "the token store threw an exception"};
}

/// What the store has: a token, the right to get one, or neither.
struct SharedToken {
    std::optional<StoredToken> token;
    TokenLease lease;
    /// Somebody else is getting the next one, and there is one to go on with.
    bool is_on_its_way = false;
    /// Why there is nothing of all that.
    std::optional<Error> failure;
};

/// What of a token the client at hand can tell.
struct TokenWish {
    /// Is it another one than those that are of no use?
    std::function<bool(const StoredToken&)> is_news;
    /// Is there one to go on with?
    std::function<bool()> has_token;
};

/// One step of `find_shared_token`. Is it over?
template <class = void>
boost::asio::awaitable<bool> look_for_token(
    AnyTokenStore store,
    AuthContext& context,
    const TokenKey& key,
    const TokenWish& wish,
    SharedToken& shared) {
    const boost::asio::any_io_executor executor = context.get_executor();
    Result<std::optional<StoredToken>> found = co_await store.read(executor, key);
    if (!found) {
        shared.failure = found.error();
        co_return true;
    }
    if (*found && wish.is_news(**found)) {
        shared.token = std::move(**found);
        co_return true;
    }
    // It was looked at once more under the lease.
    if (shared.lease) co_return true;
    Result<TokenLease> lease = co_await store.try_lock(executor, key);
    if (!lease) {
        shared.failure = lease.error();
        co_return true;
    }
    shared.lease = std::move(*lease);
    shared.is_on_its_way = !shared.lease && wish.has_token();
    co_return shared.is_on_its_way;
}

/// Waits for whoever has the lease, unless there is a token to go on with meanwhile.
template <class = void>
boost::asio::awaitable<SharedToken> find_shared_token(
    AnyTokenStore store, AuthContext& context, TokenKey key, TokenWish wish, TimePoint deadline) {
    constexpr std::chrono::seconds patience{10};
    const TimePoint until =
        (std::min)(time_after(context.now(), Clock::duration{patience}), deadline);
    SharedToken shared;
    std::optional<Error> failure;
    try {
        while (!co_await look_for_token(store, context, key, wish, shared)) {
            if (shared.lease) continue;
            if (context.now() >= until) {
                failure.emplace(Errc::timeout, Reason::none, "somebody keeps the token locked");
                break;
            }
            co_await store.wait(context.get_executor(), key, until);
        }
    } catch (...) {
        failure = thrown_by_store();
    }
    if (failure) shared.failure = std::move(failure);
    if (shared.failure) shared.lease.reset();
    co_return shared;
}

/// A write, which goes on where nobody waits for it any more.
struct TokenWrite {
    bool is_over = false;
    std::optional<Error> failure;
    Signal told;
};

template <class = void>
boost::asio::awaitable<void> write_token(
    AnyTokenStore store,
    boost::asio::any_io_executor executor,
    TokenKey key,
    StoredToken token,
    TokenLease lease,
    std::shared_ptr<TokenWrite> write) {
    try {
        const Result<void> written = co_await store.write(executor, key, token, lease);
        if (!written) write->failure = written.error();
    } catch (...) {
        write->failure = thrown_by_store();
    }
    write->is_over = true;
    write->told.notify_all();
}

/// Writes the token, and waits for that a little. Why it could not, if so.
template <class = void>
boost::asio::awaitable<std::optional<Error>> put_token(
    AnyTokenStore store, AuthContext& context, TokenKey key, StoredToken token, TokenLease lease) {
    constexpr std::chrono::seconds patience{2};
    const boost::asio::any_io_executor executor = context.get_executor();
    const TimePoint until = time_after(context.now(), Clock::duration{patience});
    const auto write = std::make_shared<TokenWrite>();
    boost::asio::co_spawn(
        executor,
        write_token(store, executor, std::move(key), std::move(token), std::move(lease), write),
        boost::asio::detached);
    while (!write->is_over) {
        const bool cancelled = co_await write->told.wait(executor, until);
        if (write->is_over) break;
        if (cancelled) co_return Error{Errc::cancelled};
        if (context.now() < until) continue;
        co_return Error{Errc::timeout, Reason::none, "the token store takes too long to write"};
    }
    co_return write->failure;
}

}  // namespace clarify::detail

#endif  // CLARIFY_AUTH_DETAIL_TOKEN_SHARING_HPP
