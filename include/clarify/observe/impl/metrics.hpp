// SPDX-License-Identifier: BSL-1.0
// Numbers that many threads add to, and what a snapshot makes of them.

#ifndef CLARIFY_OBSERVE_IMPL_METRICS_HPP
#define CLARIFY_OBSERVE_IMPL_METRICS_HPP

#include <clarify/observe/metrics.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <numeric>

namespace clarify {
namespace detail {

class Counter {
public:
    void add(std::uint64_t by = 1) noexcept { value_.fetch_add(by, std::memory_order_relaxed); }
    std::uint64_t get() const noexcept { return value_.load(std::memory_order_relaxed); }

private:
    std::atomic<std::uint64_t> value_ = 0;
};

class LatencyCounter {
public:
    void add(Clock::duration span) noexcept {
        using std::chrono::nanoseconds;
        const auto taken =
            (std::max)(std::chrono::duration_cast<nanoseconds>(span), nanoseconds{0});
        const double seconds = std::chrono::duration<double>{taken}.count();
        constexpr auto& bounds = LatencyHistogram::bounds;
        const auto at = std::lower_bound(bounds.begin(), bounds.end(), seconds);
        buckets_[static_cast<std::size_t>(at - bounds.begin())].add();
        nanoseconds_.add(static_cast<std::uint64_t>(taken.count()));
    }
    LatencyHistogram get() const noexcept {
        LatencyHistogram histogram;
        for (std::size_t i = 0; i != buckets_.size(); ++i)
            histogram.buckets[i] = buckets_[i].get();
        histogram.sum = static_cast<double>(nanoseconds_.get()) * 1e-9;
        return histogram;
    }

private:
    std::array<Counter, LatencyHistogram::bounds.size() + 1> buckets_;
    Counter nanoseconds_;
};

/// The counts of one method.
struct MethodCounts {
    static constexpr std::size_t kinds = static_cast<std::size_t>(Errc::internal) + 1;
    static constexpr std::size_t phases = static_cast<std::size_t>(Phase::decode) + 1;

    explicit MethodCounts(std::string_view method) : name(method) {}

    void failed(const Error& error) noexcept {
        const auto kind = static_cast<std::size_t>(error.code());
        const auto phase = static_cast<std::size_t>(error.phase());
        if (kind < kinds && phase < phases) failures[kind * phases + phase].add();
    }
    void retried(const Error& error) noexcept {
        const auto kind = static_cast<std::size_t>(error.code());
        if (kind < kinds) retries[kind].add();
    }
    MethodMetrics get() const;

    const std::string name;
    Counter successes;
    std::array<Counter, kinds * phases> failures;
    std::array<Counter, kinds> retries;
    LatencyCounter duration;
    LatencyCounter rate_limit_wait;
    Counter attempts;
    Counter request_bytes;
    Counter response_bytes;
};

CLARIFY_DECL MethodMetrics MethodCounts::get() const {
    MethodMetrics out;
    out.successes = successes.get();
    for (std::size_t i = 0; i != failures.size(); ++i) {
        const std::uint64_t count = failures[i].get();
        if (count == 0) continue;
        out.failures.emplace(
            std::pair{static_cast<Errc>(i / phases), static_cast<Phase>(i % phases)}, count);
    }
    for (std::size_t i = 0; i != retries.size(); ++i) {
        if (const std::uint64_t count = retries[i].get(); count != 0)
            out.retries.emplace(static_cast<Errc>(i), count);
    }
    out.duration = duration.get();
    out.rate_limit_wait = rate_limit_wait.get();
    out.attempts = attempts.get();
    out.request_bytes = request_bytes.get();
    out.response_bytes = response_bytes.get();
    return out;
}

}  // namespace detail

/// Methods are found in a table that is only ever added to, so that nobody has to wait.
struct Metrics::Counts {
    Counts() = default;
    Counts(const Counts&) = delete;
    Counts& operator=(const Counts&) = delete;
    ~Counts() {
        for (std::atomic<detail::MethodCounts*>& place : methods)
            delete place.load(std::memory_order_relaxed);
    }

    detail::MethodCounts& of(std::string_view method) noexcept {
        if (method.starts_with("batch of ")) method = "batch";
        const std::size_t hash = std::hash<std::string_view>{}(method);
        for (std::size_t i = 0; i != methods.size(); ++i) {
            std::atomic<detail::MethodCounts*>& place = methods[(hash + i) % methods.size()];
            detail::MethodCounts* found = place.load(std::memory_order_acquire);
            if (found == nullptr) found = settle(place, method);
            if (found == nullptr) break;
            if (found->name == method) return *found;
        }
        return other;
    }

