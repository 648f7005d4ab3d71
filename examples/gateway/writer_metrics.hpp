// SPDX-License-Identifier: BSL-1.0
// The figures of the writer as the text that Prometheus reads.

#ifndef CLARIFY_GATEWAY_WRITER_METRICS_HPP
#define CLARIFY_GATEWAY_WRITER_METRICS_HPP

#include <clarify/ingest/writer_stats.hpp>

#include <array>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace gateway {

/** In the exposition format 0.0.4, as `clarify::MetricsSnapshot::to_prometheus` has the client's; none of
    the names is in both.

    @param refused How many requests with samples were not taken.
*/
inline std::string writer_metrics(const clarify::WriterStats& stats, std::uint64_t refused) {
    std::string out;
    const auto family = [&out](
                            std::string_view name, std::string_view type, std::string_view help) {
        ((((out += "# HELP ") += name) += ' ') += help) += '\n';
        ((((out += "# TYPE ") += name) += ' ') += type) += '\n';
    };
    const auto sample = [&out](std::string_view name, auto value) {
        // Whatever the locale is.
        std::array<char, 32> text;
        const auto end = std::to_chars(text.data(), text.data() + text.size(), value);
        ((out += name) += ' ').append(text.data(), end.ptr) += '\n';
    };
    const auto one = [&](std::string_view name, std::string_view help, auto value) {
        family(name, name.ends_with("_total") ? "counter" : "gauge", help);
        sample(name, value);
    };
    const auto labelled = [&](std::string_view name, std::string_view label, std::string_view of) {
        return std::string{name} + '{' + std::string{label} + "=\"" + std::string{of} + "\"}";
    };
    using Seconds = std::chrono::duration<double>;

    const clarify::SampleCounts& counts = stats.counts;
    one("clarify_samples_offered_total", "Samples accepted.", counts.offered);
    one("clarify_samples_stored_total", "Samples that Clarify has.", counts.stored);
    family("clarify_samples_dropped_total", "counter", "Samples that will not be stored.");
    for (std::size_t i = 0; i != clarify::drop_reasons; ++i) {
        const auto reason = static_cast<clarify::DropReason>(i);
        sample(
            labelled("clarify_samples_dropped_total", "reason", to_string(reason)),
            counts.dropped[i]);
    }
    one("clarify_samples_pending", "Samples that wait.", counts.pending());
    one("clarify_samples_oldest_age_seconds",
        "How long the oldest sample has waited.",
        Seconds{stats.oldest_age}.count());
    one("clarify_spool_bytes", "What samples that wait take up.", stats.bytes);
    one("clarify_writer_requests_total", "Inserts sent, repeated ones among them.", stats.requests);
    family("clarify_writer_state", "gauge", "1 for the state it is in.");
    for (const auto state :
         {clarify::WriterState::closing,
          clarify::WriterState::full,
          clarify::WriterState::damaged,
          clarify::WriterState::waiting,
          clarify::WriterState::ok}) {
        sample(
            labelled("clarify_writer_state", "state", to_string(state)),
            stats.state == state ? 1 : 0);
    }
    one("clarify_writer_failing_seconds",
        "For how long nothing could be stored.",
        stats.failing_for ? Seconds{*stats.failing_for}.count() : 0.0);
    one("clarify_posts_refused_total", "Requests whose samples were not taken.", refused);
    return out;
}

}  // namespace gateway

#endif  // CLARIFY_GATEWAY_WRITER_METRICS_HPP
