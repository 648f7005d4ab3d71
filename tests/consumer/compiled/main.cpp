// Both forms in one program: neither disturbs the other, and their types are alike.

#include <array>
#include <cstddef>
#include <iostream>
#include <string>

using Sizes = std::array<std::size_t, 7>;
std::string compiled_call();
std::string header_only_call();
Sizes compiled_sizes();
Sizes header_only_sizes();

int main() {
    const std::string first = compiled_call();
    const std::string second = header_only_call();
    std::cout << "compiled: " << first << ", header-only: " << second << '\n';
    const bool alike = compiled_sizes() == header_only_sizes();
    if (!alike) std::cout << "the types differ in size\n";
    return first == "connect" && second == "connect" && alike ? 0 : 1;
}
