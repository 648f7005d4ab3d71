// SPDX-License-Identifier: BSL-1.0
// What can be chosen for a client and for a call.

#ifndef CLARIFY_CLIENT_OPTIONS_HPP
#define CLARIFY_CLIENT_OPTIONS_HPP

#include <clarify/auth/token_options.hpp>
#include <clarify/core/detail/json_scan.hpp>
#include <clarify/core/event.hpp>
#include <clarify/core/header_list.hpp>
#include <clarify/core/rpc_error.hpp>
#include <clarify/core/version.hpp>
#include <clarify/http/http_options.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clarify {

/** The API version a request asks for with `X-API-Version`, or none, for the newest stable one. */
class ApiVersion {
public:
    /// For example "1.1". Checked when a client or a call uses it.
    ApiVersion(std::string selector) : selector_(std::move(selector)) {}
    ApiVersion(const char* selector) : selector_(selector) {}
    /// Leaves the header out.
    static ApiVersion none() { return ApiVersion{std::string{}}; }

    bool is_none() const noexcept { return selector_.empty(); }
    const std::string& selector() const noexcept { return selector_; }

private:
    std::string selector_;
};

/** When and how often a failed call is repeated; see `Fate` for what makes that safe. */
struct RetryOptions {
    RetryOptions() {}

