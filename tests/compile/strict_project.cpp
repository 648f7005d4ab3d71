// SPDX-License-Identifier: BSL-1.0
// The headers compile in projects that turn more warnings into errors than ours does.

#include "compile/others_includes.hpp"

#pragma GCC diagnostic error "-Wcast-align"
#pragma GCC diagnostic error "-Wcast-qual"
#pragma GCC diagnostic error "-Wdouble-promotion"
#pragma GCC diagnostic error "-Wextra-semi"
#pragma GCC diagnostic error "-Wnon-virtual-dtor"
#pragma GCC diagnostic error "-Wnull-dereference"
#pragma GCC diagnostic error "-Wold-style-cast"
#pragma GCC diagnostic error "-Woverloaded-virtual"
#pragma GCC diagnostic error "-Wredundant-decls"
#pragma GCC diagnostic error "-Wshadow"
#pragma GCC diagnostic error "-Wsign-conversion"
#pragma GCC diagnostic error "-Wundef"
#if !defined(__clang__)
#pragma GCC diagnostic error "-Wduplicated-branches"
#pragma GCC diagnostic error "-Wduplicated-cond"
#pragma GCC diagnostic error "-Wlogical-op"
#pragma GCC diagnostic error "-Wsuggest-override"
#pragma GCC diagnostic error "-Wuseless-cast"
#endif

// Whoever uses nlohmann/json has this name.
using json = int;

#include "compile/ours_includes.hpp"
