// SPDX-License-Identifier: BSL-1.0
// Opens connections: look up the name, race the addresses, shake hands.

#ifndef CLARIFY_HTTP_DETAIL_BEAST_CONNECTOR_HPP
#define CLARIFY_HTTP_DETAIL_BEAST_CONNECTOR_HPP

#include <clarify/core/detail/signal.hpp>
#include <clarify/core/http_message.hpp>
#include <clarify/core/result.hpp>
#include <clarify/core/url.hpp>
#include <clarify/http/detail/beast/connection.hpp>
#include <clarify/http/detail/beast/handshake.hpp>
#include <clarify/http/detail/beast/race.hpp>
#include <clarify/http/detail/tls/tls_context.hpp>
#include <clarify/http/http_options.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace clarify::detail {

/** A name look-up, shared by all who want to know the same meanwhile.

    Asio's own cannot be stopped once it has begun: whoever waits can leave, and the look-up ends in
    its own time. So that a resolver that hangs has one question to answer and not one of each call,
    the next one joins.
*/
template <class Net>
struct LookUp {
    LookUp(const boost::asio::any_io_executor& executor, std::string name, std::uint16_t number)
        : host(std::move(name)), port(number), resolver(executor) {}

    std::string host;
    std::uint16_t port;
    typename Net::Resolver resolver;
    Signal ended;
    bool finished = false;
    boost::system::error_code error;
    std::vector<Endpoint> endpoints;
};

/// What new connections of a backend have in common. Used on one serial executor.
template <class Net>
class Connector {
public:
    /// `options` must outlive the connector.
    explicit Connector(const HttpOptions& options) : options_(options) {}

    /** Opens a connection to `origin` before `deadline`, within the limits of the options.

        `progress.phase` follows the steps. All failures are `Fate::unsent`. Where resuming a TLS
        session may be why it failed, it is tried once more without.
    */
    boost::asio::awaitable<Result<std::shared_ptr<Connection<Net>>>> open(
        const Url& origin, TimePoint deadline, HttpProgress& progress);
    /// The server has answered on a new connection.
    void proven(Connection<Net>& connection, const Url& origin, TimePoint now) noexcept {
        if (connection.is_tls() && tls_) keep_session<Net>(connection, origin, *tls_, now);
    }

private:
    boost::asio::awaitable<Result<std::vector<Endpoint>>> look_up(
        const Url& origin, TimePoint until);
    std::shared_ptr<LookUp<Net>> begin_look_up(
        const boost::asio::any_io_executor& executor, const Url& origin);
    Result<std::shared_ptr<TlsTerms>> terms(TimePoint now);
    boost::asio::awaitable<Result<std::shared_ptr<Connection<Net>>>> open_once(
        const Url& origin, TimePoint deadline, HttpProgress& progress, HandshakeTry& attempt);

    const HttpOptions& options_;
    /// Made for the first https origin, and anew where these may be at fault.
    std::shared_ptr<TlsTerms> tls_;
    TimePoint tls_made_at_{};
    /// Those that have not ended.
    std::vector<std::weak_ptr<LookUp<Net>>> look_ups_;
};

}  // namespace clarify::detail

#include <clarify/http/detail/beast/impl/connector.hpp>

#endif  // CLARIFY_HTTP_DETAIL_BEAST_CONNECTOR_HPP
