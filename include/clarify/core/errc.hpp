// SPDX-License-Identifier: BSL-1.0
// What can go wrong with a call, where and with what consequence, as four small enumerations.

#ifndef CLARIFY_CORE_ERRC_HPP
#define CLARIFY_CORE_ERRC_HPP

#include <clarify/core/detail/config.hpp>

#include <boost/system/error_category.hpp>
#include <boost/system/error_code.hpp>

#include <cstdint>
#include <string_view>
#include <type_traits>

namespace clarify {

/** The kind of a failure, made for `switch`: one cause and one remedy each.

    The numbers are no promise. The names are, and are what `to_string` gives: they may be logged, and
    compared with in other programs.

    Whether the call may be sent again is not told by the kind, but by `Error::fate()`.
*/
enum class Errc : std::uint8_t {
    /// The caller's arguments cannot be sent: they have no JSON form, are out of range, or more than
    /// `ClientOptions::max_request_body`. Fix the call; nothing has left the process.
    bad_argument = 1,
    /// Credentials, certificates, a URL or an option are unusable. Fix the configuration; the message
    /// names what is wrong in it.
    bad_config,
    /// The host name could not be resolved. Check the name, or try later: see the reason.
    resolve,
    /// No address of the host accepted a connection. Check that the server runs, and that a firewall
    /// lets this machine through.
    connect,
    /// The TLS handshake failed, or the peer could not be proven to be the configured origin. Check
    /// the server's certificate and `TlsOptions`; do not turn verification off.
    tls,
    /// The proxy refused, or answered with something that is not a tunnel. Check `ProxyOptions`, and
    /// what the proxy allows.
    proxy,
    /// An established connection broke. Try again, as far as `Error::fate()` allows.
    io,
    /// The deadline, or a shorter limit of one phase, was reached. `Error::phase()` tells what took so
    /// long; give more time, or try again as far as `Error::fate()` allows.
    timeout,
    /// The caller cancelled the call, and knows why.
    cancelled,
    /// The client was closed or destroyed, or is being drained. Start no calls after that, or use
    /// another client.
    closed,
    /// Too many calls wait already: for a connection (`HttpOptions::max_waiting`), or with
    /// `Reason::rate_limit` for their turn. Slow down; nothing was sent.
    overloaded,
    /// The reply is not well-formed HTTP/1.1, so that where it ends is in doubt. Report it to whoever
    /// runs the server, or the proxy before it.
    framing,
    /// The reply, or the memory that decoding it takes, is larger than a configured limit. Ask for
    /// less, or raise the limit that the reason and the message name.
    too_large,
    /// A complete HTTP reply whose status is not a success. `Error::http()` has the status and what
    /// the server says.
    status,
    /// The server does not accept the credentials (HTTP 401). Check them, and whether they belong to
    /// this server.
    auth,
    /// No access token could be had from the token endpoint. The reason and `Error::http()` tell what
    /// it answered; check the client's identifier and secret.
    token,
    /// The body of the reply is not valid JSON. `Error::http()` shows a part of it: often a page of
    /// something that stands before the server. Or the result has a number that no JSON value holds
    /// (`Reason::number_range`): ask for a type that needs none of it.
    json,
    /// The body is JSON, but not the JSON-RPC 2.0 response to this request. Check that the URL is that
    /// of a JSON-RPC endpoint.
    envelope,
    /// The server answered with a JSON-RPC error. `Error::rpc()` has its code, message and data.
    rpc,
    /// The result does not fit the type the caller asked for. The message says where; change the type.
    decode,
    /// A policy or a hook broke its contract (`Reason::exception`), or memory ran out
    /// (`Reason::resource`). Fix the one, or use less of the other.
    internal,
};

/** What exactly happened within an `Errc`; `none` where the kind says it all.

    A reason is read together with its kind. They stand below under the kind that they are most used
    with, and some serve several: `Reason::auth` of `Errc::proxy` is a 407.
*/
enum class Reason : std::uint8_t {
    /// There is no more to tell.
    none,

    // resolve
    /// The name does not exist, or has no address. With `Errc::bad_argument`: no such time zone.
    not_found,
    /// The resolver could not tell: it may later.
    temporary,

    // connect
    /// The host takes no connections at this port. With `Errc::proxy`: the proxy opens no tunnel.
    refused,
    /// There is no way to the host or its network.
    unreachable,
    /// This system forbids the connection. With `Errc::token`: the issuer refuses the client.
    denied,
    /// This machine has no descriptor, port or buffer left. With `Errc::internal`: no memory.
    resource,

    // overloaded
    /// The call's turn under `ClientOptions::rate_limits` would not have come before its deadline:
    /// `Error::turn()` tells when.
    rate_limit,

    // tls
    /// The certificate is not valid yet, or not any more; or this machine's clock is wrong.
    cert_time,
    /// The certificate is that of another host.
    host_mismatch,
    /// The certificate does not lead to a trusted root.
    untrusted,
    /// The certificate has been revoked.
    revoked,
    /// Whether the certificate has been revoked cannot be told from the given list.
    revocation_unknown,
    /// No key of the certificate's chain is one of `TlsOptions::pins`.
    pin_mismatch,
    /// The peer has no version of TLS in common with what is allowed.
    protocol,
    /// A key, a signature or a cipher is too weak.
    weak,
    /// The handshake failed in another way, or the peer speaks no TLS.
    handshake,
    /// The server insists on another protocol than HTTP/1.1.
    alpn,

