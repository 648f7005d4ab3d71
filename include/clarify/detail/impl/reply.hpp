// SPDX-License-Identifier: BSL-1.0
// What a complete HTTP reply means for the call it answers.

#ifndef CLARIFY_DETAIL_IMPL_REPLY_HPP
#define CLARIFY_DETAIL_IMPL_REPLY_HPP

#include <clarify/core/retry_after.hpp>
#include <clarify/detail/reply_text.hpp>
#include <clarify/rpc/batch.hpp>
#include <clarify/rpc/envelope.hpp>

#include <algorithm>
#include <string>
#include <utility>

namespace clarify::detail {

/// The value of the Authorization header that the call was last sent with, or an empty text.
inline std::string_view sent_authorization(const CallRecord& call) {
    for (const HeaderView& header : call.buffers->headers) {
        if (header.name == "Authorization") return header.value;
    }
    return {};
}

inline rpc::Remark read_remark(const CallRecord& call, std::size_t max_depth) {
    return rpc::read_remark(call.buffers->response.body, max_depth, [&call](std::int64_t id) {
        if (call.batch) return rpc::detail::find_slot(call.batch->slots, id) != nullptr;
        return !call.notification && id == call.id;
    });
}

CLARIFY_DECL Error EngineBase::status_error(const CallRecord& call) const {
    const HttpResponse& response = call.buffers->response;
    const Scrubber scrubber{sent_authorization(call), kept_secret()};
    HttpFailure failure;
    failure.status = response.status;
    failure.retry_after = parse_retry_after(response.retry_after, response.date);
    failure.traceparent = response.traceparent;
    failure.www_authenticate = response.www_authenticate;
    scrubber.scrub(failure.www_authenticate);
    failure.www_authenticate = printable_within(failure.www_authenticate, 256);
    failure.location = location_origin(response.location, scrubber);
    failure.body_excerpt = body_excerpt(response.body, scrubber, options_.max_body_excerpt);

    const bool unauthorized = response.status == 401;
    Error error = unauthorized
        ? Error{Errc::auth, Reason::rejected, "the server rejects the credentials"}
        : Error{
              Errc::status,
              Reason::none,
              "the server answered HTTP " + std::to_string(response.status)};
    return error.set_http(std::move(failure));
}

/// Adds to `error` what the body has at `offset`, where it is no JSON or declared as something else.
inline Error unread_error(
    const CallRecord& call,
    std::string_view kept,
    Error error,
    std::size_t excerpt,
    std::size_t offset) {
    const HttpResponse& response = call.buffers->response;
    HttpFailure failure;
    failure.status = response.status;
    failure.body_excerpt =
        body_excerpt(response.body, Scrubber{sent_authorization(call), kept}, excerpt, offset);
    return error.set_http(std::move(failure));
}

/// What a reply that was read failed with, with what people may see of the body.
inline Error reply_error(
    const CallRecord& call,
    std::string_view kept,
    const Error& error,
    std::size_t max_depth,
    std::size_t excerpt) {
    if (error.code() == Errc::rpc) {
        return scrubbed(error, Scrubber{sent_authorization(call), kept});
    }
    if (error.code() != Errc::json) return error;
    JsonScanner scanner{call.buffers->response.body, max_depth};
    scanner.document();
    return unread_error(call, kept, error, excerpt, scanner.offset());
}

inline std::optional<Error> judge_batch(
    CallRecord& call, std::string_view kept, std::size_t max_depth, std::size_t excerpt) {
    HttpResponse& response = call.buffers->response;
    const unsigned status = response.status;
    BatchState& batch = *call.batch;
    const auto answered = [&](Error error) {
        return error.set_phase(Phase::decode)
            .set_fate(Fate::answered)
            .set_http_status(status)
            .set_attempts(call.attempts);
    };
    const Result<void> read =
        rpc::read_batch(response.body, batch.slots, batch.violation, max_depth);
    if (read && !batch.violation) {
        response.lease.keep();
    } else {
        response.lease.discard();
    }
    // The array around the responses is one level more than they have.
    if (!read) return answered(reply_error(call, kept, read.error(), max_depth + 1, excerpt));

    const auto failed = [](const rpc::BatchSlot& slot) { return slot.error.has_value(); };
    if (!batch.violation && std::none_of(batch.slots.begin(), batch.slots.end(), failed))
        return std::nullopt;
    const Scrubber scrubber{sent_authorization(call), kept};
    if (batch.violation) batch.violation = answered(scrubbed(*batch.violation, scrubber));
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
        slot.error = answered(*slot.error).set_fate(fate);
    }
    return std::nullopt;
}

CLARIFY_DECL std::optional<Error> EngineBase::judge(CallRecord& call) const {
    HttpResponse& response = call.buffers->response;
    const unsigned status = response.status;
    const auto answered = [status](Error error) {
        return error.set_phase(Phase::decode).set_fate(Fate::answered).set_http_status(status);
    };
    // A reply to something else means that requests and replies have come apart on this connection.
    const auto release = [&response](bool in_step) {
        if (in_step) {
            response.lease.keep();
        } else {
            response.lease.discard();
        }
    };
    const bool success = status >= 200 && status < 300 && status != 206;
    // Only errors and observers show it, so that other calls need not look at it.
    const bool traced = !success || options_.observer;
    if (!traced ||
        !is_trace_context(response.traceparent, sent_authorization(call), kept_secret())) {
        response.traceparent.clear();
    }
    if (!success || call.notification) {
        rpc::Remark remark = read_remark(call, options_.max_json_depth);
        release(!remark.foreign);
        if (remark.error) {
            remark.error = scrubbed(
                std::move(*remark.error), Scrubber{sent_authorization(call), kept_secret()});
        }
        if (!success) {
            Error error = status_error(call);
            if (remark.error) error.set_rpc(std::move(*remark.error));
            return answered(error);
        }
        // A server that refuses a notification may still say so.
        if (remark.error) {
            Error error{Errc::rpc, Reason::none, "the server answered with an error"};
            return answered(error.set_rpc(std::move(*remark.error)));
        }
        if (!remark.foreign) return std::nullopt;
        return answered(Error{
            Errc::envelope,
            Reason::id_mismatch,
            "the reply to a notification has the id of another request"});
    }
    if (status == 204 || status == 205 || response.body.empty()) {
        response.lease.keep();
        return answered(Error{Errc::envelope, Reason::empty, "the reply to a call has no body"});
    }
    if (!is_json_content(response.content_type)) {
        response.lease.keep();
        return answered(unread_error(
            call,
            kept_secret(),
            Error{Errc::envelope, Reason::content_type, "the reply is not declared as JSON"},
            options_.max_body_excerpt,
            0));
    }
    const std::size_t depth = options_.max_json_depth;
    if (call.batch) return judge_batch(call, kept_secret(), depth, options_.max_body_excerpt);
    const Result<std::string_view> result = rpc::read_response(response.body, call.id, depth);
    if (result) {
        response.lease.keep();
        call.result = *result;
        return std::nullopt;
    }
    const Reason reason = result.error().reason();
    release(reason != Reason::id_mismatch && reason != Reason::id_missing);
    return answered(
        reply_error(call, kept_secret(), result.error(), depth, options_.max_body_excerpt));
}

}  // namespace clarify::detail

#endif  // CLARIFY_DETAIL_IMPL_REPLY_HPP
