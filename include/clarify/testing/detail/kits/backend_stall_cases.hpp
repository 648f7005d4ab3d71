// SPDX-License-Identifier: BSL-1.0
// The cases about exchanges that get stuck: what progress says, deadlines and cancellation.

#ifndef CLARIFY_TESTING_DETAIL_KITS_BACKEND_STALL_CASES_HPP
#define CLARIFY_TESTING_DETAIL_KITS_BACKEND_STALL_CASES_HPP

#include <clarify/testing/detail/kits/backend_bench.hpp>
#include <clarify/testing/detail/kits/backend_scripts.hpp>

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

namespace clarify::testing::detail::backend_cases {

/// Starts an exchange and runs until its progress shows the phase it gets stuck in.
inline Exchange& start_stalled(BackendBench& bench, Stall& stall, bool& reached) {
    Exchange& exchange = bench.start(stall.address(), stall.body());
    reached = bench.runs_until([&] { return exchange.progress.phase == stall.phase(); }, shortly);
    return exchange;
}

// --- Progress -----------------------------------------------------------------------------------

inline void progress_phase(BackendCheck& check) {
    for (const Phase phase :
         {Phase::connect, Phase::tls, Phase::write, Phase::first_byte, Phase::head, Phase::body}) {
        Stall stall{check, phase};
        if (!stall.staged()) {
            check.skip(Stall::why_not);
            continue;
        }
        BackendBench bench{check};
        bool reached = false;
        const Exchange& exchange = start_stalled(bench, stall, reached);
        const std::string shown{to_string(exchange.progress.phase)};
        if (!check.expect(
                reached, "progress showed the phase " + shown + " in a stall of " + stall.name()))
            return;
    }
}

inline void progress_sent(BackendCheck& check) {
    for (const Phase phase : {Phase::connect, Phase::tls}) {
        Stall stall{check, phase};
        if (!stall.staged()) {
            check.skip(Stall::why_not);
            continue;
        }
        BackendBench bench{check};
        const Exchange& exchange = bench.start(stall.address());
        bench.runs_until(
            [&] {
                return stall.server() == nullptr ? exchange.progress.phase == phase
                                                 : stall.server()->ledger().bytes() != 0;
            },
            shortly);
        check.expect(!exchange.progress.sent, "sent was true in the phase " + stall.name());
    }
    for (const Phase phase : {Phase::write, Phase::first_byte}) {
        Stall stall{check, phase};
        BackendBench bench{check};
        const Exchange& exchange = bench.start(stall.address(), stall.body());
        if (phase == Phase::write) stall.server()->ledger().release();
        const bool arrived =
            bench.runs_until([&] { return stall.server()->ledger().bytes() != 0; }, shortly);
        check.expect(arrived, "no byte of the request was sent");
        check.expect(exchange.progress.sent, "sent was false when bytes had arrived");
    }
}

/// A failure says where: for the phases in which a peer can end an exchange without its own doing.
inline void failure_phase(BackendCheck& check) {
    struct Row {
        Phase phase;
        const char* bytes;
    };
    BackendBench bench{check};
    for (const Row row :
         {Row{Phase::first_byte, ""},
          Row{Phase::head, "HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nDate: M"},
          Row{Phase::body, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01234"}}) {
        BackendServer server(check, [row](RawPeer& peer) {
            if (!peer.read()) return;
            if (*row.bytes != '\0') peer.send(row.bytes);
            peer.await_release();
            peer.finish_sending();
            peer.drain();
        });
        Exchange& exchange = bench.start(server.origin());
        bench.runs_until([&] { return exchange.progress.phase == row.phase; }, shortly);
        server.ledger().release();
        bench.wait(exchange);
        // That it is a failure at all is what "broken" is about.
        if (!exchange.error) continue;
        check.expect(
            exchange.error->phase() == row.phase,
            "a failure in " + std::string{to_string(row.phase)} + " reported the phase " +
                std::string{to_string(exchange.error->phase())});
    }
}

// --- Deadlines ----------------------------------------------------------------------------------

/// Expects the end soon after the deadline. The exchange is cancelled a little after it, as a
/// client does at once, for a stack that does not know of deadlines.
inline void expect_deadline(
    BackendCheck& check, const std::string& address, Fate fate, const std::string& body = "{}") {
    BackendBench bench{check};
    Exchange& exchange = bench.prepare(address, body);
    exchange.request.deadline = Clock::now() + std::chrono::milliseconds{250};
    bench.start(exchange);
    const bool over = bench.runs_until(
        [&] { return exchange.done; },
        std::chrono::milliseconds{250} + BackendBench::grace + BackendBench::prompt);
    if (!check.expect(over, "the exchange went on for seconds after its deadline")) return;
    check.expect(!exchange.succeeded(), "the exchange " + exchange.outcome());
    // What a cancelled exchange reports is replaced.
    if (!exchange.cancelled) bench.expect_failure(exchange, fate, Errc::timeout);
}

inline void deadline_connect(BackendCheck& check) {
    Stall stall{check, Phase::connect};
    if (!stall.staged()) return check.skip(Stall::why_not);
    expect_deadline(check, stall.address(), Fate::unsent);
}
inline void deadline_tls(BackendCheck& check) {
    Stall stall{check, Phase::tls};
    expect_deadline(check, stall.address(), Fate::unsent);
}
inline void deadline_write(BackendCheck& check) {
    Stall stall{check, Phase::write};
    expect_deadline(check, stall.address(), Fate::unknown, stall.body());
    stall.server()->ledger().release();
}
inline void deadline_first_byte(BackendCheck& check) {
    Stall stall{check, Phase::first_byte};
    expect_deadline(check, stall.address(), Fate::unknown);
}
inline void deadline_drip(BackendCheck& check) {
    const auto dripping = [](const char* head) {
        return [head](RawPeer& peer) {
            if (!peer.read()) return;
            peer.send(head);
            peer.drip("x", std::chrono::milliseconds{5});
        };
    };
    BackendServer body{check, dripping("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")};
    expect_deadline(check, body.origin(), Fate::unknown);
    BackendServer head{check, dripping("HTTP/1.1 200 OK\r\nX-Field: ")};
    expect_deadline(check, head.origin(), Fate::unknown);
}

// --- Cancellation -------------------------------------------------------------------------------

inline void expect_cancellable(BackendCheck& check, Phase phase) {
    Stall stall{check, phase};
    if (!stall.staged()) return check.skip(Stall::why_not);
    BackendServer other{check, echo};
    BackendBench bench{check};
    Exchange& bystander = bench.prepare(other.origin(), "bystander");
    bool reached = false;
    Exchange& exchange = start_stalled(bench, stall, reached);
    bench.start(bystander);
    if (!bench.cancels(exchange)) return;
    check.expect(!exchange.succeeded(), "the exchange " + exchange.outcome());
    if (RawServer* const server = stall.server()) {
        server->ledger().release();
        check.expect(
            bench.runs_until([&] { return server->ledger().closed_by_client() != 0; }, shortly),
            "the connection of the cancelled exchange stayed open");
        check.expect(server->connections() == 1, "another connection was opened meanwhile");
    }
    bench.wait(bystander);
    bench.expect_success(bystander, 200, "bystander", "another exchange in flight");
    bench.expect_success(bench.post(other.origin(), "next"), 200, "next", "the next exchange");
}

inline void cancel_connect(BackendCheck& check) { expect_cancellable(check, Phase::connect); }
inline void cancel_tls(BackendCheck& check) { expect_cancellable(check, Phase::tls); }
inline void cancel_write(BackendCheck& check) { expect_cancellable(check, Phase::write); }
inline void cancel_first_byte(BackendCheck& check) { expect_cancellable(check, Phase::first_byte); }
inline void cancel_body(BackendCheck& check) { expect_cancellable(check, Phase::body); }

inline void cancel_at_once(BackendCheck& check) {
    Stall stall{check, Phase::first_byte};
    BackendServer other{check, echo};
    BackendBench bench{check};
    Exchange& exchange = bench.start(stall.address());
    if (!bench.cancels(exchange)) return;
    check.expect(!exchange.succeeded(), "the exchange " + exchange.outcome());
    bench.expect_success(bench.post(other.origin(), "next"), 200, "next", "the next exchange");
}

inline void cancel_others(BackendCheck& check) {
    // Everything on one server, and on connections that were used before.
    BackendServer server(check, [](RawPeer& peer) {
        while (const auto request = peer.read()) {
            if (request->body == "cancelled") return peer.drain();
            if (request->body == "waiting") peer.await_release();
            peer.reply(request->body);
        }
    });
    BackendBench bench{check};
    Exchange& first = bench.start(server.origin(), "1");
    Exchange& second = bench.start(server.origin(), "2");
    bench.wait(first);
    bench.wait(second);
    Exchange& waiting = bench.start(server.origin(), "waiting");
    Exchange& cancelled = bench.start(server.origin(), "cancelled");
    bench.runs_until([&] { return server.ledger().request_count() == 4; }, shortly);
    if (!bench.cancels(cancelled)) return;
    check.expect(!waiting.done, "the other exchange ended too: it " + waiting.outcome());
    server.ledger().release();
    bench.wait(waiting);
    bench.expect_success(waiting, 200, "waiting", "the other exchange");
    bench.expect_success(bench.post(server.origin(), "next"), 200, "next", "the next exchange");
}

inline void cancel_queue(BackendCheck& check) {
    Stall stall{check, Phase::first_byte};
    BackendServer other{check, echo};
    BackendBench bench{check};
    // Four more than there may be connections; a backend without such a limit sends them all.
    std::vector<Exchange*> exchanges;
    for (int i = 0; i != 12; ++i)
        exchanges.push_back(&bench.start(stall.address()));
    RawLedger& ledger = stall.server()->ledger();
    bench.runs_until([&] { return ledger.request_count() >= 8; }, shortly);
    if (!bench.cancels(*exchanges.back())) return;
    check.expect(
        std::none_of(
            exchanges.begin(), exchanges.end() - 1, [](const Exchange* one) { return one->done; }),
        "another exchange ended too");
    for (Exchange* const exchange : exchanges)
        bench.cancel(*exchange);
    for (Exchange* const exchange : exchanges)
        bench.wait(*exchange);
    bench.expect_success(bench.post(other.origin(), "next"), 200, "next", "the next exchange");
}

inline constexpr BackendCase stall_cases[] = {
    {"progress.phase", "progress shows each phase once it has begun", progress_phase},
    {"progress.sent",
     "progress.sent is set before the first byte is written, and no earlier than the connection "
     "stands",
     progress_sent},
    {"failure.phase", "a failure says in which phase it happened", failure_phase},
    {"deadline.connect",
     "a connection that does not come to stand is given up at the deadline, with timeout",
     deadline_connect},
    {"deadline.tls", "a handshake that stalls ends at the deadline, with timeout", deadline_tls},
    {"deadline.write",
     "a server that does not read is left at the deadline, with timeout",
     deadline_write},
    {"deadline.first_byte",
     "a server that keeps silent is left at the deadline, with timeout",
     deadline_first_byte},
    {"deadline.drip",
     "a reply that trickles in is left at the deadline, with timeout",
     deadline_drip},
    {"cancel.at_once", "an exchange can be cancelled right after its start", cancel_at_once},
    {"cancel.queue", "an exchange can be cancelled while it waits in line", cancel_queue},
    {"cancel.connect", "an exchange can be cancelled while it connects", cancel_connect},
    {"cancel.tls",
     "an exchange can be cancelled in the handshake, which closes its connection",
     cancel_tls},
    {"cancel.write",
     "an exchange can be cancelled while it writes, which closes its connection",
     cancel_write},
    {"cancel.first_byte",
     "an exchange can be cancelled while it waits, which closes its connection",
     cancel_first_byte},
    {"cancel.body",
     "an exchange can be cancelled while it reads, which closes its connection",
     cancel_body},
    {"cancel.others", "cancelling one exchange harms no other", cancel_others},
};

}  // namespace clarify::testing::detail::backend_cases

#endif  // CLARIFY_TESTING_DETAIL_KITS_BACKEND_STALL_CASES_HPP
