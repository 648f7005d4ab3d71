// SPDX-License-Identifier: BSL-1.0
// Counts what a test program allocates, and makes a chosen allocation fail. A program that uses it
// has the operators of allocations.cpp.

#ifndef CLARIFY_TESTS_SUPPORT_ALLOCATIONS_HPP
#define CLARIFY_TESTS_SUPPORT_ALLOCATIONS_HPP

#include <atomic>
#include <cstddef>
#include <limits>

namespace support {

/// What is allocated by `new`, in all threads.
struct Heap {
    std::atomic<std::size_t> live{0};
    std::atomic<std::size_t> peak{0};
    std::atomic<std::size_t> total{0};
    std::atomic<std::size_t> blocks{0};
};
Heap& heap() noexcept;

/// Whose allocations: those of C++, with Asio's, or those of OpenSSL.
enum class Allocator { cpp, openssl };

/// Are those of OpenSSL counted at all? Only a program that asks has OpenSSL go through here.
bool counts_openssl() noexcept;

/** While one of these lives, the allocations of this thread are counted, and those from number
    `first` on fail, `count` of them. Nothing is counted where `Spared` lives.
*/
class FailingAllocations {
public:
    static constexpr std::size_t none = std::numeric_limits<std::size_t>::max();

    explicit FailingAllocations(
        std::size_t first, std::size_t count = 1, Allocator of = Allocator::cpp) noexcept {
        state() = {true, 0, first, count, of};
    }
    FailingAllocations(const FailingAllocations&) = delete;
    FailingAllocations& operator=(const FailingAllocations&) = delete;
    ~FailingAllocations() { state().armed = false; }

    /// How many there have been.
    static std::size_t seen() noexcept { return state().seen; }
    static bool fails_now(Allocator by = Allocator::cpp) noexcept {
        State& now = state();
        if (!now.armed || now.of != by || Spared::depth() != 0) return false;
        const std::size_t number = now.seen++;
        return number >= now.first && number - now.first < now.count;
    }

    /// The same for what must not fail twice in a row: not counted where several fail.
    static bool fails_alone() noexcept { return state().count == 1 && fails_now(); }

    /// What the test itself does in between. It needs none of the operators, so that what tests share
    /// may have it.
    class Spared {
    public:
        Spared() noexcept { ++depth(); }
        Spared(const Spared&) = delete;
        Spared& operator=(const Spared&) = delete;
        ~Spared() { --depth(); }

        static unsigned& depth() noexcept {
            static thread_local unsigned own = 0;
            return own;
        }
    };

private:
    struct State {
        bool armed = false;
        std::size_t seen = 0;
        std::size_t first = none;
        std::size_t count = 0;
        Allocator of = Allocator::cpp;
    };
    // Next to the operators, so that whoever asks for one gets the other.
    static State& state() noexcept;
};

}  // namespace support

#endif  // CLARIFY_TESTS_SUPPORT_ALLOCATIONS_HPP
