// SPDX-License-Identifier: BSL-1.0
// The one channel for outcomes.

#ifndef CLARIFY_CORE_RESULT_HPP
#define CLARIFY_CORE_RESULT_HPP

#include <clarify/core/error.hpp>

#include <boost/system/result.hpp>

namespace clarify {

/// A `T` or an `Error`. Test it like a `bool`; `.value()` throws `Exception`, `.error()` tells why.
template <class T>
using Result = boost::system::result<T, Error>;

}  // namespace clarify

#endif  // CLARIFY_CORE_RESULT_HPP
