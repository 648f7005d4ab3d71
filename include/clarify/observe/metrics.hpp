// SPDX-License-Identifier: BSL-1.0
// Counts what a client does, for a snapshot or a page of metrics.

#ifndef CLARIFY_OBSERVE_METRICS_HPP
#define CLARIFY_OBSERVE_METRICS_HPP

#include <clarify/core/detail/config.hpp>
#include <clarify/core/errc.hpp>
#include <clarify/core/event.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace clarify {

/** How long things took: in how many cases up to which time.

    @par Thread safety
    Distinct objects: safe. Shared objects: safe for reading.
*/
struct LatencyHistogram {
    LatencyHistogram() {}

    /// The upper ends of the buckets, in seconds; the last bucket has none.
    static constexpr std::array<double, 14> bounds{
        0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30};

    /// How many cases lie in each bucket, and above the one before it.
    std::array<std::uint64_t, bounds.size() + 1> buckets{};
    /// What all cases took together, in seconds.
    double sum = 0;

    /// How many cases there were.
    std::uint64_t count() const noexcept;
};

/// What the calls of one method came to.
struct MethodMetrics {
    MethodMetrics() {}

    /// How many calls succeeded.
    std::uint64_t successes = 0;
    /// How many failed, by kind and by the phase in which they were; only those that occurred.
    std::map<std::pair<Errc, Phase>, std::uint64_t> failures;
    /// How long calls took, of either end, with all their waits and attempts.
    LatencyHistogram duration;
    /// How many requests were handed to the HTTP backend, repetitions among them.
    std::uint64_t attempts = 0;
    /// How many attempts were followed by another one, by what they failed with.
    std::map<Errc, std::uint64_t> retries;
    /// How long calls waited in line for `ClientOptions::rate_limits`, if they had to.
    LatencyHistogram rate_limit_wait;
    /// The bytes of the bodies of requests and of replies, of all attempts.
    std::uint64_t request_bytes = 0;
    std::uint64_t response_bytes = 0;
};

/** All that a `Metrics` has counted so far.

    @par Thread safety
    Distinct objects: safe. Shared objects: safe for reading.
*/
struct MetricsSnapshot {
    MetricsSnapshot() {}

    /// By the name of the method. Batches are `batch`, whatever their size; where there are more than
    /// `Metrics::max_methods`, the further ones are `other`.
    std::map<std::string, MethodMetrics> methods;
    /// Tokens that were fetched, the first one and those after it, and fetches that failed.
    std::uint64_t tokens_fetched = 0;
    std::uint64_t tokens_renewed = 0;
    std::uint64_t tokens_failed = 0;
    /// Tokens that another client got, by way of `TokenOptions::store`, and how often that began to fail.
    std::uint64_t tokens_shared = 0;
    std::uint64_t token_store_failures = 0;
    /// How many clients shared a rate limit when it was last asked for, this one included; 0 where none is shared.
    /// And how often shared limits could not be used.
    std::uint64_t pace_sharers = 0;
    std::uint64_t pace_store_failures = 0;
    /// How long fetches took, of either end.
    LatencyHistogram token_duration;
    /// Connections that were opened, among them those that resumed a TLS session; how often one that
    /// was idle served again; and those that were closed.
    std::uint64_t connections_opened = 0;
    std::uint64_t connections_resumed = 0;
    std::uint64_t connections_reused = 0;
    std::uint64_t connections_closed = 0;
    /// How long opening took, TLS included.
    LatencyHistogram connection_duration;
    /// Followed files with another content, and such whose content could not be used.
    std::uint64_t files_changed = 0;
    std::uint64_t files_failed = 0;

    /** The text that Prometheus reads (exposition format 0.0.4): the body of a `/metrics`, whose
        `Content-Type` is `text/plain; version=0.0.4`.

        Names begin with `clarify_`, counters end in `_total`, times are in seconds:
        `clarify_calls_total{method,kind,phase}` (kind `success`, or the name of the `Errc`),
        `clarify_call_duration_seconds{method}`, `clarify_attempts_total{method}`,
        `clarify_retries_total{method,kind}`, `clarify_rate_limit_wait_seconds{method}`,
        `clarify_request_bytes_total{method}`, `clarify_response_bytes_total{method}`,
        `clarify_token_fetches_total{result}`, `clarify_token_fetch_duration_seconds`,
        `clarify_connections_opened_total`, `clarify_connections_resumed_total`,
        `clarify_connections_reused_total`, `clarify_connections_closed_total`,
        `clarify_connection_duration_seconds` and `clarify_file_changes_total{result}`.
    */
    std::string to_prometheus() const;
};

/** An observer that counts: calls and how long they took, by method, kind and phase, attempts and
    repetitions, waits, tokens and connections.

    ```cpp
    clarify::Metrics metrics;
    options.observer = metrics;  // a copy is a handle to the same counts
    // ... and in the handler of /metrics, in any thread:
    std::string body = metrics.snapshot().to_prometheus();
    ```

    It may serve several clients at once. Another observer calls it by `metrics(event)`.

    @par Cost
    An event adds to a few atomic numbers and takes no lock. The first call of a method allocates some
    three kilobytes.
    @par Errors
    Making one and taking a snapshot throw `std::bad_alloc`. Where there is no memory for the counts of
    a method, its calls are counted as `other`.
    @par Thread safety
    Distinct objects: safe, copies among them. Shared objects: safe. A snapshot that is taken meanwhile
    has each number as it was at some moment of that time.
*/
class Metrics {
public:
    /// So many methods are told apart: whoever may choose their names must not fill the memory.
    static constexpr std::size_t max_methods = 64;

    /// With nothing counted.
    Metrics();

    /// Counts an event.
    void operator()(const Event& event) const noexcept;
    /// What was counted so far.
    MetricsSnapshot snapshot() const;

private:
    struct Counts;
    std::shared_ptr<Counts> counts_;
};

}  // namespace clarify

#if !defined(CLARIFY_SEPARATE_COMPILATION)
#include <clarify/observe/impl/metrics.hpp>
#include <clarify/observe/impl/metrics_text.hpp>
#endif

#endif  // CLARIFY_OBSERVE_METRICS_HPP
