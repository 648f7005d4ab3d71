// SPDX-License-Identifier: BSL-1.0
// The parts of an emulator, in the order in which they need each other.

#ifndef CLARIFY_TESTING_DETAIL_EMULATOR_EMULATOR_CORE_HPP
#define CLARIFY_TESTING_DETAIL_EMULATOR_EMULATOR_CORE_HPP

#include <clarify/testing/detail/certificate.hpp>
#include <clarify/testing/detail/emulator/api_endpoints.hpp>
#include <clarify/testing/detail/emulator/http_server.hpp>
#include <clarify/testing/detail/emulator/statistics.hpp>
#include <clarify/testing/emulator_options.hpp>

#include <optional>
#include <string>
#include <utility>

namespace clarify::testing::detail {

/// The certificate of a server and the authority that signed it.
struct ServerIdentity {
    std::optional<IssuedCertificate> certificate;
    std::string authority_pem;
};

inline ServerIdentity make_identity(bool tls) {
    ServerIdentity identity;
    if (tls) {
        const CertificateAuthority authority;
        identity.certificate = authority.issue();
        identity.authority_pem = authority.certificate_pem();
    }
    return identity;
}

/// All that an emulator is; its constructor starts the server.
class EmulatorCore {
public:
    explicit EmulatorCore(EmulatorOptions given)
        : options(std::move(given)),
          identity(make_identity(options.tls)),
          endpoints(
              ApiSecrets{
                  options.integration,
                  options.basic_password,
                  options.client_id,
                  options.client_secret},
              options.token_lifetime,
              MethodSettings{
                  options.integration,
                  options.strict,
                  options.observed_shapes,
                  options.admin_access,
                  options.clarify_access,
                  options.rate_limits,
                  options.visibility_delay,
                  options.latency,
                  options.unknown_members},
              statistics),
          server(options.port, identity.certificate, options.max_request_size, statistics) {
        endpoints.set_address(options.tls ? "https" : "http", server.port());
        server.start([this](const ServerRequest& request) { return endpoints.handle(request); });
    }

    const EmulatorOptions options;
    const ServerIdentity identity;
    Statistics statistics;
    ApiEndpoints endpoints;
    // Last, so that it stops before what it uses is gone.
    HttpServer server;
};

}  // namespace clarify::testing::detail

#endif  // CLARIFY_TESTING_DETAIL_EMULATOR_EMULATOR_CORE_HPP
