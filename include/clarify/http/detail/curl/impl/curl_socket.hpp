// SPDX-License-Identifier: BSL-1.0

#ifndef CLARIFY_HTTP_DETAIL_CURL_IMPL_CURL_SOCKET_HPP
#define CLARIFY_HTTP_DETAIL_CURL_IMPL_CURL_SOCKET_HPP

#include <boost/asio/error.hpp>

namespace clarify::detail {

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

#endif  // CLARIFY_HTTP_DETAIL_CURL_IMPL_CURL_SOCKET_HPP
