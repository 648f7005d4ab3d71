// SPDX-License-Identifier: BSL-1.0
// What a complete HTTP reply means for the call it answers.

#ifndef CLARIFY_DETAIL_IMPL_REPLY_HPP
#define CLARIFY_DETAIL_IMPL_REPLY_HPP

#include <clarify/core/detail/text.hpp>
#include <clarify/core/retry_after.hpp>
#include <clarify/rpc/envelope.hpp>

#include <string>

namespace clarify::detail {

/// Is the body declared as JSON, in an encoding that JSON has? A missing field counts as yes.
inline bool is_json_content(std::string_view content_type) {
    if (content_type.empty()) return true;
    const std::size_t semicolon = content_type.find(';');
    const std::string_view media_type = trim(content_type.substr(0, semicolon));
    // The types that early JSON-RPC over HTTP registered are still in use.
    const bool json = iequals(media_type, "application/json") ||
        iequals(media_type, "application/json-rpc") ||
        iequals(media_type, "application/jsonrequest") ||
        (media_type.size() > 5 && iequals(media_type.substr(0, 12), "application/") &&
         iequals(media_type.substr(media_type.size() - 5), "+json"));
    if (!json || semicolon == std::string_view::npos) return json;
    const std::string parameters = lower(content_type.substr(semicolon + 1));
    const std::size_t charset = parameters.find("charset=");
    if (charset == std::string::npos) return true;
    const std::string_view value = trim(std::string_view{parameters}.substr(charset + 8));
    return value.starts_with("utf-8") || value.starts_with("\"utf-8\"") ||
        value.starts_with("utf8") || value.starts_with("us-ascii");
}

/// The value of the Authorization header that the call was last sent with, or an empty text.
inline std::string_view sent_authorization(const CallRecord& call) {
    for (const HeaderView& header : call.buffers->headers) {
        if (header.name == "Authorization") return header.value;
    }
    return {};
}

/// At most 512 bytes of a body for people to read; see `HttpFailure::body_excerpt`.
inline std::string body_excerpt(std::string_view body, std::string_view authorization) {
    // Cut with some room first, so that a secret across the cut is still found whole.
    std::string text{body.substr(0, 512 + 8192)};
    if (const std::size_t blank = authorization.find(' '); blank != std::string_view::npos) {
        scrub(text, authorization.substr(blank + 1));
    }
    return printable(text, 512);
}

CLARIFY_DECL Error EngineBase::status_error(const CallRecord& call) const {
    const HttpResponse& response = call.buffers->response;
    HttpFailure failure;
    failure.status = response.status;
    failure.retry_after = parse_retry_after(response.retry_after, response.date);
    failure.traceparent = printable(response.traceparent, 128);
    failure.www_authenticate = printable(response.www_authenticate, 256);
    if (const Result<Url> target = Url::parse(response.location))
        failure.location = target->origin();
    failure.body_excerpt = body_excerpt(response.body, sent_authorization(call));

    const bool unauthorized = response.status == 401;
    Error error = unauthorized
        ? Error{Errc::auth, Reason::rejected, "the server rejects the credentials"}
        : Error{
              Errc::status,
              Reason::none,
              "the server answered HTTP " + std::to_string(response.status)};
    if (auto rpc_error = rpc::find_error(response.body, options_.max_json_depth)) {
        error.set_rpc(std::move(*rpc_error));
    }
    return error.set_http(std::move(failure));
}

CLARIFY_DECL std::optional<Error> EngineBase::judge(CallRecord& call) const {
    HttpResponse& response = call.buffers->response;
    const unsigned status = response.status;
    const auto answered = [status](Error error) {
        return error.set_phase(Phase::decode).set_fate(Fate::answered).set_http_status(status);
    };
    const bool success = status >= 200 && status < 300 && status != 206;
    if (!success) {
        response.lease.keep();
        return answered(status_error(call));
    }
    if (call.notification) {
        response.lease.keep();
        // A server that refuses a notification may still say so.
        if (auto rpc_error = rpc::find_error(response.body, options_.max_json_depth)) {
            Error error{Errc::rpc, Reason::none, "the server answered with an error"};
            return answered(error.set_rpc(std::move(*rpc_error)));
        }
        return std::nullopt;
    }
    if (status == 204 || status == 205 || response.body.empty()) {
        response.lease.keep();
        return answered(Error{Errc::envelope, Reason::empty, "the reply to a call has no body"});
    }
    if (!is_json_content(response.content_type)) {
        response.lease.keep();
        HttpFailure failure;
        failure.status = status;
        failure.body_excerpt = body_excerpt(response.body, sent_authorization(call));
        Error error{Errc::envelope, Reason::content_type, "the reply is not declared as JSON"};
        return answered(error.set_http(std::move(failure)));
    }
    if (call.batch) {
        const Result<void> read = rpc::read_batch(
            response.body, call.batch->slots, call.batch->violation, options_.max_json_depth);
        if (read && !call.batch->violation) {
            response.lease.keep();
        } else {
            response.lease.discard();
        }
        if (!read) return answered(read.error());
        for (rpc::BatchSlot& slot : call.batch->slots) {
            if (!slot.error) continue;
            slot.error->set_phase(Phase::decode).set_http_status(status).set_attempts(call.attempts);
            if (slot.error->reason() != Reason::missing) slot.error->set_fate(Fate::answered);
        }
        return std::nullopt;
    }
    const Result<std::string_view> result =
        rpc::read_response(response.body, call.id, options_.max_json_depth);
    if (result) {
        response.lease.keep();
        call.result = *result;
        return std::nullopt;
    }
    // A reply to something else means that requests and replies have come apart on this connection.
    const Reason reason = result.error().reason();
    if (reason == Reason::id_mismatch || reason == Reason::id_missing) {
        response.lease.discard();
    } else {
        response.lease.keep();
    }
    return answered(result.error());
}

}  // namespace clarify::detail

#endif  // CLARIFY_DETAIL_IMPL_REPLY_HPP
