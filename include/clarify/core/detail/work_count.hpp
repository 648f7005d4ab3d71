// SPDX-License-Identifier: BSL-1.0
// The work that an execution context counts, by which it knows when it may end: adds to it, takes from it.

#ifndef CLARIFY_CORE_DETAIL_WORK_COUNT_HPP
#define CLARIFY_CORE_DETAIL_WORK_COUNT_HPP

#include <clarify/core/detail/serial_executor.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>

#include <variant>

namespace clarify::detail {

/** The count of the `io_context` or `thread_pool` that an executor runs on in the end, below strands
    and serial executors.

    @par Object lifetimes
    Nothing may be counted once the context is gone.
    @par Thread safety
    Distinct objects: safe. Shared objects: safe.
*/
class WorkCount {
public:
    explicit WorkCount(const boost::asio::any_io_executor& executor) { find(executor); }

    /// Is there a context below that can be told? Of executors of an application's own it is not
    /// known what they run on.
    explicit operator bool() const noexcept { return root_.index() != 0; }
    void add() const noexcept { tell(true); }
    /// Only where something else is counted too, the handler that runs for one: a context that
    /// counts nothing ends.
    void remove() const noexcept { tell(false); }

private:
    using IoExecutor = boost::asio::io_context::executor_type;
    using PoolExecutor = boost::asio::thread_pool::executor_type;

    template <class Executor>
    bool is(const boost::asio::any_io_executor& executor) {
        if constexpr (requires(const Executor& known) { known.on_work_started(); }) {
            const auto* const strand = executor.target<boost::asio::strand<Executor>>();
            if (strand != nullptr) root_ = strand->get_inner_executor();
            const auto* const direct = executor.target<Executor>();
            if (direct != nullptr) root_ = *direct;
            return strand != nullptr || direct != nullptr;
        } else {
            return false;
        }
    }
    void find(const boost::asio::any_io_executor& executor) {
        using AnyStrand = boost::asio::strand<boost::asio::any_io_executor>;
        if (const auto* const serial = executor.target<SerialExecutor>()) {
            find(serial->inner());
        } else if (const auto* const strand = executor.target<AnyStrand>()) {
            find(strand->get_inner_executor());
        } else if (!is<IoExecutor>(executor)) {
            is<PoolExecutor>(executor);
        }
    }
    void tell(bool more) const noexcept {
        std::visit(
            [more](const auto& executor) {
                if constexpr (requires { executor.on_work_started(); })
                    more ? executor.on_work_started() : executor.on_work_finished();
            },
            root_);
    }

    std::variant<std::monostate, IoExecutor, PoolExecutor> root_;
};

}  // namespace clarify::detail

#endif  // CLARIFY_CORE_DETAIL_WORK_COUNT_HPP
