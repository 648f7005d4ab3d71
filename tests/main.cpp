// The main function of the test programs.

// Both macros, because the precompiled header has read doctest's configuration already.
#define DOCTEST_CONFIG_IMPLEMENT
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>
