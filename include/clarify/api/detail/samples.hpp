// SPDX-License-Identifier: BSL-1.0
// Samples of many inputs, each with times of its own.

#ifndef CLARIFY_API_DETAIL_SAMPLES_HPP
#define CLARIFY_API_DETAIL_SAMPLES_HPP

#include <clarify/api/timestamp.hpp>

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace clarify::detail {

/// A value at a time.
struct Sample {
    Timestamp time;
    double value;
};
/// Those of each input, by its key.
using SampleTable = std::map<std::string, std::vector<Sample>, std::less<>>;
/// An input and its samples.
using SampleColumn = SampleTable::value_type;

}  // namespace clarify::detail

#endif  // CLARIFY_API_DETAIL_SAMPLES_HPP
