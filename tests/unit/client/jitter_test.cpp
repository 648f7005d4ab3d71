// SPDX-License-Identifier: BSL-1.0
// Random waits: the same where that is asked for, and nowhere else.

#include <clarify/detail/jitter.hpp>

#include <doctest/doctest.h>
#include <support/in_child.hpp>

#include <cstdint>
#include <optional>
#include <set>
#include <string>

namespace jitter_test {

using clarify::detail::Jitter;

TEST_CASE("Jitter: within its range, and another one for every client") {
    std::set<double> firsts;
    for (int i = 0; i != 50; ++i) {
        Jitter jitter{std::nullopt};
        const double first = jitter.next();
        CHECK(first >= 0);
        CHECK(first < 1);
        firsts.insert(first);
    }
    CHECK(firsts.size() > 45);
    Jitter one{7};
    Jitter same{7};
    CHECK(one.next() == same.next());
}

TEST_CASE("Jitter: a child does not draw what its parent draws, unless there is a seed") {
    for (const bool seeded : {false, true}) {
        INFO(seeded);
        Jitter jitter{seeded ? std::optional<std::uint32_t>{3} : std::nullopt};
        jitter.next();
        Jitter copy = jitter;
        const double parents = copy.next();
        const std::string drawn =
            support::in_child([&] { return jitter.next() == parents ? "the same" : "another"; });
        CHECK(drawn == (seeded ? "the same" : "another"));
        CHECK(jitter.next() == parents);
    }
}

}  // namespace jitter_test
