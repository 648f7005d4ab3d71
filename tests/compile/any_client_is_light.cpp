// SPDX-License-Identifier: BSL-1.0
// The client of any policies brings in no HTTP stack and no TLS library.

#include <clarify/any_client.hpp>

#if defined(BOOST_BEAST_DECL) || defined(OPENSSL_VERSION_NUMBER) || defined(BOOST_ASIO_SSL_HPP)
#error "<clarify/any_client.hpp> includes Beast or OpenSSL"
#endif
