// SPDX-License-Identifier: BSL-1.0
// Failures as the sender sees them: an HTTP status and a JSON body.

#ifndef CLARIFY_GATEWAY_FAILURE_HPP
#define CLARIFY_GATEWAY_FAILURE_HPP

#include <clarify/core/error.hpp>
#include <clarify/ingest/writer_stats.hpp>

#include "reply.hpp"

#include <string>
#include <vector>

namespace gateway {

/** The answer for samples that Clarify rejected, 422: each of them, up to a hundred, in
    `error.problems` with its path and Clarify's words. The others are stored.
*/
Reply rejected_reply(const std::vector<clarify::RejectedSample>& rejected);

/// The answer for a request that is not served: `kind` is one word for programs.
Reply refusal(unsigned status, const std::string& kind, const std::string& message);

/// The answer for a body that is not the JSON that the gateway takes.
Reply body_refusal(const clarify::Error& error);

}  // namespace gateway

#endif  // CLARIFY_GATEWAY_FAILURE_HPP
