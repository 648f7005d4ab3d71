// SPDX-License-Identifier: BSL-1.0
// One token for all processes of a user, in a file.

#ifndef CLARIFY_AUTH_FILE_TOKEN_STORE_HPP
#define CLARIFY_AUTH_FILE_TOKEN_STORE_HPP

#include <clarify/auth/detail/token_files.hpp>
#include <clarify/auth/token_store.hpp>
#include <clarify/core/clock.hpp>
#include <clarify/core/detail/ask_elsewhere.hpp>
#include <clarify/core/detail/private_folder.hpp>
#include <clarify/core/result.hpp>
#include <clarify/core/timer.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/deferred.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>

namespace clarify {

/** Keeps tokens in a folder, for all processes of one user on one machine; models `TokenStore`.

    ```cpp
    clarify::TokenOptions options;
    options.store = clarify::FileTokenStore{};
    ```

    Each token is a file of mode 0600, replaced as a whole and synced, so that a reader finds a whole
    one or none, whoever is killed and whenever. It holds the token, whose it is, and when it was issued;
    never the client secret. A file beside it is locked by who fetches the next one; the lock ends with
    its holder.

    What is empty, cut, of another user, readable by others or a link counts as no token, and is replaced.
    So does a token from the future: a clock that is set back uses nothing that may have expired, and one that is
    set forward costs one fetch.

    @par Errors
    `Errc::bad_config`, `Reason::file`, with the file's name, where the folder cannot be used; a full disk
    leaves the old token in place.
    @par Thread safety
    Distinct objects: safe, also of one folder. Shared objects: safe.
*/
class FileTokenStore {
public:
    /// `$XDG_CACHE_HOME/clarify`, or else `$HOME/.cache/clarify`; empty where neither is an absolute path.
    static std::filesystem::path default_folder() { return detail::default_cache_folder(); }

    /// Makes the folder when it is needed, of mode 0700.
    /// @throws std::invalid_argument for an empty path.
    explicit FileTokenStore(std::filesystem::path folder = default_folder())
        : files_(std::make_shared<const detail::TokenFiles>(std::move(folder))) {
        if (files_->folder().empty())
            throw std::invalid_argument{"there is no folder for tokens: HOME is not set"};
    }

    const std::filesystem::path& folder() const noexcept { return files_->folder(); }

    // See `TokenStore`.
    template <class = void>
    boost::asio::awaitable<Result<std::optional<StoredToken>>> read(
        const boost::asio::any_io_executor& executor, const TokenKey& key) const {
        using Found = std::optional<StoredToken>;
        return detail::ask_elsewhere<Found>(
            executor, [files = files_, key] { return files->read(key); });
    }
    template <class = void>
    boost::asio::awaitable<Result<TokenLease>> try_lock(
        const boost::asio::any_io_executor& executor, const TokenKey& key) const {
        return detail::ask_elsewhere<TokenLease>(
            executor, [files = files_, key] { return files->try_lock(key); });
    }
    template <class = void>
    boost::asio::awaitable<Result<void>> write(
        const boost::asio::any_io_executor& executor,
        const TokenKey& key,
        const StoredToken& token,
        const TokenLease& lease) const {
        // Locked until it is written, also where nobody waits for that any more.
        return detail::ask_elsewhere<void>(
            executor, [files = files_, key, token, lease] { return files->write(key, token); });
    }
    template <class = void>
    boost::asio::awaitable<void> wait(
        const boost::asio::any_io_executor& executor, const TokenKey& key, TimePoint until) const {
        static_cast<void>(key);
        // Until somebody's fetch has ended, which takes some such steps.
        constexpr std::chrono::milliseconds step{40};
        Timer timer{executor};
        timer.expires_at((std::min)(until, timer.now() + step));
        co_await timer.async_wait(boost::asio::as_tuple(boost::asio::deferred));
    }

    /// Removes the tokens of all keys, and says how many there were. Blocks. Whoever has one goes on
    /// with it.
    Result<std::size_t> clear() const { return files_->remove_all(); }

private:
    std::shared_ptr<const detail::TokenFiles> files_;
};

static_assert(TokenStore<FileTokenStore>);

}  // namespace clarify

#endif  // CLARIFY_AUTH_FILE_TOKEN_STORE_HPP
