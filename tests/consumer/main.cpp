// A user of the library, as small as can be: it includes all of it and links what it needs.

#include <clarify/clarify.hpp>

#include <boost/json.hpp>

#include <openssl/crypto.h>

#include <iostream>

int main() {
    const boost::json::object versions{
        {"clarify", CLARIFY_VERSION_STRING}, {"openssl", OpenSSL_version(OPENSSL_VERSION)}};
    std::cout << boost::json::serialize(versions) << '\n';
}
