// SPDX-License-Identifier: BSL-1.0
// Names whose look-up hangs, through BeastBackend.

#include <clarify/http/beast_backend.hpp>

#include "look_up_scene.hpp"

#include <doctest/doctest.h>

namespace look_up_test {

TEST_CASE("BeastBackend: a host name that hangs holds up no other, and nobody waits for it") {
    support::with_silent_name_server(&support::check_hung_names<clarify::BeastBackend>);
}

TEST_CASE("BeastBackend: neither a context nor the process waits for a look-up when it ends") {
    support::with_silent_name_server(&support::check_end_of_process<clarify::BeastBackend>);
}

TEST_CASE("BeastBackend: a child process looks up names for itself") {
    support::with_silent_name_server(&support::check_fork<clarify::BeastBackend>);
}

}  // namespace look_up_test
