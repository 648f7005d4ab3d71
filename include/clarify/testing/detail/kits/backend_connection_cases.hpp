// SPDX-License-Identifier: BSL-1.0
// The cases about connections that are used again, exchanges side by side, and the end of a
// backend.

#ifndef CLARIFY_TESTING_DETAIL_KITS_BACKEND_CONNECTION_CASES_HPP
#define CLARIFY_TESTING_DETAIL_KITS_BACKEND_CONNECTION_CASES_HPP

#include <clarify/testing/detail/kits/backend_bench.hpp>
#include <clarify/testing/detail/kits/backend_scripts.hpp>

#include <atomic>
#include <chrono>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace clarify::testing::detail::backend_cases {

/// Runs an exchange whose lease is held when it is over.
inline Exchange& post_holding(BackendBench& bench, const RawServer& server, std::string_view body) {
    Exchange& exchange = bench.prepare(server.origin(), body);
    exchange.keep = false;
    bench.start(exchange);
    bench.wait(exchange);
    bench.expect_success(exchange, 200, body, "the exchange " + std::string{body});
    return exchange;
}

// --- Leases -------------------------------------------------------------------------------------

inline void lease_kept(BackendCheck& check) {
    BackendServer server{check, echo};
    BackendBench bench{check};
    bench.keep(post_holding(bench, server, "1"));
    bench.expect_success(bench.post(server.origin(), "2"), 200, "2", "the second exchange");
    const int first = connection_of(server, "1");
    if (connection_of(server, "2") == first) return;
    // A backend that keeps no connections has closed it.
    check.expect(
        bench.runs_until([&] { return server.ledger().closed_by_client(first); }, shortly),
        "the connection of a finished exchange stayed open, and the next one did not use it");
}

inline void lease_dropped(BackendCheck& check) {
    BackendServer server{check, echo};
    BackendBench bench{check};
    Exchange& first = post_holding(bench, server, "1");
    Exchange& second = post_holding(bench, server, "2");
    bench.keep(first);
    bench.keep(second);
    Exchange& third = post_holding(bench, server, "3");
    const int used = connection_of(server, "3");
    // Whoever uses a connection again whose lease is held manages connections out of sight, and
    // gives empty leases; whoever does not use a kept one keeps none.
    const bool apart = connection_of(server, "1") != connection_of(server, "2");
    const bool reused = used == connection_of(server, "1") || used == connection_of(server, "2");
    if (!apart || !reused) return;
    bench.drop(third);
    check.expect(
        bench.runs_until([&] { return server.ledger().closed_by_client(used); }, shortly),
        "a connection whose lease was dropped stayed open");
    for (const char* const body : {"4", "5"}) {
        post_holding(bench, server, body);
        check.expect(
            connection_of(server, body) != used,
            "a connection was used again although its lease had been dropped");
    }
}

inline void lease_held(BackendCheck& check) {
    BackendServer server{check, echo};
    BackendBench bench{check};
    Exchange& first = post_holding(bench, server, "first");
    Exchange& second = post_holding(bench, server, "second");
    bench.expect_success(first, 200, "first", "the first response, after the second exchange,");
    bench.drop(first);
    bench.expect_success(second, 200, "second", "the second response");
    bench.keep(second);
    bench.expect_success(bench.post(server.origin(), "next"), 200, "next", "the next exchange");
}

// --- Idle connections ---------------------------------------------------------------------------

inline void connection_fresh(BackendCheck& check) {
    BackendServer server{check, echo};
    BackendBench bench{check};
    bench.expect_success(bench.post(server.origin(), "1"), 200, "1", "the first exchange");
    Exchange& second = bench.prepare(server.origin(), "2");
    second.request.fresh_connection = true;
    bench.start(second);
    bench.wait(second);
    bench.expect_success(second, 200, "2", "the second exchange");
    check.expect(
        connection_of(server, "2") != connection_of(server, "1"),
        "an idle connection was used although a fresh one was asked for");
}

