// SPDX-License-Identifier: BSL-1.0
// The names of the enumerators, and the category that shows `Errc` as an `error_code`.

#ifndef CLARIFY_CORE_IMPL_ERRC_HPP
#define CLARIFY_CORE_IMPL_ERRC_HPP

#include <clarify/core/errc.hpp>

#include <array>
#include <cstddef>
#include <string>

namespace clarify {
namespace detail {

inline constexpr std::array<std::string_view, 22> errc_names{
    "",        "bad_argument", "bad_config", "resolve",    "connect", "tls",       "proxy",  "io",
    "timeout", "cancelled",    "closed",     "overloaded", "framing", "too_large", "status", "auth",
    "token",   "json",         "envelope",   "rpc",        "decode",  "internal"};

inline constexpr std::array<std::string_view, 61> reason_names{
    "",
    "not_found",
    "temporary",
    "refused",
    "unreachable",
    "denied",
    "resource",
    "rate_limit",
    "cert_time",
    "host_mismatch",
    "untrusted",
    "revoked",
    "revocation_unknown",
    "pin_mismatch",
    "protocol",
    "weak",
    "handshake",
    "alpn",
    "auth",
    "stale",
    "truncated",
    "reset",
    "head",
    "length",
    "transfer_encoding",
    "chunk",
    "interim",
    "content_encoding",
    "body",
    "parse",
    "request",
    "rejected",
    "throttled",
    "bad_response",
    "bad_expiry",
    "type",
    "insecure",
    "syntax",
    "depth",
    "encoding",
    "empty",
    "content_type",
    "version",
    "id_missing",
    "id_mismatch",
    "members",
    "bad_error",
    "batch",
    "missing",
    "repeated",
    "mismatch",
    "out_of_range",
    "number_range",
    "exception",
    "file",
    "url",
    "fields",
    "header",
    "method",
    "params",
    "no_roots"};
static_assert(reason_names.size() == static_cast<std::size_t>(Reason::no_roots) + 1);

inline constexpr std::array<std::string_view, 13> phase_names{
    "queue",
    "token",
    "backoff",
    "resolve",
    "connect",
    "proxy",
    "tls",
    "write",
    "first_byte",
    "head",
    "body",
    "reply",
    "decode"};
static_assert(phase_names.size() == static_cast<std::size_t>(Phase::decode) + 1);

inline constexpr std::array<std::string_view, 3> fate_names{"unsent", "unknown", "answered"};

template <class Enum, std::size_t n>
constexpr std::string_view name_of(
    Enum value, const std::array<std::string_view, n>& names) noexcept {
    const auto index = static_cast<std::size_t>(value);
    return index < n ? names[index] : std::string_view{"unknown"};
}

// Boost's base is never deleted through, so that it needs no virtual destructor.
#if defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wnon-virtual-dtor"
#endif
class ErrorCategory final : public boost::system::error_category {
public:
    const char* name() const noexcept override { return "clarify"; }
    std::string message(int value) const override {
        return std::string{to_string(static_cast<Errc>(value))};
    }
};
#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif

}  // namespace detail

CLARIFY_DECL std::string_view to_string(Errc value) noexcept {
    return detail::name_of(value, detail::errc_names);
}
CLARIFY_DECL std::string_view to_string(Reason value) noexcept {
    return detail::name_of(value, detail::reason_names);
}
CLARIFY_DECL std::string_view to_string(Phase value) noexcept {
    return detail::name_of(value, detail::phase_names);
}
CLARIFY_DECL std::string_view to_string(Fate value) noexcept {
    return detail::name_of(value, detail::fate_names);
}

CLARIFY_DECL const boost::system::error_category& error_category() noexcept {
    static const detail::ErrorCategory category;
    return category;
}

CLARIFY_DECL boost::system::error_code make_error_code(Errc value) noexcept {
    return {static_cast<int>(value), error_category()};
}

}  // namespace clarify

#endif  // CLARIFY_CORE_IMPL_ERRC_HPP
