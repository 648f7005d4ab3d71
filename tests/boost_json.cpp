// Boost.JSON compiled from its headers, for machines that lack its library.

#include <boost/json/src.hpp>
