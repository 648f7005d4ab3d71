// SPDX-License-Identifier: BSL-1.0
// One connection of libcurl: a multi handle that never holds a second one, driven by Asio.

#ifndef CLARIFY_HTTP_DETAIL_CURL_CURL_CONNECTION_HPP
#define CLARIFY_HTTP_DETAIL_CURL_CURL_CONNECTION_HPP

#include <clarify/core/clock.hpp>
#include <clarify/core/detail/context_link.hpp>
#include <clarify/core/detail/process_mark.hpp>
#include <clarify/core/url.hpp>
#include <clarify/http/detail/connect/host_look_ups.hpp>
#include <clarify/http/detail/curl/curl_exchange.hpp>
#include <clarify/http/detail/curl/curl_failure.hpp>
#include <clarify/http/detail/curl/curl_setup.hpp>
#include <clarify/http/detail/curl/curl_socket.hpp>
#include <clarify/http/detail/curl/curl_tunnel.hpp>
#include <clarify/http/detail/pool/connection_source.hpp>
#include <clarify/http/detail/told_handler.hpp>

#include <boost/asio/steady_timer.hpp>

#include <curl/curl.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clarify::detail {

/** A libcurl multi handle and an easy handle with at most one connection, opened by the first
    exchange and lost with this object.

    libcurl picks from its cache as it likes, reuses as soon as it has read a reply, and sends a
    request again by itself when a reused connection breaks. A cache of one connection that belongs
    to one holder leaves it no choice, and once a request has been begun no socket is opened for
    it any more: so a request goes out once, on the connection that its holder chose.
*/
class CurlConnection final : public CurlSocketOwner,
                             public std::enable_shared_from_this<CurlConnection> {
public:
    /// A connection that is yet to be opened, through the proxy of the settings if it is `proxied`.
    /// Throws `std::bad_alloc` if libcurl is out of memory.
    CurlConnection(
        boost::asio::any_io_executor executor,
        std::shared_ptr<const CurlSettings> settings,
        Url origin,
        bool proxied);
    CurlConnection(const CurlConnection&) = delete;
    CurlConnection& operator=(const CurlConnection&) = delete;
    ~CurlConnection() { close(); }

    /// What the host that the connection is opened to means, the proxy where there is one: so that
    /// libcurl does not ask a resolver, which may block. To be called before the first exchange.
    void set_addresses(const Url& next_hop, const std::vector<Endpoint>& endpoints);
    /// Begins `exchange`, which stays where it is until `end`. It may be done at once. Where the
    /// connection is yet to be opened, opening it `began` with the look-up.
    void begin(CurlExchange& exchange, TimePoint began);
    /// Ends the exchange, done or not. A connection with an unfinished one is lost.
    void end() noexcept;
    /// Why the exchange that is done failed.
    Error failure() const;

    /// Has an exchange got as far as having a connection?
    bool is_established() const noexcept { return established_; }
    TimePoint opened_at() const noexcept { return use_.opened; }
    ConnectionUse& use() noexcept { return use_; }
    /// Is there a connection, open and with nothing to read?
    bool can_serve() const noexcept {
        return sockets_.size() == 1 && !has_excess_ && is_quiet(sockets_.front());
    }
    void close() noexcept;

    ConnectionTicket<CurlConnection>& ticket() noexcept { return ticket_; }

private:
    void set_up_callbacks() noexcept;
    template <class Value>
    void set(CURLoption option, Value value) noexcept;
    template <class Value>
    Value info(CURLINFO what) const noexcept;
    void act(curl_socket_t socket, int events) noexcept;
    void after_action() noexcept;
    void note_progress();
    bool note_connected(curl_socket_t socket) noexcept;
    void enter(Phase phase) noexcept;
    bool tunnel_line(std::string_view line);
    void finish(CURLcode code);
    void abort() noexcept;
    void leave() noexcept;
    void on_ready(curl_socket_t socket, int events) noexcept override { act(socket, events); }
    void on_shortage() noexcept override;
    void watch(curl_socket_t socket, int interest);
    void unwatch(curl_socket_t socket) noexcept;
    void set_timer(long milliseconds);
    /// Runs `body` for a callback, keeping what it throws.
    template <class Body>
    bool guarded(Body&& body) noexcept;

    friend struct CurlCallbacks;

    boost::asio::any_io_executor executor_;
    std::shared_ptr<ContextLink> context_;
    /// In a process that was forked, libcurl may wait for a thread that exists in the parent alone.
    ProcessMark process_;
    std::shared_ptr<const CurlSettings> settings_;
    Url origin_;
    CURLM* multi_ = nullptr;
    CURL* easy_ = nullptr;
    CurlExchange* exchange_ = nullptr;
    boost::asio::steady_timer timer_;
    /// How often it has been set: a wait for what it was set to before means nothing.
    std::uint64_t timer_turn_ = 0;
    std::vector<std::shared_ptr<CurlSocketWatch>> watches_;
    /// Those libcurl has open: several while addresses are tried, then one.
    std::vector<curl_socket_t> sockets_;
    CurlLines lines_;
    /// The lines that only a proxy sees.
    CurlLines proxy_lines_;
    /// Until the first request begins, if there is a proxy.
    std::optional<CurlTunnel> tunnel_;
    std::string url_;
    /// Host, port and addresses as libcurl takes them; empty where it does not need them.
    std::string addresses_;
    curl_slist addresses_list_{};
    std::array<char, CURL_ERROR_SIZE> text_{};
    /// The first option that this libcurl refused.
    CURLcode set_up_code_ = CURLE_OK;
    bool added_ = false;
    bool established_ = false;
    bool reused_ = false;
    /// Are there bytes behind the last reply, or may there be some that nobody can see?
    bool has_excess_ = false;
    ConnectionUse use_;
    /// The `errno` of `socket`, where opening failed.
    int open_error_ = 0;
    /// What libcurl still holds of addresses that failed when another one had succeeded.
    long old_error_ = 0;
    ConnectionTicket<CurlConnection> ticket_;
};

}  // namespace clarify::detail

#include <clarify/http/detail/curl/curl_callbacks.hpp>

#include <clarify/http/detail/curl/impl/curl_connection.hpp>

#endif  // CLARIFY_HTTP_DETAIL_CURL_CURL_CONNECTION_HPP
