// SPDX-License-Identifier: BSL-1.0
// The version of the library. Both build systems read it from here.

#ifndef CLARIFY_CORE_VERSION_HPP
#define CLARIFY_CORE_VERSION_HPP

// Semantic versioning (https://semver.org). Before 1.0.0, a new minor version may change anything;
// from then on, what is in namespace clarify keeps compiling within a major version. What is in a
// namespace detail, or in a folder detail/ or impl/, may change at any time.
#define CLARIFY_VERSION_MAJOR 0
#define CLARIFY_VERSION_MINOR 1
#define CLARIFY_VERSION_PATCH 0

/// The three numbers above with dots between them, as a literal: for logs, and part of the default
/// `ClientOptions::user_agent`.
#define CLARIFY_VERSION_STRING \
    CLARIFY_DETAIL_DOTTED(CLARIFY_VERSION_MAJOR, CLARIFY_VERSION_MINOR, CLARIFY_VERSION_PATCH)

// Twice, so that the names of the numbers are replaced first.
#define CLARIFY_DETAIL_DOTTED(major, minor, patch) CLARIFY_DETAIL_DOTTED_TEXT(major, minor, patch)
#define CLARIFY_DETAIL_DOTTED_TEXT(major, minor, patch) #major "." #minor "." #patch

#endif  // CLARIFY_CORE_VERSION_HPP
