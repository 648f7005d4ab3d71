// SPDX-License-Identifier: BSL-1.0
// The right to decide whether a connection may serve another exchange.

#ifndef CLARIFY_CORE_CONNECTION_LEASE_HPP
#define CLARIFY_CORE_CONNECTION_LEASE_HPP

#include <memory>
#include <utility>

namespace clarify {

/** Holds a connection back until its response has been understood.

    A well-framed reply can still be the answer to something else (a wrong id). So a backend that
    keeps connections puts a lease into the response instead of reusing the connection at once; the
    client calls `keep` when the reply is the right one. A lease that is dropped closes the
    connection.
*/
class ConnectionLease {
public:
    using Release = void (*)(std::shared_ptr<void> connection, bool keep);

    ConnectionLease() = default;
    /// `release` is called exactly once, with `connection` and whether it may be reused.
    ConnectionLease(std::shared_ptr<void> connection, Release release) noexcept
        : connection_(std::move(connection)), release_(release) {}
    ConnectionLease(ConnectionLease&& other) noexcept
        : connection_(std::move(other.connection_)),
          release_(std::exchange(other.release_, nullptr)) {}
    ConnectionLease& operator=(ConnectionLease&& other) noexcept {
        if (this != &other) {
            finish(false);
            connection_ = std::move(other.connection_);
            release_ = std::exchange(other.release_, nullptr);
        }
        return *this;
    }
    ~ConnectionLease() { finish(false); }

    /// Is there a connection to decide about?
    explicit operator bool() const noexcept { return release_ != nullptr; }
    /// The connection may serve another exchange.
    void keep() { finish(true); }
    /// The connection must not be used again.
    void discard() { finish(false); }

private:
    void finish(bool keep) {
        if (const Release release = std::exchange(release_, nullptr))
            release(std::move(connection_), keep);
    }

    std::shared_ptr<void> connection_;
    Release release_ = nullptr;
};

}  // namespace clarify

#endif  // CLARIFY_CORE_CONNECTION_LEASE_HPP
