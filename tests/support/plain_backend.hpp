// SPDX-License-Identifier: BSL-1.0
// A small HttpBackend that keeps its contract, but for one fault on demand: what the conformance kit
// must find, and nothing else.

#ifndef CLARIFY_TESTS_SUPPORT_PLAIN_BACKEND_HPP
#define CLARIFY_TESTS_SUPPORT_PLAIN_BACKEND_HPP

#include <clarify/concepts/http_backend.hpp>
#include <clarify/core/event.hpp>
#include <clarify/http/http_options.hpp>

#include "plain_fault.hpp"
#include "plain_reply.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/socket_base.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/ssl/verify_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include <algorithm>
#include <cstddef>
#include <deque>
#include <list>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace support {

class PlainBackend {
public:
    PlainBackend(const clarify::HttpOptions& options, PlainFault fault)
        : state_(std::make_shared<State>(fault)) {
        if (!options.tls.ca_pem.empty()) {
            state_->tls.add_certificate_authority(boost::asio::buffer(options.tls.ca_pem));
        }
        state_->tls.set_verify_mode(boost::asio::ssl::verify_peer);
    }
    PlainBackend(PlainBackend&& other) noexcept : state_(std::move(other.state_)) {
        // The kit itself moves a backend twice before its first exchange.
        if (++state_->moves > 2 && state_->is(PlainFault::forgets_trust_when_moved))
            state_->trusting = false;
    }
    ~PlainBackend() {
        if (!state_) return;
        if (state_->is(PlainFault::tells_at_the_end)) {
            for (const auto& connection : state_->idle)
                tell(*state_, clarify::EventKind::connection_closed, *connection);
        }
        if (!state_->is(PlainFault::leaves_idle_open)) return;
        for (const auto& connection : state_->idle) {
            boost::system::error_code ignored;
            connection->tcp.release(ignored);
        }
    }

    boost::asio::awaitable<clarify::Result<void>> post(
        const clarify::HttpRequest& request,
        clarify::HttpResponse& response,
        clarify::HttpProgress& progress) {
        return run(state_, request, response, progress);
    }
    void drain() noexcept {
        state_->draining = true;
        if (state_->is(PlainFault::keeps_idle_at_drain)) return;
        state_->hoard.clear();
        state_->idle.clear();
    }
    void retire() noexcept {
        if (!state_->is(PlainFault::keeps_used_at_retire)) ++state_->generation;
        if (!state_->is(PlainFault::keeps_idle_at_retire)) state_->idle.clear();
    }
    void observe(clarify::Observer observer) { state_->observer = std::move(observer); }
    void close() noexcept {
        state_->closed = true;
        state_->hoard.clear();
        if (!state_->is(PlainFault::keeps_idle_at_close)) state_->idle.clear();
    }

private:
    using Tcp = boost::asio::ip::tcp;
    using Code = boost::system::error_code;
    using Errc = clarify::Errc;
    using Phase = clarify::Phase;

    struct State;

    struct Connection {
        Connection(const boost::asio::any_io_executor& executor, std::string to)
            : tcp(executor), origin(std::move(to)) {}
        Tcp::socket tcp;
        std::unique_ptr<boost::asio::ssl::stream<Tcp::socket&>> tls;
        std::string origin;
        std::string input;
        std::weak_ptr<State> home;
        bool served = false;
        bool late = false;
        int generation = 0;

        void cut() {
            Code ignored;
            tcp.close(ignored);
        }
    };
    using Held = std::shared_ptr<Connection>;

    struct State {
        explicit State(PlainFault which) : fault(which) {}
        bool is(PlainFault which) const noexcept { return fault == which; }

        PlainFault fault;
        boost::asio::ssl::context tls{boost::asio::ssl::context::tls_client};
        std::list<Held> idle;
        std::list<Held> hoard;
        std::vector<std::weak_ptr<Connection>> in_flight;
        std::deque<std::weak_ptr<boost::asio::steady_timer>> line;
        std::size_t active = 0;
        int moves = 0;
        int generation = 0;
        clarify::Observer observer;
        bool trusting = true;
        bool draining = false;
        bool closed = false;
        // What some faults remember.
        std::string cookie;
        std::string location;
        std::string spare_body;
        clarify::HttpResponse* last = nullptr;
    };
    using Shared = std::shared_ptr<State>;

