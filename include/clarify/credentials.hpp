// SPDX-License-Identifier: BSL-1.0
// The credentials file of a Clarify integration.

#ifndef CLARIFY_CREDENTIALS_HPP
#define CLARIFY_CREDENTIALS_HPP

#include <clarify/auth/credentials_auth.hpp>
#include <clarify/core/detail/config.hpp>
#include <clarify/core/result.hpp>
#include <clarify/core/secret.hpp>
#include <clarify/core/url.hpp>

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clarify {

/** Where the API is, which integration calls it, and how it proves that it may.

    Reads the JSON file that Clarify's admin panel hands out, conventionally named
    `clarify-credentials.json`:

    @code{.json}
    {"apiUrl": "https://api.clarify.io/v1/", "integration": "c618rbfqfsj7mjkj0ss1",
     "credentials": {"type": "client-credentials", "clientId": "...", "clientSecret": "..."}}
    @endcode

    The type is `client-credentials` (OAuth 2.0) or `basic-auth`. Members that are not known are
    ignored.

    @par Change of a secret
    Credentials never change. To change a secret, or to follow a file that is replaced, read new
    ones and make a new client of them: connections, TLS sessions and tokens belong to one client,
    so that it uses the new secret from its first call, and the old token goes with the old client.

    @par Errors
    All problems are reported at once: `Errc::bad_config` whose message lists each path with what is
    wrong there, and never a value. Reasons: `file` (cannot be read, not a regular file, empty,
    larger than 64 KiB or what limit is given), `syntax`, `encoding`, `depth` or `empty` where it is no JSON, `url` where
    the API URL is all that is wrong, and `fields`.
    @par Thread safety
    Distinct objects: safe. Shared objects: safe for reading.
*/
class Credentials {
public:
    enum class Type { client_credentials, basic_auth };
    /// What to do about a file that others than its owner may read, or write to.
    enum class SharedFile {
        /// Read it, and say so in `warnings()`.
        warn,
        /// Refuse it with `Errc::bad_config`, `Reason::file`.
        refuse,
    };

    /// Where Clarify is unless a file says otherwise.
    static constexpr std::string_view default_api_url = "https://api.clarify.io/v1/";

    /// The most bytes of a document that are read unless another limit is given.
    static constexpr std::size_t default_max_size = std::size_t{64} << 10U;

    /** Reads a file: regular, at most `max_size` bytes. Does not block on anything else.

        A file that is replaced at the same time is read whole, the old one or the new one. Who may
        read it is looked at on POSIX systems only.
    */
    static Result<Credentials> from_file(
        const std::filesystem::path& path,
        SharedFile shared = SharedFile::warn,
        std::size_t max_size = default_max_size);
    /// Reads JSON text of at most `max_size` bytes.
    static Result<Credentials> from_string(
        std::string_view json, std::size_t max_size = default_max_size);
    /// Reads a JSON document of any library whose `serialize(value)`, found by argument-dependent
    /// look-up, or `value.dump()` gives its text: `boost::json::value` and `nlohmann::json` among
    /// others.
    template <class Json>
    static Result<Credentials> from_json(const Json& value) {
        std::string text;
        if constexpr (requires { std::string{serialize(value)}; }) {
            text = serialize(value);
        } else {
            text = value.dump();
        }
        Result<Credentials> credentials = from_string(text);
        Secret::wipe(text);
        return credentials;
    }
    /// Basic credentials: the integration id is the user name.
    static Result<Credentials> basic(
        std::string integration, Secret password, std::string_view api_url = default_api_url);

    /// Ends in exactly one slash. Plain http is accepted for loopback addresses only.
    const Url& api_url() const noexcept { return api_url_; }
    const std::string& integration() const noexcept { return integration_; }
    Type type() const noexcept { return type_; }
    const std::string& client_id() const noexcept { return client_id_; }
    /// What an administrator should hear of, a line each, such as a file that is open to everybody.
    /// The library itself prints nothing.
    const std::vector<std::string>& warnings() const noexcept { return warnings_; }

    /// The same credentials for another address. Fails like `from_string`.
    Result<Credentials> with_api_url(std::string_view api_url) const;

    /// The endpoint of calls: `<apiUrl>rpc`.
    Url rpc_url() const { return api_url_.join("rpc"); }
    /// The authentication scheme that these credentials ask for. Tokens come from
    /// `<apiUrl>oauth/token`, with the API URL as their audience.
    /// @throws std::invalid_argument naming the member of `token` that is out of range.
    CredentialsAuth auth(TokenOptions token = {}) const;

private:
    Credentials(
        Url api_url, std::string integration, Type type, std::string client_id, Secret secret)
        : api_url_(std::move(api_url)),
          integration_(std::move(integration)),
          type_(type),
          client_id_(std::move(client_id)),
          secret_(std::move(secret)) {}

    Url api_url_;
    std::string integration_;
    Type type_;
    std::string client_id_;
    Secret secret_;
    std::vector<std::string> warnings_;
};

}  // namespace clarify

#if !defined(CLARIFY_SEPARATE_COMPILATION)
#include <clarify/impl/credentials.hpp>
#endif

#endif  // CLARIFY_CREDENTIALS_HPP
