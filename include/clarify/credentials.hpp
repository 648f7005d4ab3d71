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
    A `Credentials` object never changes; what clients send does. A client made of one that came from
    a file follows the file: it is looked at before it is used, at most once a second, in another
    thread, and read again when it has changed. The next token is fetched with the new secret, or the
    next call sent with the new password; a token at hand stays in use. Another client id, type or
    address is another identity: its first call finds neither token nor connection of the one before.
    A file that is missing, half written or wrong leaves what it held before in force, and the
    observer hears of that once (`EventKind::file_failed`), as of each change (`file_changed`). Another
    integration is refused in that way too: it takes another client.

    A client made of values is told of others by `RpcClient::replace_credentials`.

    @par Secrets
    The client secret, or the password, is kept in a `Secret`: it cannot be printed, and is wiped
    from memory with its last copy. So is the content of a file that is read. No error, and none of
    the accessors, shows it.
    @par Errors
    All problems are reported at once: `Errc::bad_config` whose message lists each path with what is
    wrong there, and never a value.

    | reason | what is wrong |
    | --- | --- |
    | `file` | cannot be read, is not a regular file, is empty, or is larger than the limit |
    | `syntax`, `encoding`, `depth`, `empty` | is not JSON |
    | `url` | the API URL, and nothing else |
    | `fields` | a member is missing, empty, there twice, of another type, or cannot be sent; or there are several problems |

    @par Thread safety
    Distinct objects: safe. Shared objects: safe for reading.
*/
class Credentials {
public:
    /// How the integration proves that it may call.
    enum class Type {
        /// `client-credentials`: by tokens, which it gets for its id and its secret (OAuth 2.0,
        /// RFC 6749 section 4.4).
        client_credentials,
        /// `basic-auth`: by name and password, sent with every call (RFC 7617).
        basic_auth,
    };
    /// What to do about a file that others than its owner may read, or write to.
    enum class SharedFile {
        /// Read it, and say so in `warnings()`.
        warn,
        /// Refuse it with `Errc::bad_config`, `Reason::file`.
        refuse,
    };

    /// Where Clarify is unless a file says otherwise.
    static constexpr std::string_view default_api_url = "https://api.clarify.io/v1/";

    /// The largest document that is read unless another limit is given, in bytes: 64 KiB.
    static constexpr std::size_t default_max_size = std::size_t{64} << 10U;

    /** Reads a file: a regular one, also through a link. Blocks while the disk is slow, and on
        nothing else: a pipe or a device is refused at once.

        A file that is replaced at the same time is read whole, the old one or the new one.

        @param shared what to do about a file that is open to others. Who may read it is looked at on
            POSIX systems only; elsewhere no file counts as such.
        @param max_size the largest file that is read, in bytes; any number.
        @par Errors
        As above, with the path in front of the message; `Error::cause()` is what the system says.
    */
    static Result<Credentials> from_file(
        const std::filesystem::path& path,
        SharedFile shared = SharedFile::warn,
        std::size_t max_size = default_max_size);
    /// Reads JSON text of at most `max_size` bytes, in UTF-8, with or without a byte order mark. The
    /// text is the caller's, who should wipe it (`Secret::wipe`).
    static Result<Credentials> from_string(
        std::string_view text, std::size_t max_size = default_max_size);
    /** Reads a JSON document of another library, at most `default_max_size` bytes of text.

        Of any library whose `serialize(value)`, found by argument-dependent look-up, or
        `value.dump()` gives its text: `boost::json::value` and `nlohmann::json` among others. The
        text is wiped; what the document holds is not.
    */
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
    /** Makes Basic credentials without a document: the integration's id is the user name.

        @par Errors
        `Errc::bad_config`, as above: `integration` and `password` must not be empty, nor hold what
        cannot be sent, which for the name is a colon too.
    */
    static Result<Credentials> basic(
        std::string integration, Secret password, std::string_view api_url = default_api_url);

    /// The file that these were read from, and that clients made of them follow; empty for values.
    const std::filesystem::path& file() const noexcept { return file_; }

    /// Where the API is. Ends in exactly one slash, however it was written. Plain http is accepted
    /// for loopback addresses only.
    const Url& api_url() const noexcept { return api_url_; }
    /// The id of the integration; never empty.
    const std::string& integration() const noexcept { return integration_; }
    /// How it proves that it may call.
    Type type() const noexcept { return type_; }
    /// The public half of the proof: the OAuth client id, or the user name. Never empty.
    const std::string& client_id() const noexcept { return client_id_; }
    /// What an administrator should hear of, a line each, such as a file that is open to everybody
    /// (`SharedFile::warn`). Empty where there is nothing, as for credentials that come from no file.
    /// The library itself prints nothing.
    const std::vector<std::string>& warnings() const noexcept { return warnings_; }

    /// The same credentials for another address, such as an emulator's; if they came from a file, that
    /// is followed in all but its address. Fails with `Errc::bad_config`, `Reason::url` for one that
    /// `from_string` would refuse.
    Result<Credentials> with_api_url(std::string_view api_url) const;

    /// The endpoint of calls: `<apiUrl>rpc`, what a client is made with.
    Url rpc_url() const { return api_url_.join("rpc"); }
    /** The authentication scheme that these credentials ask for.

        Tokens come from `<apiUrl>oauth/token`, with the API URL as their audience. Basic credentials
        fetch none, and make no use of `token`.

        @throws std::invalid_argument naming the member of `token` that is out of range, for
            credentials that fetch tokens.
    */
    CredentialsAuth auth(TokenOptions token = {}) const;

private:
    Credentials(
        Url api_url, std::string integration, Type type, std::string client_id, Secret secret)
        : api_url_(std::move(api_url)),
          integration_(std::move(integration)),
          type_(type),
          client_id_(std::move(client_id)),
          secret_(std::move(secret)) {}

    CredentialsAuth scheme(TokenOptions token) const;
    /// Reads the file once more.
    Result<Credentials> read_again() const;

    Url api_url_;
    std::string integration_;
    Type type_;
    std::string client_id_;
    Secret secret_;
    std::vector<std::string> warnings_;
    std::filesystem::path file_;
    SharedFile shared_ = SharedFile::warn;
    std::size_t max_size_ = default_max_size;
    /// Is the address another one than that of the file?
    bool moved_ = false;
};

}  // namespace clarify

#if !defined(CLARIFY_SEPARATE_COMPILATION)
#include <clarify/impl/credentials.hpp>
#endif

#endif  // CLARIFY_CREDENTIALS_HPP
