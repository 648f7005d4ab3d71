// SPDX-License-Identifier: BSL-1.0
// What a metrics observer counts, and how it says so.

#include <clarify/core/error.hpp>
#include <clarify/core/event.hpp>
#include <clarify/observe/metrics.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace metrics_test {

using namespace clarify;
using namespace std::chrono_literals;

namespace {

Event event(EventKind kind, std::string_view method = {}, Clock::duration elapsed = {}) {
    Event out{kind};
    out.method = method;
    out.elapsed = elapsed;
    return out;
}

bool has_line(const std::string& text, std::string_view line) {
    return ("\n" + text).find("\n" + std::string{line} + "\n") != std::string::npos;
}

}  // namespace

TEST_CASE("Metrics: calls by method, kind and phase, with their attempts, waits and bytes") {
    const Metrics metrics;
    Error late{Errc::timeout};
    late.set_phase(Phase::connect);
    Event failure = event(EventKind::failure, "m", 3s);
    failure.error = &late;
    Event retry = event(EventKind::retry, "m");
    retry.error = &late;
    Event attempt = event(EventKind::attempt, "m");
    attempt.bytes = 100;
    Event response = event(EventKind::response, "m");
    response.bytes = 30;
    metrics(event(EventKind::request, "m"));
    metrics(event(EventKind::rate_limited, "m", 70ms));
    metrics(attempt);
    metrics(retry);
    metrics(attempt);
    metrics(response);
    metrics(event(EventKind::success, "m", 20ms));
    metrics(failure);
    metrics(event(EventKind::success, "batch of 3", 1ms));
    metrics(event(EventKind::success, "batch of 7", 1ms));

    const Observer copy = metrics;
    copy(event(EventKind::success, "n"));

    const MetricsSnapshot all = metrics.snapshot();
    REQUIRE(all.methods.size() == 3);
    CHECK(all.methods.at("batch").successes == 2);
    CHECK(all.methods.at("n").successes == 1);
    const MethodMetrics& of = all.methods.at("m");
    CHECK(of.successes == 1);
    CHECK(of.failures.size() == 1);
    CHECK(of.failures.at({Errc::timeout, Phase::connect}) == 1);
    CHECK(of.attempts == 2);
    CHECK(of.retries.at(Errc::timeout) == 1);
    CHECK(of.request_bytes == 200);
    CHECK(of.response_bytes == 30);
    CHECK(of.duration.count() == 2);
    CHECK(of.duration.sum == doctest::Approx(3.02));
    CHECK(of.rate_limit_wait.count() == 1);
    CHECK(of.rate_limit_wait.sum == doctest::Approx(0.07));
}

