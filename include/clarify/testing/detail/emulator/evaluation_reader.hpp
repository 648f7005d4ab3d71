// SPDX-License-Identifier: BSL-1.0
// Reads what a call of `clarify.evaluate` asks for.

#ifndef CLARIFY_TESTING_DETAIL_EMULATOR_EVALUATION_READER_HPP
#define CLARIFY_TESTING_DETAIL_EMULATOR_EVALUATION_READER_HPP

#include <clarify/api/patterns.hpp>
#include <clarify/testing/detail/emulator/evaluation.hpp>
#include <clarify/testing/detail/emulator/method_context.hpp>
#include <clarify/testing/detail/emulator/params_reader.hpp>
#include <clarify/testing/detail/emulator/resource_search.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace clarify::testing::detail {

/// Reads the parts of an evaluation, and remembers which aliases there are.
class EvaluationReader {
public:
    EvaluationReader(const ParamsReader& params, const MethodContext& context)
        : params_(params), context_(context) {}

    Evaluation read() {
        each("items", [&](const ParamsReader& part) { read_item(part); });
        if (context_.is_version_1_2())
            each("groups", [&](const ParamsReader& part) { read_group(part); });
        each("calculations", [&](const ParamsReader& part) { read_calculation(part); });
        if (item_ids_.size() > 50) params_.fail("items", "must be at most 50 different items");
        if (calculation_count_ > 100) params_.fail("calculations", "must be at most 100");
        return std::move(evaluation_);
    }

private:
    /// Calls `read` with a reader of each object in a list.
    template <class F>
    void each(std::string_view key, F&& read) {
        const json::array* const list = params_.array(key);
        if (list == nullptr) return;
        for (std::size_t i = 0; i < list->size(); ++i) {
            const std::string path = params_.path_of(key) + "." + std::to_string(i);
            if (const json::object* const object = (*list)[i].if_object()) {
                read(ParamsReader{*object, path, params_.errors(), params_.strict()});
            } else {
                params_.errors().add(path, "must be an object");
            }
        }
    }

    void read_item(const ParamsReader& part) {
        if (context_.is_version_1_2()) {
            part.allow_only(
                {"id",
                 "timeAggregation",
                 "aggregation",
                 "state",
                 "lead",
                 "lag",
                 "alias",
                 "engUnit"});
        } else {
            part.allow_only({"id", "aggregation", "state", "lead", "lag", "alias"});
        }
        const std::string id = read_id(part, "id");
        item_ids_.insert(id);
        const StoredItem* const item = context_.store.find_item(id);
        if (!id.empty() && item == nullptr) part.fail("id", "item not found");
        const bool has_new_name =
            context_.is_version_1_2() && part.find_nullable("aggregation") == nullptr;
        Evaluation::Input input =
            read_input(part, has_new_name ? "timeAggregation" : "aggregation", true);
        if (item != nullptr) input.items.push_back(item);
        evaluation_.inputs.push_back(std::move(input));
    }

    void read_group(const ParamsReader& part) {
        // The pre-releases have a whole query, the release just its filter.
        const bool has_filter = context_.version == "1.2";
        part.allow_only(
            {has_filter ? "filter" : "query",
             "timeAggregation",
             "groupAggregation",
             "state",
             "lead",
             "lag",
             "alias",
             "engUnit"});
        ResourceSearch search;
        search.limit = (std::numeric_limits<std::size_t>::max)();
        if (!has_filter) {
            search = read_resource_search(part, SearchLimits{50, 1000});
        } else if (const json::object* const filter = part.object("filter")) {
            search.filter = read_filter(*filter, part.path_of("filter"), part.errors());
        }
        Evaluation::Input input = read_input(part, "timeAggregation", false);
        input.over_items = read_aggregation(part, "groupAggregation", Aggregation::Kind::avg);
        input.items = run_search(search, context_.store.all_items()).resources;
        evaluation_.inputs.push_back(std::move(input));
    }

    void read_calculation(const ParamsReader& part) {
        if (context_.is_version_1_2()) {
            part.allow_only({"alias", "formula", "engUnit"});
            part.string("engUnit");
        } else {
            part.allow_only({"alias", "formula"});
        }
        ++calculation_count_;
        const bool has_formula = part.require("formula") != nullptr;
        const auto text = has_formula ? part.string("formula") : std::nullopt;
        if (text) {
            const auto lookup = [this](std::string_view name) -> const Formula::Variable* {
                const auto found = variables_.find(name);
                return found == variables_.end() ? nullptr : &found->second;
            };
            try {
                evaluation_.calculations.push_back({"", Formula(*text, lookup)});
            } catch (const FormulaError& error) {
                part.fail("formula", error.what());
            }
        }
        // After the formula, which cannot refer to itself.
        const std::string alias = read_alias(part, false);
        if (!evaluation_.calculations.empty()) evaluation_.calculations.back().alias = alias;
    }

    /// What items and groups have in common.
    Evaluation::Input read_input(
        const ParamsReader& part, std::string_view aggregation_key, bool is_item) {
        Evaluation::Input input;
        input.over_time = read_aggregation(part, aggregation_key, Aggregation::Kind::state_rate);
        const std::optional<std::int64_t> state = part.integer("state");
        if (state && (*state < 0 || *state > 9999)) {
            part.fail("state", "must be from 0 to 9999");
        } else if (input.over_time.is_about_state() && !state) {
            part.fail("state", "required");
        }
        input.over_time.state = static_cast<double>(state.value_or(0));
        input.shift = read_shift(part, "lag") - read_shift(part, "lead");
        if (context_.is_version_1_2()) part.string("engUnit");
        input.alias = read_alias(part, is_item);
        return input;
    }

    static std::int64_t read_shift(const ParamsReader& part, std::string_view key) {
        const std::int64_t shift = part.integer(key).value_or(0);
        if (shift < -1000 || shift > 1000) {
            part.fail(key, "must be from -1000 to 1000");
            return 0;
        }
        return shift;
    }

    /// Without a name it is the average: clients may leave it out.
    static Aggregation read_aggregation(
        const ParamsReader& part, std::string_view key, Aggregation::Kind last) {
        Aggregation aggregation;
        const auto name = part.string(key);
        const auto kind = name ? aggregation_named(*name) : std::nullopt;
        if (kind && *kind <= last) {
            aggregation.kind = *kind;
        } else if (name) {
            part.fail(key, "unknown aggregation");
        }
        return aggregation;
    }

    std::string read_alias(const ParamsReader& part, bool is_item) {
        const bool is_there = part.require("alias") != nullptr;
        std::string alias = (is_there ? part.string("alias") : std::nullopt).value_or("");
        if (!is_there) return alias;
        if (!clarify::is_alias(alias)) {
            part.fail("alias", "must match ^[A-Za-z_][A-Za-z0-9_]{0,27}$");
        } else if (!variables_.emplace(alias, Formula::Variable{variables_.size(), is_item})
                        .second) {
            part.fail("alias", "must differ from the other aliases");
        }
        return alias;
    }

    const ParamsReader& params_;
    const MethodContext& context_;
    Evaluation evaluation_;
    std::map<std::string, Formula::Variable, std::less<>> variables_;
    std::set<std::string> item_ids_;
    std::size_t calculation_count_ = 0;
};

/// Reads the members `items`, `groups` and `calculations` and notes what is wrong with them.
inline Evaluation read_evaluation(const ParamsReader& params, const MethodContext& context) {
    return EvaluationReader(params, context).read();
}

}  // namespace clarify::testing::detail

#endif  // CLARIFY_TESTING_DETAIL_EMULATOR_EVALUATION_READER_HPP
