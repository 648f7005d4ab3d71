// SPDX-License-Identifier: BSL-1.0

#include <clarify/core/event.hpp>

#include <doctest/doctest.h>

#include <string>
#include <string_view>

namespace event_test {

using namespace clarify;

namespace {

std::string_view trace_id(std::string_view traceparent) {
    Event event{EventKind::response};
    event.traceparent = traceparent;
    return event.trace_id();
}

}  // namespace

TEST_CASE("Event: the trace id is the second part of a trace context") {
    CHECK(
        trace_id("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01") ==
        "4bf92f3577b34da6a3ce929d0e0e4736");
    // A later version may have more parts (W3C Trace Context section 3.2.3).
    CHECK(
        trace_id("01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more") ==
        "4bf92f3577b34da6a3ce929d0e0e4736");
}

TEST_CASE("Event: what is no trace context has no trace id") {
    const std::string id(32, 'a');
    CHECK(trace_id("").empty());
    CHECK(trace_id("00-" + id).empty());
    CHECK(trace_id("00-" + id + "0-00f067aa0ba902b7-01").empty());
    CHECK(trace_id("00_" + id + "-00f067aa0ba902b7-01").empty());
    CHECK(trace_id("00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01").empty());
    CHECK(trace_id("00-\"injected\":1,2,3,4,5,6,7,8,9,10-00f067aa0ba902b7-01").empty());
}

TEST_CASE("Event: each kind has a name of its own") {
    for (int kind = 0; kind <= static_cast<int>(EventKind::file_failed); ++kind) {
        const std::string_view name = to_string(static_cast<EventKind>(kind));
        CHECK(name != "unknown");
        for (int other = 0; other != kind; ++other)
            CHECK(name != to_string(static_cast<EventKind>(other)));
    }
}

}  // namespace event_test
