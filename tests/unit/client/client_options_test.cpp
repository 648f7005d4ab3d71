// SPDX-License-Identifier: BSL-1.0
// The defaults of the options, and the range that each is held to.

#include <clarify/client_options.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

namespace client_options_test {

using namespace clarify;
using namespace std::chrono_literals;

namespace {

/// What `check` has against the defaults after a change; empty where it has nothing.
std::string objection(const std::function<void(ClientOptions&)>& change) {
    ClientOptions options;
    change(options);
    try {
        options.check();
    } catch (const std::invalid_argument& error) {
        return error.what();
    }
    return {};
}

}  // namespace

TEST_CASE("ClientOptions: the defaults are in range, and as documented") {
    CHECK(objection([](ClientOptions&) {}).empty());
    const ClientOptions options;
    CHECK(options.call_timeout == 30s);
    CHECK(options.api_version.selector() == "1.1");
    CHECK(options.user_agent == "clarify-cpp/" CLARIFY_VERSION_STRING);
    CHECK(options.max_request_body == std::size_t{16} << 20U);
    CHECK(options.max_response_body == std::size_t{16} << 20U);
    CHECK(options.max_json_depth == 64);
    CHECK(options.max_json_memory == std::size_t{128} << 20U);
    CHECK(options.max_body_excerpt == 512);
    CHECK_FALSE(options.observer);
    CHECK_FALSE(options.insecure_allow_credentials_over_plain_http);
    CHECK(options.retry.attempts == 3);
    CHECK(options.retry.base == 100ms);
    CHECK(options.retry.throttled_base == 1s);
    CHECK(options.retry.cap == 20s);
    CHECK(options.retry.longest_retry_after == 60s);
    CHECK(options.retry.budget == 100);
    CHECK(options.http.max_connections == 16);
    CHECK(options.http.max_waiting == 16'384);
    CHECK(options.http.idle_timeout == 30s);
    CHECK(options.http.connect_timeout == 10s);
    CHECK(options.http.address_timeout == 3s);
    CHECK(options.http.connect_stagger == 250ms);
    CHECK(options.http.tls_timeout == 10s);
    CHECK(options.http.max_response_head == std::size_t{16} << 10U);
    CHECK(options.http.proxy_timeout == 10s);
    CHECK(options.http.unacknowledged_timeout == 10s);
    CHECK(options.http.max_response_fields == 128);
    CHECK(options.http.max_interim_responses == 8);
    CHECK(options.http.max_chunk_line == std::size_t{1} << 10U);
    CHECK(options.http.max_chunk_extras == std::size_t{16} << 10U);
    CHECK(options.token.fetch_timeout == 30s);
    CHECK(options.token.attempts == 3);
    CHECK(options.token.times.renewal_margin == 60s);
    CHECK(options.token.times.default_lifetime == 300s);
    CHECK(options.token.times.first_pause == 1s);
    CHECK(options.token.times.longest_pause == 60s);
    CHECK(options.token.max_reply == std::size_t{64} << 10U);
    CHECK(options.token.max_token == std::size_t{8} << 10U);
}

TEST_CASE("ClientOptions: names the member that is out of range") {
    using Change = std::function<void(ClientOptions&)>;
    struct Row {
        std::string member;
        Change change;
    };
    const std::vector<Row> rows{
        {"call_timeout", [](ClientOptions& o) { o.call_timeout = 0ms; }},
        {"call_timeout", [](ClientOptions& o) { o.call_timeout = -1ms; }},
        {"api_version", [](ClientOptions& o) { o.api_version = "1.1\r\nX: y"; }},
        {"api_version", [](ClientOptions& o) { o.api_version = " 1.1"; }},
        {"user_agent", [](ClientOptions& o) { o.user_agent = "a\nb"; }},
        {"user_agent", [](ClientOptions& o) { o.user_agent = std::string("a\0b", 3); }},
        {"first_id", [](ClientOptions& o) { o.first_id = 0; }},
        {"first_id", [](ClientOptions& o) { o.first_id = std::int64_t{1} << 53U; }},
        {"max_json_depth", [](ClientOptions& o) { o.max_json_depth = 0; }},
        {"max_json_depth", [](ClientOptions& o) { o.max_json_depth = 1025; }},
        {"max_json_memory", [](ClientOptions& o) { o.max_json_memory = 0; }},
        {"max_body_excerpt", [](ClientOptions& o) { o.max_body_excerpt = 15; }},
        {"max_body_excerpt",
         [](ClientOptions& o) { o.max_body_excerpt = (std::size_t{64} << 10U) + 1; }},
        {"token.fetch_timeout", [](ClientOptions& o) { o.token.fetch_timeout = 0ms; }},
        {"token.attempts", [](ClientOptions& o) { o.token.attempts = 0; }},
        {"token.times.renewal_margin",
         [](ClientOptions& o) { o.token.times.renewal_margin = -1s; }},
        {"token.times.default_lifetime",
         [](ClientOptions& o) { o.token.times.default_lifetime = 0s; }},
        {"token.times.first_pause", [](ClientOptions& o) { o.token.times.first_pause = 0s; }},
        {"token.times.longest_pause", [](ClientOptions& o) { o.token.times.first_pause = 61s; }},
        {"token.max_reply", [](ClientOptions& o) { o.token.max_reply = 1023; }},
        {"token.max_reply",
         [](ClientOptions& o) { o.token.max_reply = (std::size_t{1} << 20U) + 1; }},
        {"token.max_token", [](ClientOptions& o) { o.token.max_token = 0; }},
        {"token.max_token",
         [](ClientOptions& o) { o.token.max_token = (std::size_t{64} << 10U) + 1; }},
        {"max_request_body", [](ClientOptions& o) { o.max_request_body = 0; }},
        {"retry.attempts", [](ClientOptions& o) { o.retry.attempts = 0; }},
        {"retry.base", [](ClientOptions& o) { o.retry.base = -1ms; }},
        {"retry.throttled_base", [](ClientOptions& o) { o.retry.throttled_base = -1ms; }},
        {"retry.cap", [](ClientOptions& o) { o.retry.cap = -1ms; }},
        {"retry.longest_retry_after", [](ClientOptions& o) { o.retry.longest_retry_after = -1ms; }},
        {"rate_limits",
         [](ClientOptions& o) {
             o.rate_limits = {{{"m"}, 1, 0}};
         }},
        {"rate_limits",
         [](ClientOptions& o) {
             o.rate_limits = {{{"m"}, 0}};
         }},
        {"rate_limits",
         [](ClientOptions& o) {
             o.rate_limits = {{{"m"}, 1e-5, 1}};
         }},
        {"rate_limits",
         [](ClientOptions& o) {
             o.rate_limits = {{{"m"}, 1e-4, 1'000'000}};
         }},
        {"max_connections", [](ClientOptions& o) { o.http.max_connections = 0; }},
        {"max_response_head", [](ClientOptions& o) { o.http.max_response_head = 63; }},
        {"max_response_head",
         [](ClientOptions& o) { o.http.max_response_head = (std::size_t{30} << 10U) + 1; }},
        {"connect_timeout", [](ClientOptions& o) { o.http.connect_timeout = 0ms; }},
        {"address_timeout", [](ClientOptions& o) { o.http.address_timeout = -1ms; }},
        {"connect_stagger", [](ClientOptions& o) { o.http.connect_stagger = 0ms; }},
        {"tls_timeout", [](ClientOptions& o) { o.http.tls_timeout = 0ms; }},
        {"connection_lifetime", [](ClientOptions& o) { o.http.connection_lifetime = 0ms; }},
        {"idle_timeout", [](ClientOptions& o) { o.http.idle_timeout = -1ms; }},
        {"unacknowledged_timeout", [](ClientOptions& o) { o.http.unacknowledged_timeout = -1ms; }},
        {"proxy_timeout", [](ClientOptions& o) { o.http.proxy_timeout = 0ms; }},
        {"max_response_fields", [](ClientOptions& o) { o.http.max_response_fields = 0; }},
        {"max_chunk_line", [](ClientOptions& o) { o.http.max_chunk_line = 15; }},
        {"max_chunk_line",
         [](ClientOptions& o) { o.http.max_chunk_line = (std::size_t{30} << 10U) + 1; }},
        {"max_chunk_extras", [](ClientOptions& o) { o.http.max_chunk_extras = 3; }},
        {"max_chunk_extras",
         [](ClientOptions& o) { o.http.max_chunk_extras = (std::size_t{30} << 10U) + 1; }},
    };
    for (const Row& row : rows) {
        CAPTURE(row.member);
        CHECK(objection(row.change).starts_with(row.member));
    }
}

TEST_CASE("ClientOptions: accepts the edges of each range") {
    using Change = std::function<void(ClientOptions&)>;
    for (const Change& change : {
             Change{[](ClientOptions& o) { o.call_timeout = 1ms; }},
             Change{[](ClientOptions& o) { o.api_version = ApiVersion::none(); }},
             Change{[](ClientOptions& o) { o.user_agent.clear(); }},
             Change{[](ClientOptions& o) { o.first_id = 1; }},
             Change{[](ClientOptions& o) { o.first_id = (std::int64_t{1} << 53U) - 1; }},
             Change{[](ClientOptions& o) { o.max_json_depth = 1; }},
             Change{[](ClientOptions& o) { o.max_json_depth = 1024; }},
             Change{[](ClientOptions& o) { o.max_json_memory = 1; }},
             Change{[](ClientOptions& o) { o.max_body_excerpt = 0; }},
             Change{[](ClientOptions& o) { o.max_body_excerpt = 16; }},
             Change{[](ClientOptions& o) { o.max_body_excerpt = std::size_t{64} << 10U; }},
             Change{[](ClientOptions& o) { o.token.times.renewal_margin = 0s; }},
             Change{[](ClientOptions& o) { o.token.times.longest_pause = 1s; }},
             Change{[](ClientOptions& o) { o.token.max_reply = std::size_t{1} << 10U; }},
             Change{[](ClientOptions& o) { o.token.max_reply = std::size_t{1} << 20U; }},
             Change{[](ClientOptions& o) { o.token.max_token = 1; }},
             Change{[](ClientOptions& o) { o.token.max_token = std::size_t{64} << 10U; }},
             Change{[](ClientOptions& o) { o.retry.attempts = 1; }},
             Change{[](ClientOptions& o) { o.retry.budget = 0; }},
             Change{[](ClientOptions& o) { o.retry.base = o.retry.cap = 0ms; }},
             Change{[](ClientOptions& o) { o.retry.base = o.retry.throttled_base = 1h; }},
             Change{[](ClientOptions& o) { o.retry.cap = 24h; }},
             Change{[](ClientOptions& o) { o.retry.longest_retry_after = 0ms; }},
             Change{[](ClientOptions& o) {
                 o.retry.longest_retry_after = std::chrono::milliseconds::max();
             }},
             Change{[](ClientOptions& o) { o.max_request_body = 1; }},
             Change{[](ClientOptions& o) { o.max_response_body = 0; }},
             Change{[](ClientOptions& o) {
                 o.rate_limits = {{{"m"}, 1, 1'000'000'000}};
             }},
             Change{[](ClientOptions& o) { o.http.max_connections = 1; }},
             Change{[](ClientOptions& o) { o.http.max_waiting = 0; }},
             Change{[](ClientOptions& o) { o.http.max_response_head = 64; }},
             Change{[](ClientOptions& o) { o.http.max_response_head = std::size_t{30} << 10U; }},
             Change{[](ClientOptions& o) { o.http.connect_timeout = 1ms; }},
             Change{[](ClientOptions& o) { o.http.idle_timeout = 0ms; }},
             Change{[](ClientOptions& o) { o.http.unacknowledged_timeout = 0ms; }},
             Change{[](ClientOptions& o) { o.http.connection_lifetime = 365 * 24h; }},
             Change{[](ClientOptions& o) { o.http.max_interim_responses = 0; }},
             Change{[](ClientOptions& o) { o.http.max_chunk_line = 16; }},
             Change{[](ClientOptions& o) { o.http.max_chunk_extras = 4; }},
         }) {
        CHECK(objection(change).empty());
    }
}

TEST_CASE("ApiVersion: none leaves the header out") {
    CHECK(ApiVersion::none().is_none());
    CHECK_FALSE(ApiVersion{"1.1"}.is_none());
    CHECK(ApiVersion{std::string{"1.2beta1"}}.selector() == "1.2beta1");
}

TEST_CASE("CallOptions: nothing is set unless asked for") {
    const CallOptions options;
    CHECK_FALSE(options.timeout.has_value());
    CHECK_FALSE(options.api_version.has_value());
    CHECK_FALSE(options.idempotent.has_value());
    CHECK(options.headers.empty());
    CHECK(options.traceparent.empty());
    CHECK(CallOptions{5s}.timeout == 5s);
}

}  // namespace client_options_test
