// SPDX-License-Identifier: BSL-1.0
// What `clarify.evaluate` is asked for, and its answer.

#ifndef CLARIFY_TESTING_DETAIL_EMULATOR_EVALUATION_HPP
#define CLARIFY_TESTING_DETAIL_EMULATOR_EVALUATION_HPP

#include <clarify/testing/detail/emulator/aggregation.hpp>
#include <clarify/testing/detail/emulator/data_request.hpp>
#include <clarify/testing/detail/emulator/formula.hpp>
#include <clarify/testing/detail/emulator/method_context.hpp>
#include <clarify/testing/detail/emulator/params_reader.hpp>
#include <clarify/testing/detail/emulator/resource_search.hpp>

#include <cstdint>
#include <map>
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

/// Reads the members `items`, `groups` and `calculations` and notes what is wrong with them.
Evaluation read_evaluation(const ParamsReader& params, const MethodContext& context);

/** Computes what an evaluation asks for, by alias.

    A calculation has a value where all that it needs has one, in the buckets in which there is data
    of any input; one that fills gaps, in all buckets of the window.

    @throws RpcFailure when that are more buckets than the emulator answers with.
*/
Frame evaluate_frame(const Evaluation& evaluation, const DataRequest& query, const Store& store);

}  // namespace clarify::testing::detail

#include <clarify/testing/detail/emulator/impl/evaluation.hpp>

#endif  // CLARIFY_TESTING_DETAIL_EMULATOR_EVALUATION_HPP