/// Expects either a success of one arrival, or a failure with a true fate.
inline void expect_honest(
    BackendCheck& check, BackendBench& bench, const RawServer& server, const Exchange& exchange) {
    if (exchange.error && exchange.error->fate() == Fate::unsent) {
        // A request that is said not to have been sent may be on its way.
        bench.runs_until(
            [&] { return arrivals_of(server, exchange.body) != 0; },
            std::chrono::milliseconds{100});
    }
    const std::size_t arrived = arrivals_of(server, exchange.body);
    check.expect(arrived <= 1, "the request arrived " + std::to_string(arrived) + " times");
    if (exchange.succeeded()) {
        bench.expect_success(exchange, 200, exchange.body);
    } else if (arrived != 0) {
        bench.expect_failure(exchange, Fate::unknown);
    } else {
        check.expect(exchange.error.has_value(), "the exchange " + exchange.outcome());
    }
}

inline void connection_closed_while_idle(BackendCheck& check) {
    std::atomic<bool> closed = false;
    BackendServer server(check, [&](RawPeer& peer) {
        while (const auto request = peer.read()) {
            peer.reply(request->body);
            if (request->body != "1") continue;
            peer.finish_sending();
            closed = true;
        }
    });
    BackendBench bench{check};
    bench.expect_success(bench.post(server.origin(), "1"), 200, "1", "the first exchange");
    bench.runs_until([&] { return closed.load(); }, shortly);
    expect_honest(check, bench, server, bench.post(server.origin(), "2"));
}

inline void connection_stale_bytes(BackendCheck& check) {
    for (const bool at_once : {true, false}) {
        std::atomic<bool> chattered = false;
        const std::string stale = http_reply("200 OK", "", "stale");
        BackendServer server(check, [&](RawPeer& peer) {
            while (const auto request = peer.read()) {
                const bool first = request->body == "1";
                peer.send(
                    http_reply("200 OK", "", request->body) + (first && at_once ? stale : ""));
                if (!first) continue;
                peer.await_release();
                if (!at_once) peer.send(stale);
                chattered = true;
            }
        });
        BackendBench bench{check};
        bench.expect_success(bench.post(server.origin(), "1"), 200, "1", "the first exchange");
        server.ledger().release();
        bench.runs_until([&] { return chattered.load(); }, shortly);
        expect_honest(check, bench, server, bench.post(server.origin(), "2"));
    }
}

inline void connection_announced_close(BackendCheck& check) {
    // It says that it will close, and then goes on as if it had not.
    BackendServer server(check, [](RawPeer& peer) {
        while (const auto request = peer.read())
            peer.reply(request->body, "Connection: close\r\n");
    });
    BackendBench bench{check};
    for (const char* const body : {"1", "2"})
        bench.expect_success(
            bench.post(server.origin(), body), 200, body, std::string{"the exchange "} + body);
    check.expect(
        connection_of(server, "1") != connection_of(server, "2"),
        "a connection was used again that the peer had announced to close");
}

// --- Side by side -------------------------------------------------------------------------------

inline void concurrent_own_reply(BackendCheck& check) {
    BackendServer server(check, [](RawPeer& peer) {
        while (const auto request = peer.read()) {
            // Replies in another order than requests.
            const unsigned long nonce = std::stoul(request->body);
            std::this_thread::sleep_for(std::chrono::milliseconds{nonce * 7 % 11});
            peer.reply(request->body);
        }
    });
    BackendBench bench{check};
    std::vector<Exchange*> exchanges;
    for (int i = 0; i != 32; ++i)
        exchanges.push_back(&bench.start(server.origin(), std::to_string(1000 + i)));
    for (Exchange* const exchange : exchanges)
        bench.wait(*exchange);
    for (const Exchange* const exchange : exchanges) {
        bench.expect_success(*exchange, 200, exchange->body, "the exchange " + exchange->body);
        check.expect(
            arrivals_of(server, exchange->body) == 1,
            "the request " + exchange->body + " did not arrive exactly once");
    }
}

