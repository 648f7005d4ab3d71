// The one file that takes long.

#include <clarify/src.hpp>
