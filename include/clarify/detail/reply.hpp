// SPDX-License-Identifier: BSL-1.0
// What a complete HTTP reply means for the call it answers: a verdict, without any I/O.

#ifndef CLARIFY_DETAIL_REPLY_HPP
#define CLARIFY_DETAIL_REPLY_HPP

#include <clarify/core/clock.hpp>
#include <clarify/core/detail/config.hpp>
#include <clarify/core/detail/decode_time.hpp>
#include <clarify/core/error.hpp>
#include <clarify/core/http_message.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace clarify::detail {

struct BatchState;

/// What a reply may repeat, and nobody may be shown: both may be empty.
struct ReplySecrets {
    /// The header that the request was sent with.
    std::string_view authorization;
    /// What the authentication policy keeps for itself.
    std::string_view kept;
};

/// A reply, and what was asked for with the request that it answers.
struct ReplyQuestion {
    const HttpResponse& response;
    ReplySecrets secrets;
    std::int64_t id = 0;
    bool notification = false;
    /// How often the request has been sent; the errors of a batch's slots say so.
    unsigned attempts = 1;
    /// The deepest nesting of JSON.
    std::size_t max_depth = 64;
    /// How much of the body an error shows, in bytes.
    std::size_t max_excerpt = 512;
    /// What date it is, for a reply that does not say; null for the system's clock.
    const TimeSource* clock = nullptr;
    /// Until when it may be read; null is for ever.
    DecodeTime* time = nullptr;
};

/// What a reply comes to.
struct Verdict {
    /// Unset where the reply is accepted.
    std::optional<Error> error;
    /// Are requests and replies still in step on the connection, so that it may be used again? A
    /// reply to something else means that they have come apart, and one that was not read to its end
    /// may be that.
    bool keep_connection = true;
    /// The JSON text of the result of a call that is no batch: a view into the body.
    std::string_view result;
};

/** Judges a complete reply, whatever its status.

    The errors of the verdict are complete but for `Error::attempts`: their fate is
    `Fate::answered`, their phase `Phase::reply`, or `Phase::decode` where it makes no sense, and what they show of the reply is scrubbed of
    secrets. `batch`, if not null, says that a batch was asked for, and gets the outcome of each of
    its slots and what the reply holds besides. Where the time for it is up the error is
    `Errc::timeout`.

    @throws std::bad_alloc
*/
Verdict judge(const ReplyQuestion& question, BatchState* batch);

/// Clears the trace context of a reply unless people may see it: it must look like one, and repeat
/// no secret. Only errors and observers show it, so it is only looked at where there is one of them.
void vet_traceparent(HttpResponse& response, const ReplySecrets& secrets, bool observed);

}  // namespace clarify::detail

#if !defined(CLARIFY_SEPARATE_COMPILATION)
#include <clarify/detail/impl/reply.hpp>
#endif

#endif  // CLARIFY_DETAIL_REPLY_HPP
