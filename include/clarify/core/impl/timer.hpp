// SPDX-License-Identifier: BSL-1.0
// How a timer waits for the alarm of a stand-in clock.

#ifndef CLARIFY_CORE_IMPL_TIMER_HPP
#define CLARIFY_CORE_IMPL_TIMER_HPP

#include <clarify/core/detail/context_link.hpp>
#include <clarify/core/timer.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/post.hpp>

#include <utility>

namespace clarify {

CLARIFY_DECL void Timer::expires_at(TimePoint when) {
    expiry_ = when;
    if (!source_) {
        timer_.expires_at(when);
        return;
    }
    forget();
    timer_.expires_at((TimePoint::max)());
    if (when == (TimePoint::max)()) return;
    watch_ = std::make_shared<Watch>();
    watch_->timer = this;
    const boost::asio::any_io_executor executor = timer_.get_executor();
    auto ring = [watch = watch_, executor, context = detail::ContextLink::of(executor)] {
        // The clock may be moved in one thread while the context goes in another.
        context->while_there([&] {
            boost::asio::post(executor, [watch] {
                if (watch->timer != nullptr) watch->timer->cancel();
            });
        });
    };
    watch_->alarm = source_->set_alarm(when, std::move(ring));
}

CLARIFY_DECL void Timer::forget() noexcept {
    if (!watch_) return;
    watch_->timer = nullptr;
    source_->clear_alarm(watch_->alarm);
    watch_.reset();
}

}  // namespace clarify

#endif  // CLARIFY_CORE_IMPL_TIMER_HPP
