// SPDX-License-Identifier: BSL-1.0
// What libcurl calls back.

#ifndef CLARIFY_HTTP_DETAIL_CURL_CURL_CALLBACKS_HPP
#define CLARIFY_HTTP_DETAIL_CURL_CURL_CALLBACKS_HPP

#include <clarify/http/detail/curl/curl_connection.hpp>
#include <clarify/http/detail/socket_checks.hpp>

#include <cerrno>
#include <cstddef>
#include <utility>

namespace clarify::detail {

/// The functions that libcurl is given; `self` is the connection. libcurl is C: what a connection
/// throws is kept there, and libcurl told that the callback failed.
struct CurlCallbacks {
    static int on_socket_interest(CURL*, curl_socket_t socket, int what, void* self, void*);
    static int on_timer(CURLM*, long milliseconds, void* self);
    static curl_socket_t on_open(void* self, curlsocktype, curl_sockaddr* address);
    static int on_close(void* self, curl_socket_t socket);
    static int on_prerequest(void* self, char*, char*, int, int);
    static std::size_t on_header(char* data, std::size_t, std::size_t size, void* self);
    static std::size_t on_body(char* data, std::size_t, std::size_t size, void* self);
};

inline void CurlConnection::set_up_callbacks() noexcept {
    curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &CurlCallbacks::on_socket_interest);
    curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
    curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &CurlCallbacks::on_timer);
    curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
    curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, 1L);
    curl_multi_setopt(multi_, CURLMOPT_PIPELINING, long{CURLPIPE_NOTHING});
    set(CURLOPT_ERRORBUFFER, text_.data());
    set(CURLOPT_OPENSOCKETFUNCTION, &CurlCallbacks::on_open);
    set(CURLOPT_OPENSOCKETDATA, this);
    set(CURLOPT_CLOSESOCKETFUNCTION, &CurlCallbacks::on_close);
    set(CURLOPT_CLOSESOCKETDATA, this);
    set(CURLOPT_PREREQFUNCTION, &CurlCallbacks::on_prerequest);
    set(CURLOPT_PREREQDATA, this);
    set(CURLOPT_HEADERFUNCTION, &CurlCallbacks::on_header);
    set(CURLOPT_HEADERDATA, this);
    set(CURLOPT_WRITEFUNCTION, &CurlCallbacks::on_body);
    set(CURLOPT_WRITEDATA, this);
}

inline int CurlCallbacks::on_socket_interest(
    CURL*, curl_socket_t socket, int what, void* self, void*) {
    auto& connection = *static_cast<CurlConnection*>(self);
    const bool fine = connection.guarded([&] {
        if (what == CURL_POLL_REMOVE) {
            connection.unwatch(socket);
        } else {
            connection.watch(socket, what);
        }
        return true;
    });
    return fine ? 0 : -1;
}

inline int CurlCallbacks::on_timer(CURLM*, long milliseconds, void* self) {
    auto& connection = *static_cast<CurlConnection*>(self);
    const bool fine = connection.guarded([&] {
        connection.set_timer(milliseconds);
        return true;
    });
    return fine ? 0 : -1;
}

// Only the first exchange of a connection opens sockets, and only until its request begins. A
// socket that is asked for later means that libcurl wants to send the request once more.
inline curl_socket_t CurlCallbacks::on_open(void* self, curlsocktype, curl_sockaddr* address) {
    auto& connection = *static_cast<CurlConnection*>(self);
    CurlExchange* const exchange = connection.exchange_;
    if (connection.established_ || exchange == nullptr) return CURL_SOCKET_BAD;
    exchange->progress.phase = Phase::connect;
    const curl_socket_t socket = open_curl_socket(*address);
    if (socket == CURL_SOCKET_BAD) {
        connection.open_error_ = errno;
        return CURL_SOCKET_BAD;
    }
    const bool fine = connection.guarded([&] {
        connection.sockets_.push_back(socket);
        return true;
    });
    if (fine) return socket;
    close_curl_socket(socket);
    return CURL_SOCKET_BAD;
}

inline int CurlCallbacks::on_close(void* self, curl_socket_t socket) {
    auto& connection = *static_cast<CurlConnection*>(self);
    connection.unwatch(socket);
    // What fails at once ends before anybody could see that it began.
    connection.note_connected(socket);
    std::erase(connection.sockets_, socket);
    close_curl_socket(socket);
    return 0;
}

// Runs on an open connection, right before the request is handed to it.
inline int CurlCallbacks::on_prerequest(void* self, char*, char*, int, int) {
    auto& connection = *static_cast<CurlConnection*>(self);
    CurlExchange* const exchange = connection.exchange_;
    if (exchange == nullptr || exchange->sent) return CURL_PREREQFUNC_ABORT;
    // It has failed already, at an address before this one.
    if (exchange->thrown) return CURL_PREREQFUNC_ABORT;
    const bool fine = connection.guarded([&] {
        if (!std::exchange(connection.established_, true)) {
            connection.use_.opened = connection.use_.proven = time_on(connection.executor_);
            connection.use_.begun = connection.use_.opened;
            const SocketChecks checks{connection.settings_->options};
            for (const curl_socket_t socket : connection.sockets_)
                checks.apply(socket);
            connection.old_error_ = connection.info<long>(CURLINFO_OS_ERRNO);
            connection.open_error_ = 0;
            exchange->sent_before = connection.info<long>(CURLINFO_REQUEST_SIZE);
            connection.tunnel_.reset();
        }
        exchange->changed.notify_all();
        return true;
    });
    if (!fine) return CURL_PREREQFUNC_ABORT;
    exchange->progress.phase = Phase::write;
    exchange->sent = exchange->progress.sent = true;
    return CURL_PREREQFUNC_OK;
}

inline std::size_t CurlCallbacks::on_header(char* data, std::size_t, std::size_t size, void* self) {
    auto& connection = *static_cast<CurlConnection*>(self);
    CurlExchange* const exchange = connection.exchange_;
    const bool fine = exchange != nullptr && connection.guarded([&] {
        if (!exchange->sent) return connection.tunnel_line({data, size});
        exchange->progress.phase = Phase::head;
        const bool accepted = exchange->response.header_line({data, size});
        if (exchange->response.head_done()) exchange->progress.phase = Phase::body;
        return accepted;
    });
    return fine ? size : CURL_WRITEFUNC_ERROR;
}

inline std::size_t CurlCallbacks::on_body(char* data, std::size_t, std::size_t size, void* self) {
    auto& connection = *static_cast<CurlConnection*>(self);
    CurlExchange* const exchange = connection.exchange_;
    const bool fine = exchange != nullptr && connection.guarded([&] {
        if (!exchange->response.body_piece({data, size})) return false;
        connection.has_excess_ = connection.origin_.is_https() &&
            exchange->response.is_at_length() && tls_may_hold_more(connection.easy_);
        return true;
    });
    return fine ? size : CURL_WRITEFUNC_ERROR;
}

}  // namespace clarify::detail

#endif  // CLARIFY_HTTP_DETAIL_CURL_CURL_CALLBACKS_HPP
