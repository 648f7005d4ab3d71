// SPDX-License-Identifier: BSL-1.0
// Samples of many inputs, each with times of its own.

#ifndef CLARIFY_API_SAMPLES_HPP
#define CLARIFY_API_SAMPLES_HPP

#include <clarify/api/timestamp.hpp>

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace clarify {

/// A value at a time.
struct Sample {
    Timestamp time;
    double value;
};
/// Those of each input, by its key, in the order in which they were added: of two at the same time the
/// later one counts.
using SampleTable = std::map<std::string, std::vector<Sample>, std::less<>>;
/// An input and its samples.
using SampleColumn = SampleTable::value_type;

}  // namespace clarify

#endif  // CLARIFY_API_SAMPLES_HPP