TEST_CASE("Metrics: a time lies in the first bucket whose end it does not exceed") {
    const Metrics metrics;
    for (const Clock::duration span : std::vector<Clock::duration>{-1s, 0s, 1ms, 1'001us, 30s, 31s})
        metrics(event(EventKind::token_fetched, {}, span));
    const LatencyHistogram histogram = metrics.snapshot().token_duration;
    CHECK(histogram.buckets.front() == 3);
    CHECK(histogram.buckets[1] == 1);
    CHECK(histogram.buckets[LatencyHistogram::bounds.size() - 1] == 1);
    CHECK(histogram.buckets.back() == 1);
    CHECK(std::is_sorted(LatencyHistogram::bounds.begin(), LatencyHistogram::bounds.end()));
}

TEST_CASE("Metrics: tokens, connections and files") {
    const Metrics metrics;
    metrics(event(EventKind::token_fetched));
    metrics(event(EventKind::token_renewed));
    metrics(event(EventKind::token_failed));
    metrics(event(EventKind::token_shared));
    metrics(event(EventKind::token_store_failed));
    Event opened = event(EventKind::connection_opened, {}, 5ms);
    metrics(opened);
    opened.resumed = true;
    metrics(opened);
    metrics(event(EventKind::connection_reused));
    metrics(event(EventKind::connection_closed));
    metrics(event(EventKind::file_changed));
    metrics(event(EventKind::file_failed));
    const MetricsSnapshot all = metrics.snapshot();
    CHECK(all.methods.empty());
    CHECK(all.tokens_fetched == 1);
    CHECK(all.tokens_renewed == 1);
    CHECK(all.tokens_failed == 1);
    CHECK(all.tokens_shared == 1);
    CHECK(all.token_store_failures == 1);
    CHECK(all.token_duration.count() == 3);
    CHECK(all.connections_opened == 2);
    CHECK(all.connections_resumed == 1);
    CHECK(all.connections_reused == 1);
    CHECK(all.connections_closed == 1);
    CHECK(all.connection_duration.count() == 2);
    CHECK(all.files_changed == 1);
    CHECK(all.files_failed == 1);
}

TEST_CASE("Metrics: more methods than are told apart are counted together") {
    const Metrics metrics;
    for (std::size_t round = 0; round != 2; ++round) {
        for (std::size_t i = 0; i != Metrics::max_methods + 20; ++i)
            metrics(event(EventKind::success, "m" + std::to_string(i)));
    }
    const MetricsSnapshot all = metrics.snapshot();
    CHECK(all.methods.size() == Metrics::max_methods + 1);
    CHECK(all.methods.at("m0").successes == 2);
    CHECK(all.methods.at("other").successes == 40);
}

TEST_CASE("Metrics: nothing is lost where several threads count") {
    const Metrics metrics;
    std::vector<std::thread> threads;
    for (int thread = 0; thread != 4; ++thread) {
        threads.emplace_back([metrics] {
            for (int i = 0; i != 10'000; ++i)
                metrics(event(EventKind::success, i % 2 == 0 ? "even" : "odd", 1ms));
        });
    }
    for (std::thread& thread : threads)
        thread.join();
    const MetricsSnapshot all = metrics.snapshot();
    CHECK(all.methods.size() == 2);
    CHECK(all.methods.at("even").successes == 20'000);
    CHECK(all.methods.at("odd").duration.count() == 20'000);
}

TEST_CASE("Metrics: as Prometheus reads them") {
    const Metrics metrics;
    Error refused{Errc::overloaded, Reason::rate_limit};
    Event failure = event(EventKind::failure, "quoted \"m\" \\ \n", 40ms);
    failure.error = &refused;
    metrics(failure);
    metrics(event(EventKind::success, "m", 2500ms));
    metrics(event(EventKind::success, "m", 20ms));
    metrics(event(EventKind::token_renewed, {}, 100ms));
    const std::string text = metrics.snapshot().to_prometheus();
    for (const std::string_view line :
         {"# TYPE clarify_calls_total counter",
          R"(clarify_calls_total{method="m",kind="success"} 2)",
          R"(clarify_calls_total{method="quoted \"m\" \\ \n",kind="overloaded",phase="queue"} 1)",
          "# TYPE clarify_call_duration_seconds histogram",
          R"(clarify_call_duration_seconds_bucket{method="m",le="0.01"} 0)",
          R"(clarify_call_duration_seconds_bucket{method="m",le="0.025"} 1)",
          R"(clarify_call_duration_seconds_bucket{method="m",le="2.5"} 2)",
          R"(clarify_call_duration_seconds_bucket{method="m",le="+Inf"} 2)",
          R"(clarify_call_duration_seconds_sum{method="m"} 2.52)",
          R"(clarify_call_duration_seconds_count{method="m"} 2)",
          R"(clarify_token_fetches_total{result="renewed"} 1)",
          R"(clarify_token_fetch_duration_seconds_bucket{le="0.1"} 1)",
          "clarify_connections_opened_total 0"}) {
        CHECK_MESSAGE(has_line(text, line), line);
    }
    CHECK(text.back() == '\n');
    // Each family is announced once.
    CHECK(text.find("# TYPE clarify_calls_total") == text.rfind("# TYPE clarify_calls_total"));
}

}  // namespace metrics_test
