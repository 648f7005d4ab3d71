// expect-error: clarify needs OpenSSL 3.0 or newer
// SPDX-License-Identifier: BSL-1.0
// The same for OpenSSL, and for libraries that call themselves by an older version of it.

#include <openssl/opensslv.h>

#undef OPENSSL_VERSION_NUMBER
#define OPENSSL_VERSION_NUMBER 0x20000000L

#include <clarify/http/detail/tls/tls_material.hpp>
