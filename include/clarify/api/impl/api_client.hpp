// SPDX-License-Identifier: BSL-1.0
// How typed methods become calls by name, and a large insert several of them.

#ifndef CLARIFY_API_IMPL_API_CLIENT_HPP
#define CLARIFY_API_IMPL_API_CLIENT_HPP

#include <clarify/api/api_client.hpp>
#include <clarify/api/detail/async_coroutine.hpp>
#include <clarify/api/detail/params.hpp>
#include <clarify/api/detail/sample_parts.hpp>
#include <clarify/api/detail/version_order.hpp>
#include <clarify/api/insert_progress.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/deferred.hpp>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace clarify {
namespace detail {

inline void merge_summaries(InsertResult& into, const InsertResult& other) {
    for (const auto& [key, summary] : other.signals_by_input) {
        const auto [place, added] = into.signals_by_input.emplace(key, summary);
        if (!added) place->second.created = place->second.created || summary.created;
    }
}

/// Tells how far a divided insert has come. Of the part that failed it says nothing: it may have been
/// executed, or been done in part.
inline Error part_error(
    const Error& error, const SampleParts& parts, const SamplePart& part, InsertProgress done) {
    if (done.requests == 0) return error;
    done.samples_in_all = parts.samples();
    if (parts.is_divided_by_time_only() && !part.times.empty())
        done.all_before = part.times.front();
    Error told = error;
    if (done.all_before) {
        told.add_message("all before " + done.all_before->to_string() + " was inserted");
    } else {
        told.add_message(
            std::to_string(done.samples) + " of " + std::to_string(done.samples_in_all) +
            " samples were inserted");
    }
    return told.set_insert_progress(std::make_shared<const InsertProgress>(done));
}

/// A part of an insert after the other.
template <class Rpc>
boost::asio::awaitable<Result<InsertResult>> insert_parts(
    Rpc rpc, std::shared_ptr<SampleParts> parts, std::string integration, CallOptions options) {
    InsertResult result;
    InsertProgress progress;
    while (const SamplePart* const part = parts->next()) {
        if (progress.requests != 0) {
            // A signal that came together with the last reply would end no call any more.
            const bool goes_on = co_await refuse_total_cancellation();
            if (!goes_on) {
                co_return Result<InsertResult>{
                    part_error(Error{Errc::cancelled}, *parts, *part, progress)};
            }
        }
        const InsertPartParams params{integration, *part};
        Result<InsertResult> done =
            co_await rpc.template call<InsertResult>("integration.insert", params, options);
        if (!done)
            co_return Result<InsertResult>{part_error(done.error(), *parts, *part, progress)};
        merge_summaries(result, *done);
        ++progress.requests;
        progress.samples += part->size();
    }
    co_return Result<InsertResult>{std::move(result)};
}

}  // namespace detail

template <class R>
std::optional<R> partial_result(const Error& error) {
    if (error.rpc() == nullptr || error.rpc()->code != RpcError::partial_failure)
        return std::nullopt;
    const std::string text = error.rpc()->clarify_data().partial_result;
    R result;
    if (text.empty() || !read_json_text(text, result)) return std::nullopt;
    return result;
}

template <class Rpc>
std::string ApiClient<Rpc>::version_of(const CallOptions& options) const {
    return options.api_version.value_or(this->options().api_version).selector();
}

template <class Rpc>
CallOptions ApiClient<Rpc>::prepared(CallOptions options, bool needs_1_2) const {
    if (!options.rate_limited) options.rate_limited = true;
    const auto version = detail::VersionOrder::parse(version_of(options));
    if (needs_1_2 && (!version || *version < detail::VersionOrder{1, 2, 0, 0}))
        options.api_version = ApiVersion{"1.2alpha1"};
    return options;
}

/// An insert that is ready to begin: one call, or a coroutine of several.
template <class Rpc>
struct ApiClient<Rpc>::Insert {
    using Call = decltype(std::declval<ApiClient&>().template async_call<InsertResult>(
        std::string_view{},
        std::declval<const detail::InsertParams&>(),
        CallOptions{},
        boost::asio::deferred));
    using Parts = detail::OutcomeOf<InsertResult>;

    std::variant<Call, Parts> work;
};

template <class Rpc>
struct ApiClient<Rpc>::InitiateInsert {
    template <class Handler>
    void operator()(Handler&& handler, boost::asio::any_io_executor executor, Insert insert) const {
        if (auto* const call = std::get_if<typename Insert::Call>(&insert.work)) {
            typename Insert::Call begin = std::move(*call);
            std::move(begin)(std::forward<Handler>(handler));
        } else {
            detail::async_coroutine<InsertResult>(
                std::move(executor),
                std::get<typename Insert::Parts>(std::move(insert.work)),
                std::forward<Handler>(handler));
        }
    }
};

