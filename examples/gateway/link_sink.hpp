// SPDX-License-Identifier: BSL-1.0
// Samples stored through whatever link is in use.

#ifndef CLARIFY_GATEWAY_LINK_SINK_HPP
#define CLARIFY_GATEWAY_LINK_SINK_HPP

#include <clarify/ingest/basic_sample_writer.hpp>
#include <clarify/ingest/memory_spool.hpp>

#include "clarify_link.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <utility>

namespace gateway {

/// Inserts each frame by the client of the present link, which must outlive it.
class LinkSink {
public:
    LinkSink(CurrentLink& link, std::chrono::milliseconds timeout)
        : link_(&link), timeout_(timeout) {}

    boost::asio::awaitable<clarify::Result<void>> store(const clarify::DataFrame& frame) {
        const std::shared_ptr<ClarifyLink> link = link_->get();
        clarify::InsertOptions options;
        options.timeout = timeout_;
        options.attempts = 1;
        options.max_request_size = 0;
        const clarify::Result<clarify::InsertResult> inserted =
            co_await link->client.insert(frame, std::move(options));
        if (!inserted) co_return inserted.error();
        co_return clarify::Result<void>{};
    }
    clarify::Clock::duration interval() const noexcept { return std::chrono::seconds{1}; }
    std::size_t max_size() const noexcept { return 8'000'000; }

private:
    CurrentLink* link_;
    std::chrono::milliseconds timeout_;
};

/// What all samples go through.
using Writer = clarify::BasicSampleWriter<LinkSink, clarify::MemorySpool>;

}  // namespace gateway

#endif  // CLARIFY_GATEWAY_LINK_SINK_HPP
