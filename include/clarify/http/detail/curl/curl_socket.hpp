// SPDX-License-Identifier: BSL-1.0
// The sockets of libcurl, opened, watched and closed. All that is POSIX of CurlBackend is here.

#ifndef CLARIFY_HTTP_DETAIL_CURL_CURL_SOCKET_HPP
#define CLARIFY_HTTP_DETAIL_CURL_CURL_SOCKET_HPP

#include <clarify/http/detail/own_sockets.hpp>
#include <clarify/http/detail/told_handler.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <curl/curl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <new>
#include <utility>

namespace clarify::detail {

/// Whom a watch tells what became of its waits.
class CurlSocketOwner {
public:
    /// The socket is ready: `events` are libcurl's `CURL_CSELECT_` bits.
    virtual void on_ready(curl_socket_t socket, int events) noexcept = 0;
    /// There was no memory to wait any longer.
    virtual void on_shortage() noexcept = 0;

protected:
    ~CurlSocketOwner() = default;
};

/** Watches one socket for libcurl, from its first interest in it until it loses it.

    The socket stays libcurl's: the watch never reads, writes or closes. `stop` takes it out of the
    reactor, which must happen before it is closed, since its number may come back at once as
    another socket. What was under way then is told nothing any more: a number seen again gets a
    watch of its own.
*/
class CurlSocketWatch : public std::enable_shared_from_this<CurlSocketWatch> {
public:
    /// Throws `boost::system::system_error` where the reactor refuses the socket, and
    /// `std::bad_alloc`.
    CurlSocketWatch(
        const boost::asio::any_io_executor& executor,
        curl_socket_t socket,
        std::weak_ptr<CurlSocketOwner> owner)
        : context_(ContextLink::of(executor)),
          descriptor_(executor, socket),
          socket_(socket),
          owner_(std::move(owner)) {}
    CurlSocketWatch(const CurlSocketWatch&) = delete;
    CurlSocketWatch& operator=(const CurlSocketWatch&) = delete;
    ~CurlSocketWatch() { stop(); }

    curl_socket_t socket() const noexcept { return socket_; }
    /// From now on only what `interest` says: `CURL_POLL_IN`, `CURL_POLL_OUT` or both.
    void want(int interest);
    void stop() noexcept;

private:
    using Wait = boost::asio::posix::descriptor_base::wait_type;
    /// One of the two directions that can be waited for.
    struct Direction {
        Wait wait;
        int interest;
        int event;
        bool waiting = false;
    };

    void wait_for(Direction& direction);
    void ready(Direction& direction, boost::system::error_code ec);

    std::shared_ptr<ContextLink> context_;
    boost::asio::posix::stream_descriptor descriptor_;
    curl_socket_t socket_;
    std::weak_ptr<CurlSocketOwner> owner_;
    int interest_ = 0;
    bool stopped_ = false;
    Direction reading_{Wait::wait_read, CURL_POLL_IN, CURL_CSELECT_IN};
    Direction writing_{Wait::wait_write, CURL_POLL_OUT, CURL_CSELECT_OUT};
};

/// A socket for `address` that no child process can use, or `CURL_SOCKET_BAD` with `errno`.
inline curl_socket_t open_curl_socket(const curl_sockaddr& address) noexcept {
    try {
        return OwnSockets::add([&] {
#ifdef SOCK_CLOEXEC
            return ::socket(address.family, address.socktype | SOCK_CLOEXEC, address.protocol);
#else
            return ::socket(address.family, address.socktype, address.protocol);
#endif
        });
    } catch (const std::bad_alloc&) {
        errno = ENOMEM;
        return CURL_SOCKET_BAD;
    }
}

inline void close_curl_socket(curl_socket_t socket) noexcept {
    OwnSockets::remove(socket, [&] { ::close(socket); });
}

/// Has the socket a peer by now?
inline bool is_connected(curl_socket_t socket) noexcept {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    return ::getpeername(socket, reinterpret_cast<sockaddr*>(&address), &size) == 0;
}

/// Is an idle connection as it was left: open, and with nothing to read? libcurl's own look accepts
/// bytes that nobody asked for.
inline bool is_quiet(curl_socket_t socket) noexcept {
    char byte = 0;
    const auto got = ::recv(socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return got < 0 && errno == EAGAIN;
}

/// Are there bytes to read on a connected socket?
inline bool has_input(curl_socket_t socket) noexcept {
    char byte = 0;
    return ::recv(socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

inline void CurlSocketWatch::want(int interest) {
    interest_ = interest;
    wait_for(reading_);
    wait_for(writing_);
}

inline void CurlSocketWatch::stop() noexcept {
    if (std::exchange(stopped_, true)) return;
    owner_.reset();
    // Out of the reactor, and open still: closing is libcurl's business.
    try {
        descriptor_.release();
    } catch (...) {  // NOLINT(bugprone-empty-catch): nothing more can be done for this socket
    }
}

inline void CurlSocketWatch::wait_for(Direction& direction) {
    if (stopped_ || direction.waiting || (interest_ & direction.interest) == 0) return;
    auto call = [self = shared_from_this(), &direction](boost::system::error_code ec) {
        direction.waiting = false;
        self->ready(direction, ec);
    };
    descriptor_.async_wait(
        direction.wait, told_handler(descriptor_.get_executor(), context_, std::move(call)));
    direction.waiting = true;
}

inline void CurlSocketWatch::ready(Direction& direction, boost::system::error_code ec) {
    if (stopped_ || (interest_ & direction.interest) == 0) return;
    const std::shared_ptr<CurlSocketOwner> owner = owner_.lock();
    if (!owner) return;
    if (ec == boost::asio::error::no_memory) return owner->on_shortage();
    owner->on_ready(socket_, ec ? CURL_CSELECT_ERR : direction.event);
    // In there libcurl may have lost its interest, or closed the socket.
    try {
        wait_for(direction);
    } catch (...) {
        owner->on_shortage();
    }
}

}  // namespace clarify::detail

#endif  // CLARIFY_HTTP_DETAIL_CURL_CURL_SOCKET_HPP
