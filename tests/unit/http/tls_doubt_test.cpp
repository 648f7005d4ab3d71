// SPDX-License-Identifier: BSL-1.0
// A TLS context that may be at fault itself is not kept for good.

#include <doctest/doctest.h>
#include <support/temporary_file.hpp>
#include <support/world.hpp>

#include <chrono>
#include <fstream>
#include <string>

namespace tls_doubt_test {

using namespace clarify;
using namespace support;
using namespace std::chrono_literals;

namespace {

/// A world whose client has the authorities of a file, and that of another server.
WorldOptions with_file(const TemporaryFile& file) {
    WorldOptions options;
    options.trusted = false;
    options.client.http.tls.ca_file = file.path();
    options.client.http.idle_timeout = 1s;
    return options;
}

void write(const TemporaryFile& file, const std::string& text) {
    std::ofstream{file.path(), std::ios::trunc} << text;
}

bool succeeds(World& world) {
    world.clock->advance(2min);
    world.settle();
    return world.call()->outcome->has_value();
}

}  // namespace

TEST_CASE("TLS: a context with which no handshake has succeeded is made anew after a failure") {
    const TemporaryFile file{WorldTls::get().other_ca_pem};
    World world{with_file(file)};
    CHECK_FALSE(succeeds(world));
    write(file, WorldTls::get().ca_pem);
    CHECK(succeeds(world));
    CHECK(succeeds(world));
}

}  // namespace tls_doubt_test
