// SPDX-License-Identifier: BSL-1.0
// Sets of labels: kept sorted, read and written.

#ifndef CLARIFY_API_IMPL_LABELS_HPP
#define CLARIFY_API_IMPL_LABELS_HPP

#include <clarify/api/labels.hpp>
#include <clarify/core/detail/config.hpp>
#include <clarify/core/detail/json_reader.hpp>
#include <clarify/core/detail/json_writer.hpp>

#include <algorithm>

namespace clarify {
namespace detail {

inline void make_set(Labels::Values& values) {
    std::sort(values.begin(), values.end());
    values.erase(std::unique(values.begin(), values.end()), values.end());
}

}  // namespace detail

CLARIFY_DECL Labels::Labels(std::initializer_list<std::pair<const std::string, Values>> labels) {
    for (const auto& [key, values] : labels) {
        Values& all = map_[key];
        all.insert(all.end(), values.begin(), values.end());
    }
    normalize();
}

// The value may be a view of one of ours, which sorting moves: so it is copied first.
CLARIFY_DECL bool Labels::add(std::string_view key, std::string_view value) {
    std::string added{value};
    auto found = map_.find(key);
    if (found == map_.end()) found = map_.emplace(key, Values{}).first;
    Values& values = found->second;
    detail::make_set(values);
    const auto place = std::lower_bound(values.begin(), values.end(), added);
    if (place != values.end() && *place == added) return false;
    values.insert(place, std::move(added));
    return true;
}

CLARIFY_DECL bool Labels::remove(std::string_view key, std::string_view value) {
    const auto found = map_.find(key);
    if (found == map_.end()) return false;
    Values& values = found->second;
    const bool there = std::erase(values, std::string{value}) != 0;
    detail::make_set(values);
    if (values.empty()) map_.erase(found);
    return there;
}

CLARIFY_DECL void Labels::set(std::string_view key, Values values) {
    detail::make_set(values);
    if (values.empty()) {
        erase(key);
        return;
    }
    map_.insert_or_assign(std::string{key}, std::move(values));
}

CLARIFY_DECL bool Labels::erase(std::string_view key) {
    const auto found = map_.find(key);
    if (found == map_.end()) return false;
    map_.erase(found);
    return true;
}

CLARIFY_DECL void Labels::normalize() {
    for (auto& [key, values] : map_)
        detail::make_set(values);
    std::erase_if(map_, [](const auto& label) { return label.second.empty(); });
}

CLARIFY_DECL const Labels::Values& Labels::get(std::string_view key) const {
    static const Values none;
    const auto found = map_.find(key);
    return found == map_.end() ? none : found->second;
}

CLARIFY_DECL bool Labels::contains(std::string_view key, std::string_view value) const {
    const Values& values = get(key);
    return std::find(values.begin(), values.end(), value) != values.end();
}

CLARIFY_DECL void detail::write_json(JsonWriter& out, const Labels& labels) {
    out.open('{');
    for (const auto& [key, values] : labels) {
        out.key(key);
        out.open('[');
        for (const std::string& value : values) {
            out.element();
            out.string(value);
        }
        out.close(']');
    }
    out.close('}');
}

CLARIFY_DECL bool detail::read_json(JsonReader& in, Labels& labels) {
    labels.clear();
    if (in.take_null()) return true;
    return in.object([&](const JsonKey& key) {
        in.charge_node<decltype(labels.map_)>();
        Labels::Values& values = labels.map_[in.text(key)];
        values.clear();
        if (in.take_null()) return true;
        return in.array([&] { return in.string(in.add_to(values)); });
    });
}

CLARIFY_DECL Result<void> append_json_text(std::string& out, const Labels& labels) {
    return detail::append_json_document(out, labels);
}

CLARIFY_DECL Result<void> read_json_text(std::string_view text, Labels& labels) {
    return detail::read_json_document(text, labels);
}

}  // namespace clarify

#endif  // CLARIFY_API_IMPL_LABELS_HPP
