// SPDX-License-Identifier: BSL-1.0
// Columns sorted so that those alike are neighbours, and gathered in that order.

#ifndef CLARIFY_API_DETAIL_IMPL_SAMPLE_GROUPS_HPP
#define CLARIFY_API_DETAIL_IMPL_SAMPLE_GROUPS_HPP

#include <clarify/api/detail/sample_groups.hpp>
#include <clarify/core/detail/config.hpp>

#include <algorithm>
#include <bit>
#include <iterator>
#include <tuple>
#include <utility>

namespace clarify::detail {
namespace sample_groups {

/// The mixing function of splitmix64.
inline std::uint64_t mixed(std::uint64_t word) noexcept {
    word = (word ^ (word >> 30U)) * 0xBF58476D1CE4E5B9U;
    word = (word ^ (word >> 27U)) * 0x94D049BB133111EBU;
    return word ^ (word >> 31U);
}

/// What tells columns that share many times from others without comparing each with each.
struct Alike {
    explicit Alike(const SampleColumn& from) noexcept
        : column(&from), zeros(std::countl_zero(from.second.size())) {
        for (const Sample& sample : from.second) {
            const std::uint64_t word =
                mixed(static_cast<std::uint64_t>(sample.time.microseconds()));
            least = (std::min)(least, word);
            all = mixed(all ^ word);
        }
    }
    /// Longer columns come first.
    friend bool operator<(const Alike& a, const Alike& b) noexcept {
        return std::tie(a.zeros, a.least, a.all) < std::tie(b.zeros, b.least, b.all);
    }

    const SampleColumn* column;
    /// In front of its length: the fewer there are, the longer it is.
    int zeros;
    /// Of columns that share most of their times, most share this one.
    std::uint64_t least = UINT64_MAX;
    std::uint64_t all = 0;
};

inline bool same_times(const SampleColumn& a, const SampleColumn& b) noexcept {
    return std::equal(
        a.second.begin(),
        a.second.end(),
        b.second.begin(),
        b.second.end(),
        [](const Sample& x, const Sample& y) { return x.time == y.time; });
}

/// A group with what it takes.
struct Measured {
    Measured() = default;
    explicit Measured(const SampleColumn& column) {
        group.times.reserve(column.second.size());
        for (const Sample& sample : column.second)
            group.times.push_back(sample.time);
        add(column);
    }
    /// Adds a column that has the same times.
    void add(const SampleColumn& column) {
        group.columns.push_back(&column);
        ++columns;
        samples += column.second.size();
        width += width_of(column);
    }
    std::size_t size(const TableCosts& costs) const noexcept {
        const std::size_t rows = group.times.size();
        return rows * costs.time + samples * costs.value +
            (rows * columns - samples) * costs.missing + width;
    }

    SampleGroup group;
    std::size_t columns = 0;
    std::size_t samples = 0;
    /// With the keys.
    std::size_t width = 0;
    /// What the sets of columns of which it was made take each by itself.
    std::size_t apart = 0;
};

/// Makes one of two where that is worth it; nothing is left of `other` then.
inline bool join(Measured& into, Measured& other, const TableCosts& costs, std::size_t spare_each) {
    if (into.width + other.width > costs.widest) return false;
    Measured both;
    both.group.times.reserve(into.group.times.size() + other.group.times.size());
    std::set_union(
        into.group.times.begin(),
        into.group.times.end(),
        other.group.times.begin(),
        other.group.times.end(),
        std::back_inserter(both.group.times));
    both.columns = into.columns + other.columns;
    both.samples = into.samples + other.samples;
    both.width = into.width + other.width;
    both.apart = into.apart + other.apart;
    const std::size_t before = into.size(costs) + other.size(costs);
    const std::size_t after = both.size(costs);
    const std::size_t least = (std::min)(into.apart, other.apart);
    const bool is_worth_it = after <= before ||
        (after <= costs.largest && after - before <= costs.ratio * least + spare_each);
    if (!is_worth_it) return false;
    both.group.columns = std::move(into.group.columns);
    both.group.columns.insert(
        both.group.columns.end(), other.group.columns.begin(), other.group.columns.end());
    into = std::move(both);
    other = {};
    return true;
}

/// Columns with the same times, each such set as one.
inline std::vector<Measured> with_same_times(const SampleTable& table, const TableCosts& costs) {
    std::vector<Alike> order;
    order.reserve(table.size());
    for (const SampleColumn& column : table) {
        if (!column.second.empty()) order.emplace_back(column);
    }
    std::stable_sort(order.begin(), order.end());
    std::vector<Measured> sets;
    for (const Alike& next : order) {
        const bool same = !sets.empty() &&
            sets.back().width + width_of(*next.column) <= costs.widest &&
            same_times(*sets.back().group.columns.front(), *next.column);
        if (same) {
            sets.back().add(*next.column);
        } else {
            sets.emplace_back(*next.column);
        }
    }
    for (Measured& set : sets)
        set.apart = set.size(costs);
    return sets;
}

}  // namespace sample_groups

CLARIFY_DECL std::vector<SampleGroup> group_samples(
    const SampleTable& table, const TableCosts& costs) {
    using namespace sample_groups;
    std::vector<Measured> sets = with_same_times(table, costs);
    const std::size_t spare_each = costs.spare / (sets.empty() ? 1 : sets.size());
    std::vector<SampleGroup> groups;
    Measured* current = nullptr;
    const auto finish = [&] {
        if (current == nullptr) return;
        SampleGroup& group = current->group;
        std::sort(group.columns.begin(), group.columns.end(), [](auto* a, auto* b) {
            return a->first < b->first;
        });
        groups.push_back(std::move(group));
    };
    for (Measured& set : sets) {
        if (current != nullptr && join(*current, set, costs, spare_each)) continue;
        finish();
        current = &set;
    }
    finish();
    return groups;
}

CLARIFY_DECL std::vector<const SampleColumn*> empty_columns(const SampleTable& table) {
    std::vector<const SampleColumn*> found;
    for (const SampleColumn& column : table) {
        if (column.second.empty()) found.push_back(&column);
    }
    return found;
}

}  // namespace clarify::detail

#endif  // CLARIFY_API_DETAIL_IMPL_SAMPLE_GROUPS_HPP
