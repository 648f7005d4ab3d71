// SPDX-License-Identifier: BSL-1.0
// A reply that was asked for before anybody waits for it.

#ifndef CLARIFY_API_DETAIL_PENDING_REPLY_HPP
#define CLARIFY_API_DETAIL_PENDING_REPLY_HPP

#include <clarify/core/detail/context_link.hpp>
#include <clarify/core/result.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/experimental/concurrent_channel.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/error_code.hpp>

#include <memory>
#include <optional>
#include <tuple>
#include <utility>

namespace clarify::detail {

/** The way of one reply from whoever delivers it, in any thread, to whoever waits for it, once.

    May outlive the execution context: the wait ends with that, and what is delivered then is dropped.

    @par Thread safety
    `deliver` may be called while `take` waits; each of them once.
*/
template <class T>
class PendingReply final : public std::enable_shared_from_this<PendingReply<T>>,
                           private ContextLink::Guest {
    struct Key {};

public:
    static std::shared_ptr<PendingReply> make(const boost::asio::any_io_executor& executor) {
        auto made = std::make_shared<PendingReply>(Key{}, executor);
        made->context_->enter(*made);
        return made;
    }
    PendingReply(Key, const boost::asio::any_io_executor& executor)
        : context_(ContextLink::of(executor)), channel_(std::in_place, executor, 1) {}
    PendingReply(const PendingReply&) = delete;
    PendingReply& operator=(const PendingReply&) = delete;
    ~PendingReply() {
        context_->leave(*this, [this] { channel_.reset(); });
    }

    void deliver(Result<T> reply) {
        *reply_ = std::move(reply);
        context_->while_there([this] { channel_->try_send(boost::system::error_code{}, reply_); });
    }

    /// Waits for the reply and takes it; none where the wait was cancelled, and can begin again.
    static boost::asio::awaitable<std::optional<Result<T>>> take(
        std::shared_ptr<PendingReply> self) {
        auto [error, reply] = co_await self->channel_->async_receive(
            boost::asio::as_tuple(boost::asio::use_awaitable));
        if (error || !reply) co_return std::nullopt;
        co_return std::move(*reply);
    }

private:
    using Channel = boost::asio::experimental::concurrent_channel<void(
        boost::system::error_code, std::shared_ptr<Result<T>>)>;

    std::shared_ptr<void> keep_alive() noexcept override { return this->weak_from_this().lock(); }
    void context_gone() noexcept override { channel_.reset(); }

    std::shared_ptr<ContextLink> context_;
    // From the start, so that a reply needs no memory to be handed over.
    std::shared_ptr<Result<T>> reply_ = std::make_shared<Result<T>>(Error{});
    std::optional<Channel> channel_;
};

}  // namespace clarify::detail

#endif  // CLARIFY_API_DETAIL_PENDING_REPLY_HPP
