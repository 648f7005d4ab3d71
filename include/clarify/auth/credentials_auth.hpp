// SPDX-License-Identifier: BSL-1.0
// The authentication scheme chosen at run time.

#ifndef CLARIFY_AUTH_CREDENTIALS_AUTH_HPP
#define CLARIFY_AUTH_CREDENTIALS_AUTH_HPP

#include <clarify/auth/basic_auth.hpp>
#include <clarify/auth/bearer_token.hpp>
#include <clarify/auth/client_credentials.hpp>
#include <clarify/auth/no_auth.hpp>
#include <clarify/core/detail/config.hpp>
#include <clarify/core/result.hpp>
#include <clarify/core/url.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace clarify {

namespace detail {
template <class Product>
class Follower;
}  // namespace detail

/** One of the library's own schemes, chosen at run time; models `AuthPolicy`.

    `Credentials::auth()` makes it from a credentials file, whose `type` chooses the scheme: that is
    how a program uses one type of client whatever the file says. Made by hand it lets a program
    choose as well:

    ```cpp
    CredentialsAuth auth{token.empty() ? CredentialsAuth::Scheme{NoAuth{}}
                                       : CredentialsAuth::Scheme{BearerToken{token}}};
    ```

    Every function does what that of the scheme inside does, in its place. A policy that is not among
    them needs a client of its own type, or `AnyAuthPolicy`.

    @par Errors
    Those of the scheme inside. Only `ClientCredentials` can fail before a call is sent; the others
    fail when the server answers 401, and then for good.
    @par Change
    What is sent can be replaced while the client lives, by `replace` or by a file that is followed.
    With the same identity, that is type, client id and address of the API, a token stays in use, and
    the next one is fetched with the new secret. Another identity takes nothing over: the token goes,
    connections at rest are closed and the others once they come free, and from then on calls go to
    the new address. No header ever goes to an address that it was not got for.
    @par Per-operation cancellation
    That of the scheme inside: `ClientCredentials` waits, and supports terminal cancellation. So does
    the wait for a look at a file.
    @par Object lifetimes
    Movable, and copyable; copies share what the scheme shares, and the following of a file. Of
    `ClientCredentials` that is the token and its fetch. Both belong to one client: give each client
    an object of its own.
    @par Thread safety
    Distinct objects: safe. Shared objects: unsafe; a client uses its own on its serial executor.
*/
class CredentialsAuth {
public:
    /// What there is to choose from. The alternatives are found by type, not by place: more may come.
    using Scheme = std::variant<NoAuth, BasicAuth, BearerToken, ClientCredentials>;

    /// Takes the scheme over. A client that is made of this one sends what that scheme sends.
    explicit CredentialsAuth(Scheme scheme) : scheme_(std::move(scheme)) {}
    /// The same, as the proof of `client_id` to the API whose calls go to `endpoint`: two of the same
    /// scheme with both alike are of one identity, and one without them is nobody else's.
    CredentialsAuth(Scheme scheme, Url endpoint, std::string client_id)
        : scheme_(std::move(scheme)),
          endpoint_(std::make_shared<const Url>(std::move(endpoint))),
          client_id_(std::move(client_id)) {}

    /** Follows a file of at most `max_size` bytes, of which this was made.

        It is looked at before it is used, at most once a second and in another thread, and read
        again when it has changed; `make` then gives what is to be sent instead. Where it fails, what
        is sent stays what it is, and the observer gets one `file_failed`; a change that succeeds is a
        `file_changed`.

        @param make called in another thread, with nothing but what it owns.
    */
    void follow(
        const std::filesystem::path& path,
        std::size_t max_size,
        std::function<Result<CredentialsAuth>()> make);

    /// The header to send now, known without waiting: null for `NoAuth`, and empty where
    /// `ClientCredentials` has no token that is good, or a file is to be looked at first.
    template <class = void>
    std::optional<AuthHeader> cached(AuthContext& context);
    /// The header, fetched if need be: `ClientCredentials` may wait for that, at most until
    /// `deadline`, or fail; for a file that is looked at anyone waits, a second at most.
    template <class = void>
    boost::asio::awaitable<Result<AuthHeader>> authorize(AuthContext& context, TimePoint deadline);
    /// Drops the header and tells whether there may be another: only `ClientCredentials` ever has
    /// one, and whoever was replaced meanwhile.
    template <class = void>
    bool rejected(AuthContext& context, const AuthHeader& header);
    /// Sends from now on what `other` sends, and follows what that follows, if anything: see above.
    void replace(AuthContext& context, CredentialsAuth other);
    /// The client finds this by its name, see `AuthPolicy`.
    ///
    /// Where calls go; null where the client was made for, as long as nobody has replaced that.
    const std::shared_ptr<const Url>& endpoint_in_force() const noexcept { return moved_to_; }
    /// The client finds this by its name, see `AuthPolicy`.
    ///
    /// What the scheme keeps for itself and sends to no API, the client secret of
    /// `ClientCredentials`; empty for the others. It is masked in all that servers say.
    std::string_view kept_secret() const noexcept {
        return std::visit(
            [](const auto& scheme) { return detail::kept_secret_of(scheme); }, scheme_);
    }

private:
    using Following = detail::Follower<CredentialsAuth>;

    bool has_identity_of(const CredentialsAuth& other) const noexcept;
    void adopt(AuthContext& context, CredentialsAuth other);
    template <class = void>
    boost::asio::awaitable<bool> look(AuthContext& context, TimePoint deadline);

    Scheme scheme_;
    /// Null for one that was made without.
    std::shared_ptr<const Url> endpoint_;
    std::string client_id_;
    std::shared_ptr<const Url> moved_to_;
    std::shared_ptr<Following> following_;
    /// How often another identity has taken over.
    std::uint64_t identity_ = 0;
};

}  // namespace clarify

#if !defined(CLARIFY_SEPARATE_COMPILATION)
#include <clarify/auth/impl/credentials_auth.hpp>
#endif

namespace clarify {
static_assert(AuthPolicy<CredentialsAuth>);
}  // namespace clarify

#endif  // CLARIFY_AUTH_CREDENTIALS_AUTH_HPP
