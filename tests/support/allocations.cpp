// SPDX-License-Identifier: BSL-1.0

#include <stdlib.h>
#include <support/allocations.hpp>

#include <cstdlib>
#include <new>

support::Heap& support::heap() noexcept {
    static constinit Heap all;
    return all;
}

support::FailingAllocations::State& support::FailingAllocations::state() noexcept {
    static thread_local State own;
    return own;
}

namespace {

// In front of each block, so that its size is known when it is freed.
constexpr std::size_t header = alignof(std::max_align_t);

void give(void* memory) noexcept {
    if (memory == nullptr) return;
    char* const block = static_cast<char*>(memory) - header;
    support::heap().live -= *reinterpret_cast<std::size_t*>(block);
    std::free(block);
}

}  // namespace

// The forms that others are defined by, but for the aligned ones, which nothing here uses.
void* operator new(std::size_t size) {
    if (support::FailingAllocations::fails_now()) throw std::bad_alloc{};
    void* const block = std::malloc(size + header);
    if (block == nullptr) throw std::bad_alloc{};
    *static_cast<std::size_t*>(block) = size;
    support::Heap& heap = support::heap();
    heap.total += size;
    ++heap.blocks;
    const std::size_t live = heap.live += size;
    if (live > heap.peak) heap.peak = live;
    return static_cast<char*>(block) + header;
}
// As std::stable_sort asks: without this one its memory would be another's.
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    try {
        return operator new(size);
    } catch (const std::bad_alloc&) {
        return nullptr;
    }
}
void operator delete(void* memory) noexcept { give(memory); }
void operator delete(void* memory, std::size_t) noexcept { give(memory); }

/// Where Asio gets the memory of its operations. It survives one failure there, and ends the process
/// (`~awaitable_thread` posts) where the next allocation fails as well.
extern "C" void* aligned_alloc(std::size_t alignment, std::size_t size) {
    if (support::FailingAllocations::fails_alone()) return nullptr;
    void* memory = nullptr;
    return ::posix_memalign(&memory, alignment, size) == 0 ? memory : nullptr;
}
