// SPDX-License-Identifier: BSL-1.0
// Whether a 401 costs a token or a call: the decisions alone.

#include <clarify/detail/rejected_methods.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace rejected_methods_test {

using namespace clarify;
using namespace std::chrono_literals;
using clarify::detail::RejectedMethods;

namespace {

const TimePoint start{1'000h};

AuthHeader make_header() { return std::make_shared<const Secret>("Bearer t"); }

/// Renews the header each time it is blamed, as a policy would.
struct World {
    /// A call of `method` that the server refuses; was the header blamed?
    bool refuse(std::string_view method) {
        const bool blamed = methods.blames_header(method, header, now);
        if (blamed) renew();
        return blamed;
    }
    /// A call that the server refuses, and its repetition if it blames the header.
    void refuse_call(std::string_view method) {
        if (refuse(method)) refuse(method);
    }
    void serve(std::string_view method) { methods.served(method, header); }
    void renew() {
        header = make_header();
        ++renewals;
    }

    RejectedMethods methods;
    AuthHeader header = make_header();
    TimePoint now = start;
    std::size_t renewals = 0;
};

}  // namespace

TEST_CASE("RejectedMethods: a header has served from its first answer on, and by itself") {
    RejectedMethods methods;
    const AuthHeader first = make_header();
    const AuthHeader second = make_header();
    CHECK_FALSE(methods.has_served(first));
    CHECK_FALSE(methods.has_served(nullptr));
    methods.served("m", first);
    CHECK(methods.has_served(first));
    // The same text, issued anew.
    CHECK_FALSE(methods.has_served(second));
    methods.served("m", second);
    // A late answer to the old one takes nothing from the new one.
    methods.served("m", first);
    CHECK(methods.has_served(second));
}

TEST_CASE("RejectedMethods: a refusal is not an answer") {
    RejectedMethods methods;
    const AuthHeader header = make_header();
    CHECK(methods.blames_header("m", header, start));
    CHECK_FALSE(methods.has_served(header));
}

TEST_CASE("RejectedMethods: keeps no header alive, and takes no new one for an old one") {
    RejectedMethods methods;
    AuthHeader header = make_header();
    const std::weak_ptr<const Secret> watch = header.value();
    methods.served("m", header);
    CHECK(methods.blames_header("m", header, start));
    header.reset();
    CHECK(watch.expired());
    for (int i = 0; i != 100; ++i)
        CHECK_FALSE(methods.has_served(make_header()));
}

TEST_CASE("RejectedMethods: every revocation is blamed on the header, however often it happens") {
    World world;
    for (int i = 0; i != 1'000; ++i) {
        for (int k = 0; k != 3; ++k)
            world.serve("m");
        CHECK(world.refuse("m"));
        world.serve("m");
    }
    CHECK(world.renewals == 1'000);
}

TEST_CASE(
    "RejectedMethods: of many calls in flight when it is revoked, none is taken for stubborn") {
    World world;
    world.serve("m");
    const AuthHeader old = world.header;
    CHECK(world.refuse("m"));
    for (int i = 0; i != 1'000; ++i) {
        CHECK(world.methods.blames_header("m", old, world.now));
        world.serve("m");
        CHECK(world.methods.blames_header("m", old, world.now));
    }
    // Nor does it matter when the new one is revoked in its turn.
    CHECK(world.refuse("m"));
    world.serve("m");
}

TEST_CASE("RejectedMethods: a 401 that outlived a renewal is the method's own") {
    World world;
    world.serve("good");
    CHECK(world.refuse("bad"));
    CHECK_FALSE(world.refuse("bad"));
    world.serve("good");
    // Others are served, so the header is not given up for it at all.
    for (int i = 0; i != 3'600; ++i) {
        world.now += 1s;
        CHECK_FALSE(world.refuse("bad"));
        world.serve("good");
    }
    CHECK(world.renewals == 1);
    // A revocation is seen all the same, by those that it concerns.
    CHECK(world.refuse("good"));
    CHECK_FALSE(world.refuse("bad"));
    world.serve("good");
    CHECK(world.renewals == 2);
}

TEST_CASE("RejectedMethods: a method that is served again is believed again") {
    World world;
    world.refuse_call("m");
    CHECK(world.renewals == 1);
    world.serve("m");
    // The pause: what it is called with may make the difference.
    CHECK_FALSE(world.refuse("m"));
    world.serve("m");
    world.now += 1s;
    CHECK(world.refuse("m"));
    CHECK(world.renewals == 2);
}

TEST_CASE("RejectedMethods: where nobody is served, the renewals obey a pause that doubles") {
    World world;
    world.serve("m");
    std::vector<Clock::duration> renewed_at;
    for (; world.now < start + 10min; world.now += 100ms) {
        if (!world.refuse("m")) continue;
        renewed_at.push_back(world.now - start);
        world.refuse("m");
    }
    REQUIRE(renewed_at.size() > 10);
    CHECK(renewed_at[0] == 0s);
    Clock::duration pause = 1s;
    for (std::size_t i = 1; i != renewed_at.size(); ++i) {
        CAPTURE(i);
        CHECK(renewed_at[i] - renewed_at[i - 1] == pause);
        pause = std::min<Clock::duration>(2 * pause, 60s);
    }
}

TEST_CASE("RejectedMethods: however many methods are stubborn, the pause is one") {
    World world;
    world.serve("good");
    for (; world.now < start + 10min; world.now += 100ms) {
        for (int i = 0; i != 40; ++i)
            world.refuse_call("bad" + std::to_string(i));
    }
    // 1 + 2 + 4 + ... + 32 s, and one a minute.
    CHECK(world.renewals >= 10);
    CHECK(world.renewals <= 20);
}

TEST_CASE("RejectedMethods: names made up without end cost no more than a few renewals") {
    World world;
    world.serve("good");
    std::size_t made_up = 0;
    for (; world.now < start + 10min; world.now += 100ms) {
        world.refuse_call("bad" + std::to_string(++made_up));
        world.refuse_call(std::string(200, 'x') + std::to_string(made_up));
        world.serve("good");
    }
    // One a pause: 1 + 2 + 4 + ... + 32 s, and one a minute.
    CHECK(world.renewals <= 20);
    // That hides no revocation from those who are served.
    CHECK(world.refuse("good"));
}

TEST_CASE("RejectedMethods: what a method is called with costs no renewal for each call") {
    World world;
    std::size_t own = 0;
    for (; world.now < start + 10min; world.now += 100ms) {
        world.serve("shared");
        if (!world.refuse("shared")) {
            ++own;
        } else {
            CHECK_FALSE(world.refuse("shared"));
        }
        world.serve("shared");
    }
    CHECK(own > 5'900);
    CHECK(world.renewals <= 20);
    // It is forgotten a while after the last one.
    world.now += 2min;
    CHECK(world.refuse("shared"));
}

TEST_CASE("RejectedMethods: one refusal in thirty thousand harms nobody else") {
    // A header that is refused before it has served would be followed by a pause for all calls.
    World world;
    std::size_t unserved = 0;
    for (int call = 1; call <= 250'000; ++call) {
        world.now += 1ms;
        if (call % 30'000 != 0) {
            world.serve("m");
            continue;
        }
        const AuthHeader refused = world.header;
        if (world.refuse("m") && !world.methods.has_served(refused)) ++unserved;
    }
    CHECK(unserved == 0);
    CHECK(world.renewals == 8);
}

TEST_CASE(
    "RejectedMethods: a header that one method was refused with is not lost for another's sake") {
    World world;
    world.serve("good");
    CHECK(world.refuse("bad"));
    CHECK_FALSE(world.refuse("bad"));
    // The new header has served nobody yet.
    for (int i = 0; i != 64; ++i)
        CHECK_FALSE(world.refuse("worse" + std::to_string(i)));
    world.serve("good");
    CHECK(world.renewals == 1);
}

TEST_CASE(
    "RejectedMethods: before anything was served, too, the second method waits for the pause") {
    World world;
    CHECK(world.refuse("a"));
    CHECK_FALSE(world.refuse("a"));
    // It may be that both are refused for their own sake, and that others will be served.
    CHECK_FALSE(world.refuse("b"));
    world.now += 1s;
    CHECK(world.refuse("b"));
    CHECK_FALSE(world.refuse("b"));
    CHECK_FALSE(world.refuse("c"));
    world.serve("good");
    CHECK(world.renewals == 2);
}

TEST_CASE(
    "RejectedMethods: a header renewed for another reason is no sign of a bad method for long") {
    World world;
    world.serve("m");
    CHECK(world.refuse("m"));
    // The repetition was lost on its way. Much later the header has expired, and was revoked.
    world.now += 2h;
    world.renew();
    CHECK(world.refuse("m"));
}

TEST_CASE("RejectedMethods: a pause is short again after a while without") {
    World world;
    world.serve("m");
    const auto in_vain = [&] {
        std::size_t paused = 0;
        while (!world.refuse("m")) {
            world.now += 500ms;
            ++paused;
        }
        return paused;
    };
    CHECK(in_vain() == 0);
    CHECK(in_vain() == 2);
    CHECK(in_vain() == 4);
    world.serve("m");
    world.now += 10min;
    CHECK(in_vain() == 0);
    CHECK(in_vain() == 2);
}

}  // namespace rejected_methods_test
