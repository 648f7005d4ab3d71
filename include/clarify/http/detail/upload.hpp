// SPDX-License-Identifier: BSL-1.0
// A large request on its way out, beside which its reply is read.

#ifndef CLARIFY_HTTP_DETAIL_UPLOAD_HPP
#define CLARIFY_HTTP_DETAIL_UPLOAD_HPP

#include <clarify/core/http_message.hpp>
#include <clarify/core/timer.hpp>
#include <clarify/http/detail/connection.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/write.hpp>

#include <cstddef>
#include <memory>
#include <string_view>
#include <utility>

namespace clarify::detail {

/// A peer may answer a larger body, and take no more of it, before it has got all (RFC 9112 section
/// 9.3). What is not larger, the system takes off one's hands.
inline constexpr std::size_t large_body = std::size_t{64} << 10U;

/// Has the connection failed in a way that leaves what the peer has said before to be read?
inline bool leaves_reply(boost::system::error_code ec) noexcept {
    namespace errc = boost::system::errc;
    return ec == errc::broken_pipe || ec == errc::connection_reset;
}

/** Writes a request while something else reads.

    It must have ended before the body goes: see `stop`. All of it happens on one serial executor.
*/
template <class Net>
class Upload {
public:
    Upload() = default;
    Upload(const Upload&) = delete;
    Upload& operator=(const Upload&) = delete;
    ~Upload() {
        if (state_) state_->progress = nullptr;
    }

    void begin(
        const boost::asio::any_io_executor& executor,
        std::shared_ptr<Connection<Net>> connection,
        std::string_view body,
        HttpProgress& progress) {
        state_ = std::make_shared<State>(executor, std::move(connection));
        state_->progress = &progress;
        Connection<Net>& target = *state_->connection;
        auto ended = boost::asio::bind_executor(
            executor,
            [state = state_](boost::system::error_code ec, std::size_t) { state->ended(ec); });
        if (target.is_tls()) {
            boost::asio::async_write(target.tls(), target.output(body), std::move(ended));
        } else {
            boost::asio::async_write(target.socket(), target.output(body), std::move(ended));
        }
    }

    /// Has it been begun, and not ended?
    bool is_on_its_way() const noexcept { return state_ && !state_->done; }
    /// What it failed with, unless that was `stop`; success as long as it is on its way.
    boost::system::error_code error() const noexcept {
        return state_ ? state_->error : boost::system::error_code{};
    }
    bool was_stopped() const noexcept { return state_ && state_->stopping; }
    /// Has it ended before all was written?
    bool is_incomplete() const noexcept { return state_ && state_->incomplete; }
    /// Closes the connection and waits until the body is not needed any more.
    boost::asio::awaitable<void> stop() {
        const auto state = state_;
        state->stopping = true;
        state->connection->close();
        // Also where the exchange has been cancelled.
        const bool throws = co_await boost::asio::this_coro::throw_if_cancelled();
        co_await boost::asio::this_coro::throw_if_cancelled(false);
        while (!state->done)
            co_await state->end.async_wait(boost::asio::as_tuple(boost::asio::deferred));
        co_await boost::asio::this_coro::throw_if_cancelled(throws);
    }

private:
    struct State {
        State(const boost::asio::any_io_executor& executor, std::shared_ptr<Connection<Net>> target)
            : connection(std::move(target)), end(executor) {}

        void ended(boost::system::error_code ec) {
            done = true;
            incomplete = static_cast<bool>(ec);
            if (!stopping || leaves_reply(ec)) error = ec;
            connection->forget_head();
            if (!ec && progress != nullptr && progress->phase == Phase::write)
                progress->phase = Phase::first_byte;
            // So that the reading ends as well.
            if (ec && !leaves_reply(ec)) connection->close();
            end.cancel();
        }

        std::shared_ptr<Connection<Net>> connection;
        HttpProgress* progress = nullptr;
        Timer end;
        boost::system::error_code error;
        bool done = false;
        bool incomplete = false;
        bool stopping = false;
    };

    std::shared_ptr<State> state_;
};

}  // namespace clarify::detail

#endif  // CLARIFY_HTTP_DETAIL_UPLOAD_HPP
