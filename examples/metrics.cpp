// SPDX-License-Identifier: BSL-1.0
// What a client does as counters, in Prometheus' text exposition format.
//
// `Metrics` is the part to take over: give its `observe` to the client, and answer a scrape with
// `write`. The calls beside it go to an emulator.

#include <clarify/clarify.hpp>
#include <clarify/testing/emulator.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <iostream>
#include <map>
#include <mutex>
#include <string>
#include <utility>

namespace {

/** Counts events; writes what it has counted.

    A scrape may come in any thread, hence the mutex. The observer is called on the client's serial
    executor, so it is contended by scrapes only.
*/
class Metrics {
public:
    void observe(const clarify::Event& event);
    void write(std::ostream& out) const;

private:
    static constexpr std::array<double, 8> bounds{.005, .01, .025, .05, .1, .25, 1, 10};

    struct Histogram {
        std::array<std::uint64_t, bounds.size()> buckets{};
        std::uint64_t count = 0;
        double sum = 0;

        void add(double value) {
            ++count;
            sum += value;
            for (std::size_t i = 0; i != bounds.size(); ++i) {
                if (value <= bounds[i]) ++buckets[i];
            }
        }
    };

    mutable std::mutex mutex_;
    std::map<std::pair<std::string, std::string>, std::uint64_t> calls_;  // by method and outcome
    std::map<std::string, Histogram> durations_;  // by method
    std::map<std::string, std::uint64_t> tokens_;  // by outcome
    std::uint64_t attempts_ = 0;
    std::uint64_t retries_ = 0;
    double rate_limited_seconds_ = 0;
    std::uint64_t bytes_sent_ = 0;
    std::uint64_t bytes_received_ = 0;
    std::uint64_t opened_ = 0;
    std::uint64_t closed_ = 0;
};

void Metrics::observe(const clarify::Event& event) {
    using clarify::EventKind;
    const std::lock_guard lock{mutex_};
    const double seconds = std::chrono::duration<double>(event.elapsed).count();
    // A method name is the caller's own text, so there are as many series as the program has calls.
    switch (event.kind) {
        case EventKind::success:
        case EventKind::failure: {
            const auto outcome = event.error == nullptr ? "ok" : to_string(event.error->code());
            ++calls_[{std::string{event.method}, std::string{outcome}}];
            durations_[std::string{event.method}].add(seconds);
            break;
        }
        case EventKind::attempt:
            ++attempts_;
            bytes_sent_ += event.bytes;
            break;
        case EventKind::response:
            bytes_received_ += event.bytes;
            break;
        case EventKind::retry:
            ++retries_;
            break;
        case EventKind::rate_limited:
            rate_limited_seconds_ += seconds;
            break;
        case EventKind::token_fetched:
        case EventKind::token_renewed:
        case EventKind::token_failed:
            ++tokens_[std::string{to_string(event.kind).substr(6)}];
            break;
        case EventKind::connection_opened:
            ++opened_;
            break;
        case EventKind::connection_closed:
            ++closed_;
            break;
        case EventKind::request:
        case EventKind::connection_reused:
        case EventKind::file_changed:
        case EventKind::file_failed:
            break;
    }
}

void Metrics::write(std::ostream& out) const {
    const std::lock_guard lock{mutex_};
    const auto family = [&](const char* name, const char* type, const char* help) {
        out << "# HELP " << name << ' ' << help << "\n# TYPE " << name << ' ' << type << '\n';
    };
    const auto single = [&](const char* name, const char* type, const char* help, auto value) {
        family(name, type, help);
        out << name << ' ' << value << '\n';
    };
    family("clarify_calls_total", "counter", "Calls that have ended, by outcome.");
    for (const auto& [labels, count] : calls_) {
        out << "clarify_calls_total{method=\"" << labels.first << "\",outcome=\"" << labels.second
            << "\"} " << count << '\n';
    }
    family("clarify_call_duration_seconds", "histogram", "From the start of a call to its end.");
    for (const auto& [method, histogram] : durations_) {
        const std::string name = "clarify_call_duration_seconds";
        for (std::size_t i = 0; i != bounds.size(); ++i) {
            out << name << "_bucket{method=\"" << method << "\",le=\"" << bounds[i] << "\"} "
                << histogram.buckets[i] << '\n';
        }
        out << name << "_bucket{method=\"" << method << "\",le=\"+Inf\"} " << histogram.count
            << '\n';
        out << name << "_sum{method=\"" << method << "\"} " << histogram.sum << '\n';
        out << name << "_count{method=\"" << method << "\"} " << histogram.count << '\n';
    }
    family("clarify_token_fetches_total", "counter", "Access tokens asked for, by outcome.");
    for (const auto& [outcome, count] : tokens_)
        out << "clarify_token_fetches_total{outcome=\"" << outcome << "\"} " << count << '\n';
    single("clarify_attempts_total", "counter", "Requests handed to the HTTP stack.", attempts_);
    single("clarify_retries_total", "counter", "Attempts that were repeated.", retries_);
    single(
        "clarify_rate_limited_seconds_total",
        "counter",
        "Time that calls have waited for the server's rate limits.",
        rate_limited_seconds_);
    single("clarify_sent_bytes_total", "counter", "Bytes of request bodies.", bytes_sent_);
    single("clarify_received_bytes_total", "counter", "Bytes of reply bodies.", bytes_received_);
    single("clarify_connections_opened_total", "counter", "Connections opened.", opened_);
    single("clarify_connections", "gauge", "Connections that are open.", opened_ - closed_);
}

boost::asio::awaitable<void> make_calls(clarify::Client& client) {
    const boost::json::object params{{"query", {{"limit", 1}}}};
    for (int i = 0; i != 20; ++i) {
        const auto items = co_await client.call("clarify.selectItems", params);
        if (!items) std::cerr << items.error() << '\n';
    }
    const auto unknown = co_await client.call("clarify.noSuchMethod", params);
    if (unknown) std::cerr << "an unknown method was answered\n";
}

}  // namespace

int main() {
    clarify::testing::Emulator emulator;
    Metrics metrics;
    clarify::ClientOptions options;
    options.http.tls.ca_pem = emulator.ca_certificate_pem();
    options.observer = [&](const clarify::Event& event) { metrics.observe(event); };

    const auto credentials = clarify::Credentials::from_string(emulator.credentials_json());
    boost::asio::io_context context;
    clarify::Client client{context.get_executor(), credentials.value(), options};
    boost::asio::co_spawn(context, make_calls(client), boost::asio::detached);
    context.run();
    metrics.write(std::cout);
}
