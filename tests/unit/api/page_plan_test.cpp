// SPDX-License-Identifier: BSL-1.0
// Which pages are asked for, and when there are no more.

#include <clarify/api/detail/page_plan.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace page_plan_test {

using clarify::detail::PagePlan;
using clarify::detail::PageRequest;

namespace {

/// Walks through `count` resources of a server that sends at most `cap` at a time, and returns how
/// many came.
std::size_t walk(PagePlan plan, std::size_t count, std::size_t cap, bool counts, int& requests) {
    std::size_t got = 0;
    for (requests = 0; !plan.done(); ++requests) {
        REQUIRE(requests < 10'000);
        const PageRequest page = plan.next();
        const std::size_t there = page.skip < count ? count - page.skip : 0;
        const std::size_t sent = std::min({page.limit, cap, there});
        got += sent;
        plan.arrived(
            sent,
            counts && page.total ? std::optional<std::int64_t>{static_cast<std::int64_t>(count)}
                                 : std::nullopt);
    }
    return got;
}

}  // namespace

TEST_CASE("PagePlan: full pages until one is not") {
    PagePlan plan{0, std::nullopt, 1000};
    CHECK(plan.next() == PageRequest{0, 1000, true});
    CHECK(plan.next() == plan.next());
    plan.arrived(1000, std::nullopt);
    CHECK(plan.next() == PageRequest{1000, 1000, false});
    plan.arrived(1000, -1);
    CHECK_FALSE(plan.done());
    plan.arrived(999, -1);
    CHECK(plan.done());
}

TEST_CASE(
    "PagePlan: the last page is not lost, and no empty one is asked for where all are counted") {
    int requests = 0;
    for (const std::size_t count : {0UL, 1UL, 999UL, 1000UL, 1001UL, 1100UL, 2000UL, 2500UL}) {
        CAPTURE(count);
        CHECK(walk({0, std::nullopt, 1000}, count, 1000, true, requests) == count);
        const auto pages = static_cast<int>((count + 999) / 1000);
        CHECK(requests == (pages == 0 ? 1 : pages));
        CHECK(walk({0, std::nullopt, 1000}, count, 1000, false, requests) == count);
        CHECK(requests == static_cast<int>(count / 1000) + 1);
    }
}

TEST_CASE("PagePlan: a limit is kept, and a request asks for no more than is wanted") {
    int requests = 0;
    CHECK(walk({0, 2500, 1000}, 9000, 1000, false, requests) == 2500);
    CHECK(requests == 3);
    CHECK(walk({0, 1001, 1000}, 9000, 1000, true, requests) == 1001);
    CHECK(requests == 2);
    CHECK(walk({100, 120, 50}, 9000, 50, false, requests) == 120);
    CHECK(requests == 3);
    CHECK(PagePlan{0, 0, 1000}.done());
    PagePlan plan{7, 20, 1000};
    CHECK(plan.next() == PageRequest{7, 20, true});
}

TEST_CASE("PagePlan: a server that sends less than it has is asked for the rest") {
    int requests = 0;
    CHECK(walk({0, std::nullopt, 1000}, 2500, 100, true, requests) == 2500);
    CHECK(requests == 25);
    // One that counts wrong, or loses resources meanwhile, ends the walk all the same.
    PagePlan plan{0, std::nullopt, 10};
    plan.arrived(10, 1000);
    plan.arrived(0, std::nullopt);
    CHECK(plan.done());
}

TEST_CASE("PagePlan: of a page that is too long only so many are wanted as the limit leaves") {
    PagePlan plan{0, 5, 2};
    CHECK(plan.arrived(3, std::nullopt) == 3);
    CHECK(plan.next() == PageRequest{3, 2, false});
    CHECK(plan.arrived(4, std::nullopt) == 2);
    CHECK(plan.done());
    CHECK(PagePlan{0, std::nullopt, 2}.arrived(3, std::nullopt) == 3);
}

TEST_CASE("PagePlan: a repeated page counts for the offset, not for what is wanted") {
    PagePlan plan{0, 4, 3};
    plan.arrived(3, 5);
    plan.repeated(3);
    CHECK_FALSE(plan.done());
    CHECK(plan.next() == PageRequest{6, 1, false});
    PagePlan all{0, std::nullopt, 3};
    all.arrived(3, 5);
    // There are eight by now.
    all.repeated(3);
    CHECK_FALSE(all.done());
    all.arrived(2, std::nullopt);
    CHECK(all.done());
}

}  // namespace page_plan_test
