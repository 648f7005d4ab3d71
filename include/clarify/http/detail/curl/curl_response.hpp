// SPDX-License-Identifier: BSL-1.0
// Takes a reply from the header lines and body pieces that libcurl hands over. No I/O, no libcurl.

#ifndef CLARIFY_HTTP_DETAIL_CURL_CURL_RESPONSE_HPP
#define CLARIFY_HTTP_DETAIL_CURL_CURL_RESPONSE_HPP

#include <clarify/core/detail/text.hpp>
#include <clarify/core/http_message.hpp>
#include <clarify/core/result.hpp>
#include <clarify/http/detail/reply/reply_rules.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string_view>

namespace clarify::detail {

/** Fills a response from what libcurl reads, and refuses what libcurl would let pass.

    libcurl parses for itself where a message ends, more kindly than RFC 9112 allows. What it made
    of a head is therefore checked once more on the raw lines, which it passes on unchanged.

    @par Errors
    The first refusal is kept, and everything after it is refused too. `Errc::framing` (reason
    `head`, `length`, `transfer_encoding`, `interim` or `content_encoding`) or `Errc::too_large`
    (reason `head`, `body` or `chunk`), always `Fate::unknown`.
*/
class CurlResponse {
public:
    /// `response` must outlive this.
    CurlResponse(HttpResponse& response, const ReplyLimits& limits)
        : response_(response), rules_(response, limits) {}
    CurlResponse(const CurlResponse&) = delete;
    CurlResponse& operator=(const CurlResponse&) = delete;

    /// A line as it came, with its line end; the empty line behind a head and trailers included.
    /// False if it is refused.
    bool header_line(std::string_view line);
    /// A piece of the body, its transfer coding removed. False if it is refused.
    bool body_piece(std::string_view piece);

    const std::optional<Error>& refusal() const noexcept { return rules_.refusal(); }
    /// Has a line of any response arrived, an interim one's included?
    bool begun() const noexcept { return begun_; }
    /// Is the head of the final response complete?
    bool head_done() const noexcept { return rules_.head_done(); }
    /// Is the head complete, and is there as much of a body as it announced, if it did?
    bool is_whole() const noexcept {
        return head_done() &&
            (!rules_.length() || rules_.is_bodiless() || response_.body.size() == *rules_.length());
    }
    /// Is the body as long as its announced length, which is not zero?
    bool is_at_length() const noexcept {
        return !rules_.is_bodiless() && rules_.length().value_or(0) != 0 && is_whole();
    }
    /// Does the head tell where the body ends? Otherwise the connection's end does.
    bool is_delimited() const noexcept { return rules_.is_delimited(); }
    /// Does the body come in chunks?
    bool is_chunked() const noexcept { return rules_.is_chunked(); }
    /// May the connection carry another exchange? Meaningful once the response is complete.
    bool reusable() const noexcept { return rules_.reusable(); }
    /// How long the server promises to keep the idle connection, if it says so.
    std::optional<std::chrono::seconds> keep_alive() const noexcept { return rules_.keep_alive(); }

private:
    bool status_line(std::string_view line);
    bool field(std::string_view line);
    bool trailer(std::string_view line);

    HttpResponse& response_;
    ReplyRules rules_;
    std::size_t trailer_bytes_ = 0;
    bool begun_ = false;
};

inline bool CurlResponse::header_line(std::string_view line) {
    if (refusal()) return false;
    if (head_done()) return trailer(line);
    if (!rules_.head_bytes(line.size())) return false;
    begun_ = true;
    if (!line.ends_with("\r\n")) {
        return rules_.refuse(
            Errc::framing, Reason::head, "a line of the head does not end in CR and LF");
    }
    line.remove_suffix(2);
    if (has_control_character(line)) {
        return rules_.refuse(Errc::framing, Reason::head, "a header field has a control character");
    }
    if (!rules_.in_head()) return status_line(line);
    if (line.empty()) return rules_.end_of_head();
    if (line.front() == ' ' || line.front() == '\t') return rules_.fold(trim(line));
    return field(line);
}

inline bool CurlResponse::body_piece(std::string_view piece) {
    if (refusal()) return false;
    if (!head_done()) {
        return rules_.refuse(Errc::framing, Reason::head, "the reply has no head");
    }
    return rules_.body(piece);
}

inline bool CurlResponse::status_line(std::string_view line) {
    const auto number = [&](std::size_t at) { return static_cast<unsigned>(line[at] - '0'); };
    const bool well_formed = line.size() >= 12 &&
        (line.starts_with("HTTP/1.1 ") || line.starts_with("HTTP/1.0 ")) && is_digit(line[9]) &&
        is_digit(line[10]) && is_digit(line[11]) && (line.size() == 12 || line[12] == ' ');
    if (!well_formed) {
        return rules_.refuse(Errc::framing, Reason::head, "the head of the reply is malformed");
    }
    return rules_.status_line(number(9) * 100 + number(10) * 10 + number(11), line[7] == '1');
}

inline bool CurlResponse::field(std::string_view line) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) {
        return rules_.refuse(Errc::framing, Reason::head, "the head of the reply is malformed");
    }
    return rules_.field(line.substr(0, colon), trim(line.substr(colon + 1)));
}

inline bool CurlResponse::trailer(std::string_view line) {
    trailer_bytes_ += line.size();
    if (trailer_bytes_ > rules_.limits().chunk_extras) {
        return rules_.refuse(
            Errc::too_large, Reason::chunk, "the trailers are larger than the limit");
    }
    return true;
}

}  // namespace clarify::detail

#endif  // CLARIFY_HTTP_DETAIL_CURL_CURL_RESPONSE_HPP
