// SPDX-License-Identifier: BSL-1.0
// Hands libFuzzer's inputs to the one target of a program.

#include "fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::Target::first->run({reinterpret_cast<const char*>(data), size});
    return 0;
}
