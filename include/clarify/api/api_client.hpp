// SPDX-License-Identifier: BSL-1.0
// The methods of the Clarify API, typed, on top of a JSON-RPC client.

#ifndef CLARIFY_API_API_CLIENT_HPP
#define CLARIFY_API_API_CLIENT_HPP

#include <clarify/api/api_options.hpp>
#include <clarify/api/data_frame.hpp>
#include <clarify/api/data_stream.hpp>
#include <clarify/api/evaluate.hpp>
#include <clarify/api/insert_progress.hpp>
#include <clarify/api/pages.hpp>
#include <clarify/api/publish.hpp>
#include <clarify/api/query.hpp>
#include <clarify/api/resource.hpp>
#include <clarify/api/sample_buffer.hpp>
#include <clarify/api/selection.hpp>
#include <clarify/api/summaries.hpp>
#include <clarify/api/time_zone.hpp>
#include <clarify/core/completion_token.hpp>
#include <clarify/core/detail/config.hpp>
#include <clarify/core/detail/explain_token.hpp>
#include <clarify/credentials.hpp>
#include <clarify/rpc_client.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <concepts>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace clarify {

/// What is to be saved, by the key that samples are inserted under.
using SignalSaves = std::map<std::string, SignalSave, std::less<>>;
/// What is to be published, by the identifier of the signal.
using ItemSaves = std::map<std::string, ItemSave, std::less<>>;
/// All signals that a query finds, see `ApiClient::signal_pages`.
using SignalPages = Pages<Selection<Signal>>;
/// All items that a query finds, see `ApiClient::item_pages`.
using ItemPages = Pages<Selection<Item>>;
/// The data of any number of items over any time, see `ApiClient::data_parts`.
using DataStream = BasicDataStream<DataFrame>;

/// The newest value of a signal, see `ApiClient::latest_value`.
struct LatestValue {
    LatestValue() {}

    /// The identifier of the signal; empty where the integration has none of that input key.
    std::string signal;
    /// The identifier of the item that shows it; empty where it is not published, and then no value
    /// can be read.
    std::string item;
    /// When the value was sampled; unset where there is none in the time that was looked at.
    std::optional<Timestamp> time;
    /// The value, if there is a time; else `DataFrame::missing`.
    double value = DataFrame::missing;
};

/** The part of a result that was done, where the server did only a part of what it was asked for
    (JSON-RPC error -32021): `partial_result<InsertResult>(outcome.error())`. Nothing where the error
    is another one, or the part cannot be read.
*/
template <class R>
std::optional<R> partial_result(const Error& error);

