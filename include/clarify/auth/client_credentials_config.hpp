// SPDX-License-Identifier: BSL-1.0
// Where tokens come from, and who asks for them.

#ifndef CLARIFY_AUTH_CLIENT_CREDENTIALS_CONFIG_HPP
#define CLARIFY_AUTH_CLIENT_CREDENTIALS_CONFIG_HPP

#include <clarify/auth/token_options.hpp>
#include <clarify/core/secret.hpp>
#include <clarify/core/url.hpp>

#include <cstdint>
#include <string>
#include <utility>

namespace clarify {

/** How a client tells a token endpoint who it is (RFC 6749 section 2.3.1).

    An endpoint accepts one or two of them. There is no guessing: a fetch that fails is not repeated
    in another way, since that would send the secret in ways that nobody asked for, and doubles the
    load of an endpoint that fails for a reason of its own.
*/
enum class ClientAuthentication : std::uint8_t {
    /// `client_id` and `client_secret` in the form, as Clarify documents it.
    form,
    /// The Basic scheme, both encoded as in a form first, as the RFC has it.
    basic,
    /// The Basic scheme, both as they are, for endpoints that do not decode them. The id must not
    /// have a colon.
    basic_raw,
};

/** What `ClientCredentials` needs to get a token.

    `Credentials::auth()` fills one in from a credentials file.

    @par Object lifetimes
    Everything is copied. Texts are sent as the bytes that they are, escaped as a form needs it.
*/
struct ClientCredentialsConfig {
    /// What there is no default for, and the audience, which Clarify asks for: the API URL. Nothing
    /// is checked here; the constructor of `ClientCredentials` does that.
    ClientCredentialsConfig(
        Url endpoint, std::string id, Secret secret, std::string token_audience = {})
        : token_url(std::move(endpoint)),
          client_id(std::move(id)),
          client_secret(std::move(secret)),
          audience(std::move(token_audience)) {}

    /// The token endpoint: https, or http on a loopback address. It is asked through the client's
    /// own HTTP backend, and so over the same pool, proxy and TLS terms as the API.
    Url token_url;
    /// Who asks; not empty. No secret: it may be shown in logs, though the library shows it nowhere.
    std::string client_id;
    /// What proves it; not empty, and of any bytes unless `authentication` is `basic_raw`, which
    /// carries UTF-8 without control characters. It is sent to the token endpoint and to nobody else, and masked in
    /// all that servers say.
    Secret client_secret;
    /// How both are sent; as a form unless chosen otherwise.
    ClientAuthentication authentication = ClientAuthentication::form;
    /// Which API the token is for, sent as `audience`. Empty, as it is unless given: not sent.
    std::string audience;
    /// What the token is to allow, sent as `scope`: words with blanks between them. Empty, as it is
    /// unless given: not sent, and the endpoint chooses. The scope that it says it granted is not
    /// looked at.
    std::string scope;
    /// How often, for how long and how patiently to ask, and how long a reply and a token may be.
    /// The defaults suit Clarify.
    TokenOptions token;
};

}  // namespace clarify

#endif  // CLARIFY_AUTH_CLIENT_CREDENTIALS_CONFIG_HPP
