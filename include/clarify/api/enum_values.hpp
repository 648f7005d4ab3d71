// SPDX-License-Identifier: BSL-1.0
// What the numbers of an enumerated signal mean.

#ifndef CLARIFY_API_ENUM_VALUES_HPP
#define CLARIFY_API_ENUM_VALUES_HPP

#include <map>
#include <string>

namespace clarify {

/** The text that is shown for a state, by the number that stands for it in the data.

    States are 0 to 9999 (`is_enum_state`), texts have 1 to 128 characters. They matter where the
    `value_type` is `ValueType::enumeration`, and are kept otherwise. The keys of the JSON object are
    decimal numbers; any that an `int` holds is read.

    A save replaces all of them. A map that is empty means that no state has a text.
*/
using EnumValues = std::map<int, std::string>;

}  // namespace clarify

#endif  // CLARIFY_API_ENUM_VALUES_HPP
