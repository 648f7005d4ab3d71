// SPDX-License-Identifier: BSL-1.0
// JSON-RPC 2.0: from a request's text to the reply's, by way of a table of methods.

#ifndef CLARIFY_TESTING_DETAIL_EMULATOR_RPC_DISPATCH_HPP
#define CLARIFY_TESTING_DETAIL_EMULATOR_RPC_DISPATCH_HPP

#include <clarify/testing/detail/emulator/json_text.hpp>
#include <clarify/testing/detail/emulator/method_context.hpp>
#include <clarify/testing/detail/emulator/rate_queue.hpp>
#include <clarify/testing/detail/emulator/store.hpp>

#include <initializer_list>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace clarify::testing::detail {

/// Methods by name, whatever its case.
class MethodTable {
public:
    struct Entry {
        /// The one in API 1.1, or 1.2 where it is new there; whatever the alias.
        std::string name;
        MethodHandler handler;
        /// Is it not found in older versions?
        bool needs_1_2;
    };

    void add(
        std::string_view name,
        std::initializer_list<std::string_view> aliases,
        MethodHandler handler,
        bool needs_1_2 = false);

    /// The entry for a name or an alias; null when there is none.
    const Entry* find(std::string_view name) const;

private:
    // By name in lower case.
    std::map<std::string, Entry> entries_;
};

/// All that the emulator can do, with the names of every API version.
MethodTable make_method_table();

/// What became of one request.
struct RpcOutcome {
    /// The reply; nullopt for a notification, which has none, and where the request has timed out.
    std::optional<std::string> body;
    /// The id in the reply, as JSON.
    std::string id;
    /// Canonical name of the method that was asked for, if the caller may use it; else empty.
    std::string method;
    /// How long the request has waited for its turn, before which nobody may see the reply.
    Microseconds delay{0};
    /// It has waited for too long, and was not executed.
    bool timed_out = false;
};

/** Calls that are to fail because a test asks for it.

    @par Thread safety
    Distinct objects: safe. Shared objects: safe.
*/
class PlannedCallFailures {
public:
    void plan(unsigned count, int code) {
        const std::lock_guard lock{mutex_};
        count_ = count;
        code_ = code;
    }

    /// The code that the call at hand is to fail with, if it is to.
    std::optional<int> take() {
        const std::lock_guard lock{mutex_};
        if (count_ == 0) return std::nullopt;
        --count_;
        return code_;
    }

private:
    // Guards what follows.
    std::mutex mutex_;
    unsigned count_ = 0;
    int code_ = 0;
};

/** Executes JSON-RPC requests on a store.

    @par Object lifetimes
    The store must outlive the dispatcher.
    @par Thread safety
    Distinct objects: safe. Shared objects: safe.
*/
class RpcDispatcher {
public:
    RpcDispatcher(SharedStore& store, MethodSettings settings);

    /** Executes the request in `text` as of `now`; never throws on account of it.

        @param version The resolved version of the API.
    */
    RpcOutcome handle(std::string_view text, std::string_view version, ServerTime now);

    PlannedCallFailures& failures() noexcept { return failures_; }

private:
    /// The member `result` or `error` of the reply.
    std::string execute(
        const json::object& request,
        std::string_view version,
        ServerTime now,
        bool path_errors,
        RpcOutcome& outcome);
    const MethodTable::Entry& method_of(
        const json::object& request, std::string_view version) const;
    Microseconds wait_for_turn(const std::string& method, ServerTime now);
    json::object error_json(const RpcFailure& failure, bool path_errors, ServerTime now);

    SharedStore& store_;
    MethodSettings settings_;
    MethodTable methods_ = make_method_table();
    IdMint traces_;
    PlannedCallFailures failures_;
    // Guards queue_.
    std::mutex queue_mutex_;
    RateQueue queue_;
};

}  // namespace clarify::testing::detail

#include <clarify/testing/detail/emulator/impl/rpc_dispatch.hpp>

#endif  // CLARIFY_TESTING_DETAIL_EMULATOR_RPC_DISPATCH_HPP
