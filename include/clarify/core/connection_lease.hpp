// SPDX-License-Identifier: BSL-1.0
// The right to decide whether a connection may serve another exchange.

#ifndef CLARIFY_CORE_CONNECTION_LEASE_HPP
#define CLARIFY_CORE_CONNECTION_LEASE_HPP

#include <clarify/core/detail/config.hpp>

#include <memory>
#include <utility>

namespace clarify {

/** Holds a connection back until its response has been understood.

    A well-framed reply can still be the answer to something else (a wrong id). So a backend that
    keeps connections puts a lease into the response instead of reusing the connection at once; the
    client calls `keep` when the reply is the right one. Until then the connection belongs to nobody
    else. A lease that is dropped closes it: what has not been vouched for is not used again.

    How a backend makes one, and what it does with the connection in the end, is the backend's own
    affair. The connection is behind a `std::shared_ptr<void>`, so that a response does not depend on the
    kind of backend, and a lease takes no memory of its own where the connection has room for what
    `Release` needs.

    @par Object lifetimes
    The lease owns the connection, and whatever of the backend that needs: it may outlive the backend.
    @par Exception safety
    What `keep`, `discard`, assignment and destruction call must not throw.
    @par Thread safety
    Distinct objects: safe. Shared objects: unsafe. It is ended on the client's serial executor, or
    where nothing runs on that any more.
*/
class ConnectionLease {
public:
    /// Takes a connection back: `keep` says whether it may be used again. Called on the thread that
    /// ends the lease, from within.
    using Release = void (*)(std::shared_ptr<void> connection, bool keep);

    /// No connection: for a backend that keeps none.
    ConnectionLease() = default;
    /// `release` is called exactly once, with `connection` and whether it may be reused. Not null.
    ConnectionLease(std::shared_ptr<void> connection, Release release) noexcept
        : connection_(std::move(connection)), release_(release) {}
    /// `other` has nothing to decide about any more.
    ConnectionLease(ConnectionLease&& other) noexcept
        : connection_(std::move(other.connection_)),
          release_(std::exchange(other.release_, nullptr)) {}
    /// The same; a connection held so far is closed first.
    ConnectionLease& operator=(ConnectionLease&& other) noexcept;
    /// Closes a connection about which nothing was decided.
    ~ConnectionLease() { finish(false); }

    /// Is there a connection to decide about? False once it has been kept or discarded.
    explicit operator bool() const noexcept { return release_ != nullptr; }
    /// The connection may serve another exchange: it goes to whoever is first in line, or is kept idle.
    /// Nothing happens if there is none to decide about.
    void keep() { finish(true); }
    /// The connection must not be used again. Nothing happens if there is none to decide about.
    void discard() { finish(false); }

private:
    void finish(bool keep);

    std::shared_ptr<void> connection_;
    Release release_ = nullptr;
};

}  // namespace clarify

#if !defined(CLARIFY_SEPARATE_COMPILATION)
#include <clarify/core/impl/connection_lease.hpp>
#endif

#endif  // CLARIFY_CORE_CONNECTION_LEASE_HPP
