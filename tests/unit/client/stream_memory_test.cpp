// SPDX-License-Identifier: BSL-1.0
// How much memory a stream of data takes: as much for a long time as for a short one.

#include <clarify/api/api_client.hpp>
#include <clarify/auth/no_auth.hpp>
#include <clarify/concepts/http_backend.hpp>
#include <clarify/json/boost_json_codec.hpp>
#include <clarify/rpc_client.hpp>

#include "../../support/allocations.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <exception>
#include <string>
#include <vector>

namespace stream_memory_test {

using namespace clarify;
using namespace std::chrono_literals;
namespace asio = boost::asio;

namespace {

const Timestamp begin = Timestamp::parse("2026-01-01T00:00:00Z").value();

std::string item_id(std::size_t number) {
    std::string id = "cugb0000000000000000";
    for (std::size_t i = id.size(); number != 0; number /= 10)
        id[--i] = static_cast<char>('0' + number % 10);
    return id;
}

/// A service with so many items, each of which has a value every minute. It keeps nothing.
struct MinuteService {
    asio::awaitable<Result<void>> post(
        const HttpRequest& request, HttpResponse& response, HttpProgress& progress) {
        progress = {Phase::first_byte, true};
        const boost::json::value call = boost::json::parse(request.body);
        const boost::json::value& params = call.at("params");
        response.status = 200;
        response.body = R"({"jsonrpc":"2.0","id":)" + boost::json::serialize(call.at("id")) +
            R"(,"result":{"data":)";
        if (call.at("method") == "clarify.selectItems") {
            select(response.body);
        } else {
            read(response.body, params);
        }
        response.body += "}}";
        bytes += response.body.size();
        co_return Result<void>{};
    }
    void close() noexcept {}

    static void select(std::string& out) {
        out += '[';
        for (std::size_t i = 0; i != items; ++i)
            out +=
                (i == 0 ? "" : ",") + std::string{R"({"type":"items","id":")"} + item_id(i) + "\"}";
        out += ']';
    }

    static void read(std::string& out, const boost::json::value& params) {
        const auto& times = params.at("data").at("filter").at("times");
        const auto time = [&](const char* name) {
            return Timestamp::parse(std::string{times.at(name).as_string()}).value();
        };
        std::string values;
        out += R"({"times":[)";
        for (Timestamp at = time("$gte"); at < time("$lt"); at = at + 1min) {
            if (!values.empty()) out += ',';
            out += '"' + at.to_string() + '"';
            values += values.empty() ? "20.25" : ",20.25";
        }
        out += R"(],"series":{)";
        bool is_first = true;
        for (const auto& id : params.at("query").at("filter").at("id").at("$in").as_array()) {
            if (!is_first) out += ',';
            is_first = false;
            out += boost::json::serialize(id) + ":[" + values + ']';
        }
        out += "}}";
    }

    static constexpr std::size_t items = 200;
    static inline std::size_t bytes = 0;
};

using Service = ApiClient<RpcClient<MinuteService, NoAuth, BoostJsonCodec>>;

asio::awaitable<std::size_t> count_values(DataStream parts) {
    std::size_t values = 0;
    while (true) {
        const auto part = co_await parts.next();
        if (!part.value()) break;
        values += (*part)->frame.value_count();
    }
    co_return values;
}

struct Use {
    std::size_t values = 0;
    std::size_t bytes = 0;  ///< of text
    std::size_t peak = 0;
};

Use use_of(std::chrono::hours length) {
    asio::io_context context;
    ClientOptions options;
    options.rate_limits.clear();
    Service client{
        RpcClient<MinuteService, NoAuth, BoostJsonCodec>{
            context.get_executor(),
            Url::parse("http://service.example/rpc").value(),
            MinuteService{},
            NoAuth{},
            options},
        ""};
    DataStreamOptions stream;
    stream.values_per_request = 50'000;
    stream.first_window = 2h;
    Use use;
    MinuteService::bytes = 0;
    support::Heap& heap = support::heap();
    const std::size_t live = heap.live;
    heap.peak = live;
    asio::co_spawn(
        context,
        count_values(client.data_parts({}, DataQuery{begin, begin + length}, stream)),
        [&](const std::exception_ptr& error, std::size_t values) {
            if (error) std::rethrow_exception(error);
            use.values = values;
        });
    context.run();
    use.peak = heap.peak - live;
    use.bytes = MinuteService::bytes;
    return use;
}

}  // namespace

TEST_CASE("DataStream: eight times as long a time takes no more memory") {
    constexpr std::size_t mebibyte = 1024 * 1024;
    const Use day = use_of(24h);
    const Use week = use_of(8 * 24h);
    CHECK(day.values == 24 * 60 * MinuteService::items);
    CHECK(week.values == 8 * day.values);
    CHECK(week.bytes > 8 * mebibyte);
    CAPTURE(day.peak);
    CAPTURE(week.peak);
    CAPTURE(week.bytes);
    // Four replies of 50,000 values on their way, as text, parsed, and as a frame.
    CHECK(week.peak < 3 * mebibyte);
    CHECK(week.peak < day.peak + mebibyte);
}

}  // namespace stream_memory_test
