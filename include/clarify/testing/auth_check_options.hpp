// SPDX-License-Identifier: BSL-1.0
// What a check of an authentication policy must know of the policy.

#ifndef CLARIFY_TESTING_AUTH_CHECK_OPTIONS_HPP
#define CLARIFY_TESTING_AUTH_CHECK_OPTIONS_HPP

#include <clarify/testing/scripted_answer.hpp>

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace clarify::testing {

/** What `check_auth_policy` must know of the policy.

    The defaults suit a policy that speaks OAuth 2.0 and believes what it is told of the life of a
    token. All times are those of a `ManualClock`: none of them makes the check take longer.

    @par Thread safety
    Distinct objects: safe. Shared objects: safe for reading.
*/
struct AuthCheckOptions {
    /// The defaults.
    AuthCheckOptions() {}

    /// How the token endpoint hands out `token` for `lifetime`; see `Answer` for what it can say.
    /// `token` is printable ASCII without blanks, and another one each time. `request` may be used
    /// or not: the endpoint answers every request, whatever its form, and this function need not
    /// check it. Unset: as an OAuth 2.0 token endpoint does (RFC 6749 section 5.1).
    std::function<Answer(
        const RecordedRequest& request, std::string_view token, std::chrono::seconds lifetime)>
        issue;
    /// The life of the tokens, which `issue` is given to tell the policy. Positive; an hour by
    /// default. Set it where the policy assumes a life of its own, to that: what comes after it is
    /// judged as expired.
    std::chrono::seconds lifetime{3'600};
    /// Is a token good until the server rejects it, as a key is that is replaced now and then? False
    /// by default. If true, `lifetime` is only what `issue` is given: no token is expected to expire,
    /// the cases about that are not judged, and where another token is needed the one before it is
    /// rejected.
    bool until_rejected = false;
    /// Passwords, client secrets and the like that the policy is made with: they must not show up
    /// in an error or an event. Tokens are watched anyway. Empty texts are ignored.
    std::vector<std::string> secrets;
    /// How long a fetch that fails may take until the policy gives up, repetitions included; two
    /// minutes by default. Calls that wait longer count as stuck.
    std::chrono::seconds patience{120};
    /// How long after a failure the policy may refuse to try again; five minutes by default. It is
    /// asked every second until then, and must have a header at the end.
    std::chrono::seconds recovery{300};
};

}  // namespace clarify::testing

#endif  // CLARIFY_TESTING_AUTH_CHECK_OPTIONS_HPP
