// SPDX-License-Identifier: BSL-1.0
// The methods of the Clarify API, typed, on top of a JSON-RPC client.

#ifndef CLARIFY_API_API_CLIENT_HPP
#define CLARIFY_API_API_CLIENT_HPP

#include <clarify/api/api_options.hpp>
#include <clarify/api/data_frame.hpp>
#include <clarify/api/data_stream.hpp>
#include <clarify/api/detail/async_coroutine.hpp>
#include <clarify/api/detail/params.hpp>
#include <clarify/api/detail/version_order.hpp>
#include <clarify/api/evaluate.hpp>
#include <clarify/api/pages.hpp>
#include <clarify/api/publish.hpp>
#include <clarify/api/query.hpp>
#include <clarify/api/resource.hpp>
#include <clarify/api/selection.hpp>
#include <clarify/api/summaries.hpp>
#include <clarify/api/time_zone.hpp>
#include <clarify/credentials.hpp>
#include <clarify/rpc_client.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <concepts>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clarify {

/// What is to be saved, by the key that samples are inserted under.
using SignalSaves = std::map<std::string, SignalSave, std::less<>>;
/// What is to be published, by the identifier of the signal.
using ItemSaves = std::map<std::string, ItemSave, std::less<>>;
using SignalPages = Pages<Selection<Signal>>;
using ItemPages = Pages<Selection<Item>>;
using DataStream = BasicDataStream<DataFrame>;

/** The part of a result that was done, where the server did only a part of what it was asked for
    (JSON-RPC error -32021): `partial_result<InsertResult>(outcome.error())`. Nothing where the error
    is another one, or the part cannot be read.
*/
template <class R>
std::optional<R> partial_result(const Error& error);

/** An `RpcClient` that knows the methods of the Clarify API (1.1, and what is new in 1.2).

    Every method has two forms: one that returns an awaitable, and one that begins with `async_`,
    takes a completion token as its last argument and has the same result. Calls by name, with
    `call`, stay available beside them.

    Arguments are checked before anything is sent: what Clarify would refuse is reported as
    `Errc::bad_argument`, all of it at once, with the path of each fault. They are written or copied
    before a function returns, so temporaries are fine.

    Every method may be repeated without harm, and is repeated where that helps. It keeps to the
    server's rate limits, in line with the other calls of this client (`ClientOptions::rate_limits`),
    unless `CallOptions::rate_limited` says otherwise. Executors, deadlines, cancellation, lifetimes
    and thread safety are those of `RpcClient`.

    @par Versions
    `X-API-Version` is that of the client or the call. `connect_signals`, `disconnect_signals` and an
    `evaluate` with groups or units need 1.2: where an older version is asked for, the header says
    `1.2alpha1`, which servers of 1.1 take.
*/
template <class Rpc>
class ApiClient : public Rpc {
public:
    /// The client without them.
    using Base = Rpc;
    using Rpc::Rpc;
    using typename Rpc::executor_type;

    /// A client for the API and the integration that `credentials` name.
    ApiClient(
        executor_type executor, const Credentials& credentials, ClientOptions options = {}) requires
        std::constructible_from<Rpc, executor_type, const Credentials&, ClientOptions>
        : Rpc(std::move(executor), credentials, std::move(options)),
          integration_(credentials.integration()) {}
    /// Adds the methods to another client. `integration` is whose signals are meant.
    ApiClient(Rpc rpc, std::string integration)
        : Rpc(std::move(rpc)), integration_(std::move(integration)) {}

    /// Whose signals are meant; empty where the client was not made from credentials.
    const std::string& integration() const noexcept { return integration_; }

    /** Inserts samples. The columns are signals by their input keys; missing ones are created.

        What is larger than `InsertOptions::max_request_size` is divided by time into requests that
        are sent one after the other, each with the timeout of a call; `created` says whether any of
        them created the signal. Where one fails, those before it have been executed and those after
        it are not sent: the error is that of the one that failed, its fate too, and its message says
        up to which time all was inserted. Inserting all of it again does no harm.
    */
    [[nodiscard]] boost::asio::awaitable<Result<InsertResult>> insert(
        const DataFrame& frame, InsertOptions options = {});
    template <class Token>
    auto async_insert(const DataFrame& frame, InsertOptions options, Token&& token);

    /// Saves signals, created where they are missing.
    [[nodiscard]] auto save_signals(const SignalSaves& signals, SaveOptions options = {}) {
        return async_save_signals(signals, std::move(options), boost::asio::use_awaitable);
    }
    template <class Token>
    auto async_save_signals(const SignalSaves& signals, SaveOptions options, Token&& token);

