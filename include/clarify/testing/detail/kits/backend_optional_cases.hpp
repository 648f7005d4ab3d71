// SPDX-License-Identifier: BSL-1.0
// The cases about what a backend may have and need not: draining, retiring, being observed.

#ifndef CLARIFY_TESTING_DETAIL_KITS_BACKEND_OPTIONAL_CASES_HPP
#define CLARIFY_TESTING_DETAIL_KITS_BACKEND_OPTIONAL_CASES_HPP

#include <clarify/core/event.hpp>
#include <clarify/testing/detail/kits/backend_bench.hpp>
#include <clarify/testing/detail/kits/backend_scripts.hpp>

#include <cstddef>
#include <memory>
#include <string>

namespace clarify::testing::detail::backend_cases {

/// Closes nothing, and calls nothing but `drain`; false where the backend has none.
inline bool drains(BackendCheck& check, BackendBench& bench) {
    bool drained = false;
    bench.on_executor([&] { drained = bench.backend().drain(); });
    if (!drained) check.skip("the backend has no drain()");
    return drained;
}

inline void drain_idle(BackendCheck& check) {
    BackendServer server{check, echo};
    BackendBench bench{check};
    bench.expect_success(bench.post(server.origin()), 200, "{}");
    if (!drains(check, bench)) return;
    check.expect(
        bench.runs_until([&] { return server.ledger().closed_by_client() != 0; }, shortly),
        "the connection of a finished exchange stayed open");
}

inline void drain_serves(BackendCheck& check) {
    BackendServer server(check, [](RawPeer& peer) {
        while (const auto request = peer.read()) {
            if (request->body == "under way") peer.await_release();
            peer.reply(request->body);
        }
    });
    BackendBench bench{check};
    Exchange& under_way = bench.start(server.origin(), "under way");
    bench.runs_until([&] { return server.ledger().request_count() != 0; }, shortly);
    if (!drains(check, bench)) return;
    bench.expect_success(bench.post(server.origin(), "next"), 200, "next", "the next exchange");
    server.ledger().release();
    bench.wait(under_way);
    bench.expect_success(under_way, 200, "under way", "the exchange under way");
}

/// The same for `retire`.
inline bool retires(BackendCheck& check, BackendBench& bench) {
    bool retired = false;
    bench.on_executor([&] { retired = bench.backend().retire(); });
    if (!retired) check.skip("the backend has no retire()");
    return retired;
}

inline void retire_idle(BackendCheck& check) {
    BackendServer server{check, echo};
    BackendBench bench{check};
    bench.expect_success(bench.post(server.origin(), "1"), 200, "1", "the first exchange");
    if (!retires(check, bench)) return;
    bench.expect_success(bench.post(server.origin(), "2"), 200, "2", "the next exchange");
    check.expect(
        connection_of(server, "1") != connection_of(server, "2"),
        "the next exchange went over a connection from before");
}

inline void retire_in_use(BackendCheck& check) {
    BackendServer server(check, [](RawPeer& peer) {
        while (const auto request = peer.read()) {
            if (request->body == "under way") peer.await_release();
            peer.reply(request->body);
        }
    });
    BackendBench bench{check};
    Exchange& under_way = bench.start(server.origin(), "under way");
    bench.runs_until([&] { return server.ledger().request_count() != 0; }, shortly);
    if (!retires(check, bench)) return;
    server.ledger().release();
    bench.wait(under_way);
    bench.expect_success(under_way, 200, "under way", "the exchange under way");
    bench.expect_success(bench.post(server.origin(), "next"), 200, "next", "the next exchange");
    check.expect(
        connection_of(server, "under way") != connection_of(server, "next"),
        "the next exchange went over the connection of one that was under way");
}

/// What an observer has seen; shared, for it may be called when its case is over.
struct Observed {
    std::size_t opened = 0;
    std::size_t nameless = 0;
    std::size_t elsewhere = 0;
    std::size_t others = 0;
    std::size_t all = 0;
};

inline void observe_events(BackendCheck& check) {
    BackendServer server{check, echo};
    BackendBench bench{check};
    const auto seen = std::make_shared<Observed>();
    const bool observed =
        bench.backend().observe([seen, serial = bench.serial()](const Event& event) {
            ++seen->all;
            const bool connection = event.kind == EventKind::connection_opened ||
                event.kind == EventKind::connection_reused ||
                event.kind == EventKind::connection_closed;
            const bool file =
                event.kind == EventKind::file_changed || event.kind == EventKind::file_failed;
            if (event.kind == EventKind::connection_opened) ++seen->opened;
            if (connection && event.host.empty()) ++seen->nameless;
            if (!connection && !file) ++seen->others;
            if (!serial.running_in_this_thread()) ++seen->elsewhere;
        });
    if (!observed) return check.skip("the backend has no observe()");
    bench.expect_success(bench.post(server.origin(), "1"), 200, "1", "the first exchange");
    bench.expect_success(bench.post(server.origin(), "2"), 200, "2", "the second exchange");
    check.expect(seen->opened != 0, "no connection was reported as opened");
    check.expect(seen->nameless == 0, "an event of a connection did not name its host");
    check.expect(seen->others == 0, "an event was sent that is not the backend's");
    check.expect(seen->elsewhere == 0, "an event was sent outside the executor");
    const std::size_t before = seen->all;
    bench.destroy();
    check.expect(seen->all == before, "an event was sent where nothing runs any more");
}

inline constexpr BackendCase optional_cases[] = {
    {"drain.idle", "drain closes idle connections", drain_idle},
    {"drain.serves",
     "after drain the exchanges under way end as they would, and others follow",
     drain_serves},
    {"retire.idle", "after retire no exchange uses a connection that was idle", retire_idle},
    {"retire.in_use",
     "after retire the exchange under way ends as it would, and its connection serves no other",
     retire_in_use},
    {"observe.events",
     "connection events are sent on the executor, and none where nothing runs on it any more",
     observe_events},
};

}  // namespace clarify::testing::detail::backend_cases

#endif  // CLARIFY_TESTING_DETAIL_KITS_BACKEND_OPTIONAL_CASES_HPP
