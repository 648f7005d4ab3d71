// SPDX-License-Identifier: BSL-1.0
// How an exchange of libcurl is begun, driven by Asio, watched and ended.

#ifndef CLARIFY_HTTP_DETAIL_CURL_IMPL_CURL_CONNECTION_HPP
#define CLARIFY_HTTP_DETAIL_CURL_IMPL_CURL_CONNECTION_HPP

#include <clarify/http/detail/curl/curl_connection.hpp>

#include <boost/asio/error.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <exception>
#include <new>
#include <span>
#include <stdexcept>

namespace clarify::detail {

// --- Setting up ---------------------------------------------------------------------------------

inline CurlConnection::CurlConnection(
    boost::asio::any_io_executor executor,
    std::shared_ptr<const CurlSettings> settings,
    Url origin,
    bool proxied)
    : executor_(std::move(executor)),
      context_(ContextLink::of(executor_)),
      settings_(std::move(settings)),
      origin_(std::move(origin)),
      timer_(executor_) {
    if (!curl_is_ready()) {
        set_up_code_ = CURLE_FAILED_INIT;
        return;
    }
    multi_ = curl_multi_init();
    easy_ = curl_easy_init();
    if (multi_ == nullptr || easy_ == nullptr) {
        close();
        throw std::bad_alloc{};
    }
    if (proxied) tunnel_.emplace(settings_->options, time_source(executor_));
    set_up_code_ = set_up_curl(easy_, *settings_, origin_.is_https(), proxied);
    set_up_callbacks();
}

template <class Value>
void CurlConnection::set(CURLoption option, Value value) noexcept {
    const CURLcode code = curl_easy_setopt(easy_, option, value);
    if (set_up_code_ == CURLE_OK) set_up_code_ = code;
}

template <class Value>
Value CurlConnection::info(CURLINFO what) const noexcept {
    Value value{};
    curl_easy_getinfo(easy_, what, &value);
    return value;
}

// --- An exchange --------------------------------------------------------------------------------

inline void CurlConnection::set_addresses(
    const Url& next_hop, const std::vector<Endpoint>& endpoints) {
    std::string known;
    for (const Endpoint& endpoint : endpoints) {
        const boost::asio::ip::address address = endpoint.address();
        // libcurl reads no zone behind an address.
        if (address.is_v6() && address.to_v6().scope_id() != 0) continue;
        known += known.empty() ? "" : ",";
        known += address.is_v6() ? '[' + address.to_string() + ']' : address.to_string();
    }
    addresses_.clear();
    if (next_hop.is_ip_literal() || known.empty()) return;
    addresses_ = next_hop.host() + ':' + std::to_string(next_hop.port()) + ':' + known;
    addresses_list_ = {addresses_.data(), nullptr};
}

inline void CurlConnection::begin(CurlExchange& exchange, TimePoint began) {
    exchange_ = &exchange;
    reused_ = established_;
    exchange.phase_began = reused_ ? time_on(executor_) : began;
    exchange.progress.phase = reused_ ? Phase::write : Phase::connect;
    text_[0] = '\0';
    if (set_up_code_ != CURLE_OK) return finish(set_up_code_);

    const HttpRequest& request = exchange.request;
    url_ = origin_.origin() + request.url->path();
    std::string host;
    std::vector<HeaderView> with_host;
    std::span<const HeaderView> headers = request.headers;
    if (origin_.host().ends_with('.')) {
        // libcurl would leave the dot in.
        host = origin_.authority();
        with_host.assign(headers.begin(), headers.end());
        with_host.push_back({"Host", host});
        headers = with_host;
    }
    lines_.assign(headers, {"Accept", "Content-Type", "Expect"});
    if (tunnel_) {
        // Not by libcurl's own means of authentication, which would answer a 407, and of which it
        // depends on the version whether they decode user and password.
        const Secret authorization = proxy_authorization(settings_->options.proxy);
        const std::array<HeaderView, 1> header{
            HeaderView{"Proxy-Authorization", authorization.expose()}};
        const std::span<const HeaderView> for_proxy{header};
        proxy_lines_.assign(for_proxy.first(authorization.empty() ? 0 : 1), {"Proxy-Connection"});
        set(CURLOPT_PROXYHEADER, proxy_lines_.list());
    }
    if (!reused_ && !addresses_.empty()) set(CURLOPT_RESOLVE, &addresses_list_);
    set(CURLOPT_URL, url_.c_str());
    set(CURLOPT_HTTPHEADER, lines_.list());
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    set(CURLOPT_POSTFIELDS, request.body.empty() ? "" : request.body.data());
    if (set_up_code_ != CURLE_OK) return finish(set_up_code_);

    if (curl_multi_add_handle(multi_, easy_) != CURLM_OK) return finish(CURLE_OUT_OF_MEMORY);
    added_ = true;
    act(CURL_SOCKET_TIMEOUT, 0);
}

inline void CurlConnection::end() noexcept {
    if (added_ && process_.is_elsewhere()) leave();
    if (std::exchange(added_, false)) curl_multi_remove_handle(multi_, easy_);
    exchange_ = nullptr;
    timer_.cancel();
    lines_.wipe();
    proxy_lines_.wipe();
    if (easy_ != nullptr) {
        curl_easy_setopt(easy_, CURLOPT_RESOLVE, static_cast<curl_slist*>(nullptr));
        curl_easy_setopt(easy_, CURLOPT_PROXYHEADER, static_cast<curl_slist*>(nullptr));
        curl_easy_setopt(easy_, CURLOPT_POSTFIELDS, static_cast<char*>(nullptr));
        curl_easy_setopt(easy_, CURLOPT_HTTPHEADER, static_cast<curl_slist*>(nullptr));
    }
}

// What libcurl has under way in the parent is not for it to end here: the handles are given up as
// they are.
inline void CurlConnection::leave() noexcept {
    added_ = false;
    multi_ = nullptr;
    easy_ = nullptr;
    for (const auto& watch : watches_)
        watch->stop();
    watches_.clear();
    for (const curl_socket_t socket : std::exchange(sockets_, {}))
        close_curl_socket(socket);
}

inline void CurlConnection::close() noexcept {
    end();
    for (const auto& watch : watches_)
        watch->stop();
    watches_.clear();
    if (multi_ != nullptr) {
        curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, nullptr);
        curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, nullptr);
    }
    curl_easy_cleanup(std::exchange(easy_, nullptr));
    curl_multi_cleanup(std::exchange(multi_, nullptr));
}

