// SPDX-License-Identifier: BSL-1.0
// Results of the typed methods as the API writes them.

#ifndef CLARIFY_TESTING_DETAIL_DOUBLES_IMPL_SCRIPTED_RESULTS_HPP
#define CLARIFY_TESTING_DETAIL_DOUBLES_IMPL_SCRIPTED_RESULTS_HPP

#include <clarify/core/detail/json_scan.hpp>
#include <clarify/core/detail/json_writer.hpp>
#include <clarify/core/result.hpp>
#include <clarify/core/rpc_error.hpp>
#include <clarify/testing/scripted_results.hpp>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace clarify::testing {
namespace detail {

using clarify::detail::JsonWriter;

inline void must_be_written(const Result<void>& written) {
    if (!written) throw std::invalid_argument{"scripted result: " + written.error().to_string()};
}

/// What `write(json)` writes.
template <class Write>
std::string json_of(Write&& write) {
    std::string text;
    must_be_written(clarify::detail::append_json_document_by(text, write));
    return text;
}

template <class T>
std::string own_json_of(const T& value) {
    std::string text;
    must_be_written(append_json_text(text, value));
    return text;
}

inline void write_text(JsonWriter& out, std::string_view key, std::string_view value) {
    out.key(key);
    out.string(value);
}

inline void write_relationships(JsonWriter& out, const Relationships& relationships) {
    const auto link = [&out](const ResourceLink& to) {
        out.open('{');
        write_text(out, "type", to.type);
        write_text(out, "id", to.id);
        out.close('}');
    };
    out.key("relationships");
    out.open('{');
    for (const auto& [name, relationship] : relationships) {
        out.key(name);
        out.open('{');
        out.key("data");
        if (relationship.to_many) {
            out.open('[');
            for (const ResourceLink& to : relationship.links) {
                out.element();
                link(to);
            }
            out.close(']');
        } else if (relationship.links.empty()) {
            out.null();
        } else {
            link(relationship.links.front());
        }
        out.close('}');
    }
    out.close('}');
}

inline void write_meta(JsonWriter& out, const ResourceMeta& meta) {
    out.key("meta");
    out.open('{');
    out.key("annotations");
    out.open('{');
    for (const auto& [key, value] : meta.annotations)
        write_text(out, key, value);
    out.close('}');
    if (!meta.attributes_hash.empty()) write_text(out, "attributesHash", meta.attributes_hash);
    if (!meta.relationships_hash.empty())
        write_text(out, "relationshipsHash", meta.relationships_hash);
    if (meta.created_at) {
        out.key("createdAt");
        out.raw(own_json_of(*meta.created_at));
    }
    if (meta.updated_at) {
        out.key("updatedAt");
        out.raw(own_json_of(*meta.updated_at));
    }
    out.close('}');
}

/// A resource with these attributes, which are JSON text.
template <class Resource>
void write_resource(
    JsonWriter& out, const Resource& resource, std::string_view type, std::string_view attributes) {
    out.open('{');
    write_text(out, "id", resource.id);
    write_text(out, "type", type);
    write_meta(out, resource.meta);
    out.key("attributes");
    out.raw(attributes);
    write_relationships(out, resource.relationships);
    out.close('}');
}

inline std::string resource_json(const Signal& signal) {
    // What is saved has all attributes but the key it is saved under.
    std::string attributes = own_json_of(SignalSave{signal});
    attributes.pop_back();
    attributes += ",\"input\":" + json_of([&](JsonWriter& out) { out.string(signal.input); }) + '}';
    return json_of([&](JsonWriter& out) { write_resource(out, signal, "signals", attributes); });
}

inline std::string resource_json(const Item& item) {
    const std::string attributes = own_json_of(ItemSave{item});
    return json_of([&](JsonWriter& out) { write_resource(out, item, "items", attributes); });
}

template <class Resource>
std::vector<std::string> resources_json(const std::vector<Resource>& resources) {
    std::vector<std::string> all;
    for (const Resource& resource : resources)
        all.push_back(resource_json(resource));
    return all;
}

inline std::string array_of(const std::vector<std::string>& texts) {
    std::string array;
    for (const std::string& text : texts)
        array.append(array.empty() ? 0 : 1, ',').append(text);
    return '[' + array + ']';
}

/// A whole number that the query of a request has, or `otherwise`.
inline std::size_t query_number(
    const std::string& params, std::string_view name, std::size_t otherwise) {
    const auto query = find_member(params, "query");
    if (!query) return otherwise;
    const auto found = find_member(query->text, name);
    if (!found) return otherwise;
    std::size_t number = otherwise;
    std::from_chars(found->text.data(), found->text.data() + found->text.size(), number);
    return number;
}

inline std::string selection_json(
    const std::string& total, std::string_view data, std::string_view included) {
    std::string text = R"({"meta":{"total":)" + total + R"(},"data":)";
    text.append(data);
    if (!included.empty()) text.append(R"(,"included":)").append(included);
    return text + '}';
}

inline Answer reply_pages(std::vector<std::string> resources, std::string included) {
    const auto all = std::make_shared<const std::vector<std::string>>(std::move(resources));
    return Answer{[all, included = std::move(included)](const RecordedRequest& request) {
        const std::string params = request.params();
        const std::size_t total = all->size();
        const std::size_t first = (std::min)(query_number(params, "skip", 0), total);
        const std::size_t count = (std::min)(query_number(params, "limit", total), total - first);
        const auto begin = all->begin() + static_cast<std::ptrdiff_t>(first);
        const std::vector<std::string> page(begin, begin + static_cast<std::ptrdiff_t>(count));
        return reply_result(selection_json(std::to_string(total), array_of(page), included));
    }};
}

template <class Summaries>
std::string summaries_json(std::string_view name, const Summaries& summaries) {
    return json_of([&](JsonWriter& out) {
        out.open('{');
        out.key(name);
        out.open('{');
        for (const auto& [key, summary] : summaries) {
            out.key(key);
            out.open('{');
            write_text(out, "id", summary.id);
            out.key("created");
            out.boolean(summary.created);
            if constexpr (requires { summary.updated; }) {
                out.key("updated");
                out.boolean(summary.updated);
            }
            out.close('}');
        }
        out.close('}');
        out.close('}');
    });
}

inline std::string summary_json(const InsertResult& result) {
    return summaries_json("signalsByInput", result.signals_by_input);
}
inline std::string summary_json(const SaveSignalsResult& result) {
    return summaries_json("signalsByInput", result.signals_by_input);
}
inline std::string summary_json(const PublishSignalsResult& result) {
    return summaries_json("itemsBySignal", result.items_by_signal);
}

template <class R>
Answer reply_with_part(const R& done) {
    return reply_error(
        RpcError::partial_failure,
        "a part was done",
        R"({"partialResult":)" + summary_json(done) + '}');
}

}  // namespace detail

