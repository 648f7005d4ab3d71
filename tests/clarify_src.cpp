// The library compiled once, for builds with separate compilation.

#include <clarify/src.hpp>
