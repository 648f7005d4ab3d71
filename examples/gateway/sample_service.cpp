// SPDX-License-Identifier: BSL-1.0

#include <clarify/core/detail/text.hpp>

#include "failure.hpp"
#include "json_body.hpp"
#include "posted_samples.hpp"
#include "sample_service.hpp"
#include "target.hpp"
#include "writer_metrics.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace gateway {

namespace asio = boost::asio;
namespace json = boost::json;

namespace {

/// A web page that the machine's user visits can post plain text to a loopback address, but not
/// this type, for which a browser asks first.
bool is_json(std::string_view type) {
    return clarify::detail::iequals(
        clarify::detail::trim(type.substr(0, type.find(';'))), "application/json");
}

clarify::JsonCodecOptions codec_options(std::size_t largest_body) {
    clarify::JsonCodecOptions options;
    // A time may take sixteen times as much memory as it has text.
    options.max_parse_memory = std::max(options.max_parse_memory, 16 * largest_body);
    return options;
}

Reply wrong_method(const char* allowed) {
    Reply reply = refusal(405, "method", std::string{"use "} + allowed);
    reply.allow = allowed;
    return reply;
}

bool waits_for_storage(std::string_view target) {
    const std::size_t query = target.find('?');
    if (query == std::string_view::npos) return false;
    std::string_view rest = target.substr(query + 1);
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find('&'), rest.size());
        if (rest.substr(0, end) == "wait=stored") return true;
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return false;
}

std::string json_time(clarify::Clock::duration ago) {
    const auto past = std::chrono::duration_cast<std::chrono::microseconds>(ago).count();
    return clarify::Timestamp::from_microseconds(clarify::Timestamp::now().microseconds() - past)
        .to_string();
}

/// The kind alone: hosts, addresses and files that lie behind the gateway are nobody's business. The log
/// has the rest.
std::string in_general(const clarify::Error& error) {
    std::string text{to_string(error.code())};
    if (error.reason() != clarify::Reason::none)
        text.append("[").append(to_string(error.reason())).append("]");
    return text.append(", phase ").append(to_string(error.phase()));
}

Reply accepted_reply(const clarify::WriteReceipt& receipt, bool has_waited) {
    json::object body;
    body["accepted"] = receipt.accepted;
    body["durable"] = receipt.durable;
    if (has_waited) body["stored"] = receipt.stored;
    return Reply{receipt.stored ? 200U : 202U, json_body(json::value(std::move(body)))};
}

/// The answer for samples that were not taken.
Reply refused_reply(const clarify::Error& error) {
    using clarify::Errc;
    switch (error.code()) {
        case Errc::bad_argument:
            return body_refusal(error);
        case Errc::overloaded: {
            Reply reply = refusal(429, "full", "there is no room for more samples");
            reply.retry_after = std::chrono::seconds{5};
            return reply;
        }
        default: {
            const bool is_ending = error.code() == Errc::closed;
            Reply reply = refusal(
                503,
                is_ending ? "closed" : "damaged",
                is_ending ? "the gateway is ending" : "samples cannot be kept");
            reply.retry_after = std::chrono::seconds{5};
            return reply;
        }
    }
}

}  // namespace

SampleService::SampleService(
    CurrentLink& link,
    Writer& writer,
    clarify::Metrics metrics,
    std::chrono::milliseconds timeout,
    std::chrono::milliseconds unhealthy_after,
    std::size_t largest_body)
    : link_(link),
      writer_(writer),
      metrics_(std::move(metrics)),
      timeout_(timeout),
      unhealthy_after_(unhealthy_after),
      codec_(codec_options(largest_body)) {}

asio::awaitable<Reply> SampleService::answer(Request& request) {
    const std::string_view path = path_of(request.target);
    const bool reads = request.method == "GET" || request.method == "HEAD";
    if (path == "/healthz") co_return reads ? health() : wrong_method("GET, HEAD");
    if (path == "/status") co_return reads ? status() : wrong_method("GET, HEAD");
    if (path == "/metrics") co_return reads ? metrics() : wrong_method("GET, HEAD");
    if (path != "/samples")
        co_return refusal(404, "path", "there is /samples, /status, /metrics and /healthz");
    if (request.method != "POST") co_return wrong_method("POST");
    Reply reply = refusal(415, "type", "the content type is to be application/json");
    if (is_json(request.content_type)) reply = co_await store(request);
    if (reply.status != 200 && reply.status != 202 && reply.status != 422) ++refused_;
    co_return reply;
}

