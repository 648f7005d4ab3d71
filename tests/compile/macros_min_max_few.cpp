// SPDX-License-Identifier: BSL-1.0
// The types of the API bear macros named `min` and `max` also where little was included before: of the
// standard library's headers that do not bear them, only those that nearly every program has.

#include <boost/asio.hpp>
#include <boost/describe.hpp>
#include <boost/json.hpp>

#include <algorithm>
#include <chrono>
#include <deque>
#include <limits>
#include <map>
#include <random>
#include <ranges>
#include <set>
#include <sstream>
#include <string>

#define min(a, b) ((a) < (b) ? (a) : (b))
#define max(a, b) ((a) > (b) ? (a) : (b))

#include <clarify/api/data_frame.hpp>
#include <clarify/api/selection.hpp>
