// SPDX-License-Identifier: BSL-1.0
// The contract of what stores samples in the end.

#ifndef CLARIFY_INGEST_SAMPLE_SINK_HPP
#define CLARIFY_INGEST_SAMPLE_SINK_HPP

#include <clarify/api/data_frame.hpp>
#include <clarify/core/clock.hpp>
#include <clarify/core/result.hpp>

#include <boost/asio/awaitable.hpp>

#include <concepts>
#include <cstddef>

namespace clarify {

/** What stores a frame, as the writer of samples needs it: the service, by way of a client.

    | expression | meaning | who calls it, on which executor | what may be cancelled | what a failure must report |
    | --- | --- | --- | --- | --- |
    | `Sink(std::move(sink))` | a sink that does what the other one would have done | the owner, before the first frame; any thread | nothing | may throw |
    | `sink.store(frame)` | a lazy `awaitable<Result<void>>`: has `frame` stored, by one request, sent once | the writer, on its serial executor, where it also awaits; never two at a time | at any time, by `cancellation_type::terminal` | an `Error`, see below |
    | `sink.interval()` | the least time from one frame to the next | the writer, on its serial executor | nothing | nothing; `noexcept` |
    | `sink.max_size()` | the largest frame, in bytes of JSON text; more than 0 | the same | nothing | nothing; `noexcept` |
    | `~Sink()` | | the owner, once the last awaitable has completed or is destroyed; any thread | nothing | nothing |

    @par The frame
    It is normalised, not empty, its keys are input keys, its values finite and its times can be
    written; as text it is no longer than `max_size()`. It outlives the awaitable. Success means that
    all of it is stored: for each input and time the value that stands in it, whatever stood there
    before.
    @par Repetition
    A sink repeats nothing by itself: the writer does, with pauses of its own, and the same samples may
    come again in another division. To store a frame twice must do no harm.
    @par What a failure reports
    Only a verdict on samples may cost samples: `Errc::rpc` with `RpcError::partial_failure`, or with
    invalid parameters whose paths lie in `data`. `Errc::bad_argument` with `Reason::request`, and a
    status of 413, say that the frame is too large: it is divided. Everything else is waited out, as
    long as it takes, so a sink may report it in whatever way says most to people. A
    `Retry-After` is heeded.
    @par What a failure leaves open
    With `Fate::unknown`, and with a status of 500 or more, the frame may still be stored, by the service's own limit
    within 15 s. Until then the writer sends no other value for any input and time of it, though the same value and
    everything else. So `Fate::unsent` is to be said only of what is sure to be executed no more.
    @par Deadline
    A sink ends each attempt by a limit of its own: one that never ends holds back all that follow.
*/
template <class S>
concept SampleSink = std::move_constructible<S> &&
    requires(S& sink, const S& same, const DataFrame& frame) {
    { sink.store(frame) } -> std::same_as<boost::asio::awaitable<Result<void>>>;
    { same.interval() }
    noexcept->std::same_as<Clock::duration>;
    { same.max_size() }
    noexcept->std::same_as<std::size_t>;
};

}  // namespace clarify

#endif  // CLARIFY_INGEST_SAMPLE_SINK_HPP
