// SPDX-License-Identifier: BSL-1.0
// The methods of the API that read data.

#ifndef CLARIFY_TESTING_DETAIL_EMULATOR_DATA_METHODS_HPP
#define CLARIFY_TESTING_DETAIL_EMULATOR_DATA_METHODS_HPP

#include <clarify/testing/detail/emulator/evaluation_reader.hpp>
#include <clarify/testing/detail/emulator/evaluator.hpp>
#include <clarify/testing/detail/emulator/method_context.hpp>
#include <clarify/testing/detail/emulator/resource_search.hpp>
#include <clarify/testing/detail/emulator/selection_result.hpp>
#include <clarify/testing/detail/emulator/series_frame.hpp>

#include <boost/json.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace clarify::testing::detail {

/// The result of a method that reads data.
inline json::object frame_result(
    const MethodContext& context,
    const SelectionFormat& format,
    const Frame& frame,
    std::size_t total,
    const std::vector<const StoredItem*>* included) {
    json::object result;
    result["meta"] = selection_meta(context, format, static_cast<std::int64_t>(total), true);
    json::object frame_object = frame_json(frame);
    if (format.data_as_array) {
        json::array frames;
        frames.push_back(std::move(frame_object));
        result["data"] = std::move(frames);
    } else {
        result["data"] = std::move(frame_object);
    }
    if (included != nullptr)
        result["included"] = included_json(*included, format, resource_style(context, format));
    return result;
}

inline WindowLimits window_limits(const MethodContext& context, WindowLimits documented) {
    return context.settings.observed_shapes ? WindowLimits::none : documented;
}

/// `clarify.dataFrame`: the samples of items, as they are or in buckets.
inline json::object data_frame(MethodContext& context, const json::object& params) {
    ParameterErrors errors;
    const ParamsReader reader{params, "", errors, context.settings.strict};
    reader.allow_only({"query", "data", "include", "format"});
    const ResourceSearch search = read_resource_search(reader, SearchLimits{10, 50});
    const json::object* const query_object = reader.object("query");
    if (context.is_version_1_2() && query_object != nullptr && query_object->contains("total"))
        errors.add("query.total", "unknown parameter");
    const DataRequest data_request =
        read_data_request(reader, context.now, window_limits(context, WindowLimits::data_frame));
    const bool include_items = read_include_items(reader);
    const SelectionFormat format = read_format(reader);
    errors.throw_if_any();

    const Page<StoredItem> page =
        keep_page_share(context, run_search(search, context.store.all_items()));
    const auto signals_by_item = context.store.signals_by_item();
    Frame frame;
    for (const StoredItem* const item : page.resources) {
        const auto signals = signals_by_item.find(item->id);
        const Series samples = signals == signals_by_item.end()
            ? Series()
            : item_samples(signals->second, data_request.from, data_request.until);
        add_item_series(frame, *item, samples, data_request);
    }
    return frame_result(
        context, format, frame, page.resources.size(), include_items ? &page.resources : nullptr);
}

/// `clarify.evaluate`: items and groups of them in buckets, and formulas of these.
inline json::object evaluate(MethodContext& context, const json::object& params) {
    ParameterErrors errors;
    const ParamsReader reader{params, "", errors, context.settings.strict};
    if (context.is_version_1_2()) {
        reader.allow_only({"items", "groups", "calculations", "data", "include", "format"});
    } else {
        reader.allow_only({"items", "calculations", "data", "include", "format"});
    }
    const Evaluation evaluation = read_evaluation(reader, context);
    const DataRequest request =
        read_data_request(reader, context.now, window_limits(context, WindowLimits::evaluate));
    if (request.rollup.kind == BucketWidth::Kind::none) errors.add("data.rollup", "required");
    const bool include_items = read_include_items(reader);
    const SelectionFormat format = read_format(reader);
    errors.throw_if_any();

    Frame frame = evaluate_frame(evaluation, request, context.store);
    keep_share(context, frame);
    std::map<std::string, const StoredItem*> used;
    for (const Evaluation::Input& input : evaluation.inputs) {
        for (const StoredItem* const item : input.items)
            used.emplace(item->id, item);
    }
    std::vector<const StoredItem*> items;
    for (const auto& [id, item] : used)
        items.push_back(item);
    return frame_result(context, format, frame, frame.size(), include_items ? &items : nullptr);
}

}  // namespace clarify::testing::detail

#endif  // CLARIFY_TESTING_DETAIL_EMULATOR_DATA_METHODS_HPP
