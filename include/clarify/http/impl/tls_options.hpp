// SPDX-License-Identifier: BSL-1.0
// Which options of TLS exclude each other.

#ifndef CLARIFY_HTTP_IMPL_TLS_OPTIONS_HPP
#define CLARIFY_HTTP_IMPL_TLS_OPTIONS_HPP

#include <clarify/http/detail/tls/pin.hpp>
#include <clarify/http/tls_options.hpp>

#include <stdexcept>

namespace clarify {

CLARIFY_DECL void TlsOptions::check() const {
    const auto refuse = [](bool wrong, const char* why) {
        if (wrong) throw std::invalid_argument{why};
    };
    const bool has_certificate =
        !client_certificate_file.empty() || !client_certificate_pem.empty();
    const bool has_key = !client_key_file.empty() || !client_key_pem.empty();
    const bool has_list = !crl_file.empty() || !crl_pem.empty();
    refuse(
        context && !(ca_file.empty() && ca_pem.empty()),
        "tls.context cannot be combined with ca_file or ca_pem");
    refuse(context && has_certificate, "tls.context cannot be combined with a client_certificate");
    refuse(context && has_list, "tls.context cannot be combined with crl_file or crl_pem");
    refuse(
        !client_certificate_file.empty() && !client_certificate_pem.empty(),
        "tls.client_certificate_file and client_certificate_pem exclude each other");
    refuse(
        !client_key_file.empty() && !client_key_pem.empty(),
        "tls.client_key_file and client_key_pem exclude each other");
    refuse(
        has_key && !has_certificate,
        "tls.client_key_file and client_key_pem need a client certificate");
    refuse(
        !client_certificate_pem.empty() && !has_key,
        "tls.client_certificate_pem needs client_key_file or client_key_pem");
    refuse(session_lifetime.count() < 0, "tls.session_lifetime is negative");
    for (const std::string& pin : pins)
        refuse(
            !detail::parse_pin(pin),
            "tls.pins has one that is not sha256/ and 44 characters of base64");
}

}  // namespace clarify

#endif  // CLARIFY_HTTP_IMPL_TLS_OPTIONS_HPP
