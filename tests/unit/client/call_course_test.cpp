// SPDX-License-Identifier: BSL-1.0
// The course of a call, told one event after the other.

#include <clarify/core/http_message.hpp>
#include <clarify/detail/call_course.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <optional>
#include <ostream>
#include <utility>
#include <vector>

namespace clarify::detail {

std::ostream& operator<<(std::ostream& out, const CourseAction& action) {
    static constexpr const char* steps[]{"queue", "token", "send", "pause", "end"};
    out << steps[static_cast<int>(action.step)];
    if (action.fresh_connection) out << ", fresh connection";
    if (action.wait != Clock::duration{}) out << ", wait " << action.wait.count();
    if (action.stopped) out << ", stopped in " << to_string(*action.stopped);
    return out;
}

}  // namespace clarify::detail

namespace call_course_test {

using namespace clarify;
using namespace clarify::detail;
using namespace std::chrono_literals;

namespace {

const TimePoint now{1'000h};

/// What a course may say.
namespace act {

constexpr CourseAction queue{CourseStep::queue, false, {}, {}};
constexpr CourseAction token{CourseStep::token, false, {}, {}};
constexpr CourseAction send{CourseStep::send, false, {}, {}};
constexpr CourseAction send_afresh{CourseStep::send, true, {}, {}};
constexpr CourseAction end{CourseStep::end, false, {}, {}};

CourseAction pause(Clock::duration wait) { return {CourseStep::pause, false, wait, {}}; }
CourseAction stopped_in(Phase phase) { return {CourseStep::end, false, {}, phase}; }

}  // namespace act

Error lost() {
    Error error{Errc::io, Reason::reset};
    return error.set_phase(Phase::first_byte).set_fate(Fate::unknown);
}
Error stale() { return Error{Errc::io, Reason::stale}; }
Error refused_connection() {
    Error error{Errc::connect, Reason::refused};
    return error.set_phase(Phase::connect).set_fate(Fate::unsent);
}
Error status(unsigned status) {
    HttpFailure failure;
    failure.status = status;
    Error error{status == 401 ? Errc::auth : Errc::status};
    return error.set_fate(Fate::answered).set_http(std::move(failure));
}

/// A course with the rules and the budget that a client lends it.
struct Bench {
    explicit Bench(bool idempotent = true) : course(idempotent, now + 1h) {}

    CourseAction tell(const CourseEvent& event) { return course.next(event, options, budget); }
    CourseAction begun() { return tell({}); }
    CourseAction done() {
        CourseEvent event;
        event.kind = CourseEvent::Kind::done;
        event.now = now;
        return tell(event);
    }
    CallCourse::Look look(Clock::duration after, Phase phase = Phase::first_byte) {
        HttpProgress progress;
        progress.phase = phase;
        progress.sent = phase == Phase::first_byte;
        progress.left_queue = left_queue;
        return course.look(now + after, progress, 17s, options, budget);
    }
    CourseAction broken(const Error& error) {
        CourseEvent event;
        event.kind = CourseEvent::Kind::broken;
        event.error = &error;
        return tell(event);
    }
    CourseAction rejected(bool renewable = true, bool stopped = false) {
        const Error error = status(401);
        CourseEvent event;
        event.kind = CourseEvent::Kind::rejected;
        event.error = &error;
        event.renewable = renewable;
        event.stopped = stopped;
        return tell(event);
    }
    CourseAction failed(const Error& error, bool stopped = false, bool early = false) {
        CourseEvent event;
        event.kind = CourseEvent::Kind::failed;
        event.error = &error;
        event.stopped = stopped;
        event.early = early;
        event.now = now;
        event.random = 0.5;
        return tell(event);
    }
    /// From the beginning, a pause or a renewal to where the request is sent.
    CourseAction to_send() {
        if (course.attempts() == 0) begun();
        done();
        return done();
    }
    CourseAction after_pause() {
        done();
        return to_send();
    }

    RetryOptions options;
    RetryBudget budget{0};
    CallCourse course;
    TimePoint left_queue = (TimePoint::min)();
};

}  // namespace

TEST_CASE("CallCourse: a call without trouble waits for its turn, gets its header, is sent, ends") {
    Bench bench;
    CHECK(bench.course.attempts() == 0);
    CHECK(bench.begun() == act::queue);
    CHECK(bench.done() == act::token);
    CHECK(bench.course.attempts() == 0);
    CHECK(bench.done() == act::send);
    CHECK(bench.course.attempts() == 1);
    CHECK(bench.done() == act::end);
    CHECK(bench.course.attempts() == 1);
    CHECK_FALSE(bench.course.maybe_executed());
}

TEST_CASE("CallCourse: what breaks before the request is sent ends the call") {
    SUBCASE("stopped in the line") {
        Bench bench;
        bench.begun();
        CHECK(bench.broken(Error{Errc::timeout}) == act::end);
    }
    SUBCASE("no header to be had") {
        Bench bench;
        bench.begun();
        CHECK(bench.done() == act::token);
        CHECK(bench.broken(Error{Errc::token}) == act::end);
        CHECK(bench.course.attempts() == 0);
    }
}

TEST_CASE(
    "CallCourse: a failure that may pass is repeated after a pause, with a new turn and header") {
    Bench bench;
    CHECK(bench.to_send() == act::send);
    CHECK(bench.failed(lost()) == act::pause(50ms));
    CHECK(bench.course.maybe_executed());
    CHECK(bench.done() == act::queue);
    CHECK(bench.done() == act::token);
    CHECK(bench.done() == act::send);
    CHECK(bench.course.attempts() == 2);
    CHECK(bench.failed(status(503)) == act::pause(100ms));
    CHECK(bench.after_pause() == act::send);
    CHECK(bench.course.attempts() == 3);
    CHECK(bench.failed(lost()) == act::end);
    CHECK(bench.course.attempts() == 3);
}

TEST_CASE("CallCourse: a pause may be broken off") {
    Bench bench;
    bench.to_send();
    CHECK(bench.failed(lost()) == act::pause(50ms));
    CHECK(bench.broken(Error{Errc::cancelled}) == act::end);
    CHECK(bench.course.attempts() == 1);
}

TEST_CASE("CallCourse: what may have been executed is repeated for idempotent calls only") {
    SUBCASE("lost on the way") {
        Bench bench{false};
        bench.to_send();
        CHECK(bench.failed(lost()) == act::end);
        CHECK(bench.course.maybe_executed());
    }
    SUBCASE("surely not executed") {
        Bench bench{false};
        bench.to_send();
        CHECK(bench.failed(refused_connection()) == act::pause(50ms));
        CHECK_FALSE(bench.course.maybe_executed());
        // And what came of an earlier attempt is not forgotten.
        bench.after_pause();
        CHECK(bench.failed(lost()) == act::end);
        CHECK(bench.course.maybe_executed());
    }
    SUBCASE("answered before the request was sent whole") {
        Bench bench{false};
        bench.to_send();
        CHECK(bench.failed(status(408), false, true) == act::pause(50ms));
        CHECK_FALSE(bench.course.maybe_executed());
    }
}

TEST_CASE("CallCourse: a stale connection is replaced without a pause, and once in a row") {
    Bench bench;
    bench.options.attempts = 5;
    CHECK(bench.to_send() == act::send);
    CHECK(bench.failed(stale()) == act::pause(0ms));
    CHECK(bench.after_pause() == act::send_afresh);
    CHECK(bench.failed(stale()) == act::end);

    Bench other;
    other.options.attempts = 5;
    other.to_send();
    CHECK(other.failed(stale()) == act::pause(0ms));
    CHECK(other.after_pause() == act::send_afresh);
    CHECK(other.failed(lost()) == act::pause(100ms));
    CHECK(other.after_pause() == act::send);
    CHECK(other.failed(stale()) == act::pause(0ms));
}

TEST_CASE("CallCourse: a rejected header is renewed at once, and once") {
    Bench bench;
    CHECK(bench.to_send() == act::send);
    CHECK(bench.rejected() == act::queue);
    CHECK(bench.done() == act::token);
    CHECK(bench.done() == act::send);
    CHECK(bench.course.attempts() == 2);
    CHECK(bench.rejected() == act::end);
    CHECK_FALSE(bench.course.maybe_executed());
}

TEST_CASE("CallCourse: a header is renewed for any call, also where repetition is turned off") {
    Bench bench{false};
    bench.options.attempts = 1;
    bench.to_send();
    CHECK(bench.rejected() == act::queue);
    CHECK(bench.to_send() == act::send);
    CHECK(bench.failed(refused_connection()) == act::end);
}

TEST_CASE("CallCourse: a header that cannot be renewed ends the call") {
    Bench bench;
    bench.to_send();
    CHECK(bench.rejected(false) == act::end);
}

TEST_CASE("CallCourse: a renewal takes an attempt, and is not made where none is left") {
    Bench bench;
    bench.to_send();
    bench.failed(lost());
    bench.after_pause();
    bench.failed(lost());
    bench.after_pause();
    CHECK(bench.course.attempts() == 3);
    CHECK(bench.rejected() == act::end);

    Bench other;
    other.to_send();
    CHECK(other.rejected() == act::queue);
    other.to_send();
    other.failed(lost());
    CHECK(other.after_pause() == act::send);
    CHECK(other.course.attempts() == 3);
    CHECK(other.failed(lost()) == act::end);
}

TEST_CASE("CallCourse: a renewed header is sent on a fresh connection where that was called for") {
    Bench bench;
    bench.to_send();
    bench.failed(stale());
    CHECK(bench.after_pause() == act::send_afresh);
    CHECK(bench.rejected() == act::queue);
    CHECK(bench.to_send() == act::send_afresh);
}

TEST_CASE("CallCourse: a call that was stopped does not go on") {
    SUBCASE("to be sent again after a pause") {
        Bench bench;
        bench.to_send();
        CHECK(bench.failed(lost(), true) == act::stopped_in(Phase::backoff));
    }
    SUBCASE("with another header") {
        Bench bench;
        bench.to_send();
        CHECK(bench.rejected(true, true) == act::stopped_in(Phase::token));
    }
    SUBCASE("and where it would have ended anyway, its own failure is the outcome") {
        Bench bench;
        bench.to_send();
        CHECK(bench.failed(status(404), true) == act::end);
        Bench other;
        other.to_send();
        CHECK(other.rejected(false, true) == act::end);
    }
}

TEST_CASE("CallCourse: failures cost the budget, which ends repetition; successes restore it") {
    const auto sent = [](Bench& bench) {
        bench.course = CallCourse{true, now + 1h};
        bench.to_send();
    };
    const auto repeats = [&](Bench& bench) {
        RetryBudget before = bench.budget;
        sent(bench);
        const bool again = bench.failed(lost()).step == CourseStep::pause;
        bench.budget = before;
        return again;
    };
    Bench bench;
    // With two tokens a failure leaves one, which is half of them, and the next one leaves none.
    bench.budget = RetryBudget{2};
    CHECK(repeats(bench));

    Error late{Errc::timeout};
    late.set_phase(Phase::first_byte).set_fate(Fate::unknown);
    const std::vector<std::pair<Error, bool>> broken{
        {late, true}, {Error{Errc::cancelled}, false}, {Error{Errc::closed}, false}};
    for (const auto& [error, costs] : broken) {
        CAPTURE(to_string(error.code()));
        bench.budget = RetryBudget{2};
        sent(bench);
        CHECK(bench.broken(error) == act::end);
        CHECK(repeats(bench) != costs);
    }

    bench.budget = RetryBudget{2};
    sent(bench);
    CHECK(bench.rejected() == act::queue);
    CHECK(repeats(bench));

    sent(bench);
    bench.failed(lost());
    CHECK_FALSE(repeats(bench));
    for (int i = 0; i != 9; ++i) {
        sent(bench);
        CHECK(bench.done() == act::end);
        CHECK_FALSE(repeats(bench));
    }
    sent(bench);
    bench.done();
    sent(bench);
    bench.done();
    CHECK(repeats(bench));
}

TEST_CASE("CallCourse: what breaks while it is not being sent costs nothing") {
    Bench bench;
    bench.budget = RetryBudget{2};
    Error late{Errc::timeout};
    late.set_phase(Phase::token);
    for (int i = 0; i != 3; ++i) {
        bench.course = CallCourse{true, now + 1h};
        bench.begun();
        bench.done();
        CHECK(bench.broken(late) == act::end);
    }
    CHECK(bench.budget.allows_retry());
    bench.course = CallCourse{true, now + 1h};
    bench.to_send();
    CHECK(bench.failed(lost()) == act::pause(50ms));
}

TEST_CASE("CallCourse: no pause reaches the deadline") {
    Bench bench;
    bench.course = CallCourse{true, now + 50ms};
    bench.to_send();
    CHECK(bench.failed(lost()) == act::end);
}

TEST_CASE("CallCourse: a call may ask for fewer attempts than the client makes, and not for more") {
    Bench bench;
    bench.options.attempts = 2;
    bench.course = CallCourse{true, now + 1h, true, 1};
    bench.to_send();
    CHECK(bench.failed(lost()) == act::end);

    bench.course = CallCourse{true, now + 1h, true, 5};
    bench.to_send();
    CHECK(bench.failed(lost()).step == CourseStep::pause);
    bench.after_pause();
    CHECK(bench.failed(lost()) == act::end);

    // Another token is none of a failure's repetitions.
    bench.course = CallCourse{true, now + 1h, true, 1};
    bench.to_send();
    CHECK(bench.rejected() == act::queue);
}

TEST_CASE("CallCourse: an attempt at its limit is cut, and the next one goes out at once, afresh") {
    Bench bench;
    bench.to_send();
    CHECK_FALSE(bench.look(17s - 1ns).cut);
    CHECK(bench.look(17s - 1ns).next == now + 17s);
    CHECK(bench.look(17s).cut);
    CHECK(bench.course.is_cut());
    // Asked again, where it could not be told.
    CHECK(bench.look(17s + 10ms).cut);
    Error late{Errc::timeout};
    late.set_phase(Phase::first_byte).set_fate(Fate::unknown);
    CHECK(bench.failed(late) == act::pause(0ms));
    CHECK(bench.course.maybe_executed());
    CHECK(bench.after_pause() == act::send_afresh);
    CHECK_FALSE(bench.course.is_cut());
}

TEST_CASE("CallCourse: the limit of an attempt counts from when it left the line") {
    Bench bench;
    bench.to_send();
    // As far as anybody knows it leaves the line now.
    CHECK_FALSE(bench.look(20s, Phase::queue).cut);
    CHECK(bench.look(20s, Phase::queue).next == now + 37s);
    CHECK_FALSE(bench.look(37s - 1ns).cut);
    bench.left_queue = now + 25s;
    CHECK_FALSE(bench.look(37s).cut);
    CHECK(bench.look(37s).next == now + 42s);
    CHECK(bench.look(42s).cut);
}

TEST_CASE("CallCourse: an attempt that none may follow keeps the whole limit of the call") {
    Bench once{false};
    once.to_send();
    CHECK_FALSE(once.look(17s).cut);
    CHECK_FALSE(once.look(1min).cut);

    Bench unsent{false};
    unsent.to_send();
    CHECK(unsent.look(17s, Phase::tls).cut);

    Bench last;
    last.options.attempts = 1;
    last.to_send();
    CHECK_FALSE(last.look(17s).cut);

    Bench alone;
    alone.course = CallCourse{true, now + 1h, true, 1};
    alone.to_send();
    CHECK_FALSE(alone.look(17s).cut);

    Bench broke;
    broke.budget = RetryBudget{2};
    broke.budget.failed();
    broke.to_send();
    CHECK_FALSE(broke.look(17s).cut);
    CHECK(broke.budget.allows_retry());

    Bench pausing;
    pausing.to_send();
    pausing.failed(lost());
    CHECK_FALSE(pausing.look(17s).cut);
}

TEST_CASE("CallCourse: what becomes of an attempt that was cut") {
    Bench bench;
    bench.to_send();
    REQUIRE(bench.look(17s).cut);
    Error late{Errc::timeout};
    late.set_phase(Phase::first_byte).set_fate(Fate::unknown);
    SUBCASE("stopped meanwhile") {
        CHECK(bench.failed(late, true) == act::stopped_in(Phase::backoff));
    }
    SUBCASE("ended by its own answer after all") { CHECK(bench.failed(status(404)) == act::end); }
    SUBCASE("ended when the call's time was up") {
        bench.course = CallCourse{true, now};
        bench.begun();
        bench.done();
        bench.done();
        REQUIRE(bench.look(17s).cut);
        CHECK(bench.failed(late) == act::end);
    }
}

TEST_CASE("CallCourse: each attempt that is cut takes one token from the budget") {
    Bench bench;
    bench.budget = RetryBudget{4};
    Error late{Errc::timeout};
    late.set_phase(Phase::first_byte).set_fate(Fate::unknown);
    for (int i = 0; i != 2; ++i) {
        bench.course = CallCourse{true, now + 1h};
        bench.to_send();
        CHECK(bench.look(17s).cut);
        CHECK(bench.failed(late) == act::pause(0ms));
    }
    bench.course = CallCourse{true, now + 1h};
    bench.to_send();
    CHECK_FALSE(bench.look(17s).cut);
    CHECK(bench.budget.allows_retry());
}

}  // namespace call_course_test
