// SPDX-License-Identifier: BSL-1.0
// The ranges of the limits.

#ifndef CLARIFY_HTTP_IMPL_HTTP_OPTIONS_HPP
#define CLARIFY_HTTP_IMPL_HTTP_OPTIONS_HPP

#include <clarify/http/http_options.hpp>

#include <stdexcept>
#include <string>

namespace clarify {

CLARIFY_DECL void HttpOptions::check() const {
    const auto require = [](bool fine, const char* name, const char* what) {
        if (!fine) throw std::invalid_argument{std::string{name} + " is " + what};
    };
    const auto positive = [&](std::chrono::milliseconds value, const char* name) {
        require(value.count() > 0, name, "not positive");
    };
    const auto within =
        [&](std::size_t value, std::size_t least, const char* name, const char* what) {
            // A part that is not complete yet must fit the buffer of the connection.
            constexpr std::size_t most = std::size_t{30} << 10U;
            require(value >= least && value <= most, name, what);
        };
    tls.check();
    proxy.check();
    require(max_connections != 0, "max_connections", "0, but at least one is needed");
    require(idle_timeout.count() >= 0, "idle_timeout", "negative");
    positive(connection_lifetime, "connection_lifetime");
    positive(connect_timeout, "connect_timeout");
    positive(address_timeout, "address_timeout");
    positive(connect_stagger, "connect_stagger");
    positive(tls_timeout, "tls_timeout");
    positive(proxy_timeout, "proxy_timeout");
    require(unacknowledged_timeout.count() >= 0, "unacknowledged_timeout", "negative");
    within(max_response_head, 64, "max_response_head", "not between 64 B and 30 KiB");
    require(max_response_fields != 0, "max_response_fields", "0, but at least one is needed");
    within(max_chunk_line, 16, "max_chunk_line", "not between 16 B and 30 KiB");
    within(max_chunk_extras, 4, "max_chunk_extras", "not between 4 B and 30 KiB");
}

}  // namespace clarify

#endif  // CLARIFY_HTTP_IMPL_HTTP_OPTIONS_HPP
