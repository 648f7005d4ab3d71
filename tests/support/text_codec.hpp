// SPDX-License-Identifier: BSL-1.0
// The smallest codec: JSON text in, JSON text out.

#ifndef CLARIFY_TESTS_SUPPORT_TEXT_CODEC_HPP
#define CLARIFY_TESTS_SUPPORT_TEXT_CODEC_HPP

#include <clarify/concepts/json_codec.hpp>

#include <string>
#include <string_view>

namespace support {

/// Takes and gives JSON text as it is; for tests that are about anything but JSON.
struct TextCodec {
    using value_type = std::string;

    clarify::Result<void> encode(std::string_view json, std::string& out) const {
        out += json;
        return {};
    }
    template <class T>
    clarify::Result<T> decode(std::string_view json) const {
        return T{json};
    }
};

static_assert(clarify::JsonCodec<TextCodec>);

}  // namespace support

#endif  // CLARIFY_TESTS_SUPPORT_TEXT_CODEC_HPP
