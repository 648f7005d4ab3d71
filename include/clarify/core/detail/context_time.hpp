// SPDX-License-Identifier: BSL-1.0
// The clock of an execution context, where a test has given it one.

#ifndef CLARIFY_CORE_DETAIL_CONTEXT_TIME_HPP
#define CLARIFY_CORE_DETAIL_CONTEXT_TIME_HPP

#include <clarify/core/clock.hpp>

#include <boost/asio/execution_context.hpp>

#include <memory>
#include <mutex>
#include <utility>

namespace clarify::detail {

/** Stands in for the steady clock on executors of a context that know of no clock themselves: an
    application's timers are on those, and on strands over them.

    @par Thread safety
    Distinct objects: safe. Shared objects: safe.
*/
class ContextTime final : public boost::asio::execution_context::service {
public:
    using key_type = ContextTime;
    static inline boost::asio::execution_context::id id;

    explicit ContextTime(boost::asio::execution_context& context)
        : boost::asio::execution_context::service(context) {}

    /// The one that was set last counts.
    static void set(boost::asio::execution_context& context, std::shared_ptr<TimeSource> source) {
        auto& own = boost::asio::use_service<ContextTime>(context);
        const std::lock_guard lock{own.mutex_};
        own.source_.swap(source);
    }
    /// Null for the steady clock.
    static std::shared_ptr<TimeSource> of(boost::asio::execution_context& context) {
        if (!boost::asio::has_service<ContextTime>(context)) return nullptr;
        auto& own = boost::asio::use_service<ContextTime>(context);
        const std::lock_guard lock{own.mutex_};
        return own.source_;
    }

private:
    void shutdown() override { source_.reset(); }

    std::mutex mutex_;
    std::shared_ptr<TimeSource> source_;
};

}  // namespace clarify::detail

#endif  // CLARIFY_CORE_DETAIL_CONTEXT_TIME_HPP