    /// One of at most eight.
    struct Turn {
        explicit Turn(Shared given) : state(std::move(given)) { ++state->active; }
        Turn(const Turn&) = delete;
        Turn& operator=(const Turn&) = delete;
        ~Turn() {
            --state->active;
            while (!state->line.empty()) {
                const auto next = state->line.front().lock();
                state->line.pop_front();
                if (!next) continue;
                next->cancel();
                break;
            }
        }
        Shared state;
    };

    /// What one exchange works with.
    struct Exchange {
        Shared state;
        const clarify::HttpRequest& request;
        clarify::HttpResponse& response;
        clarify::HttpProgress& progress;
        boost::asio::any_io_executor executor;
        Held connection;
        /// Where it is, and what may have been sent; `progress` may tell another story.
        Phase phase = Phase::queue;
        bool sent = false;
        clarify::Result<void> end{};

        bool is(PlainFault fault) const noexcept { return state->is(fault); }
        void enter(Phase next) {
            phase = next;
            if (next == Phase::head && is(PlainFault::skips_head_phase)) return;
            progress.phase = next;
        }
        /// False; the exchange has ended with this.
        bool fail(Errc code, Code cause = {}, clarify::Reason reason = clarify::Reason::none);
        bool fail_late();
    };

    static constexpr auto token = boost::asio::as_tuple(boost::asio::use_awaitable);

    static boost::asio::awaitable<clarify::Result<void>> run(
        Shared state,
        const clarify::HttpRequest& request,
        clarify::HttpResponse& response,
        clarify::HttpProgress& progress);
    static boost::asio::awaitable<clarify::Result<void>> run_once(Exchange& exchange);
    static boost::asio::awaitable<bool> queue(Exchange& exchange);
    static boost::asio::awaitable<bool> open(Exchange& exchange);
    static boost::asio::awaitable<bool> connect(Exchange& exchange);
    static boost::asio::awaitable<bool> shake_hands(Exchange& exchange);
    static boost::asio::awaitable<bool> write(Exchange& exchange);
    static boost::asio::awaitable<bool> read(Exchange& exchange);
    /// Cuts the connection at the deadline, unless it is gone.
    static void watch(boost::asio::steady_timer& deadline, const Held& connection) {
        deadline.async_wait([weak = std::weak_ptr{connection}](Code ec) {
            const Held held = weak.lock();
            if (ec || !held) return;
            held->late = true;
            held->cut();
        });
    }
    static void finish(Exchange& exchange, const PlainReply& reply);
    static void set_verification(Exchange& exchange);
    static bool take_idle(Exchange& exchange);
    static std::string head_of(const Exchange& exchange);
    static void release(std::shared_ptr<void> connection, bool keep);
    static void tell(const State& state, clarify::EventKind kind, const Connection& connection) {
        if (!state.observer) return;
        clarify::Event event{kind};
        event.time = clarify::Clock::now();
        event.host = connection.origin;
        state.observer(event);
    }
    /// Stops listening to cancellation in the phase of a fault, and begins again behind it.
    static boost::asio::awaitable<void> listen(const Exchange& exchange, PlainFault unless) {
        if (exchange.is(unless)) {
            co_await boost::asio::this_coro::reset_cancellation_state(
                boost::asio::disable_cancellation());
        }
    }
    static boost::asio::awaitable<void> listen_again(const Exchange& exchange, PlainFault unless) {
        if (exchange.is(unless)) {
            co_await boost::asio::this_coro::reset_cancellation_state(
                boost::asio::enable_terminal_cancellation());
        }
    }

    Shared state_;
};

inline bool PlainBackend::Exchange::fail(Errc code, Code cause, clarify::Reason reason) {
    if (connection && connection->late) return fail_late();
    clarify::Error error{code, reason};
    if (!is(PlainFault::hides_cause)) error.set_cause(cause);
    error.set_fate(sent ? clarify::Fate::unknown : clarify::Fate::unsent);
    const bool forgets =
        is(sent ? PlainFault::forgets_phase_of_reply : PlainFault::forgets_phase_of_connecting);
    error.set_phase(forgets ? Phase::queue : phase);
    end = error;
    return false;
}

