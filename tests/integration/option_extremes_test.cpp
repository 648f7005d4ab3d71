// SPDX-License-Identifier: BSL-1.0
// The limits of BeastBackend at the ends of their ranges.

#include <clarify/http/beast_backend.hpp>

#include "option_cases.hpp"

#include <doctest/doctest.h>

namespace integration_option_extremes_test {

using clarify::BeastBackend;

TEST_CASE("BeastBackend: each time may be as long as can be said, and means for ever") {
    option_cases::each_time_may_be_for_ever<BeastBackend>();
}

TEST_CASE("BeastBackend: all limits may be the largest there is at once") {
    option_cases::all_may_be_the_most_at_once<BeastBackend>();
}

TEST_CASE("BeastBackend: no idle time means a connection for each call") {
    option_cases::no_idle_time_means_a_connection_a_call<BeastBackend>();
}

}  // namespace integration_option_extremes_test