inline Answer reply_signals(const std::vector<Signal>& signals, const std::vector<Item>& included) {
    return detail::reply_pages(
        detail::resources_json(signals),
        included.empty() ? std::string{} : detail::array_of(detail::resources_json(included)));
}

inline Answer reply_items(const std::vector<Item>& items) {
    return detail::reply_pages(detail::resources_json(items), {});
}

inline Answer reply_frame(const DataFrame& frame, const std::vector<Item>& included) {
    const std::string items =
        included.empty() ? std::string{} : detail::array_of(detail::resources_json(included));
    // Nobody has counted.
    return reply_result(detail::selection_json("-1", detail::own_json_of(frame), items));
}

inline Answer reply_summary(const InsertResult& result) {
    return reply_result(detail::summary_json(result));
}
inline Answer reply_summary(const SaveSignalsResult& result) {
    return reply_result(detail::summary_json(result));
}
inline Answer reply_summary(const PublishSignalsResult& result) {
    return reply_result(detail::summary_json(result));
}

inline Answer reply_partial(const InsertResult& done) { return detail::reply_with_part(done); }
inline Answer reply_partial(const SaveSignalsResult& done) { return detail::reply_with_part(done); }
inline Answer reply_partial(const PublishSignalsResult& done) {
    return detail::reply_with_part(done);
}

}  // namespace clarify::testing

#endif  // CLARIFY_TESTING_DETAIL_DOUBLES_IMPL_SCRIPTED_RESULTS_HPP
