// SPDX-License-Identifier: BSL-1.0
// How the calls of a scope are kept, and ended.

#ifndef CLARIFY_CORE_IMPL_CALL_SCOPE_HPP
#define CLARIFY_CORE_IMPL_CALL_SCOPE_HPP

#include <clarify/core/call_scope.hpp>

#include <algorithm>
#include <utility>

namespace clarify::detail {

CLARIFY_DECL bool ScopeMembers::add(std::weak_ptr<ScopeMember> member) {
    const std::lock_guard lock{mutex_};
    if (cancelled_) return false;
    if (members_.size() >= tidy_at_) {
        std::erase_if(members_, [](const auto& each) { return each.expired(); });
        tidy_at_ = (std::max)(std::size_t{16}, 2 * members_.size());
    }
    members_.push_back(std::move(member));
    return true;
}

CLARIFY_DECL void ScopeMembers::cancel() noexcept {
    std::vector<std::weak_ptr<ScopeMember>> members;
    {
        const std::lock_guard lock{mutex_};
        cancelled_ = true;
        members.swap(members_);
    }
    for (const std::weak_ptr<ScopeMember>& each : members) {
        if (const auto member = each.lock()) member->scope_cancelled();
    }
}

}  // namespace clarify::detail

#endif  // CLARIFY_CORE_IMPL_CALL_SCOPE_HPP
