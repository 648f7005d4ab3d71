// expect-error: could not convert
// expect-error: is not contextually convertible
// SPDX-License-Identifier: BSL-1.0
// A secret is no truth value, which would be printable.

#include <clarify/core/secret.hpp>

int answer(const clarify::Secret& secret) { return secret ? 1 : 0; }
