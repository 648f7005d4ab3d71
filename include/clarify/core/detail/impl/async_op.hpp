// SPDX-License-Identifier: BSL-1.0
// How a coroutine becomes a background task whose end is always told.

#ifndef CLARIFY_CORE_DETAIL_IMPL_ASYNC_OP_HPP
#define CLARIFY_CORE_DETAIL_IMPL_ASYNC_OP_HPP

#include <clarify/core/detail/async_op.hpp>
#include <clarify/core/detail/called_or_lost.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>

#include <exception>
#include <memory>
#include <utility>

namespace clarify::detail {

CLARIFY_DECL void spawn_task(
    const boost::asio::any_io_executor& executor,
    boost::asio::awaitable<void> task,
    boost::asio::cancellation_signal& signal,
    std::shared_ptr<TaskOwner> owner) {
    boost::asio::co_spawn(
        executor,
        std::move(task),
        boost::asio::bind_cancellation_slot(
            signal.slot(),
            // Whether it is called or destroyed, the task is gone.
            CalledOrLost{
                std::move(owner),
                [](const std::shared_ptr<TaskOwner>& told, const std::exception_ptr&) noexcept {
                    told->task_gone();
                },
                [](const std::shared_ptr<TaskOwner>& told) noexcept { told->task_gone(); }}));
}

}  // namespace clarify::detail

#endif  // CLARIFY_CORE_DETAIL_IMPL_ASYNC_OP_HPP
