// SPDX-License-Identifier: BSL-1.0
// The two endpoints of the API over HTTP: who may call, which version, and what is returned.

#ifndef CLARIFY_TESTING_DETAIL_EMULATOR_API_ENDPOINTS_HPP
#define CLARIFY_TESTING_DETAIL_EMULATOR_API_ENDPOINTS_HPP

#include <clarify/testing/detail/emulator/rpc_dispatch.hpp>
#include <clarify/testing/detail/emulator/server_message.hpp>
#include <clarify/testing/detail/emulator/statistics.hpp>
#include <clarify/testing/detail/emulator/store.hpp>
#include <clarify/testing/detail/emulator/token_issuer.hpp>
#include <clarify/testing/reply_fault.hpp>

#include <chrono>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace clarify::testing::detail {

/// What the endpoints accept as credentials.
struct ApiSecrets {
    /// The user name of Basic authentication.
    std::string integration;
    std::string basic_password;
    std::string client_id;
    std::string client_secret;
};

/** Failures that a test asks for.

    @par Thread safety
    Distinct objects: safe. Shared objects: safe.
*/
class PlannedFailures {
public:
    struct Failure {
        unsigned status;
        std::optional<std::chrono::seconds> retry_after;
    };

    void set_token_failure(std::optional<unsigned> status) {
        const std::lock_guard lock{mutex_};
        token_status_ = status;
    }

    std::optional<unsigned> token_failure() const {
        const std::lock_guard lock{mutex_};
        return token_status_;
    }

    void fail_rpc(unsigned count, Failure failure) {
        const std::lock_guard lock{mutex_};
        rpc_count_ = count;
        rpc_failure_ = failure;
    }

    /// The failure of the RPC request at hand, if one is planned for it.
    std::optional<Failure> take_rpc_failure() {
        const std::lock_guard lock{mutex_};
        if (rpc_count_ == 0) return std::nullopt;
        --rpc_count_;
        return rpc_failure_;
    }

    void spoil_rpc(unsigned count, ReplyFault fault) {
        const std::lock_guard lock{mutex_};
        spoiled_count_ = count;
        spoiled_ = fault;
    }

    /// What is wrong with the reply at hand, if something is to be.
    std::optional<ReplyFault> take_reply_fault() {
        const std::lock_guard lock{mutex_};
        if (spoiled_count_ == 0) return std::nullopt;
        --spoiled_count_;
        return spoiled_;
    }

private:
    // Guards what follows.
    mutable std::mutex mutex_;
    std::optional<unsigned> token_status_;
    unsigned rpc_count_ = 0;
    Failure rpc_failure_{};
    unsigned spoiled_count_ = 0;
    ReplyFault spoiled_{};
};

/** Answers requests to `/v1/oauth/token` and `/v1/rpc`.

    @par Object lifetimes
    The statistics must outlive the endpoints.
    @par Thread safety
    Distinct objects: safe. Shared objects: safe, once the address is set.
*/
class ApiEndpoints {
public:
    ApiEndpoints(
        ApiSecrets secrets,
        std::chrono::seconds token_lifetime,
        MethodSettings settings,
        Statistics& statistics);

    /// Sets scheme and port of the API, which tokens are meant for. To be called before `handle`.
    void set_address(std::string_view scheme, std::uint16_t port);

    /// The API's URL, with a slash at its end.
    const std::string& api_url() const noexcept { return api_url_; }

    ServerReply handle(const ServerRequest& request);

    SharedStore& store() noexcept { return store_; }
    TokenIssuer& tokens() noexcept { return tokens_; }
    PlannedFailures& failures() noexcept { return failures_; }
    PlannedCallFailures& call_failures() noexcept { return dispatcher_.failures(); }

private:
    ServerReply route(const ServerRequest& request);
    ServerReply handle_token(const ServerRequest& request);
    ServerReply issue_token(const ServerRequest& request);
    ServerReply handle_rpc(const ServerRequest& request);
    ServerReply reply_to(RpcOutcome outcome);
    bool is_authorized(std::string_view authorization) const;

    ApiSecrets secrets_;
    Statistics& statistics_;
    Microseconds latency_;
    TokenIssuer tokens_;
    PlannedFailures failures_;
    SharedStore store_;
    RpcDispatcher dispatcher_;
    std::string api_url_;
    // The same with `localhost`.
    std::string api_url_by_name_;
};

}  // namespace clarify::testing::detail

#include <clarify/testing/detail/emulator/impl/api_endpoints.hpp>

#endif  // CLARIFY_TESTING_DETAIL_EMULATOR_API_ENDPOINTS_HPP
