// SPDX-License-Identifier: BSL-1.0
// Tunnels through a proxy that libcurl opens, over real sockets.

#include <clarify/http/curl_backend.hpp>

#include "curl_caller.hpp"

#include <doctest/doctest.h>
#include <support/proxy_scene.hpp>

#include <cstdlib>

namespace curl_proxy_test {

using namespace clarify;
using namespace support;

TEST_CASE("CurlBackend: a call goes through a tunnel, and nothing else does") {
    check_proxy<CurlBackend>();
}

TEST_CASE("CurlBackend: an interim reply to CONNECT is a refusal") {
    ProxyBench<CurlBackend> bench{"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 204 Fine\r\n\r\n"};
    check_proxy_refusal(bench.call(), Reason::refused, 100, 1);
}

TEST_CASE(
    "CurlBackend: what the environment excepts from proxies goes through the one that is set") {
    ::setenv("no_proxy", "*", 1);
    ::setenv("NO_PROXY", "*", 1);
    ProxyBench<CurlBackend> bench{tunnel_opened};
    const auto got = bench.call();
    ::unsetenv("no_proxy");
    ::unsetenv("NO_PROXY");
    CHECK_MESSAGE(got, got.error().to_string());
    CHECK(bench.server.connections() == 1);
}

TEST_CASE("CurlBackend: an exchange that waits for a tunnel can be cancelled") {
    ProxyBench<CurlBackend> bench{""};
    CurlBackend backend{bench.options.http};
    CurlPost post{backend, "https://api.example/rpc"};
    post.start(bench.context);
    post.reach(bench.context, Phase::proxy);
    REQUIRE(post.progress.phase == Phase::proxy);
    post.cancel.emit(boost::asio::cancellation_type::terminal);
    post.finish(bench.context);
    REQUIRE(post.result);
    REQUIRE_FALSE(*post.result);
    CHECK(post.result->error().code() == Errc::cancelled);
    CHECK(post.result->error().phase() == Phase::proxy);
    CHECK(post.result->error().fate() == Fate::unsent);
}

}  // namespace curl_proxy_test
