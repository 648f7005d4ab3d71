// SPDX-License-Identifier: BSL-1.0

#ifndef CLARIFY_HTTP_DETAIL_IMPL_CONNECTION_SOURCE_HPP
#define CLARIFY_HTTP_DETAIL_IMPL_CONNECTION_SOURCE_HPP

#include <boost/asio/this_coro.hpp>

#include <string>

namespace clarify::detail {

inline void Loan::end() noexcept {
    Origin* const origin = std::exchange(origin_, nullptr);
    if (origin == nullptr) return;
    const std::shared_ptr<ConnectionSource> source = std::move(source_);
    source->give_back(*origin, std::move(connection_), TimePoint::min(), false);
}

// The way back is kept in the connection itself, so that a lease costs no memory of its own.
inline ConnectionLease Loan::into_lease(TimePoint expires) && {
    connection_->ticket() = {std::move(source_), std::exchange(origin_, nullptr), expires};
    return {std::move(connection_), [](std::shared_ptr<void> held, bool keep) {
                auto connection = std::static_pointer_cast<Connection>(std::move(held));
                const Connection::Ticket ticket = std::exchange(connection->ticket(), {});
                ticket.source->give_back(
                    *ticket.origin, std::move(connection), ticket.expires, keep);
            }};
}

inline Origin& ConnectionSource::origin_of(const Url& url) {
    for (Origin& origin : origins_) {
        if (origin.serves(url)) return origin;
    }
    PoolLimits limits;
    limits.max_connections = options_.max_connections;
    limits.max_waiting = options_.max_waiting;
    return origins_.emplace_back(url, limits);
}

inline void ConnectionSource::observe(
    EventKind kind, const Origin& origin, Clock::duration elapsed) noexcept {
    if (!options_.observer) return;
    try {
        Event event{kind};
        event.time = now();
        event.host = origin.authority;
        event.elapsed = elapsed;
        options_.observer(event);
    } catch (...) {  // NOLINT(bugprone-empty-catch): a hook must not harm a call
    }
}

inline void ConnectionSource::close_doomed(Origin& origin) noexcept {
    for (const auto& connection : origin.pool.take_doomed())
        shut(origin, *connection);
}

inline void ConnectionSource::shut(Origin& origin, Connection& connection) noexcept {
    connection.close();
    observe(EventKind::connection_closed, origin, now() - connection.opened_at());
}

inline Loan ConnectionSource::try_reuse(const Url& url) {
    Origin& origin = origin_of(url);
    while (origin.pool.idle() != 0 && origin.pool.waiting() == 0) {
        auto decision = origin.pool.acquire(now(), false);
        close_doomed(origin);
        // The last idle one had expired: its place is ours, but this is not where connections are
        // opened.
        if (!decision.connection) {
            serve(origin.pool.give_up());
            break;
        }
        Loan loan{shared_from_this(), origin, std::move(decision.connection)};
        if (loan->is_quiet()) {
            observe(EventKind::connection_reused, origin);
            return loan;
        }
    }
    return {};
}

inline boost::asio::awaitable<Result<Loan>> ConnectionSource::wait_in_line(
    Origin& origin, TimePoint deadline) {
    const boost::asio::any_io_executor executor = co_await boost::asio::this_coro::executor;
    struct Place {
        ConnectionSource& source;
        Origin& origin;
        QueueEntry entry;
        bool taken = false;

        Place(ConnectionSource& s, Origin& o) : source(s), origin(o) {
            origin.pool.enqueue(&entry);
        }
        ~Place() {
            // Served and cancelled at once: what was handed over must not be lost.
            if (!origin.pool.abandon(&entry) && entry.handed && !taken) {
                source.give_back(origin, std::move(entry.connection), TimePoint::min(), false);
            }
        }
    };
    Place place{*this, origin};
    const bool cancelled = co_await place.entry.served.wait(executor, deadline);
    if (!place.entry.handed) {
        Error error{cancelled ? Errc::cancelled : Errc::timeout};
        co_return error.set_phase(Phase::queue);
    }
    place.taken = true;
    Loan loan{shared_from_this(), origin, std::move(place.entry.connection)};
    co_return std::move(loan);
}

inline boost::asio::awaitable<Result<Loan>> ConnectionSource::obtain(
    const HttpRequest& request, HttpProgress& progress) {
    using Step = Pool<std::shared_ptr<Connection>, QueueEntry*>::Step;
    progress.phase = Phase::queue;
    if (closed_) co_return Error{Errc::closed};
    time_ = time_source(co_await boost::asio::this_coro::executor);
    Origin& origin = origin_of(*request.url);
    auto decision = origin.pool.acquire(now(), request.fresh_connection);
    close_doomed(origin);

    Loan loan;
    switch (decision.step) {
        case Step::overloaded:
            co_return Error{
                Errc::overloaded, Reason::none, "too many calls are waiting for a connection"};
        case Step::wait: {
            Result<Loan> waited = co_await wait_in_line(origin, request.deadline);
            if (!waited) co_return waited.error();
            loan = std::move(*waited);
            break;
        }
        case Step::reuse:
        case Step::open:
            loan = Loan{shared_from_this(), origin, std::move(decision.connection)};
            break;
    }
    if (closed_) co_return Error{Errc::closed};
    if (loan && !request.fresh_connection && loan->is_quiet()) {
        observe(EventKind::connection_reused, origin);
        co_return std::move(loan);
    }
    if (loan) {
        // Stale: open another one in its place.
        shut(origin, *loan);
        loan.fill(nullptr);
    }
    if (!tls_) tls_ = options_.tls.context;
    if (origin.url.is_https() && !tls_) {
        Result<std::shared_ptr<boost::asio::ssl::context>> made = make_tls_context(options_.tls);
        if (!made) co_return made.error();
        tls_ = std::move(*made);
    }
    const TimePoint opening = now();
    Result<std::shared_ptr<Connection>> opened =
        co_await open_connection(origin.url, tls_, options_, request.deadline, progress);
    if (!opened) co_return opened.error();
    loan.fill(std::move(*opened));
    observe(EventKind::connection_opened, origin, now() - opening);
    co_return std::move(loan);
}

inline void ConnectionSource::give_back(
    Origin& origin, std::shared_ptr<Connection> connection, TimePoint expires, bool keep) noexcept {
    if (!connection) return serve(origin.pool.give_up());
    const TimePoint until =
        std::min(expires, connection->opened_at() + options_.connection_lifetime);
    if (keep && !closed_ && now() < until) {
        return serve(origin.pool.give_back(std::move(connection), until));
    }
    shut(origin, *connection);
    serve(origin.pool.give_up());
}

inline void ConnectionSource::serve(
    std::optional<Pool<std::shared_ptr<Connection>, QueueEntry*>::Handover> handover) noexcept {
    if (!handover) return;
    handover->waiter->handed = true;
    handover->waiter->connection = std::move(handover->connection);
    handover->waiter->served.notify_all();
}

inline void ConnectionSource::close() noexcept {
    closed_ = true;
    for (Origin& origin : origins_) {
        origin.pool.clear();
        close_doomed(origin);
    }
}

}  // namespace clarify::detail

#endif  // CLARIFY_HTTP_DETAIL_IMPL_CONNECTION_SOURCE_HPP
