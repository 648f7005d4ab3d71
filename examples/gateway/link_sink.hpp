// SPDX-License-Identifier: BSL-1.0
// Samples stored through whatever link is in use.

#ifndef CLARIFY_GATEWAY_LINK_SINK_HPP
#define CLARIFY_GATEWAY_LINK_SINK_HPP

#include <clarify/core/errc.hpp>
#include <clarify/core/error.hpp>
#include <clarify/ingest/basic_sample_writer.hpp>

#include "clarify_link.hpp"
#include "gateway_spool.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace gateway {

/// For whom samples are that outlive the credentials they came under.
struct SampleOwner {
    std::string api_url;
    std::string integration;
};

/// Inserts each frame by the client of the present link, which must outlive it.
class LinkSink {
public:
    /// @param owner Samples go to nobody else; unset: to whom the link is for.
    LinkSink(CurrentLink& link, std::chrono::milliseconds timeout, std::optional<SampleOwner> owner)
        : link_(&link), timeout_(timeout), owner_(std::move(owner)) {}

    boost::asio::awaitable<clarify::Result<void>> store(const clarify::DataFrame& frame) {
        const std::shared_ptr<ClarifyLink> link = link_->get();
        if (owner_ &&
            (owner_->api_url != link->api_url || owner_->integration != link->integration))
            co_return others_error(*link);
        clarify::InsertOptions options;
        options.timeout = timeout_;
        options.timeout_from_turn = true;
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
    clarify::Error others_error(const ClarifyLink& link) const {
        return clarify::Error{
            clarify::Errc::bad_config,
            clarify::Reason::none,
            "the samples that wait are for " + owner_->integration + " at " + owner_->api_url +
                ", and the credentials for " + link.integration + " at " + link.api_url};
    }

    CurrentLink* link_;
    std::chrono::milliseconds timeout_;
    std::optional<SampleOwner> owner_;
};

/// What all samples go through.
using Writer = clarify::BasicSampleWriter<LinkSink, GatewaySpool>;

}  // namespace gateway

#endif  // CLARIFY_GATEWAY_LINK_SINK_HPP
