// SPDX-License-Identifier: BSL-1.0
// How connections are lent, queued for, given back and closed.

#ifndef CLARIFY_HTTP_DETAIL_POOL_IMPL_CONNECTION_SOURCE_HPP
#define CLARIFY_HTTP_DETAIL_POOL_IMPL_CONNECTION_SOURCE_HPP

#include <clarify/core/detail/time_span.hpp>
#include <clarify/http/detail/pool/connection_source.hpp>

#include <boost/asio/this_coro.hpp>

namespace clarify::detail {

template <class Connection>
void Loan<Connection>::end() noexcept {
    Origin<Connection>* const origin = std::exchange(origin_, nullptr);
    if (origin == nullptr) return;
    const std::shared_ptr<ConnectionSource<Connection>> source = std::move(source_);
    source->give_back(*origin, std::move(connection_), (TimePoint::min)(), false);
}

template <class Connection>
void Loan<Connection>::fill(std::shared_ptr<Connection> connection) {
    if (connection_) source_->shut(*origin_, *connection_);
    connection_ = std::move(connection);
}

template <class Connection>
ConnectionLease Loan<Connection>::into_lease(TimePoint expires) && {
    connection_->use().proven = source_->now();
    connection_->ticket() = {std::move(source_), std::exchange(origin_, nullptr), expires};
    return {std::move(connection_), [](std::shared_ptr<void> held, bool keep) {
                auto connection = std::static_pointer_cast<Connection>(std::move(held));
                const ConnectionTicket<Connection> ticket = std::exchange(connection->ticket(), {});
                ticket.source->give_back(
                    *ticket.origin, std::move(connection), ticket.expires, keep);
            }};
}

template <class Connection>
Origin<Connection>& ConnectionSource<Connection>::origin_of(const Url& url) {
    for (Origin<Connection>& origin : origins_) {
        if (origin.serves(url)) return origin;
    }
    PoolLimits limits;
    limits.max_connections = options_.max_connections;
    limits.max_waiting = options_.max_waiting;
    limits.idle_timeout = clock_span(options_.idle_timeout);
    limits.lifetime = clock_span(options_.connection_lifetime);
    return origins_.emplace_back(url, limits);
}

template <class Connection>
void ConnectionSource<Connection>::observe(
    EventKind kind,
    const Origin<Connection>& origin,
    Clock::duration elapsed,
    bool resumed) noexcept {
    if (!options_.observer || (serial_ && !serial_->running_in_this_thread())) return;
    try {
        Event event{kind};
        event.time = now();
        event.host = origin.authority;
        event.elapsed = elapsed;
        event.resumed = resumed;
        options_.observer(event);
    } catch (...) {  // NOLINT(bugprone-empty-catch): a hook must not harm a call
    }
}

template <class Connection>
void ConnectionSource<Connection>::close_doomed(Origin<Connection>& origin) noexcept {
    while (const auto connection = origin.pool.next_doomed())
        shut(origin, *connection);
}

template <class Connection>
void ConnectionSource<Connection>::shut(
    Origin<Connection>& origin, Connection& connection) noexcept {
    connection.close();
    if (!connection.is_established()) return;
    observe(EventKind::connection_closed, origin, now() - connection.opened_at());
}

template <class Connection>
Loan<Connection> ConnectionSource<Connection>::try_reuse(const Url& url) {
    Origin<Connection>& origin = origin_of(url);
    while (origin.pool.idle() != 0 && origin.pool.waiting() == 0) {
        auto decision = origin.pool.acquire(now(), false);
        close_doomed(origin);
        // The last idle one had expired: its place is ours, but this is not where connections are
        // opened.
        if (!decision.connection) {
            serve(origin.pool.give_up(now()));
            break;
        }
        Loan<Connection> loan{this->shared_from_this(), origin, std::move(decision.connection)};
        if (loan->can_serve()) {
            observe(EventKind::connection_reused, origin);
            return loan;
        }
    }
    return {};
}

/// Somebody's place in the line of an origin.
template <class Connection>
struct ConnectionSource<Connection>::InLine {
    InLine(ConnectionSource& s, Origin<Connection>& o) : source(s), origin(o) {
        origin.pool.enqueue(&entry);
        source.wake_by(origin.pool.next_event(source.now()), source.now());
    }
    InLine(const InLine&) = delete;
    InLine& operator=(const InLine&) = delete;
    ~InLine() {
        // Served and cancelled at once: what was handed over must not be lost.
        if (!origin.pool.abandon(&entry) && entry.handed && !taken) {
            source.give_back(origin, std::move(entry.connection), (TimePoint::min)(), false);
        }
    }

    Loan<Connection> take() {
        taken = true;
        return {source.shared_from_this(), origin, std::move(entry.connection)};
    }

