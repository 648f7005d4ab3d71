// SPDX-License-Identifier: BSL-1.0
// The JSON-RPC 2.0 envelope: written around what a codec encodes, checked before a codec decodes.

#ifndef CLARIFY_RPC_ENVELOPE_HPP
#define CLARIFY_RPC_ENVELOPE_HPP

#include <clarify/concepts/json_codec.hpp>
#include <clarify/core/result.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace clarify {

/// Stands for a call without `params`.
struct NoParams {};
inline constexpr NoParams no_params{};

}  // namespace clarify

namespace clarify::rpc {

/** Appends a request object (JSON-RPC 2.0 section 4) to `out`.

    `params` encodes to an object or an array; `no_params`
    leaves the member out.

    @par Errors
    `Errc::bad_argument`: `Reason::method` for an empty method, one that starts with the reserved
    `rpc.` or is not UTF-8; `Reason::params` where `params` encodes to something else; or the codec's
    own.
*/
template <class Params, class Codec>
Result<void> write_request(
    std::string& out,
    std::string_view method,
    std::int64_t id,
    const Params& params,
    const Codec& codec);

/// The same without an id: a notification (section 4.1).
template <class Params, class Codec>
Result<void> write_notification(
    std::string& out, std::string_view method, const Params& params, const Codec& codec);

/** Checks a response object (section 5) against the id of its request.

    @return the JSON text of `result`, a view into `body`.

    @par Errors
    - `Errc::rpc` with `Error::rpc()` where the server answered with an error object, also a
    malformed one; an error with a null id counts if its code is -32700 or -32600.
    - `Errc::json`: not one valid JSON document (RFC 8259), or deeper than `max_depth`.
    - `Errc::envelope`: `empty`; `version` unless `jsonrpc` is "2.0"; `id_missing`; `id_mismatch`,
    also for another type (7.0 and 7e0 are the number 7); `members` unless exactly one of `result`
    and `error` is there (a null `error` beside a result counts as absent, as does a result that is
    null or `{}` beside an error); `batch` for an array.
*/
Result<std::string_view> read_response(
    std::string_view body, std::int64_t id, std::size_t max_depth);

/// What the body of a reply that is not read as a response object says nevertheless.
struct Remark {
    /// The error object, whatever else is wrong with the body.
    std::optional<RpcError> error;
    /// Is there an id that is neither null nor one of the request's? Then nothing in the body is
    /// meant for it.
    bool foreign = false;
};

/// Reads such a body; `is_ours(id)` tells the ids of the request.
template <class IsOurs>
Remark read_remark(std::string_view body, std::size_t max_depth, IsOurs is_ours);

}  // namespace clarify::rpc

#include <clarify/rpc/impl/envelope.hpp>

#endif  // CLARIFY_RPC_ENVELOPE_HPP
