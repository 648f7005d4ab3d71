// SPDX-License-Identifier: BSL-1.0
// A client for a scripted peer, and what a call reports of the reply it gets.

#ifndef CLARIFY_TESTS_INTEGRATION_RAW_CALLER_HPP
#define CLARIFY_TESTS_INTEGRATION_RAW_CALLER_HPP

#include <clarify/http/beast_backend.hpp>

#include "caller.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <string>
#include <string_view>
#include <utility>

namespace raw_caller {

using namespace std::chrono_literals;
using clarify::Errc;
using clarify::Fate;
using clarify::Phase;
using clarify::Reason;
using support::Outcome;
using support::quick_options;
using support::RawPeer;
using support::RawServer;
using support::send_bytes;
using support::with_body;
using Caller = support::BasicCaller<clarify::BeastBackend>;
using RawClient = Caller::Client;

/// `kind[reason]`, or `ok`.
template <class T>
std::string kind(const clarify::Result<T>& outcome) {
    if (outcome) return "ok";
    const clarify::Error& error = outcome.error();
    std::string text{to_string(error.code())};
    if (error.reason() != Reason::none) text += '[' + std::string{to_string(error.reason())} + ']';
    return text;
}

/// What the peer does behind its bytes.
enum class Then { stays, ends, resets };

/// What came of one call that was answered with given bytes.
struct Seen {
    std::string outcome;
    clarify::Error error;
    std::string result;
    /// How often the request arrived.
    int sends = 0;
    /// Did the call after it, which is always answered, use the same connection?
    bool reused = false;
};

/// `text` with every `{id}` replaced.
inline std::string with_id(std::string text, std::string_view id) {
    constexpr std::string_view mark = "{id}";
    for (std::size_t at = text.find(mark); at != std::string::npos; at = text.find(mark, at))
        text.replace(at, mark.size(), id);
    return text;
}

/// Answers a call with `bytes`, in which `{id}` stands for a digit, the call's id.
inline Seen play(
    const std::string& bytes,
    bool idempotent,
    Then then = Then::stays,
    clarify::ClientOptions client = quick_options()) {
    std::atomic<int> sends = 0;
    std::atomic<int> served_by = 0;
    std::atomic<int> last_fault = 0;
    RawServer server{[&](RawPeer& peer) {
        while (const auto request = peer.read()) {
            if (request->body.find("\"test.next\"") != std::string::npos) {
                served_by = peer.number();
                peer.result(*request, "\"next\"");
                continue;
            }
            ++sends;
            last_fault = peer.number();
            peer.send(with_id(bytes, request->id()));
            if (then == Then::stays) continue;
            if (then == Then::resets) return peer.reset();
            peer.finish_sending();
            return peer.drain();
        }
    }};
    Caller caller{server, std::move(client)};
    clarify::CallOptions options;
    options.idempotent = idempotent;
    const Outcome outcome = caller.call(options);
    Seen seen;
    seen.outcome = kind(outcome);
    if (outcome) {
        seen.result = *outcome;
    } else {
        seen.error = outcome.error();
        CHECK(seen.error.attempts() == static_cast<unsigned>(sends.load()));
        CHECK(seen.error.to_string().size() <= 1024);
    }
    options.idempotent = true;
    const Outcome next = caller.call(options, "test.next");
    CHECK_MESSAGE(next.has_value(), next.error());
    seen.sends = sends;
    seen.reused = served_by == last_fault;
    return seen;
}

}  // namespace raw_caller

#endif  // CLARIFY_TESTS_INTEGRATION_RAW_CALLER_HPP
