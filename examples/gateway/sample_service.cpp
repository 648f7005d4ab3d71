// SPDX-License-Identifier: BSL-1.0

#include "failure.hpp"
#include "json_body.hpp"
#include "sample_service.hpp"

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/field.hpp>
#include <boost/beast/http/verb.hpp>
#include <boost/describe/class.hpp>

#include <cstddef>
#include <map>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace gateway {

namespace asio = boost::asio;
namespace http = boost::beast::http;

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
bool is_json(const Request& request) {
    std::string_view type = request[http::field::content_type];
    type = type.substr(0, type.find(';'));
    while (type.ends_with(' '))
        type.remove_suffix(1);
    return boost::beast::iequals(type, "application/json");
}

/// Which resource is meant. A target may be a whole URL, as proxies get it (RFC 9112 section 3.2.2),
/// and a query does not choose among ours.
std::string_view path_of(std::string_view target) {
    target = target.substr(0, target.find_first_of("?#"));
    for (const std::string_view scheme : {"http://", "https://"}) {
        if (target.size() < scheme.size() ||
            !boost::beast::iequals(target.substr(0, scheme.size()), scheme)) {
            continue;
        }
        const std::size_t path = target.find('/', scheme.size());
        // An empty path is the root.
        return path == std::string_view::npos ? "/" : target.substr(path);
    }
    return target;
}

Reply wrong_method(const char* allowed) {
    Reply reply = refusal(405, "method", std::string{"use "} + allowed);
    reply.allow = allowed;
    return reply;
}

}  // namespace

SampleService::SampleService(
    clarify::Client& client, std::string integration, std::chrono::milliseconds timeout)
    : client_(client), integration_(std::move(integration)), timeout_(timeout) {}

asio::awaitable<Reply> SampleService::answer(const Request& request) {
    const std::string_view path = path_of(request.target());
    if (path == "/healthz") {
        const bool reads =
            request.method() == http::verb::get || request.method() == http::verb::head;
        co_return reads ? Reply{200, R"({"status":"ok"})"} : wrong_method("GET, HEAD");
    }
    if (path != "/samples") co_return refusal(404, "path", "there is /samples and /healthz");
    if (request.method() != http::verb::post) co_return wrong_method("POST");

    ++counts_.accepted;
    Reply reply = refusal(415, "type", "the content type is to be application/json");
    if (is_json(request)) reply = co_await store(request.body());
    if (reply.status == 200) {
        ++counts_.stored;
    } else {
        ++(reply.status < 500 ? counts_.refused : counts_.failed);
    }
    co_return reply;
}

asio::awaitable<Reply> SampleService::store(const std::string& body) {
    clarify::Result<Samples> samples = clarify::BoostJsonCodec{}.decode<Samples>(body);
    if (!samples) co_return body_refusal(samples.error());

    InsertParams params;
    params.integration = samples->integration.value_or(integration_);
    params.data.times = std::move(samples->times);
    params.data.series = std::move(samples->series);
    const clarify::CallOptions options{timeout_};

    // This suspends the session, not a thread. Inside, the call may wait for a connection or a
    // token, and be repeated where that does no harm: the method is idempotent, because a sample
    // replaces one of the same signal and time.
    const clarify::Result<Stored> stored =
        co_await client_.call<Stored>("integration.insert", params, options);
    if (!stored) co_return failure_reply(stored.error());
    co_return Reply{200, json_body(*stored)};
}

}  // namespace gateway
