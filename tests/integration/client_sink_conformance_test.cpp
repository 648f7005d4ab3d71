// SPDX-License-Identifier: BSL-1.0
// The sink of a writer, over a client and the emulator, keeps the contract of sinks.

#include <clarify/client.hpp>
#include <clarify/ingest/client_sink.hpp>
#include <clarify/testing/check_sample_sink.hpp>
#include <clarify/testing/emulator.hpp>

#include "api_bench.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

namespace client_sink_conformance_test {

TEST_CASE("client sink: it keeps its contract") {
    std::unique_ptr<clarify::testing::Emulator> emulator;
    clarify::testing::SinkCheckOptions options;
    options.stored = [&] {
        clarify::SampleTable all;
        for (const char* const input : {"kit/a", "kit/b"}) {
            for (const clarify::testing::Sample& sample : emulator->samples(input))
                all[input].push_back({sample.time, sample.value});
        }
        return all;
    };
    options.requests = [&] { return emulator->stats().rpc_requests; };
    options.set_away = [&](bool is_away) { emulator->fail_next(is_away ? 1'000 : 0, 503); };
    const auto report = clarify::testing::check_sample_sink(
        [&](const boost::asio::any_io_executor& executor) {
            emulator = std::make_unique<clarify::testing::Emulator>(plain_http());
            auto client = std::make_shared<clarify::Client>(
                executor,
                clarify::Credentials::from_string(emulator->credentials_json()).value(),
                hurried());
            clarify::InsertOptions insert;
            insert.max_request_size = 100'000;
            return clarify::ClientSink<clarify::Client>{std::move(client), insert};
        },
        options);
    INFO(report);
    CHECK(report.passed());
    CHECK(report.not_judged() == std::vector<std::string>{"cancel.ends", "cancel.goes_on"});
}

}  // namespace client_sink_conformance_test
