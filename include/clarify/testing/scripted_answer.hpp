// SPDX-License-Identifier: BSL-1.0
// What a scripted server does with a request: answer, delay, fail, hang, throw.

#ifndef CLARIFY_TESTING_SCRIPTED_ANSWER_HPP
#define CLARIFY_TESTING_SCRIPTED_ANSWER_HPP

#include <clarify/core/http_message.hpp>
#include <clarify/testing/detail/doubles/script_plan.hpp>

#include <chrono>
#include <concepts>
#include <cstddef>
#include <exception>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace clarify::testing {

/** One request as a `ScriptedBackend` was given it, and how far it came.

    It holds what was sent, secrets included: take care what a test prints.

    @par Thread safety
    Distinct objects: safe. Shared objects: safe for reading, once the exchange has ended.
*/
struct RecordedRequest {
    /// An empty one, to try a function on that is to be an answer.
    RecordedRequest() {}

    /// Counted from 1 over all requests of the backend.
    std::size_t number = 0;
    /// The whole URL.
    std::string url;
    /// Its path, such as "/v1/rpc", by which the script was chosen.
    std::string path;
    /// Names and values in the order in which the client gave them: without `Host` and
    /// `Content-Length`, which a real backend adds.
    std::vector<std::pair<std::string, std::string>> headers;
    /// The body, byte for byte.
    std::string body;
    /// When the exchange began, on the client's clock.
    TimePoint began{};
    /// When it had to be over, on the same clock.
    TimePoint deadline{};
    /// The largest body of a reply that the client would take, in bytes.
    std::size_t max_response_body = 0;
    /// Did the client ask for a connection that has not been used before?
    bool fresh_connection = false;

    /// The last phase that it reached.
    Phase phase = Phase::queue;
    /// Did the server get to see any of it?
    bool sent = false;
    /// Was a complete reply handed out?
    bool answered = false;
    /// Is it over?
    bool ended = false;

    /// The value of a header, the first one of that name, or an empty text. Case does not matter.
    /// Valid as long as this object is not changed.
    std::string_view header(std::string_view name) const noexcept;
    /// The `method` of a JSON-RPC request; an empty text for a batch and for what is not JSON-RPC.
    std::string method() const;
    /// The JSON text of the `params` of a JSON-RPC request, or an empty text.
    std::string params() const;
};

/** What becomes of one request; made by the functions below.

    Every exchange walks through the phases queue, resolve, connect, tls, write, first_byte, head
    and body, and tells `HttpProgress` so; between connect and tls also through proxy where the
    answer pauses or ends there. A pause, a failure or a standstill may be put into any of them.

    @par Thread safety
    Distinct objects: safe. Shared objects: safe for reading.
*/
class Answer {
public:
    /// What `decide(request)` says when the request has come; it too is an answer. An exception
    /// leaves `HttpBackend::post`.
    template <class Decide>
    requires(
        !std::same_as<std::remove_cvref_t<Decide>, Answer> &&
        std::is_invocable_r_v<Answer, Decide&, const RecordedRequest&>)
        // NOLINTNEXTLINE(google-explicit-constructor): a lambda is an answer
        Answer(Decide decide) {
        plan_.ending = std::function<Answer(const RecordedRequest&)>{std::move(decide)};
    }

    /// Adds a header to a reply. As with every backend, only those that `HttpResponse` knows get
    /// to the client: Content-Type, Date, Location, Retry-After, traceparent, WWW-Authenticate.
    Answer& header(std::string name, std::string value);
    /// Takes this much longer, on the client's clock: a reply before its first byte, anything else
    /// where it ends.
    Answer& after(Clock::duration delay) { return after(delay, plan_.where); }
    /// Takes this much longer in `phase`, beside what earlier calls said.
    /// @throws std::invalid_argument for a phase that no exchange has, such as `Phase::token`.
    Answer& after(Clock::duration delay, Phase phase);
    /// Moves a failure, a standstill or an exception to another phase. The fate of a failure
    /// follows: `unsent` before `Phase::write`, else `unknown`. A reply is not moved.
    /// @throws std::invalid_argument for a phase that no exchange has.
    Answer& at(Phase phase);

    // For the functions below and for the backend.
    explicit Answer(detail::ScriptPlan plan) : plan_(std::move(plan)) {}
    const detail::ScriptPlan& plan() const noexcept { return plan_; }

private:
    detail::ScriptPlan plan_;
};

/// A complete reply. One with a body is declared as JSON unless it is given another Content-Type.
Answer reply(unsigned status, std::string body = {});
/// HTTP 200 with the JSON-RPC response to the request: its id, and `result`, a JSON text. A batch
/// is answered with the same result in each slot, a notification with an empty 204.
Answer reply_result(std::string result);
/// HTTP 200 with a JSON-RPC error; `data` is a JSON text, or empty for none. Batches and
/// notifications as above. @throws std::invalid_argument where `message` is not UTF-8.
Answer reply_error(int code, std::string message, std::string data = {});
/// What a token endpoint answers: a bearer token (RFC 6749 section 5.1) with its life in whole
/// seconds. @throws std::invalid_argument where `token` is not UTF-8.
Answer reply_token(std::string_view token, std::chrono::seconds lifetime);
/// `reply_token` with another token each time: `prefix` and a number that counts from 1. Copies of
/// the answer count on together.
Answer issue_tokens(std::chrono::seconds lifetime, std::string prefix = "token-");

/// A failure of this kind, in the phase where it usually happens; see `Answer::at`. For example
/// `fail(Errc::connect, Reason::refused)`, which is `unsent`, or `fail(Errc::io, Reason::reset)`,
/// a connection that is lost after the request was sent.
Answer fail(Errc code, Reason reason = Reason::none);
/// This very failure. @throws std::invalid_argument where its phase and its fate contradict each
/// other.
Answer fail(Error error);
/// Silence: ends only by the deadline or by cancellation.
Answer hang(Phase phase = Phase::first_byte);
/// An exception out of `HttpBackend::post`.
Answer raise(std::exception_ptr thrown, Phase phase = Phase::first_byte);

}  // namespace clarify::testing

#include <clarify/testing/detail/doubles/impl/scripted_answer.hpp>

#endif  // CLARIFY_TESTING_SCRIPTED_ANSWER_HPP
