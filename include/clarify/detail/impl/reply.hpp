// SPDX-License-Identifier: BSL-1.0
// Judges replies: by their status, by what their body is declared as, and by what it holds.

#ifndef CLARIFY_DETAIL_IMPL_REPLY_HPP
#define CLARIFY_DETAIL_IMPL_REPLY_HPP

#include <clarify/core/detail/time_span.hpp>
#include <clarify/core/retry_after.hpp>
#include <clarify/detail/call_record.hpp>
#include <clarify/detail/reply.hpp>
#include <clarify/detail/reply_text.hpp>
#include <clarify/rpc/batch.hpp>
#include <clarify/rpc/envelope.hpp>

#include <algorithm>
#include <string>
#include <utility>

namespace clarify::detail {

/// 206 is a part of something, and nobody asked for a part.
inline bool is_success(unsigned status) noexcept {
    return status >= 200 && status < 300 && status != 206;
}

inline Scrubber scrubber_of(const ReplyQuestion& question) {
    return Scrubber{question.secrets.authorization, question.secrets.kept};
}

/// Adds what every error of a complete reply has.
inline Error answered(const ReplyQuestion& question, Error error) {
    const bool refused =
        error.code() == Errc::status || error.code() == Errc::auth || error.code() == Errc::rpc;
    return error.set_phase(refused ? Phase::reply : Phase::decode)
        .set_fate(Fate::answered)
        .set_http_status(question.response.status);
}

/// What a status says, and what to do about those that beginners meet.
inline std::string status_words(unsigned status) {
    if (status == 401) {
        return "the server rejects the credentials: check that they are for this server, that "
               "their type is right, and that they are still valid";
    }
    std::string words = "the server answered HTTP " + std::to_string(status);
    if (status == 404 || status == 405) words += ": there is no API at this URL, so check that";
    if (status == 429) words += ": call less often, or send more in one call";
    return words;
}

/// The error of a status that is no success, or does not fit a call.
inline Error status_error(const ReplyQuestion& question) {
    const HttpResponse& response = question.response;
    const Scrubber scrubber = scrubber_of(question);
    HttpFailure failure;
    failure.status = response.status;
    failure.retry_after =
        parse_retry_after(response.retry_after, response.date, wall_time(question.clock));
    failure.traceparent = response.traceparent;
    failure.www_authenticate = response.www_authenticate;
    scrubber.scrub(failure.www_authenticate);
    failure.www_authenticate = printable_within(failure.www_authenticate, 256);
    failure.location = location_origin(response.location, scrubber);
    failure.body_excerpt = body_excerpt(response.body, scrubber, question.max_excerpt);

    const unsigned status = response.status;
    Error error = status == 401 ? Error{Errc::auth, Reason::rejected} : Error{Errc::status};
    error.add_message(status_words(status));
    return error.set_http(std::move(failure));
}

/// Adds to `error` what the body has at `offset`, where it is not JSON or declared as something
/// else.
inline Error unread_error(const ReplyQuestion& question, Error error, std::size_t offset) {
    const HttpResponse& response = question.response;
    HttpFailure failure;
    failure.status = response.status;
    failure.body_excerpt =
        body_excerpt(response.body, scrubber_of(question), question.max_excerpt, offset);
    return error.set_http(std::move(failure));
}

/// What a reply that was read failed with, with what people may see of the body.
inline Error reply_error(const ReplyQuestion& question, const Error& error, std::size_t max_depth) {
    if (error.code() == Errc::rpc) return scrubbed(error, scrubber_of(question));
    // What the server said in place of an error object stands in the body only.
    if (error.reason() == Reason::bad_error) return unread_error(question, error, 0);
    if (error.code() != Errc::json) return error;
    JsonScanner scanner{question.response.body, max_depth, question.time};
    scanner.document();
    return unread_error(question, error, scanner.offset());
}

/// A reply whose body is not the answer to a call: that of a failure, or to a notification.
inline Verdict judge_remark(const ReplyQuestion& question, BatchState* batch) {
    const HttpResponse& response = question.response;
    const auto is_ours = [&](std::int64_t id) {
        if (batch != nullptr) return rpc::detail::find_slot(batch->slots, id) != nullptr;
        return !question.notification && id == question.id;
    };
    rpc::Remark remark =
        rpc::read_remark(response.body, question.max_depth, is_ours, question.time);
    Verdict verdict;
    verdict.keep_connection = !remark.foreign;
    if (remark.error) remark.error = scrubbed(std::move(*remark.error), scrubber_of(question));
    if (!is_success(response.status)) {
        Error error = status_error(question);
        if (remark.error) error.set_rpc(std::move(*remark.error));
        verdict.error = answered(question, std::move(error));
    } else if (remark.error) {
        // A server that refuses a notification may still say so.
        verdict.error = answered(question, rpc::detail::refusal(std::move(*remark.error)));
    } else if (remark.fault) {
        verdict.error = answered(question, unread_error(question, std::move(*remark.fault), 0));
    } else if (remark.foreign) {
        verdict.error = answered(
            question,
            Error{
                Errc::envelope,
                Reason::id_mismatch,
                "the reply to a notification has the id of another request"});
    }
    return verdict;
}

/// Completes the errors of the slots, and of what else the reply holds.
inline void complete_slots(const ReplyQuestion& question, BatchState& batch) {
    const auto failed = [](const rpc::BatchSlot& slot) { return slot.error.has_value(); };
    if (!batch.violation && std::none_of(batch.slots.begin(), batch.slots.end(), failed)) return;
    const auto complete = [&](Error error) {
        return answered(question, std::move(error)).set_attempts(question.attempts);
    };
    const Scrubber scrubber = scrubber_of(question);
    if (batch.violation) batch.violation = complete(scrubbed(*batch.violation, scrubber));
    // One error for all is shared by the slots, and looked through once.
    const RpcError* last = nullptr;
    Error clean;
    for (rpc::BatchSlot& slot : batch.slots) {
        if (!slot.error) continue;
        if (const RpcError* const said = slot.error->rpc()) {
            if (std::exchange(last, said) != said) clean = scrubbed(*slot.error, scrubber);
            slot.error = clean;
        }
        const Fate fate = slot.error->reason() == Reason::missing ? Fate::unknown : Fate::answered;
        slot.error = complete(*slot.error).set_fate(fate);
    }
}

inline Verdict judge_batch(const ReplyQuestion& question, BatchState& batch) {
    const Result<void> read = rpc::read_batch(
        question.response.body, batch.slots, batch.violation, question.max_depth, question.time);
    Verdict verdict;
    verdict.keep_connection = read.has_value() && !batch.violation;
    if (read) {
        complete_slots(question, batch);
    } else {
        // The array around the responses is one level more than they have.
        const std::size_t depth = question.max_depth + 1;
        verdict.error = answered(question, reply_error(question, read.error(), depth));
    }
    return verdict;
}

inline Verdict judge_body(const ReplyQuestion& question, BatchState* batch) {
    const HttpResponse& response = question.response;
    const unsigned status = response.status;
    if (!is_success(status) || question.notification) return judge_remark(question, batch);

    Verdict verdict;
    if (status == 204 || status == 205 || response.body.empty()) {
        verdict.error = answered(
            question, Error{Errc::envelope, Reason::empty, "the reply to a call has no body"});
        return verdict;
    }
    if (!is_json_content(response.content_type)) {
        const Error error{
            Errc::envelope, Reason::content_type, "the reply is not declared as JSON"};
        verdict.error = answered(question, unread_error(question, error, 0));
        return verdict;
    }
    if (batch != nullptr) return judge_batch(question, *batch);
    const Result<std::string_view> result =
        rpc::read_response(response.body, question.id, question.max_depth, question.time);
    if (result) {
        verdict.result = *result;
        return verdict;
    }
    const Reason reason = result.error().reason();
    verdict.keep_connection = reason != Reason::id_mismatch && reason != Reason::id_missing;
    verdict.error = answered(question, reply_error(question, result.error(), question.max_depth));
    return verdict;
}

CLARIFY_DECL Verdict judge(const ReplyQuestion& question, BatchState* batch) {
    try {
        return judge_body(question, batch);
    } catch (const DecodeTimeUp& up) {
        Verdict verdict;
        verdict.keep_connection = false;
        verdict.error = answered(question, Error{Errc::timeout, Reason::none, up.what()});
        return verdict;
    }
}

CLARIFY_DECL void vet_traceparent(
    HttpResponse& response, const ReplySecrets& secrets, bool observed) {
    const bool shown = observed || !is_success(response.status);
    if (!shown || !is_trace_context(response.traceparent, secrets.authorization, secrets.kept))
        response.traceparent.clear();
}

}  // namespace clarify::detail

#endif  // CLARIFY_DETAIL_IMPL_REPLY_HPP
