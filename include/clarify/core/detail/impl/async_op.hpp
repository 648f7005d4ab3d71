// SPDX-License-Identifier: BSL-1.0

#ifndef CLARIFY_CORE_DETAIL_IMPL_ASYNC_OP_HPP
#define CLARIFY_CORE_DETAIL_IMPL_ASYNC_OP_HPP

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>

#include <exception>

namespace clarify::detail {

/// The completion handler of a task: whether it is called or destroyed, the task is gone.
class TaskEnd {
public:
    explicit TaskEnd(std::shared_ptr<TaskOwner> owner) noexcept : owner_(std::move(owner)) {}
    TaskEnd(TaskEnd&&) noexcept = default;
    TaskEnd(const TaskEnd&) = delete;
    TaskEnd& operator=(const TaskEnd&) = delete;
    ~TaskEnd() { tell(); }

    void operator()(const std::exception_ptr&) noexcept { tell(); }

private:
    void tell() noexcept {
        if (const std::shared_ptr<TaskOwner> owner = std::move(owner_)) owner->task_gone();
    }

    std::shared_ptr<TaskOwner> owner_;
};

CLARIFY_DECL void spawn_task(
    const boost::asio::any_io_executor& executor,
    boost::asio::awaitable<void> task,
    boost::asio::cancellation_signal& signal,
    std::shared_ptr<TaskOwner> owner) {
    boost::asio::co_spawn(
        executor,
        std::move(task),
        boost::asio::bind_cancellation_slot(signal.slot(), TaskEnd{std::move(owner)}));
}

}  // namespace clarify::detail

#endif  // CLARIFY_CORE_DETAIL_IMPL_ASYNC_OP_HPP
