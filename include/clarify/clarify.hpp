// SPDX-License-Identifier: BSL-1.0
// Everything that most programs need.

#ifndef CLARIFY_CLARIFY_HPP
#define CLARIFY_CLARIFY_HPP

#include <clarify/client.hpp>
#include <clarify/core/version.hpp>

#endif  // CLARIFY_CLARIFY_HPP