inline bool PlainBackend::Exchange::fail_late() {
    const bool io = (phase == Phase::connect && is(PlainFault::late_connect_is_io)) ||
        (phase == Phase::tls && is(PlainFault::late_handshake_is_io)) ||
        (phase == Phase::write && is(PlainFault::late_write_is_io)) ||
        (phase == Phase::first_byte && is(PlainFault::late_silence_is_io)) ||
        (phase > Phase::first_byte && is(PlainFault::late_reply_is_io));
    clarify::Error error{io ? Errc::io : Errc::timeout};
    error.set_fate(sent ? clarify::Fate::unknown : clarify::Fate::unsent);
    end = error.set_phase(phase);
    return false;
}

inline boost::asio::awaitable<clarify::Result<void>> PlainBackend::run(
    Shared state,
    const clarify::HttpRequest& request,
    clarify::HttpResponse& response,
    clarify::HttpProgress& progress) {
    // Not among braces: GCC 12 destroys what stands there beside a co_await twice.
    const boost::asio::any_io_executor executor = co_await boost::asio::this_coro::executor;
    Exchange exchange{state, request, response, progress, executor, nullptr};
    if (!co_await queue(exchange)) co_return exchange.end;
    const Turn turn{state};
    clarify::Result<void> posted = co_await run_once(exchange);
    if (!posted && exchange.is(PlainFault::repeats_request) && exchange.connection &&
        exchange.connection->served && posted.error().code() == Errc::io &&
        exchange.phase == Phase::first_byte) {
        response.clear();
        posted = co_await run_once(exchange);
    }
    if (posted && exchange.is(PlainFault::follows_redirect) && response.status == 307) {
        const clarify::Url target = clarify::Url::parse(response.location).value();
        clarify::HttpRequest next = request;
        next.url = &target;
        response.clear();
        Exchange second{state, next, response, progress, exchange.executor, nullptr};
        co_return co_await run_once(second);
    }
    co_return posted;
}

inline boost::asio::awaitable<clarify::Result<void>> PlainBackend::run_once(Exchange& exchange) {
    exchange.sent = false;
    exchange.end = {};
    const auto cancellation = co_await boost::asio::this_coro::cancellation_state;
    const auto harm_others = [&] {
        if (!exchange.is(PlainFault::cancels_others) || !exchange.connection ||
            cancellation.cancelled() == boost::asio::cancellation_type::none)
            return;
        for (const auto& weak : exchange.state->in_flight) {
            const Held other = weak.lock();
            if (other && other->origin == exchange.connection->origin) other->cut();
        }
    };
    try {
        bool good = co_await open(exchange);
        if (good) good = co_await write(exchange);
        if (good) good = co_await read(exchange);
    } catch (...) {
        // The server may have all before this side knows that it was sent: what is cancelled then is
        // told of it by an exception, where it waits next.
        harm_others();
        throw;
    }
    harm_others();
    co_return exchange.end;
}

inline boost::asio::awaitable<bool> PlainBackend::queue(Exchange& exchange) {
    State& state = *exchange.state;
    exchange.enter(Phase::queue);
    if (state.draining && exchange.is(PlainFault::refuses_after_drain))
        co_return exchange.fail(Errc::overloaded);
    co_await listen(exchange, PlainFault::deaf_in_queue);
    while (state.active >= 8) {
        if (state.line.size() >= 64) {
            exchange.sent = exchange.is(PlainFault::overloaded_is_unknown);
            co_return exchange.fail(Errc::overloaded);
        }
        const auto timer = std::make_shared<boost::asio::steady_timer>(
            exchange.executor, exchange.request.deadline);
        state.line.push_back(timer);
        co_await timer->async_wait(token);
        std::erase_if(
            state.line, [&](const auto& weak) { return weak.expired() || weak.lock() == timer; });
        const auto cancellation = co_await boost::asio::this_coro::cancellation_state;
        if (cancellation.cancelled() != boost::asio::cancellation_type::none)
            co_return exchange.fail(Errc::cancelled);
        if (clarify::Clock::now() >= exchange.request.deadline)
            co_return exchange.fail(Errc::timeout);
    }
    co_await listen_again(exchange, PlainFault::deaf_in_queue);
    co_return true;
}

// --- The connection -----------------------------------------------------------------------------

