// SPDX-License-Identifier: BSL-1.0

#include <openssl/crypto.h>
#include <support/allocations.hpp>

#include <cstdlib>

namespace {

using support::Allocator;
using support::FailingAllocations;

void* allocate(std::size_t size, const char*, int) {
    return FailingAllocations::fails_now(Allocator::openssl) ? nullptr : std::malloc(size);
}
void* reallocate(void* memory, std::size_t size, const char*, int) {
    return FailingAllocations::fails_now(Allocator::openssl) ? nullptr : std::realloc(memory, size);
}
void release(void* memory, const char*, int) { std::free(memory); }

bool is_counted = false;

// OpenSSL takes other functions only before it first allocates, which Asio has it do before main.
[[gnu::constructor(101)]] void count() {
    is_counted = CRYPTO_set_mem_functions(&allocate, &reallocate, &release) == 1;
}

}  // namespace

bool support::counts_openssl() noexcept { return is_counted; }
