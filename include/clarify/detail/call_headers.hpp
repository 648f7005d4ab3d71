// SPDX-License-Identifier: BSL-1.0
// The header fields of a call's request, and what they must not be.

#ifndef CLARIFY_DETAIL_CALL_HEADERS_HPP
#define CLARIFY_DETAIL_CALL_HEADERS_HPP

#include <clarify/client_options.hpp>
#include <clarify/concepts/auth_policy.hpp>
#include <clarify/core/detail/text.hpp>
#include <clarify/core/errc.hpp>
#include <clarify/core/error.hpp>
#include <clarify/core/header_list.hpp>
#include <clarify/core/http_message.hpp>
#include <clarify/core/url.hpp>
#include <clarify/detail/call_record.hpp>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace clarify::detail {

/// May the header that proves who calls have this name?
inline bool is_free(const CallRecord& call, std::string_view name) {
    return HeaderList{}.add(std::string{name}, {}).check().has_value() &&
        std::none_of(
               call.options.headers.begin(), call.options.headers.end(), [&](const auto& header) {
                   return iequals(header.first, name);
               });
}

/// What is wrong with a header that the authentication policy has given for `endpoint`, if anything.
inline std::optional<Error> header_error(
    const CallRecord& call,
    const AuthHeader& header,
    const Url& endpoint,
    const ClientOptions& options) {
    Error error;
    if (!endpoint.is_https() && !endpoint.is_loopback() &&
        !options.insecure_allow_credentials_over_plain_http) {
        error = Error{
            Errc::bad_config,
            Reason::insecure,
            "credentials are not sent over plain http to another machine: use https"};
    } else if (header->empty() || !is_field_value(header->expose())) {
        error = Error{
            Errc::token,
            Reason::header,
            "the authentication policy gave a header that is empty or has illegal characters"};
    } else if (header.has_own_name() && !is_free(call, header.name())) {
        error = Error{
            Errc::token,
            Reason::header,
            "the authentication policy named a header that cannot be sent, or that the call has"};
    } else {
        return std::nullopt;
    }
    return error.set_phase(Phase::token);
}

/// Composes them in the call's buffers. They view what the call and the options hold.
inline void write_headers(
    const CallRecord& call, const AuthHeader& header, const ClientOptions& options) {
    std::vector<HeaderView>& out = call.buffers->headers;
    out.clear();
    if (header) out.push_back({header.name(), header->expose()});
    out.push_back({"Content-Type", "application/json"});
    out.push_back({"Accept", "application/json"});
    const ApiVersion& version =
        call.options.api_version ? *call.options.api_version : options.api_version;
    if (!version.is_none()) out.push_back({"X-API-Version", version.selector()});
    if (!options.user_agent.empty()) out.push_back({"User-Agent", options.user_agent});
    if (!call.options.traceparent.empty()) out.push_back({"traceparent", call.options.traceparent});
    for (const auto& [name, value] : call.options.headers)
        out.push_back({name, value});
}

}  // namespace clarify::detail

#endif  // CLARIFY_DETAIL_CALL_HEADERS_HPP
