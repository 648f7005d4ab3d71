// SPDX-License-Identifier: BSL-1.0
// The codec for nlohmann/json: C++ types and `nlohmann::json` values, with exact numbers.

#ifndef CLARIFY_JSON_NLOHMANN_CODEC_HPP
#define CLARIFY_JSON_NLOHMANN_CODEC_HPP

#include <clarify/concepts/json_codec.hpp>
#include <clarify/json/basic_json_codec.hpp>
#include <clarify/json/detail/nlohmann_document.hpp>

namespace clarify {

/// A type that `NlohmannCodec` writes. What a container or struct holds is checked on use, by a
/// `static_assert` that says what is possible.
template <class T>
concept NlohmannEncodable = JsonEncodable<T, detail::NlohmannDocument>;

/// A type that `NlohmannCodec` reads. What a container or struct holds is checked on use, likewise.
template <class T>
concept NlohmannDecodable = JsonDecodable<T, detail::NlohmannDocument>;

/** Maps C++ values to JSON text and back; models `JsonCodec`. Needs nlohmann/json 3.11 or newer.

    Everything is said at `BasicJsonCodec`: constructor, `encode`, `decode`, the table of types,
    numbers and errors. `value_type` is `nlohmann::json`; other instances of `basic_json`, such as
    `nlohmann::ordered_json`, are not mapped.

    The library's parser and `dump` are not used, so nothing throws its exceptions, and `NaN` is an
    error rather than null. A decoded `nlohmann::json` has the kinds of number that its own parser
    gives: integers that are not negative are unsigned. A binary or discarded value has no JSON
    form: `Errc::bad_argument` with `Reason::params`.

    It is not part of the umbrella header, so that programs without nlohmann/json need not have it.

    @code
    #include <clarify/json/nlohmann_codec.hpp>

    using Client = clarify::RpcClient<clarify::BeastBackend, clarify::NoAuth, clarify::NlohmannCodec>;
    const auto sum = co_await client.call<int>("sum", nlohmann::json{{"of", {1, 2, 3}}});
    @endcode

    @par Thread safety
    Distinct objects: safe. Shared objects: safe.
*/
class NlohmannCodec : public BasicJsonCodec<detail::NlohmannDocument> {
public:
    using BasicJsonCodec::BasicJsonCodec;
};

static_assert(JsonCodec<NlohmannCodec>);

}  // namespace clarify

#endif  // CLARIFY_JSON_NLOHMANN_CODEC_HPP
