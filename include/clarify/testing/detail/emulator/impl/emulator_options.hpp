// SPDX-License-Identifier: BSL-1.0
// Bodies of the emulator's options.

#ifndef CLARIFY_TESTING_DETAIL_EMULATOR_IMPL_EMULATOR_OPTIONS_HPP
#define CLARIFY_TESTING_DETAIL_EMULATOR_IMPL_EMULATOR_OPTIONS_HPP

#include <clarify/testing/detail/emulator/id_mint.hpp>
#include <clarify/testing/detail/secrets.hpp>
#include <clarify/testing/emulator_options.hpp>

#include <stdexcept>

namespace clarify::testing {

namespace detail {

inline std::string new_integration_id() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return IdMint().next(std::chrono::floor<std::chrono::seconds>(now).count());
}

}  // namespace detail

inline EmulatorOptions::EmulatorOptions()
    : integration(detail::new_integration_id()),
      client_id(detail::random_hex(16)),
      client_secret(detail::random_hex(32)),
      basic_password(detail::random_hex(32)) {}

inline void EmulatorOptions::check() const {
    const auto require = [](bool condition, const char* message) {
        if (!condition) throw std::invalid_argument{message};
    };
    require(
        detail::is_resource_id(integration),
        "EmulatorOptions::integration must match ^[a-v0-9]{20}$");
    require(!client_id.empty(), "EmulatorOptions::client_id must not be empty");
    require(!client_secret.empty(), "EmulatorOptions::client_secret must not be empty");
    require(!basic_password.empty(), "EmulatorOptions::basic_password must not be empty");
    require(
        token_lifetime >= std::chrono::seconds{1},
        "EmulatorOptions::token_lifetime must be at least a second");
    require(max_request_size != 0, "EmulatorOptions::max_request_size must not be 0");
    require(
        visibility_delay.count() >= 0, "EmulatorOptions::visibility_delay must not be negative");
    require(latency.count() >= 0, "EmulatorOptions::latency must not be negative");
}

}  // namespace clarify::testing

#endif  // CLARIFY_TESTING_DETAIL_EMULATOR_IMPL_EMULATOR_OPTIONS_HPP
