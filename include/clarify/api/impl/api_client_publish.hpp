// SPDX-License-Identifier: BSL-1.0
// How a client publishes what has changed.

#ifndef CLARIFY_API_IMPL_API_CLIENT_PUBLISH_HPP
#define CLARIFY_API_IMPL_API_CLIENT_PUBLISH_HPP

#include <clarify/api/api_client.hpp>
#include <clarify/api/detail/async_coroutine.hpp>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <vector>

namespace clarify {

namespace detail {

/// Publishes one batch, if there is anything in it.
template <class Api>
boost::asio::awaitable<Result<void>> publish_batch(
    std::shared_ptr<Api> api,
    ItemSaves& batch,
    const PublishOptions& options,
    PublishReport& report) {
    if (batch.empty()) co_return Result<void>{};
    if (!options.dry_run) {
        SaveOptions save;
        static_cast<ApiOptions&>(save) = options;
        Result<PublishSignalsResult> done = co_await api->publish_signals(batch, save);
        if (!done) co_return Result<void>{done.error()};
        report.items_by_signal.merge(done->items_by_signal);
        // Something has changed. That another type has come is found before the next request.
        co_await refuse_total_cancellation();
    }
    report.published.merge(batch);
    batch.clear();
    co_return Result<void>{};
}

/// The items that show signals, asked for by their identifiers: whether a server sends them along
/// depends on its version.
template <class Api>
boost::asio::awaitable<Result<std::map<std::string, Item>>> items_of(
    std::shared_ptr<Api> api, const std::vector<clarify::Signal>& signals, SelectOptions options) {
    using Outcome = Result<std::map<std::string, Item>>;
    std::vector<std::string> ids;
    for (const clarify::Signal& signal : signals) {
        if (const auto item = signal.item()) ids.push_back(item->id);
    }
    std::map<std::string, Item> items;
    if (!ids.empty()) {
        ResourceQuery query{field("id").in(ids)};
        query.limit = ids.size();
        Result<Selection<Item>> found = co_await api->select_items(query, options);
        if (!found) co_return Outcome{found.error()};
        for (Item& item : found->data)
            items.emplace(item.id, std::move(item));
    }
    co_return Outcome{std::move(items)};
}

template <class Api>
boost::asio::awaitable<Result<PublishReport>> publish_changed(
    std::shared_ptr<Api> api, SignalPages pages, PublishOptions options) {
    using Outcome = Result<PublishReport>;
    const std::size_t most = std::clamp<std::size_t>(options.batch, 1, 1000);
    PublishReport report;
    ItemSaves batch;
    SelectOptions select;
    static_cast<ApiOptions&>(select) = options;
    // A signal that comes together with a reply ends no wait any more.
    bool cancelled = false;
    while (true) {
        auto page = co_await pages.next();
        if (!page) co_return Outcome{page.error()};
        cancelled = co_await is_cancelled();
        if (cancelled) co_return Outcome{Error{Errc::cancelled}};
        if (!*page) break;
        const std::vector<clarify::Signal>& signals = (*page)->data;
        const auto items = co_await items_of(api, signals, select);
        if (!items) co_return Outcome{items.error()};
        cancelled = co_await is_cancelled();
        if (cancelled) co_return Outcome{Error{Errc::cancelled}};
        for (const clarify::Signal& signal : signals) {
            ++report.signals;
            const auto link = signal.item();
            const auto item = link ? items->find(link->id) : items->end();
            auto save =
                item_to_publish(signal, item == items->end() ? nullptr : &item->second, options);
            if (!save) continue;
            batch.emplace(signal.id, std::move(*save));
            if (batch.size() < most) continue;
            const auto done = co_await publish_batch(api, batch, options, report);
            if (!done) co_return Outcome{done.error()};
            cancelled = co_await is_cancelled();
            if (cancelled) co_return Outcome{Error{Errc::cancelled}};
        }
    }
    const auto done = co_await publish_batch(api, batch, options, report);
    if (!done) co_return Outcome{done.error()};
    co_return Outcome{std::move(report)};
}

}  // namespace detail

template <class Rpc>
template <CompletionToken<PublishReport> Token>
auto ApiClient<Rpc>::async_publish_changed_signals(PublishOptions options, Token&& token) const {
    PageOptions page_options;
    static_cast<ApiOptions&>(page_options) = options;
    const auto api = std::make_shared<ApiClient>(ApiClient{this->share(), integration_});
    // The pages are a part of the same operation.
    SignalPages pages = api->signal_pages(options.signals, std::move(page_options));
    return detail::async_coroutine<PublishReport>(
        this->get_executor(),
        detail::OutcomeOf<PublishReport>{
            detail::publish_changed(api, std::move(pages), std::move(options)), api->operation()},
        std::forward<Token>(token));
}

}  // namespace clarify

#endif  // CLARIFY_API_IMPL_API_CLIENT_PUBLISH_HPP
