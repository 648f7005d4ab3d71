// SPDX-License-Identifier: BSL-1.0
// Judges the header lines and body pieces that libcurl hands over. No I/O, and no libcurl.

#ifndef CLARIFY_HTTP_DETAIL_CURL_CURL_RESPONSE_HPP
#define CLARIFY_HTTP_DETAIL_CURL_CURL_RESPONSE_HPP

#include <clarify/core/http_message.hpp>
#include <clarify/core/result.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace clarify::detail {

struct CurlLimits {
    std::size_t head = std::size_t{16} << 10U;
    std::size_t fields = 128;
    std::size_t body = std::size_t{16} << 20U;
    unsigned interim = 8;
    std::size_t trailers = std::size_t{16} << 10U;
    /// The final head is all there is, whatever it announces: the reply to CONNECT.
    bool head_only = false;
};

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
    CurlResponse(HttpResponse& response, const CurlLimits& limits)
        : response_(response), limits_(limits) {}
    CurlResponse(const CurlResponse&) = delete;
    CurlResponse& operator=(const CurlResponse&) = delete;

    /// A line as it came, with its line end; the empty line behind a head and trailers included.
    /// False if it is refused.
    bool header_line(std::string_view line);
    /// A piece of the body, its transfer coding removed. False if it is refused.
    bool body_piece(std::string_view piece);

    const std::optional<Error>& refusal() const noexcept { return refusal_; }
    /// Has a line of any response arrived, an interim one's included?
    bool begun() const noexcept { return head_bytes_ != 0; }
    /// Is the head of the final response complete?
    bool head_done() const noexcept { return head_done_; }
    /// Is the head complete, and is there as much of a body as it announced, if it did?
    bool is_whole() const noexcept;
    /// Is the body as long as its announced length, which is not zero?
    bool is_at_length() const noexcept {
        return !is_bodiless() && message_.length.value_or(0) != 0 && is_whole();
    }
    /// Does the head tell where the body ends? Otherwise the connection's end does.
    bool is_delimited() const noexcept {
        return is_bodiless() || message_.chunked || message_.length.has_value();
    }
    /// May the connection carry another exchange? Meaningful once the response is complete.
    bool reusable() const noexcept { return reusable_; }
    /// How long the server promises to keep the idle connection, if it says so.
    std::optional<std::chrono::seconds> keep_alive() const noexcept { return message_.keep_alive; }

private:
    /// What the lines of one message have said so far.
    struct Message {
        unsigned status = 0;
        std::size_t fields = 0;
        bool http_11 = false;
        bool chunked = false;
        bool close = false;
        bool persist = false;
        std::optional<std::uint64_t> length;
        std::optional<std::chrono::seconds> keep_alive;
    };

    bool refuse(Errc code, Reason reason, const char* why);
    bool status_line(std::string_view line);
    bool field(std::string_view line);
    bool folded(std::string_view line);
    bool framing_field(std::string_view name, std::string_view value);
    bool length_field(std::string_view value);
    void keep_field(std::string_view name, std::string_view value);
    bool end_of_head();
    bool trailer(std::string_view line);
    bool is_bodiless() const noexcept { return message_.status == 204 || message_.status == 304; }

    HttpResponse& response_;
    CurlLimits limits_;
    Message message_;
    std::optional<Error> refusal_;
    std::size_t head_bytes_ = 0;
    std::size_t trailer_bytes_ = 0;
    unsigned interim_ = 0;
    bool in_head_ = false;
    bool head_done_ = false;
    bool reusable_ = false;
    /// Where the value of the last field went, if it was kept: what a folded line continues.
    std::string* last_kept_ = nullptr;
    bool last_is_framing_ = false;
};

}  // namespace clarify::detail

#include <clarify/http/detail/curl/impl/curl_response.hpp>

#endif  // CLARIFY_HTTP_DETAIL_CURL_CURL_RESPONSE_HPP