    ConnectionSource& source;
    Origin<Connection>& origin;
    QueueEntry<Connection> entry;
    bool taken = false;
};

// One frame for all of it: there may be many in line, and what they take should be little.
template <class Connection>
boost::asio::awaitable<Result<Loan<Connection>>> ConnectionSource<Connection>::take_place(
    const HttpRequest& request, HttpProgress& progress) {
    using Step = typename OriginPool::Step;
    progress.phase = Phase::queue;
    if (closed_) co_return Error{Errc::closed};
    const boost::asio::any_io_executor executor = co_await boost::asio::this_coro::executor;
    time_ = time_source(executor);
    const auto* const serial = executor.target<SerialExecutor>();
    if (serial != nullptr && !serial_) serial_.emplace(*serial);
    if (!timer_) timer_.emplace(executor);
    Origin<Connection>& origin = origin_of(*request.url);
    auto decision = origin.pool.acquire(now(), request.fresh_connection);
    close_doomed(origin);

    Loan<Connection> loan;
    switch (decision.step) {
        case Step::overloaded:
            co_return Error{
                Errc::overloaded, Reason::none, "too many calls are waiting for a connection"};
        case Step::wait: {
            InLine place{*this, origin};
            Signal::Waiter waiter{place.entry.served, executor, request.deadline};
            co_await waiter.async_wait(boost::asio::as_tuple(boost::asio::deferred));
            if (!place.entry.handed) {
                Error error{waiter.is_cancelled() ? Errc::cancelled : Errc::timeout};
                co_return error.set_phase(Phase::queue);
            }
            loan = place.take();
            progress.left_queue = now();
            break;
        }
        case Step::reuse:
        case Step::open:
            loan =
                Loan<Connection>{this->shared_from_this(), origin, std::move(decision.connection)};
            break;
    }
    if (closed_) co_return Error{Errc::closed};
    if (loan && !request.fresh_connection && loan->can_serve()) {
        observe(EventKind::connection_reused, origin);
    } else {
        loan.fill(nullptr);
    }
    co_return std::move(loan);
}

template <class Connection>
void ConnectionSource<Connection>::give_back(
    Origin<Connection>& origin,
    std::shared_ptr<Connection> connection,
    TimePoint expires,
    bool keep) noexcept {
    const TimePoint at = now();
    const bool retired = connection && connection->opened_at() <= retired_at_;
    const bool wanted = !closed_ && !retired && (!draining_ || origin.pool.waiting() != 0);
    if (connection && keep && wanted) {
        const ConnectionUse use = connection->use();
        auto handover = origin.pool.give_back(std::move(connection), expires, at, use);
        close_doomed(origin);
        serve(std::move(handover));
        wake_by(origin.pool.next_event(at), at);
    } else {
        if (connection) shut(origin, *connection);
        serve(origin.pool.give_up(at));
    }
    serve_room(origin);
}

template <class Connection>
void ConnectionSource<Connection>::serve_room(Origin<Connection>& origin) noexcept {
    if (origin.pool.waiting() == 0) return;
    try {
        while (auto handover = origin.pool.offer_room(now()))
            serve(std::move(handover));
    } catch (...) {  // NOLINT(bugprone-empty-catch): out of memory; those in line go on waiting
    }
}

template <class Connection>
void ConnectionSource<Connection>::opening_failed(
    Origin<Connection>& origin, const Error& error) noexcept {
    constexpr std::chrono::seconds pause{1};
    if (error.code() != Errc::connect || error.reason() != Reason::resource) return;
    origin.pool.hold_back(now() + pause);
    wake_by(origin.pool.next_event(now()), now());
}

template <class Connection>
void ConnectionSource<Connection>::heard_nothing(
    Origin<Connection>& origin, const ConnectionUse& silent) noexcept {
    origin.pool.heard_nothing(silent, now());
    close_doomed(origin);
}

// The timer is set for the first time that is asked for; on the warm path it always is already.
template <class Connection>
void ConnectionSource<Connection>::wake_by(TimePoint when, TimePoint at) noexcept {
    if (when == (TimePoint::max)()) return;
    // One that is late was lost, for want of memory.
    const bool overdue = at - std::chrono::seconds{1} > wake_at_;
    if ((when >= wake_at_ && !overdue) || !timer_ || closed_) return;
    wake_at_ = (TimePoint::max)();
    try {
        const bool set = timer_->set(when, [weak = this->weak_from_this()] {
            if (const auto self = weak.lock()) self->tidy_up();
        });
        if (set) wake_at_ = when;
    } catch (...) {  // NOLINT(bugprone-empty-catch): the next connection that falls idle sets it
    }
}

template <class Connection>
void ConnectionSource<Connection>::tidy_up() noexcept {
    if (closed_) return;
    wake_at_ = (TimePoint::max)();
    TimePoint next = (TimePoint::max)();
    for (Origin<Connection>& origin : origins_) {
        origin.pool.sweep(now(), [](const auto& connection) { return connection->can_serve(); });
        close_doomed(origin);
        serve_room(origin);
        next = (std::min)(next, origin.pool.next_event(now()));
    }
    wake_by(next, now());
}

template <class Connection>
void ConnectionSource<Connection>::serve(
    std::optional<typename OriginPool::Handover> handover) noexcept {
    if (!handover) return;
    handover->waiter->handed = true;
    handover->waiter->connection = std::move(handover->connection);
    handover->waiter->served.notify_all();
}

template <class Connection>
void ConnectionSource<Connection>::close() noexcept {
    closed_ = true;
    timer_.reset();
    drain();
}

template <class Connection>
void ConnectionSource<Connection>::retire() noexcept {
    retired_at_ = now();
    close_idle();
}

template <class Connection>
void ConnectionSource<Connection>::drain() noexcept {
    draining_ = true;
    close_idle();
}

template <class Connection>
void ConnectionSource<Connection>::close_idle() noexcept {
    for (Origin<Connection>& origin : origins_) {
        origin.pool.clear();
        close_doomed(origin);
    }
}

}  // namespace clarify::detail

#endif  // CLARIFY_HTTP_DETAIL_POOL_IMPL_CONNECTION_SOURCE_HPP
