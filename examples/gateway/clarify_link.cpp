// SPDX-License-Identifier: BSL-1.0

#include "clarify_link.hpp"

#include <utility>

namespace gateway {

std::shared_ptr<ClarifyLink> CurrentLink::get() const {
    const std::lock_guard lock{mutex_};
    return current_;
}

void CurrentLink::replace(std::shared_ptr<ClarifyLink> link) {
    // Destroyed behind the lock, where it is the last to own the old link.
    std::shared_ptr<ClarifyLink> old;
    const std::lock_guard lock{mutex_};
    std::erase_if(all_, [](const auto& each) { return each.expired(); });
    all_.push_back(link);
    old = std::exchange(current_, std::move(link));
}

void CurrentLink::close() {
    std::vector<std::shared_ptr<ClarifyLink>> alive;
    {
        const std::lock_guard lock{mutex_};
        for (const auto& each : all_) {
            if (auto link = each.lock()) alive.push_back(std::move(link));
        }
    }
    for (const auto& link : alive)
        link->client.close();
}

}  // namespace gateway
