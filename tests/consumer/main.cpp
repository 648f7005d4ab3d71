// A user of the library, as small as can be: it includes little of it and links all that it needs.

#include <clarify/core/error.hpp>
#include <clarify/core/version.hpp>

#include <boost/json.hpp>

#include <openssl/ssl.h>

#include <iostream>

int main() {
    const clarify::Error error{clarify::Errc::connect};
    const boost::json::object seen{
        {"clarify", CLARIFY_VERSION_STRING},
        {"error", to_string(error.code())},
        {"openssl", OpenSSL_version(OPENSSL_VERSION)},
        {"tls", TLS_client_method() != nullptr}};
    std::cout << boost::json::serialize(seen) << '\n';
}
