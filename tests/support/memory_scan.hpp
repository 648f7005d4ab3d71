// SPDX-License-Identifier: BSL-1.0
// Counts how often a secret stands in the memory of this process, without adding to it.

#ifndef CLARIFY_TESTS_SUPPORT_MEMORY_SCAN_HPP
#define CLARIFY_TESTS_SUPPORT_MEMORY_SCAN_HPP

#include <array>
#include <cinttypes>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define CLARIFY_TEST_MEMORY_IS_SHADOWED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
    __has_feature(memory_sanitizer)
#define CLARIFY_TEST_MEMORY_IS_SHADOWED 1
#endif
#endif

namespace support {

/// A sanitizer maps far more memory than can be read.
inline constexpr bool can_scan_memory =
#if defined(CLARIFY_TEST_MEMORY_IS_SHADOWED) || !defined(__linux__)
    false;
#else
    true;
#endif

/** A text that is in the program only in disguise, each byte changed.

    Made by a `consteval` function, so that the text itself is nowhere in memory.
*/
struct Disguised {
    static constexpr unsigned char mask = 0xA5;
    static constexpr std::size_t capacity = 96;

    std::array<unsigned char, capacity> bytes{};
    std::size_t size = 0;

    constexpr void add(unsigned value) { bytes[size++] = static_cast<unsigned char>(value ^ mask); }
    /// The byte at `i`, as it is.
    constexpr unsigned char operator[](std::size_t i) const {
        return static_cast<unsigned char>(bytes[i] ^ mask);
    }
};

consteval Disguised disguise(std::string_view text) {
    Disguised out;
    for (const char c : text)
        out.add(static_cast<unsigned char>(c));
    return out;
}
consteval Disguised disguise_hex(std::string_view text) {
    Disguised out;
    constexpr std::string_view digits = "0123456789abcdef";
    for (const char c : text) {
        out.add(static_cast<unsigned char>(digits[static_cast<unsigned char>(c) >> 4U]));
        out.add(static_cast<unsigned char>(digits[static_cast<unsigned char>(c) & 0xFU]));
    }
    return out;
}
/// As a form or a URL writes it.
consteval Disguised disguise_percent(std::string_view text) {
    Disguised out;
    constexpr std::string_view digits = "0123456789ABCDEF";
    for (const char c : text) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
        if (!plain) {
            out.add('%');
            out.add(static_cast<unsigned char>(digits[static_cast<unsigned char>(c) >> 4U]));
            out.add(static_cast<unsigned char>(digits[static_cast<unsigned char>(c) & 0xFU]));
        } else {
            out.add(static_cast<unsigned char>(c));
        }
    }
    return out;
}
consteval Disguised disguise_json(std::string_view text) {
    Disguised out;
    for (const char c : text) {
        if (c == '/') out.add('\\');
        out.add(static_cast<unsigned char>(c));
    }
    return out;
}
/// Base64 behind `before` other bytes, without the letters that depend on neighbours.
consteval Disguised disguise_base64(std::string_view text, std::size_t before) {
    constexpr std::string_view letters =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    Disguised out;
    const std::size_t bits = (before + text.size()) * 8;
    for (std::size_t letter = (before * 8 + 5) / 6; (letter + 1) * 6 <= bits; ++letter) {
        unsigned value = 0;
        for (std::size_t bit = letter * 6; bit != letter * 6 + 6; ++bit) {
            const auto byte = static_cast<unsigned char>(text[bit / 8 - before]);
            value = value << 1U | (byte >> (7 - bit % 8) & 1U);
        }
        out.add(static_cast<unsigned char>(letters[value]));
    }
    return out;
}

/// One secret in every form that is searched for.
struct DisguisedSecret {
    static constexpr std::size_t count = 7;
    std::array<Disguised, count> forms;
};
consteval DisguisedSecret disguise_all(std::string_view text) {
    return {
        {disguise(text),
         disguise_percent(text),
         disguise_json(text),
         disguise_hex(text),
         disguise_base64(text, 0),
         disguise_base64(text, 1),
         disguise_base64(text, 2)}};
}

/// How often `wanted` stands in memory that this process may write. What it found is told on
/// standard error where CLARIFY_TEST_SHOW_MEMORY is set; that adds copies.
#if defined(__GNUC__)
__attribute__((noinline))
#endif
inline int
count_in_memory(const Disguised& wanted) {
    struct Region {
        std::uintptr_t begin;
        std::uintptr_t end;
        char name[80];
    };
    static Region regions[2'000];
    std::size_t known = 0;
    // Read before the search: reading itself moves memory about.
    std::FILE* const maps = std::fopen("/proc/self/maps", "r");
    if (maps == nullptr) return -1;
    char line[512];
    while (known != 2'000 && std::fgets(line, sizeof line, maps) != nullptr) {
        Region& region = regions[known];
        char mode[8] = {};
        region.name[0] = '\0';
        if (std::sscanf(
                line,
                "%" SCNxPTR "-%" SCNxPTR " %7s %*s %*s %*s %79s",
                &region.begin,
                &region.end,
                mode,
                region.name) >= 3 &&
            mode[0] == 'r' && mode[1] == 'w' && std::string_view{region.name} != "[vvar]") {
            ++known;
        }
    }
    std::fclose(maps);
    const bool show = std::getenv("CLARIFY_TEST_SHOW_MEMORY") != nullptr;
    int found = 0;
    for (std::size_t r = 0; r != known; ++r) {
        const auto* at = reinterpret_cast<const volatile unsigned char*>(regions[r].begin);
        const auto* const end = reinterpret_cast<const volatile unsigned char*>(regions[r].end);
        for (; static_cast<std::size_t>(end - at) >= wanted.size; ++at) {
            std::size_t i = 0;
            while (i != wanted.size && (at[i] ^ Disguised::mask) == wanted.bytes[i])
                ++i;
            if (i != wanted.size) continue;
            ++found;
            if (show) {
                std::fprintf(
                    stderr,
                    "  %p %s: ",
                    static_cast<void*>(const_cast<unsigned char*>(at)),
                    regions[r].name);
                const auto* from =
                    end - at < 160 || at - 48 < end - (regions[r].end - regions[r].begin) ? at
                                                                                          : at - 48;
                for (int k = 0; k != 160 && from + k < end; ++k)
                    std::fputc(from[k] >= 32 && from[k] < 127 ? from[k] : '.', stderr);
                std::fputc('\n', stderr);
            }
        }
    }
    return found;
}

/// In all forms together.
inline int count_in_memory(const DisguisedSecret& secret) {
    int found = 0;
    for (const Disguised& form : secret.forms) {
        // Where nothing needs an escape, forms are the same.
        bool again = false;
        for (const Disguised* before = secret.forms.data(); before != &form; ++before)
            again = again || (before->size == form.size && before->bytes == form.bytes);
        if (!again) found += count_in_memory(form);
    }
    return found;
}

}  // namespace support

#endif  // CLARIFY_TESTS_SUPPORT_MEMORY_SCAN_HPP
