// SPDX-License-Identifier: BSL-1.0
// How an emulator is to behave.

#ifndef CLARIFY_TESTING_EMULATOR_OPTIONS_HPP
#define CLARIFY_TESTING_EMULATOR_OPTIONS_HPP

#include <chrono>
#include <cstddef>
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

    /// How long an access token is good for. Default one day; at least one second. What is longer than
    /// ten years counts as that.
    std::chrono::seconds token_lifetime{86400};

    /// Refuse null where the API documents no null. Default false: null means absent, as some
    /// clients send it.
    bool strict = false;

    /// Grant the namespaces `admin` and `clarify`, as the administrators of an organisation do.
    /// Default true; else their methods are forbidden (-32003).
    bool admin_access = true;
    bool clarify_access = true;

    /** Limit rates as the API documents it. Default false.

        One request in a second of each method that inserts, saves signals, reads data or evaluates,
        five that publish, ten that select. What comes faster waits in line, for up to 10 seconds;
        after that it is answered with 503 and not executed. The documentation does not say what is
        answered.
    */
    bool rate_limits = false;

    /** How long each call takes, beside waiting in line. Default 0; not negative.

        What takes more than 15 seconds in all is answered with 503 then, as the real service gives up,
        though it was executed. The documentation does not say what is answered.
    */
    std::chrono::milliseconds latency{0};

    /// The size of the largest request body in bytes; a larger one is answered with 413. Default
    /// 8 MiB, which is about what the API documents; at least 1.
    std::size_t max_request_size = 8 * 1024 * 1024;

    /// How long after an insert its samples can be read. Default 0: at once; the real service takes
    /// seconds. Not negative; what is longer than a year counts as that.
    std::chrono::milliseconds visibility_delay{0};

    /** Which of the two known dialects to answer in.

        False, the default, is the documented one: parameter errors in `params` with a `trace`, null
        for an unset duration, limits on the length of a data frame's window. True is what live
        servers were seen to send: parameter errors in `pathErrors` without a `trace`, more members
        in `meta.format`, `PT0S` for an unset duration, windows of any length, items that are not sent
        along with signals but refused, and since API 1.2 the organisation among the relationships.
    */
    bool observed_shapes = false;

    /// Put a member that nobody knows into each object of a reply that has members of fixed names, as
    /// a later version of the API may: clients must ignore it. Default false.
    bool unknown_members = false;

    /// Done by the emulator's constructor.
    /// @throws std::invalid_argument naming the member that is out of range.
    void check() const;
};

}  // namespace clarify::testing

#include <clarify/testing/detail/emulator/impl/emulator_options.hpp>

#endif  // CLARIFY_TESTING_EMULATOR_OPTIONS_HPP
