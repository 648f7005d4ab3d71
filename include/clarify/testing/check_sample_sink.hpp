// SPDX-License-Identifier: BSL-1.0
// The suite that tells the author of a sink which promises of `SampleSink` it breaks.

#ifndef CLARIFY_TESTING_CHECK_SAMPLE_SINK_HPP
#define CLARIFY_TESTING_CHECK_SAMPLE_SINK_HPP

#include <clarify/api/samples.hpp>
#include <clarify/ingest/sample_sink.hpp>
#include <clarify/testing/conformance.hpp>
#include <clarify/testing/detail/kits/sink_suite.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <type_traits>
#include <utility>

namespace clarify::testing {

/** Tries the promises of `SampleSink` on a sink of your own; for tests, in any framework.

    @code
    MyBroker broker;
    clarify::testing::SinkCheckOptions options;
    options.stored = [&] { return broker.samples(); };
    options.requests = [&] { return broker.messages(); };
    options.set_hanging = [&](bool hangs) { broker.hold_back(hangs); };
    const auto report = clarify::testing::check_sample_sink(
        [&](boost::asio::any_io_executor executor) {
            broker.clear();
            return MySink{executor, broker.address()};
        },
        options);
    INFO(report);
    CHECK(report.passed());
    @endcode

    The name of a case begins with its group:

    | group | what it is about |
    | --- | --- |
    | `limits` | sizes and intervals that can be |
    | `store` | every sample arrives to its last bit, once more does no harm, and nothing happens before it is awaited |
    | `failure` | a service that is away is a failure, told at once, and passes |
    | `cancel` | an attempt under way ends when it is told to |

    What the options do not tell is not judged. That an attempt ends by a limit of its own, and what is a verdict on
    samples, is not tried.

    @param make yields a sink for each case, of which nothing is stored by then; the one before is
        destroyed. It is used on the executor it is given, which one thread runs.
    @par Thread safety
    All of it happens in the calling thread, but for what `make` and the options bring.
*/
template <class Make>
requires SampleSink<std::invoke_result_t<Make&, boost::asio::any_io_executor>> ConformanceReport
check_sample_sink(Make make, SinkCheckOptions options) {
    ConformanceReport report;
    using Sink = std::invoke_result_t<Make&, boost::asio::any_io_executor>;
    detail::SinkSuite<Sink>{std::move(make), std::move(options), report}.run();
    return report;
}

}  // namespace clarify::testing

#endif  // CLARIFY_TESTING_CHECK_SAMPLE_SINK_HPP
