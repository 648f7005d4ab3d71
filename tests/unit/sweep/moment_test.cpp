// SPDX-License-Identifier: BSL-1.0
// Several ends of a call in one moment, anywhere on its way: no handler runs between them.

#include <boost/asio/cancellation_type.hpp>

#include <doctest/doctest.h>
#include <support/world.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <optional>
#include <random>
#include <string>

namespace moment_test {

using namespace clarify;
using namespace support;
using namespace std::chrono_literals;
using boost::asio::cancellation_type;

namespace {

enum class End { deadline, cancel, cancel_again, close };

/// Rounds of one call each, in a world without TLS in which a connection is at hand.
struct Moments {
    std::mt19937_64 random{seed()};
    std::optional<World> world;
    /// Handlers that run from the start of a call to its end.
    std::size_t steps = 0;

    std::size_t succeeded = 0;
    std::size_t timed_out = 0;
    std::size_t cancelled = 0;
    std::size_t closed = 0;
    /// Whose reply had been handed to the client when the ends came.
    std::size_t delivered = 0;

    std::size_t below(std::size_t bound) { return random() % bound; }

    void renew() {
        WorldOptions options;
        options.tls = false;
        // In one piece, or in many: what a deadline sets off takes a few handlers to get through.
        if (below(2) == 0) options.segment = 16;
        options.client.retry.attempts = 1;
        world.emplace(options);
        world->call();
        const auto call = world->start(false);
        for (steps = 0; !call->outcome; ++steps)
            world->step();
    }

    /// The whole reply is in the client's hands, though perhaps nobody has looked at it yet.
    bool is_delivered(const World::Call& call, std::size_t bytes_before) const {
        const std::size_t connection = world->net.connections() - 1;
        return world->executions(call.nonce) != 0 &&
            world->net.bytes_to_client(connection) > bytes_before &&
            world->net.unread_by_client(connection) == 0;
    }

    /// What went wrong, or nothing.
    std::string play(std::vector<End> ends) {
        // A connection, so that what is in the client's hands is known.
        world->call();
        const std::size_t before = world->net.bytes_to_client(world->net.connections() - 1);
        const TimePoint deadline = world->clock->now() + 5ms;
        const auto call = world->start(false, CallOptions{5ms});
        for (std::size_t left = below(steps + 1); left != 0 && !call->outcome; --left)
            world->step_now();
        const bool had_ended = call->outcome.has_value();
        const bool was_delivered = is_delivered(*call, before);
        std::shuffle(ends.begin(), ends.end(), random);
        for (const End end : ends) {
            switch (end) {
                case End::deadline:
                    world->clock->advance_to(deadline);
                    break;
                case End::cancel:
                case End::cancel_again:
                    call->signal.emit(
                        below(2) == 0 ? cancellation_type::terminal : cancellation_type::partial);
                    break;
                case End::close:
                    world->client->close();
                    break;
            }
        }
        if (call->outcome.has_value() != had_ended) return "it ended inside the cause of its end";
        if (!world->finish(*call)) return "it never ended";
        world->settle();
        if (const std::string lie = world->lie(*call); !lie.empty()) return lie;
        const auto has = [&](End end) {
            return std::find(ends.begin(), ends.end(), end) != ends.end();
        };
        delivered += !had_ended && was_delivered ? 1 : 0;
        if (*call->outcome) {
            ++succeeded;
            return {};
        }
        const Error& error = call->outcome->error();
        if (had_ended) return "it failed before its time: " + error.to_string();
        if (was_delivered) return "its reply was thrown away: " + error.to_string();
        switch (error.code()) {
            case Errc::timeout:
                ++timed_out;
                return has(End::deadline) ? "" : error.to_string();
            case Errc::cancelled:
                ++cancelled;
                return has(End::cancel) ? "" : error.to_string();
            case Errc::closed:
                ++closed;
                return has(End::close) ? "" : error.to_string();
            default:
                return error.to_string();
        }
    }
};

/// How many rounds there are to be, unless told otherwise.
int rounds(int usual) {
    const char* const asked = std::getenv("CLARIFY_TEST_ROUNDS");
    return asked != nullptr ? std::atoi(asked) : usual;
}

}  // namespace

TEST_CASE("moment: whatever ends a call at once, it ends once, and a reply that is there counts") {
    const std::array<std::vector<End>, 4> causes{
        {{End::deadline},
         {End::cancel},
         {End::cancel, End::cancel_again},
         {End::deadline, End::cancel, End::cancel_again}}};
    Moments moments;
    const int many = rounds(4'000);
    for (int round = 0; round != many; ++round) {
        CAPTURE(round);
        CAPTURE(seed());
        // A world remembers its connections, so it is renewed now and then.
        if (round % 500 == 0) moments.renew();
        const std::string problem =
            moments.play(causes[static_cast<std::size_t>(round) % causes.size()]);
        REQUIRE(problem == "");
    }
    const auto few = static_cast<std::size_t>(many / 50);
    MESSAGE(
        "succeeded: ",
        moments.succeeded,
        ", timed out: ",
        moments.timed_out,
        ", cancelled: ",
        moments.cancelled,
        ", ended with the reply in hand: ",
        moments.delivered);
    CHECK(moments.succeeded > few);
    CHECK(moments.timed_out > few);
    CHECK(moments.cancelled > few);
    CHECK(moments.delivered > few);
}

TEST_CASE("moment: a client that is closed as its call ends otherwise") {
    const std::array<std::vector<End>, 3> causes{
        {{End::close}, {End::deadline, End::close}, {End::cancel, End::close}}};
    Moments moments;
    const int many = rounds(4'000) / 20;
    for (int round = 0; round != many; ++round) {
        CAPTURE(round);
        CAPTURE(seed());
        moments.renew();
        const std::string problem =
            moments.play(causes[static_cast<std::size_t>(round) % causes.size()]);
        REQUIRE(problem == "");
        CHECK(moments.world->net.open() == 0);
    }
    CHECK(moments.closed > 0);
    CHECK(moments.delivered > 0);
}

}  // namespace moment_test
