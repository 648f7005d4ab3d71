// SPDX-License-Identifier: BSL-1.0
// The limits of connections at the ends of their ranges, whichever backend keeps to them.

#ifndef CLARIFY_TESTS_INTEGRATION_OPTION_CASES_HPP
#define CLARIFY_TESTS_INTEGRATION_OPTION_CASES_HPP

#include <clarify/http/http_options.hpp>

#include <doctest/doctest.h>
#include <support/extremes.hpp>
#include <support/proxy_scene.hpp>

#include <array>
#include <chrono>
#include <limits>
#include <utility>

namespace option_cases {

using std::chrono::milliseconds;

using Member = milliseconds clarify::HttpOptions::*;
inline constexpr std::array<std::pair<const char*, Member>, 7> times{
    std::pair<const char*, Member>{"idle_timeout", &clarify::HttpOptions::idle_timeout},
    std::pair<const char*, Member>{
        "connection_lifetime", &clarify::HttpOptions::connection_lifetime},
    std::pair<const char*, Member>{"connect_timeout", &clarify::HttpOptions::connect_timeout},
    std::pair<const char*, Member>{"address_timeout", &clarify::HttpOptions::address_timeout},
    std::pair<const char*, Member>{"connect_stagger", &clarify::HttpOptions::connect_stagger},
    std::pair<const char*, Member>{"tls_timeout", &clarify::HttpOptions::tls_timeout},
    std::pair<const char*, Member>{"proxy_timeout", &clarify::HttpOptions::proxy_timeout}};

/// Two calls through a proxy, over TLS: they succeed, and share a connection.
template <class Backend>
void check_serves(support::ProxyBench<Backend>& bench, int connections = 1) {
    const auto got = bench.call(false, "https://api.example/rpc", 2);
    REQUIRE_MESSAGE(got.has_value(), got.error().to_string());
    CHECK(bench.server.connections() == connections);
}

template <class Backend>
void each_time_may_be_for_ever() {
    for (const auto& [name, member] : times) {
        for (const milliseconds value :
             {(milliseconds::max)(),
              (milliseconds::max)() - milliseconds{1},
              (milliseconds::max)() / 1'000}) {
            CAPTURE(name);
            CAPTURE(value.count());
            support::ProxyBench<Backend> bench{support::tunnel_opened};
            bench.options.http.*member = value;
            check_serves(bench);
        }
    }
}

template <class Backend>
void all_may_be_the_most_at_once() {
    support::ProxyBench<Backend> bench{support::tunnel_opened};
    clarify::HttpOptions& http = bench.options.http;
    for (const auto& [name, member] : times)
        http.*member = (milliseconds::max)();
    http.tls.session_lifetime = (std::chrono::seconds::max)();
    http.tls.max_sessions = http.max_connections = http.max_waiting = support::largest;
    http.max_response_fields = support::largest;
    http.max_interim_responses = (std::numeric_limits<unsigned>::max)();
    bench.options.max_request_body = bench.options.max_response_body = support::largest;
    bench.options.call_timeout = (milliseconds::max)();
    check_serves(bench);
}

template <class Backend>
void no_idle_time_means_a_connection_a_call() {
    support::ProxyBench<Backend> bench{support::tunnel_opened};
    bench.options.http.idle_timeout = milliseconds{0};
    check_serves(bench, 2);
}

}  // namespace option_cases

#endif  // CLARIFY_TESTS_INTEGRATION_OPTION_CASES_HPP
