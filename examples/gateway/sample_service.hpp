// SPDX-License-Identifier: BSL-1.0
// The side that knows Clarify: takes samples, and says how they fare.

#ifndef CLARIFY_GATEWAY_SAMPLE_SERVICE_HPP
#define CLARIFY_GATEWAY_SAMPLE_SERVICE_HPP

#include <clarify/json/boost_json_codec.hpp>
#include <clarify/observe/metrics.hpp>

#include "clarify_link.hpp"
#include "link_sink.hpp"
#include "reply.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace gateway {

/** Answers `POST /samples`, `GET /status`, `GET /metrics` and `GET /healthz`, for all sessions.

    Posted samples (`posted_samples.hpp`) are answered 202, `{"accepted":2,"durable":false}`, when the writer
    has them, `durable` where they outlive the process; with `?wait=stored` 200 when Clarify has them, or after the limit of a call 202 with
    `"stored":false`. Which of them Clarify rejected is told then (422). 400 names what is wrong with a
    request, of which nothing is accepted; 429 says that there is no room, 503 that the gateway is ending. Who
    waits for storage when it ends is answered 202, `"stored":false`, where the samples outlive it, else 503.

    @par Object lifetimes
    What it is made with, and the service itself, must outlive the answers.
    @par Thread safety
    Shared objects: safe.
*/
class SampleService {
public:
    /// @param metrics What all clients of the links count, those of replaced credentials too.
    /// @param timeout How long `?wait=stored` waits.
    /// @param unhealthy_after For how long nothing may be forwarded before `/healthz` says so.
    /// @param largest_body The largest body of a request.
    SampleService(
        CurrentLink& link,
        Writer& writer,
        clarify::Metrics metrics,
        std::chrono::milliseconds timeout,
        std::chrono::milliseconds unhealthy_after,
        std::size_t largest_body);

    /// Answers a request, which has to live until the answer is there, and loses its body.
    boost::asio::awaitable<Reply> answer(Request& request);

    /// How many requests with samples were not taken.
    std::uint64_t refused() const { return refused_; }

private:
    boost::asio::awaitable<Reply> store(Request& request);
    boost::asio::awaitable<clarify::Result<clarify::WriteReceipt>> write(
        clarify::SampleTable samples, bool until_stored);
    Reply health() const;
    Reply status() const;
    Reply metrics() const;

    CurrentLink& link_;
    Writer& writer_;
    const clarify::Metrics metrics_;
    const std::chrono::milliseconds timeout_;
    const std::chrono::milliseconds unhealthy_after_;
    const clarify::BoostJsonCodec codec_;
    std::atomic<std::uint64_t> refused_ = 0;
};

}  // namespace gateway

#endif  // CLARIFY_GATEWAY_SAMPLE_SERVICE_HPP
