// SPDX-License-Identifier: BSL-1.0

#ifndef CLARIFY_CORE_DETAIL_IMPL_ASYNC_OP_HPP
#define CLARIFY_CORE_DETAIL_IMPL_ASYNC_OP_HPP

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>

#include <exception>

namespace clarify::detail {

CLARIFY_DECL void spawn_task(
    const boost::asio::any_io_executor& executor,
    boost::asio::awaitable<void> task,
    boost::asio::cancellation_signal& signal,
    std::shared_ptr<void> owner) {
    boost::asio::co_spawn(
        executor,
        std::move(task),
        boost::asio::bind_cancellation_slot(
            signal.slot(), [owner = std::move(owner)](const std::exception_ptr&) {}));
}

}  // namespace clarify::detail

#endif  // CLARIFY_CORE_DETAIL_IMPL_ASYNC_OP_HPP