    /// Half of the places stay free, so that none is looked for long.
    std::array<std::atomic<detail::MethodCounts*>, 2 * max_methods> methods{};
    std::atomic<std::size_t> known = 0;
    detail::MethodCounts other{"other"};
    detail::Counter tokens_fetched, tokens_renewed, tokens_failed;
    detail::Counter tokens_shared, token_store_failures, pace_store_failures;
    std::atomic<std::uint64_t> pace_sharers{0};
    detail::LatencyCounter token_duration;
    detail::Counter connections_opened, connections_resumed, connections_reused;
    detail::Counter connections_closed;
    detail::LatencyCounter connection_duration;
    detail::Counter files_changed, files_failed;

private:
    /// Puts the method into a free place, unless another one is there before. Null where there are too
    /// many, or there is no memory.
    detail::MethodCounts* settle(
        std::atomic<detail::MethodCounts*>& place, std::string_view method) noexcept {
        if (known.fetch_add(1, std::memory_order_relaxed) >= max_methods) {
            known.fetch_sub(1, std::memory_order_relaxed);
            return nullptr;
        }
        std::unique_ptr<detail::MethodCounts> made;
        try {
            made = std::make_unique<detail::MethodCounts>(method);
        } catch (...) {
            known.fetch_sub(1, std::memory_order_relaxed);
            return nullptr;
        }
        detail::MethodCounts* found = nullptr;
        if (place.compare_exchange_strong(found, made.get(), std::memory_order_acq_rel))
            return made.release();
        known.fetch_sub(1, std::memory_order_relaxed);
        return found;
    }
};

CLARIFY_DECL std::uint64_t LatencyHistogram::count() const noexcept {
    return std::accumulate(buckets.begin(), buckets.end(), std::uint64_t{0});
}

CLARIFY_DECL Metrics::Metrics() : counts_(std::make_shared<Counts>()) {}

CLARIFY_DECL void Metrics::operator()(const Event& event) const noexcept {
    Counts& counts = *counts_;
    switch (event.kind) {
        case EventKind::request:
            break;
        case EventKind::attempt: {
            detail::MethodCounts& method = counts.of(event.method);
            method.attempts.add();
            return method.request_bytes.add(event.bytes);
        }
        case EventKind::rate_limited:
            if (event.sharers != 0) counts.pace_sharers = event.sharers;
            return counts.of(event.method).rate_limit_wait.add(event.elapsed);
        case EventKind::response:
            return counts.of(event.method).response_bytes.add(event.bytes);
        case EventKind::retry:
            if (event.error != nullptr) counts.of(event.method).retried(*event.error);
            return;
        case EventKind::success:
        case EventKind::failure: {
            detail::MethodCounts& method = counts.of(event.method);
            method.duration.add(event.elapsed);
            if (event.error == nullptr) return method.successes.add();
            return method.failed(*event.error);
        }
        case EventKind::token_fetched:
            counts.tokens_fetched.add();
            return counts.token_duration.add(event.elapsed);
        case EventKind::token_renewed:
            counts.tokens_renewed.add();
            return counts.token_duration.add(event.elapsed);
        case EventKind::token_failed:
            counts.tokens_failed.add();
            return counts.token_duration.add(event.elapsed);
        case EventKind::token_shared:
            return counts.tokens_shared.add();
        case EventKind::token_store_failed:
            return counts.token_store_failures.add();
        case EventKind::pace_store_failed:
            return counts.pace_store_failures.add();
        case EventKind::connection_opened:
            counts.connections_opened.add();
            if (event.resumed) counts.connections_resumed.add();
            return counts.connection_duration.add(event.elapsed);
        case EventKind::connection_reused:
            return counts.connections_reused.add();
        case EventKind::connection_closed:
            return counts.connections_closed.add();
        case EventKind::file_changed:
            return counts.files_changed.add();
        case EventKind::file_failed:
            return counts.files_failed.add();
    }
}

CLARIFY_DECL MetricsSnapshot Metrics::snapshot() const {
    const Counts& counts = *counts_;
    MetricsSnapshot out;
    for (const std::atomic<detail::MethodCounts*>& place : counts.methods) {
        if (const detail::MethodCounts* const method = place.load(std::memory_order_acquire))
            out.methods.emplace(method->name, method->get());
    }
    MethodMetrics other = counts.other.get();
    if (other.duration.count() != 0 || other.attempts != 0)
        out.methods.emplace(counts.other.name, std::move(other));
    out.tokens_fetched = counts.tokens_fetched.get();
    out.tokens_renewed = counts.tokens_renewed.get();
    out.tokens_failed = counts.tokens_failed.get();
    out.tokens_shared = counts.tokens_shared.get();
    out.token_store_failures = counts.token_store_failures.get();
    out.pace_store_failures = counts.pace_store_failures.get();
    out.pace_sharers = counts.pace_sharers;
    out.token_duration = counts.token_duration.get();
    out.connections_opened = counts.connections_opened.get();
    out.connections_resumed = counts.connections_resumed.get();
    out.connections_reused = counts.connections_reused.get();
    out.connections_closed = counts.connections_closed.get();
    out.connection_duration = counts.connection_duration.get();
    out.files_changed = counts.files_changed.get();
    out.files_failed = counts.files_failed.get();
    return out;
}

}  // namespace clarify

#endif  // CLARIFY_OBSERVE_IMPL_METRICS_HPP