template <class Rpc>
typename ApiClient<Rpc>::Insert ApiClient<Rpc>::prepare_insert(
    const DataFrame& frame, InsertOptions options) {
    const std::size_t limit = options.max_request_size;
    // Without a column there is nothing to insert; one without samples makes its signal.
    if (frame.columns() != 0 && (limit == 0 || detail::is_worth_one_request(frame, limit))) {
        const detail::InsertParams params{integration_of(options), frame};
        return Insert{this->template async_call<InsertResult>(
            "integration.insert", params, prepared(options), boost::asio::deferred)};
    }
    SampleBuffer samples;
    samples.add(frame);
    return prepare_insert(std::move(samples), std::move(options));
}

template <class Rpc>
typename ApiClient<Rpc>::Insert ApiClient<Rpc>::prepare_insert(
    SampleBuffer samples, InsertOptions options) {
    using Parts = typename Insert::Parts;
    const std::string& integration = integration_of(options);
    const auto fail = [&](Error error) {
        return Insert{this->template refuse<InsertResult>(
            "integration.insert", std::move(error), prepared(options), boost::asio::deferred)};
    };
    SampleTable table = detail::SampleAccess::take(samples);
    const Result<void> valid = detail::check_insert(integration, table);
    if (!valid) return fail(valid.error());
    // What is around the samples.
    constexpr std::size_t envelope = 256;
    const std::size_t limit = options.max_request_size;
    const auto parts = std::make_shared<detail::SampleParts>(
        std::move(table), limit == 0 ? 0 : limit - (std::min)(limit - 1, envelope));
    if (const Result<void> fits = parts->check_size(); !fits) return fail(fits.error());
    ApiClient shared{this->share(), integration_};
    auto operation = shared.operation();
    auto task = detail::insert_parts<Rpc>(
        static_cast<Rpc&&>(shared), parts, integration, prepared(options));
    return Insert{Parts{std::move(task), std::move(operation)}};
}

template <class Rpc>
template <CompletionToken<InsertResult> Token>
auto ApiClient<Rpc>::async_insert(const DataFrame& frame, InsertOptions options, Token&& token) {
    return detail::async_operation<Result<InsertResult>>(
        std::forward<Token>(token),
        InitiateInsert{},
        this->get_executor(),
        prepare_insert(frame, std::move(options)));
}

template <class Rpc>
template <CompletionToken<InsertResult> Token>
auto ApiClient<Rpc>::async_insert(SampleBuffer samples, InsertOptions options, Token&& token) {
    return detail::async_operation<Result<InsertResult>>(
        std::forward<Token>(token),
        InitiateInsert{},
        this->get_executor(),
        prepare_insert(std::move(samples), std::move(options)));
}

template <class Rpc>
template <CompletionToken<SaveSignalsResult> Token>
auto ApiClient<Rpc>::async_save_signals(
    const SignalSaves& signals, SaveOptions options, Token&& token) {
    const detail::SaveParams<SignalSave> params{
        integration_of(options), "signalsByInput", signals, options.create_only};
    return this->template async_call<SaveSignalsResult>(
        "integration.saveSignals", params, prepared(options), std::forward<Token>(token));
}

template <class Rpc>
template <CompletionToken<PublishSignalsResult> Token>
auto ApiClient<Rpc>::async_publish_signals(
    const ItemSaves& items, SaveOptions options, Token&& token) {
    const detail::SaveParams<ItemSave> params{
        integration_of(options), "itemsBySignal", items, options.create_only};
    return this->template async_call<PublishSignalsResult>(
        "admin.publishSignals", params, prepared(options), std::forward<Token>(token));
}

template <class Rpc>
template <CompletionToken<Selection<Signal>> Token>
auto ApiClient<Rpc>::async_select_signals(
    const ResourceQuery& query, SelectOptions options, Token&& token) {
    const detail::SelectParams params{integration_of(options), query, options.include_items};
    return this->template async_call<Selection<Signal>>(
        "admin.selectSignals", params, prepared(options), std::forward<Token>(token));
}

template <class Rpc>
template <CompletionToken<Selection<Item>> Token>
auto ApiClient<Rpc>::async_select_items(
    const ResourceQuery& query, SelectOptions options, Token&& token) {
    const detail::SelectParams params{{}, query, options.include_items};
    return this->template async_call<Selection<Item>>(
        "clarify.selectItems", params, prepared(options), std::forward<Token>(token));
}

