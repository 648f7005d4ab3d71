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
    codec sees only `params` on the way out and `result` on the way in.

    | expression | meaning | who calls it, and where | cancellation | what a failure reports |
    | --- | --- | --- | --- | --- |
    | `C::value_type` | the library's document type; what `call` yields unless told otherwise | | | |
    | `codec.encode(value, out)` | appends the JSON text of `value` to the `std::string` `out` | the client, in the thread that starts the call, before the starting function returns | none | `Errc::bad_argument`: nothing was sent; `out` may then hold anything |
    | `codec.template decode<T>(text)` | yields the `T` that `text` stands for, as a `Result<T>` | the client, on the executor of the call's completion handler | none | `Errc::decode` for what does not fit a `T`, `Errc::too_large` for a memory limit of the codec; phase and fate are the client's to fill in. It is not interrupted: one of more than 64 KiB is not begun when the time of its call is up |
    | `C{std::move(codec)}` | a codec that works as the other did | the client's constructor; it keeps the one codec until the last call has ended | none | |

    What `encode` appends:
    - Exactly one JSON value (RFC 8259) in UTF-8, without blanks around it. What `out` held stays.
    - Numbers that read back as the same number: 64-bit integers with every digit, doubles to the
      last bit. No locale changes them.
    - The same text for an equal value.
    - Never a text for what JSON lacks: NaN, infinity and strings that are not UTF-8 fail.

    What `decode` may rely on: `text` is one valid JSON value within `ClientOptions::max_json_depth`,
    without blanks around it. No zero follows it, and it is gone when the call completes, so a value
    owns all it holds: it shares nothing with other values, and outlives the codec. What it promises:
    - An integer of 64 bits keeps every digit, any other number becomes the nearest double: one too
      small for any becomes zero. One that is too large is never infinity: it is `Errc::decode` where
      a type cannot hold it, `Errc::json` with `Reason::number_range` where a `value_type` cannot,
      unless that keeps it as it is. `-0.0` keeps its sign; `-0` may be the integer.
    - Of members with the same key the last one counts; members that `T` does not know are ignored.
    - No locale changes what a text stands for.
    - The message of an error has no control characters and at most 1 KiB, whatever the text is.

    After a failure, of either, the codec works as before.

    The client looks through what `encode` appended, and refuses what is not one JSON value. A codec
    that vouches for its text may spare it that: `static constexpr bool writes_valid_json = true;`.

    Other types than `value_type` are welcome: whatever `encode` and `decode` accept, users can pass
    and ask for. Constrain the two, so that `requires` tells what they take. Those that a codec takes
    both ways have these forms, with every codec:

    | C++ | JSON | besides |
    | --- | --- | --- |
    | `bool`, integers, `double` | boolean, number | what does not fit is an error: neither rounded nor cut |
    | `std::string` | string | text that is not UTF-8 is refused |
    | `std::vector<T>`, `std::map<std::string, T>` | array, object | every element has to fit |
    | `std::optional<T>` | null, or `T` | |
    | a struct described with Boost.Describe | object | `snake_case` members are `camelCase` in JSON, and of other spellings none is known; an empty `std::optional` is not written, and one that is missing or null is read as empty; any other missing member is an error |

    Types that have functions `append_json_text` or `read_json_text` of their own, such as those of
    the Clarify API, do not reach the codec where they are all of `params` or of the result: the
    client calls these. Within a container, a struct or a `value_type` they are the codec's affair:
    the shipped ones call the functions there as well, see `BasicJsonCodec`, others need not.

    The smallest codec takes `value_type` alone, and few need sixty lines:

    @code
    struct MyCodec {
        using value_type = my::json;

        clarify::Result<void> encode(const my::json& value, std::string& out) const {
            if (my::append(out, value)) return {};
            return clarify::Error{clarify::Errc::bad_argument, clarify::Reason::params};
        }
        template <std::same_as<my::json> T>
        clarify::Result<T> decode(std::string_view text) const {
            clarify::Result<T> value{boost::system::in_place_value};
            if (my::parse(text, *value)) return value;
            return clarify::Error{clarify::Errc::json, clarify::Reason::number_range};
        }
    };
    @endcode

    `check_json_codec` in `<clarify/testing/check_json_codec.hpp>` tries all of this on a codec.

    @par Exceptions
    Neither function throws because of a value or a text. One that escapes all the same becomes
    `Errc::bad_argument` or `Errc::decode` with `Reason::exception`.
    @par Thread safety
    Both functions may run on several threads at once.
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
