// SPDX-License-Identifier: BSL-1.0
// Failures as the sender sees them: an HTTP status and a JSON body.

#ifndef CLARIFY_GATEWAY_FAILURE_HPP
#define CLARIFY_GATEWAY_FAILURE_HPP

#include <clarify/core/error.hpp>

#include "reply.hpp"

#include <string>

namespace gateway {

/** The answer for a call to Clarify that failed.

    The status is that of `clarify::http_status_for`; with 503 goes when to come back.

    The body says in `error` what a program needs in order to decide on its own: `kind`, `reason`,
    `phase`, and above all `fate`: `unsent` samples are surely not stored, `unknown` ones may be.
    `message` is for people. What lies behind the gateway is in the log, not in there: no hosts, no
    addresses, no files, and what Clarify said only where it is about the samples.
*/
Reply failure_reply(const clarify::Error& error);

/// The answer for a request that never became a call: `kind` is one word for programs.
Reply refusal(unsigned status, const std::string& kind, const std::string& message);

/// The answer for a body that is not the JSON that the gateway takes.
Reply body_refusal(const clarify::Error& error);

}  // namespace gateway

#endif  // CLARIFY_GATEWAY_FAILURE_HPP
