// SPDX-License-Identifier: BSL-1.0
// What a call of `clarify.evaluate` asks for.

#ifndef CLARIFY_TESTING_DETAIL_EMULATOR_EVALUATION_HPP
#define CLARIFY_TESTING_DETAIL_EMULATOR_EVALUATION_HPP

#include <clarify/testing/detail/emulator/aggregation.hpp>
#include <clarify/testing/detail/emulator/formula.hpp>
#include <clarify/testing/detail/emulator/stored_resource.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace clarify::testing::detail {

/// What is computed, in the order in which calculations can refer to it.
struct Evaluation {
    /// An item, or a group of them.
    struct Input {
        std::string alias;
        Aggregation over_time;
        /// Buckets that values are moved to later ones.
        std::int64_t shift = 0;
        std::vector<const StoredItem*> items;
        /// Of one item it is the value itself.
        Aggregation over_items;
    };

    struct Calculation {
        std::string alias;
        Formula formula;
    };

    std::vector<Input> inputs;
    std::vector<Calculation> calculations;
};

}  // namespace clarify::testing::detail

#endif  // CLARIFY_TESTING_DETAIL_EMULATOR_EVALUATION_HPP
