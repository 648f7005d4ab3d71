// SPDX-License-Identifier: BSL-1.0
// By which status a server passes a failure on.

#include <clarify/core/http_status.hpp>

#include <doctest/doctest.h>

#include <cstdint>
#include <utility>

namespace http_status_test {

using namespace clarify;

namespace {

Error status(unsigned value) {
    Error error{Errc::status};
    return error.set_http_status(value);
}

Error rpc(std::int64_t code) {
    RpcError failure;
    failure.code = code;
    Error error{Errc::rpc};
    return error.set_rpc(std::move(failure));
}

}  // namespace

TEST_CASE("http_status_for: who is to blame, and whether to come back") {
    CHECK(http_status_for(Error{Errc::bad_argument}) == 400);
    CHECK(http_status_for(Error{Errc::bad_argument, Reason::request}) == 413);
    CHECK(http_status_for(rpc(RpcError::invalid_params)) == 422);
    CHECK(http_status_for(rpc(RpcError::forbidden)) == 403);
    CHECK(http_status_for(rpc(RpcError::try_again)) == 503);
    CHECK(http_status_for(rpc(-32000)) == 502);
    CHECK(http_status_for(Error{Errc::rpc}) == 502);
    for (const Errc code : {Errc::overloaded, Errc::closed, Errc::cancelled})
        CHECK(http_status_for(Error{code}) == 503);
    CHECK(http_status_for(Error{Errc::overloaded, Reason::rate_limit}) == 503);
    CHECK(http_status_for(status(429)) == 503);
    CHECK(http_status_for(status(503)) == 503);
    CHECK(http_status_for(status(500)) == 502);
    CHECK(http_status_for(status(404)) == 502);
    CHECK(http_status_for(Error{Errc::timeout}) == 504);
    CHECK(http_status_for(Error{Errc::bad_config}) == 500);
    CHECK(http_status_for(Error{Errc::internal}) == 500);
    for (const Errc code :
         {Errc::resolve,
          Errc::connect,
          Errc::tls,
          Errc::proxy,
          Errc::io,
          Errc::framing,
          Errc::too_large,
          Errc::auth,
          Errc::token,
          Errc::json,
          Errc::envelope,
          Errc::decode}) {
        CHECK(http_status_for(Error{code}) == 502);
    }
}

}  // namespace http_status_test
