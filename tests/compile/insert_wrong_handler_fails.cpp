// expect-error: the last argument is not a completion token of this operation: a handler is called with
// SPDX-License-Identifier: BSL-1.0
// A handler of another outcome for a typed method: the compiler says what it is called with.

#include <clarify/any_client.hpp>

void insert(clarify::AnyClient& client, const clarify::DataFrame& frame) {
    client.async_insert(frame, clarify::InsertOptions{}, [](int) {});
}
