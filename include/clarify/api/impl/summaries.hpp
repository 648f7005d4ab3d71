// SPDX-License-Identifier: BSL-1.0
// Summaries read, whole or partial.

#ifndef CLARIFY_API_IMPL_SUMMARIES_HPP
#define CLARIFY_API_IMPL_SUMMARIES_HPP

#include <clarify/api/summaries.hpp>
#include <clarify/core/detail/config.hpp>
#include <clarify/core/detail/json_reader.hpp>

namespace clarify {
namespace detail {

CLARIFY_DECL bool read_json(JsonReader& in, CreateSummary& out) {
    return in.object([&](const JsonKey& key) {
        if (in.take_null()) return true;
        if (key == "id") return in.string(out.id);
        if (key == "created") return in.boolean(out.created);
        return in.skip();
    });
}

CLARIFY_DECL bool read_json(JsonReader& in, SaveSummary& out) {
    return in.object([&](const JsonKey& key) {
        if (in.take_null()) return true;
        if (key == "id") return in.string(out.id);
        if (key == "created") return in.boolean(out.created);
        if (key == "updated") return in.boolean(out.updated);
        return in.skip();
    });
}

/// Reads an object whose member `name` maps keys to summaries.
template <class Map>
bool read_summaries(JsonReader& in, std::string_view name, Map& out) {
    return in.object([&](const JsonKey& member) {
        if (!(member == name)) return in.skip();
        out.clear();
        if (in.take_null()) return true;
        return in.object([&](const JsonKey& key) {
            in.charge_node<Map>();
            auto& summary = out[in.text(key)];
            summary = {};
            return read_json(in, summary);
        });
    });
}

CLARIFY_DECL bool read_json(JsonReader& in, InsertResult& out) {
    return read_summaries(in, "signalsByInput", out.signals_by_input);
}

CLARIFY_DECL bool read_json(JsonReader& in, SaveSignalsResult& out) {
    return read_summaries(in, "signalsByInput", out.signals_by_input);
}

CLARIFY_DECL bool read_json(JsonReader& in, PublishSignalsResult& out) {
    return read_summaries(in, "itemsBySignal", out.items_by_signal);
}

}  // namespace detail

CLARIFY_DECL Result<void> read_json_text(std::string_view text, CreateSummary& summary) {
    return detail::read_json_document(text, summary);
}

CLARIFY_DECL Result<void> read_json_text(std::string_view text, SaveSummary& summary) {
    return detail::read_json_document(text, summary);
}

CLARIFY_DECL Result<void> read_json_text(std::string_view text, InsertResult& result) {
    return detail::read_json_document(text, result);
}

CLARIFY_DECL Result<void> read_json_text(std::string_view text, SaveSignalsResult& result) {
    return detail::read_json_document(text, result);
}

CLARIFY_DECL Result<void> read_json_text(std::string_view text, PublishSignalsResult& result) {
    return detail::read_json_document(text, result);
}

}  // namespace clarify

#endif  // CLARIFY_API_IMPL_SUMMARIES_HPP
