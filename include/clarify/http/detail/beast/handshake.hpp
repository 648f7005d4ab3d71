// SPDX-License-Identifier: BSL-1.0
// The TLS handshake of a new connection.

#ifndef CLARIFY_HTTP_DETAIL_BEAST_HANDSHAKE_HPP
#define CLARIFY_HTTP_DETAIL_BEAST_HANDSHAKE_HPP

#include <clarify/core/clock.hpp>
#include <clarify/core/result.hpp>
#include <clarify/core/timer.hpp>
#include <clarify/core/url.hpp>
#include <clarify/http/detail/beast/connection.hpp>
#include <clarify/http/detail/tls/tls_context.hpp>

#include <boost/asio/awaitable.hpp>

#include <memory>

namespace clarify::detail {

/// A phase of opening a connection that took too long.
Error opening_timed_out(Phase phase, const Url& origin);

/// Closes a connection when a phase takes too long; harmless once destroyed.
template <class Connection>
class PhaseGuard {
public:
    PhaseGuard(
        const boost::asio::any_io_executor& executor,
        const std::shared_ptr<Connection>& connection,
        TimePoint until);
    PhaseGuard(const PhaseGuard&) = delete;
    PhaseGuard& operator=(const PhaseGuard&) = delete;
    ~PhaseGuard() { disarm(); }

    /// Has it had to act?
    bool expired() const noexcept { return *expired_; }
    /// Ends the watch; true if it had to act. A handler that runs after this finds the flag set and
    /// does nothing.
    bool disarm() {
        timer_.cancel();
        return std::exchange(*expired_, true);
    }

private:
    Timer timer_;
    std::shared_ptr<bool> expired_;
};

/// One try at a handshake.
struct HandshakeTry {
    /// May a session be resumed? Set by the caller.
    bool may_resume = true;
    /// Was the server offered one? If the handshake failed, that may be why.
    bool offered_session = false;
};

/** Proves that the peer of a fresh connection is `origin`, before `until`.

    Resumes a session if there is one. All failures are `Fate::unsent`.
*/
template <class Net>
boost::asio::awaitable<Result<void>> shake_hands(
    std::shared_ptr<Connection<Net>> connection,
    const Url& origin,
    TimePoint until,
    TlsTerms& terms,
    HandshakeTry& attempt);

/// Keeps the session of a connection on which the server has answered: the tickets of TLS 1.3 come
/// after the handshake, with the first bytes that are read. One that cannot be kept is no loss.
template <class Net>
void keep_session(
    Connection<Net>& connection, const Url& origin, TlsTerms& terms, TimePoint now) noexcept;

/// A failure that may be due to the session that was offered, and not to the server as such.
bool may_be_due_to_session(const Error& error) noexcept;

}  // namespace clarify::detail

#include <clarify/http/detail/beast/impl/handshake.hpp>

#endif  // CLARIFY_HTTP_DETAIL_BEAST_HANDSHAKE_HPP
