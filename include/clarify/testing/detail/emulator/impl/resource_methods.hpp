// SPDX-License-Identifier: BSL-1.0
// Bodies of the methods of the API.

#ifndef CLARIFY_TESTING_DETAIL_EMULATOR_IMPL_RESOURCE_METHODS_HPP
#define CLARIFY_TESTING_DETAIL_EMULATOR_IMPL_RESOURCE_METHODS_HPP

#include <clarify/testing/detail/emulator/resource_methods.hpp>
#include <clarify/testing/detail/emulator/resource_search.hpp>
#include <clarify/testing/detail/emulator/selection_result.hpp>
#include <clarify/testing/detail/emulator/series_frame.hpp>

#include <chrono>
#include <map>
#include <set>
#include <utility>

namespace clarify::testing::detail {

/// Ends a call that would write to signals of another integration than the caller's.
inline void require_own_integration(const MethodContext& context, const std::string& integration) {
    if (integration != context.settings.integration)
        throw RpcFailure{RpcCode::forbidden, "Forbidden"};
}

inline json::object save_summary(const StoredResource& resource, bool created, bool updated) {
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
    if (object == nullptr) return views;
    const ParamsReader reader{*object, params.path_of(key), params.errors(), params.strict()};
    for (const auto& member : *object) {
        const std::string_view name = member.key();
        if (!is_valid_key(name)) {
            reader.fail(name, "invalid key");
        } else if (reader.require(name) != nullptr) {
            if (const json::object* const view = reader.object(name)) {
                const ParamsReader inner{
                    *view, reader.path_of(name), params.errors(), params.strict()};
                views.emplace(name, read_save_view(inner, kind));
            }
        }
    }
    return views;
}

inline json::object insert(MethodContext& context, const json::object& params) {
    ParameterErrors errors;
    const ParamsReader reader{params, "", errors, context.settings.strict};
    reader.allow_only({"integration", "data"});
    const std::string integration = read_id(reader, "integration");
    Frame frame = read_insert_frame(reader);
    errors.throw_if_any();
    require_own_integration(context, integration);
    keep_share(context, frame);

    std::size_t sample_count = 0;
    for (const auto& [input, series] : frame)
        sample_count += series.size();
    context.store.reserve_samples(sample_count);
    json::object signals_by_input;
    for (const auto& [input, series] : frame) {
        auto [signal, created] = context.store.find_or_add_signal(integration, input, context.now);
        for (const auto& [time, value] : series) {
            if (context.settings.visibility_delay > Microseconds{0}) {
                context.store.put_sample_later(
                    signal, time, value, context.now + context.settings.visibility_delay);
            } else {
                context.store.put_sample(signal, time, value);
            }
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

/// Reads what the methods that save take since 1.2 to answer with resources instead of summaries.
/// The result's shape is not known, so that it cannot be asked for here.
inline void read_result_form(const ParamsReader& params) {
    read_include_items(params);
    read_format(params);
    if (params.find("result") != nullptr) params.fail("result", "not supported by the emulator");
}

inline json::object save_signals(MethodContext& context, const json::object& params) {
    ParameterErrors errors;
    const ParamsReader reader{params, "", errors, context.settings.strict};
    if (context.is_version_1_2()) {
        reader.allow_only(
            {"integration",
             "signalsByInput",
             "inputs",
             "createOnly",
             "result",
             "include",
             "format"});
        read_result_form(reader);
    } else {
        reader.allow_only({"integration", "signalsByInput", "inputs", "createOnly"});
    }
    const std::string integration = read_id(reader, "integration");
    const bool create_only = reader.boolean("createOnly", false);
    const bool has_alias = params.contains("inputs");
    if (has_alias && params.contains("signalsByInput"))
        reader.fail("inputs", "must not be given together with signalsByInput");
    auto views = read_save_views(
        reader, has_alias ? "inputs" : "signalsByInput", SaveKind::signal, &is_accepted_input);
    errors.throw_if_any();
    require_own_integration(context, integration);
    keep_share(context, views);

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

/// What the methods that find signals have in common.
struct SignalSelection {
    SignalSelection(const ParamsReader& params, const MethodContext& context)
        : integration(read_id(params, "integration")),
          search(read_resource_search(params, SearchLimits{20, 1000})),
          include_items(read_include_items(params)),
          format(read_format(params)),
          style(resource_style(context, format)) {}

    /// The signals of the integration that the query finds.
    Page<StoredSignal> page(const MethodContext& context) const {
        std::vector<const StoredSignal*> candidates;
        for (const auto& [id, signal] : context.store.signals()) {
            if (signal.integration == integration) candidates.push_back(&signal);
        }
        return keep_page_share(context, run_search(search, candidates));
    }

    json::object result(MethodContext& context, const Page<StoredSignal>& page) const {
        const std::int64_t total = search.total ? static_cast<std::int64_t>(page.total) : -1;
        json::object result;
        result["meta"] = selection_meta(context, format, total, false);
        result["data"] = resources_json(page.resources, format.data_as_array, style);
        if (include_items) {
            std::set<std::string> ids;
            for (const StoredSignal* const signal : page.resources)
                ids.insert(signal->item);
            std::vector<const StoredItem*> items;
            for (const std::string& id : ids) {
                if (const StoredItem* const item = context.store.find_item(id))
                    items.push_back(item);
            }
            result["included"] = included_json(items, format, style);
        }
        return result;
    }

    std::string integration;
    ResourceSearch search;
    bool include_items;
    SelectionFormat format;
    ResourceStyle style;
};

inline json::object select_signals(MethodContext& context, const json::object& params) {
    ParameterErrors errors;
    const ParamsReader reader{params, "", errors, context.settings.strict};
    reader.allow_only({"integration", "query", "include", "format"});
    const SignalSelection selection(reader, context);
    if (selection.include_items && context.settings.observed_shapes) {
        // What live servers were seen to say.
        reader.fail("include", "no enum values registered");
    }
    errors.throw_if_any();
    return selection.result(context, selection.page(context));
}

/** Makes the signals that a query finds show their data in `item`, or in none if it is empty.

    Copies of the signals are answered with, so that a dry run can show what would be.
*/
inline json::object connect_selected(
    MethodContext& context,
    const SignalSelection& selection,
    const std::string& item,
    bool dry_run) {
    Page<StoredSignal> page = selection.page(context);
    std::vector<StoredSignal> after;
    after.reserve(page.resources.size());
    for (const StoredSignal*& signal : page.resources) {
        // Without the samples, which nobody is shown.
        StoredSignal changed;
        static_cast<StoredResource&>(changed) = *signal;
        changed.integration = signal->integration;
        changed.input = signal->input;
        changed.item = item;
        if (signal->item != item) {
            changed.updated_at = context.now;
            if (!dry_run) {
                StoredSignal& stored = *context.store.find_signal(signal->id);
                stored.item = item;
                stored.updated_at = context.now;
            }
        }
        after.push_back(std::move(changed));
        signal = &after.back();
    }
    return selection.result(context, page);
}

inline json::object connect_signals(MethodContext& context, const json::object& params) {
    ParameterErrors errors;
    const ParamsReader reader{params, "", errors, context.settings.strict};
    reader.allow_only({"integration", "query", "item", "include", "format", "dryRun"});
    const SignalSelection selection(reader, context);
    const std::string item = read_id(reader, "item");
    const bool dry_run = reader.boolean("dryRun", false);
    if (!item.empty() && context.store.find_item(item) == nullptr)
        reader.fail("item", "item not found");
    errors.throw_if_any();
    return connect_selected(context, selection, item, dry_run);
}

inline json::object disconnect_signals(MethodContext& context, const json::object& params) {
    ParameterErrors errors;
    const ParamsReader reader{params, "", errors, context.settings.strict};
    reader.allow_only({"integration", "query", "include", "format", "dryRun"});
    const SignalSelection selection(reader, context);
    const bool dry_run = reader.boolean("dryRun", false);
    errors.throw_if_any();
    return connect_selected(context, selection, "", dry_run);
}

inline json::object publish_signals(MethodContext& context, const json::object& params) {
    ParameterErrors errors;
    const ParamsReader reader{params, "", errors, context.settings.strict};
    if (context.is_version_1_2()) {
        reader.allow_only(
            {"integration", "itemsBySignal", "createOnly", "result", "include", "format"});
        read_result_form(reader);
    } else {
        reader.allow_only({"integration", "itemsBySignal", "createOnly"});
    }
    const std::string integration = read_id(reader, "integration");
    const bool create_only = reader.boolean("createOnly", false);
    auto views = read_save_views(reader, "itemsBySignal", SaveKind::item, &is_resource_id);
    for (const auto& [id, view] : views) {
        const StoredSignal* const signal = context.store.find_signal(id);
        if (signal == nullptr || signal->integration != integration)
            errors.add("itemsBySignal." + id, "signal not found");
    }
    errors.throw_if_any();
    keep_share(context, views);

    json::object items_by_signal;
    for (auto& [id, view] : views) {
        if (context.is_version_1_2() && !view.attributes.gap_detection)
            view.attributes.gap_detection = std::chrono::minutes{90};
        StoredSignal& signal = *context.store.find_signal(id);
        StoredItem* item = context.store.find_item(signal.item);
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
    const ParamsReader reader{params, "", errors, context.settings.strict};
    reader.allow_only({"query", "include", "format"});
    const ResourceSearch search = read_resource_search(reader, SearchLimits{20, 1000});
    const bool include_items = read_include_items(reader);
    const SelectionFormat format = read_format(reader);
    errors.throw_if_any();

    const Page<StoredItem> page =
        keep_page_share(context, run_search(search, context.store.all_items()));
    const ResourceStyle style = resource_style(context, format);
    const std::int64_t total = search.total ? static_cast<std::int64_t>(page.total) : -1;
    json::object result;
    result["meta"] = selection_meta(context, format, total, false);
    result["data"] = resources_json(page.resources, format.data_as_array, style);
    if (include_items) {
        // Items relate to no other items.
        result["included"] = included_json({}, format, style);
    }
    return result;
}

}  // namespace clarify::testing::detail

#endif  // CLARIFY_TESTING_DETAIL_EMULATOR_IMPL_RESOURCE_METHODS_HPP
