// With separate compilation: the client without the libraries below it.

#include <clarify/client.hpp>

#if defined(OPENSSL_VERSION_NUMBER) || defined(BOOST_BEAST_VERSION) || defined(BOOST_ASIO_SSL_HPP)
#error "<clarify/client.hpp> includes OpenSSL or Beast"
#endif
#if __has_include(<boost/beast/core/detail/config.hpp>) && defined(BOOST_BEAST_DECL)
#error "<clarify/client.hpp> includes Beast"
#endif

#include "call.hpp"

std::string separate_call() {
    return call_nobody<clarify::Client, clarify::Credentials, clarify::Secret>();
}
Sizes separate_sizes() { return sizes_here(); }
