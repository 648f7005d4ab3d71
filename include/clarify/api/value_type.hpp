// SPDX-License-Identifier: BSL-1.0
// What the values of a signal are, and where they come from.

#ifndef CLARIFY_API_VALUE_TYPE_HPP
#define CLARIFY_API_VALUE_TYPE_HPP

#include <clarify/api/detail/open_enum.hpp>

#include <cstdint>
#include <string_view>

namespace clarify {
namespace detail {

struct ValueTypeNames {
    enum Known : std::uint8_t {
        /// Decimal numbers.
        numeric,
        /// States, which are integers with a text each; see `EnumValues`.
        enumeration,
        /// A text that this version of the library does not know.
        other,
    };
    /// As they are on the wire.
    static constexpr std::string_view names[] = {"numeric", "enum"};
};

struct SourceTypeNames {
    enum Known : std::uint8_t {
        /// Measured directly.
        measurement,
        /// Computed from other data.
        aggregation,
        /// A forecast.
        prediction,
        /// A text that this version of the library does not know.
        other,
    };
    static constexpr std::string_view names[] = {"measurement", "aggregation", "prediction"};
};

}  // namespace detail

/** What the values of a signal or an item are: `ValueType::numeric` (the default) or
    `ValueType::enumeration`, which is `enum` on the wire.

    A text that is neither is kept (`ValueType{"vector"}`): a newer server may have more values, and
    what it sent can be sent back. `known()` is made for `switch`, `text()` is what is on the wire. An
    empty text means the default, as it does for Clarify.

    @code
    switch (signal.value_type.known()) {
        case clarify::ValueType::numeric: return plot_line(signal);
        case clarify::ValueType::enumeration: return plot_states(signal, signal.enum_values);
        case clarify::ValueType::other: return plot_nothing(signal.value_type.text());
    }
    @endcode

    It says how values are shown and which aggregations make sense; samples are numbers either way.

    @par Thread safety
    Distinct objects: safe. Shared objects: safe for reading.
*/
using ValueType = detail::OpenEnum<detail::ValueTypeNames>;

/** Where the values of a signal or an item come from: `SourceType::measurement` (the default),
    `SourceType::aggregation` or `SourceType::prediction`. Other texts are kept, as in `ValueType`, and
    the same is true of threads.
*/
using SourceType = detail::OpenEnum<detail::SourceTypeNames>;

}  // namespace clarify

#endif  // CLARIFY_API_VALUE_TYPE_HPP
