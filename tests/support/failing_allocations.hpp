// SPDX-License-Identifier: BSL-1.0
// Makes a chosen allocation of a test program fail. Include in one file of a program of its own.

#ifndef CLARIFY_TESTS_SUPPORT_FAILING_ALLOCATIONS_HPP
#define CLARIFY_TESTS_SUPPORT_FAILING_ALLOCATIONS_HPP

#include <cstddef>
#include <cstdlib>
#include <limits>
#include <new>

namespace support {

/** While one of these lives, the allocations of this thread are counted, and those from number
    `first` on fail, `count` of them. Nothing is counted where `Spared` lives.
*/
class FailingAllocations {
public:
    static constexpr std::size_t none = std::numeric_limits<std::size_t>::max();

    explicit FailingAllocations(std::size_t first, std::size_t count = 1) noexcept {
        state() = {true, 0, first, count};
    }
    FailingAllocations(const FailingAllocations&) = delete;
    FailingAllocations& operator=(const FailingAllocations&) = delete;
    ~FailingAllocations() { state().armed = false; }

    /// How many there have been.
    static std::size_t seen() noexcept { return state().seen; }
    static bool fails_now() noexcept {
        State& now = state();
        if (!now.armed) return false;
        const std::size_t number = now.seen++;
        return number >= now.first && number - now.first < now.count;
    }

    /// What the test itself does in between.
    class Spared {
    public:
        Spared() noexcept : was_(state().armed) { state().armed = false; }
        Spared(const Spared&) = delete;
        Spared& operator=(const Spared&) = delete;
        ~Spared() { state().armed = was_; }

    private:
        bool was_;
    };

private:
    struct State {
        bool armed = false;
        std::size_t seen = 0;
        std::size_t first = none;
        std::size_t count = 0;
    };
    static State& state() noexcept {
        static thread_local State own;
        return own;
    }
};

}  // namespace support

// The forms that others are defined by, but for the aligned ones, which nothing here uses.
void* operator new(std::size_t size) {
    if (support::FailingAllocations::fails_now()) throw std::bad_alloc{};
    if (void* const memory = std::malloc(size != 0 ? size : 1)) return memory;
    throw std::bad_alloc{};
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

#endif  // CLARIFY_TESTS_SUPPORT_FAILING_ALLOCATIONS_HPP
