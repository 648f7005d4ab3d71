// SPDX-License-Identifier: BSL-1.0
// A snapshot as the text that Prometheus reads.

#ifndef CLARIFY_OBSERVE_IMPL_METRICS_TEXT_HPP
#define CLARIFY_OBSERVE_IMPL_METRICS_TEXT_HPP

#include <clarify/observe/metrics.hpp>

#include <array>
#include <charconv>
#include <initializer_list>

namespace clarify {
namespace detail {

/// Writes families of samples, in the exposition format 0.0.4.
class MetricsText {
public:
    using Label = std::pair<std::string_view, std::string_view>;

    explicit MetricsText(std::string& out) : out_(out) {}

    /// Begins a family; samples of others follow only after another one.
    void family(std::string_view name, std::string_view type, std::string_view help) {
        name_ = name;
        ((((out_ += "# HELP ") += name) += ' ') += help) += '\n';
        ((((out_ += "# TYPE ") += name) += ' ') += type) += '\n';
    }
    template <class Number>
    void sample(
        Number value, std::initializer_list<Label> labels = {}, std::string_view suffix = {}) {
        (out_ += name_) += suffix;
        char separator = '{';
        for (const auto& [name, text] : labels) {
            if (text.empty()) continue;
            ((out_ += separator) += name) += "=\"";
            escape(text);
            out_ += '"';
            separator = ',';
        }
        if (separator == ',') out_ += '}';
        out_ += ' ';
        number(value);
        out_ += '\n';
    }
    void histogram(const LatencyHistogram& histogram, std::string_view method = {}) {
        std::uint64_t below = 0;
        for (std::size_t i = 0; i != histogram.buckets.size(); ++i) {
            below += histogram.buckets[i];
            std::string bound = "+Inf";
            if (i < LatencyHistogram::bounds.size()) {
                bound.clear();
                MetricsText{bound}.number(LatencyHistogram::bounds[i]);
            }
            sample(below, {{"method", method}, {"le", bound}}, "_bucket");
        }
        sample(histogram.sum, {{"method", method}}, "_sum");
        sample(below, {{"method", method}}, "_count");
    }
    void counter(std::string_view name, std::string_view help, std::uint64_t value) {
        family(name, "counter", help);
        sample(value);
    }

private:
    /// Whatever the locale is.
    template <class Number>
    void number(Number value) {
        std::array<char, 32> text;
        const auto end = std::to_chars(text.data(), text.data() + text.size(), value);
        out_.append(text.data(), end.ptr);
    }
    void escape(std::string_view text) {
        for (const char c : text) {
            if (c == '\\' || c == '"') out_ += '\\';
            if (c == '\n') {
                out_ += "\\n";
            } else {
                out_ += c;
            }
        }
    }

    std::string& out_;
    std::string_view name_;
};

/// One family with what `write(method, metrics)` adds for each method.
template <class Write>
void family_of_methods(
    MetricsText& text,
    const MetricsSnapshot& all,
    std::string_view name,
    std::string_view type,
    std::string_view help,
    Write write) {
    text.family(name, type, help);
    for (const auto& [method, metrics] : all.methods)
        write(method, metrics);
}

inline void append_outcomes(MetricsText& text, const MetricsSnapshot& all) {
    const auto outcomes = [&](const std::string& method, const MethodMetrics& of) {
        text.sample(of.successes, {{"method", method}, {"kind", "success"}});
        for (const auto& [where, count] : of.failures) {
            const auto [kind, phase] = where;
            text.sample(
                count,
                {{"method", method}, {"kind", to_string(kind)}, {"phase", to_string(phase)}});
        }
    };
    const auto retries = [&](const std::string& method, const MethodMetrics& of) {
        for (const auto& [kind, count] : of.retries)
            text.sample(count, {{"method", method}, {"kind", to_string(kind)}});
    };
    family_of_methods(text, all, "clarify_calls_total", "counter", "Calls that ended.", outcomes);
    family_of_methods(
        text, all, "clarify_retries_total", "counter", "Attempts followed by another.", retries);
}

inline void append_method_counters(MetricsText& text, const MetricsSnapshot& all) {
    const auto counter = [&](auto member, std::string_view name, std::string_view help) {
        family_of_methods(
            text, all, name, "counter", help, [&](const auto& method, const MethodMetrics& of) {
                text.sample(of.*member, {{"method", method}});
            });
    };
    using M = MethodMetrics;
    counter(&M::attempts, "clarify_attempts_total", "Requests handed to the HTTP backend.");
    counter(&M::request_bytes, "clarify_request_bytes_total", "Bytes of bodies of requests.");
    counter(&M::response_bytes, "clarify_response_bytes_total", "Bytes of bodies of replies.");
}

inline void append_method_times(MetricsText& text, const MetricsSnapshot& all) {
    const auto histogram = [&](auto member, std::string_view name, std::string_view help) {
        family_of_methods(
            text, all, name, "histogram", help, [&](const auto& method, const MethodMetrics& of) {
                text.histogram(of.*member, method);
            });
    };
    using M = MethodMetrics;
    histogram(&M::duration, "clarify_call_duration_seconds", "How long calls took.");
    histogram(&M::rate_limit_wait, "clarify_rate_limit_wait_seconds", "Waits under a rate limit.");
}

}  // namespace detail

CLARIFY_DECL std::string MetricsSnapshot::to_prometheus() const {
    std::string out;
    detail::MetricsText text{out};
    detail::append_outcomes(text, *this);
    detail::append_method_times(text, *this);
    detail::append_method_counters(text, *this);
    text.family("clarify_token_fetches_total", "counter", "Fetches of a token.");
    text.sample(tokens_fetched, {{"result", "fetched"}});
    text.sample(tokens_renewed, {{"result", "renewed"}});
    text.sample(tokens_failed, {{"result", "failed"}});
    text.counter("clarify_tokens_shared_total", "Tokens that another client got.", tokens_shared);
    text.counter(
        "clarify_token_store_failures_total",
        "How often the store of tokens began to fail.",
        token_store_failures);
    text.family(
        "clarify_pace_sharers", "gauge", "Clients that share a rate limit; 0 where none is shared.");
    text.sample(pace_sharers);
    text.counter(
        "clarify_pace_store_failures_total",
        "How often the store of rate limits began to fail.",
        pace_store_failures);
    text.family(
        "clarify_token_fetch_duration_seconds", "histogram", "How long fetches of a token took.");
    text.histogram(token_duration);
    text.counter("clarify_connections_opened_total", "Connections opened.", connections_opened);
    text.counter(
        "clarify_connections_resumed_total",
        "Connections that resumed a TLS session.",
        connections_resumed);
    text.counter(
        "clarify_connections_reused_total",
        "Times an idle connection served again.",
        connections_reused);
    text.counter("clarify_connections_closed_total", "Connections closed.", connections_closed);
    text.family(
        "clarify_connection_duration_seconds", "histogram", "How long opening connections took.");
    text.histogram(connection_duration);
    text.family("clarify_file_changes_total", "counter", "Followed files with another content.");
    text.sample(files_changed, {{"result", "used"}});
    text.sample(files_failed, {{"result", "refused"}});
    return out;
}

}  // namespace clarify

#endif  // CLARIFY_OBSERVE_IMPL_METRICS_TEXT_HPP
