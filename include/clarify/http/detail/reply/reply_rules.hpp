// SPDX-License-Identifier: BSL-1.0
// What is accepted as a reply and what is refused, for both backends. No I/O, and no parsing.

#ifndef CLARIFY_HTTP_DETAIL_REPLY_REPLY_RULES_HPP
#define CLARIFY_HTTP_DETAIL_REPLY_REPLY_RULES_HPP

#include <clarify/core/http_message.hpp>
#include <clarify/core/result.hpp>
#include <clarify/http/detail/reply/reply_limits.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace clarify::detail {

/** Judges one reply, the interim replies before it included, as a reader finds its parts.

    A reader (one per backend) splits bytes or lines into parts by the grammar of RFC 9112 and hands
    them over in the order in which they come. What the client uses goes into the response. The first
    part that is refused decides: the reader stops there.

    Strictness is for what two parties could read differently, since then one reply could be taken
    for another. Refused are, with `Fate::unknown`:

    | what | as | why |
    | --- | --- | --- |
    | a version other than HTTP/1.1 and HTTP/1.0, a line that ends in CR or LF alone, a blank before a colon, a name that is not a token, a first field that is folded | `framing[head]`, by the reader | RFC 9112 sections 2.2, 2.3, 5.1, 5.2 |
    | a status code that is not 100 to 599 | `framing[head]` | RFC 9110 section 15 |
    | a control character in a value, other than the tab | `framing[head]` | RFC 9110 section 5.5 |
    | a length that is not one plain number; several that differ | `framing[length]` | RFC 9112 section 6.3, item 5 |
    | a transfer encoding other than a single `chunked`, or one on HTTP/1.0 | `framing[transfer_encoding]` | RFC 9112 sections 6.1, 7 |
    | a length beside a transfer encoding | `framing[transfer_encoding]` | RFC 9112 section 6.3, item 3 |
    | a content encoding other than `identity` | `framing[content_encoding]` | none was asked for (RFC 9110 section 12.5.3) |
    | 101 | `framing[interim]` | no upgrade was asked for (RFC 9110 section 7.8) |
    | more interim replies than the limit | `framing[interim]` | a server could go on for ever |
    | a head, number of fields or body above its limit | `too_large[head]`, `too_large[body]` | memory; a body is refused as soon as it is announced |
    | a chunk that is malformed, a chunk line or trailers above their limit | `framing[chunk]`, `too_large[chunk]`, by the reader | RFC 9112 section 7.1 |

    Odd but clear, and accepted:

    - a status line without a reason, and without the blank before that (RFC 9112 section 4 asks a
    recipient to ignore the reason);
    - several lengths that agree, each in a field of its own, and zeros before a length (RFC 9112
    section 6.3, item 5);
    - whatever an interim reply announces: it never has a body (RFC 9112 section 6.3, item 1). So a
    body that does follow is not a head, and refused as such;
    - a length or a transfer encoding of 204 and 304, which have no body either. But as another
    recipient may wait for one, the connection is not used again;
    - a folded line, which stands for a blank (RFC 9112 section 5.2). Where it decides on framing,
    libcurl before 8.17 reads it otherwise, so that `CurlBackend` refuses it: `framing[head]`;
    - bytes above 127 in values and in the reason; an empty content encoding;
    - fields in trailers, which are ignored, but for a length or a transfer encoding: it comes too
    late, and `BeastBackend` refuses it. libcurl ignores it.

    Several `Retry-After` contradict each other, and are kept as a text that is no time.
*/
class ReplyRules {
public:
    /// `response` must outlive the rules.
    ReplyRules(HttpResponse& response, const ReplyLimits& limits)
        : response_(response), limits_(limits), head_room_(limits.head) {}
    ReplyRules(const ReplyRules&) = delete;
    ReplyRules& operator=(const ReplyRules&) = delete;

    /// @name What a reader finds. False if it is refused.
    /// @{
    /// So many bytes of a head, its line ends included.
    bool head_bytes(std::size_t size);
    /// The status line of an interim or of the final message.
    bool status_line(unsigned status, bool http_11);
    /// A field of the head, its value trimmed.
    bool field(std::string_view name, std::string_view value);
    /// A line, trimmed, that continues the field before it.
    bool fold(std::string_view text);
    /// The empty line behind a head.
    bool end_of_head();
    /// Bytes of the body. They are kept.
    bool body(std::string_view piece);
    /// A field behind the last chunk.
    bool trailer(std::string_view value);
    /// Something else that is wrong. Always false.
    bool refuse(Errc code, Reason reason, const char* why);
    /// @}

    /// Why the reply is refused, if it is.
    const std::optional<Error>& refusal() const noexcept { return refusal_; }
    const ReplyLimits& limits() const noexcept { return limits_; }
    /// How many bytes there may still be in heads, and in the body.
    std::size_t head_room() const noexcept { return head_room_; }
    std::size_t body_room() const noexcept {
        return limits_.body - (std::min)(limits_.body, response_.body.size());
    }

    /// Is a head under way: has its status line come, and its end not?
    bool in_head() const noexcept { return in_head_; }
    /// Is the head of the final message complete?
    bool head_done() const noexcept { return head_done_; }
    bool is_chunked() const noexcept { return message_.chunked; }
    /// What the message announces, of whatever status.
    std::optional<std::uint64_t> length() const noexcept { return message_.length; }
    /// Does the status alone say that there is no body?
    bool is_bodiless() const noexcept {
        return message_.status < 200 || message_.status == 204 || message_.status == 304;
    }
    /// Does the head tell where the body ends? Otherwise the end of the connection does.
    bool is_delimited() const noexcept {
        return is_bodiless() || message_.chunked || message_.length.has_value();
    }
    /// May the connection carry another exchange? Meaningful once the reply is complete.
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

    bool count_field(std::string_view value);
    bool framing_field(std::string_view name, std::string_view value);
    bool length_field(std::string_view value);
    void keep_alive_field(std::string_view value);
    void keep_field(std::string_view name, std::string_view value);
    bool end_of_interim();

    HttpResponse& response_;
    ReplyLimits limits_;
    Message message_;
    std::optional<Error> refusal_;
    std::size_t head_room_;
    unsigned interim_ = 0;
    bool in_head_ = false;
    bool head_done_ = false;
    bool reusable_ = false;
    /// Where the value of the last field went, if it was kept: what a folded line continues.
    std::string* last_kept_ = nullptr;
    bool last_is_framing_ = false;
};

}  // namespace clarify::detail

#include <clarify/http/detail/reply/impl/reply_rules.hpp>

#endif  // CLARIFY_HTTP_DETAIL_REPLY_REPLY_RULES_HPP
