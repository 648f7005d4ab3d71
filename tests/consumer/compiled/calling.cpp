// A program that calls.

#include <string>

std::string compiled_call();

int main() { return compiled_call() == "connect" ? 0 : 1; }
