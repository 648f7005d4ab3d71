// SPDX-License-Identifier: BSL-1.0
// The HTTP status by which a server passes a failure of its own call on.

#ifndef CLARIFY_CORE_HTTP_STATUS_HPP
#define CLARIFY_CORE_HTTP_STATUS_HPP

#include <clarify/core/detail/config.hpp>
#include <clarify/core/error.hpp>

namespace clarify {

/** What a server answers whose own request needed a call that failed so.

    | failure | status |
    | --- | --- |
    | `bad_argument` | 400; 413 for `Reason::request` |
    | JSON-RPC errors of Clarify: parameters, invalid resources; no access; try again; any other | 422; 403; 503; 502 |
    | `overloaded`, `closed`, `cancelled` | 503 |
    | `status`: 429 or 503; any other | 503; 502 |
    | `timeout` | 504 |
    | `bad_config`, `internal` | 500 |
    | all others: the network, TLS, credentials, a reply that makes no sense | 502 |

    Less than 500 is about what the caller sent. A 401 of the service is none of these: it is the
    server's credentials that are refused, not those of its caller. Where it is 503, `HttpFailure` may
    have the wait that the service asks for, and `Error::turn` when a call would have had its turn.

    @par Thread safety
    Safe.
*/
unsigned http_status_for(const Error& error) noexcept;

}  // namespace clarify

#if !defined(CLARIFY_SEPARATE_COMPILATION)
#include <clarify/core/impl/http_status.hpp>
#endif

#endif  // CLARIFY_CORE_HTTP_STATUS_HPP
