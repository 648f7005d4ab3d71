// SPDX-License-Identifier: BSL-1.0

#include "visible.hpp"

#include <cstddef>

namespace clarify_cli {

std::string_view control_character(std::string_view text) {
    const auto byte = [text](std::size_t at) {
        return at < text.size() ? static_cast<unsigned char>(text[at]) : 0U;
    };
    if (text.empty()) return {};
    if (byte(0) < 0x20 || byte(0) == 0x7F) return text.substr(0, 1);
    // U+0080 to U+009F, and the Arabic letter mark U+061C.
    if (byte(0) == 0xC2 && byte(1) >= 0x80 && byte(1) < 0xA0) return text.substr(0, 2);
    if (byte(0) == 0xD8 && byte(1) == 0x9C) return text.substr(0, 2);
    if (byte(0) != 0xE2) return {};
    // U+200E and U+200F, U+2028 to U+202E, U+2066 to U+2069.
    const bool marks = byte(1) == 0x80 && (byte(2) == 0x8E || byte(2) == 0x8F);
    const bool lines = byte(1) == 0x80 && byte(2) >= 0xA8 && byte(2) <= 0xAE;
    const bool isolates = byte(1) == 0x81 && byte(2) >= 0xA6 && byte(2) <= 0xA9;
    return marks || lines || isolates ? text.substr(0, 3) : std::string_view{};
}

std::string visible(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const std::string_view control = control_character(text);
        if (control.empty()) {
            out += text.front();
        } else {
            out += control == "\n" ? "\\n" : "?";
        }
        text.remove_prefix(control.empty() ? 1 : control.size());
    }
    return out;
}

}  // namespace clarify_cli
