// expect-error: the last argument is not a completion token of this operation: a handler is called with
// SPDX-License-Identifier: BSL-1.0
// A handler of another outcome for the next page: the compiler says what it is called with.

#include <clarify/any_client.hpp>

void next(clarify::ItemPages& pages) {
    pages.async_next([](clarify::Result<int>) {});
}
