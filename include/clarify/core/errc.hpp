// SPDX-License-Identifier: BSL-1.0
// What can go wrong with a call, as four small enumerations.

#ifndef CLARIFY_CORE_ERRC_HPP
#define CLARIFY_CORE_ERRC_HPP

#include <clarify/core/detail/config.hpp>

#include <boost/system/error_category.hpp>
#include <boost/system/error_code.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

namespace clarify {

/** The kind of a failure: one cause and one remedy each, made for `switch`.

    The text of a kind (`to_string`) is its enumerator's name; it is stable and meant for logs and
    machine-readable output.
*/
enum class Errc : std::uint8_t {
    /// The caller's arguments cannot be sent. Fix the call; nothing left the process.
    bad_argument = 1,
    /// Credentials or options are unusable. Fix the configuration.
    bad_config,
    /// The host name could not be resolved.
    resolve,
    /// No address of the host accepted a connection.
    connect,
    /// The TLS handshake failed or the peer could not be proven to be the configured origin.
    tls,
    /// The proxy refused, or answered with something that is not a tunnel.
    proxy,
    /// An established connection broke.
    io,
    /// The deadline, or a shorter limit of one phase, was reached. See `Error::phase()`.
    timeout,
    /// The caller cancelled the call.
    cancelled,
    /// The client was closed or destroyed.
    closed,
    /// Too many calls are waiting already. Slow down.
    overloaded,
    /// The reply is not well-formed HTTP/1.1; where it ends is in doubt.
    framing,
    /// The reply, or the request, is larger than the configured limit.
    too_large,
    /// A complete HTTP reply with a status that is not a success. See `Error::http()`.
    status,
    /// The server does not accept the credentials (HTTP 401).
    auth,
    /// No access token could be had from the token endpoint.
    token,
    /// The body is not valid JSON.
    json,
    /// The body is JSON but not the JSON-RPC 2.0 response to this request.
    envelope,
    /// The server answered with a JSON-RPC error. See `Error::rpc()`.
    rpc,
    /// The result does not fit the type the caller asked for.
    decode,
    /// A policy or a hook broke its contract, or memory ran out.
    internal,
};

/** What exactly happened within an `Errc`. `none` where the kind says it all. */
enum class Reason : std::uint8_t {
    none,
    // resolve
    not_found,
    temporary,
    // connect
    refused,
    unreachable,
    denied,
    resource,
    // tls
    cert_time,
    host_mismatch,
    untrusted,
    revoked,
    revocation_unknown,
    pin_mismatch,
    protocol,
    weak,
    handshake,
    alpn,
    // proxy
    auth,
    // io
    stale,
    truncated,
    reset,
    // framing and too_large
    head,
    length,
    transfer_encoding,
    chunk,
    interim,
    content_encoding,
    body,
    parse,
    request,
    // auth and token
    rejected,
    throttled,
    bad_response,
    bad_expiry,
    type,
    insecure,
    // json, envelope, decode
    syntax,
    depth,
    encoding,
    empty,
    content_type,
    version,
    id_missing,
    id_mismatch,
    members,
    bad_error,
    batch,
    missing,
    repeated,
    mismatch,
    out_of_range,
    exception,
    // bad_argument and bad_config
    file,
    url,
    fields,
    header,
    method,
    params,
    no_roots,
};

/** Where a call was when it failed. */
enum class Phase : std::uint8_t {
    /// Not started, or waiting for a free connection.
    queue,
    token,
    backoff,
    resolve,
    connect,
    proxy,
    tls,
    write,
    first_byte,
    head,
    body,
    decode,
};

/** May the server have executed a failed call? */
enum class Fate : std::uint8_t {
    /// Surely not: no byte of the request was handed to a connection, or the server refused it
    /// before execution. It is safe to try again.
    unsent,
    /// Perhaps: some byte was sent and no complete reply came. Only repeat what is idempotent.
    unknown,
    /// A complete HTTP reply was read. Its status says the rest.
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

#include <clarify/core/impl/errc.hpp>

#endif  // CLARIFY_CORE_ERRC_HPP
