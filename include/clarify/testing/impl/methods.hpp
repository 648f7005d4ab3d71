// Bodies of the methods of the API.
//
// SPDX-License-Identifier: BSL-1.0

#ifndef CLARIFY_TESTING_IMPL_METHODS_HPP
#define CLARIFY_TESTING_IMPL_METHODS_HPP

#include <clarify/testing/detail/data_frame.hpp>
#include <clarify/testing/detail/methods.hpp>
#include <clarify/testing/detail/resource_query.hpp>
#include <clarify/testing/detail/selection.hpp>

#include <chrono>
#include <map>
#include <set>
#include <utility>

namespace clarify::testing::detail {

/// Ends a call that would write to signals of another integration than the caller's.
inline void require_own_integration(const MethodContext& context, const std::string& integration) {
    if (integration != context.settings.integration) {
        throw RpcFailure(RpcCode::forbidden, "Forbidden");
    }
}

inline json::object save_summary(const Resource& resource, bool created, bool updated) {
    json::object summary;
    summary["id"] = resource.id;
    summary["created"] = created;
    summary["updated"] = updated;
    return summary;
}

/// Reads an object of save views by key, each of which `is_valid_key` must accept.
inline std::map<std::string, SaveView> read_save_views(
    const ParamsReader& params,
    std::string_view key,
    SaveKind kind,
    bool (*is_valid_key)(std::string_view)) {
    std::map<std::string, SaveView> views;
    params.require(key);
    const json::object* const object = params.object(key);
    if (object == nullptr) {
        return views;
    }
    const ParamsReader reader(*object, params.path_of(key), params.errors(), params.strict());
    for (const auto& member : *object) {
        const std::string_view name = member.key();
        if (!is_valid_key(name)) {
            reader.fail(name, "invalid key");
        } else if (reader.require(name) != nullptr) {
            if (const json::object* const view = reader.object(name)) {
                const ParamsReader inner(
                    *view, reader.path_of(name), params.errors(), params.strict());
                views.emplace(name, read_save_view(inner, kind));
            }
        }
    }
    return views;
}

inline json::object insert(MethodContext& context, const json::object& params) {
    ParameterErrors errors;
    const ParamsReader reader(params, "", errors, context.settings.strict);
    reader.allow_only({"integration", "data"});
    const std::string integration = read_id(reader, "integration");
    const Frame frame = read_insert_frame(reader);
    errors.throw_if_any();
    require_own_integration(context, integration);

    std::size_t sample_count = 0;
    for (const auto& [input, series] : frame) {
        sample_count += series.size();
    }
    context.store.reserve_samples(sample_count);
    json::object signals_by_input;
    for (const auto& [input, series] : frame) {
        auto [signal, created] = context.store.find_or_add_signal(integration, input, context.now);
        for (const auto& [time, value] : series) {
            context.store.put_sample(signal, time, value);
        }
        json::object summary;
        summary["id"] = signal.id;
        summary["created"] = created;
        signals_by_input[input] = std::move(summary);
    }
    json::object result;
    result["signalsByInput"] = std::move(signals_by_input);
    return result;
}

inline json::object save_signals(MethodContext& context, const json::object& params) {
    ParameterErrors errors;
    const ParamsReader reader(params, "", errors, context.settings.strict);
    reader.allow_only({"integration", "signalsByInput", "inputs", "createOnly"});
    const std::string integration = read_id(reader, "integration");
    const bool create_only = reader.boolean("createOnly", false);
    const bool has_alias = params.contains("inputs");
    if (has_alias && params.contains("signalsByInput")) {
        reader.fail("inputs", "must not be given together with signalsByInput");
    }
    const auto views = read_save_views(
        reader, has_alias ? "inputs" : "signalsByInput", SaveKind::signal, &is_input_key);
    errors.throw_if_any();
    require_own_integration(context, integration);

    json::object signals_by_input;
    for (const auto& [input, view] : views) {
        auto [signal, created] = context.store.find_or_add_signal(integration, input, context.now);
        const bool changed =
            (created || !create_only) && context.store.save(signal, view, context.now);
        signals_by_input[input] = save_summary(signal, created, changed && !created);
    }
    json::object result;
    result["signalsByInput"] = std::move(signals_by_input);
    return result;
}

inline json::object select_signals(MethodContext& context, const json::object& params) {
    ParameterErrors errors;
    const ParamsReader reader(params, "", errors, context.settings.strict);
    reader.allow_only({"integration", "query", "include", "format"});
    const std::string integration = read_id(reader, "integration");
    const ResourceQuery query = read_resource_query(reader, QueryLimits{20, 1000});
    const bool include_items = read_include_items(reader);
    const SelectionFormat format = read_format(reader);
    errors.throw_if_any();

    std::vector<const Signal*> candidates;
    for (const auto& [id, signal] : context.store.signals()) {
        if (signal.integration == integration) {
            candidates.push_back(&signal);
        }
    }
    const Page<Signal> page = run_query(query, candidates);
    const ResourceStyle style = resource_style(context, format);
    const std::int64_t total = query.total ? static_cast<std::int64_t>(page.total) : -1;
    json::object result;
    result["meta"] = selection_meta(context, format, total, false);
    result["data"] = resources_json(page.resources, format.data_as_array, style);
    if (include_items) {
        std::set<std::string> ids;
        for (const Signal* const signal : page.resources) {
            ids.insert(signal->item);
        }
        std::vector<const Item*> items;
        for (const std::string& id : ids) {
            if (const Item* const item = context.store.find_item(id)) {
                items.push_back(item);
            }
        }
        result["included"] = included_json(items, format, style);
    }
    return result;
}

inline json::object publish_signals(MethodContext& context, const json::object& params) {
    ParameterErrors errors;
    const ParamsReader reader(params, "", errors, context.settings.strict);
    reader.allow_only({"integration", "itemsBySignal", "createOnly"});
    const std::string integration = read_id(reader, "integration");
    const bool create_only = reader.boolean("createOnly", false);
    auto views = read_save_views(reader, "itemsBySignal", SaveKind::item, &is_resource_id);
    for (const auto& [id, view] : views) {
        const Signal* const signal = context.store.find_signal(id);
        if (signal == nullptr || signal->integration != integration) {
            errors.add("itemsBySignal." + id, "signal not found");
        }
    }
    errors.throw_if_any();

    json::object items_by_signal;
    for (auto& [id, view] : views) {
        if (context.is_version_1_2() && !view.attributes.gap_detection) {
            view.attributes.gap_detection = std::chrono::minutes(90);
        }
        Signal& signal = *context.store.find_signal(id);
        Item* item = context.store.find_item(signal.item);
        const bool created = item == nullptr;
        if (created) {
            item = &context.store.add_item(context.now);
            signal.item = item->id;
            signal.updated_at = context.now;
        }
        const bool changed =
            (created || !create_only) && context.store.save(*item, view, context.now);
        items_by_signal[id] = save_summary(*item, created, changed && !created);
    }
    json::object result;
    result["itemsBySignal"] = std::move(items_by_signal);
    return result;
}

inline json::object select_items(MethodContext& context, const json::object& params) {
    ParameterErrors errors;
    const ParamsReader reader(params, "", errors, context.settings.strict);
    reader.allow_only({"query", "include", "format"});
    const ResourceQuery query = read_resource_query(reader, QueryLimits{20, 1000});
    const bool include_items = read_include_items(reader);
    const SelectionFormat format = read_format(reader);
    errors.throw_if_any();

    std::vector<const Item*> candidates;
    for (const auto& [id, item] : context.store.items()) {
        candidates.push_back(&item);
    }
    const Page<Item> page = run_query(query, candidates);
    const ResourceStyle style = resource_style(context, format);
    const std::int64_t total = query.total ? static_cast<std::int64_t>(page.total) : -1;
    json::object result;
    result["meta"] = selection_meta(context, format, total, false);
    result["data"] = resources_json(page.resources, format.data_as_array, style);
    if (include_items) {
        result["included"] = included_json({}, format, style);  // items relate to no other items
    }
    return result;
}

inline json::object data_frame(MethodContext& context, const json::object& params) {
    ParameterErrors errors;
    const ParamsReader reader(params, "", errors, context.settings.strict);
    reader.allow_only({"query", "data", "include", "format"});
    const ResourceQuery query = read_resource_query(reader, QueryLimits{10, 50});
    const json::object* const query_object = reader.object("query");
    if (context.is_version_1_2() && query_object != nullptr && query_object->contains("total")) {
        errors.add("query.total", "unknown parameter");
    }
    const WindowLimits limits =
        context.settings.observed_shapes ? WindowLimits::ignored : WindowLimits::enforced;
    const DataQuery data_query = read_data_query(reader, context.now, limits);
    const bool include_items = read_include_items(reader);
    const SelectionFormat format = read_format(reader);
    errors.throw_if_any();

    std::vector<const Item*> candidates;
    for (const auto& [id, item] : context.store.items()) {
        candidates.push_back(&item);
    }
    const Page<Item> page = run_query(query, candidates);
    const auto signals_by_item = context.store.signals_by_item();
    Frame frame;
    for (const Item* const item : page.resources) {
        Series samples;
        if (const auto found = signals_by_item.find(item->id); found != signals_by_item.end()) {
            for (const Signal* const signal : found->second) {
                samples.insert(
                    signal->samples.lower_bound(data_query.from),
                    signal->samples.lower_bound(data_query.until));
            }
        }
        add_item_series(frame, item->id, samples, data_query);
    }
    json::object result;
    result["meta"] =
        selection_meta(context, format, static_cast<std::int64_t>(page.resources.size()), true);
    json::object frame_object = frame_json(frame);
    if (format.data_as_array) {
        json::array frames;
        frames.push_back(std::move(frame_object));
        result["data"] = std::move(frames);
    } else {
        result["data"] = std::move(frame_object);
    }
    if (include_items) {
        result["included"] = included_json(page.resources, format, resource_style(context, format));
    }
    return result;
}

}  // namespace clarify::testing::detail

#endif
