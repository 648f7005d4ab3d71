// SPDX-License-Identifier: BSL-1.0
// A program that the application starts inherits no descriptor of the library's.

#include <clarify/client.hpp>
#include <clarify/http/curl_backend.hpp>
#include <clarify/testing/emulator.hpp>

#include "../support/run.hpp"

#include <boost/asio/io_context.hpp>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/socket.h>

#include <set>
#include <string>

namespace close_on_exec_test {

namespace {

using clarify::testing::Emulator;

/// The descriptors that other programs would inherit; without the pair of sockets by which libcurl
/// wakes itself up, which leads nowhere else and cannot be reached from outside.
std::set<int> inherited() {
    std::set<int> found;
    for (int descriptor = 0; descriptor != 1024; ++descriptor) {
        const int flags = ::fcntl(descriptor, F_GETFD);
        int domain = 0;
        socklen_t size = sizeof domain;
        const bool pair = ::getsockopt(descriptor, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 &&
            domain == AF_UNIX;
        if (flags != -1 && (flags & FD_CLOEXEC) == 0 && !pair) found.insert(descriptor);
    }
    return found;
}

template <class Backend>
void check_calls() {
    const std::set<int> before = inherited();
    for (const bool tls : {false, true}) {
        clarify::testing::EmulatorOptions server;
        server.tls = tls;
        const Emulator emulator{server};
        boost::asio::io_context context;
        clarify::ClientOptions options;
        options.http.tls.ca_pem = emulator.ca_certificate_pem();
        clarify::RpcClient<Backend, clarify::CredentialsAuth, clarify::BoostJsonCodec> client{
            context.get_executor(),
            clarify::Credentials::from_string(emulator.credentials_json()).value(),
            options};
        CHECK_FALSE(support::run(context, client.call("no.such.method")));
        CHECK(emulator.stats().calls == 1);
        // The connection is kept, on both sides.
        CHECK(inherited() == before);
    }
}

}  // namespace

TEST_CASE("close on exec: connections of BeastBackend, and the emulator's") {
    check_calls<clarify::BeastBackend>();
}

TEST_CASE("close on exec: connections of CurlBackend") { check_calls<clarify::CurlBackend>(); }

}  // namespace close_on_exec_test
