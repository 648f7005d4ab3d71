// SPDX-License-Identifier: BSL-1.0
// The token by which senders are let in.

#ifndef CLARIFY_GATEWAY_SENDER_TOKEN_HPP
#define CLARIFY_GATEWAY_SENDER_TOKEN_HPP

#include <clarify/core/result.hpp>
#include <clarify/core/secret.hpp>

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gateway {

/** A bearer token (RFC 6750) from a file, which may be replaced while the gateway runs.

    @par Thread safety
    Distinct objects: safe. Shared objects: safe.
*/
class SenderToken {
public:
    /// @param file Empty: everybody is let in.
    explicit SenderToken(std::string file) : file_(std::move(file)) {}

    /// Does one have to be shown?
    bool is_asked_for() const { return !file_.empty(); }

    /** Reads the file: the token, with blanks and line ends around it or not. Says what has changed since,
        in lines for people: nothing where nothing has.

        Where it cannot be used, what it held before stays.
        @par Errors
        `Errc::bad_config` for a file that cannot be read, that others than its owner may read or write,
        that is empty, or whose text is no token.
    */
    clarify::Result<std::vector<std::string>> read();

    /// Is whoever sent this value of `Authorization` let in? How long it takes tells nothing of the token
    /// but its length. Nobody is before `read` has succeeded, where a token is asked for.
    bool admits(std::string_view authorization) const;

private:
    std::shared_ptr<const clarify::Secret> token() const;

    const std::string file_;
    mutable std::mutex mutex_;
    std::shared_ptr<const clarify::Secret> token_;
};

}  // namespace gateway

#endif  // CLARIFY_GATEWAY_SENDER_TOKEN_HPP
