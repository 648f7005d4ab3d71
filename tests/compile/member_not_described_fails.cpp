// expect-error: this type cannot be read from JSON: use a number, std::string
// SPDX-License-Identifier: BSL-1.0
// A described struct with a member that is not: the codec says what can be read.

#include <clarify/json/boost_json_codec.hpp>

#include <boost/describe/class.hpp>

#include <string_view>

struct Inner {
    int value = 0;
};
struct Outer {
    Inner inner;
};
BOOST_DESCRIBE_STRUCT(Outer, (), (inner))

auto read(const clarify::BoostJsonCodec& codec, std::string_view text) {
    return codec.decode<Outer>(text);
}
