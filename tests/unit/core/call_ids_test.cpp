// SPDX-License-Identifier: BSL-1.0
// The ids of calls: unforeseeable, exact in every JSON library, and never the same twice.

#include <clarify/core/detail/call_ids.hpp>

#include <doctest/doctest.h>

#include <cstdint>
#include <set>

namespace call_ids_test {

using clarify::detail::CallIds;

TEST_CASE("CallIds: each counts on from a random number of its own") {
    std::set<std::int64_t> starts;
    for (int i = 0; i != 200; ++i) {
        CallIds ids;
        const std::int64_t first = ids.next();
        CHECK(first >= 1);
        CHECK(first <= 9'999'999'999'999);
        CHECK(ids.next() == first + 1);
        starts.insert(first);
    }
    CHECK(starts.size() == 200);
    // All of 200 in the lower hundredth would be no chance.
    CHECK(*starts.rbegin() > 99'999'999'999);
}

TEST_CASE("CallIds: may begin at a number that was chosen, and stay exact in a double") {
    CallIds ids{1};
    CHECK(ids.next() == 1);
    CHECK(ids.next() == 2);
    CallIds last{CallIds::largest};
    CHECK(CallIds::largest == 9'007'199'254'740'991);
    CHECK(last.next() == CallIds::largest);
    CHECK(last.next() == 1);
}

}  // namespace call_ids_test