inline bool PlainBackend::take_idle(Exchange& exchange) {
    State& state = *exchange.state;
    const std::string origin =
        (exchange.request.url->is_https() ? "s " : "p ") + exchange.request.url->authority();
    exchange.connection = nullptr;
    if (exchange.request.fresh_connection && !exchange.is(PlainFault::reuses_when_fresh_is_asked))
        return false;
    for (auto at = state.idle.begin(); at != state.idle.end();) {
        if ((*at)->origin != origin) {
            ++at;
            continue;
        }
        const Held found = *at;
        at = state.idle.erase(at);
        char byte = 0;
        Code ec;
        found->tcp.non_blocking(true, ec);
        const std::size_t waiting = found->tcp.receive(
            boost::asio::buffer(&byte, 1), boost::asio::socket_base::message_peek, ec);
        // What a TLS connection still has to say, session tickets for one, is read with the reply.
        const bool quiet = ec == boost::asio::error::would_block || (found->tls && waiting != 0);
        const bool chatter = waiting != 0 || !found->input.empty();
        const bool stale = exchange.is(PlainFault::reads_stale_bytes) && chatter;
        const bool ended =
            exchange.is(PlainFault::closed_while_idle_is_unsent) && ec == boost::asio::error::eof;
        if ((!quiet || !found->input.empty()) && !stale && !ended) continue;
        exchange.connection = found;
        return true;
    }
    return false;
}

inline boost::asio::awaitable<bool> PlainBackend::open(Exchange& exchange) {
    if (exchange.is(PlainFault::sent_too_early)) exchange.progress.sent = true;
    if (take_idle(exchange)) co_return true;
    const clarify::Url& url = *exchange.request.url;
    exchange.connection = std::make_shared<Connection>(
        exchange.executor, (url.is_https() ? "s " : "p ") + url.authority());
    exchange.connection->home = exchange.state;
    exchange.connection->generation = exchange.state->generation;
    // Those of the past are of no interest.
    std::erase_if(exchange.state->in_flight, [](const auto& weak) { return weak.expired(); });
    exchange.state->in_flight.push_back(exchange.connection);
    boost::asio::steady_timer deadline{exchange.executor, exchange.request.deadline};
    watch(deadline, exchange.connection);
    bool good = co_await connect(exchange);
    if (good && url.is_https()) good = co_await shake_hands(exchange);
    if (good && !exchange.is(PlainFault::tells_no_opening))
        tell(*exchange.state, clarify::EventKind::connection_opened, *exchange.connection);
    co_return good;
}

inline boost::asio::awaitable<bool> PlainBackend::connect(Exchange& exchange) {
    const clarify::Url& url = *exchange.request.url;
    Code ec;
    std::vector<Tcp::endpoint> endpoints;
    const auto address = boost::asio::ip::make_address(url.host(), ec);
    if (!ec) {
        endpoints.emplace_back(address, url.port());
    } else {
        exchange.enter(Phase::resolve);
        if (exchange.is(PlainFault::knows_no_names)) co_return exchange.fail(Errc::resolve, ec);
        Tcp::resolver resolver{exchange.executor};
        const auto [failed, found] =
            co_await resolver.async_resolve(url.host(), std::to_string(url.port()), token);
        const bool as_connect = exchange.is(PlainFault::unknown_name_is_connect);
        if (failed) co_return exchange.fail(as_connect ? Errc::connect : Errc::resolve, failed);
        for (const auto& entry : found)
            endpoints.push_back(entry.endpoint());
    }
    exchange.enter(Phase::connect);
    co_await listen(exchange, PlainFault::deaf_in_connect);
    const auto [failed, where] =
        co_await boost::asio::async_connect(exchange.connection->tcp, endpoints, token);
    if (failed) co_return exchange.fail(Errc::connect, failed);
    co_await listen_again(exchange, PlainFault::deaf_in_connect);
    co_return true;
}

inline void PlainBackend::set_verification(Exchange& exchange) {
    const std::string name = exchange.request.url->server_name();
    const bool address = exchange.request.url->is_ip_literal();
    SSL* const tls = exchange.connection->tls->native_handle();
    const bool tells_name = address ? exchange.is(PlainFault::sends_address_as_name)
                                    : !exchange.is(PlainFault::sends_no_name);
    if (tells_name) SSL_set_tlsext_host_name(tls, name.c_str());
    const bool any_host =
        exchange.is(address ? PlainFault::trusts_any_address : PlainFault::trusts_any_name);
    exchange.connection->tls->set_verify_callback(
        [state = exchange.state, any_host, named = boost::asio::ssl::host_name_verification{name}](
            bool good, boost::asio::ssl::verify_context& context) {
            const int error = X509_STORE_CTX_get_error(context.native_handle());
            const bool let_pass = state->is(PlainFault::trusts_anybody)
                ? error == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY ||
                    error == X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE
                : (error == X509_V_ERR_CERT_HAS_EXPIRED && state->is(PlainFault::trusts_expired)) ||
                    (error == X509_V_ERR_CERT_NOT_YET_VALID && state->is(PlainFault::trusts_early));
            if (!good && let_pass) {
                X509_STORE_CTX_set_error(context.native_handle(), X509_V_OK);
                good = true;
            }
            return good && (any_host || named(true, context));
        });
}

