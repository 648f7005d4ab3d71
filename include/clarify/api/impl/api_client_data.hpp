// SPDX-License-Identifier: BSL-1.0
// How a client reads long time ranges.

#ifndef CLARIFY_API_IMPL_API_CLIENT_DATA_HPP
#define CLARIFY_API_IMPL_API_CLIENT_DATA_HPP

#include <clarify/api/api_client.hpp>
#include <clarify/api/detail/async_coroutine.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace clarify {

namespace detail {

template <class Api>
boost::asio::awaitable<Result<LatestValue>> find_latest_value(
    std::shared_ptr<Api> api, std::string input, ApiOptions options) {
    using Outcome = Result<LatestValue>;
    SelectOptions select;
    static_cast<ApiOptions&>(select) = std::move(options);
    LatestValue latest;
    ResourceQuery signal{field("input") == input};
    signal.limit = 1;
    const auto signals = co_await api->select_signals(signal, select);
    if (!signals) co_return Outcome{signals.error()};
    if (signals->data.empty()) co_return Outcome{std::move(latest)};
    latest.signal = signals->data.front().id;
    const auto shown = signals->data.front().item();
    if (!shown) co_return Outcome{std::move(latest)};
    latest.item = shown->id;
    // A signal that came together with the reply would end no call any more.
    const bool cancelled = co_await is_cancelled();
    if (cancelled) co_return Outcome{Error{Errc::cancelled}};
    ResourceQuery item{field("id") == latest.item};
    item.limit = 1;
    DataQuery newest;
    newest.last = 1;
    const auto found = co_await api->data_frame(item, newest, select);
    if (!found) co_return Outcome{found.error()};
    const DataFrame& frame = found->data;
    const std::span<const double> values = frame.column(latest.item);
    for (std::size_t row = values.size(); row != 0; --row) {
        if (std::isnan(values[row - 1])) continue;
        latest.time = frame.times()[row - 1];
        latest.value = values[row - 1];
        break;
    }
    co_return Outcome{std::move(latest)};
}

}  // namespace detail

template <class Rpc>
template <CompletionToken<LatestValue> Token>
auto ApiClient<Rpc>::async_latest_value(
    std::string_view input, ApiOptions options, Token&& token) const {
    const auto api = std::make_shared<ApiClient>(ApiClient{this->share(), integration_});
    return detail::async_coroutine<LatestValue>(
        this->get_executor(),
        detail::OutcomeOf<LatestValue>{
            detail::find_latest_value(api, std::string{input}, std::move(options)),
            api->operation()},
        std::forward<Token>(token));
}

/// What a stream of data does by calls of a client.
template <class Rpc>
struct ApiClient<Rpc>::Source {
    using Items = detail::DataSource<DataFrame>::Items;
    using Reply = detail::DataSource<DataFrame>::Reply;
    using Deliver = detail::DataSource<DataFrame>::Deliver;

    Source(ApiClient client, ItemPages items, DataQuery query, DataStreamOptions given)
        : api(std::move(client)),
          pages(std::move(items)),
          data(std::move(query)),
          options(std::move(given)) {}

    /// The zone, and whether the query can be divided at all.
    Result<TimeZone> check() const {
        const auto fault = [](const char* what) {
            return Error{Errc::bad_argument, Reason::params, what};
        };
        if (!data.from || !data.to) return fault("data.filter.times: both ends are needed");
        if (data.last) return fault("data.last: cannot be found in parts");
        FieldErrors errors;
        detail::check(data, "data", errors);
        if (!errors.empty()) return errors.result().error();
        if (data.time_zone.empty() || !data.rollup.width()) return TimeZone{};
        return TimeZone::load(data.time_zone);
    }

    static boost::asio::awaitable<Result<std::optional<Items>>> more_items(
        std::shared_ptr<Source> self) {
        using Outcome = Result<std::optional<Items>>;
        if (const Result<TimeZone> zone = self->check(); !zone) co_return Outcome{zone.error()};
        auto page = co_await self->pages.next();
        if (!page) co_return Outcome{page.error()};
        if (!*page) co_return Outcome{std::optional<Items>{}};
        Items items;
        for (const Item& item : (*page)->data)
            items.push_back(item.id);
        co_return Outcome{std::optional<Items>{std::move(items)}};
    }

