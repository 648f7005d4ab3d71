// SPDX-License-Identifier: BSL-1.0

#include <clarify/core/http_status.hpp>

#include "failure.hpp"
#include "json_body.hpp"

#include <boost/describe/class.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace gateway {

// Members that are empty optionals are left out of the JSON.

struct PathProblem {
    std::string path;
    std::string message;
};
BOOST_DESCRIBE_STRUCT(PathProblem, (), (path, message))

struct Failure {
    std::string kind;
    std::optional<std::string> reason;
    std::optional<std::string> phase;
    std::optional<std::string> fate;
    std::string message;
    /// What Clarify said.
    std::optional<std::int64_t> code;
    std::optional<std::string> server_message;
    std::optional<std::string> trace;
    std::optional<std::vector<PathProblem>> problems;
};
BOOST_DESCRIBE_STRUCT(
    Failure, (), (kind, reason, phase, fate, message, code, server_message, trace, problems))

struct FailureBody {
    Failure error;
};
BOOST_DESCRIBE_STRUCT(FailureBody, (), (error))

namespace {

using clarify::Errc;
using clarify::RpcError;

/// When to come back: as the server said, else soon.
std::chrono::seconds wait_of(const clarify::Error& error) {
    const clarify::HttpFailure* const http = error.http();
    if (http == nullptr || !http->retry_after) return std::chrono::seconds{1};
    return std::chrono::ceil<std::chrono::seconds>(*http->retry_after);
}

/// Clarify names its own parameters; the sender knows the members of its document.
std::string path_in_document(std::string path) {
    constexpr std::string_view wrapper = "data.";
    if (path.starts_with(wrapper)) path.erase(0, wrapper.size());
    return path;
}

/// @param for_sender Is it about what the sender sent?
void add_rpc(Failure& failure, const RpcError& rpc, bool for_sender) {
    clarify::ErrorData data = rpc.clarify_data();
    failure.code = rpc.code;
    if (!data.trace.empty()) failure.trace = std::move(data.trace);
    if (!for_sender) return;
    failure.server_message = rpc.message;
    if (data.params.empty()) return;
    failure.problems.emplace();
    for (auto& [path, message] : data.params) {
        PathProblem problem;
        problem.path = path_in_document(std::move(path));
        problem.message = std::move(message);
        failure.problems->push_back(std::move(problem));
    }
}

/// For what is between the gateway and Clarify: its hosts, addresses and files are nobody's business.
/// The log has the rest.
std::string in_general(Errc code) {
    switch (code) {
        case Errc::rpc:
            return "Clarify refuses the call";
        case Errc::overloaded:
            return "too many calls wait for Clarify";
        case Errc::closed:
            return "the gateway is ending";
        case Errc::timeout:
            return "Clarify did not answer in time";
        case Errc::status:
            return "Clarify is not well";
        default:
            return "Clarify cannot be reached, or not be used";
    }
}

Failure describe(const clarify::Error& error) {
    Failure failure;
    failure.kind = to_string(error.code());
    if (error.reason() != clarify::Reason::none) failure.reason = to_string(error.reason());
    return failure;
}

Reply reply_with(unsigned status, Failure failure) {
    FailureBody body;
    body.error = std::move(failure);
    return Reply{status, json_body(body)};
}

}  // namespace

Reply failure_reply(const clarify::Error& error) {
    const unsigned status = clarify::http_status_for(error);
    Failure failure = describe(error);
    failure.message = error.code() == Errc::bad_argument ? std::string{error.message()}
                                                         : in_general(error.code());
    failure.phase = to_string(error.phase());
    failure.fate = to_string(error.fate());
    if (error.rpc() != nullptr) add_rpc(failure, *error.rpc(), status < 500);
    Reply reply = reply_with(status, std::move(failure));
    if (reply.status == 503) reply.retry_after = wait_of(error);
    return reply;
}

Reply refusal(unsigned status, const std::string& kind, const std::string& message) {
    Failure failure;
    failure.kind = kind;
    failure.message = message;
    return reply_with(status, std::move(failure));
}

Reply body_refusal(const clarify::Error& error) {
    Failure failure = describe(error);
    failure.message = error.message();
    return reply_with(error.code() == Errc::too_large ? 413 : 400, std::move(failure));
}

}  // namespace gateway
