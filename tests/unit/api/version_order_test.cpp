// SPDX-License-Identifier: BSL-1.0
// The order of API versions.

#include <clarify/api/detail/version_order.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <string_view>
#include <vector>

namespace version_order_test {

using clarify::detail::VersionOrder;

TEST_CASE("VersionOrder: alphas, betas and candidates come before their release") {
    const std::vector<std::string_view> ascending{
        "1.0",
        "1.1beta1",
        "1.1beta2",
        "1.1rc1",
        "1.1",
        "1.1.2",
        "1.2alpha1",
        "1.2beta1",
        "1.2",
        "1.3alpha1",
        "1.10",
        "2.0"};
    for (std::size_t i = 1; i != ascending.size(); ++i) {
        CAPTURE(ascending[i]);
        REQUIRE(VersionOrder::parse(ascending[i - 1]).has_value());
        REQUIRE(VersionOrder::parse(ascending[i]).has_value());
        CHECK((*VersionOrder::parse(ascending[i - 1]) < *VersionOrder::parse(ascending[i])));
    }
}

TEST_CASE("VersionOrder: what is no version has no order") {
    for (const std::string_view text :
         {"",
          "1",
          "1.",
          ".1",
          "v1.1",
          "1.1alpha",
          "1.1gamma1",
          "1.1.",
          "1.1.2.3",
          "1.1 ",
          "99999999999.1",
          "1.1alpha1x"}) {
        CAPTURE(text);
        CHECK_FALSE(VersionOrder::parse(text).has_value());
    }
}

}  // namespace version_order_test