namespace detail {

/// What the pages of a selection ask for.
inline ResourceQuery page_of(ResourceQuery query, const PageRequest& page) {
    if (query.sort.empty()) query.sort = {"id"};
    query.skip = page.skip;
    query.limit = page.limit;
    query.total = page.total;
    return query;
}

/// Pages of what `client.start(query, handler)` selects.
template <class Page, class Start>
Pages<Page> make_pages(
    boost::asio::any_io_executor executor,
    ResourceQuery query,
    std::size_t page_size,
    Start start,
    std::shared_ptr<Operation> operation) {
    const PagePlan plan{query.skip, query.limit, std::clamp<std::size_t>(page_size, 1, 1000)};
    return Pages<Page>{
        std::move(executor),
        plan,
        [query = std::move(query), start = std::move(start)](
            PageRequest page, std::function<void(Result<Page>)> deliver) {
            start(page_of(query, page), std::move(deliver));
        },
        std::move(operation)};
}

}  // namespace detail

template <class Rpc>
SignalPages ApiClient<Rpc>::signal_pages(ResourceQuery query, PageOptions options) const {
    const std::size_t page_size = options.page_size;
    const auto rpc = std::make_shared<ApiClient>(ApiClient{this->share(), integration_});
    return detail::make_pages<Selection<Signal>>(
        this->get_executor(),
        std::move(query),
        page_size,
        [rpc, options = std::move(options)](const ResourceQuery& page, auto deliver) {
            rpc->async_select_signals(page, options, std::move(deliver));
        },
        rpc->operation());
}

template <class Rpc>
ItemPages ApiClient<Rpc>::item_pages(ResourceQuery query, PageOptions options) const {
    const std::size_t page_size = options.page_size;
    const auto rpc = std::make_shared<ApiClient>(ApiClient{this->share(), integration_});
    return detail::make_pages<Selection<Item>>(
        this->get_executor(),
        std::move(query),
        page_size,
        [rpc, options = std::move(options)](const ResourceQuery& page, auto deliver) {
            rpc->async_select_items(page, options, std::move(deliver));
        },
        rpc->operation());
}

template <class Rpc>
template <CompletionToken<DataSelection> Token>
auto ApiClient<Rpc>::async_data_frame(
    const ResourceQuery& items, const DataQuery& data, SelectOptions options, Token&& token) {
    const detail::DataFrameParams params{items, data, options.include_items};
    return this->template async_call<DataSelection>(
        "clarify.dataFrame", params, prepared(options), std::forward<Token>(token));
}

template <class Rpc>
template <CompletionToken<DataSelection> Token>
auto ApiClient<Rpc>::async_evaluate(
    const EvaluateQuery& query, SelectOptions options, Token&& token) {
    CallOptions ready = prepared(options, query.needs_1_2());
    const std::string version = version_of(ready);
    const detail::EvaluateParams params{query, version, options.include_items};
    return this->template async_call<DataSelection>(
        "clarify.evaluate", params, std::move(ready), std::forward<Token>(token));
}

template <class Rpc>
template <class Token>
auto ApiClient<Rpc>::start_connect(
    const ResourceQuery& signals,
    std::optional<std::string_view> item,
    ConnectOptions options,
    Token&& token) {
    CallOptions ready = prepared(options, true);
    const auto version = detail::VersionOrder::parse(version_of(ready));
    const bool released = version && *version >= detail::VersionOrder{1, 2, 3, 0};
    const detail::ConnectParams params{
        integration_of(options),
        signals,
        item.value_or(std::string_view{}),
        options.include_items,
        options.dry_run,
        item.has_value()};
    const char* const method = item
        ? (released ? "admin.signals.connect" : "admin.connectSignals")
        : (released ? "admin.signals.disconnect" : "admin.disconnectSignals");
    return this->template async_call<Selection<Signal>>(
        method, params, std::move(ready), std::forward<Token>(token));
}

template <class Rpc>
template <CompletionToken<Selection<Signal>> Token>
auto ApiClient<Rpc>::async_connect_signals(
    const ResourceQuery& signals, std::string_view item, ConnectOptions options, Token&& token) {
    return start_connect(signals, item, std::move(options), std::forward<Token>(token));
}

template <class Rpc>
template <CompletionToken<Selection<Signal>> Token>
auto ApiClient<Rpc>::async_disconnect_signals(
    const ResourceQuery& signals, ConnectOptions options, Token&& token) {
    return start_connect(signals, std::nullopt, std::move(options), std::forward<Token>(token));
}

}  // namespace clarify

#endif  // CLARIFY_API_IMPL_API_CLIENT_HPP
