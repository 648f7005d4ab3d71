// SPDX-License-Identifier: BSL-1.0
// `clarify signals` and `clarify items`.

#include "api_session.hpp"
#include "commands.hpp"
#include "json_text.hpp"
#include "table.hpp"
#include "terminal_text.hpp"

#include <clarify/json/detail/boost_value_builder.hpp>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <unistd.h>

#include <cstddef>
#include <iostream>
#include <string>
#include <string_view>

namespace clarify_cli {
namespace {

boost::json::object labels_of(const clarify::Labels& labels) {
    boost::json::object out;
    // So that nobody can choose keys that all fall into the same of its buckets.
    constexpr std::size_t harmless = 128;
    if (labels.size() > harmless)
        out.reserve(labels.size() + clarify::detail::unforeseeable(labels.size()));
    for (const auto& [key, values] : labels)
        out[key] = boost::json::array(values.begin(), values.end());
    return out;
}

template <class Resource>
boost::json::object json_of(const Resource& resource) {
    boost::json::object out;
    out["id"] = resource.id;
    out["name"] = resource.name;
    if constexpr (std::is_same_v<Resource, clarify::Signal>) {
        out["input"] = resource.input;
        if (const auto item = resource.item()) {
            out["item"] = item->id;
        } else {
            out["item"] = nullptr;
        }
    } else {
        out["visible"] = resource.visible;
    }
    out["description"] = resource.description;
    out["valueType"] = resource.value_type.text();
    out["sourceType"] = resource.source_type.text();
    out["engUnit"] = resource.eng_unit;
    out["labels"] = labels_of(resource.labels);
    for (const auto& [name, duration] :
         {std::pair{"sampleInterval", resource.sample_interval},
          std::pair{"gapDetection", resource.gap_detection}}) {
        if (duration) out[name] = duration->to_string();
    }
    return out;
}

std::string text_of(const clarify::Labels& labels) {
    std::string out;
    for (const auto& [key, values] : labels) {
        for (const std::string& value : values)
            out += (out.empty() ? "" : " ") + key + '=' + value;
    }
    return out;
}

template <class Resource>
Table table_of() {
    if constexpr (std::is_same_v<Resource, clarify::Signal>) {
        return Table{
            {{"ID"}, {"INPUT", true}, {"NAME", true}, {"UNIT"}, {"ITEM"}, {"LABELS", true}}};
    } else {
        return Table{{{"ID"}, {"NAME", true}, {"UNIT"}, {"VISIBLE"}, {"LABELS", true}}};
    }
}

void add_row(Table& table, const clarify::Signal& signal) {
    const auto item = signal.item();
    table.add(
        {signal.id,
         signal.input,
         signal.name,
         signal.eng_unit,
         item ? item->id : "-",
         text_of(signal.labels)});
}

void add_row(Table& table, const clarify::Item& item) {
    table.add(
        {item.id, item.name, item.eng_unit, item.visible ? "yes" : "no", text_of(item.labels)});
}

template <class Resource>
boost::asio::awaitable<clarify::Result<void>> print_all(
    clarify::Pages<clarify::Selection<Resource>> pages, bool as_json) {
    Table table = table_of<Resource>();
    while (true) {
        const auto page = co_await pages.next();
        if (!page) co_return clarify::Result<void>{page.error()};
        if (!*page) break;
        for (const auto& resource : (*page)->data) {
            if (as_json) {
                std::cout << compact(JsonText{boost::json::serialize(json_of(resource))}) << '\n';
            } else {
                add_row(table, resource);
            }
        }
        if (!as_json) std::cout << table.take_text(terminal_columns(STDOUT_FILENO));
        std::cout << std::flush;
    }
    co_return clarify::Result<void>{};
}

}  // namespace

clarify::Result<clarify::Filter> filter_of(const FilterArguments& arguments) {
    clarify::Filter filter;
    if (!arguments.json.empty()) filter = clarify::Filter::raw(arguments.json);
    for (const std::string& label : arguments.labels) {
        const std::size_t equals = label.find('=');
        if (equals == std::string::npos) {
            return clarify::Error{
                clarify::Errc::bad_argument,
                clarify::Reason::params,
                "--label is KEY=VALUE, not " + label};
        }
        filter = filter &&
            clarify::label(label.substr(0, equals)) == std::string_view{label}.substr(equals + 1);
    }
    if (const clarify::Result<void> sendable = clarify::detail::check(filter); !sendable)
        return sendable.error();
    return filter;
}

ExitCode list(const ListCommand& command) {
    const clarify::Result<clarify::Filter> filter = filter_of(command.filter);
    if (!filter) {
        print_error(filter.error(), false);
        return exit_code(filter.error().code());
    }
    clarify::ResourceQuery query{*filter};
    query.limit = command.limit;
    query.sort = command.sort;
    const bool as_json = command.json || ::isatty(STDOUT_FILENO) != 1;
    return run_with_client(command.common, [&](clarify::Client& client) {
        if (command.items) return print_all(client.item_pages(query), as_json);
        return print_all(client.signal_pages(query), as_json);
    });
}

}  // namespace clarify_cli
