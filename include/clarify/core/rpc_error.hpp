// SPDX-License-Identifier: BSL-1.0
// The error object of a JSON-RPC 2.0 response, and what Clarify puts into its data.

#ifndef CLARIFY_CORE_RPC_ERROR_HPP
#define CLARIFY_CORE_RPC_ERROR_HPP

#include <clarify/core/detail/config.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clarify {

/** A resource that Clarify refused or found broken, from `data.invalidResources`. */
struct InvalidResource {
    InvalidResource() {}

    /// Its id; empty where the resource has none yet.
    std::string id;
    /// What kind of resource it is, in the plural: for example `signals`.
    std::string type;
    /// What the server says of it as a whole; may be empty.
    std::string message;
    /// Field path and what is wrong with it, in the order of the reply.
    std::vector<std::pair<std::string, std::string>> invalid_fields;
};

/** What Clarify's error data says, in either of the two shapes the service answers with.

    All text comes from the server: show it, but do not trust it. It has been read, not cleaned: it
    may hold control characters. Members that are missing or of another type are left empty; unknown
    ones are ignored. The lists take at most 4 MiB together: what comes after that is left out.

    ```cpp
    if (const clarify::RpcError* refused = error.rpc()) {
        for (const auto& [path, message] : refused->clarify_data().params)
            std::cerr << path << ": " << message << '\n';
    }
    ```
*/
struct ErrorData {
    ErrorData() {}

    /// The server's trace id, for a support request. Empty where there is none.
    std::string trace;
    /// Parameter path and message. The documented shape (`params`, one entry for each message) and
    /// the observed one (`pathErrors`, whose paths start with `params.`, which is removed) read
    /// alike.
    std::vector<std::pair<std::string, std::string>> params;
    /// The resources that the error is about, in the order of the reply.
    std::vector<InvalidResource> invalid_resources;
    /// The JSON text of `partialResult`, shaped like the method's result; empty where there is
    /// none.
    std::string partial_result;
    /// The text of a `data` that is a plain string.
    std::string text;
};

/** A JSON-RPC 2.0 error object (section 5.1 of the specification).

    What a server says, as it says it, with one exception: credentials that the request carried are
    masked where the server repeats them.

    @par Thread safety
    Distinct objects: safe. Shared objects: safe for reading.
*/
struct RpcError {
    RpcError() {}

    // The codes of the specification.
    /// The server could not read the request as JSON.
    static constexpr std::int64_t parse_error = -32700;
    /// The request is JSON, but not a JSON-RPC request.
    static constexpr std::int64_t invalid_request = -32600;
    /// There is no such method, or not in this version of the API.
    static constexpr std::int64_t method_not_found = -32601;
    /// The method does not take these parameters. See `ErrorData::params`.
    static constexpr std::int64_t invalid_params = -32602;
    /// The server failed.
    static constexpr std::int64_t internal_error = -32603;

    // The codes that Clarify adds.
    static constexpr std::int64_t server_error = -32000;
    /// The call would make a resource that is not valid. See `ErrorData::invalid_resources`.
    static constexpr std::int64_t produced_invalid_resource = -32001;
    /// A resource that is stored already is not valid.
    static constexpr std::int64_t found_invalid_resource = -32002;
    /// The credentials do not allow this.
    static constexpr std::int64_t forbidden = -32003;
    /// Somebody else changed the same resource. Read it again first.
    static constexpr std::int64_t conflict = -32009;
    /// The failure may pass: by default an idempotent call is repeated (`RetryOptions::rpc_codes`).
    static constexpr std::int64_t try_again = -32015;
    /// A part of the call was done. See `ErrorData::partial_result`.
    static constexpr std::int64_t partial_failure = -32021;

    /// One of the codes above, or any other number.
    std::int64_t code = 0;
    /// The server's words; may be empty, and may hold anything.
    std::string message;
    /// The JSON text of `data`; empty where the member is missing.
    std::string data;
    /// The reply had a null id: the server could not tell which request it answers. It came in answer
    /// to this one all the same.
    bool uncorrelated = false;

    /// Reads `data` as Clarify writes it. Never fails: what is not there stays empty.
    ErrorData clarify_data() const;
};

}  // namespace clarify

#if !defined(CLARIFY_SEPARATE_COMPILATION)
#include <clarify/core/impl/rpc_error.hpp>
#endif

#endif  // CLARIFY_CORE_RPC_ERROR_HPP
