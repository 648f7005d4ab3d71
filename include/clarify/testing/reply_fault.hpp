// SPDX-License-Identifier: BSL-1.0
// What can be wrong with a reply of an emulator.

#ifndef CLARIFY_TESTING_REPLY_FAULT_HPP
#define CLARIFY_TESTING_REPLY_FAULT_HPP

namespace clarify::testing {

/** What can be wrong with the reply to a call that was executed; see `Emulator::spoil_next`.

    The call has taken effect, of which a client cannot be sure: none of these failures is
    `Fate::unsent`, and a client repeats only what may be repeated.
*/
enum class ReplyFault {
    /// The body comes byte by byte, fifty in a second: a client that does not wait so long reports
    /// `Errc::timeout` in `Phase::body`.
    slow,
    /// A complete HTTP response with the first half of the JSON text: `Errc::json`.
    truncated,
    /// The reply to another call, whose `id` is not that of the request: `Errc::envelope`.
    wrong_id,
    /// Status 200 with a page of HTML, as a proxy sends it: `Errc::envelope`.
    html,
    /// None at all, for the connection is reset: `Errc::io`.
    reset,
};

}  // namespace clarify::testing

#endif  // CLARIFY_TESTING_REPLY_FAULT_HPP
