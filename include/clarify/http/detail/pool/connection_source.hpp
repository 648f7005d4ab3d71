// SPDX-License-Identifier: BSL-1.0
// Lends connections: obeys the pool's decisions, keeps the line, closes. It does not open any.

#ifndef CLARIFY_HTTP_DETAIL_POOL_CONNECTION_SOURCE_HPP
#define CLARIFY_HTTP_DETAIL_POOL_CONNECTION_SOURCE_HPP

#include <clarify/core/detail/serial_executor.hpp>
#include <clarify/core/detail/signal.hpp>
#include <clarify/core/http_message.hpp>
#include <clarify/core/result.hpp>
#include <clarify/core/timer.hpp>
#include <clarify/core/url.hpp>
#include <clarify/http/detail/pool/background_timer.hpp>
#include <clarify/http/detail/pool/pool.hpp>
#include <clarify/http/http_options.hpp>

#include <boost/asio/awaitable.hpp>

#include <algorithm>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace clarify::detail {

/// The failure of a request that is another process's, which has forked this one: it is sent there,
/// and not here as well.
inline Error request_left(Phase phase) {
    Error error{Errc::cancelled};
    return error.set_phase(phase).set_fate(Fate::unknown);
}

template <class Connection>
class ConnectionSource;

/// Somebody in line for a connection.
template <class Connection>
struct QueueEntry {
    Signal served;
    bool handed = false;
    std::shared_ptr<Connection> connection;
};

/// One scheme, host and port with its pool. The list node stays where it is, so references are
/// stable.
template <class Connection>
struct Origin {
    Origin(Url address, PoolLimits limits)
        : url(std::move(address)), authority(url.authority()), pool(limits) {}

    bool serves(const Url& other) const noexcept {
        return url.port() == other.port() && url.is_https() == other.is_https() &&
            url.host() == other.host();
    }

    Url url;
    std::string authority;
    Pool<std::shared_ptr<Connection>, QueueEntry<Connection>*> pool;
};

/// Where a connection goes back to, while a response that came over it is held back. It is kept in
/// the connection itself, so that a lease costs no memory of its own.
template <class Connection>
struct ConnectionTicket {
    std::shared_ptr<ConnectionSource<Connection>> source;
    Origin<Connection>* origin = nullptr;
    TimePoint expires = (TimePoint::min)();
};

/** A place in an origin's pool, with the connection that fills it once there is one.

    Whatever happens to its holder, the place is given back exactly once: destroying a loan closes
    the connection; a lease made of it keeps the connection for the next in line or for the pool.
*/
template <class Connection>
class Loan {
public:
    Loan() = default;
    Loan(
        std::shared_ptr<ConnectionSource<Connection>> source,
        Origin<Connection>& origin,
        std::shared_ptr<Connection> connection)
        : source_(std::move(source)), origin_(&origin), connection_(std::move(connection)) {}
    Loan(Loan&& other) noexcept
        : source_(std::move(other.source_)),
          origin_(std::exchange(other.origin_, nullptr)),
          connection_(std::move(other.connection_)) {}
    Loan& operator=(Loan&& other) noexcept {
        if (this != &other) {
            end();
            source_ = std::move(other.source_);
            origin_ = std::exchange(other.origin_, nullptr);
            connection_ = std::move(other.connection_);
        }
        return *this;
    }
    ~Loan() { end(); }

    Origin<Connection>& origin() const noexcept { return *origin_; }
    Connection* operator->() const noexcept { return connection_.get(); }
    Connection& operator*() const noexcept { return *connection_; }
    /// For an operation that may outlive the loan.
    const std::shared_ptr<Connection>& share() const noexcept { return connection_; }
    explicit operator bool() const noexcept { return connection_ != nullptr; }
    /// Puts another connection into the place; the one in it is closed.
    void fill(std::shared_ptr<Connection> connection);

