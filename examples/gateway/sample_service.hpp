// SPDX-License-Identifier: BSL-1.0
// The side that knows Clarify: takes samples and inserts them.

#ifndef CLARIFY_GATEWAY_SAMPLE_SERVICE_HPP
#define CLARIFY_GATEWAY_SAMPLE_SERVICE_HPP

#include "clarify_link.hpp"
#include "log.hpp"
#include "reply.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>

namespace gateway {

/// What became of the requests with samples. Once none is in hand, `accepted` is the sum of the
/// others.
struct Counts {
    std::atomic<std::uint64_t> accepted = 0;
    std::atomic<std::uint64_t> stored = 0;  ///< Clarify said that it has the samples
    std::atomic<std::uint64_t> refused = 0;  ///< the sender is to change something
    std::atomic<std::uint64_t> failed = 0;  ///< nothing is wrong with the samples
};

/** Answers `POST /samples` and `GET /healthz`, for all sessions, over the client of the present link.

    The body of `POST /samples` is

    @code{.json}
    {"integration": "c618rbfqfsj7mjkj0ss1",
     "times": ["2024-01-01T00:00:00Z", "2024-01-01T00:01:00Z"],
     "series": {"temperature": [20.5, null]}}
    @endcode

    where `integration` may be left out: that of the credentials is meant then. The answer is 200
    with Clarify's summary, `{"signalsByInput":{"temperature":{"id":"...","created":true}}}`, and
    comes only when Clarify has the samples; anything else is in `failure.hpp`.

    While a call is under way a request holds its parameters as text, once, and no more: what they are
    decoded to lives only as long as a thread looks at it.

    @par Object lifetimes
    The link, and the service itself, must outlive the answers.
    @par Thread safety
    Shared objects: safe. Nothing here changes but the counters, and the client is safe to share.
*/
class SampleService {
public:
    /// @param timeout The limit of one call to Clarify.
    /// @param largest_body The largest body of a request.
    /// @param reachable Told of calls that fail because of Clarify or the way to it, and of others.
    SampleService(
        CurrentLink& link,
        std::chrono::milliseconds timeout,
        std::size_t largest_body,
        LoggedState& reachable);

    /// Answers a request, which has to live until the answer is there, and loses its body.
    boost::asio::awaitable<Reply> answer(Request& request);

    const Counts& counts() const { return counts_; }

private:
    boost::asio::awaitable<Reply> store(Request& request);
    void note(const clarify::Error& error);

    CurrentLink& link_;
    const std::chrono::milliseconds timeout_;
    const clarify::BoostJsonCodec codec_;
    LoggedState& reachable_;
    Counts counts_;
};

}  // namespace gateway

#endif  // CLARIFY_GATEWAY_SAMPLE_SERVICE_HPP