/** An `RpcClient` that knows the methods of the Clarify API (1.1, and what is new in 1.2).

    Every method has two names: `async_insert` takes a completion token as its last argument, by
    default `use_awaitable`, and `insert` is the same as an awaitable. Options may be left out. The
    handler's signature is `void(Result<R>)`, with the `R` of the awaitable. Calls by name, with
    `call`, stay available beside them. Executors, deadlines, lifetimes and thread safety are those
    of `RpcClient`.

    @code
    clarify::SignalSaves signals;
    signals["pump/flow"].name = "Flow";
    const auto saved = co_await client.save_signals(signals);
    client.async_save_signals(signals, [](clarify::Result<clarify::SaveSignalsResult> saved) {});
    @endcode

    Every method may be repeated without harm, and is repeated where that helps. It keeps to the
    server's rate limits, in line with the other calls of this client (`ClientOptions::rate_limits`),
    unless `CallOptions::rate_limited` says otherwise.

    @par Arguments
    They are checked before anything is sent: what Clarify would refuse is reported as
    `Errc::bad_argument`, all of it at once, with the path of each fault. They are written or copied
    before a function returns, so temporaries are fine.
    @par Per-operation cancellation
    That of `RpcClient`: before a byte is sent all three types, after that terminal and partial.
    `insert` and `publish_changed_signals`, which may take several requests, say when for them.
    @par Errors
    Those of `RpcClient::async_call`. Of JSON-RPC errors (`Errc::rpc`), `RpcError::partial_failure`
    tells that a part was done, see `partial_result`; `RpcError::clarify_data` has the paths of what
    the server found wrong with the parameters.
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

    /** A client for the API and the integration that `credentials` name.

        @throws std::invalid_argument naming an option that is out of range.
    */
    ApiClient(
        executor_type executor, const Credentials& credentials, ClientOptions options = {}) requires
        std::constructible_from<Rpc, executor_type, const Credentials&, ClientOptions>
        : Rpc(std::move(executor), credentials, std::move(options)),
          integration_(credentials.integration()) {}
    /** Adds the methods to another client, over any policies.

        `integration` is whose signals are meant; may be empty where every call says it, or none
        needs it.
    */
    ApiClient(Rpc rpc, std::string integration)
        : Rpc(std::move(rpc)), integration_(std::move(integration)) {}

    /// Whose signals are meant unless `ApiOptions::integration` says so; empty where the client was
    /// not made from credentials. Without either, methods that need one end with
    /// `Errc::bad_argument`.
    const std::string& integration() const noexcept { return integration_; }

    /** Inserts samples: `integration.insert`.

        The columns of the frame are signals by their input keys; missing ones are created. What is
        larger than `InsertOptions::max_request_size` is divided by time into requests that are sent
        one after the other, each with the timeout of a call. So is a frame that is little but missing
        values, as where its inputs do not share their times: by inputs that do, and by others as long
        as what is sent stays within about ten times of what the samples take. Fewer and larger
        requests are preferred up to there, for the service takes one in a second.

        @param frame samples in any order, under keys that Clarify takes, with finite values. A frame
        that has to be divided is copied first, as a `SampleBuffer`. Nothing is sent for one without
        columns: the result is empty, then. A column without samples makes its signal.
        @param options by default the client's own, and requests of at most 8 MB.

        @par Handler signature
        `void(Result<InsertResult>)`: each signal, by its input key; `created` says whether any of the
        requests created it.
        @par Per-operation cancellation
        Before a byte is sent: terminal, partial and total. After that: terminal and partial. What
        was inserted before stays, and nothing follows.
        @par Errors
        Where one of several requests fails, or is cancelled, those before it have been executed and
        those after it are not sent: the error is that of the one that failed, its fate too. Its
        `insert_progress()` says up to which time all was inserted, or how many of the samples, and its
        message says so in words. Inserting all of it again does no harm. `Errc::bad_argument`, too, where a single sample is larger than
        `max_request_size`.
    */
    template <CompletionToken<InsertResult> Token = boost::asio::use_awaitable_t<>>
    auto async_insert(const DataFrame& frame, InsertOptions options = {}, Token&& token = {});
    /// The same without options.
    template <CompletionToken<InsertResult> Token>
    auto async_insert(const DataFrame& frame, Token&& token) {
        return async_insert(frame, InsertOptions{}, std::forward<Token>(token));
    }
    /// With other arguments: the compiler says which one is wrong.
    template <class... Args>
    requires detail::RefusedEnding<InsertResult, InsertOptions, Args...>
    void async_insert(const DataFrame&, Args&&...) {
        detail::explain_ending<InsertResult, InsertOptions, CallOptions, Args...>();
    }
    /// `async_insert` as an awaitable.
    CLARIFY_LAZY boost::asio::awaitable<Result<InsertResult>> insert(
        const DataFrame& frame, InsertOptions options = {}) {
        return async_insert(frame, std::move(options), boost::asio::use_awaitable);
    }

    /** Inserts samples of inputs that each have times of their own: `integration.insert`, otherwise as
        for a frame.

        Memory and bytes sent grow with the samples, however many inputs and times there are. Nothing
        is sent where the buffer is empty.

        @param samples moved in, or copied. To try again what has failed, keep a copy; those that were
        inserted may be inserted again.
    */
    template <CompletionToken<InsertResult> Token = boost::asio::use_awaitable_t<>>
    auto async_insert(SampleBuffer samples, InsertOptions options = {}, Token&& token = {});
    /// The same without options.
    template <CompletionToken<InsertResult> Token>
    auto async_insert(SampleBuffer samples, Token&& token) {
        return async_insert(std::move(samples), InsertOptions{}, std::forward<Token>(token));
    }
    /// With other arguments: the compiler says which one is wrong.
    template <class... Args>
    requires detail::RefusedEnding<InsertResult, InsertOptions, Args...>
    void async_insert(const SampleBuffer&, Args&&...) {
        detail::explain_ending<InsertResult, InsertOptions, CallOptions, Args...>();
    }
    /// `async_insert` as an awaitable.
    CLARIFY_LAZY boost::asio::awaitable<Result<InsertResult>> insert(
        SampleBuffer samples, InsertOptions options = {}) {
        return async_insert(std::move(samples), std::move(options), boost::asio::use_awaitable);
    }

    /** Saves signals, created where they are missing: `integration.saveSignals`.

        What is saved replaces all that can be set of a signal, so begin with what is there:
        `SignalSave{signal}`. Samples are not touched.

        @param signals what is to be saved, by the key that samples are inserted under; at least one.
        @param options by default the client's own, and signals that exist are updated.

        @par Handler signature
        `void(Result<SaveSignalsResult>)`: each signal, by its input key: its identifier, and whether
        it was created or updated.
    */
    template <CompletionToken<SaveSignalsResult> Token = boost::asio::use_awaitable_t<>>
    auto async_save_signals(
        const SignalSaves& signals, SaveOptions options = {}, Token&& token = {});
    /// The same without options.
    template <CompletionToken<SaveSignalsResult> Token>
    auto async_save_signals(const SignalSaves& signals, Token&& token) {
        return async_save_signals(signals, SaveOptions{}, std::forward<Token>(token));
    }
    /// With other arguments: the compiler says which one is wrong.
    template <class... Args>
    requires detail::RefusedEnding<SaveSignalsResult, SaveOptions, Args...>
    void async_save_signals(const SignalSaves&, Args&&...) {
        detail::explain_ending<SaveSignalsResult, SaveOptions, CallOptions, Args...>();
    }
    /// `async_save_signals` as an awaitable.
    CLARIFY_LAZY boost::asio::awaitable<Result<SaveSignalsResult>> save_signals(
        const SignalSaves& signals, SaveOptions options = {}) {
        return async_save_signals(signals, std::move(options), boost::asio::use_awaitable);
    }

    /** Publishes signals as items, or updates the items that show them: `admin.publishSignals`.

        What is published replaces all that can be set of an item. `ItemSave{signal}` shows a signal
        as it is; `publish_changed_signals` finds out which need it.

        @param items what is to be published, by the identifier of the signal; at least one.
        @param options by default the client's own, and items that exist are updated.

        @par Handler signature
        `void(Result<PublishSignalsResult>)`: each item, by the identifier of its signal: the item's
        own identifier, and whether it was created or updated.
    */
    template <CompletionToken<PublishSignalsResult> Token = boost::asio::use_awaitable_t<>>
    auto async_publish_signals(
        const ItemSaves& items, SaveOptions options = {}, Token&& token = {});
    /// The same without options.
    template <CompletionToken<PublishSignalsResult> Token>
    auto async_publish_signals(const ItemSaves& items, Token&& token) {
        return async_publish_signals(items, SaveOptions{}, std::forward<Token>(token));
    }
    /// With other arguments: the compiler says which one is wrong.
    template <class... Args>
    requires detail::RefusedEnding<PublishSignalsResult, SaveOptions, Args...>
    void async_publish_signals(const ItemSaves&, Args&&...) {
        detail::explain_ending<PublishSignalsResult, SaveOptions, CallOptions, Args...>();
    }
    /// `async_publish_signals` as an awaitable.
    CLARIFY_LAZY boost::asio::awaitable<Result<PublishSignalsResult>> publish_signals(
        const ItemSaves& items, SaveOptions options = {}) {
        return async_publish_signals(items, std::move(options), boost::asio::use_awaitable);
    }

    /** Publishes those signals that have changed since they were published, or never were, by
        `admin.selectSignals`, `clarify.selectItems` and `admin.publishSignals`: see `PublishOptions`.

        Signals are selected page by page, with their items, and what is new is published in
        batches. Nothing is published where nothing has changed. Each request has the timeout of a
        call.

        @param options which signals, how they become items, and how many are published at a time.
        By default all signals of the client's integration, as they are.

        @par Handler signature
        `void(Result<PublishReport>)`: how many signals were looked at, and what became of which.
        @par Per-operation cancellation
        Until something is on its way to be published, so for all of a dry run: terminal, partial
        and total. After that: terminal and partial. What was published before stays.
        @par Errors
        Those of the request that failed. Those before it have been executed, and the next time goes
        on there.
    */
    template <CompletionToken<PublishReport> Token = boost::asio::use_awaitable_t<>>
    auto async_publish_changed_signals(PublishOptions options = {}, Token&& token = {}) const;
    /// The same without options.
    template <CompletionToken<PublishReport> Token>
    auto async_publish_changed_signals(Token&& token) const {
        return async_publish_changed_signals(PublishOptions{}, std::forward<Token>(token));
    }
    /// With other arguments: the compiler says which one is wrong.
    template <class... Args>
    requires detail::RefusedEnding<PublishReport, PublishOptions, Args...>
    void async_publish_changed_signals(Args&&...) const {
        detail::explain_ending<PublishReport, PublishOptions, CallOptions, Args...>();
    }
    /// `async_publish_changed_signals` as an awaitable.
    CLARIFY_LAZY boost::asio::awaitable<Result<PublishReport>> publish_changed_signals(
        PublishOptions options = {}) const {
        return async_publish_changed_signals(std::move(options), boost::asio::use_awaitable);
    }

    /** Selects signals of an integration: `admin.selectSignals`, at most 1000. For all of them,
        `signal_pages`.

        @param query which of them, in which order, and how many; `{}` for the first ones of all.
        @param options by default the client's own, and no items are sent along.

        @par Handler signature
        `void(Result<Selection<Signal>>)`: the signals in the order that the query asks for, and the
        number of all that it finds where it asks for that.
    */
    template <CompletionToken<Selection<Signal>> Token = boost::asio::use_awaitable_t<>>
    auto async_select_signals(
        const ResourceQuery& query, SelectOptions options = {}, Token&& token = {});
    /// The same without options.
    template <CompletionToken<Selection<Signal>> Token>
    auto async_select_signals(const ResourceQuery& query, Token&& token) {
        return async_select_signals(query, SelectOptions{}, std::forward<Token>(token));
    }
    /// With other arguments: the compiler says which one is wrong.
    template <class... Args>
    requires detail::RefusedEnding<Selection<Signal>, SelectOptions, Args...>
    void async_select_signals(const ResourceQuery&, Args&&...) {
        detail::explain_ending<Selection<Signal>, SelectOptions, CallOptions, Args...>();
    }
    /// `async_select_signals` as an awaitable.
    CLARIFY_LAZY boost::asio::awaitable<Result<Selection<Signal>>> select_signals(
        const ResourceQuery& query, SelectOptions options = {}) {
        return async_select_signals(query, std::move(options), boost::asio::use_awaitable);
    }

    /** Selects items of the organisation: `clarify.selectItems`, at most 1000. For all of them,
        `item_pages`.

        @param query which of them, in which order, and how many; `{}` for the first ones of all.
        @param options by default the client's own. Its `integration` does not matter here.

        @par Handler signature
        `void(Result<Selection<Item>>)`: the items in the order that the query asks for, and the
        number of all that it finds where it asks for that.
    */
    template <CompletionToken<Selection<Item>> Token = boost::asio::use_awaitable_t<>>
    auto async_select_items(
        const ResourceQuery& query, SelectOptions options = {}, Token&& token = {});
    /// The same without options.
    template <CompletionToken<Selection<Item>> Token>
    auto async_select_items(const ResourceQuery& query, Token&& token) {
        return async_select_items(query, SelectOptions{}, std::forward<Token>(token));
    }
    /// With other arguments: the compiler says which one is wrong.
    template <class... Args>
    requires detail::RefusedEnding<Selection<Item>, SelectOptions, Args...>
    void async_select_items(const ResourceQuery&, Args&&...) {
        detail::explain_ending<Selection<Item>, SelectOptions, CallOptions, Args...>();
    }
    /// `async_select_items` as an awaitable.
    CLARIFY_LAZY boost::asio::awaitable<Result<Selection<Item>>> select_items(
        const ResourceQuery& query, SelectOptions options = {}) {
        return async_select_items(query, std::move(options), boost::asio::use_awaitable);
    }

    /** All signals that a query finds, page by page; see `Pages`.

        The query's `limit` is how many at most; unset: all. Where the query has no order, it is that
        of the identifiers. Nothing is sent before the first `next`, and the pages outlive the client.
    */
    SignalPages signal_pages(ResourceQuery query, PageOptions options = {}) const;
    /// All items that a query finds, page by page, as `signal_pages`.
    ItemPages item_pages(ResourceQuery query, PageOptions options = {}) const;

    /** Reads data of at most 50 items over a time that the API allows, in one request:
        `clarify.dataFrame`. For more, or for longer, `data_parts`.

        @param items which of them; a `limit` of at most 50.
        @param data from when to when, in which buckets, and which columns.
        @param options by default the client's own, and no items are sent along.

        @par Handler signature
        `void(Result<DataSelection>)`: one frame, whose columns are the identifiers of the items, or
        with a rollup `<item>_count`, `_min`, `_max`, `_sum` and `_avg`.
    */
    template <CompletionToken<DataSelection> Token = boost::asio::use_awaitable_t<>>
    auto async_data_frame(
        const ResourceQuery& items,
        const DataQuery& data,
        SelectOptions options = {},
        Token&& token = {});
    /// The same without options.
    template <CompletionToken<DataSelection> Token>
    auto async_data_frame(const ResourceQuery& items, const DataQuery& data, Token&& token) {
        return async_data_frame(items, data, SelectOptions{}, std::forward<Token>(token));
    }
    /// With other arguments: the compiler says which one is wrong.
    template <class... Args>
    requires detail::RefusedEnding<DataSelection, SelectOptions, Args...>
    void async_data_frame(const ResourceQuery&, const DataQuery&, Args&&...) {
        detail::explain_ending<DataSelection, SelectOptions, CallOptions, Args...>();
    }
    /// `async_data_frame` as an awaitable.
    CLARIFY_LAZY boost::asio::awaitable<Result<DataSelection>> data_frame(
        const ResourceQuery& items, const DataQuery& data, SelectOptions options = {}) {
        return async_data_frame(items, data, std::move(options), boost::asio::use_awaitable);
    }

    /** Reads the newest value of the signal with the input key `input`: `admin.selectSignals`, and for
        the item that shows it `clarify.dataFrame`.

        @param input as samples are inserted under it.
        @param options by default the client's own, for each of the two requests.

        @par Handler signature
        `void(Result<LatestValue>)`: without a value where no signal has that key, where it is not
        published, or where it has none in the last seven days, or with a time that lies ahead by up to
        seven; the members tell which.
        @par Per-operation cancellation
        Terminal, partial and total, at any time.
    */
    template <CompletionToken<LatestValue> Token = boost::asio::use_awaitable_t<>>
    auto async_latest_value(
        std::string_view input, ApiOptions options = {}, Token&& token = {}) const;
    /// The same without options.
    template <CompletionToken<LatestValue> Token>
    auto async_latest_value(std::string_view input, Token&& token) const {
        return async_latest_value(input, ApiOptions{}, std::forward<Token>(token));
    }
    /// With other arguments: the compiler says which one is wrong.
    template <class... Args>
    requires detail::RefusedEnding<LatestValue, ApiOptions, Args...>
    void async_latest_value(std::string_view, Args&&...) const {
        detail::explain_ending<LatestValue, ApiOptions, CallOptions, Args...>();
    }
    /// `async_latest_value` as an awaitable.
    CLARIFY_LAZY boost::asio::awaitable<Result<LatestValue>> latest_value(
        std::string_view input, ApiOptions options = {}) const {
        return async_latest_value(input, std::move(options), boost::asio::use_awaitable);
    }

    /** The data of any number of items over any time, part by part; see `BasicDataStream`.

        The items are selected first, and their data are then asked for by their identifiers, so that
        none is left out where items come and go. `data` needs both times, and no `last`. Nothing is
        sent before the first `next`, and the stream outlives the client.

        @par Errors
        Besides those of the calls, the first `next` yields `Errc::bad_argument` for a query that
        cannot be divided: without both times, with `last`, or in a time zone that this machine does
        not know.
    */
    DataStream data_parts(
        ResourceQuery items, DataQuery data, DataStreamOptions options = {}) const;

    /** Lets the service compute from the data of items: `clarify.evaluate`.

        What a query may hold is said at `EvaluateQuery`.

        @param query items, and since API 1.2 groups of them, by their aliases; calculations with
        these; the time and the buckets.
        @param options by default the client's own, and no items are sent along.

        @par Handler signature
        `void(Result<DataSelection>)`: one frame, whose columns are the aliases of the query.
    */
    template <CompletionToken<DataSelection> Token = boost::asio::use_awaitable_t<>>
    auto async_evaluate(const EvaluateQuery& query, SelectOptions options = {}, Token&& token = {});
    /// The same without options.
    template <CompletionToken<DataSelection> Token>
    auto async_evaluate(const EvaluateQuery& query, Token&& token) {
        return async_evaluate(query, SelectOptions{}, std::forward<Token>(token));
    }
    /// With other arguments: the compiler says which one is wrong.
    template <class... Args>
    requires detail::RefusedEnding<DataSelection, SelectOptions, Args...>
    void async_evaluate(const EvaluateQuery&, Args&&...) {
        detail::explain_ending<DataSelection, SelectOptions, CallOptions, Args...>();
    }
    /// `async_evaluate` as an awaitable.
    CLARIFY_LAZY boost::asio::awaitable<Result<DataSelection>> evaluate(
        const EvaluateQuery& query, SelectOptions options = {}) {
        return async_evaluate(query, std::move(options), boost::asio::use_awaitable);
    }

    /** Lets the item with the identifier `item` show the data of signals: `admin.connectSignals`, or
        `admin.signals.connect` from version 1.2 on.

        @param signals which of them, as for `select_signals`.
        @param item its identifier.
        @param options by default the client's own. A dry run changes nothing.

        @par Handler signature
        `void(Result<Selection<Signal>>)`: the signals that are connected, or would be.
    */
    template <CompletionToken<Selection<Signal>> Token = boost::asio::use_awaitable_t<>>
    auto async_connect_signals(
        const ResourceQuery& signals,
        std::string_view item,
        ConnectOptions options = {},
        Token&& token = {});
    /// The same without options.
    template <CompletionToken<Selection<Signal>> Token>
    auto async_connect_signals(const ResourceQuery& signals, std::string_view item, Token&& token) {
        return async_connect_signals(signals, item, ConnectOptions{}, std::forward<Token>(token));
    }
    /// With other arguments: the compiler says which one is wrong.
    template <class... Args>
    requires detail::RefusedEnding<Selection<Signal>, ConnectOptions, Args...>
    void async_connect_signals(const ResourceQuery&, std::string_view, Args&&...) {
        detail::explain_ending<Selection<Signal>, ConnectOptions, CallOptions, Args...>();
    }
    /// `async_connect_signals` as an awaitable.
    CLARIFY_LAZY boost::asio::awaitable<Result<Selection<Signal>>> connect_signals(
        const ResourceQuery& signals, std::string_view item, ConnectOptions options = {}) {
        return async_connect_signals(signals, item, std::move(options), boost::asio::use_awaitable);
    }

    /** Detaches signals from the items that show them: `admin.disconnectSignals`, or
        `admin.signals.disconnect` from version 1.2 on.

        @param signals which of them, as for `select_signals`.
        @param options by default the client's own. A dry run changes nothing.

        @par Handler signature
        `void(Result<Selection<Signal>>)`: the signals that are detached, or would be.
    */
    template <CompletionToken<Selection<Signal>> Token = boost::asio::use_awaitable_t<>>
    auto async_disconnect_signals(
        const ResourceQuery& signals, ConnectOptions options = {}, Token&& token = {});
    /// The same without options.
    template <CompletionToken<Selection<Signal>> Token>
    auto async_disconnect_signals(const ResourceQuery& signals, Token&& token) {
        return async_disconnect_signals(signals, ConnectOptions{}, std::forward<Token>(token));
    }
    /// With other arguments: the compiler says which one is wrong.
    template <class... Args>
    requires detail::RefusedEnding<Selection<Signal>, ConnectOptions, Args...>
    void async_disconnect_signals(const ResourceQuery&, Args&&...) {
        detail::explain_ending<Selection<Signal>, ConnectOptions, CallOptions, Args...>();
    }
    /// `async_disconnect_signals` as an awaitable.
    CLARIFY_LAZY boost::asio::awaitable<Result<Selection<Signal>>> disconnect_signals(
        const ResourceQuery& signals, ConnectOptions options = {}) {
        return async_disconnect_signals(signals, std::move(options), boost::asio::use_awaitable);
    }

private:
    struct Insert;
    struct InitiateInsert;
    struct Source;

    const std::string& integration_of(const ApiOptions& options) const noexcept {
        return options.integration.empty() ? integration_ : options.integration;
    }
    std::string version_of(const CallOptions& options) const;
    CallOptions prepared(CallOptions options, bool needs_1_2 = false) const;
    Insert prepare_insert(const DataFrame& frame, InsertOptions options);
    Insert prepare_insert(SampleBuffer samples, InsertOptions options);
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
