// SPDX-License-Identifier: BSL-1.0
// Reads a response in portions, and tells everything that came of it as one text to compare.

#ifndef CLARIFY_TESTS_FUZZ_HTTP_READING_HPP
#define CLARIFY_TESTS_FUZZ_HTTP_READING_HPP

#include <clarify/http/detail/beast/response_reader.hpp>

#include "fuzz.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace fuzz {

/// How the peer's side ends after its bytes.
enum class End { stays_open, clean, broken };

struct HttpReading {
    clarify::HttpResponse response;
    bool success = false;
    bool refused = false;
    bool reusable = false;
    /// How many bytes of the input belong to the response, once it is complete.
    std::size_t size = 0;
    std::string outcome;
};

inline std::string describe(const clarify::Error& error) {
    using clarify::Errc;
    require(error.fate() == clarify::Fate::unknown, "what was answered wrongly may be executed");
    const bool known = error.code() == Errc::framing || error.code() == Errc::too_large ||
        (error.code() == Errc::io && error.reason() == clarify::Reason::truncated);
    require(known, "a reply is refused for its framing, its size or its early end");
    require(error.reason() != clarify::Reason::none, "a refusal has a reason");
    const bool placed =
        error.phase() == clarify::Phase::head || error.phase() == clarify::Phase::body;
    require(placed, "a refusal is in the head or in the body");
    return std::string{to_string(error.code())} + ' ' + std::string{to_string(error.reason())} +
        ' ' + std::string{to_string(error.phase())};
}

/** Feeds `input` in portions of the sizes that `next_size(left)` gives.

    As on a connection, what is left over stays in front of what comes next; it must fit the
    connection's buffer.
*/
template <class NextSize>
HttpReading read_http(
    std::string_view input,
    End end,
    const clarify::detail::ReplyLimits& limits,
    NextSize next_size) {
    constexpr std::size_t buffer = std::size_t{32} << 10U;
    HttpReading reading;
    clarify::detail::ResponseReader reader{reading.response, limits};
    std::size_t begin = 0;
    std::size_t received = 0;
    while (!reader.done() && received < input.size()) {
        const std::size_t left = input.size() - received;
        const std::size_t room = buffer - (received - begin);
        require(room != 0, "what is not understood yet fits the buffer");
        received += std::min({std::max<std::size_t>(next_size(left), 1), left, room});
        // In memory of exactly its size, so that a sanitizer sees a step beyond it.
        const std::vector<char> portion(
            input.begin() + static_cast<std::ptrdiff_t>(begin),
            input.begin() + static_cast<std::ptrdiff_t>(received));
        const auto consumed = reader.feed({portion.data(), portion.size()});
        if (!consumed) {
            reading.refused = true;
            reading.outcome = describe(consumed.error());
            return reading;
        }
        require(*consumed <= portion.size(), "no more is consumed than there is");
        begin += *consumed;
        require(reading.response.body.size() <= limits.body, "no body is larger than its limit");
    }
    if (!reader.done() && end != End::stays_open) {
        const auto ended = reader.end_of_input(end == End::clean);
        if (!ended) {
            reading.outcome = describe(ended.error());
            return reading;
        }
        require(reader.done(), "an end that is accepted completes the response");
    }
    if (!reader.done()) {
        reading.outcome = reader.head_done() ? "in the body" : "in the head";
        return reading;
    }
    reading.success = true;
    reading.reusable = reader.reusable();
    reading.size = begin;
    const clarify::HttpResponse& r = reading.response;
    reading.outcome = std::to_string(r.status) + (reading.reusable ? " keep " : " close ") +
        std::to_string(reader.keep_alive().value_or(std::chrono::seconds{-1}).count()) + ' ' +
        std::to_string(begin);
    for (const std::string* part :
         {&r.body,
          &r.content_type,
          &r.date,
          &r.location,
          &r.retry_after,
          &r.traceparent,
          &r.www_authenticate}) {
        reading.outcome += '\n' + *part;
    }
    return reading;
}

/// Whole, in two portions, in portions of several sizes, and byte by byte: the same comes of each.
inline HttpReading read_in_all_ways(
    std::string_view input, End end, const clarify::detail::ReplyLimits& limits) {
    HttpReading whole = read_http(input, end, limits, [](std::size_t left) { return left; });
    const auto same = [&](auto next_size) {
        const HttpReading other = read_http(input, end, limits, next_size);
        if (other.outcome == whole.outcome) return;
        // Of several things that are wrong another one may come to light first.
        if (other.refused && whole.refused) return;
        std::fprintf(
            stderr, "whole: %s\nin portions: %s\n", whole.outcome.c_str(), other.outcome.c_str());
        require(false, "it makes no difference in which portions a response comes");
    };
    Dice dice{input};
    same([first = dice.below(input.size() + 1), begun = false](std::size_t left) mutable {
        return std::exchange(begun, true) ? left : first;
    });
    same([&dice](std::size_t) { return 1 + dice.below(40); });
    if (input.size() <= 300) same([](std::size_t) { return std::size_t{1}; });
    return whole;
}

}  // namespace fuzz

#endif  // CLARIFY_TESTS_FUZZ_HTTP_READING_HPP
