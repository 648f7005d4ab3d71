// SPDX-License-Identifier: BSL-1.0
// The library compiled once: what `clarify::compiled` is made of, for whoever does not write a file
// like this one. Build it, and all that includes the library, with CLARIFY_SEPARATE_COMPILATION.

#include <clarify/src.hpp>