inline boost::asio::awaitable<bool> PlainBackend::shake_hands(Exchange& exchange) {
    exchange.enter(Phase::tls);
    if (!exchange.state->trusting) co_return exchange.fail(Errc::tls);
    Connection& connection = *exchange.connection;
    connection.tls = std::make_unique<boost::asio::ssl::stream<Tcp::socket&>>(
        connection.tcp, exchange.state->tls);
    set_verification(exchange);
    co_await listen(exchange, PlainFault::deaf_in_tls);
    const auto [failed] =
        co_await connection.tls->async_handshake(boost::asio::ssl::stream_base::client, token);
    if (failed) {
        const bool untrusted = SSL_get_verify_result(connection.tls->native_handle()) != X509_V_OK;
        const Errc other =
            exchange.is(PlainFault::handshake_is_connect) ? Errc::connect : Errc::tls;
        const bool as_reset = untrusted && exchange.is(PlainFault::distrust_is_reset);
        co_return exchange.fail(
            untrusted ? Errc::tls : other,
            failed,
            as_reset ? clarify::Reason::reset : clarify::Reason::none);
    }
    co_await listen_again(exchange, PlainFault::deaf_in_tls);
    co_return true;
}

// --- The exchange -------------------------------------------------------------------------------

inline std::string PlainBackend::head_of(const Exchange& exchange) {
    const clarify::HttpRequest& request = exchange.request;
    std::string path{request.url->path()};
    if (exchange.is(PlainFault::decodes_path)) {
        for (std::size_t at = path.find("%20"); at != std::string::npos; at = path.find("%20"))
            path.replace(at, 3, "+");
    }
    std::string host = request.url->authority();
    if (exchange.is(PlainFault::host_without_brackets))
        std::erase_if(host, [](char c) { return c == '[' || c == ']'; });
    std::string head = "POST " + path + " HTTP/1.1\r\nHost: " + host + "\r\n";
    if (exchange.is(PlainFault::host_twice) && host.front() != '[')
        head += "Host: " + host + "\r\n";
    if (exchange.is(PlainFault::adds_accept_encoding)) head += "Accept-Encoding: identity\r\n";
    if (!request.body.empty() || !exchange.is(PlainFault::empty_body_without_length))
        head += "Content-Length: " + std::to_string(request.body.size()) + "\r\n";
    if (!exchange.state->cookie.empty()) head += "Cookie: " + exchange.state->cookie + "\r\n";
    for (const clarify::HeaderView& field : request.headers) {
        if (field.value.empty() && exchange.is(PlainFault::drops_empty_header)) continue;
        head.append(field.name).append(": ").append(field.value).append("\r\n");
    }
    return head + "\r\n";
}

inline boost::asio::awaitable<bool> PlainBackend::write(Exchange& exchange) {
    Connection& connection = *exchange.connection;
    boost::asio::steady_timer deadline{exchange.executor, exchange.request.deadline};
    watch(deadline, exchange.connection);
    exchange.enter(Phase::write);
    exchange.sent = exchange.progress.sent = true;
    std::string bytes = head_of(exchange);
    bytes += exchange.request.body;
    co_await listen(exchange, PlainFault::deaf_in_write);
    Code failed;
    if (connection.tls) {
        std::tie(failed, std::ignore) =
            co_await boost::asio::async_write(*connection.tls, boost::asio::buffer(bytes), token);
    } else {
        std::tie(failed, std::ignore) =
            co_await boost::asio::async_write(connection.tcp, boost::asio::buffer(bytes), token);
    }
    if (failed) co_return exchange.fail(Errc::io, failed);
    co_await listen_again(exchange, PlainFault::deaf_in_write);
    co_return true;
}

