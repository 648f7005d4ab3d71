// SPDX-License-Identifier: BSL-1.0
// One connection with its buffers, with or without TLS.

#ifndef CLARIFY_HTTP_DETAIL_BEAST_CONNECTION_HPP
#define CLARIFY_HTTP_DETAIL_BEAST_CONNECTION_HPP

#include <clarify/core/clock.hpp>
#include <clarify/core/detail/process_mark.hpp>
#include <clarify/core/http_message.hpp>
#include <clarify/http/detail/beast/close_notify.hpp>
#include <clarify/http/detail/beast/tls_wire.hpp>
#include <clarify/http/detail/pool/connection_source.hpp>
#include <clarify/http/detail/tls/tls_context.hpp>
#include <clarify/http/detail/tls/tls_session_cache.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <boost/system/system_error.hpp>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clarify::detail {

template <class Net>
class Connection {
public:
    using Socket = typename Net::Socket;
    using TlsStream = boost::asio::ssl::stream<TlsWire<Socket>>;

    Connection(
        boost::asio::any_io_executor executor, std::shared_ptr<boost::asio::ssl::context> context)
        : socket_(std::move(executor)), context_(std::move(context)) {}
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    ~Connection() {
        forget_head();
        OPENSSL_cleanse(input_.data(), input_.size());
    }

    Socket& socket() noexcept { return socket_; }
    bool is_tls() const noexcept { return tls_.has_value(); }
    TlsStream& tls() noexcept { return *tls_; }
    TlsStream& begin_tls() {
        try {
            tls_.emplace(socket_, *context_);
        } catch (const boost::system::system_error&) {
            // OpenSSL has no other reason to make none of a good context.
            ERR_clear_error();
            throw std::bad_alloc{};
        }
        TlsStream& stream = *tls_;
        // A reply may hold a token; OpenSSL would keep it in its buffer until the next one.
        SSL_set_options(stream.native_handle(), SSL_OP_CLEANSE_PLAINTEXT);
        return stream;
    }

    void opened(TimePoint now) noexcept {
        use_.opened = use_.proven = now;
        at_rest_ = true;
    }
    TimePoint opened_at() const noexcept { return use_.opened; }
    ConnectionUse& use() noexcept { return use_; }
    /// Is it one of the process that this one was forked from?
    bool is_elsewhere() const noexcept { return process_.is_elsewhere(); }
    /// Always: one that cannot be opened is never handed out.
    bool is_established() const noexcept { return true; }
    ConnectionTicket<Connection>& ticket() noexcept { return ticket_; }
    /// The TLS peer is who it should be: says with what session it was asked to resume, and whether
    /// it did.
    void verified(TlsSession session, bool resumed) noexcept {
        session_ = std::move(session);
        resumed_ = resumed;
    }
    const TlsSession& session() const noexcept { return session_; }
    bool is_resumed() const noexcept { return resumed_; }

    /// Counts an exchange; true unless it is the first.
    bool begin_exchange() noexcept {
        at_rest_ = false;
        return exchanges_++ != 0;
    }
    /// A reply is complete, and nothing is under way.
    void end_exchange() noexcept { at_rest_ = true; }
    /// Closes without waiting. At rest, the TLS peer is told first, if that costs no time.
    void close() noexcept {
        boost::system::error_code ignored;
        if (tls_ && std::exchange(at_rest_, false)) {
            const CloseNotify last{tls_->native_handle()};
            if (!last.bytes().empty()) {
                socket_.write_some(
                    boost::asio::buffer(last.bytes().data(), last.bytes().size()), ignored);
            }
        }
        socket_.close(ignored);
    }

    /// Has the peer said nothing behind the reply that was read, as far as it has been received?
    bool ends_clean() {
        return buffered() == 0 && (!is_tls() || (is_calm(0) && !tls_->next_layer().lost_output()));
    }
    /// Is an idle connection still as it was left: open, and with nothing to read? A peer that
    /// closed it, or that sent bytes nobody asked for, has no place in the next exchange.
    ///
    /// A TLS peer may have sent what belongs to TLS itself, session tickets and new keys. That is
    /// read, in a moderate amount, and answered if need be.
    bool can_serve() {
        if (buffered() != 0) return false;
        if (is_tls()) {
            return is_calm(most_at_rest) && tls_->next_layer().has_room() &&
                !tls_->next_layer().lost_output() && SSL_has_pending(tls_->native_handle()) == 0;
        }
        boost::system::error_code ec;
        char byte = 0;
        socket_.receive(boost::asio::buffer(&byte, 1), Socket::message_peek, ec);
        return ec == boost::asio::error::would_block || ec == boost::asio::error::try_again;
    }