    /// How often a request is sent at most, the first time included. 1 turns repetition off, but for
    /// the one with another token after a 401; 0 is refused.
    unsigned attempts = 3;
    /// The wait before a repetition is random between zero and this, doubled each time ("full
    /// jitter").
    std::chrono::milliseconds base{100};
    /// The same after the server said that it is asked too often (429), and where this machine has
    /// no descriptor or port for another connection.
    std::chrono::milliseconds throttled_base{1'000};
    /// The longest such wait.
    std::chrono::milliseconds cap{20'000};
    /// `Retry-After` is honoured up to this; a longer one ends the call.
    std::chrono::milliseconds longest_retry_after{60'000};
    /// A store of tokens that each failed attempt takes one from and each success gives a tenth
    /// back to. Below half of it nothing is repeated, so that an outage is not made worse. A reply
    /// that blames the request, such as 404 or a JSON-RPC error, takes none. 0: no such limit.
    unsigned budget = 100;
    /// The JSON-RPC error codes that may pass by themselves: an idempotent call that gets one is
    /// repeated. Clarify's own "try again" unless others are given; empty: none.
    std::vector<std::int64_t> rpc_codes{RpcError::try_again};
    /// Makes the random part of every wait of the client the same each time, token fetches included,
    /// for tests that repeat a failure. Unset: another one for every client.
    std::optional<std::uint32_t> seed;
};

/** How often a server takes certain methods.

    A call that has to keep to it waits in line, first come, first served, until it is its turn.
    Every attempt counts, repetitions too.
*/
struct RateLimit {
    RateLimit(std::vector<std::string> names, double rate, unsigned together = 1)
        : methods(std::move(names)), per_second(rate), burst(together) {}

    /// The methods that share the limit: all the names of one method, as a rule.
    std::vector<std::string> methods;
    /// Requests a second; more than 0.
    double per_second;
    /// How many may follow each other at once after a pause; at least 1.
    unsigned burst;
};

/// What the Clarify API documents for its methods, in either spelling of their names.
inline std::vector<RateLimit> clarify_rate_limits() {
    return {
        {{"integration.insert"}, 1},
        {{"integration.saveSignals", "integration.signals.save"}, 1},
        {{"admin.selectSignals", "admin.signals.select"}, 10, 10},
        {{"admin.publishSignals", "admin.signals.publish"}, 5, 5},
        {{"clarify.selectItems", "clarify.items.select"}, 10, 10},
        {{"clarify.dataFrame"}, 1},
        {{"clarify.evaluate"}, 1}};
}

/** What can be chosen for one call. Unset members mean the client's own setting. */
struct CallOptions {
    CallOptions() {}
    explicit CallOptions(std::chrono::milliseconds limit) : timeout(limit) {}

    /// The limit of the whole call: queue, token, connection, request, response and repetitions.
    std::optional<std::chrono::milliseconds> timeout;
    std::optional<ApiVersion> api_version;
    /// May the call be executed twice? Unset: as the method table says, where every documented
    /// Clarify method may, and any other may not.
    std::optional<bool> idempotent;
    /// Must the call keep to `ClientOptions::rate_limits`? Unset: the typed methods of the Clarify
    /// API must, calls by name need not.
    std::optional<bool> rate_limited;
    /// Sent with the request, besides the library's own.
    HeaderList headers;
    /// A W3C trace context to continue, sent as `traceparent`. Empty: none.
    std::string traceparent;
};

/** What can be chosen for a client. */
struct ClientOptions {
    ClientOptions() {}

    /// The limit of a call that says nothing else. Above the 15 s that the service itself may take.
    std::chrono::milliseconds call_timeout{30'000};
    ApiVersion api_version{"1.1"};
    std::string user_agent = "clarify-cpp/" CLARIFY_VERSION_STRING;
    /// A larger request body is refused before anything is sent.
    std::size_t max_request_body = std::size_t{16} << 20U;
    /// A larger response body ends the call.
    std::size_t max_response_body = std::size_t{16} << 20U;
    /// The deepest nesting of arrays and objects in a response. From 1 to 1024.
    std::size_t max_json_depth = 64;
    /// The most memory that decoding one response may take, in bytes; at least 1. For a codec that is
    /// made by the client, see `JsonCodecOptions::max_parse_memory`.
    std::size_t max_json_memory = std::size_t{128} << 20U;
    /// How much of a body that is no answer an error shows (`HttpFailure::body_excerpt`), in bytes
    /// of escaped text. From 16 B to 64 KiB, or 0 for nothing.
    std::size_t max_body_excerpt = 512;
    RetryOptions retry;
    /// How often the server takes which method; calls that are `CallOptions::rate_limited` wait in
    /// line for it. Methods that are not listed have no limit; an empty list turns it off.
    std::vector<RateLimit> rate_limits = clarify_rate_limits();
    /// For a backend that is made by the client.
    HttpOptions http;
    /// How tokens are fetched and kept, for a client made from `Credentials`.
    TokenOptions token;
    /// Receives events; see `Observer`.
    Observer observer;
    /// Stands in for the steady clock, in tests. Null: the steady clock.
    std::shared_ptr<TimeSource> clock;
    /// Allows credentials to travel in clear text to another machine. For test set-ups only:
    /// anybody on the way can read them. Plain http to a loopback address needs no permission.
    bool insecure_allow_credentials_over_plain_http = false;

    /// @throws std::invalid_argument naming the member that is out of range.
    void check() const {
        const auto is_header = [](std::string_view text) { return detail::is_field_value(text); };
        if (call_timeout.count() <= 0) throw std::invalid_argument{"call_timeout is not positive"};
        if (!is_header(api_version.selector()))
            throw std::invalid_argument{"api_version is no header value"};
        if (!is_header(user_agent)) throw std::invalid_argument{"user_agent is no header value"};
        if (max_json_depth == 0 || max_json_depth > detail::json_depth_ceiling)
            throw std::invalid_argument{"max_json_depth is not within 1 to 1024"};
        if (max_json_memory == 0) throw std::invalid_argument{"max_json_memory is 0"};
        const bool excerpt_fits =
            max_body_excerpt >= 16 && max_body_excerpt <= std::size_t{64} << 10U;
        if (max_body_excerpt != 0 && !excerpt_fits) {
            throw std::invalid_argument{
                "max_body_excerpt is neither 0 nor between 16 B and 64 KiB"};
        }
        if (retry.attempts == 0) throw std::invalid_argument{"retry.attempts is 0"};
        for (const RateLimit& limit : rate_limits) {
            // Slower than once a day, or faster than a clock can tell, is a slip of the pen.
            if (!(limit.per_second > 1e-5 && limit.per_second < 1e6) || limit.burst == 0)
                throw std::invalid_argument{"rate_limits has a rate or a burst out of range"};
        }
        http.check();
        token.check();
    }
};

}  // namespace clarify

#endif  // CLARIFY_CLIENT_OPTIONS_HPP
