// SPDX-License-Identifier: BSL-1.0
// Lends connections: obeys the pool's decisions, opens and closes.

#ifndef CLARIFY_HTTP_DETAIL_CONNECTION_SOURCE_HPP
#define CLARIFY_HTTP_DETAIL_CONNECTION_SOURCE_HPP

#include <clarify/core/timer.hpp>
#include <clarify/http/detail/connector.hpp>
#include <clarify/http/detail/pool.hpp>
#include <clarify/http/detail/tls_context.hpp>

#include <list>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace clarify::detail {

class ConnectionSource;

/// Somebody in line for a connection.
struct QueueEntry {
    Signal served;
    bool handed = false;
    std::shared_ptr<Connection> connection;
};

/// One scheme, host and port with its pool. The list node stays where it is, so references are
/// stable.
struct Origin {
    Origin(Url address, PoolLimits limits)
        : url(std::move(address)), authority(url.authority()), pool(limits) {}

    bool serves(const Url& other) const noexcept {
        return url.port() == other.port() && url.is_https() == other.is_https() &&
            url.host() == other.host();
    }

    Url url;
    std::string authority;
    Pool<std::shared_ptr<Connection>, QueueEntry*> pool;
};

/** A place in an origin's pool, with the connection that fills it once there is one.

    Whatever happens to its holder, the place is given back exactly once: destroying a loan closes
    the connection; a lease made of it keeps the connection for the next in line or for the pool.
*/
class Loan {
public:
    Loan() = default;
    Loan(
        std::shared_ptr<ConnectionSource> source,
        Origin& origin,
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

    const std::string& authority() const noexcept { return origin_->authority; }
    Connection* operator->() const noexcept { return connection_.get(); }
    Connection& operator*() const noexcept { return *connection_; }
    explicit operator bool() const noexcept { return connection_ != nullptr; }
    void fill(std::shared_ptr<Connection> connection) { connection_ = std::move(connection); }

    /// Turns the loan into a lease for the response: `keep` makes the connection reusable until
    /// `expires`.
    ConnectionLease into_lease(TimePoint expires) &&;

private:
    void end() noexcept;

    std::shared_ptr<ConnectionSource> source_;
    Origin* origin_ = nullptr;
    std::shared_ptr<Connection> connection_;
};

class ConnectionSource : public std::enable_shared_from_this<ConnectionSource> {
public:
    explicit ConnectionSource(HttpOptions options) : options_(std::move(options)) {
        options_.check();
    }

    const HttpOptions& options() const noexcept { return options_; }
    TimePoint now() const noexcept { return time_ ? time_->now() : Clock::now(); }

    /// An idle connection that is still good, if there is one and nobody is in line. The fast path.
    Loan try_reuse(const Url& url);
    /// Waits in line if need be, then reuses or opens a connection.
    boost::asio::awaitable<Result<Loan>> obtain(const HttpRequest& request, HttpProgress& progress);
    void give_back(
        Origin& origin,
        std::shared_ptr<Connection> connection,
        TimePoint expires,
        bool keep) noexcept;
    void close() noexcept;

private:
    Origin& origin_of(const Url& url);
    void observe(EventKind kind, const Origin& origin, Clock::duration elapsed = {}) noexcept;
    void serve(
        std::optional<Pool<std::shared_ptr<Connection>, QueueEntry*>::Handover> handover) noexcept;
    void close_doomed(Origin& origin) noexcept;
    void shut(Origin& origin, Connection& connection) noexcept;
    boost::asio::awaitable<Result<Loan>> wait_in_line(Origin& origin, TimePoint deadline);

    HttpOptions options_;
    /// That of the executor; known once the first connection is asked for.
    std::shared_ptr<TimeSource> time_;
    std::shared_ptr<boost::asio::ssl::context> tls_;
    std::list<Origin> origins_;
    bool closed_ = false;
};

}  // namespace clarify::detail

#include <clarify/http/detail/impl/connection_source.hpp>

#endif  // CLARIFY_HTTP_DETAIL_CONNECTION_SOURCE_HPP
