// SPDX-License-Identifier: BSL-1.0
// The last words on a TLS connection, written down without sending them.

#ifndef CLARIFY_HTTP_DETAIL_BEAST_CLOSE_NOTIFY_HPP
#define CLARIFY_HTTP_DETAIL_BEAST_CLOSE_NOTIFY_HPP

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <cstddef>
#include <string_view>

namespace clarify::detail {

/** The close_notify alert of a connection on which nothing is under way (RFC 8446 section 6.1).

    Asio's own shutdown waits for the peer's. This one takes the output of a connection that is given
    up anyway, so that it can be sent in one write that does not wait; an answer is not expected.
*/
class CloseNotify {
public:
    explicit CloseNotify(SSL* ssl) noexcept {
        BIO* const output = BIO_new(BIO_s_mem());
        if (output != nullptr) {
            // The connection owns it from now on, and its old output is released.
            SSL_set0_wbio(ssl, output);
            SSL_shutdown(ssl);
            char* data = nullptr;
            const long size = BIO_get_mem_data(output, &data);
            if (size > 0) bytes_ = {data, static_cast<std::size_t>(size)};
        }
        ERR_clear_error();
    }

    /// Valid as long as the connection. Empty if there is nothing to say.
    std::string_view bytes() const noexcept { return bytes_; }

private:
    std::string_view bytes_;
};

}  // namespace clarify::detail

#endif  // CLARIFY_HTTP_DETAIL_BEAST_CLOSE_NOTIFY_HPP
