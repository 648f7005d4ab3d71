// expect-error: the options of this operation, or nothing: make them of others, as clarify::InsertOptions{
// SPDX-License-Identifier: BSL-1.0
// The options of a call for a typed method, which has its own: the compiler says how to make them.

#include <clarify/any_client.hpp>

#include <chrono>

void select(clarify::AnyClient& client) {
    client.async_select_items({}, clarify::CallOptions{std::chrono::seconds{1}});
}
