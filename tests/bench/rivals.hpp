// SPDX-License-Identifier: BSL-1.0
// The same job done in several ways: `width` workers, each making `calls` calls in turn.

#ifndef CLARIFY_TESTS_BENCH_RIVALS_HPP
#define CLARIFY_TESTS_BENCH_RIVALS_HPP

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace bench {

/// One way to make a call; keeps its connections from run to run.
class Rival {
public:
    virtual ~Rival() = default;
    virtual std::string name() const = 0;
    /// Makes `calls` calls on each of `width` connections; throws if one of them fails.
    virtual void run(std::size_t width, std::size_t calls) = 0;
};

std::unique_ptr<Rival> make_clarify(std::uint16_t port);
std::unique_ptr<Rival> make_any_clarify(std::uint16_t port);
std::unique_ptr<Rival> make_beast(std::uint16_t port);

}  // namespace bench

#endif  // CLARIFY_TESTS_BENCH_RIVALS_HPP
