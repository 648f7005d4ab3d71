// How an emulator is to behave.
//
// SPDX-License-Identifier: BSL-1.0

#ifndef CLARIFY_TESTING_EMULATOR_OPTIONS_HPP
#define CLARIFY_TESTING_EMULATOR_OPTIONS_HPP

#include <chrono>
#include <cstdint>
#include <string>

namespace clarify::testing {

/** How an emulator is to behave.

    Every default-constructed object has credentials of its own, made from a secure random source.
*/
struct EmulatorOptions {
    /// Draws the credentials; throws std::runtime_error when there is no source of random bytes.
    EmulatorOptions();

    /// The TCP port on 127.0.0.1. Default 0: any free one.
    std::uint16_t port = 0;

    /// Serve HTTPS with a throw-away certificate (the default), or else plain HTTP.
    bool tls = true;

    /// Identifier of the integration that the credentials belong to: 20 characters `[a-v0-9]`. It
    /// is the user name of Basic authentication too.
    std::string integration;

    /// The OAuth 2.0 client credentials.
    std::string client_id;
    std::string client_secret;

    /// The password of Basic authentication.
    std::string basic_password;

    /// How long an access token is good for. Default one day; at least one second.
    std::chrono::seconds token_lifetime{86400};

    /// Refuse null where the API documents no null. Default false: null means absent, as some
    /// clients send it.
    bool strict = false;

    /** Which of the two known dialects to answer in.

        False, the default, is the documented one: parameter errors in `params` with a `trace`, null
        for an unset duration, limits on the length of a data frame's window. True is what live
        servers were seen to send: parameter errors in `pathErrors` without a `trace`, more members
        in `meta.format`, `PT0S` for an unset duration, and windows of any length.
    */
    bool observed_shapes = false;
};

}  // namespace clarify::testing

#include <clarify/testing/impl/emulator_options.hpp>

#endif
