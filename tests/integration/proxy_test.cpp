// SPDX-License-Identifier: BSL-1.0
// Tunnels through a proxy, over real sockets.

#include <clarify/http/beast_backend.hpp>

#include <doctest/doctest.h>
#include <support/proxy_scene.hpp>

#include <clarify/http/impl/beast_backend.hpp>

namespace proxy_test {

using namespace clarify;
using namespace support;

TEST_CASE("proxy: a call of BeastBackend goes through a tunnel, and nothing else does") {
    check_proxy<BeastBackend>();
}

TEST_CASE("proxy: BeastBackend skips interim replies to CONNECT") {
    ProxyBench<BeastBackend> bench{"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 204 Fine\r\n\r\n"};
    CHECK(bench.call());
}

}  // namespace proxy_test
