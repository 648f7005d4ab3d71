// expect-error: clarify needs Boost 1.81 or newer
// SPDX-License-Identifier: BSL-1.0
// Where no build system has looked at the version, the first line of the compiler's complaint does.

#define BOOST_VERSION_HPP
#define BOOST_VERSION 108000
#define BOOST_LIB_VERSION "1_80"

#include <clarify/core/result.hpp>
