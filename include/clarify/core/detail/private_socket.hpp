// SPDX-License-Identifier: BSL-1.0
// Sockets that a program started by this one does not inherit.

#ifndef CLARIFY_CORE_DETAIL_PRIVATE_SOCKET_HPP
#define CLARIFY_CORE_DETAIL_PRIVATE_SOCKET_HPP

#include <boost/asio/ip/tcp.hpp>
#include <boost/system/error_code.hpp>

#if defined(__unix__) || defined(__APPLE__)
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#endif

namespace clarify::detail {

#if defined(__unix__) || defined(__APPLE__)

/// Gives a new descriptor to a socket or an acceptor, or closes it.
template <class Object>
void adopt(
    Object& object,
    const boost::asio::ip::tcp& protocol,
    int descriptor,
    boost::system::error_code& ec) {
    if (descriptor < 0) {
        ec.assign(errno, boost::system::system_category());
        return;
    }
    object.assign(protocol, descriptor, ec);
    if (ec) ::close(descriptor);
}

#endif

/** Opens a socket or an acceptor as its `open` does, and closed for other programs.

    Asio leaves its sockets open for every program that the process starts, and a flag that is set
    later would come too late for what another thread starts meanwhile.
*/
template <class Object>
void open_private(
    Object& object, const boost::asio::ip::tcp& protocol, boost::system::error_code& ec) {
#if defined(SOCK_CLOEXEC)
    ec = {};
    adopt(
        object, protocol, ::socket(protocol.family(), SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP), ec);
#else
    object.open(protocol, ec);
#if defined(FD_CLOEXEC)
    if (!ec) ::fcntl(object.native_handle(), F_SETFD, FD_CLOEXEC);
#endif
#endif
}

/** Takes a connection that waits at `acceptor`, closed for other programs too.

    It never waits: `would_block` says that there is none, as may be the case after a wait. The
    acceptor must be `non_blocking`.
*/
inline void accept_private(
    boost::asio::ip::tcp::acceptor& acceptor,
    boost::asio::ip::tcp::socket& socket,
    boost::system::error_code& ec) {
#if defined(SOCK_CLOEXEC)
    const boost::asio::ip::tcp::endpoint own = acceptor.local_endpoint(ec);
    if (ec) return;
    int accepted = -1;
    do {
        accepted =
            ::accept4(acceptor.native_handle(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
        // A connection that has ended meanwhile is none.
    } while (accepted < 0 && (errno == EINTR || errno == ECONNABORTED));
    adopt(socket, own.protocol(), accepted, ec);
#else
    acceptor.accept(socket, ec);
#if defined(FD_CLOEXEC)
    if (!ec) ::fcntl(socket.native_handle(), F_SETFD, FD_CLOEXEC);
#endif
#endif
}

}  // namespace clarify::detail

#endif  // CLARIFY_CORE_DETAIL_PRIVATE_SOCKET_HPP
