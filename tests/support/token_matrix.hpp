// SPDX-License-Identifier: BSL-1.0
// Every operation that takes a completion token, as a function of it.

#ifndef CLARIFY_TESTS_SUPPORT_TOKEN_MATRIX_HPP
#define CLARIFY_TESTS_SUPPORT_TOKEN_MATRIX_HPP

#include <clarify/any_client.hpp>
#include <clarify/auth/no_auth.hpp>
#include <clarify/core/timer.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/detached.hpp>
#include <boost/json/value.hpp>

#include <support/echo_backend.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace support {

/// What becomes of the calls of a `OperationBench`.
enum class Fortune : std::uint8_t { answered, never_answered, never_sent };

/// Answers with an empty object, which every method of the API may answer; or never.
struct EmptyBackend {
    boost::asio::awaitable<clarify::Result<void>> post(
        const clarify::HttpRequest& request,
        clarify::HttpResponse& response,
        clarify::HttpProgress& progress) {
        auto posted = co_await echo.post(request, response, progress);
        for (std::size_t at = 0;
             (at = response.body.find(R"("result":")", at)) != std::string::npos;) {
            at += 9;
            response.body.replace(at, response.body.find('"', at + 1) + 1 - at, "{}");
        }
        co_return posted;
    }
    void close() noexcept {}

    EchoBackend echo;
};

/// Its token never comes.
struct PatientAuth {
    std::optional<clarify::AuthHeader> cached(clarify::AuthContext&) { return std::nullopt; }
    boost::asio::awaitable<clarify::Result<clarify::AuthHeader>> authorize(
        clarify::AuthContext&, clarify::TimePoint) {
        clarify::Timer timer{co_await boost::asio::this_coro::executor};
        co_await timer.async_wait(boost::asio::as_tuple(boost::asio::deferred));
        co_return clarify::Error{clarify::Errc::cancelled};
    }
    bool rejected(clarify::AuthContext&, const clarify::AuthHeader&) { return false; }
};

/// A client, which is an `ApiClient` over an `RpcClient`, with pages and a stream of data.
struct OperationBench {
    explicit OperationBench(
        const boost::asio::any_io_executor& executor, Fortune fortune = Fortune::answered)
        : client(make(executor, fortune)),
          pages(client.signal_pages({})),
          stream(client.data_parts({}, query())) {}

    static clarify::AnyClient make(const boost::asio::any_io_executor& executor, Fortune fortune) {
        clarify::ClientOptions options;
        options.rate_limits.clear();
        clarify::AnyAuthPolicy auth = fortune == Fortune::never_sent
            ? clarify::AnyAuthPolicy{PatientAuth{}}
            : clarify::AnyAuthPolicy{clarify::NoAuth{}};
        return clarify::AnyClient{
            clarify::AnyClient::Base{
                executor,
                clarify::Url::parse("http://127.0.0.1/rpc").value(),
                EmptyBackend{{fortune == Fortune::never_answered}},
                std::move(auth),
                options},
            "c618rbfqfsj7mjkj0ss1"};
    }
    static clarify::DataQuery query() {
        const clarify::Timestamp from = clarify::Timestamp::from_microseconds(0);
        return {from, from + std::chrono::hours{1}};
    }
    static clarify::DataFrame frame(int rows) {
        clarify::DataFrame frame;
        for (int i = 0; i != rows; ++i)
            frame.append(clarify::Timestamp::from_microseconds(i), {{"a", i}});
        return frame;
    }

