// SPDX-License-Identifier: BSL-1.0
// Filters composed, checked and written.

#ifndef CLARIFY_API_IMPL_FILTER_HPP
#define CLARIFY_API_IMPL_FILTER_HPP

#include <clarify/api/filter.hpp>
#include <clarify/core/detail/config.hpp>
#include <clarify/core/detail/json_writer.hpp>
#include <clarify/core/detail/text.hpp>

#include <charconv>
#include <cmath>

namespace clarify {
namespace detail {

/// A comparison, a conjunction or raw text.
struct FilterNode {
    enum class Kind { comparison, all, any, raw };

    Kind kind = Kind::raw;
    std::string path;
    /// Empty: equality.
    std::string comparison;
    /// JSON: what is compared with, or all of it. Empty where JSON cannot express it.
    std::string value;
    std::vector<Filter> parts;
};

inline bool is_json_object(std::string_view text) {
    JsonScanner scanner{text, json_depth_ceiling};
    const RawJson whole = scanner.document();
    return scanner.ok() && whole.kind == JsonKind::object;
}

}  // namespace detail

CLARIFY_DECL FilterValue::FilterValue(std::string_view text) {
    if (!detail::append_json_string(text_, text)) text_.clear();
}

CLARIFY_DECL FilterValue::FilterValue(double value) {
    if (!std::isfinite(value)) return;
    char text[detail::json_number_size];
    text_.assign(text, detail::put_json_number(text, value));
}

CLARIFY_DECL Filter Filter::raw(std::string text) {
    detail::FilterNode node;
    node.value = std::move(text);
    return Filter{std::make_shared<const detail::FilterNode>(std::move(node))};
}

CLARIFY_DECL Filter Filter::join(bool all, const Filter& a, const Filter& b) {
    using Kind = detail::FilterNode::Kind;
    if (a.matches_everything() || b.matches_everything()) {
        if (!all) return {};
        return a.matches_everything() ? b : a;
    }
    detail::FilterNode node;
    node.kind = all ? Kind::all : Kind::any;
    for (const Filter* filter : {&a, &b}) {
        const std::vector<Filter>& parts = filter->node_->parts;
        if (filter->node_->kind == node.kind) {
            node.parts.insert(node.parts.end(), parts.begin(), parts.end());
        } else {
            node.parts.push_back(*filter);
        }
    }
    return Filter{std::make_shared<const detail::FilterNode>(std::move(node))};
}

CLARIFY_DECL Filter all_of(const std::vector<Filter>& filters) {
    Filter result;
    for (const Filter& filter : filters)
        result = result && filter;
    return result;
}

CLARIFY_DECL Filter any_of(const std::vector<Filter>& filters) {
    if (filters.empty()) return {};
    Filter result = filters.front();
    for (std::size_t i = 1; i != filters.size(); ++i)
        result = result || filters[i];
    return result;
}

CLARIFY_DECL Filter Field::compare(std::string_view comparison, std::string value) const {
    detail::FilterNode node;
    node.kind = detail::FilterNode::Kind::comparison;
    node.path = path_;
    node.comparison = comparison;
    node.value = std::move(value);
    return Filter{std::make_shared<const detail::FilterNode>(std::move(node))};
}

CLARIFY_DECL std::string Field::list(const std::vector<FilterValue>& values) {
    std::string out = "[";
    for (const FilterValue& value : values) {
        if (value.json().empty()) return {};
        if (out.size() != 1) out += ',';
        out += value.json();
    }
    return out += ']';
}

CLARIFY_DECL Result<void> detail::check(const Filter& filter) {
    using Kind = FilterNode::Kind;
    if (filter.matches_everything()) return {};
    const FilterNode& node = *filter.node_;
    const auto fault = [](Reason reason, std::string what) {
        return Error{Errc::bad_argument, reason, "filter: " + std::move(what)};
    };
    if (node.kind == Kind::raw) {
        if (is_json_object(node.value)) return {};
        return fault(Reason::syntax, "raw text that is not a JSON object");
    }
    for (const Filter& part : node.parts) {
        if (const Result<void> done = check(part); !done) return done;
    }
    if (node.kind != Kind::comparison) return {};
    if (node.path.empty() || node.path.front() == '$' || !is_utf8(node.path))
        return fault(Reason::params, "a field cannot be named \"" + printable(node.path, 64) + '"');
    if (!node.value.empty()) return {};
    return fault(
        Reason::params,
        printable(node.path, 64) +
            ": compared with a number that is not finite, or text that is not UTF-8");
}

CLARIFY_DECL void detail::write_json(JsonWriter& out, const Filter& filter) {
    using Kind = FilterNode::Kind;
    if (filter.matches_everything() || filter.node_->kind == Kind::raw) {
        out.raw(filter.matches_everything() ? "{}" : std::string_view{filter.node_->value});
        return;
    }
    const FilterNode& node = *filter.node_;
    out.open('{');
    if (node.kind == Kind::comparison) {
        out.key(node.path);
        if (node.comparison.empty()) {
            out.raw(node.value);
        } else {
            out.open('{');
            out.key(node.comparison);
            out.raw(node.value);
            out.close('}');
        }
    } else {
        out.key(node.kind == Kind::all ? "$and" : "$or");
        out.open('[');
        for (const Filter& part : node.parts) {
            out.element();
            write_json(out, part);
        }
        out.close(']');
    }
    out.close('}');
}

CLARIFY_DECL Result<void> append_json_text(std::string& out, const Filter& filter) {
    if (const Result<void> sendable = detail::check(filter); !sendable) return sendable;
    return detail::append_json_document(out, filter);
}

}  // namespace clarify

#endif  // CLARIFY_API_IMPL_FILTER_HPP
