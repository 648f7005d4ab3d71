// SPDX-License-Identifier: BSL-1.0
// Evaluations checked, and written as each version of the API spells them.

#ifndef CLARIFY_API_IMPL_EVALUATE_HPP
#define CLARIFY_API_IMPL_EVALUATE_HPP

#include <clarify/api/detail/version_order.hpp>
#include <clarify/api/evaluate.hpp>
#include <clarify/api/patterns.hpp>
#include <clarify/core/detail/config.hpp>
#include <clarify/core/detail/json_writer.hpp>

#include <algorithm>
#include <set>
#include <string>

namespace clarify {
namespace detail::evaluate {

inline bool is_state_aggregation(const TimeAggregation& aggregation) noexcept {
    return aggregation.text().starts_with("state-");
}

/// How a version of the API spells things.
struct Dialect {
    explicit Dialect(std::string_view api_version) {
        const auto version = VersionOrder::parse(api_version);
        const VersionOrder first{1, 2, 0, 0};
        const VersionOrder release{1, 2, 3, 0};
        is_1_2 = version && *version >= first;
        is_released = version && *version >= release;
    }

    bool is_1_2 = false;
    /// Groups have a `filter`, not a `query`.
    bool is_released = false;
};

inline void write_text(JsonWriter& out, std::string_view name, std::string_view text) {
    out.key(name);
    out.string(text);
}

inline void write_base(JsonWriter& out, const AggregationBase& base, const Dialect& dialect) {
    std::string aggregation{base.time_aggregation.text()};
    // As the reference of 1.1 has it.
    if (!dialect.is_1_2 && is_state_aggregation(base.time_aggregation) &&
        !aggregation.starts_with("state-histogram-"))
        aggregation.insert(std::string_view{"state-"}.size(), "histogram-");
    write_text(out, dialect.is_1_2 ? "timeAggregation" : "aggregation", aggregation);
    const auto write_number = [&out](std::string_view name, int value) {
        out.key(name);
        out.raw(std::to_string(value));
    };
    if (base.state && is_state_aggregation(base.time_aggregation))
        write_number("state", *base.state);
    if (base.lead != 0) write_number("lead", base.lead);
    if (base.lag != 0) write_number("lag", base.lag);
    write_text(out, "alias", base.alias);
    if (!base.eng_unit.empty()) write_text(out, "engUnit", base.eng_unit);
}

/// Notes the faults of a query.
class Checker {
public:
    explicit Checker(FieldErrors& errors) : errors_(errors) {}

    void base(const AggregationBase& of, const std::string& path) {
        name(of.alias, path);
        text(of.time_aggregation.text(), path + ".timeAggregation");
        if (is_state_aggregation(of.time_aggregation)) {
            if (!of.state) errors_.add(path + ".state", "is needed for a state aggregation");
            if (of.state && !is_enum_state(*of.state))
                errors_.add(path + ".state", "is not a valid state: 0 to 9999");
        } else if (of.state) {
            errors_.add(path + ".state", "is for state aggregations only");
        }
        for (const auto& [member, value] :
             {std::pair{".lead", of.lead}, std::pair{".lag", of.lag}}) {
            if (value < -1000 || value > 1000)
                errors_.add(path + member, "is not within -1000 to 1000");
        }
        unit(of.eng_unit, path);
    }
    void name(const std::string& alias, const std::string& path) {
        if (!is_alias(alias)) {
            errors_.add(
                path + ".alias",
                "is not a valid alias: 1 to 28 letters, digits and _, no digit first");
        }
        if (!names_.insert(alias).second) errors_.add(path + ".alias", "is repeated");
    }
    void text(std::string_view value, const std::string& path) {
        if (value.empty()) errors_.add(path, "is empty");
        if (!is_utf8(value)) errors_.add(path, "is not UTF-8");
    }
    void unit(std::string_view value, const std::string& path) {
        if (!is_utf8(value)) errors_.add(path + ".engUnit", "is not UTF-8");
    }
    void item(const ItemAggregation& of, const std::string& path) {
        if (!is_resource_id(of.id))
            errors_.add(path + ".id", "is not a valid identifier of an item");
        ids_.insert(of.id);
        base(of, path);
    }
    std::size_t items() const noexcept { return ids_.size(); }

private:
    FieldErrors& errors_;
    std::set<std::string> names_;
    std::set<std::string> ids_;
};

}  // namespace detail::evaluate

CLARIFY_DECL bool EvaluateQuery::needs_1_2() const noexcept {
    const auto has_unit = [](const auto& part) { return !part.eng_unit.empty(); };
    return !groups.empty() || std::any_of(items.begin(), items.end(), has_unit) ||
        std::any_of(calculations.begin(), calculations.end(), has_unit);
}

CLARIFY_DECL void detail::check(const EvaluateQuery& query, FieldErrors& errors) {
    constexpr std::size_t most_items = 50;
    constexpr std::size_t most_calculations = 100;
    evaluate::Checker checker{errors};
    const auto path = [](std::string_view list, std::size_t i) {
        return std::string{list} + '.' + std::to_string(i);
    };
    for (std::size_t i = 0; i != query.items.size(); ++i)
        checker.item(query.items[i], path("items", i));
    for (std::size_t i = 0; i != query.groups.size(); ++i) {
        const GroupAggregation& group = query.groups[i];
        checker.base(group, path("groups", i));
        checker.text(group.items_aggregation.text(), path("groups", i) + ".groupAggregation");
        if (const Result<void> sendable = check(group.filter); !sendable)
            errors.add(path("groups", i) + ".filter", sendable.error().message());
    }
    for (std::size_t i = 0; i != query.calculations.size(); ++i) {
        const Calculation& calculation = query.calculations[i];
        checker.name(calculation.alias, path("calculations", i));
        checker.text(calculation.formula, path("calculations", i) + ".formula");
        checker.unit(calculation.eng_unit, path("calculations", i));
    }
    if (checker.items() > most_items) errors.add("items", "are more than 50 different ones");
    if (query.calculations.size() > most_calculations)
        errors.add("calculations", "are more than 100");
    if (query.data.rollup.is_none()) errors.add("data.rollup", "is needed");
    check(query.data, "data", errors);
}

CLARIFY_DECL void detail::write_members(
    JsonWriter& out, const EvaluateQuery& query, std::string_view api_version) {
    using namespace evaluate;
    const Dialect dialect{api_version};
    out.key("items");
    out.open('[');
    for (const ItemAggregation& item : query.items) {
        out.element();
        out.open('{');
        write_text(out, "id", item.id);
        write_base(out, item, dialect);
        out.close('}');
    }
    out.close(']');
    if (!query.groups.empty()) {
        out.key("groups");
        out.open('[');
        for (const GroupAggregation& group : query.groups) {
            out.element();
            out.open('{');
            if (dialect.is_released) {
                out.key("filter");
                write_json(out, group.filter);
            } else {
                out.key("query");
                write_json(out, ResourceQuery{group.filter});
            }
            write_text(out, "groupAggregation", group.items_aggregation.text());
            write_base(out, group, dialect);
            out.close('}');
        }
        out.close(']');
    }
    out.key("calculations");
    out.open('[');
    for (const Calculation& calculation : query.calculations) {
        out.element();
        out.open('{');
        write_text(out, "alias", calculation.alias);
        write_text(out, "formula", calculation.formula);
        if (!calculation.eng_unit.empty()) write_text(out, "engUnit", calculation.eng_unit);
        out.close('}');
    }
    out.close(']');
    out.key("data");
    write_json(out, query.data);
}

}  // namespace clarify

#endif  // CLARIFY_API_IMPL_EVALUATE_HPP
