// expect-error: no match for 'operator=='
// expect-error: invalid operands to binary expression
// SPDX-License-Identifier: BSL-1.0
// A secret is compared with a secret only, in constant time.

#include <clarify/core/secret.hpp>

#include <string_view>

bool same(const clarify::Secret& secret, std::string_view text) { return secret == text; }
