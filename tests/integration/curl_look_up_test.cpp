// SPDX-License-Identifier: BSL-1.0
// Names whose look-up hangs, through CurlBackend.

#include <clarify/http/curl_backend.hpp>

#include "look_up_scene.hpp"

#include <doctest/doctest.h>

namespace curl_look_up_test {

TEST_CASE("CurlBackend: a host name that hangs holds up no other, and nobody waits for it") {
    support::with_silent_name_server(&support::check_hung_names<clarify::CurlBackend>);
}

TEST_CASE("CurlBackend: neither a context nor the process waits for a look-up when it ends") {
    support::with_silent_name_server(&support::check_end_of_process<clarify::CurlBackend>);
}

TEST_CASE("CurlBackend: a child process looks up names for itself") {
    support::with_silent_name_server(&support::check_fork<clarify::CurlBackend>);
}

}  // namespace curl_look_up_test
