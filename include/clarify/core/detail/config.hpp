// SPDX-License-Identifier: BSL-1.0
// How functions are defined: in every file that includes them, or in one.

#ifndef CLARIFY_CORE_DETAIL_CONFIG_HPP
#define CLARIFY_CORE_DETAIL_CONFIG_HPP

// With CLARIFY_SEPARATE_COMPILATION the functions that drag in sockets, TLS and the machinery of
// coroutines are compiled once, where <clarify/src.hpp> is included. Nothing else depends on it: the
// layout of every type and the behaviour of every function are the same either way.
#if defined(CLARIFY_SEPARATE_COMPILATION)
#define CLARIFY_DECL
#else
#define CLARIFY_DECL inline
#endif

#endif  // CLARIFY_CORE_DETAIL_CONFIG_HPP
