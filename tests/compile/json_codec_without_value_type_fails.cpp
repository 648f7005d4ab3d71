// expect-error: typename C::value_type
// SPDX-License-Identifier: BSL-1.0
// A codec that does not name its document type: the compiler says which name is missing.

#include <clarify/concepts/json_codec.hpp>

#include <string>
#include <string_view>

struct Codec {
    clarify::Result<void> encode(int, std::string&) const { return {}; }
    template <class T>
    clarify::Result<T> decode(std::string_view) const {
        return T{};
    }
};

static_assert(clarify::JsonCodec<Codec>);
