// SPDX-License-Identifier: BSL-1.0

#include "terminal_text.hpp"

#include <sys/ioctl.h>

#include <algorithm>
#include <array>
#include <cstdint>

namespace clarify_cli {
namespace {

struct CodePoint {
    char32_t value = 0;
    /// In bytes; 1 for a byte that begins no UTF-8.
    std::size_t size = 1;
    bool valid = false;
};

/// Reads the code point that a text begins with, which is not empty.
CodePoint first_of(std::string_view text) {
    const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned lead = byte(0);
    if (lead < 0x80) return {lead, 1, true};
    const std::size_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (lead < 0xC2 || lead > 0xF4 || text.size() < size) return {};
    char32_t value = lead & (0x7FU >> size);
    for (std::size_t i = 1; i != size; ++i) {
        if ((byte(i) & 0xC0U) != 0x80U) return {};
        value = value << 6U | (byte(i) & 0x3FU);
    }
    constexpr std::array<char32_t, 5> smallest{0, 0, 0x80, 0x800, 0x10000};
    const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
    if (value < smallest[size] || value > 0x10FFFF || surrogate) return {};
    return {value, size, true};
}

struct Span {
    char32_t first;
    char32_t last;
};

template <std::size_t N>
bool within(const std::array<Span, N>& spans, char32_t c) {
    return std::any_of(
        spans.begin(), spans.end(), [c](Span span) { return c >= span.first && c <= span.last; });
}

bool is_harmful(char32_t c) {
    // Controls; marks and overrides of direction; separators of lines; what separates nothing; what
    // is no character, and stands in no XML.
    static constexpr std::array<Span, 10> harmful{
        {{0x00, 0x1F},
         {0x7F, 0x9F},
         {0x061C, 0x061C},
         {0x180E, 0x180E},
         {0x200E, 0x200F},
         {0x2028, 0x202E},
         {0x2060, 0x206F},
         {0xFEFF, 0xFEFF},
         {0xFFF9, 0xFFFB},
         {0xFFFE, 0xFFFF}}};
    return within(harmful, c);
}

std::size_t columns_of(char32_t c) {
    // Marks of the scripts that occur; the joiners; selectors of variants.
    static constexpr std::array<Span, 13> none{
        {{0x0300, 0x036F},
         {0x0483, 0x0489},
         {0x0591, 0x05BD},
         {0x0610, 0x061A},
         {0x064B, 0x065F},
         {0x0E31, 0x0E31},
         {0x0E34, 0x0E3A},
         {0x0E47, 0x0E4E},
         {0x1AB0, 0x1AFF},
         {0x1DC0, 0x1DFF},
         {0x200B, 0x200D},
         {0x20D0, 0x20FF},
         {0xFE00, 0xFE0F}}};
    static constexpr std::array<Span, 12> two{
        {{0x1100, 0x115F},
         {0x2E80, 0x303E},
         {0x3041, 0xA4CF},
         {0xA960, 0xA97F},
         {0xAC00, 0xD7A3},
         {0xF900, 0xFAFF},
         {0xFE30, 0xFE6F},
         {0xFF00, 0xFF60},
         {0xFFE0, 0xFFE6},
         {0x1F300, 0x1F64F},
         {0x1F680, 0x1FAFF},
         {0x20000, 0x3FFFD}}};
    if (c < 0x0300) return 1;
    if (within(none, c)) return 0;
    return within(two, c) ? 2 : 1;
}

}  // namespace

std::string visible(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size();) {
        const CodePoint next = first_of(text.substr(i));
        if (text[i] == '\n') {
            out += "\\n";
        } else if (!next.valid || is_harmful(next.value)) {
            out += '?';
        } else {
            out += text.substr(i, next.size);
        }
        i += next.size;
    }
    return out;
}

std::string_view harmful_front(std::string_view text) {
    if (text.empty()) return {};
    const CodePoint next = first_of(text);
    return text.substr(0, next.valid && is_harmful(next.value) ? next.size : 0);
}

std::size_t width_of(std::string_view text) {
    std::size_t width = 0;
    for (std::size_t i = 0; i < text.size();) {
        const CodePoint next = first_of(text.substr(i));
        width += columns_of(next.value);
        i += next.size;
    }
    return width;
}

std::string cut_to(std::string_view text, std::size_t width) {
    if (width_of(text) <= width) return std::string{text};
    if (width == 0) return {};
    std::size_t used = 1;  // the ellipsis
    std::size_t end = 0;
    while (end < text.size()) {
        const CodePoint next = first_of(text.substr(end));
        used += columns_of(next.value);
        if (used > width) break;
        end += next.size;
    }
    return std::string{text.substr(0, end)} + "\xE2\x80\xA6";
}

std::string pad_right(std::string_view text, std::size_t width) {
    std::string out{text};
    out.append(width - std::min(width, width_of(text)), ' ');
    return out;
}

std::string pad_left(std::string_view text, std::size_t width) {
    return std::string(width - std::min(width, width_of(text)), ' ') + std::string{text};
}

std::size_t terminal_columns(int descriptor) {
    winsize size{};
    if (::ioctl(descriptor, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
    return size.ws_col;
}

}  // namespace clarify_cli