    /// Publishes signals as items, or updates the items that show them.
    [[nodiscard]] auto publish_signals(const ItemSaves& items, SaveOptions options = {}) {
        return async_publish_signals(items, std::move(options), boost::asio::use_awaitable);
    }
    template <class Token>
    auto async_publish_signals(const ItemSaves& items, SaveOptions options, Token&& token);

    /** Publishes those signals that have changed since they were published, or never were: see
        `PublishOptions`. Nothing is sent where nothing has changed. Each request has the timeout of
        a call. Where one fails, those before it have been executed, and the next time goes on there.
    */
    [[nodiscard]] boost::asio::awaitable<Result<PublishReport>> publish_changed_signals(
        PublishOptions options = {}) const;
    template <class Token>
    auto async_publish_changed_signals(PublishOptions options, Token&& token) const;

    /// Some of the signals of an integration: at most 1000. For all of them, `signal_pages`.
    [[nodiscard]] auto select_signals(const ResourceQuery& query, SelectOptions options = {}) {
        return async_select_signals(query, std::move(options), boost::asio::use_awaitable);
    }
    template <class Token>
    auto async_select_signals(const ResourceQuery& query, SelectOptions options, Token&& token);

    /// Some of the items of the organisation: at most 1000. For all of them, `item_pages`.
    [[nodiscard]] auto select_items(const ResourceQuery& query, SelectOptions options = {}) {
        return async_select_items(query, std::move(options), boost::asio::use_awaitable);
    }
    template <class Token>
    auto async_select_items(const ResourceQuery& query, SelectOptions options, Token&& token);

    /** All signals or items that a query finds, page by page. `limit` is how many at most; unset:
        all. Where the query has no order, it is that of the identifiers.
    */
    SignalPages signal_pages(ResourceQuery query, PageOptions options = {}) const;
    ItemPages item_pages(ResourceQuery query, PageOptions options = {}) const;

    /** The data of at most 50 items over a time that the API allows, in one request. Columns are
        items, or with a rollup `<item>_count`, `_min`, `_max`, `_sum` and `_avg`. For more, or for
        longer, `data_parts`.
    */
    [[nodiscard]] auto data_frame(
        const ResourceQuery& items, const DataQuery& data, SelectOptions options = {}) {
        return async_data_frame(items, data, std::move(options), boost::asio::use_awaitable);
    }
    template <class Token>
    auto async_data_frame(
        const ResourceQuery& items, const DataQuery& data, SelectOptions options, Token&& token);

    /** The data of any number of items over any time, part by part.

        The items are selected first, and their data are then asked for by their identifiers, so that
        none is left out where items come and go. `data` needs both times, and no `last`.

        @par Errors
        Besides those of the calls, the first `next` yields `Errc::bad_argument` for a query that
        cannot be divided: without both times, with `last`, or in a time zone that this machine does
        not know.
    */
    DataStream data_parts(
        ResourceQuery items, DataQuery data, DataStreamOptions options = {}) const;

    /// Computes from the data of items. Columns are the aliases of the query.
    [[nodiscard]] auto evaluate(const EvaluateQuery& query, SelectOptions options = {}) {
        return async_evaluate(query, std::move(options), boost::asio::use_awaitable);
    }
    template <class Token>
    auto async_evaluate(const EvaluateQuery& query, SelectOptions options, Token&& token);

    /// Lets an item show the data of signals, and yields these. Since API 1.2.
    [[nodiscard]] auto connect_signals(
        const ResourceQuery& signals, std::string_view item, ConnectOptions options = {}) {
        return async_connect_signals(signals, item, std::move(options), boost::asio::use_awaitable);
    }
    template <class Token>
    auto async_connect_signals(
        const ResourceQuery& signals, std::string_view item, ConnectOptions options, Token&& token);

    /// Detaches signals from the items that show them, and yields these signals. Since API 1.2.
    [[nodiscard]] auto disconnect_signals(
        const ResourceQuery& signals, ConnectOptions options = {}) {
        return async_disconnect_signals(signals, std::move(options), boost::asio::use_awaitable);
    }
    template <class Token>
    auto async_disconnect_signals(
        const ResourceQuery& signals, ConnectOptions options, Token&& token);

private:
    struct Source;

    const std::string& integration_of(const ApiOptions& options) const noexcept {
        return options.integration.empty() ? integration_ : options.integration;
    }
    std::string version_of(const CallOptions& options) const;
    CallOptions prepared(CallOptions options, bool needs_1_2 = false) const;
    template <class Token>
    auto start_connect(
        const ResourceQuery& signals,
        std::optional<std::string_view> item,
        ConnectOptions options,
        Token&& token);

    std::string integration_;
};

}  // namespace clarify

#include <clarify/api/impl/api_client.hpp>
#include <clarify/api/impl/api_client_data.hpp>
#include <clarify/api/impl/api_client_publish.hpp>

#endif  // CLARIFY_API_API_CLIENT_HPP
