// SPDX-License-Identifier: BSL-1.0
// What a TLS server says first, as bytes that can be cut, delayed or reset.

#ifndef CLARIFY_TESTS_SUPPORT_TLS_FLIGHT_HPP
#define CLARIFY_TESTS_SUPPORT_TLS_FLIGHT_HPP

#include "pki.hpp"
#include "raw_server.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/read.hpp>

#include <openssl/ssl.h>

#include <array>
#include <cstddef>
#include <memory>
#include <string>

namespace support {

/// Reads the client's first message, and gives it with the header of its record.
inline std::string read_hello(RawPeer& peer) {
    std::string record(5, '\0');
    boost::asio::read(peer.socket(), boost::asio::buffer(record));
    const auto high = static_cast<unsigned char>(record[3]);
    const auto low = static_cast<unsigned char>(record[4]);
    record.resize(5 + (std::size_t{high} << 8U | low));
    boost::asio::read(peer.socket(), boost::asio::buffer(record.data() + 5, record.size() - 5));
    return record;
}

/// All that a server with this context answers to `hello` before it hears more.
inline std::string answer_to(const pki::TlsContext& context, const std::string& hello) {
    const std::unique_ptr<SSL, decltype(&SSL_free)> ssl{
        SSL_new(context->native_handle()), &SSL_free};
    BIO* const in = BIO_new(BIO_s_mem());
    BIO* const out = BIO_new(BIO_s_mem());
    SSL_set_bio(ssl.get(), in, out);
    BIO_write(in, hello.data(), static_cast<int>(hello.size()));
    SSL_accept(ssl.get());
    char* data = nullptr;
    const long size = BIO_get_mem_data(out, &data);
    return {data, static_cast<std::size_t>(size)};
}

/// Waits until the client closes, whatever it says until then; nothing of it is TLS to the peer.
inline void await_close(RawPeer& peer) {
    std::array<char, 1024> bytes{};
    boost::system::error_code ec;
    while (!ec)
        peer.socket().read_some(boost::asio::buffer(bytes), ec);
}

}  // namespace support

#endif  // CLARIFY_TESTS_SUPPORT_TLS_FLIGHT_HPP
