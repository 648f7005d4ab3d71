// SPDX-License-Identifier: BSL-1.0
// The contract of where processes share a token.

#ifndef CLARIFY_AUTH_TOKEN_STORE_HPP
#define CLARIFY_AUTH_TOKEN_STORE_HPP

#include <clarify/core/clock.hpp>
#include <clarify/core/result.hpp>
#include <clarify/core/secret.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <concepts>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace clarify {

/** Whose token it is. A store gives a token to those alone who ask with the same key.

    The client secret is not part of it: who has a new one goes on with the token that the old one got.
*/
struct TokenKey {
    TokenKey() {}

    /// The token endpoint.
    std::string token_url;
    /// Who asks it.
    std::string client_id;
    /// What for: Clarify has the API URL there.
    std::string audience;
    /// What the token is to allow.
    std::string scope;

    friend bool operator==(const TokenKey&, const TokenKey&) = default;
};

/// A token as processes share it.
struct StoredToken {
    StoredToken() {}

    /// The access token, without a scheme before it.
    Secret token;
    /// The wall clock of who got it, from before it was asked for.
    std::chrono::system_clock::time_point issued{};
    /// How long it lives from then on.
    std::chrono::seconds lifetime{0};

    /** May it be used at `now`, with so much of its life left?

        Not before it was issued either, since then the wall clock has been set back, and nothing is
        known of its age. A few seconds are forgiven.
    */
    bool is_good(
        std::chrono::system_clock::time_point now, std::chrono::seconds left) const noexcept {
        constexpr std::chrono::seconds jump{5};
        return now >= issued - jump && now - issued < lifetime - left;
    }
};

/// The right to get a token and write it. Whoever destroys the last copy lets go of it; null is none.
using TokenLease = std::shared_ptr<void>;

/** Where several clients, of one process or of many, share a token.

    The client asks the store before it fetches a token. Where the store has none that is good it takes the
    lease, looks again, fetches, and writes; where somebody else has the lease it waits, or goes on with
    the token that it has.

    | expression | meaning |
    | --- | --- |
    | `Store(std::move(store))` | the same store, in another place |
    | `store.read(executor, key)` | `awaitable<Result<std::optional<StoredToken>>>`: what was written last for `key`, whether it is good or not; nothing where there is none that can be trusted |
    | `store.try_lock(executor, key)` | `awaitable<Result<TokenLease>>`: the lease where nobody has it, else null. Never waits for whoever has it |
    | `store.write(executor, key, token, lease)` | `awaitable<Result<void>>`: replaces the token as a whole, or leaves what was there. `lease` is the one of `try_lock` for this key, and is kept until that is done. The call that fetched it waits for that, 2 s at most |
    | `store.wait(executor, key, until)` | `awaitable<void>`: until another look is worth it, and not beyond `until` |

    @par Who calls it
    A client, on its serial executor, which is `executor`; nothing may block there. A store is shared by
    several clients, so it is called while another call of it is under way, and, where the clients are on
    other executors, in another thread.
    @par Leases
    One that its holder cannot give back, since its process was killed, is free again within a second, or
    ends by itself. Who has lost it that way cannot write over what its successor has written.
    @par Failures
    Any `Error`. The client then goes on as one without a store, and tells it by an event
    (`token_store_failed`), once. No call fails for it.
    @par Secrecy
    A token is as good as a password. It is kept where its owner alone can read it.
    @par Cancellation
    Terminal; what was begun may be done all the same.
*/
template <class S>
concept TokenStore = std::move_constructible<S> && requires(
    S& store,
    const boost::asio::any_io_executor& executor,
    const TokenKey& key,
    const StoredToken& token,
    const TokenLease& lease,
    TimePoint until) {
    {
        store.read(executor, key)
        } -> std::same_as<boost::asio::awaitable<Result<std::optional<StoredToken>>>>;
    { store.try_lock(executor, key) } -> std::same_as<boost::asio::awaitable<Result<TokenLease>>>;
    { store.write(executor, key, token, lease) } -> std::same_as<boost::asio::awaitable<Result<void>>>;
    { store.wait(executor, key, until) } -> std::same_as<boost::asio::awaitable<void>>;
};

/** Any `TokenStore`, or none.

    @par Object lifetimes
    Copies share one store.
    @par Thread safety
    Distinct objects: safe. Shared objects: as the store.
*/
class AnyTokenStore {
public:
    /// None: each client has a token of its own.
    AnyTokenStore() noexcept {}
    /// @throws std::bad_alloc, or what moving it throws.
    template <class Store>
    requires(!std::same_as<Store, AnyTokenStore> && TokenStore<Store>) AnyTokenStore(Store store)
        : store_(std::make_shared<Of<Store>>(std::move(store))) {}

    explicit operator bool() const noexcept { return store_ != nullptr; }

    boost::asio::awaitable<Result<std::optional<StoredToken>>> read(
        const boost::asio::any_io_executor& executor, const TokenKey& key) const {
        return store_->read(executor, key);
    }
    boost::asio::awaitable<Result<TokenLease>> try_lock(
        const boost::asio::any_io_executor& executor, const TokenKey& key) const {
        return store_->try_lock(executor, key);
    }
    boost::asio::awaitable<Result<void>> write(
        const boost::asio::any_io_executor& executor,
        const TokenKey& key,
        const StoredToken& token,
        const TokenLease& lease) const {
        return store_->write(executor, key, token, lease);
    }
    boost::asio::awaitable<void> wait(
        const boost::asio::any_io_executor& executor, const TokenKey& key, TimePoint until) const {
        return store_->wait(executor, key, until);
    }

private:
    struct Base {
        Base() = default;
        Base(const Base&) = delete;
        Base& operator=(const Base&) = delete;
        virtual ~Base() = default;
        virtual boost::asio::awaitable<Result<std::optional<StoredToken>>> read(
            const boost::asio::any_io_executor& executor, const TokenKey& key) = 0;
        virtual boost::asio::awaitable<Result<TokenLease>> try_lock(
            const boost::asio::any_io_executor& executor, const TokenKey& key) = 0;
        virtual boost::asio::awaitable<Result<void>> write(
            const boost::asio::any_io_executor& executor,
            const TokenKey& key,
            const StoredToken& token,
            const TokenLease& lease) = 0;
        virtual boost::asio::awaitable<void> wait(
            const boost::asio::any_io_executor& executor, const TokenKey& key, TimePoint until) = 0;
    };

    template <class Store>
    struct Of final : Base {
        explicit Of(Store given) : store(std::move(given)) {}
        boost::asio::awaitable<Result<std::optional<StoredToken>>> read(
            const boost::asio::any_io_executor& executor, const TokenKey& key) override {
            return store.read(executor, key);
        }
        boost::asio::awaitable<Result<TokenLease>> try_lock(
            const boost::asio::any_io_executor& executor, const TokenKey& key) override {
            return store.try_lock(executor, key);
        }
        boost::asio::awaitable<Result<void>> write(
            const boost::asio::any_io_executor& executor,
            const TokenKey& key,
            const StoredToken& token,
            const TokenLease& lease) override {
            return store.write(executor, key, token, lease);
        }
        boost::asio::awaitable<void> wait(
            const boost::asio::any_io_executor& executor,
            const TokenKey& key,
            TimePoint until) override {
            return store.wait(executor, key, until);
        }
        Store store;
    };

    std::shared_ptr<Base> store_;
};

}  // namespace clarify

#endif  // CLARIFY_AUTH_TOKEN_STORE_HPP
