// SPDX-License-Identifier: BSL-1.0
// What a complete HTTP reply means for the call it answers.

#ifndef CLARIFY_DETAIL_IMPL_REPLY_HPP
#define CLARIFY_DETAIL_IMPL_REPLY_HPP

#include <clarify/core/detail/json_scan.hpp>
#include <clarify/core/detail/scrub.hpp>
#include <clarify/core/detail/text.hpp>
#include <clarify/core/retry_after.hpp>
#include <clarify/rpc/batch.hpp>
#include <clarify/rpc/envelope.hpp>

#include <algorithm>
#include <string>
#include <utility>

namespace clarify::detail {

/// Cuts `text` at each `separator` that is not inside a quoted string (RFC 9110 section 5.6.4), and
/// calls `on_part` for what is between, trimmed.
template <class OnPart>
void for_each_part(std::string_view text, char separator, OnPart on_part) {
    bool quoted = false;
    std::size_t from = 0;
    for (std::size_t at = 0; at != text.size(); ++at) {
        if (text[at] == '"') quoted = !quoted;
        if (quoted && text[at] == '\\' && at + 1 != text.size()) ++at;
        if (quoted || text[at] != separator) continue;
        on_part(trim(text.substr(from, at - from)));
        from = at + 1;
    }
    on_part(trim(text.substr(from)));
}

/// Is this one media type JSON, in an encoding that JSON has?
inline bool is_json_type(std::string_view text) {
    bool is_json = false;
    bool first = true;
    for_each_part(text, ';', [&](std::string_view part) {
        if (std::exchange(first, false)) {
            constexpr std::string_view tree = "application/";
            constexpr std::string_view suffix = "+json";
            // The types that early JSON-RPC over HTTP registered are still in use.
            is_json = iequals(part, "application/json") || iequals(part, "application/json-rpc") ||
                iequals(part, "application/jsonrequest") ||
                (part.size() > tree.size() + suffix.size() &&
                 iequals(part.substr(0, tree.size()), tree) &&
                 iequals(part.substr(part.size() - suffix.size()), suffix));
            return;
        }
        constexpr std::string_view charset = "charset=";
        if (part.size() < charset.size() || !iequals(part.substr(0, charset.size()), charset))
            return;
        std::string_view value = part.substr(charset.size());
        if (value.size() > 1 && value.front() == '"' && value.back() == '"')
            value = value.substr(1, value.size() - 2);
        if (!iequals(value, "utf-8") && !iequals(value, "utf8") && !iequals(value, "us-ascii"))
            is_json = false;
    });
    return is_json;
}

/// Is the body declared as JSON? A missing field counts as yes; of several, each has to say so.
inline bool is_json_content(std::string_view content_type) {
    if (content_type.empty()) return true;
    bool all = true;
    for_each_part(
        content_type, ',', [&all](std::string_view part) { all = all && is_json_type(part); });
    return all;
}

/// The value of the Authorization header that the call was last sent with, or an empty text.
inline std::string_view sent_authorization(const CallRecord& call) {
    for (const HeaderView& header : call.buffers->headers) {
        if (header.name == "Authorization") return header.value;
    }
    return {};
}

/// Part of a body for people to read, see `HttpFailure::body_excerpt`: its beginning, or where
/// something is wrong at `offset` far behind that, what is around it.
inline std::string body_excerpt(
    std::string_view body, const Scrubber& scrubber, std::size_t limit, std::size_t offset = 0) {
    if (limit == 0) return {};
    const std::size_t from =
        offset < limit / 4 ? 0 : scrubber.behind_secret(body, offset - limit / 8);
    // One byte more than may be shown, so that a cut is seen.
    std::string text = scrubber.scrubbed_front(body.substr(from), limit + 1);
    if (from != 0) text.insert(0, "...");
    return printable_within(text, limit);
}

/// Scheme, host and port of a `Location`, or an empty text.
inline std::string location_origin(std::string_view location) {
    constexpr std::string_view mark = "://";
    const std::size_t scheme = location.find(mark);
    if (scheme == std::string_view::npos) return {};
    std::string_view authority = location.substr(scheme + mark.size());
    authority = authority.substr(0, authority.find_first_of("/?#\\"));
    if (const std::size_t at = authority.rfind('@'); at != std::string_view::npos)
        authority.remove_prefix(at + 1);
    std::string text{location.substr(0, scheme + mark.size())};
    text += authority;
    const Result<Url> target = Url::parse(text);
    return target ? target->origin() : std::string{};
}

/// The trace context of a reply is shown to people: it must look like one, and be no echo of the
/// credentials.
inline bool is_trace_context(std::string_view text, std::string_view authorization) {
    constexpr std::size_t longest = 128;
    return text.empty() ||
        (text.size() <= longest &&
         text.find_first_not_of("0123456789abcdef-") == std::string_view::npos &&
         !Scrubber{authorization}.finds(text));
}

/// What the server says, without the credentials it may repeat.
inline RpcError scrubbed(RpcError said, const Scrubber& scrubber) {
    scrubber.scrub(said.message);
    if (scrubber.finds(said.data)) {
        scrubber.scrub(said.data);
        JsonScanner scanner{said.data, json_depth_ceiling};
        scanner.document();
        if (!scanner.ok()) said.data = "\"****\"";
    }
    return said;
}

inline Error scrubbed(const Error& error, const Scrubber& scrubber) {
    const RpcError* const said = error.rpc();
    if (said == nullptr || !(scrubber.finds(said->message) || scrubber.finds(said->data)))
        return error;
    Error clean = error;
    return clean.set_rpc(scrubbed(*said, scrubber));
}

inline rpc::Remark read_remark(const CallRecord& call, std::size_t max_depth) {
    return rpc::read_remark(call.buffers->response.body, max_depth, [&call](std::int64_t id) {
        if (call.batch) return rpc::detail::find_slot(call.batch->slots, id) != nullptr;
        return !call.notification && id == call.id;
    });
}

CLARIFY_DECL Error EngineBase::status_error(const CallRecord& call) const {
    const HttpResponse& response = call.buffers->response;
    const Scrubber scrubber{sent_authorization(call)};
    HttpFailure failure;
    failure.status = response.status;
    failure.retry_after = parse_retry_after(response.retry_after, response.date);
    failure.traceparent = response.traceparent;
    failure.www_authenticate = response.www_authenticate;
    scrubber.scrub(failure.www_authenticate);
    failure.www_authenticate = printable_within(failure.www_authenticate, 256);
    failure.location = location_origin(response.location);
    scrubber.scrub(failure.location);
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
    const CallRecord& call, Error error, std::size_t excerpt, std::size_t offset) {
    const HttpResponse& response = call.buffers->response;
    HttpFailure failure;
    failure.status = response.status;
    failure.body_excerpt =
        body_excerpt(response.body, Scrubber{sent_authorization(call)}, excerpt, offset);
    return error.set_http(std::move(failure));
}

/// What a reply that was read failed with, with what people may see of the body.
inline Error reply_error(
    const CallRecord& call, const Error& error, std::size_t max_depth, std::size_t excerpt) {
    if (error.code() == Errc::rpc) {
        return scrubbed(error, Scrubber{sent_authorization(call)});
    }
    if (error.code() != Errc::json) return error;
    JsonScanner scanner{call.buffers->response.body, max_depth};
    scanner.document();
    return unread_error(call, error, excerpt, scanner.offset());
}

inline std::optional<Error> judge_batch(
    CallRecord& call, std::size_t max_depth, std::size_t excerpt) {
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
    if (!read) return answered(reply_error(call, read.error(), max_depth + 1, excerpt));

    const auto failed = [](const rpc::BatchSlot& slot) { return slot.error.has_value(); };
    if (!batch.violation && std::none_of(batch.slots.begin(), batch.slots.end(), failed))
        return std::nullopt;
    const Scrubber scrubber{sent_authorization(call)};
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
    if (!traced || !is_trace_context(response.traceparent, sent_authorization(call)))
        response.traceparent.clear();
    if (!success || call.notification) {
        rpc::Remark remark = read_remark(call, options_.max_json_depth);
        release(!remark.foreign);
        if (remark.error)
            remark.error = scrubbed(std::move(*remark.error), Scrubber{sent_authorization(call)});
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
            Error{Errc::envelope, Reason::content_type, "the reply is not declared as JSON"},
            options_.max_body_excerpt,
            0));
    }
    if (call.batch) return judge_batch(call, options_.max_json_depth, options_.max_body_excerpt);
    const Result<std::string_view> result =
        rpc::read_response(response.body, call.id, options_.max_json_depth);
    if (result) {
        response.lease.keep();
        call.result = *result;
        return std::nullopt;
    }
    const Reason reason = result.error().reason();
    release(reason != Reason::id_mismatch && reason != Reason::id_missing);
    return answered(
        reply_error(call, result.error(), options_.max_json_depth, options_.max_body_excerpt));
}

}  // namespace clarify::detail

#endif  // CLARIFY_DETAIL_IMPL_REPLY_HPP
