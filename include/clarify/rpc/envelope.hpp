// SPDX-License-Identifier: BSL-1.0
// The JSON-RPC 2.0 envelope: written around what a codec encodes, checked before a codec decodes.

#ifndef CLARIFY_RPC_ENVELOPE_HPP
#define CLARIFY_RPC_ENVELOPE_HPP

#include <clarify/concepts/json_codec.hpp>
#include <clarify/core/detail/decode_time.hpp>
#include <clarify/core/result.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace clarify {

/// Stands for a call without `params`: the member is left out, as section 4.2 of the specification
/// allows.
struct NoParams {};
/// The one that is meant where nothing is given.
inline constexpr NoParams no_params{};

}  // namespace clarify

// What follows is what the client is made of: text in, text out, no I/O and no state. All functions
// may be called by several threads at once. "Section" means one of the JSON-RPC 2.0 specification.
namespace clarify::rpc {

/** Appends a request object (section 4) to `out`:
    `{"jsonrpc":"2.0","method":…,"id":…,"params":…}`.

    `params` encodes to an object or an array; `no_params` leaves the member out. A type with
    `append_json_text` writes itself, whatever the codec. What was written is looked through once
    more, unless its writer vouches for it by `writes_valid_json`.

    @par Errors
    `Errc::bad_argument`: `Reason::method` for an empty method, one that starts with the reserved
    `rpc.` or is not UTF-8; `Reason::params` where `params` encodes to something else;
    `Reason::syntax` where what was written for it is not valid JSON; or the codec's own. `out` is then
    unspecified.
*/
template <class Params, class Codec>
Result<void> write_request(
    std::string& out,
    std::string_view method,
    std::int64_t id,
    const Params& params,
    const Codec& codec);

/// The same without an id: a notification (section 4.1), which a server does not answer.
template <class Params, class Codec>
Result<void> write_notification(
    std::string& out, std::string_view method, const Params& params, const Codec& codec);

/** Checks a response object (section 5) against the id of its request.

    @param max_depth how deeply the body may be nested: 1 to 1024, more counts as 1024.
    @param time until when it may be read, else `DecodeTimeUp` is thrown; null is for ever.

    @return the JSON text of `result`, a view into `body`.

    @par Errors
    - `Errc::rpc` with `Error::rpc()` where the server answered with an error object. One with a null
    id counts if its code is -32700 or -32600. A message or data that is missing is left empty.
    - `Errc::json`: not one valid JSON document (RFC 8259), or deeper than `max_depth`; the message
    says at which byte.
    - `Errc::envelope`: `empty`; `version` unless `jsonrpc` is "2.0"; `id_missing`; `id_mismatch`,
    also for another type (7.0 and 7e0 are the number 7); `members` unless exactly one of `result`
    and `error` is there (a null `error` beside a result counts as absent, as does a result that is
    null or `{}` beside an error); `bad_error` for an error that is not an object, has no code, a code
    that is not an integer of 64 bits, or a message that is not a string; `batch` for an array.
    Members are counted, so a second one of the same name is a fault, too.
*/
Result<std::string_view> read_response(
    std::string_view body,
    std::int64_t id,
    std::size_t max_depth,
    clarify::detail::DecodeTime* time = nullptr);

/// What the body of a reply that is not read as a response object says nevertheless: one with an HTTP
/// status that is no success, or to a notification.
struct Remark {
    /// The error object, whatever else is wrong with the body.
    std::optional<RpcError> error;
    /// What is wrong with an error that is no error object: `bad_error`, as for `read_response`.
    std::optional<Error> fault;
    /// Is there an id that is neither null nor one of the request's? Then nothing in the body is
    /// meant for it.
    bool foreign = false;
};

/// Reads such a body; `is_ours(id)` tells the ids of the request. What is not a JSON object says
/// nothing.
template <class IsOurs>
Remark read_remark(
    std::string_view body,
    std::size_t max_depth,
    IsOurs is_ours,
    clarify::detail::DecodeTime* time = nullptr);

}  // namespace clarify::rpc

#include <clarify/rpc/impl/envelope.hpp>

#endif  // CLARIFY_RPC_ENVELOPE_HPP
