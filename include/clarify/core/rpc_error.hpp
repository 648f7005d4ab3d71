// SPDX-License-Identifier: BSL-1.0
// The error object of a JSON-RPC 2.0 response, and what Clarify puts into its data.

#ifndef CLARIFY_CORE_RPC_ERROR_HPP
#define CLARIFY_CORE_RPC_ERROR_HPP

#include <clarify/core/detail/json_scan.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clarify {

/** A resource that Clarify refused or found broken, from `data.invalidResources`. */
struct InvalidResource {
    InvalidResource() {}

    std::string id;  ///< Empty where the resource has none yet.
    std::string type;  ///< For example `signals`.
    std::string message;
    /// Field path and what is wrong with it, in the order of the reply.
    std::vector<std::pair<std::string, std::string>> invalid_fields;
};

/** What Clarify's error data says, in either of the two shapes the service answers with.

    All text comes from the server: show it, but do not trust it. Members that are missing or of
    another type are left empty; unknown ones are ignored. The lists take at most 4 MiB together:
    what comes after that is left out.
*/
struct ErrorData {
    ErrorData() {}

    /// The server's trace id, for a support request. Empty where there is none.
    std::string trace;
    /// Parameter path and message. The documented shape (`params`, one entry for each message) and
    /// the observed one (`pathErrors`, whose paths start with `params.`, which is removed) read
    /// alike.
    std::vector<std::pair<std::string, std::string>> params;
    std::vector<InvalidResource> invalid_resources;
    /// The JSON text of `partialResult`, shaped like the method's result; empty where there is
    /// none.
    std::string partial_result;
    /// The text of a `data` that is a plain string.
    std::string text;
};

/** A JSON-RPC 2.0 error object (section 5.1 of the specification).

    @par Thread safety
    Distinct objects: safe. Shared objects: safe for reading.
*/
struct RpcError {
    RpcError() {}

    // Codes of the specification, and those Clarify adds.
    static constexpr std::int64_t parse_error = -32700;
    static constexpr std::int64_t invalid_request = -32600;
    static constexpr std::int64_t method_not_found = -32601;
    static constexpr std::int64_t invalid_params = -32602;
    static constexpr std::int64_t internal_error = -32603;
    static constexpr std::int64_t server_error = -32000;
    static constexpr std::int64_t produced_invalid_resource = -32001;
    static constexpr std::int64_t found_invalid_resource = -32002;
    static constexpr std::int64_t forbidden = -32003;
    static constexpr std::int64_t conflict = -32009;
    static constexpr std::int64_t try_again = -32015;
    static constexpr std::int64_t partial_failure = -32021;

    std::int64_t code = 0;
    std::string message;
    /// The JSON text of `data`; empty where the member is missing.
    std::string data;
    /// The reply had a null id: the server could not tell which request it answers.
    bool uncorrelated = false;

    /// Reads `data` as Clarify writes it. Never fails: what is not there stays empty.
    ErrorData clarify_data() const;
};

}  // namespace clarify

#include <clarify/core/impl/rpc_error.hpp>

#endif  // CLARIFY_CORE_RPC_ERROR_HPP
