// SPDX-License-Identifier: BSL-1.0
// The scripted peer of the conformance kits, under the name that the tests use.

#ifndef CLARIFY_TESTS_SUPPORT_RAW_SERVER_HPP
#define CLARIFY_TESTS_SUPPORT_RAW_SERVER_HPP

#include <clarify/testing/detail/kits/raw_server.hpp>

namespace support {

using clarify::testing::detail::answer_all;
using clarify::testing::detail::RawPeer;
using clarify::testing::detail::RawRequest;
using clarify::testing::detail::RawServer;
using clarify::testing::detail::tls_server;

}  // namespace support

#endif  // CLARIFY_TESTS_SUPPORT_RAW_SERVER_HPP
