// The version of the library. Both build systems read it from here.

#ifndef CLARIFY_CORE_VERSION_HPP
#define CLARIFY_CORE_VERSION_HPP

#define CLARIFY_VERSION_MAJOR 0
#define CLARIFY_VERSION_MINOR 1
#define CLARIFY_VERSION_PATCH 0

/// The three numbers above with dots between them.
#define CLARIFY_VERSION_STRING "0.1.0"

#endif  // CLARIFY_CORE_VERSION_HPP
