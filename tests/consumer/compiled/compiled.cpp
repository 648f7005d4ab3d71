// With clarify::compiled: the client without the libraries below it.

#include <clarify/client.hpp>

#if defined(OPENSSL_VERSION_NUMBER) || defined(BOOST_BEAST_VERSION) || defined(BOOST_ASIO_SSL_HPP)
#error "<clarify/client.hpp> includes OpenSSL or Beast"
#endif

#include "call.hpp"

std::string compiled_call() {
    return call_nobody<clarify::Client, clarify::Credentials, clarify::Secret>();
}
Sizes compiled_sizes() { return sizes_here(); }