// --- Between libcurl and Asio -------------------------------------------------------------------

template <class Body>
bool CurlConnection::guarded(Body&& body) noexcept {
    try {
        return body();
    } catch (...) {
        if (exchange_ != nullptr && !exchange_->thrown) {
            exchange_->thrown = std::current_exception();
        }
        return false;
    }
}

inline void CurlConnection::act(curl_socket_t socket, int events) noexcept {
    if (multi_ == nullptr) return;
    if (process_.is_elsewhere()) return abort();
    int running = 0;
    const CURLMcode result = curl_multi_socket_action(multi_, socket, events, &running);
    const bool fine = guarded([&] {
        int left = 0;
        while (const CURLMsg* const message = curl_multi_info_read(multi_, &left)) {
            if (message->msg == CURLMSG_DONE) finish(message->data.result);
        }
        // A callback that could not do its part stops the whole multi handle.
        if (result != CURLM_OK && exchange_ != nullptr && !exchange_->done) {
            if (!exchange_->thrown) {
                exchange_->thrown =
                    std::make_exception_ptr(std::runtime_error{curl_multi_strerror(result)});
            }
            finish(CURLE_ABORTED_BY_CALLBACK);
        }
        note_progress();
        return true;
    });
    if (!fine) abort();
}

// What libcurl has no callback for shows in its numbers, or on its sockets, after each action.
inline void CurlConnection::note_progress() {
    if (exchange_ == nullptr || exchange_->done) return;
    HttpProgress& progress = exchange_->progress;
    for (const curl_socket_t socket : sockets_) {
        if (!note_connected(socket)) continue;
        // libcurl counts what follows into its limit of connecting. It reads the limit anew each
        // time, so it can be told that the tunnel and the handshake have limits of their own.
        const HttpOptions& options = settings_->options;
        const auto known = [](std::chrono::milliseconds limit) {
            return std::chrono::milliseconds{curl_milliseconds(limit)};
        };
        set(CURLOPT_CONNECTTIMEOUT_MS,
            curl_milliseconds(
                known(options.connect_timeout) + known(options.proxy_timeout) +
                known(options.tls_timeout)));
        exchange_->changed.notify_all();
        break;
    }
    if (!exchange_->sent) return;
    const bool started = info<curl_off_t>(CURLINFO_STARTTRANSFER_TIME_T) > 0;
    if (progress.phase == Phase::write &&
        info<long>(CURLINFO_REQUEST_SIZE) > exchange_->sent_before &&
        info<curl_off_t>(CURLINFO_SIZE_UPLOAD_T) >=
            static_cast<curl_off_t>(exchange_->request.body.size())) {
        progress.phase = Phase::first_byte;
        // For a body that goes out apart from its head, libcurl takes this time when it begins.
        exchange_->started_by_upload = started;
    } else if (progress.phase == Phase::first_byte && started && !exchange_->started_by_upload) {
        progress.phase = Phase::head;
    }
}

