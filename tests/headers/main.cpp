// Links the objects of all headers into one program. The umbrella is compiled here for the second
// time, so that a function which lacks `inline` is defined twice.

#include <clarify/clarify.hpp>

int main() {}
