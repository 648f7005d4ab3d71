// SPDX-License-Identifier: BSL-1.0
// The secrets of the tests, and where they turn up in text that must not hold any.

#ifndef CLARIFY_TESTS_SUPPORT_CANARY_HPP
#define CLARIFY_TESTS_SUPPORT_CANARY_HPP

#include <array>
#include <cstddef>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

namespace support {

// What tests use as a secret, so that one search of all their output finds what leaks.
// tests/canary_scan.sh reads the values from this file: one line each, without escapes.
inline constexpr std::string_view canary_client_secret = "canary-secret";
inline constexpr std::string_view canary_token = "canary-token";
inline constexpr std::string_view canary_password = "canary-p%w/+:x~1";

inline constexpr std::array all_canaries{canary_client_secret, canary_token, canary_password};

/// One way to write a canary.
struct CanaryForm {
    std::string name;
    std::string text;
};

// Independent of the code that is tested, on purpose.
inline std::string canary_base64(std::string_view bytes) {
    constexpr std::string_view letters =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    unsigned bits = 0;
    unsigned count = 0;
    for (const char c : bytes) {
        bits = bits << 8U | static_cast<unsigned char>(c);
        for (count += 8; count >= 6; count -= 6)
            out += letters[bits >> (count - 6) & 63U];
    }
    return out;
}

/// Each byte through a format for an unsigned number.
inline std::string canary_digits(std::string_view bytes, const char* format) {
    std::string out;
    for (const char c : bytes) {
        char digits[8];
        const int size = std::snprintf(
            digits, sizeof digits, format, static_cast<unsigned>(static_cast<unsigned char>(c)));
        out.append(digits, static_cast<std::size_t>(size));
    }
    return out;
}

inline std::string canary_percent(std::string_view bytes, const char* format) {
    std::string out;
    for (const char c : bytes) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
        out += plain ? std::string{c} : canary_digits({&c, 1}, format);
    }
    return out;
}

/// Every way to write `secret` that a search looks for.
inline std::vector<CanaryForm> canary_forms(std::string_view secret) {
    std::vector<CanaryForm> forms{{"plain", std::string{secret}}};
    const auto add = [&](std::string name, std::string text) {
        if (text != secret) forms.push_back({std::move(name), std::move(text)});
    };
    add("percent", canary_percent(secret, "%%%02X"));
    add("percent, lower case", canary_percent(secret, "%%%02x"));
    add("percent throughout", canary_digits(secret, "%%%02X"));
    std::string json;
    for (const char c : secret)
        json += c == '/' ? std::string{"\\/"} : std::string{c};
    add("JSON", json);
    add("JSON throughout", canary_digits(secret, "\\u%04x"));
    add("hexadecimal", canary_digits(secret, "%02x"));
    add("hexadecimal, upper case", canary_digits(secret, "%02X"));
    // The letters that do not depend on what stands before and behind.
    for (std::size_t before = 0; before != 3; ++before) {
        std::string bytes(before, ':');
        bytes += secret;
        const std::size_t first = (before * 8 + 5) / 6;
        const std::size_t last = bytes.size() * 8 / 6;
        add("base64 +" + std::to_string(before),
            canary_base64(bytes + ':').substr(first, last - first));
    }
    return forms;
}

/// What of `secret` is in `text`, and where; empty if nothing.
inline std::string find_secret(std::string_view text, std::string_view secret) {
    for (const CanaryForm& form : canary_forms(secret)) {
        const std::size_t at = text.find(form.text);
        if (at != std::string_view::npos)
            return form.name + " at " + std::to_string(at) + " of: " + std::string{text};
    }
    return {};
}

/// The same for all canaries: `CHECK(find_canary(text) == "")`.
inline std::string find_canary(std::string_view text) {
    for (const std::string_view secret : all_canaries) {
        if (std::string found = find_secret(text, secret); !found.empty()) return found;
    }
    return {};
}

}  // namespace support

#endif  // CLARIFY_TESTS_SUPPORT_CANARY_HPP
