// expect-error: no match for 'operator<'
// expect-error: invalid operands to binary expression
// SPDX-License-Identifier: BSL-1.0
// Secrets have no order: to find a place in one takes a comparison that stops early.

#include <clarify/core/secret.hpp>

bool before(const clarify::Secret& a, const clarify::Secret& b) { return a < b; }
