// SPDX-License-Identifier: BSL-1.0
// Which failure is which HTTP status.

#ifndef CLARIFY_CORE_IMPL_HTTP_STATUS_HPP
#define CLARIFY_CORE_IMPL_HTTP_STATUS_HPP

#include <clarify/core/http_status.hpp>

namespace clarify {
namespace detail {

inline unsigned http_status_for(const RpcError& error) noexcept {
    switch (error.code) {
        case RpcError::invalid_params:
        case RpcError::produced_invalid_resource:
        case RpcError::found_invalid_resource:
            return 422;
        case RpcError::forbidden:
            return 403;
        case RpcError::try_again:
            return 503;
        default:
            return 502;
    }
}

}  // namespace detail

CLARIFY_DECL unsigned http_status_for(const Error& error) noexcept {
    switch (error.code()) {
        case Errc::bad_argument:
            return error.reason() == Reason::request ? 413 : 400;
        case Errc::rpc:
            return error.rpc() != nullptr ? detail::http_status_for(*error.rpc()) : 502;
        case Errc::overloaded:
        case Errc::closed:
        case Errc::cancelled:
            return 503;
        case Errc::status:
            return error.http_status() == 429 || error.http_status() == 503 ? 503 : 502;
        case Errc::timeout:
            return 504;
        case Errc::bad_config:
        case Errc::internal:
            return 500;
        default:
            return 502;
    }
}

}  // namespace clarify

#endif  // CLARIFY_CORE_IMPL_HTTP_STATUS_HPP