/// Ends the report, when a foreign thread may still be about to use the executor, or the exchange, which
/// must not be gone by then; the other cases do destroy them beside such threads.
inline void give_up(BackendCheck& check, BackendBench& bench) {
    bench.runs_until([] { return false; }, std::chrono::milliseconds{300});
    check.give_up();
}

inline void executor_serial(BackendCheck& check) {
    BackendServer server(check, [](RawPeer& peer) {
        while (const auto request = peer.read()) {
            if (request->body == "cut") return;
            peer.reply(request->body);
        }
    });
    BackendBench bench{check};
    for (const char* const body : {"1", "2", "cut", "3"}) {
        if (check.expect(
                bench.post(server.origin(), body).on_executor,
                "the exchange " + std::string{body} + " went on outside the executor"))
            continue;
        give_up(check, bench);
        return;
    }
}

inline void executor_alone(BackendCheck& check) {
    // Each step is one that the executor sleeps through.
    constexpr std::chrono::milliseconds step{20};
    BackendServer server(check, [step](RawPeer& peer) {
        const auto request = peer.read();
        std::this_thread::sleep_for(step);
        if (!request || request->body == "cut") return;
        peer.send("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n");
        std::this_thread::sleep_for(step);
        peer.send("Content-Length: 4\r\n\r\n{");
        std::this_thread::sleep_for(step);
        peer.send("\"\"}");
        peer.drain();
    });
    BackendBench bench{check};
    for (const char* const body : {"{}", "cut"}) {
        if (check.expect(
                bench.alone_with(bench.start(server.origin(), body), step / 4),
                "progress or the response changed while nothing ran on the executor"))
            continue;
        give_up(check, bench);
        return;
    }
}

// --- The end ------------------------------------------------------------------------------------

inline void close_idle(BackendCheck& check) {
    BackendServer server{check, echo};
    BackendBench bench{check};
    bench.expect_success(bench.post(server.origin()), 200, "{}");
    bench.on_executor([&] { bench.backend().close(); });
    check.expect(
        bench.runs_until([&] { return server.ledger().closed_by_client() != 0; }, shortly),
        "the connection of a finished exchange stayed open");
}

inline void close_twice(BackendCheck& check) {
    BackendServer server{check, echo};
    BackendBench unused{check};
    BackendBench bench{check};
    bench.expect_success(bench.post(server.origin()), 200, "{}");
    for (BackendBench* const one : {&unused, &bench}) {
        one->on_executor([one] {
            one->backend().close();
            one->backend().close();
        });
    }
}

inline void close_in_flight(BackendCheck& check) {
    Stall stall{check, Phase::first_byte};
    BackendServer server{check, echo};
    BackendBench bench{check};
    Exchange& held = post_holding(bench, server, "held");
    Exchange& exchange = bench.start(stall.address());
    bench.runs_until([&] { return stall.server()->ledger().request_count() != 0; }, shortly);
    // As a client does when it is closed: all calls end, and the backend is closed at once.
    bench.cancel(exchange);
    bench.on_executor([&] { bench.backend().close(); });
    const bool over = bench.runs_until([&] { return exchange.done; }, BackendBench::prompt);
    check.expect(over, "the cancelled exchange did not complete");
    bench.keep(held);
    for (const RawServer* const one : {stall.server(), static_cast<RawServer*>(&server)}) {
        check.expect(
            bench.runs_until([&] { return one->ledger().closed_by_client() != 0; }, shortly),
            "a connection stayed open");
    }
}