    /// Composes the request head in the connection's own buffer.
    void compose_head(const HttpRequest& request, std::string_view authority);
    boost::asio::const_buffer head() const noexcept { return boost::asio::buffer(head_); }
    /// How much of the body follows the head in its buffer.
    std::size_t joined() const noexcept { return joined_; }
    /// Head and body for one gather write.
    std::array<boost::asio::const_buffer, 2> output(std::string_view body) const noexcept {
        const std::string_view rest = body.substr(joined_);
        return {head(), boost::asio::buffer(rest.data(), rest.size())};
    }
    /// Overwrites the head, which holds the authorization, and what follows it in its buffer.
    void forget_head() noexcept;

    std::string_view input() const noexcept { return {input_.data() + begin_, buffered()}; }
    std::size_t buffered() const noexcept { return end_ - begin_; }
    /// Overwrites what is consumed: the reader has it, and a token must not stay here as well.
    void consume(std::size_t size) noexcept {
        OPENSSL_cleanse(input_.data() + begin_, size);
        begin_ += size;
    }
    void received(std::size_t size) noexcept { end_ += size; }
    /// Room for more input behind what is there; empty if a message part fills the whole buffer.
    boost::asio::mutable_buffer room() {
        if (input_.empty()) input_.resize(input_size);
        if (begin_ == end_) {
            begin_ = end_ = 0;
        } else if (end_ == input_.size()) {
            std::copy(
                input_.begin() + static_cast<std::ptrdiff_t>(begin_), input_.end(), input_.begin());
            end_ -= begin_;
            OPENSSL_cleanse(input_.data() + end_, begin_);
            begin_ = 0;
        }
        return boost::asio::buffer(input_.data() + end_, input_.size() - end_);
    }

private:
    /// Takes in what the TLS peer says at rest, what is in Asio's and OpenSSL's buffers and up to
    /// `most` bytes of the socket. False where that is anything but tickets and new keys: data, an
    /// alert, the end.
    bool is_calm(std::size_t most) {
        SSL* const ssl = tls_->native_handle();
        tls_->next_layer().begin_look(most);
        SSL_set_info_callback(ssl, &end_at_alert);
        boost::system::error_code ec;
        char byte = 0;
        const std::size_t size = tls_->read_some(boost::asio::buffer(&byte, 1), ec);
        SSL_set_info_callback(ssl, &end_at_renegotiation);
        OPENSSL_cleanse(&byte, 1);
        ERR_clear_error();
        const bool waits =
            ec == boost::asio::error::would_block || ec == boost::asio::error::try_again;
        return size == 0 && waits && (SSL_get_shutdown(ssl) & SSL_RECEIVED_SHUTDOWN) == 0;
    }

    /// Some hundred session tickets: as much as a peer at rest may send between two looks.
    static constexpr std::size_t most_at_rest = std::size_t{64} << 10U;
    /// Above the largest head, chunk line and trailers that options allow, so that they always fit.
    static constexpr std::size_t input_size = std::size_t{32} << 10U;

    Socket socket_;
    ProcessMark process_;
    std::shared_ptr<boost::asio::ssl::context> context_;
    std::optional<TlsStream> tls_;
    TlsSession session_;
    bool resumed_ = false;
    bool at_rest_ = false;
    ConnectionUse use_;
    unsigned exchanges_ = 0;
    ConnectionTicket<Connection> ticket_;
    std::string head_;
    std::size_t joined_ = 0;
    std::vector<char> input_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
};

template <class Net>
void Connection<Net>::compose_head(const HttpRequest& request, std::string_view authority) {
    joined_ = 0;
    if (is_tls()) {
        // Asio encrypts from one buffer. Were head and body apart, it would put them together in
        // one of this size on the stack, where the authorization would stay.
        constexpr std::size_t asio_storage = 8192;
        joined_ = (std::min)(request.body.size(), asio_storage);
    }
    std::size_t size = joined_ + 96 + request.url->path().size() + authority.size();
    for (const HeaderView& header : request.headers)
        size += header.name.size() + header.value.size() + 4;
    head_.clear();
    // In one piece, so that growing leaves no copy of the authorization behind.
    head_.reserve(size);
    head_ += "POST ";
    head_ += request.url->path();
    head_ += " HTTP/1.1\r\nHost: ";
    head_ += authority;
    head_ += "\r\n";
    for (const HeaderView& header : request.headers) {
        head_ += header.name;
        head_ += ": ";
        head_ += header.value;
        head_ += "\r\n";
    }
    char digits[24];
    const auto end = std::to_chars(digits, digits + sizeof digits, request.body.size()).ptr;
    head_ += "Content-Length: ";
    head_.append(digits, end);
    head_ += "\r\n\r\n";
    head_ += request.body.substr(0, joined_);
}

template <class Net>
void Connection<Net>::forget_head() noexcept {
    volatile char* at = head_.data();
    for (std::size_t i = 0; i != head_.size(); ++i)
        at[i] = 0;
    head_.clear();
}

}  // namespace clarify::detail

#endif  // CLARIFY_HTTP_DETAIL_BEAST_CONNECTION_HPP