    clarify::AnyClient client;
    clarify::SignalPages pages;
    clarify::DataStream stream;
};

/// What an operation yields, and whether it heeds total cancellation also when a request is out:
/// because it only waits, or only reads.
template <class R, bool AlwaysTotal = false>
struct Operation {
    using Outcome = clarify::Result<R>;
    static constexpr bool heeds_total = AlwaysTotal;
};

struct CallOperation : Operation<boost::json::value> {
    static auto start(OperationBench& bench, auto&&... token) {
        return bench.client.async_call("m", std::forward<decltype(token)>(token)...);
    }
};
struct CallWithParams : Operation<boost::json::value> {
    static auto start(OperationBench& bench, auto&&... token) {
        return bench.client.async_call(
            "m", clarify::no_params, std::forward<decltype(token)>(token)...);
    }
};
struct NotifyOperation : Operation<void> {
    static auto start(OperationBench& bench, auto&&... token) {
        return bench.client.async_notify("m", std::forward<decltype(token)>(token)...);
    }
};
struct BatchOperation : Operation<clarify::BatchResult<boost::json::value>> {
    static auto start(OperationBench& bench, auto&&... token) {
        auto batch = bench.client.make_batch();
        batch.call("a").notify("b").call("c");
        return bench.client.async_call_batch(
            std::move(batch), std::forward<decltype(token)>(token)...);
    }
};
struct DrainOperation : Operation<void, true> {
    static auto start(OperationBench& bench, auto&&... token) {
        bench.client.async_call("m", boost::asio::detached);
        return bench.client.async_drain(
            std::chrono::hours{1}, std::forward<decltype(token)>(token)...);
    }
};
struct InsertOperation : Operation<clarify::InsertResult> {
    static auto start(OperationBench& bench, auto&&... token) {
        return bench.client.async_insert(
            OperationBench::frame(1), std::forward<decltype(token)>(token)...);
    }
};
struct InsertOfSeveral : Operation<clarify::InsertResult> {
    static auto start(OperationBench& bench, auto&&... token) {
        clarify::InsertOptions options;
        options.max_request_size = 1'000;
        return bench.client.async_insert(
            OperationBench::frame(100), options, std::forward<decltype(token)>(token)...);
    }
};
struct SaveOperation : Operation<clarify::SaveSignalsResult> {
    static auto start(OperationBench& bench, auto&&... token) {
        clarify::SignalSaves signals;
        signals["a"].name = "A";
        return bench.client.async_save_signals(signals, std::forward<decltype(token)>(token)...);
    }
};
struct PublishOperation : Operation<clarify::PublishSignalsResult> {
    static auto start(OperationBench& bench, auto&&... token) {
        clarify::ItemSaves items;
        items["cbpmaq6rpn52969vfl00"].name = "A";
        return bench.client.async_publish_signals(items, std::forward<decltype(token)>(token)...);
    }
};
struct PublishChanged : Operation<clarify::PublishReport, true> {
    static auto start(OperationBench& bench, auto&&... token) {
        return bench.client.async_publish_changed_signals(std::forward<decltype(token)>(token)...);
    }
};
struct SelectSignals : Operation<clarify::Selection<clarify::Signal>> {
    static auto start(OperationBench& bench, auto&&... token) {
        return bench.client.async_select_signals({}, std::forward<decltype(token)>(token)...);
    }
};
struct SelectItems : Operation<clarify::Selection<clarify::Item>> {
    static auto start(OperationBench& bench, auto&&... token) {
        return bench.client.async_select_items({}, std::forward<decltype(token)>(token)...);
    }
};
struct DataFrameOperation : Operation<clarify::DataSelection> {
    static auto start(OperationBench& bench, auto&&... token) {
        return bench.client.async_data_frame(
            {}, OperationBench::query(), std::forward<decltype(token)>(token)...);
    }
};
struct EvaluateOperation : Operation<clarify::DataSelection> {
    static auto start(OperationBench& bench, auto&&... token) {
        clarify::EvaluateQuery query;
        query.data = OperationBench::query();
        query.data.rollup = std::chrono::hours{1};
        query.items.emplace_back("a", "cbpmaq6rpn52969vfl00", clarify::TimeAggregation::max);
        return bench.client.async_evaluate(query, std::forward<decltype(token)>(token)...);
    }
};
struct ConnectOperation : Operation<clarify::Selection<clarify::Signal>> {
    static auto start(OperationBench& bench, auto&&... token) {
        return bench.client.async_connect_signals(
            {}, "cuga77bpn4pb81evdgj0", std::forward<decltype(token)>(token)...);
    }
};
struct DisconnectOperation : Operation<clarify::Selection<clarify::Signal>> {
    static auto start(OperationBench& bench, auto&&... token) {
        return bench.client.async_disconnect_signals({}, std::forward<decltype(token)>(token)...);
    }
};
struct PageOperation : Operation<std::optional<clarify::Selection<clarify::Signal>>, true> {
    static auto start(OperationBench& bench, auto&&... token) {
        return bench.pages.async_next(std::forward<decltype(token)>(token)...);
    }
};
struct PartOperation : Operation<std::optional<clarify::DataPart<clarify::DataFrame>>, true> {
    static auto start(OperationBench& bench, auto&&... token) {
        return bench.stream.async_next(std::forward<decltype(token)>(token)...);
    }
};

}  // namespace support

#endif  // CLARIFY_TESTS_SUPPORT_TOKEN_MATRIX_HPP
