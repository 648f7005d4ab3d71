// expect-error: nothing happens before this is awaited: write co_await
// expect-error: ignoring return value of function declared with 'nodiscard' attribute
// SPDX-License-Identifier: BSL-1.0
// A call that nobody awaits is not made, so the compiler warns of it; clang without the reason, as the
// function is a member of a template.

#include <clarify/any_client.hpp>

#include <boost/asio/awaitable.hpp>

#pragma GCC diagnostic error "-Wunused-result"

boost::asio::awaitable<void> store(clarify::AnyClient& client, clarify::DataFrame frame) {
    client.insert(frame);
    co_return;
}
