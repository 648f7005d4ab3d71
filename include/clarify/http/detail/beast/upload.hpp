// SPDX-License-Identifier: BSL-1.0
// A large request on its way out, beside which its reply is read.

#ifndef CLARIFY_HTTP_DETAIL_BEAST_UPLOAD_HPP
#define CLARIFY_HTTP_DETAIL_BEAST_UPLOAD_HPP

#include <clarify/core/detail/context_link.hpp>
#include <clarify/core/http_message.hpp>
#include <clarify/http/detail/beast/connection.hpp>
#include <clarify/http/detail/told_handler.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <array>
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

    The body is copied piece by piece, so that it may go at any time, whatever is still being
    written. All of it happens on one serial executor.
*/
template <class Net>
class Upload {
public:
    Upload() = default;
    Upload(const Upload&) = delete;
    Upload& operator=(const Upload&) = delete;
    ~Upload() {
        if (is_on_its_way()) stop();
    }

    /// Begins with the head that `connection` has composed.
    void begin(
        const boost::asio::any_io_executor& executor,
        std::shared_ptr<Connection<Net>> connection,
        std::string_view body,
        HttpProgress& progress) {
        state_ = std::make_shared<State>(executor, std::move(connection));
        state_->rest = body.substr(state_->connection->joined());
        state_->progress = &progress;
        // Joined with the head is as much as one TLS record should take.
        state_->write(state_->connection->is_tls() ? 0 : piece_size);
    }

    /// Has it been begun, and neither ended nor been stopped?
    bool is_on_its_way() const noexcept { return state_ && !state_->done; }
    /// What it failed with; success as long as it is on its way.
    boost::system::error_code error() const noexcept {
        return state_ ? state_->error : boost::system::error_code{};
    }
    /// Has it ended before all was written? What was being written when it was stopped may have
    /// arrived.
    bool is_incomplete() const noexcept {
        return state_ && state_->done && (state_->error || !state_->rest.empty());
    }
    bool was_stopped() const noexcept { return state_ && state_->stopped; }
    /// Closes the connection. From here on the body is not looked at.
    void stop() noexcept {
        state_->done = true;
        state_->stopped = true;
        state_->progress = nullptr;
        state_->connection->close();
    }

private:
    /// The largest content of a TLS record (RFC 8446 section 5.1).
    static constexpr std::size_t piece_size = std::size_t{16} << 10U;

    struct State : std::enable_shared_from_this<State> {
        State(boost::asio::any_io_executor on, std::shared_ptr<Connection<Net>> target)
            : executor(std::move(on)),
              context(ContextLink::of(executor)),
              connection(std::move(target)) {}

        /// Writes the head, if it is still there, and so much of the rest.
        void write(std::size_t most) {
            const std::size_t size = (std::min)(rest.size(), most);
            std::copy_n(rest.begin(), size, piece.begin());
            rest.remove_prefix(size);
            const std::array<boost::asio::const_buffer, 2> output{
                connection->head(), boost::asio::buffer(piece.data(), size)};
            auto call = [self = this->shared_from_this()](boost::system::error_code ec) {
                self->written(ec);
            };
            auto then = boost::asio::bind_executor(
                executor, told_handler(executor, context, std::move(call)));
            if (connection->is_tls()) {
                boost::asio::async_write(connection->tls(), output, std::move(then));
            } else {
                boost::asio::async_write(connection->socket(), output, std::move(then));
            }
        }

        void written(boost::system::error_code ec) {
            connection->forget_head();
            if (done) return;
            if (ec || rest.empty()) return end(ec);
            try {
                write(piece_size);
            } catch (...) {
                end(boost::asio::error::no_memory);
            }
        }

        void end(boost::system::error_code ec) noexcept {
            if (std::exchange(done, true)) return;
            error = ec;
            HttpProgress* const whose = std::exchange(progress, nullptr);
            if (!ec && whose->phase == Phase::write) whose->phase = Phase::first_byte;
            // So that the reading ends as well.
            if (ec && !leaves_reply(ec)) connection->close();
        }

        boost::asio::any_io_executor executor;
        std::shared_ptr<ContextLink> context;
        std::shared_ptr<Connection<Net>> connection;
        /// What no write has been begun for.
        std::string_view rest;
        HttpProgress* progress = nullptr;
        boost::system::error_code error;
        bool done = false;
        bool stopped = false;
        std::array<char, piece_size> piece{};
    };

    std::shared_ptr<State> state_;
};

}  // namespace clarify::detail

#endif  // CLARIFY_HTTP_DETAIL_BEAST_UPLOAD_HPP
