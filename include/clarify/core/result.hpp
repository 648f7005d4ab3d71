// SPDX-License-Identifier: BSL-1.0
// The type of every outcome: a value or an error.

#ifndef CLARIFY_CORE_RESULT_HPP
#define CLARIFY_CORE_RESULT_HPP

#include <clarify/core/error.hpp>

#include <boost/system/result.hpp>

namespace clarify {

/** A `T`, or the `Error` that tells why there is none; `Result<void>` is a success or an `Error`.

    Test it like a `bool`. Of a success, `*result` and `result->` give the value; of a failure,
    `.error()` gives the error, and `.error()` of a success is one whose code is none of the
    enumerators. Nothing throws unless asked to: `.value()` throws `Exception` for a failure.

    ```cpp
    clarify::Result<clarify::Url> url = clarify::Url::parse(text);
    if (!url) return url.error();  // becomes the failed result of the caller
    connect_to(url->host());
    ```

    @par Thread safety
    Distinct objects: safe. Shared objects: as safe as `T`.
*/
template <class T>
using Result = boost::system::result<T, Error>;

}  // namespace clarify

#endif  // CLARIFY_CORE_RESULT_HPP
