// SPDX-License-Identifier: BSL-1.0
// Samples stored by a client of the Clarify API.

#ifndef CLARIFY_INGEST_CLIENT_SINK_HPP
#define CLARIFY_INGEST_CLIENT_SINK_HPP

#include <clarify/api/api_client.hpp>
#include <clarify/api/api_options.hpp>
#include <clarify/api/data_frame.hpp>
#include <clarify/client_options.hpp>
#include <clarify/core/clock.hpp>
#include <clarify/core/result.hpp>
#include <clarify/ingest/sample_sink.hpp>

#include <boost/asio/awaitable.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace clarify {

/// How often the service takes an insert, by the limits of a client: the least time between two, and
/// zero where they say nothing.
inline Clock::duration insert_interval(const std::vector<RateLimit>& limits) {
    for (const RateLimit& limit : limits) {
        const auto& methods = limit.methods;
        if (std::find(methods.begin(), methods.end(), "integration.insert") == methods.end())
            continue;
        const std::chrono::duration<double> interval{1 / limit.per_second};
        return std::chrono::duration_cast<Clock::duration>(interval);
    }
    return {};
}

/** Inserts each frame by one request of a client, once: the sink of a `SampleWriter`.

    Calls wait in line with the other calls of the client (`ClientOptions::rate_limits`), and with those of
    other processes where limits are shared (`ClientOptions::pace`), for as long as it takes: the limit of a
    call is for what comes after its turn.

    @tparam Api an `ApiClient`.
    @par Thread safety
    Distinct objects: safe. Shared objects: unsafe; a writer uses its own.
*/
template <class Api>
class ClientSink {
public:
    /** @param client must not be null; other calls may be made of it.
        @param options of each insert, the largest request among them. How often it is sent is not
        chosen here: once.
        @param interval the least time between two, a second by default; see `insert_interval`.
    */
    explicit ClientSink(
        std::shared_ptr<Api> client,
        InsertOptions options = {},
        Clock::duration interval = std::chrono::seconds{1})
        : client_(std::move(client)), options_(std::move(options)), interval_(interval) {
        options_.attempts = 1;
        options_.timeout_from_turn = true;
    }

    boost::asio::awaitable<Result<void>> store(const DataFrame& frame) {
        // One request, whatever there is missing in it.
        InsertOptions options = options_;
        options.max_request_size = 0;
        const Result<InsertResult> inserted = co_await client_->insert(frame, std::move(options));
        if (!inserted) co_return inserted.error();
        co_return Result<void>{};
    }
    Clock::duration interval() const noexcept { return interval_; }
    std::size_t max_size() const noexcept {
        constexpr std::size_t of_the_service = 8'000'000;
        return options_.max_request_size == 0 ? of_the_service : options_.max_request_size;
    }

private:
    std::shared_ptr<Api> client_;
    InsertOptions options_;
    Clock::duration interval_;
};

}  // namespace clarify

#endif  // CLARIFY_INGEST_CLIENT_SINK_HPP
