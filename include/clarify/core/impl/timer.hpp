// SPDX-License-Identifier: BSL-1.0
// How a timer waits for the alarm of a stand-in clock.

#ifndef CLARIFY_CORE_IMPL_TIMER_HPP
#define CLARIFY_CORE_IMPL_TIMER_HPP

#include <clarify/core/timer.hpp>

#include <boost/asio/post.hpp>

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
    watch_->alarm = source_->set_alarm(when, [watch = watch_, executor = timer_.get_executor()] {
        boost::asio::post(executor, [watch] {
            if (watch->timer != nullptr) watch->timer->cancel();
        });
    });
}

CLARIFY_DECL void Timer::forget() noexcept {
    if (!watch_) return;
    watch_->timer = nullptr;
    source_->clear_alarm(watch_->alarm);
    watch_.reset();
}

}  // namespace clarify

#endif  // CLARIFY_CORE_IMPL_TIMER_HPP
