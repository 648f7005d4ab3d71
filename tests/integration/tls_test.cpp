// SPDX-License-Identifier: BSL-1.0
// Nobody is trusted by mistake: certificates, names and protocol versions.

#include <clarify/http/beast_backend.hpp>

#include "tls_cases.hpp"

#include <doctest/doctest.h>

namespace tls_test {

TEST_CASE("BeastBackend: a certificate for the address or the name is accepted") {
    tls_cases::address_or_name_is_accepted<clarify::BeastBackend>();
}

TEST_CASE("BeastBackend: an address needs an address in the certificate, a name needs a name") {
    tls_cases::wrong_names_are_refused<clarify::BeastBackend>();
}

TEST_CASE("BeastBackend: a certificate out of its time is refused") {
    tls_cases::times_are_kept<clarify::BeastBackend>();
}

TEST_CASE("BeastBackend: an unknown authority is refused, also with the system's trust store") {
    tls_cases::unknown_authority_is_refused<clarify::BeastBackend>();
}

TEST_CASE("BeastBackend: TLS before 1.2 is refused") {
    tls_cases::old_versions_are_refused<clarify::BeastBackend>();
}

TEST_CASE("BeastBackend: a peer that speaks something else is a failed handshake") {
    tls_cases::peer_speaks_no_tls<clarify::BeastBackend>();
}

TEST_CASE("BeastBackend: a handshake that stalls ends at its own limit") {
    tls_cases::handshake_stalls<clarify::BeastBackend>();
}

TEST_CASE(
    "BeastBackend: a CA that cannot be used is a configuration error, before any secret is sent") {
    tls_cases::unusable_ca_is_an_error<clarify::BeastBackend>();
}

}  // namespace tls_test
