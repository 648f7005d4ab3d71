// SPDX-License-Identifier: BSL-1.0
// One pace for all processes of a user, by files.

#ifndef CLARIFY_PACE_FILE_PACE_STORE_HPP
#define CLARIFY_PACE_FILE_PACE_STORE_HPP

#include <clarify/core/detail/ask_elsewhere.hpp>
#include <clarify/core/detail/private_folder.hpp>
#include <clarify/core/result.hpp>
#include <clarify/pace/detail/pace_files.hpp>
#include <clarify/pace/pace_store.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <filesystem>
#include <memory>
#include <stdexcept>
#include <utility>

namespace clarify {

/** Keeps rate limits in a folder, for all processes of one user on one machine; models `PaceStore`.

    ```cpp
    clarify::ClientOptions options;
    options.pace.store = clarify::FilePaceStore{};
    ```

    Each limit is a file of mode 0600, locked while a slot is taken from it, by the machine's monotonic clock. Who
    is killed with a slot costs the others that one, and who is killed while it writes may cost the limit one call
    too many.

    @par Errors
    `Errc::bad_config`, `Reason::file`, with the file's name, where the folder cannot be used, or somebody
    has kept the lock for a second.
    @par Thread safety
    Distinct objects: safe, also of one folder. Shared objects: safe.
*/
class FilePaceStore {
public:
    /// `$XDG_CACHE_HOME/clarify`, or else `$HOME/.cache/clarify`; empty where neither is an absolute path.
    static std::filesystem::path default_folder() { return detail::default_cache_folder(); }

    /// Makes the folder when it is needed, of mode 0700.
    /// @throws std::invalid_argument for an empty path.
    explicit FilePaceStore(std::filesystem::path folder = default_folder())
        : files_(std::make_shared<const detail::PaceFiles>(std::move(folder))) {
        if (files_->folder().empty())
            throw std::invalid_argument{"there is no folder for the pace: HOME is not set"};
    }

    const std::filesystem::path& folder() const noexcept { return files_->folder(); }

    // See `PaceStore`.
    template <class = void>
    boost::asio::awaitable<Result<PaceSlot>> reserve(
        const boost::asio::any_io_executor& executor,
        const PaceKey& key,
        const PaceTerms& terms) const {
        return detail::ask_elsewhere<PaceSlot>(
            executor, [files = files_, key, terms] { return files->reserve(key, terms); });
    }

private:
    std::shared_ptr<const detail::PaceFiles> files_;
};

static_assert(PaceStore<FilePaceStore>);

}  // namespace clarify

#endif  // CLARIFY_PACE_FILE_PACE_STORE_HPP