inline void destroy_idle(BackendCheck& check) {
    BackendServer server{check, echo};
    BackendBench bench{check};
    bench.expect_success(bench.post(server.origin()), 200, "{}");
    bench.destroy();
    check.expect(
        BackendCheck::wait_until([&] { return server.ledger().closed_by_client() != 0; }, shortly),
        "the connection of a finished exchange stayed open");
}

inline void destroy_in_flight(BackendCheck& check) {
    {
        BackendBench bench{check};
        const Exchange& exchange = bench.prepare("http://127.0.0.1:1/");
        HttpResponse response;
        HttpProgress progress;
        HttpRequest request;
        request.url = &exchange.url;
        // An awaitable that nobody awaits.
        const auto unused = bench.backend().post(request, response, progress);
    }
    for (const Phase phase :
         {Phase::connect, Phase::tls, Phase::write, Phase::first_byte, Phase::body}) {
        Stall stall{check, phase};
        if (!stall.staged()) {
            check.skip(Stall::why_not);
            continue;
        }
        BackendBench bench{check};
        const Exchange& exchange = bench.start(stall.address(), stall.body());
        bench.runs_until([&] { return exchange.progress.phase == phase; }, shortly / 3);
        bench.destroy();
        if (stall.server() == nullptr) continue;
        RawLedger& ledger = stall.server()->ledger();
        ledger.release();
        check.expect(
            BackendCheck::wait_until([&] { return ledger.closed_by_client() != 0; }, shortly),
            "a connection stayed open in the phase " + stall.name());
    }
}

inline void move_before_use(BackendCheck& check) {
    BackendServer server{check, echo};
    BackendServer secure(check, [context = tls_server(check.authority().issue())](RawPeer& peer) {
        peer.begin_tls(*context);
        echo(peer);
    });
    BackendBench bench{check};
    bench.backend().relocate();
    bench.backend().relocate();
    bench.expect_success(bench.post(server.origin(), "1"), 200, "1", "the exchange");
    bench.expect_success(bench.post(secure.origin("https"), "2"), 200, "2", "the one over TLS");
}

/// Come first: what breaks these promises cannot be trusted with the others.
inline constexpr BackendCase executor_cases[] = {
    {"executor.serial",
     "post goes on and completes on the executor of its awaitable",
     executor_serial},
    {"executor.alone",
     "only what runs on the executor touches progress and the response",
     executor_alone},
};

inline constexpr BackendCase connection_cases[] = {
    {"lease.kept",
     "a connection whose lease was kept serves the next exchange, if connections are kept at all",
     lease_kept},
    {"lease.dropped",
     "a connection whose lease was dropped is closed and never used again",
     lease_dropped},
    {"lease.held",
     "an exchange runs beside a response whose lease is held, and does not disturb it",
     lease_held},
    {"connection.fresh", "fresh_connection uses no idle connection", connection_fresh},
    {"connection.closed_while_idle",
     "a connection that was closed while idle costs no true fate and no second sending",
     connection_closed_while_idle},
    {"connection.stale_bytes",
     "bytes that nobody asked for never become a reply",
     connection_stale_bytes},
    {"connection.announced_close",
     "a connection that the peer has announced to close is not used again",
     connection_announced_close},
    {"concurrent.own_reply",
     "exchanges in flight together all get their own replies",
     concurrent_own_reply},
    {"close.idle", "close drops idle connections", close_idle},
    {"close.twice", "close may be called twice", close_twice},
    {"close.in_flight",
     "close may be called while cancelled exchanges end, and leases are held",
     close_in_flight},
    {"destroy.idle", "a backend that is destroyed closes what is still open", destroy_idle},
    {"destroy.in_flight",
     "an awaitable may be destroyed at any time, and its backend after it",
     destroy_in_flight},
    {"move.before_use", "a backend may be moved before its first exchange", move_before_use},
};

}  // namespace clarify::testing::detail::backend_cases

#endif  // CLARIFY_TESTING_DETAIL_KITS_BACKEND_CONNECTION_CASES_HPP
