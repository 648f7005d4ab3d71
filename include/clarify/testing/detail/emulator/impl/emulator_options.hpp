// SPDX-License-Identifier: BSL-1.0
// Bodies of the emulator's options.

#ifndef CLARIFY_TESTING_DETAIL_EMULATOR_IMPL_EMULATOR_OPTIONS_HPP
#define CLARIFY_TESTING_DETAIL_EMULATOR_IMPL_EMULATOR_OPTIONS_HPP

#include <clarify/testing/detail/emulator/id_mint.hpp>
#include <clarify/testing/detail/secrets.hpp>
#include <clarify/testing/emulator_options.hpp>

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

}  // namespace clarify::testing

#endif  // CLARIFY_TESTING_DETAIL_EMULATOR_IMPL_EMULATOR_OPTIONS_HPP
