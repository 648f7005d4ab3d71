// SPDX-License-Identifier: BSL-1.0
// Described structs as the body of a reply.

#ifndef CLARIFY_GATEWAY_JSON_BODY_HPP
#define CLARIFY_GATEWAY_JSON_BODY_HPP

#include <clarify/json/boost_json_codec.hpp>

#include <string>

namespace gateway {

/// The JSON text of `value`, by the codec that the client uses too.
template <class T>
std::string json_body(const T& value) {
    std::string text;
    const clarify::Result<void> written = clarify::BoostJsonCodec{}.encode(value, text);
    // Text that a server sent could be something that JSON cannot hold.
    if (!written) return R"({"error":{"kind":"internal"}})";
    return text;
}

}  // namespace gateway

#endif  // CLARIFY_GATEWAY_JSON_BODY_HPP