    // proxy
    /// The proxy does not accept the credentials (407).
    auth,

    // io
    /// A connection that had served before had ended: no byte of a reply came.
    stale,
    /// The connection ended inside the reply.
    truncated,
    /// The peer broke the connection off. With `Errc::tls` or `Errc::proxy`: while the session or the
    /// tunnel was being made, which may work another time.
    reset,

    // framing and too_large
    /// In the head of the reply.
    head,
    /// In its `Content-Length`.
    length,
    /// In its `Transfer-Encoding`.
    transfer_encoding,
    /// In a chunk, its extensions or the trailers.
    chunk,
    /// In an interim reply (1xx), or for the number of them.
    interim,
    /// The body has a `Content-Encoding` that was not asked for.
    content_encoding,
    /// The body is longer than allowed.
    body,
    /// Decoding the reply would take more memory than allowed, or it has keys that are chosen to
    /// collide in a hash table.
    parse,
    /// The request is longer than allowed (`Errc::bad_argument`).
    request,

    // auth and token
    /// The server answers 401, also to a token that was just fetched.
    rejected,
    /// The issuer is asked too often.
    throttled,
    /// The issuer's reply has no token that can be used.
    bad_response,
    /// The token's life is not a positive number of seconds, or was over before it arrived.
    bad_expiry,
    /// The token is not a bearer token.
    type,
    /// Credentials would go over plain http to another machine (`Errc::bad_config`).
    insecure,

    // json, envelope, decode, and the JSON of arguments
    /// The text does not have the form it should.
    syntax,
    /// Arrays and objects are nested too deeply.
    depth,
    /// Text is not valid UTF-8.
    encoding,
    /// There is nothing where there should be something.
    empty,
    /// The reply is not declared as JSON.
    content_type,
    /// The reply does not say `"jsonrpc":"2.0"`.
    version,
    /// The reply has no `id`.
    id_missing,
    /// The reply has another `id` than the request.
    id_mismatch,
    /// Members are missing, or do not go together.
    members,
    /// The `error` member is no error object of JSON-RPC: its code is not an integer, or its message
    /// not a text. What can be read of it is in the message.
    bad_error,
    /// A batch where there can be none, or an empty one.
    batch,
    /// The reply to a batch has no answer to this call.
    missing,
    /// Something is there more than once.
    repeated,
    /// A value is of another type.
    mismatch,
    /// A value is too large or too small for the type asked for.
    out_of_range,
    /// A number is beyond the largest double (`Errc::json`).
    number_range,
    /// A policy, a codec or a hook threw.
    exception,

    // bad_argument and bad_config
    /// A file cannot be used.
    file,
    /// A URL cannot be used.
    url,
    /// Members are missing or wrong; the message has the path of each.
    fields,
    /// A header's name or value cannot be sent.
    header,
    /// The name of the method cannot be sent.
    method,
    /// Parameters have no JSON form, or are neither an object nor an array.
    params,
    /// The system's store of trusted roots was not found.
    no_roots,
};

/** Where a call was when it failed. */
enum class Phase : std::uint8_t {
    /// Not started, or waiting: for its turn under a rate limit, or for a free connection.
    queue,
    /// Waiting for an access token, or refused one.
    token,
    /// Waiting before the next attempt.
    backoff,
    /// Looking up the host's name.
    resolve,
    /// Making the TCP connection.
    connect,
    /// Asking the proxy for a tunnel.
    proxy,
    /// In the TLS handshake.
    tls,
    /// Writing the request.
    write,
    /// The request is written; waiting for the reply to begin.
    first_byte,
    /// Reading the head of the reply.
    head,
    /// Reading the body of the reply.
    body,
    /// The reply is complete, and is what failed: a status that is no success, or an error of JSON-RPC.
    reply,
    /// The reply is complete; making sense of what it says.
    decode,
};

/** May the server have executed a failed call?

    It speaks for all attempts of the call together. What is repeated automatically follows from it,
    and so should what a program repeats itself.
*/
enum class Fate : std::uint8_t {
    /// Surely not: of the last attempt no byte was handed to a connection, and no earlier one was
    /// executed. It is safe to send the call again.
    unsent,
    /// Perhaps: a byte was handed to a connection, of the last attempt or an earlier one, and no
    /// complete reply answers it. Send again only what may be executed twice.
    unknown,
    /// A complete HTTP reply was read, and what it says decides: after a 401 or a 429 the server
    /// refused before it executed anything, after a 500 it may have executed the call.
    answered,
};

/// The enumerator's name.
std::string_view to_string(Errc value) noexcept;
/// The enumerator's name, or an empty text for `Reason::none`.
std::string_view to_string(Reason value) noexcept;
/// The enumerator's name.
std::string_view to_string(Phase value) noexcept;
/// The enumerator's name.
std::string_view to_string(Fate value) noexcept;

/// The category of `Errc` seen as an `error_code`; its name is `clarify`.
const boost::system::error_category& error_category() noexcept;

/// Makes `ec == clarify::Errc::timeout` work for an `error_code` taken from `Exception::code()`.
boost::system::error_code make_error_code(Errc value) noexcept;

}  // namespace clarify

template <>
struct boost::system::is_error_code_enum<clarify::Errc> : std::true_type {};

#if !defined(CLARIFY_SEPARATE_COMPILATION)
#include <clarify/core/impl/errc.hpp>
#endif

#endif  // CLARIFY_CORE_ERRC_HPP