    /// Until when the connection may serve again after `reply`, which says whether it is `reusable()`
    /// and for how long (`keep_alive()`).
    template <class Reply>
    TimePoint expiry(const Reply& reply) const {
        if (!reply.reusable()) return (TimePoint::min)();
        return origin_->pool.expiry(connection_->opened_at(), reply.keep_alive(), source_->now());
    }
    /// An exchange begins on it.
    void begin_use() noexcept { connection_->use().begun = source_->now(); }
    /// An exchange on it had to end without a byte of an answer.
    void heard_nothing() noexcept { source_->heard_nothing(*origin_, connection_->use()); }
    /// Turns the loan into a lease for the response: `keep` makes the connection reusable until
    /// `expires`.
    ConnectionLease into_lease(TimePoint expires) &&;

private:
    void end() noexcept;

    std::shared_ptr<ConnectionSource<Connection>> source_;
    Origin<Connection>* origin_ = nullptr;
    std::shared_ptr<Connection> connection_;
};

/** The connections of a backend, by origin.

    An idle connection is closed when its time is up, by a timer that keeps no context running; one
    that its peer has closed, at the next such moment, or when it would be used.

    A `Connection` has `close()`, `is_established()`, `opened_at()`, `can_serve()` (is an idle one
    still open and quiet?), `ticket()` and `use()`, whose `opened` it sets itself. All of it happens on one serial executor.
*/
template <class Connection>
class ConnectionSource : public std::enable_shared_from_this<ConnectionSource<Connection>> {
public:
    explicit ConnectionSource(HttpOptions options) : options_(std::move(options)) {
        options_.check();
    }

    const HttpOptions& options() const noexcept { return options_; }
    /// Where events go, unless the options say so themselves.
    void tell(Observer observer) {
        if (!options_.observer) options_.observer = std::move(observer);
    }
    TimePoint now() const noexcept { return time_ ? time_->now() : Clock::now(); }

    /// An idle connection that is still good, if there is one and nobody is in line. The fast path.
    Loan<Connection> try_reuse(const Url& url);
    /** A place in the origin's pool, after waiting in line if need be.

        The loan has an idle connection that is still good, or none: then one is to be opened.
    */
    boost::asio::awaitable<Result<Loan<Connection>>> take_place(
        const HttpRequest& request, HttpProgress& progress);
    void give_back(
        Origin<Connection>& origin,
        std::shared_ptr<Connection> connection,
        TimePoint expires,
        bool keep) noexcept;
    /// To be told why no connection could be opened in a place.
    void opening_failed(Origin<Connection>& origin, const Error& error) noexcept;
    /// To be told of an exchange that had to end without a byte of an answer.
    void heard_nothing(Origin<Connection>& origin, const ConnectionUse& silent) noexcept;
    /// Closes a connection that is in no pool.
    void shut(Origin<Connection>& origin, Connection& connection) noexcept;
    /// Closes idle connections now, and the others when they are given back.
    void close() noexcept;
    /// The same, but who is in line, or comes, is still served.
    void drain() noexcept;
    /// Tells the observer. What is closed while the client's executor does not run any more, with the
    /// execution context or the client, nobody hears of: what the observer refers to may be gone.
    void observe(
        EventKind kind,
        const Origin<Connection>& origin,
        Clock::duration elapsed = {},
        bool resumed = false) noexcept;

private:
    using OriginPool = Pool<std::shared_ptr<Connection>, QueueEntry<Connection>*>;
    struct InLine;

    Origin<Connection>& origin_of(const Url& url);
    void serve(std::optional<typename OriginPool::Handover> handover) noexcept;
    void serve_room(Origin<Connection>& origin) noexcept;
    void close_doomed(Origin<Connection>& origin) noexcept;
    void wake_by(TimePoint when, TimePoint at) noexcept;
    void tidy_up() noexcept;

    HttpOptions options_;
    /// That of the executor; known once the first connection is asked for.
    std::shared_ptr<TimeSource> time_;
    /// The executor, if it is a client's; known from then on, too.
    std::optional<SerialExecutor> serial_;
    std::optional<BackgroundTimer> timer_;
    TimePoint wake_at_ = (TimePoint::max)();
    std::list<Origin<Connection>> origins_;
    bool closed_ = false;
    bool draining_ = false;
};

}  // namespace clarify::detail

#include <clarify/http/detail/pool/impl/connection_source.hpp>

#endif  // CLARIFY_HTTP_DETAIL_POOL_CONNECTION_SOURCE_HPP