inline boost::asio::awaitable<bool> PlainBackend::read(Exchange& exchange) {
    using Step = PlainReply::Step;
    Connection& connection = *exchange.connection;
    boost::asio::steady_timer deadline{exchange.executor, exchange.request.deadline};
    watch(deadline, exchange.connection);
    exchange.enter(Phase::first_byte);
    co_await listen(exchange, PlainFault::deaf_in_first_byte);
    PlainReply reply{
        exchange.response,
        exchange.request.max_response_body,
        exchange.state->fault,
        connection.tls != nullptr};
    Step step = connection.input.empty() ? Step::more : reply.feed(connection.input);
    std::vector<char> bytes(16'384);
    while (step == Step::more) {
        Code failed;
        std::size_t size = 0;
        if (connection.tls) {
            std::tie(failed, size) =
                co_await connection.tls->async_read_some(boost::asio::buffer(bytes), token);
        } else {
            std::tie(failed, size) =
                co_await connection.tcp.async_read_some(boost::asio::buffer(bytes), token);
        }
        const bool silent = exchange.phase == Phase::first_byte;
        if (failed && (connection.late || failed == boost::asio::error::operation_aborted))
            co_return exchange.fail(Errc::io, failed);
        if (failed) {
            const bool ended = failed == boost::asio::error::eof ||
                failed == boost::asio::ssl::error::stream_truncated;
            step = ended ? reply.end(failed == boost::asio::error::eof) : Step::failed;
            if (step == Step::done) break;
            if (silent && ended) {
                const bool unsent = connection.served
                    ? exchange.is(PlainFault::closed_while_idle_is_unsent)
                    : exchange.is(PlainFault::silence_is_unsent);
                if (unsent) exchange.sent = false;
            }
            const bool stale =
                (silent && connection.served) || exchange.is(PlainFault::calls_all_stale);
            co_return exchange.fail(
                ended ? reply.error().code() : Errc::io,
                failed,
                stale ? clarify::Reason::stale : clarify::Reason::truncated);
        }
        if (silent) {
            co_await listen_again(exchange, PlainFault::deaf_in_first_byte);
            exchange.enter(Phase::head);
        }
        connection.input.append(bytes.data(), size);
        step = reply.feed(connection.input);
        if (reply.head_done() && exchange.phase != Phase::body) {
            exchange.enter(Phase::body);
            co_await listen(exchange, PlainFault::deaf_in_body);
        }
    }
    if (step == Step::failed) co_return exchange.fail(reply.error().code());
    finish(exchange, reply);
    co_return exchange.end.has_value();
}

inline void PlainBackend::finish(Exchange& exchange, const PlainReply& reply) {
    State& state = *exchange.state;
    clarify::HttpResponse& response = exchange.response;
    const Held connection = exchange.connection;
    connection->served = true;
    if (exchange.is(PlainFault::proxy_status_is_failure) && response.status == 407) {
        exchange.fail(Errc::io);
        return;
    }
    if (exchange.is(PlainFault::keeps_cookies)) state.cookie = reply.cookie();
    if (exchange.is(PlainFault::invents_content_type) && response.content_type.empty())
        response.content_type = "application/json";
    if (exchange.is(PlainFault::remembers_location)) {
        if (response.location.empty()) response.location = state.location;
        state.location = response.location;
    }
    if (exchange.is(PlainFault::spoils_large_body) && response.body.size() > 1'000'000)
        response.body.back() = '!';
    if (exchange.is(PlainFault::mixes_replies) && state.active == 8)
        response.body.swap(state.spare_body);
    if (exchange.is(PlainFault::spoils_held_response) && state.last != nullptr &&
        state.last != &response && state.last->lease)
        state.last->body.clear();
    state.last = &response;
    if (!reply.reusable()) return;
    response.lease = clarify::ConnectionLease{connection, &release};
}

inline void PlainBackend::release(std::shared_ptr<void> given, bool keep) {
    const Held connection = std::static_pointer_cast<Connection>(std::move(given));
    const Shared state = connection->home.lock();
    if (!state) return;
    if (state->closed && !state->is(PlainFault::keeps_lease_after_close)) return;
    if (state->draining && !state->is(PlainFault::keeps_idle_at_drain)) return;
    if (!keep && !state->is(PlainFault::keeps_dropped)) return;
    if (connection->generation != state->generation) return;
    auto& where = state->is(PlainFault::hoards_connections) ? state->hoard : state->idle;
    where.push_back(connection);
}

}  // namespace support

#endif  // CLARIFY_TESTS_SUPPORT_PLAIN_BACKEND_HPP
