// SPDX-License-Identifier: BSL-1.0
// Searches for resources: which of them, in which order, and which page of these.

#ifndef CLARIFY_TESTING_DETAIL_EMULATOR_RESOURCE_SEARCH_HPP
#define CLARIFY_TESTING_DETAIL_EMULATOR_RESOURCE_SEARCH_HPP

#include <clarify/testing/detail/emulator/params_reader.hpp>
#include <clarify/testing/detail/emulator/stored_resource.hpp>

#include <boost/json.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <regex>
#include <string>
#include <string_view>
#include <vector>

namespace clarify::testing::detail {

enum class FilterOperator {
    in,
    not_in,
    less,
    less_or_equal,
    greater,
    greater_or_equal,
    regex,
};

/// One operator with its operands. Equality is `in` with one operand.
struct Comparison {
    FilterOperator op = FilterOperator::in;
    std::vector<json::value> operands;
    /// Of FilterOperator::regex.
    std::shared_ptr<const std::regex> pattern;
};

/// A tree of conditions. The default one has no children and matches everything.
struct ResourceFilter {
    enum class Kind { all_of, any_of, field };

    Kind kind = Kind::all_of;
    std::vector<ResourceFilter> children;
    /// Of Kind::field.
    std::string path;
    std::vector<Comparison> comparisons;
};

struct SortKey {
    std::string path;
    bool descending = false;
};

/// What a method is to find: which resources, in which order, and which part of them.
struct ResourceSearch {
    ResourceFilter filter;
    std::vector<SortKey> sort;
    std::size_t limit = 0;
    std::size_t skip = 0;
    bool total = false;
};

/// What a method allows in its query.
struct SearchLimits {
    std::int64_t default_limit;
    std::int64_t max_limit;
};

/// Reads the member `query` of `params` and notes what is wrong with it.
ResourceSearch read_resource_search(const ParamsReader& params, SearchLimits limits);

/// Reads a filter, noting complaints under `path`.
ResourceFilter read_filter(
    const json::object& object, const std::string& path, ParameterErrors& errors);

/// The values of a field: none when it is unset, several for a label.
std::vector<json::value> field_values(const StoredSignal& signal, std::string_view path);
std::vector<json::value> field_values(const StoredItem& item, std::string_view path);

/// True when `values` satisfy every comparison.
bool satisfies(const std::vector<json::value>& values, const std::vector<Comparison>& comparisons);

/// Null before false, true, numbers and texts: less than, equal to or greater than 0.
int compare_values(const json::value& a, const json::value& b);

template <class R>
bool matches(const ResourceFilter& filter, const R& resource) {
    const auto child_matches = [&](const ResourceFilter& child) {
        return matches(child, resource);
    };
    switch (filter.kind) {
        case ResourceFilter::Kind::all_of:
            return std::all_of(filter.children.begin(), filter.children.end(), child_matches);
        case ResourceFilter::Kind::any_of:
            return std::any_of(filter.children.begin(), filter.children.end(), child_matches);
        case ResourceFilter::Kind::field:
            break;
    }
    return satisfies(field_values(resource, filter.path), filter.comparisons);
}

/// The part of the matching resources that a query asked for.
template <class R>
struct Page {
    std::vector<const R*> resources;
    /// Of all that match.
    std::size_t total = 0;
};

/// Orders and cuts `candidates`, which come in the order of their identifiers.
template <class R>
Page<R> run_search(const ResourceSearch& search, const std::vector<const R*>& candidates) {
    struct Row {
        const R* resource;
        std::vector<json::value> keys;
    };
    std::vector<Row> rows;
    for (const R* const resource : candidates) {
        if (!matches(search.filter, *resource)) continue;
        Row row{resource, {}};
        for (const SortKey& key : search.sort) {
            const auto values = field_values(*resource, key.path);
            row.keys.push_back(values.empty() ? json::value(nullptr) : values.front());
        }
        rows.push_back(std::move(row));
    }
    std::sort(rows.begin(), rows.end(), [&](const Row& a, const Row& b) {
        for (std::size_t i = 0; i < search.sort.size(); ++i) {
            const int order = compare_values(a.keys[i], b.keys[i]);
            if (order != 0) return search.sort[i].descending ? order > 0 : order < 0;
        }
        return a.resource->id < b.resource->id;
    });
    Page<R> page;
    page.total = rows.size();
    for (std::size_t i = search.skip; i < rows.size() && i - search.skip < search.limit; ++i)
        page.resources.push_back(rows[i].resource);
    return page;
}

}  // namespace clarify::testing::detail

#include <clarify/testing/detail/emulator/impl/resource_search.hpp>

#endif  // CLARIFY_TESTING_DETAIL_EMULATOR_RESOURCE_SEARCH_HPP
