// SPDX-License-Identifier: BSL-1.0
// The contract of a JSON library adapter.

#ifndef CLARIFY_CONCEPTS_JSON_CODEC_HPP
#define CLARIFY_CONCEPTS_JSON_CODEC_HPP

#include <clarify/core/result.hpp>

#include <concepts>
#include <string>
#include <string_view>

namespace clarify {

/** A JSON library, as the client needs it: values to text and text to values.

    The client writes and checks the JSON-RPC envelope itself, in the same way for every codec, so a
    codec sees only `params` on the way out and `result` on the way in. The text it is given to
   decode is one valid UTF-8 JSON value (RFC 8259) within the configured depth.

    | expression | meaning |
    | --- | --- |
    | `C::value_type` | the library's own document type; what `call` yields unless told otherwise |
    | `codec.encode(value, out)` | appends the JSON text of `value` to the `std::string` `out`; a
   value that has no JSON text (NaN, invalid UTF-8) fails with `Errc::bad_argument`, and `out` may
   then hold anything | | `codec.template decode<T>(text)` | yields a `Result<T>`; what does not fit
   fails with `Errc::decode`, or `Errc::too_large` for a memory limit; members that `T` does not
   know are ignored |

    Other types are welcome: whatever `encode` and `decode` accept, users can pass and ask for.

    @par Who calls it
    `encode` in the thread that starts the call, before the starting function returns; `decode` on
   the executor of the call's completion handler. Both may run on several threads at once.
    @par Exceptions
    One that escapes becomes `Errc::bad_argument` or `Errc::decode` with `Reason::exception`.
*/
template <class C>
concept JsonCodec = std::move_constructible<C> && requires {
    typename C::value_type;
} && requires(
    const C& codec, const typename C::value_type& value, std::string& out, std::string_view text) {
    { codec.encode(value, out) } -> std::same_as<Result<void>>;
    {
        codec.template decode<typename C::value_type>(text)
        } -> std::same_as<Result<typename C::value_type>>;
};

}  // namespace clarify

#endif  // CLARIFY_CONCEPTS_JSON_CODEC_HPP
