// SPDX-License-Identifier: BSL-1.0
// Chunked bodies and trailers: compared with a decoder that knows RFC 9112 section 7.1 and no more.

#include "fuzz.hpp"
#include "http_reading.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

namespace {

using clarify::detail::ReplyLimits;
using fuzz::End;
using fuzz::HttpReading;
using fuzz::require;

constexpr std::string_view head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

struct Decoded {
    std::string body;
    std::size_t size = 0;
    /// Nothing but what every recipient must understand: no extensions, no trailers.
    bool plain = true;
    std::size_t longest_line = 0;
};

/// Decodes one chunked body; nothing where it is incomplete or malformed.
std::optional<Decoded> decode(std::string_view text) {
    Decoded out;
    const auto line = [&]() -> std::optional<std::string_view> {
        const std::size_t end = text.find("\r\n", out.size);
        if (end == std::string_view::npos) return std::nullopt;
        const std::string_view taken = text.substr(out.size, end - out.size);
        out.size = end + 2;
        return taken;
    };
    for (;;) {
        const auto size_line = line();
        if (!size_line) return std::nullopt;
        out.longest_line = std::max(out.longest_line, size_line->size());
        const std::size_t digits =
            std::min(size_line->find_first_not_of("0123456789abcdefABCDEF"), size_line->size());
        if (digits == 0) return std::nullopt;
        const std::string_view extensions = size_line->substr(digits);
        if (!extensions.empty() && extensions.find_first_of("; \t") != 0) return std::nullopt;
        if (!extensions.empty()) out.plain = false;
        std::string number{size_line->substr(0, digits)};
        number.erase(0, std::min(number.find_first_not_of('0'), number.size()));
        if (number.empty()) break;
        if (number.size() > 8) return std::nullopt;
        const std::size_t size = std::stoul(number, nullptr, 16);
        if (text.size() < out.size + size + 2) return std::nullopt;
        out.body += text.substr(out.size, size);
        out.size += size;
        if (text.substr(out.size, 2) != "\r\n") return std::nullopt;
        out.size += 2;
    }
    for (auto trailer = line();; trailer = line()) {
        if (!trailer) return std::nullopt;
        if (trailer->empty()) return out;
        out.plain = false;
    }
}

void append_number(std::string& out, std::size_t number, unsigned form) {
    constexpr std::string_view digits[] = {"0123456789abcdef", "0123456789ABCDEF"};
    std::string text;
    do {
        text.insert(text.begin(), digits[form & 1U][number % 16]);
        number /= 16;
    } while (number != 0);
    out.append(form / 2 % 8, '0');
    out += text;
}

/// A body put together by the input: mostly legal pieces, with some that are not.
std::string build(fuzz::Choices choices) {
    constexpr std::string_view extensions[] = {
        "", ";a", ";a=b", ";a=\"b;c\"", " ; a = b", ";a=\"\\\"\"", ";", ";a=", " ", ";a=\"", "x"};
    constexpr std::string_view ends[] = {
        "\r\n", "\r\n", "\r\n", "\r\n", "\n", "\r", "", "\r\n\r\n"};
    constexpr std::string_view trailers[] = {
        "A: b\r\n",
        "Content-Length: 5\r\n",
        "Transfer-Encoding: chunked\r\n",
        " folded\r\n",
        "X\r\n",
        "Retry-After: 1\r\n",
        "A: \x01\r\n"};
    std::string out;
    while (!choices.empty() && out.size() < 4'096) {
        switch (const unsigned step = choices.below(16)) {
            case 0:
                out += choices.text(choices.below(16));
                break;
            case 1:
                out += trailers[choices.below(std::size(trailers))];
                break;
            case 2:
                out += "ffffffffffffffff";
                break;
            case 3:
            case 4:
                out += "0";
                out += extensions[choices.below(std::size(extensions))];
                out += ends[choices.below(std::size(ends))];
                break;
            case 5:
                out += ends[choices.below(std::size(ends))];
                break;
            default: {
                const std::string_view data = choices.text(choices.below(step < 8 ? 60 : 6) + 1);
                append_number(out, data.size() + (step == 6 ? 1 : 0), choices.byte());
                if (step > 10) out += extensions[choices.below(std::size(extensions))];
                out += ends[step > 8 ? 0 : choices.below(std::size(ends))];
                out += data;
                out += ends[step > 7 ? 0 : choices.below(std::size(ends))];
            }
        }
    }
    return out;
}

void check(std::string_view body, End end, const ReplyLimits& limits) {
    const std::string bytes = std::string{head} + std::string{body};
    const HttpReading reading = fuzz::read_in_all_ways(bytes, end, limits);
    const std::optional<Decoded> decoded = decode(body);
    if (reading.success) {
        require(decoded.has_value(), "what is accepted is a complete chunked body");
        require(decoded->body == reading.response.body, "the body is what the chunks hold");
        require(head.size() + decoded->size == reading.size, "the body ends behind its trailers");
        require(reading.reusable, "a chunked body marks its end");
        require(
            reading.response.retry_after.empty(), "a trailer does not change what the head said");
    } else if (decoded && decoded->plain) {
        const bool small = decoded->body.size() <= limits.body && decoded->longest_line <= 16;
        require(!small, "a plain chunked body is accepted");
    }
}

void run(std::string_view input) {
    fuzz::Choices choices{input};
    const unsigned options = choices.byte();
    ReplyLimits limits;
    if ((options & 1U) != 0) {
        limits.body = 64;
        limits.chunk_line = 32;
        limits.chunk_extras = 100;
        limits.fields = 6;
    }
    const auto end = static_cast<End>(options / 2 % 3);
    if ((options & 8U) != 0) {
        check(choices.rest(), end, limits);
    } else {
        check(build(choices), end, limits);
    }
}

const fuzz::Target target{"chunk", run};

}  // namespace
