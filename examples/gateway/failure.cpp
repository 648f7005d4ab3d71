// SPDX-License-Identifier: BSL-1.0

#include <clarify/api/field_errors.hpp>

#include "failure.hpp"
#include "json_body.hpp"

#include <boost/describe/class.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>
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
    std::string message;
    std::optional<std::vector<PathProblem>> problems;
};
BOOST_DESCRIBE_STRUCT(Failure, (), (kind, reason, message, problems))

struct FailureBody {
    Failure error;
};
BOOST_DESCRIBE_STRUCT(FailureBody, (), (error))

namespace {

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

Reply rejected_reply(const std::vector<clarify::RejectedSample>& rejected) {
    constexpr std::size_t most = 100;
    Failure failure;
    failure.kind = "rejected";
    failure.message = "Clarify rejects " + std::to_string(rejected.size()) + " of the samples";
    failure.problems.emplace();
    for (std::size_t i = 0; i != std::min(most, rejected.size()); ++i) {
        const clarify::RejectedSample& sample = rejected[i];
        PathProblem problem;
        problem.path = clarify::field_path("series", sample.input);
        problem.message = sample.time.to_string() + ": " + sample.reason;
        failure.problems->push_back(std::move(problem));
    }
    return reply_with(422, std::move(failure));
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
    return reply_with(error.code() == clarify::Errc::too_large ? 413 : 400, std::move(failure));
}

}  // namespace gateway
