// SPDX-License-Identifier: BSL-1.0
// What the library needs, how functions are defined (in every file that includes them, or in one), and
// what is said of those that nobody may forget to await.

#ifndef CLARIFY_CORE_DETAIL_CONFIG_HPP
#define CLARIFY_CORE_DETAIL_CONFIG_HPP

#include <boost/version.hpp>

#if BOOST_VERSION < 108100
#error "clarify needs Boost 1.81 or newer"
#endif

// With CLARIFY_SEPARATE_COMPILATION functions that are no templates, and what drags in sockets, TLS
// and the machinery of coroutines, are compiled once, where <clarify/src.hpp> is included. Nothing else
// depends on it: the layout of every type and the behaviour of every function are the same either way.
#if defined(CLARIFY_SEPARATE_COMPILATION)
#define CLARIFY_DECL
#else
#define CLARIFY_DECL inline
#endif

// What gives an awaitable begins when that is awaited, and not before.
#define CLARIFY_LAZY [[nodiscard("nothing happens before this is awaited: write co_await")]]

// GCC emits the code of every coroutine that is no template into every file that includes it, with all
// that it calls, used or not. So coroutines that many files see, and what calls them, are templates
// (`template <class = void>`) also where there is nothing to choose.

#endif  // CLARIFY_CORE_DETAIL_CONFIG_HPP
