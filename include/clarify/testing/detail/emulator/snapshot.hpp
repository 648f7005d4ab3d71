// SPDX-License-Identifier: BSL-1.0
// The contents of a store as JSON.

#ifndef CLARIFY_TESTING_DETAIL_EMULATOR_SNAPSHOT_HPP
#define CLARIFY_TESTING_DETAIL_EMULATOR_SNAPSHOT_HPP

#include <clarify/testing/detail/emulator/method_context.hpp>
#include <clarify/testing/detail/emulator/params_reader.hpp>
#include <clarify/testing/detail/emulator/series_frame.hpp>
#include <clarify/testing/detail/emulator/store.hpp>
#include <clarify/testing/detail/emulator/stored_resource.hpp>
#include <clarify/testing/detail/emulator/time_text.hpp>

#include <boost/json.hpp>

#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clarify::testing::detail {

/// What a snapshot says, once it is read.
struct Snapshot {
    struct SignalPart {
        /// Empty where any will do.
        std::string id;
        std::optional<SaveView> attributes;
        /// The key of the item that shows it, or empty.
        std::string item;
        Series samples;
    };

    std::map<std::string, SaveView> items;
    std::map<std::string, SignalPart> signals;
};

/// Calls `read(key, reader)` for each member of an object of objects.
template <class F>
void for_each_part(const ParamsReader& params, std::string_view key, F&& read) {
    const json::object* const parts = params.object(key);
    if (parts == nullptr) return;
    const ParamsReader reader{*parts, params.path_of(key), params.errors(), params.strict()};
    for (const auto& member : *parts) {
        const std::string_view name = member.key();
        reader.require(name);
        if (const json::object* const part = reader.object(name)) {
            read(
                std::string{name},
                ParamsReader{*part, reader.path_of(name), params.errors(), params.strict()});
        }
    }
}

inline Series read_snapshot_samples(const ParamsReader& part) {
    Series samples;
    const json::object* const object = part.object("data");
    if (object == nullptr) return samples;
    const ParamsReader data{*object, part.path_of("data"), part.errors(), part.strict()};
    data.allow_only({"times", "values"});
    const std::vector<ServerTime> times = read_times(data);
    data.require("values");
    if (const json::array* const values = data.array("values"))
        read_insert_series(samples, times, *values, "values", data);
    return samples;
}

inline Snapshot::SignalPart read_snapshot_signal(
    const std::string& input,
    const ParamsReader& part,
    const Snapshot& snapshot,
    const Store& store,
    const std::string& integration) {
    part.allow_only({"id", "attributes", "item", "data"});
    Snapshot::SignalPart signal;
    if (!is_accepted_input(input)) part.errors().add("signals." + input, "invalid input key");
    if (part.find_nullable("id") != nullptr) {
        signal.id = read_id(part, "id");
        const StoredSignal* const there = store.find_input(integration, input);
        const bool is_repeated =
            std::any_of(snapshot.signals.begin(), snapshot.signals.end(), [&](const auto& other) {
                return other.second.id == signal.id;
            });
        const bool is_taken =
            there != nullptr ? there->id != signal.id : store.signals().contains(signal.id);
        // What is not an identifier at all is empty here, as where a signal names none.
        if (!signal.id.empty() && (is_repeated || is_taken))
            part.fail("id", "belongs to another input");
    }
    if (const json::object* const attributes = part.object("attributes")) {
        const ParamsReader view{
            *attributes, part.path_of("attributes"), part.errors(), part.strict()};
        signal.attributes = read_save_view(view, SaveKind::signal);
    }
    signal.item = part.string("item").value_or("");
    if (!signal.item.empty() && !snapshot.items.contains(signal.item) &&
        !store.items().contains(signal.item)) {
        part.fail("item", "item not found");
    }
    signal.samples = read_snapshot_samples(part);
    return signal;
}

inline Snapshot read_snapshot(
    const ParamsReader& params, const Store& store, const std::string& integration) {
    params.allow_only({"items", "signals"});
    Snapshot snapshot;
    for_each_part(params, "items", [&](const std::string& key, const ParamsReader& part) {
        snapshot.items.emplace(key, read_save_view(part, SaveKind::item));
    });
    for_each_part(params, "signals", [&](const std::string& input, const ParamsReader& part) {
        snapshot.signals.emplace(
            input, read_snapshot_signal(input, part, snapshot, store, integration));
    });
    return snapshot;
}

/** Adds what `params` describe to a store, or notes what is wrong with it and adds nothing.

    Its member `items` has save views of items by their identifiers, or by names of their own instead.
    Its member `signals` has by input, each member optional: `id`; `attributes`, a save view; `item`,
    the key of an item; `data`, with `times` and `values`.
*/
inline void load_snapshot(
    const ParamsReader& params, Store& store, const std::string& integration, ServerTime now) {
    const Snapshot snapshot = read_snapshot(params, store, integration);
    if (!params.errors().empty()) return;
    std::size_t sample_count = 0;
    for (const auto& [input, part] : snapshot.signals)
        sample_count += part.samples.size();
    store.reserve_samples(sample_count);
    std::map<std::string, std::string> item_ids;
    for (const auto& [key, view] : snapshot.items) {
        StoredItem* item = store.find_item(key);
        if (item == nullptr) item = &store.add_item(now, is_resource_id(key) ? key : std::string{});
        store.save(*item, view, now);
        item_ids.emplace(key, item->id);
    }
    for (const auto& [input, part] : snapshot.signals) {
        StoredSignal& signal = store.find_or_add_signal(integration, input, now, part.id).first;
        if (part.attributes) store.save(signal, *part.attributes, now);
        if (!part.item.empty()) {
            const auto found = item_ids.find(part.item);
            signal.item = found == item_ids.end() ? part.item : found->second;
        }
        for (const auto& [time, value] : part.samples)
            store.put_sample(signal, time, value);
    }
}

/// What a save of a resource would have to say for it to become as it is.
template <class R>
json::object save_view_json(const R& resource) {
    json::object view = attributes_json(resource);
    view.erase("input");
    json::object annotations;
    for (const auto& [key, text] : resource.annotations)
        annotations[key] = text;
    view["annotations"] = std::move(annotations);
    return view;
}

/// The signals of one integration and all items, as `load_snapshot` takes them.
inline json::object snapshot_json(const Store& store, const std::string& integration) {
    json::object items;
    for (const auto& [id, item] : store.items())
        items[id] = save_view_json(item);
    std::map<std::string, const StoredSignal*> by_input;
    for (const auto& [id, signal] : store.signals()) {
        if (signal.integration == integration) by_input.emplace(signal.input, &signal);
    }
    json::object signals;
    for (const auto& [input, signal] : by_input) {
        json::array times;
        json::array values;
        for (const auto& [time, value] : store.all_samples(*signal)) {
            times.emplace_back(format_time(time));
            values.emplace_back(value);
        }
        json::object data;
        data["times"] = std::move(times);
        data["values"] = std::move(values);
        json::object part;
        part["id"] = signal->id;
        part["attributes"] = save_view_json(*signal);
        if (!signal->item.empty()) part["item"] = signal->item;
        part["data"] = std::move(data);
        signals[input] = std::move(part);
    }
    json::object snapshot;
    snapshot["items"] = std::move(items);
    snapshot["signals"] = std::move(signals);
    return snapshot;
}

}  // namespace clarify::testing::detail

#endif  // CLARIFY_TESTING_DETAIL_EMULATOR_SNAPSHOT_HPP
