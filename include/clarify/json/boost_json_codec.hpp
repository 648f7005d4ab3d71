// SPDX-License-Identifier: BSL-1.0
// The codec that is used by default: C++ types and Boost.JSON values, with exact numbers.

#ifndef CLARIFY_JSON_BOOST_JSON_CODEC_HPP
#define CLARIFY_JSON_BOOST_JSON_CODEC_HPP

#include <clarify/concepts/json_codec.hpp>
#include <clarify/json/basic_json_codec.hpp>
#include <clarify/json/detail/boost_document.hpp>

namespace clarify {

/// A type that `BoostJsonCodec` writes. What a container or struct holds is checked on use, by a
/// `static_assert` that says what is possible.
template <class T>
concept BoostJsonEncodable = JsonEncodable<T, detail::BoostDocument>;

/// A type that `BoostJsonCodec` reads. What a container or struct holds is checked on use, likewise.
template <class T>
concept BoostJsonDecodable = JsonDecodable<T, detail::BoostDocument>;

/** Maps C++ values to JSON text and back; models `JsonCodec`.

    Everything is said at `BasicJsonCodec`: constructor, `encode`, `decode`, the table of types,
    numbers and errors. `value_type` is `boost::json::value`; `boost::json::object`, `array` and
    `string` are mapped, too. A decoded `boost::json::value` uses default storage.

    The library's parser and serialiser are not used: the parser rounds many numbers to a neighbour of
    the nearest double, and the serialiser writes NaN as a word that is no JSON. Members keep the order
    of the text; of equal keys the last one counts.

    @code
    clarify::BoostJsonCodec codec;
    std::string text;
    codec.encode(boost::json::value{{"limit", 10}}, text).value();
    const auto limits = codec.decode<std::map<std::string, int>>(text).value();
    @endcode
*/
class BoostJsonCodec : public BasicJsonCodec<detail::BoostDocument> {
public:
    using BasicJsonCodec::BasicJsonCodec;
};

static_assert(JsonCodec<BoostJsonCodec>);

}  // namespace clarify

#endif  // CLARIFY_JSON_BOOST_JSON_CODEC_HPP