    /// A time with about as many values as a request may have.
    std::chrono::microseconds window_of(
        CalendarDuration width, std::size_t items, std::chrono::microseconds widest) const {
        constexpr std::size_t series_of_item = 5;
        const std::size_t columns =
            data.series.empty() ? items * series_of_item : data.series.size();
        const auto rows = static_cast<double>(options.values_per_request) /
            static_cast<double>(std::max<std::size_t>(columns, 1));
        const std::chrono::duration<double, std::micro> bucket = width.shortest().value();
        const auto window = rows * bucket;
        if (window >= widest) return widest;
        return std::chrono::duration_cast<std::chrono::microseconds>(window);
    }

    detail::DataPlan plan(std::size_t count) const {
        std::optional<detail::Buckets> buckets;
        if (const auto width = data.rollup.width()) {
            const int first_day = data.first_day_of_week
                ? static_cast<int>(data.first_day_of_week->iso_encoding())
                : 1;
            buckets.emplace(*width, check().value(), first_day, data.origin);
        }
        detail::DataPlan::Limits limits;
        limits.items = std::clamp<std::size_t>(options.items_per_request, 1, 50);
        limits.values = options.values_per_request;
        const auto longest = longest_window(data.rollup, true);
        // A single bucket is not divided.
        limits.widest_window = longest
            ? std::chrono::duration_cast<std::chrono::microseconds>(longest->value())
            : *data.to - *data.from;
        if (options.first_window) limits.first_window = *options.first_window;
        if (!longest) {
            limits.first_window = limits.widest_window;
        } else if (buckets && !options.first_window) {
            limits.first_window = window_of(
                *data.rollup.width(), (std::min)(limits.items, count), limits.widest_window);
            limits.is_measured = true;
        }
        return {*data.from, *data.to, count, std::move(buckets), limits};
    }

    void ask(const Items& items, Timestamp from, Timestamp to, Deliver deliver) {
        ResourceQuery which{field("id").in(items)};
        which.sort = {"id"};
        which.limit = items.size();
        DataQuery when = data;
        when.from = from;
        when.to = to;
        SelectOptions select;
        static_cast<ApiOptions&>(select) = options;
        api.async_data_frame(
            which,
            when,
            std::move(select),
            [deliver = std::move(deliver)](Result<DataSelection> outcome) {
                if (!outcome) return deliver(outcome.error());
                Reply reply;
                reply.frame = std::move(outcome->data);
                reply.values = reply.frame.size() * reply.frame.columns();
                deliver(std::move(reply));
            });
    }

    ApiClient api;
    ItemPages pages;
    DataQuery data;
    DataStreamOptions options;
};

template <class Rpc>
DataStream ApiClient<Rpc>::data_parts(
    ResourceQuery items, DataQuery data, DataStreamOptions options) const {
    PageOptions page_options;
    static_cast<ApiOptions&>(page_options) = options;
    // The pages of items are a part of the same operation.
    ApiClient shared{this->share(), integration_};
    const auto operation = shared.operation();
    ItemPages pages = shared.item_pages(std::move(items), std::move(page_options));
    auto source = std::make_shared<Source>(
        std::move(shared), std::move(pages), std::move(data), std::move(options));
    detail::DataSource<DataFrame> steps;
    steps.concurrency = source->options.concurrency;
    steps.more_items = [source] { return Source::more_items(source); };
    steps.plan = [source](std::size_t count) { return source->plan(count); };
    steps.ask = [source](const auto& ids, Timestamp from, Timestamp to, auto deliver) {
        source->ask(ids, from, to, std::move(deliver));
    };
    return DataStream{this->get_executor(), std::move(steps), operation};
}

}  // namespace clarify

#endif  // CLARIFY_API_IMPL_API_CLIENT_DATA_HPP
