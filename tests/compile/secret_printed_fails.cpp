// expect-error: no match for 'operator<<'
// expect-error: invalid operands to binary expression
// SPDX-License-Identifier: BSL-1.0
// A secret cannot be printed by mistake.

#include <clarify/core/secret.hpp>

#include <ostream>

void print(std::ostream& out, const clarify::Secret& secret) { out << secret; }
