// SPDX-License-Identifier: BSL-1.0
// Reads replies whole and in pieces, and says in one line what came of it.

#ifndef CLARIFY_TESTS_UNIT_HTTP_REPLY_READING_HPP
#define CLARIFY_TESTS_UNIT_HTTP_REPLY_READING_HPP

#include <clarify/http/detail/beast/response_reader.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace reply_reading {

using namespace clarify;
using namespace clarify::detail;

/// How the peer's side ends after the reply.
enum class End { stays_open, clean, broken };

struct Reading {
    HttpResponse response;
    std::string outcome;
};

inline std::string failure_text(const Error& error) {
    CHECK(error.fate() == Fate::unknown);
    CHECK_FALSE(error.message().empty());
    std::string text{to_string(error.code())};
    text += '[';
    text += to_string(error.reason());
    text += ']';
    return text;
}

/// Feeds `segments` one after the other, what was left over in front of each next one. Every
/// portion is in memory of exactly its own size, so that a sanitizer sees each step beyond it.
inline Reading read_segments(
    const std::vector<std::string_view>& segments, End end, const ReplyLimits& limits) {
    Reading reading;
    ResponseReader reader{reading.response, limits};
    std::string pending;
    for (const std::string_view segment : segments) {
        pending += segment;
        if (reader.done()) continue;
        const std::vector<char> input(pending.begin(), pending.end());
        const Result<std::size_t> consumed = reader.feed({input.data(), input.size()});
        if (!consumed) {
            reading.outcome = failure_text(consumed.error());
            return reading;
        }
        REQUIRE(*consumed <= pending.size());
        pending.erase(0, *consumed);
    }
    if (!reader.done() && end != End::stays_open) {
        const Result<void> ended = reader.end_of_input(end == End::clean);
        if (!ended) {
            reading.outcome = failure_text(ended.error());
            return reading;
        }
    }
    if (!reader.done()) {
        reading.outcome = reader.head_done() ? "in the body" : "in the head";
        return reading;
    }
    reading.outcome =
        std::to_string(reading.response.status) + (reader.reusable() ? " keep" : " close");
    if (reader.keep_alive())
        reading.outcome += " for " + std::to_string(reader.keep_alive()->count());
    if (!pending.empty()) reading.outcome += ", left " + std::to_string(pending.size());
    reading.outcome += ": " + reading.response.body;
    return reading;
}

/// Cuts `text` into portions of `size` bytes.
inline std::vector<std::string_view> cut(std::string_view text, std::size_t size) {
    std::vector<std::string_view> segments;
    for (; text.size() > size; text.remove_prefix(size))
        segments.push_back(text.substr(0, size));
    segments.push_back(text);
    return segments;
}

/// Reads a reply whole, split at every offset and byte by byte; the same must come of each.
inline Reading read_reply(
    std::string_view reply, End end = End::stays_open, const ReplyLimits& limits = {}) {
    Reading whole = read_segments({reply}, end, limits);
    for (std::size_t at = 1; at < reply.size(); ++at) {
        const Reading split = read_segments({reply.substr(0, at), reply.substr(at)}, end, limits);
        if (split.outcome != whole.outcome) {
            CAPTURE(reply);
            CAPTURE(at);
            CHECK(split.outcome == whole.outcome);
            break;
        }
    }
    if (!reply.empty()) {
        CAPTURE(reply);
        CHECK(read_segments(cut(reply, 1), end, limits).outcome == whole.outcome);
    }
    return whole;
}

inline std::string outcome(
    std::string_view reply, End end = End::stays_open, const ReplyLimits& limits = {}) {
    return read_reply(reply, end, limits).outcome;
}

/// For replies too long to be split everywhere: whole, and in portions of some sizes.
inline std::string outcome_of_long(std::string_view reply, const ReplyLimits& limits = {}) {
    const std::string whole = read_segments({reply}, End::stays_open, limits).outcome;
    for (const std::size_t size : {1'000U, 4'096U, 16'383U, 32'768U}) {
        CAPTURE(size);
        CHECK(read_segments(cut(reply, size), End::stays_open, limits).outcome == whole);
    }
    return whole;
}

struct Row {
    std::string_view text;
    std::string_view outcome;
};

/// A head with `fields`, each of which ends with CRLF, and nothing behind it.
inline std::string head(std::string_view fields, std::string_view status_line = "HTTP/1.1 200 OK") {
    return std::string{status_line} + "\r\n" + std::string{fields} + "\r\n";
}

inline std::string chunked(std::string_view body) {
    return head("Transfer-Encoding: chunked\r\n") + std::string{body};
}

inline std::string repeat(std::string_view text, std::size_t times) {
    std::string out;
    out.reserve(text.size() * times);
    for (std::size_t i = 0; i != times; ++i)
        out += text;
    return out;
}

}  // namespace reply_reading

#endif  // CLARIFY_TESTS_UNIT_HTTP_REPLY_READING_HPP
