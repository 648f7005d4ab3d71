// SPDX-License-Identifier: BSL-1.0
// Bodies of the resource queries.

#ifndef CLARIFY_TESTING_DETAIL_EMULATOR_IMPL_RESOURCE_SEARCH_HPP
#define CLARIFY_TESTING_DETAIL_EMULATOR_IMPL_RESOURCE_SEARCH_HPP

#include <clarify/testing/detail/emulator/resource_search.hpp>

#include <array>
#include <initializer_list>
#include <optional>
#include <utility>

namespace clarify::testing::detail {

inline constexpr std::string_view labels_prefix = "labels.";
inline constexpr std::string_view annotations_prefix = "annotations.";

inline bool is_field_path(std::string_view path) {
    constexpr std::array<std::string_view, 13> fields{
        "id",
        "type",
        "name",
        "description",
        "valueType",
        "sourceType",
        "engUnit",
        "input",
        "visible",
        "createdAt",
        "updatedAt",
        "sampleInterval",
        "gapDetection"};
    return std::find(fields.begin(), fields.end(), path) != fields.end() ||
        (path.starts_with(labels_prefix) && path.size() > labels_prefix.size()) ||
        (path.starts_with(annotations_prefix) && path.size() > annotations_prefix.size());
}

inline bool is_time_field(std::string_view path) {
    return path == "createdAt" || path == "updatedAt";
}

/// Times are compared as numbers, because their texts do not sort; milliseconds are what is shown.
inline json::value time_value(ServerTime time) {
    const auto shown = std::chrono::floor<std::chrono::milliseconds>(time);
    return json::value(std::int64_t{shown.time_since_epoch().count()});
}

inline std::vector<json::value> common_field_values(
    const StoredResource& resource, std::string_view path) {
    const StoredAttributes& attributes = resource.attributes;
    const auto length = [](std::optional<std::chrono::nanoseconds> duration) {
        return duration ? std::vector<json::value>{json::value(format_fixed_duration(*duration))}
                        : std::vector<json::value>{};
    };
    const auto text = [](const std::string& value) {
        return std::vector<json::value>{json::value(value)};
    };
    if (path.starts_with(labels_prefix)) {
        const auto found = attributes.labels.find(std::string{path.substr(labels_prefix.size())});
        return found == attributes.labels.end()
            ? std::vector<json::value>{}
            : std::vector<json::value>(found->second.begin(), found->second.end());
    }
    if (path.starts_with(annotations_prefix)) {
        const auto found =
            resource.annotations.find(std::string{path.substr(annotations_prefix.size())});
        return found == resource.annotations.end() ? std::vector<json::value>{}
                                                   : text(found->second);
    }
    if (path == "id") return text(resource.id);
    if (path == "name") return text(attributes.name);
    if (path == "description") return text(attributes.description);
    if (path == "valueType") return text(attributes.value_type);
    if (path == "sourceType") return text(attributes.source_type);
    if (path == "engUnit") return text(attributes.eng_unit);
    if (path == "sampleInterval") return length(attributes.sample_interval);
    if (path == "gapDetection") return length(attributes.gap_detection);
    if (is_time_field(path))
        return {time_value(path == "createdAt" ? resource.created_at : resource.updated_at)};
    return {};
}

inline std::vector<json::value> field_values(const StoredSignal& signal, std::string_view path) {
    if (path == "input") return {json::value(signal.input)};
    return path == "type" ? std::vector<json::value>{json::value(StoredSignal::type)}
                          : common_field_values(signal, path);
}

inline std::vector<json::value> field_values(const StoredItem& item, std::string_view path) {
    if (path == "visible") return {json::value(item.attributes.visible)};
    return path == "type" ? std::vector<json::value>{json::value(StoredItem::type)}
                          : common_field_values(item, path);
}

inline int compare_values(const json::value& a, const json::value& b) {
    const auto rank = [](const json::value& value) {
        return value.is_null() ? 0 : value.is_bool() ? 1 : value.is_number() ? 2 : 3;
    };
    if (rank(a) != rank(b)) return rank(a) < rank(b) ? -1 : 1;
    const auto order = [](const auto& x, const auto& y) { return x < y ? -1 : (y < x ? 1 : 0); };
    switch (rank(a)) {
        case 0:
            return 0;
        case 1:
            return order(a.get_bool(), b.get_bool());
        case 2:
            return order(a.to_number<double>(), b.to_number<double>());
        default:
            return order(std::string_view(a.get_string()), std::string_view(b.get_string()));
    }
}

inline bool satisfies(const std::vector<json::value>& values, const Comparison& comparison) {
    const auto any_value = [&](auto&& predicate) {
        return std::any_of(values.begin(), values.end(), predicate);
    };
    const auto is_operand = [&](const json::value& value) {
        return std::any_of(
            comparison.operands.begin(),
            comparison.operands.end(),
            [&](const json::value& operand) { return compare_values(value, operand) == 0; });
    };
    // Values of another kind than the operand are not ordered against it.
    const auto ordered = [&](auto&& accepts) {
        const json::value& operand = comparison.operands.front();
        return any_value([&](const json::value& value) {
            return value.kind() == operand.kind() && accepts(compare_values(value, operand));
        });
    };
    switch (comparison.op) {
        case FilterOperator::in:
        case FilterOperator::not_in: {
            const bool found = any_value(is_operand) || (values.empty() && is_operand(nullptr));
            return found == (comparison.op == FilterOperator::in);
        }
        case FilterOperator::less:
            return ordered([](int order) { return order < 0; });
        case FilterOperator::less_or_equal:
            return ordered([](int order) { return order <= 0; });
        case FilterOperator::greater:
            return ordered([](int order) { return order > 0; });
        case FilterOperator::greater_or_equal:
            return ordered([](int order) { return order >= 0; });
        case FilterOperator::regex:
            break;
    }
    return any_value([&](const json::value& value) {
        return value.is_string() &&
            std::regex_search(
                   value.get_string().begin(), value.get_string().end(), *comparison.pattern);
    });
}

inline bool satisfies(
    const std::vector<json::value>& values, const std::vector<Comparison>& comparisons) {
    return std::all_of(comparisons.begin(), comparisons.end(), [&](const Comparison& comparison) {
        return satisfies(values, comparison);
    });
}

/// Compiles a pattern from a peer; null when it is not valid or too long to be harmless.
inline std::shared_ptr<const std::regex> compile_pattern(std::string_view text) {
    // The library compiles nested groups recursively.
    constexpr std::size_t max_size = 256;
    if (text.size() > max_size) return nullptr;
    auto flags = std::regex::ECMAScript;
#if defined(__GLIBCXX__)
    // Its default matcher recurses once per character and may take exponential time.
    flags |= std::regex_constants::__polynomial;
#endif
    try {
        return std::make_shared<const std::regex>(text.begin(), text.end(), flags);
    } catch (const std::regex_error&) {
        return nullptr;
    }
}

inline bool is_scalar(const json::value& value) { return !value.is_object() && !value.is_array(); }

inline std::optional<Comparison> read_comparison(
    std::string_view name,
    const json::value& operand,
    const std::string& path,
    ParameterErrors& errors) {
    struct Entry {
        std::string_view name;
        FilterOperator op;
    };
    constexpr std::array<Entry, 8> operators{
        {{"$in", FilterOperator::in},
         {"$nin", FilterOperator::not_in},
         {"$ne", FilterOperator::not_in},
         {"$lt", FilterOperator::less},
         {"$lte", FilterOperator::less_or_equal},
         {"$gt", FilterOperator::greater},
         {"$gte", FilterOperator::greater_or_equal},
         {"$regex", FilterOperator::regex}}};
    const auto* const entry = std::find_if(
        operators.begin(), operators.end(), [&](const Entry& e) { return e.name == name; });
    if (entry == operators.end()) {
        errors.add(path, "unknown operator");
        return std::nullopt;
    }
    Comparison comparison;
    comparison.op = entry->op;
    const bool is_list = name == "$in" || name == "$nin";
    if (is_list && operand.is_array() &&
        std::all_of(operand.get_array().begin(), operand.get_array().end(), is_scalar)) {
        comparison.operands.assign(operand.get_array().begin(), operand.get_array().end());
        return comparison;
    }
    if (is_list) {
        errors.add(path, "must be an array of scalars");
        return std::nullopt;
    }
    if (comparison.op == FilterOperator::regex) {
        comparison.pattern = operand.is_string() ? compile_pattern(operand.get_string()) : nullptr;
        if (!comparison.pattern) {
            errors.add(path, "must be a valid regular expression");
            return std::nullopt;
        }
        return comparison;
    }
    const bool usable =
        name == "$ne" ? is_scalar(operand) : operand.is_string() || operand.is_number();
    if (!usable) {
        errors.add(path, name == "$ne" ? "must be a scalar" : "must be a string or a number");
        return std::nullopt;
    }
    comparison.operands.push_back(operand);
    return comparison;
}

/// Turns the operands of a time field into what `field_values` gives for it.
inline void convert_time_operands(
    ResourceFilter& filter, const std::string& path, ParameterErrors& errors) {
    for (Comparison& comparison : filter.comparisons) {
        for (json::value& operand : comparison.operands) {
            const auto time = operand.is_string() ? parse_time(operand.get_string()) : std::nullopt;
            if (time) {
                operand = time_value(*time);
            } else if (!operand.is_null()) {
                errors.add(path, "must be an RFC 3339 time");
            }
        }
    }
}

inline ResourceFilter read_field_filter(
    std::string_view field,
    const json::value& condition,
    const std::string& path,
    ParameterErrors& errors) {
    ResourceFilter filter;
    filter.kind = ResourceFilter::Kind::field;
    filter.path = std::string{field};
    if (condition.is_array()) {
        errors.add(path, "must be a scalar or an object of operators");
    } else if (!condition.is_object()) {
        Comparison equality;
        equality.operands.push_back(condition);
        filter.comparisons.push_back(std::move(equality));
    } else {
        for (const auto& member : condition.get_object()) {
            const std::string_view name = member.key();
            auto comparison =
                read_comparison(name, member.value(), path + "." + std::string{name}, errors);
            if (comparison) filter.comparisons.push_back(std::move(*comparison));
        }
    }
    if (is_time_field(field)) convert_time_operands(filter, path, errors);
    return filter;
}

inline ResourceFilter read_filter(
    const json::object& object, const std::string& path, ParameterErrors& errors) {
    ResourceFilter filter;
    for (const auto& member : object) {
        const std::string_view key = member.key();
        const std::string member_path = path + "." + std::string{key};
        if (key == "$and" || key == "$or") {
            ResourceFilter group;
            group.kind =
                key == "$and" ? ResourceFilter::Kind::all_of : ResourceFilter::Kind::any_of;
            const json::array* const parts = member.value().if_array();
            if (parts == nullptr) {
                errors.add(member_path, "must be an array of filters");
                continue;
            }
            for (const json::value& part : *parts) {
                if (const json::object* const inner = part.if_object()) {
                    group.children.push_back(read_filter(*inner, member_path, errors));
                } else {
                    errors.add(member_path, "must be an array of filters");
                    break;
                }
            }
            filter.children.push_back(std::move(group));
        } else if (key.starts_with('$')) {
            errors.add(member_path, "unknown operator");
        } else if (!is_field_path(key)) {
            errors.add(member_path, "unknown field");
        } else {
            filter.children.push_back(read_field_filter(key, member.value(), member_path, errors));
        }
    }
    return filter;
}

inline std::vector<SortKey> read_sort(const ParamsReader& query) {
    std::vector<SortKey> sort;
    const json::array* const keys = query.array("sort");
    if (keys == nullptr) return sort;
    for (const json::value& key : *keys) {
        std::string_view path = key.is_string() ? std::string_view(key.get_string()) : "";
        const bool descending = path.starts_with('-');
        path.remove_prefix(descending ? 1 : 0);
        if (!is_field_path(path) || sort.size() == 10) {
            query.fail("sort", "must name at most 10 known fields");
            break;
        }
        sort.push_back(SortKey{std::string{path}, descending});
    }
    return sort;
}

inline ResourceSearch read_resource_search(const ParamsReader& params, SearchLimits limits) {
    ResourceSearch search;
    search.limit = static_cast<std::size_t>(limits.default_limit);
    const json::object* const object = params.object("query");
    if (object == nullptr) return search;
    const ParamsReader reader{*object, params.path_of("query"), params.errors(), params.strict()};
    reader.allow_only({"filter", "sort", "limit", "skip", "total"});
    if (const json::object* const filter = reader.object("filter"))
        search.filter = read_filter(*filter, reader.path_of("filter"), params.errors());
    search.sort = read_sort(reader);
    const std::int64_t limit = reader.integer("limit").value_or(limits.default_limit);
    if (limit > limits.max_limit) {
        reader.fail("limit", "must be at most " + std::to_string(limits.max_limit));
    } else {
        search.limit = static_cast<std::size_t>(limit < 0 ? limits.max_limit : limit);
    }
    const std::int64_t skip = reader.integer("skip").value_or(0);
    search.skip = static_cast<std::size_t>(std::max<std::int64_t>(skip, 0));
    search.total = reader.boolean("total", false);
    return search;
}

}  // namespace clarify::testing::detail

#endif  // CLARIFY_TESTING_DETAIL_EMULATOR_IMPL_RESOURCE_SEARCH_HPP