asio::awaitable<Reply> SampleService::store(Request& request) {
    clarify::Result<PostedSamples> posted = read_samples(codec_, request.body);
    if (!posted) co_return body_refusal(posted.error());
    request.body = {};
    if (posted->integration && *posted->integration != link_.get()->integration)
        co_return refusal(400, "integration", "this gateway writes to another integration");
    const bool waits = waits_for_storage(request.target);
    // This suspends the session, not a thread.
    const clarify::Result<clarify::WriteReceipt> written =
        co_await write(std::move(posted->samples), waits);
    if (!written) co_return refused_reply(written.error());
    if (written->rejected.empty()) co_return accepted_reply(*written, waits);
    co_return rejected_reply(written->rejected);
}

/// For no longer than a call to Clarify may take.
asio::awaitable<clarify::Result<clarify::WriteReceipt>> SampleService::write(
    clarify::SampleTable samples, bool until_stored) {
    clarify::WriteOptions options;
    options.wait_for_room = false;
    options.until_stored = until_stored;
    // The timer may have run out in the moment in which the write ends.
    const auto stop = std::make_shared<asio::cancellation_signal>();
    const auto executor = co_await asio::this_coro::executor;
    asio::steady_timer limit{executor, timeout_};
    if (until_stored) {
        limit.async_wait([stop](const boost::system::error_code& ec) {
            if (!ec) stop->emit(asio::cancellation_type::total);
        });
    }
    asio::awaitable<clarify::Result<clarify::WriteReceipt>> operation = writer_.async_write(
        std::move(samples),
        options,
        asio::bind_cancellation_slot(stop->slot(), asio::use_awaitable));
    clarify::Result<clarify::WriteReceipt> written = co_await std::move(operation);
    co_return written;
}

Reply SampleService::health() const {
    const clarify::WriterStats stats = writer_.stats();
    if (!stats.failing_for || *stats.failing_for <= unhealthy_after_)
        return Reply{200, R"({"status":"ok"})"};
    return Reply{503, R"({"status":"nothing can be forwarded"})"};
}

Reply SampleService::status() const {
    const clarify::WriterStats stats = writer_.stats();
    const clarify::SampleCounts& counts = stats.counts;
    json::object dropped;
    for (std::size_t i = 0; i != clarify::drop_reasons; ++i)
        dropped[to_string(static_cast<clarify::DropReason>(i))] = counts.dropped[i];
    json::array damage;
    for (const clarify::SpoolDamage& each : stats.damage) {
        json::object one;
        one["file"] = each.file;
        one["bytes"] = each.bytes;
        if (each.samples) one["samples"] = *each.samples;
        damage.push_back(std::move(one));
    }
    json::object body;
    body["state"] = to_string(stats.state);
    body["since"] = json_time(stats.state_for);
    if (stats.error) {
        body["error"] = in_general(*stats.error);
    } else {
        body["error"] = nullptr;
    }
    body["offered"] = counts.offered;
    body["stored"] = counts.stored;
    body["pending"] = counts.pending();
    body["dropped"] = std::move(dropped);
    body["rejected"] = counts.dropped_for(clarify::DropReason::rejected);
    body["oldest_age_ms"] =
        std::chrono::duration_cast<std::chrono::milliseconds>(stats.oldest_age).count();
    body["spool_bytes"] = stats.bytes;
    body["requests"] = stats.requests;
    body["pace_sharers"] = metrics_.snapshot().pace_sharers;
    body["damage"] = std::move(damage);
    return Reply{200, json_body(json::value(std::move(body)))};
}

Reply SampleService::metrics() const {
    Reply reply{
        200, writer_metrics(writer_.stats(), refused_) + metrics_.snapshot().to_prometheus()};
    reply.content_type = "text/plain; version=0.0.4";
    return reply;
}

}  // namespace gateway
