// SPDX-License-Identifier: BSL-1.0
// Bodies of what a scripted server does with a request.

#ifndef CLARIFY_TESTING_DETAIL_DOUBLES_IMPL_SCRIPTED_ANSWER_HPP
#define CLARIFY_TESTING_DETAIL_DOUBLES_IMPL_SCRIPTED_ANSWER_HPP

#include <clarify/core/detail/json_scan.hpp>
#include <clarify/core/detail/text.hpp>
#include <clarify/testing/scripted_answer.hpp>

#include <memory>
#include <optional>

namespace clarify::testing {
namespace detail {

/// A member of the JSON object `text`; nothing where there is none.
inline std::optional<clarify::detail::RawJson> find_member(
    std::string_view text, std::string_view name) {
    using namespace clarify::detail;
    std::optional<RawJson> found;
    JsonScanner scanner{text, json_depth_ceiling};
    const RawJson whole = scanner.document();
    if (!scanner.ok() || whole.kind != JsonKind::object) return found;
    JsonScanner members{whole.text, json_depth_ceiling};
    members.object([&](std::string_view key, JsonScanner& at) {
        const RawJson value = at.value();
        if (key_is(key, name)) found = value;
    });
    return found;
}

/// Answers one JSON-RPC request with `member`, such as `"result":1`. Empty for a notification.
inline std::string envelope_of(std::string_view request, std::string_view member) {
    const auto id = find_member(request, "id");
    if (!id) return {};
    return R"({"jsonrpc":"2.0","id":)" + std::string{id->text} + "," + std::string{member} + "}";
}

/// The same for each request of a batch.
inline std::string envelopes_of(std::string_view body, std::string_view member) {
    using namespace clarify::detail;
    JsonScanner scanner{body, json_depth_ceiling};
    const RawJson whole = scanner.document();
    if (!scanner.ok() || whole.kind != JsonKind::array) return envelope_of(body, member);
    std::string answers;
    JsonScanner elements{whole.text, json_depth_ceiling};
    elements.array([&](JsonScanner& at) {
        const std::string one = envelope_of(at.value().text, member);
        if (!one.empty()) answers += (answers.empty() ? "[" : ",") + one;
    });
    return answers.empty() ? answers : answers + "]";
}

inline ScriptPlan reply_plan(
    unsigned status, std::function<std::string(const RecordedRequest&)> body) {
    ScriptPlan plan;
    plan.ending = ScriptedReply{status, std::move(body)};
    return plan;
}

inline ScriptPlan ending_plan(ScriptedEnding ending, Phase where) {
    check_script_phase(where);
    ScriptPlan plan;
    plan.where = where;
    plan.ending = std::move(ending);
    return plan;
}

inline Answer reply_member(std::string member) {
    return Answer{[member = std::move(member)](const RecordedRequest& request) {
        std::string body = envelopes_of(request.body, member);
        return body.empty() ? reply(204) : reply(200, std::move(body));
    }};
}

}  // namespace detail

inline std::string_view RecordedRequest::header(std::string_view name) const noexcept {
    for (const auto& [own_name, value] : headers) {
        if (clarify::detail::iequals(own_name, name)) return value;
    }
    return {};
}

inline std::string RecordedRequest::method() const {
    const auto found = detail::find_member(body, "method");
    if (!found || found->kind != clarify::detail::JsonKind::string) return {};
    return clarify::detail::json_unescape(found->text);
}

inline std::string RecordedRequest::params() const {
    const auto found = detail::find_member(body, "params");
    return found ? std::string{found->text} : std::string{};
}

inline Answer& Answer::header(std::string name, std::string value) {
    plan_.headers.emplace_back(std::move(name), std::move(value));
    return *this;
}

inline Answer& Answer::after(Clock::duration delay, Phase phase) {
    detail::check_script_phase(phase);
    plan_.pause_in(phase) += delay;
    return *this;
}

inline Answer& Answer::at(Phase phase) {
    detail::check_script_phase(phase);
    plan_.where = phase;
    if (auto* failure = std::get_if<detail::ScriptedFailure>(&plan_.ending)) {
        failure->error.set_phase(phase).set_fate(
            detail::is_sent_in(phase) ? Fate::unknown : Fate::unsent);
    }
    return *this;
}

inline Answer reply(unsigned status, std::string body) {
    return Answer{detail::reply_plan(
        status, [body = std::move(body)](const RecordedRequest&) { return body; })};
}

inline Answer reply_result(std::string result) {
    return detail::reply_member(R"("result":)" + result);
}

inline Answer reply_error(int code, std::string message, std::string data) {
    std::string member = R"("error":{"code":)" + std::to_string(code) + R"(,"message":)";
    if (!clarify::detail::append_json_string(member, message))
        throw std::invalid_argument{"the message is not UTF-8"};
    if (!data.empty()) member += R"(,"data":)" + data;
    return detail::reply_member(member + "}");
}

inline Answer reply_token(std::string_view token, std::chrono::seconds lifetime) {
    std::string body = R"({"access_token":)";
    if (!clarify::detail::append_json_string(body, token))
        throw std::invalid_argument{"the token is not UTF-8"};
    body += R"(,"token_type":"Bearer","expires_in":)" + std::to_string(lifetime.count()) + "}";
    return reply(200, std::move(body));
}

inline Answer issue_tokens(std::chrono::seconds lifetime, std::string prefix) {
    return Answer{[lifetime, prefix = std::move(prefix), issued = std::make_shared<unsigned>(0)](
                      const RecordedRequest&) {
        return reply_token(prefix + std::to_string(++*issued), lifetime);
    }};
}

inline Answer fail(Errc code, Reason reason) {
    const Phase phase = detail::usual_phase(code);
    Answer answer{detail::ending_plan(
        detail::ScriptedFailure{Error{code, reason, "a scripted failure"}, false}, phase)};
    return answer.at(phase);
}

inline Answer fail(Error error) {
    const Phase phase = error.phase();
    // The phase in which the first byte is written begins before it is.
    const bool possible = error.fate() == Fate::unsent
        ? !detail::is_sent_in(phase) || phase == Phase::write
        : error.fate() == Fate::unknown && detail::is_sent_in(phase);
    if (!possible) {
        throw std::invalid_argument{
            "a request that fails in the phase " + std::string{to_string(phase)} + " is not " +
            std::string{to_string(error.fate())}};
    }
    return Answer{detail::ending_plan(detail::ScriptedFailure{std::move(error), false}, phase)};
}

inline Answer hang(Phase phase) {
    return Answer{detail::ending_plan(detail::ScriptedFailure{Error{}, true}, phase)};
}

inline Answer raise(std::exception_ptr thrown, Phase phase) {
    return Answer{detail::ending_plan(std::move(thrown), phase)};
}

}  // namespace clarify::testing

#endif  // CLARIFY_TESTING_DETAIL_DOUBLES_IMPL_SCRIPTED_ANSWER_HPP
