// SPDX-License-Identifier: BSL-1.0
// The ranges that options are held to, and the rate limits that the Clarify API documents.

#ifndef CLARIFY_IMPL_CLIENT_OPTIONS_HPP
#define CLARIFY_IMPL_CLIENT_OPTIONS_HPP

#include <clarify/client_options.hpp>
#include <clarify/core/detail/call_ids.hpp>
#include <clarify/core/detail/json_scan.hpp>
#include <clarify/core/detail/text.hpp>

#include <cstddef>
#include <stdexcept>
#include <vector>

namespace clarify {

CLARIFY_DECL std::vector<RateLimit> clarify_rate_limits() {
    return {
        {{"integration.insert"}, 1},
        {{"integration.saveSignals", "integration.signals.save"}, 1},
        {{"admin.selectSignals", "admin.signals.select"}, 10, 10},
        {{"admin.publishSignals", "admin.signals.publish"}, 5, 5},
        {{"clarify.selectItems", "clarify.items.select"}, 10, 10},
        {{"clarify.dataFrame"}, 1},
        {{"clarify.evaluate"}, 1}};
}

CLARIFY_DECL void ClientOptions::check() const {
    const auto require = [](bool fine, const char* what) {
        if (!fine) throw std::invalid_argument{what};
    };
    require(call_timeout.count() > 0, "call_timeout is not positive");
    require(attempt_timeout.count() > 0, "attempt_timeout is not positive");
    require(
        detail::is_field_value(api_version.selector()), "api_version is not a valid header value");
    require(detail::is_field_value(user_agent), "user_agent is not a valid header value");
    require(max_request_body != 0, "max_request_body is 0");
    require(
        max_json_depth != 0 && max_json_depth <= detail::json_depth_ceiling,
        "max_json_depth is not within 1 to 1024");
    require(max_json_memory != 0, "max_json_memory is 0");
    require(
        max_body_excerpt == 0 ||
            (max_body_excerpt >= 16 && max_body_excerpt <= std::size_t{64} << 10U),
        "max_body_excerpt is neither 0 nor between 16 B and 64 KiB");
    require(
        !first_id || (*first_id >= 1 && *first_id <= detail::CallIds::largest),
        "first_id is not within 1 to 2^53 - 1");
    require(retry.attempts != 0, "retry.attempts is 0");
    require(retry.base.count() >= 0, "retry.base is negative");
    require(retry.throttled_base.count() >= 0, "retry.throttled_base is negative");
    require(retry.cap.count() >= 0, "retry.cap is negative");
    require(retry.longest_retry_after.count() >= 0, "retry.longest_retry_after is negative");
    for (const RateLimit& limit : rate_limits) {
        // Slower than once a day, or faster than a clock can tell, is a slip of the pen. A burst
        // is kept as the time that it takes.
        const bool fine = limit.per_second > 1e-5 && limit.per_second < 1e6 && limit.burst != 0 &&
            limit.burst / limit.per_second <= 1e9;
        require(fine, "rate_limits has a rate or a burst out of range");
    }
    http.check();
    token.check();
}

}  // namespace clarify

#endif  // CLARIFY_IMPL_CLIENT_OPTIONS_HPP
