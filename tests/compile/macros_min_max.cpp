// SPDX-License-Identifier: BSL-1.0
// The headers bear macros named `min` and `max`, as windows.h and f2c.h define them.

#include "compile/others_includes.hpp"

#define min(a, b) ((a) < (b) ? (a) : (b))
#define max(a, b) ((a) > (b) ? (a) : (b))

#include "compile/ours_includes.hpp"
