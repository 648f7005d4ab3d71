// SPDX-License-Identifier: BSL-1.0
// How a lease ends.

#ifndef CLARIFY_CORE_IMPL_CONNECTION_LEASE_HPP
#define CLARIFY_CORE_IMPL_CONNECTION_LEASE_HPP

#include <clarify/core/connection_lease.hpp>

#include <utility>

namespace clarify {

CLARIFY_DECL void ConnectionLease::finish(bool keep) {
    if (const Release release = std::exchange(release_, nullptr))
        release(std::move(connection_), keep);
}

CLARIFY_DECL ConnectionLease& ConnectionLease::operator=(ConnectionLease&& other) noexcept {
    if (this == &other) return *this;
    finish(false);
    connection_ = std::move(other.connection_);
    release_ = std::exchange(other.release_, nullptr);
    return *this;
}

}  // namespace clarify

#endif  // CLARIFY_CORE_IMPL_CONNECTION_LEASE_HPP
