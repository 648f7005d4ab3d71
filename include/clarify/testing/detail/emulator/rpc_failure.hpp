// SPDX-License-Identifier: BSL-1.0
// What a method reports when it cannot answer: JSON-RPC codes and complaints about parameters.

#ifndef CLARIFY_TESTING_DETAIL_EMULATOR_RPC_FAILURE_HPP
#define CLARIFY_TESTING_DETAIL_EMULATOR_RPC_FAILURE_HPP

#include <cstddef>
#include <exception>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace clarify::testing::detail {

/// The codes of JSON-RPC 2.0 and of the API that the emulator answers with.
enum class RpcCode : int {
    parse_error = -32700,
    invalid_request = -32600,
    method_not_found = -32601,
    invalid_params = -32602,
    internal_error = -32603,
    server_error = -32000,
    produced_invalid_resource = -32001,
    found_invalid_resource = -32002,
    forbidden = -32003,
    partial_failure = -32021,
};

/// Ends a method with a JSON-RPC error.
class RpcFailure : public std::exception {
public:
    using Complaints = std::map<std::string, std::vector<std::string>>;

    RpcFailure(RpcCode code, std::string message, Complaints params = {})
        : code_(code), message_(std::move(message)), params_(std::move(params)) {}

    RpcCode code() const noexcept { return code_; }
    const std::string& message() const noexcept { return message_; }

    /// Parameter path, such as `data.series.a`, to what is wrong with it.
    const Complaints& params() const noexcept { return params_; }

    const char* what() const noexcept override { return message_.c_str(); }

private:
    RpcCode code_;
    std::string message_;
    Complaints params_;
};

/// Collects what is wrong with the parameters of one call, so that one answer names all of it.
class ParameterErrors {
public:
    /// Remembers a complaint, unless there are already more than anybody will read.
    void add(std::string path, std::string message) {
        if (complaints_.size() < max_paths)
            complaints_[std::move(path)].push_back(std::move(message));
    }

    bool empty() const noexcept { return complaints_.empty(); }

    /// All complaints in one line.
    std::string to_string() const {
        std::string text;
        for (const auto& [path, messages] : complaints_) {
            for (const std::string& message : messages)
                text += (text.empty() ? "" : "; ") + path + ": " + message;
        }
        return text;
    }

    void throw_if_any() const {
        if (!complaints_.empty())
            throw RpcFailure{RpcCode::invalid_params, "Invalid params", complaints_};
    }

private:
    static constexpr std::size_t max_paths = 100;

    RpcFailure::Complaints complaints_;
};

}  // namespace clarify::testing::detail

#endif  // CLARIFY_TESTING_DETAIL_EMULATOR_RPC_FAILURE_HPP
