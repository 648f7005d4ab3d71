// SPDX-License-Identifier: BSL-1.0
// What can be wrong with a reply of an emulator.

#ifndef CLARIFY_TESTING_REPLY_FAULT_HPP
#define CLARIFY_TESTING_REPLY_FAULT_HPP

namespace clarify::testing {

/// What can be wrong with the reply to a call that was executed.
enum class ReplyFault {
    /// The body comes byte by byte, fifty in a second.
    slow,
    /// A complete HTTP response with the first half of the JSON text.
    truncated,
    /// The reply to another call: its `id` is not that of the request.
    wrong_id,
    /// Status 200 with a page of HTML, as a proxy sends it.
    html,
    /// None at all: the connection is reset.
    reset,
};

}  // namespace clarify::testing

#endif  // CLARIFY_TESTING_REPLY_FAULT_HPP