/// The handshake, or the talk with the proxy, begins once a socket has a peer. True if that has just
/// been seen.
inline bool CurlConnection::note_connected(curl_socket_t socket) noexcept {
    if (exchange_ == nullptr || exchange_->progress.phase != Phase::connect) return false;
    if (!origin_.is_https() || !is_connected(socket)) return false;
    enter(tunnel_ ? Phase::proxy : Phase::tls);
    old_error_ = info<long>(CURLINFO_OS_ERRNO);
    return true;
}

inline void CurlConnection::enter(Phase phase) noexcept {
    exchange_->progress.phase = phase;
    exchange_->phase_began = time_on(executor_);
}

// Before a request has begun, nobody but the proxy has anything to say.
inline bool CurlConnection::tunnel_line(std::string_view line) {
    if (!tunnel_) return false;
    if (exchange_->progress.phase != Phase::proxy) enter(Phase::proxy);
    const bool has_more = std::any_of(sockets_.begin(), sockets_.end(), &has_input);
    if (!tunnel_->header_line(line, has_more)) return false;
    if (tunnel_->is_open()) {
        enter(Phase::tls);
        exchange_->changed.notify_all();
    }
    return true;
}

inline void CurlConnection::finish(CURLcode code) {
    if (exchange_ == nullptr || exchange_->done) return;
    exchange_->done = true;
    exchange_->code = code;
    exchange_->changed.notify_all();
}

/// Ends an exchange that libcurl still has under way.
inline void CurlConnection::abort() noexcept {
    guarded([&] {
        finish(CURLE_ABORTED_BY_CALLBACK);
        return true;
    });
}

// libcurl would hear nothing of its socket, or of its timer, any more.
inline void CurlConnection::on_shortage() noexcept {
    guarded([]() -> bool { throw std::bad_alloc{}; });
    abort();
}

inline void CurlConnection::watch(curl_socket_t socket, int interest) {
    for (const auto& watch : watches_) {
        if (watch->socket() == socket) return watch->want(interest);
    }
    watches_.push_back(std::make_shared<CurlSocketWatch>(executor_, socket, weak_from_this()));
    watches_.back()->want(interest);
}

inline void CurlConnection::unwatch(curl_socket_t socket) noexcept {
    std::erase_if(watches_, [&](const std::shared_ptr<CurlSocketWatch>& watch) {
        if (watch->socket() != socket) return false;
        watch->stop();
        return true;
    });
}

// Never acts at once: libcurl must not be called from its own callback.
inline void CurlConnection::set_timer(long milliseconds) {
    ++timer_turn_;
    if (milliseconds < 0) {
        timer_.cancel();
        return;
    }
    timer_.expires_after(std::chrono::milliseconds{milliseconds});
    auto call = [weak = weak_from_this(), turn = timer_turn_](boost::system::error_code ec) {
        if (ec && ec != boost::asio::error::no_memory) return;
        const auto self = weak.lock();
        if (!self || self->timer_turn_ != turn) return;
        if (ec) return self->on_shortage();
        self->act(CURL_SOCKET_TIMEOUT, 0);
    };
    timer_.async_wait(told_handler(executor_, context_, std::move(call)));
}

inline Error CurlConnection::failure() const {
    if (tunnel_ && tunnel_->refusal()) return *tunnel_->refusal();
    CurlOutcome outcome;
    outcome.code = exchange_->code;
    if (tunnel_) outcome.proxy = &settings_->options.proxy;
    if (easy_ != nullptr) {
        outcome.proxy_status = static_cast<unsigned>(info<long>(CURLINFO_HTTP_CONNECTCODE));
        const long error = info<long>(CURLINFO_OS_ERRNO);
        outcome.system_error = error == old_error_ ? 0 : static_cast<int>(error);
        outcome.verify_result = info<long>(CURLINFO_SSL_VERIFYRESULT);
    }
    if (outcome.system_error == 0) outcome.system_error = open_error_;
    outcome.text = text_.data();
    outcome.phase = exchange_->progress.phase;
    outcome.sent = exchange_->sent;
    outcome.reused = reused_;
    outcome.answered = exchange_->response.begun();
    outcome.in_chunks = exchange_->response.head_done() && exchange_->response.is_chunked();
    outcome.own_trust = !settings_->material.trust.empty();
    return curl_failure(outcome, origin_);
}

}  // namespace clarify::detail

#endif  // CLARIFY_HTTP_DETAIL_CURL_IMPL_CURL_CONNECTION_HPP
