// SPDX-License-Identifier: BSL-1.0

#include <clarify/core/detail/text.hpp>
#include <clarify/json/boost_json_codec.hpp>

#include "failure.hpp"
#include "json_body.hpp"
#include "sample_service.hpp"
#include "target.hpp"

#include <boost/describe/class.hpp>

#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace gateway {

namespace asio = boost::asio;

// The codec of the client reads and writes structs that are described; their `snake_case` members
// are `camelCase` in JSON. The document of the sender is read with it too, so that nothing here
// looks at JSON by hand.

using Series = std::map<std::string, std::vector<std::optional<double>>>;

/// What a sender posts.
struct Samples {
    std::optional<std::string> integration;
    std::vector<std::string> times;
    Series series;
};
BOOST_DESCRIBE_STRUCT(Samples, (), (integration, times, series))

struct Frame {
    std::vector<std::string> times;
    Series series;
};
BOOST_DESCRIBE_STRUCT(Frame, (), (times, series))

/// The parameters of `integration.insert`.
struct InsertParams {
    std::string integration;
    Frame data;
};
BOOST_DESCRIBE_STRUCT(InsertParams, (), (integration, data))

struct StoredSignal {
    std::string id;
    bool created = false;
};
BOOST_DESCRIBE_STRUCT(StoredSignal, (), (id, created))

/// The result of `integration.insert`, and the answer to the sender.
struct Stored {
    std::map<std::string, StoredSignal> signals_by_input;
};
BOOST_DESCRIBE_STRUCT(Stored, (), (signals_by_input))

namespace {

/// A web page that the machine's user visits can post plain text to a loopback address, but not
/// this type, for which a browser asks first.
bool is_json(std::string_view type) {
    return clarify::detail::iequals(
        clarify::detail::trim(type.substr(0, type.find(';'))), "application/json");
}

/// Parameters that are text already.
struct EncodedParams {
    static constexpr bool writes_valid_json = true;

    std::string text;
};

clarify::Result<void> append_json_text(std::string& out, const EncodedParams& params) {
    out += params.text;
    return {};
}

clarify::JsonCodecOptions codec_options(std::size_t largest_body) {
    clarify::JsonCodecOptions options;
    // A time may take sixteen times as much memory as it has text.
    options.max_parse_memory = std::max(options.max_parse_memory, 16 * largest_body);
    return options;
}

/// What is sent to Clarify for the document of a sender.
clarify::Result<EncodedParams> params_of(
    const clarify::BoostJsonCodec& codec, const std::string& body, const std::string& integration) {
    clarify::Result<Samples> samples = codec.decode<Samples>(body);
    if (!samples) return samples.error();
    InsertParams params;
    params.integration = samples->integration.value_or(integration);
    params.data.times = std::move(samples->times);
    params.data.series = std::move(samples->series);
    EncodedParams encoded;
    const clarify::Result<void> written = codec.encode(params, encoded.text);
    if (!written) return written.error();
    return encoded;
}

Reply wrong_method(const char* allowed) {
    Reply reply = refusal(405, "method", std::string{"use "} + allowed);
    reply.allow = allowed;
    return reply;
}

}  // namespace

SampleService::SampleService(
    CurrentLink& link,
    std::chrono::milliseconds timeout,
    std::size_t largest_body,
    LoggedState& reachable)
    : link_(link), timeout_(timeout), codec_(codec_options(largest_body)), reachable_(reachable) {}

asio::awaitable<Reply> SampleService::answer(Request& request) {
    const std::string_view path = path_of(request.target);
    if (path == "/healthz") {
        const bool reads = request.method == "GET" || request.method == "HEAD";
        co_return reads ? Reply{200, R"({"status":"ok"})"} : wrong_method("GET, HEAD");
    }
    if (path != "/samples") co_return refusal(404, "path", "there is /samples and /healthz");
    if (request.method != "POST") co_return wrong_method("POST");

    ++counts_.accepted;
    Reply reply = refusal(415, "type", "the content type is to be application/json");
    if (is_json(request.content_type)) reply = co_await store(request);
    if (reply.status == 200) {
        ++counts_.stored;
    } else {
        ++(reply.status < 500 ? counts_.refused : counts_.failed);
    }
    co_return reply;
}

asio::awaitable<Reply> SampleService::store(Request& request) {
    const std::shared_ptr<ClarifyLink> link = link_.get();
    clarify::Result<EncodedParams> params = params_of(codec_, request.body, link->integration);
    if (!params) co_return body_refusal(params.error());
    // The client has them as text of its own, from the start of the call to its end.
    const std::size_t size = params->text.size();
    request.body = {};
    const clarify::CallOptions options{timeout_};
    asio::awaitable<clarify::Result<Stored>> call =
        link->client.call<Stored>("integration.insert", *params, options);
    params->text = {};
    request.memory.hold(size);

    // This suspends the session, not a thread. Inside, the call may wait for a connection or a
    // token, and be repeated where that does no harm: the method is idempotent, because a sample
    // replaces one of the same signal and time.
    const clarify::Result<Stored> stored = co_await std::move(call);
    if (!stored) {
        note(stored.error());
        co_return failure_reply(stored.error());
    }
    reachable_.succeeded();
    co_return Reply{200, json_body(*stored)};
}

void SampleService::note(const clarify::Error& error) {
    switch (error.code()) {
        // What the sender sent, or the gateway's own doing.
        case clarify::Errc::bad_argument:
        case clarify::Errc::overloaded:
        case clarify::Errc::closed:
        case clarify::Errc::cancelled:
            return;
        case clarify::Errc::rpc:
            return reachable_.succeeded();
        default:
            return reachable_.failed(error.to_string());
    }
}

}  // namespace gateway
