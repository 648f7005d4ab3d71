// SPDX-License-Identifier: BSL-1.0
// Bytes into Beast's parser and its findings into the rules; and what Beast leaves open about chunks.

#ifndef CLARIFY_HTTP_DETAIL_BEAST_IMPL_RESPONSE_READER_HPP
#define CLARIFY_HTTP_DETAIL_BEAST_IMPL_RESPONSE_READER_HPP

#include <clarify/core/detail/text.hpp>
#include <clarify/http/detail/beast/response_reader.hpp>

#include <algorithm>
#include <string>
#include <utility>

namespace clarify::detail {

// --- Beast's parser -----------------------------------------------------------------------------

inline std::size_t StrictParser::read(std::string_view input, error_code& ec) {
    input_ = input.data();
    last_chunk_ = nullptr;
    const std::size_t taken = put(boost::asio::const_buffer{input.data(), input.size()}, ec);
    if (complete_ && last_chunk_ != nullptr) {
        extras_ += static_cast<std::size_t>(input_ + taken - last_chunk_);
        if (extras_ > rules_.limits().chunk_extras) {
            complete_ = false;
            rules_.refuse(Errc::too_large, Reason::chunk, "the trailers are larger than the limit");
            heed(false, ec);
        }
    }
    return taken;
}

inline void StrictParser::on_response_impl(int code, string_view, int version, error_code& ec) {
    heed(rules_.status_line(static_cast<unsigned>(code), version == 11), ec);
}

inline void StrictParser::on_field_impl(
    field, string_view text, string_view given, error_code& ec) {
    const std::string_view value{given.data(), given.size()};
    heed(
        rules_.head_done() ? rules_.trailer(value)
                           : rules_.field({text.data(), text.size()}, value),
        ec);
}

inline std::size_t StrictParser::on_body_impl(string_view body, error_code& ec) {
    const bool accepted = rules_.body({body.data(), body.size()});
    heed(accepted, ec);
    return accepted ? body.size() : 0;
}

inline void StrictParser::on_chunk_header_impl(
    std::uint64_t size, string_view extensions, error_code& ec) {
    const auto refuse = [&](Errc code, Reason reason, const char* why) {
        heed(rules_.refuse(code, reason, why), ec);
    };
    const ReplyLimits& limits = rules_.limits();
    // The extensions begin where the digits of the size end; the input begins no later than these.
    std::size_t digits = 0;
    const char* at = extensions.data();
    constexpr std::string_view hex = "0123456789abcdefABCDEF";
    while (at != input_ && digits <= 16 && hex.find(at[-1]) != std::string_view::npos) {
        --at;
        ++digits;
    }
    // Beyond 2^63, where other recipients' arithmetic overflows, nobody means it.
    constexpr std::uint64_t most = std::uint64_t{1} << 63U;
    if (digits > 16 || size > most)
        return refuse(Errc::framing, Reason::chunk, "a chunk size is too long");
    // Beast lets a line feed pass between quotation marks, where another recipient ends the line.
    if (has_control_character({extensions.data(), extensions.size()})) {
        return refuse(Errc::framing, Reason::chunk, "a chunk extension has a control character");
    }
    if (size == 0) {
        // Its extensions count together with the trailers, once these are complete.
        last_chunk_ = extensions.data();
        return;
    }
    if (digits + extensions.size() > limits.chunk_line) {
        return refuse(Errc::too_large, Reason::chunk, "a chunk line is larger than the limit");
    }
    extras_ += extensions.size();
    if (extras_ > limits.chunk_extras) {
        return refuse(
            Errc::too_large, Reason::chunk, "the chunk extensions are larger than the limit");
    }
    if (size > rules_.body_room()) {
        return refuse(Errc::too_large, Reason::body, "the body is larger than the limit");
    }
    has_chunk_ = true;
    chunk_left_ = size;
}

// --- The reader ---------------------------------------------------------------------------------

inline Error ResponseReader::failure(boost::beast::error_code ec) const {
    namespace http = boost::beast::http;
    if (rules_.refusal()) return *rules_.refusal();
    const bool in_body = head_done();
    Error error{
        Errc::framing,
        in_body ? Reason::chunk : Reason::head,
        in_body ? "the chunked body is malformed" : "the head of the reply is malformed"};
    if (ec == http::error::header_limit) {
        error =
            Error{Errc::too_large, Reason::head, "the head of the reply is larger than the limit"};
    } else if (
        ec == http::error::bad_transfer_encoding ||
        (ec == http::error::bad_content_length && rules_.is_chunked())) {
        error =
            Error{Errc::framing, Reason::transfer_encoding, "the transfer encoding is ambiguous"};
    } else if (
        ec == http::error::bad_content_length || ec == http::error::multiple_content_length) {
        error = Error{
            Errc::framing,
            Reason::length,
            "the reply has several content lengths, or one that is not a number"};
    }
    error.set_cause(ec);
    return error.set_phase(in_body ? Phase::body : Phase::head).set_fate(Fate::unknown);
}

/// Is an incomplete chunk line, or an incomplete last chunk with its trailers, too long already?
/// Agrees with what the parser finds once it is complete, so that the outcome does not depend on
/// how the bytes arrive.
inline bool is_too_long(
    std::string_view waiting, std::size_t extras, const ReplyLimits& limits) noexcept {
    if (waiting.starts_with("\r\n")) waiting.remove_prefix(2);
    const std::size_t zeros = (std::min)(waiting.find_first_not_of('0'), waiting.size());
    constexpr std::string_view digits = "123456789abcdefABCDEF";
    const bool last_chunk = zeros != 0 && zeros != waiting.size() &&
        digits.find(waiting[zeros]) == std::string_view::npos;
    if (last_chunk) return extras + waiting.size() - zeros >= limits.chunk_extras;
    return waiting.size() > limits.chunk_line + 1;
}

/// Is an incomplete chunk line, or an incomplete last chunk with its trailers, beyond repair? Beast
/// judges them once they are complete, so a peer that ends its lines otherwise would be waited for
/// in vain. `has_chunk`: the CRLF of the chunk before has not been read yet.
inline bool is_malformed(std::string_view waiting, bool has_chunk) noexcept {
    constexpr std::string_view crlf = "\r\n";
    if (has_chunk) {
        const std::string_view begin = waiting.substr(0, crlf.size());
        if (!crlf.starts_with(begin)) return true;
        waiting.remove_prefix(begin.size());
    }
    const std::size_t digits =
        (std::min)(waiting.find_first_not_of("0123456789abcdefABCDEF"), waiting.size());
    if (digits > 16 || (digits == 0 && !waiting.empty())) return true;
    const std::size_t next = waiting.find_first_not_of(" \t", digits);
    if (next != std::string_view::npos && waiting[next] != ';' && waiting[next] != '\r')
        return true;
    for (std::size_t at = waiting.find('\n'); at != std::string_view::npos;
         at = waiting.find('\n', at + 1)) {
        if (at == 0 || waiting[at - 1] != '\r') return true;
    }
    for (std::size_t at = waiting.find('\r'); at != std::string_view::npos;
         at = waiting.find('\r', at + 1)) {
        if (at + 1 != waiting.size() && waiting[at + 1] != '\n') return true;
    }
    return false;
}

/// Looks at bytes of a chunked body that the parser cannot use yet.
inline Result<void> ResponseReader::check_waiting(std::string_view waiting) const {
    Error error;
    if (is_malformed(waiting, parser_->has_chunk())) {
        error = Error{Errc::framing, Reason::chunk, "the chunked body is malformed"};
    } else if (is_too_long(waiting, parser_->extras(), rules_.limits())) {
        error = Error{Errc::too_large, Reason::chunk, "a chunk line or the trailers are too long"};
    } else {
        return {};
    }
    return error.set_phase(Phase::body).set_fate(Fate::unknown);
}

/// Why no complete head begins with `begin`, if that is so. Beast judges the same bytes at once, or
/// at the end of the head, by the portions they come in; this depends on the bytes alone.
inline boost::beast::error_code head_fault(std::string_view begin) noexcept {
    namespace http = boost::beast::http;
    constexpr std::string_view version = "HTTP/1.";
    if (!version.starts_with(begin.substr(0, version.size()))) return http::error::bad_version;
    for (std::size_t at = begin.find('\n'); at != std::string_view::npos;
         at = begin.find('\n', at + 1)) {
        if (begin[at - 1] != '\r') return http::error::bad_line_ending;
    }
    for (std::size_t at = begin.find('\r'); at != std::string_view::npos;
         at = begin.find('\r', at + 1)) {
        if (at + 1 != begin.size() && begin[at + 1] != '\n') return http::error::bad_line_ending;
    }
    return {};
}

/// Writes the blank behind the status code, which Beast insists on, into a head that lacks it
/// together with the reason. False if it lacks nothing.
inline bool complete_status_line(std::string_view head, std::string& out) {
    constexpr std::size_t end_of_code = std::string_view{"HTTP/1.1 200"}.size();
    // A head may be shorter than the line it should begin with: Beast refuses that one.
    if (head.size() < end_of_code || !head.substr(end_of_code).starts_with("\r\n")) return false;
    out.reserve(head.size() + 1);
    out += head.substr(0, end_of_code);
    out += ' ';
    out += head.substr(end_of_code);
    return true;
}

inline Result<std::size_t> ResponseReader::feed(std::string_view input) {
    std::size_t consumed = 0;
    while (!head_done() && consumed != input.size()) {
        const Result<std::size_t> taken = feed_head(input.substr(consumed));
        if (!taken) return taken.error();
        if (*taken == 0) return consumed;
        consumed += *taken;
    }
    if (done() || consumed == input.size()) return consumed;
    const Result<std::size_t> taken = feed_body(input.substr(consumed));
    if (!taken) return taken.error();
    return consumed + *taken;
}

/// A head is parsed once it is complete, or refused for what it already is.
inline Result<std::size_t> ResponseReader::feed_head(std::string_view input) {
    constexpr std::string_view blank_line = "\r\n\r\n";
    std::string_view head = input.substr(0, rules_.head_room());
    const std::size_t end = head.find(blank_line);
    if (end != std::string_view::npos) head = head.substr(0, end + blank_line.size());
    boost::beast::error_code ec = head_fault(head);
    if (ec) return failure(ec);
    if (end == std::string_view::npos) {
        if (head.size() != rules_.head_room()) return std::size_t{0};
        return failure(boost::beast::http::error::header_limit);
    }
    rules_.head_bytes(head.size());
    std::string completed;
    const bool lacks_blank = complete_status_line(head, completed);
    parser_->read(lacks_blank ? std::string_view{completed} : head, ec);
    const bool need_more = ec == boost::beast::http::error::need_more;
    if ((ec && !need_more) || !parser_->is_header_done()) return failure(ec);
    if (!head_done()) parser_.emplace(rules_);
    return head.size();
}

inline Result<std::size_t> ResponseReader::feed_body(std::string_view input) {
    // Beast 1.81 asserts that a last chunk it has begun to see is complete in length.
    constexpr std::string_view shortest_last_chunk = "0\r\n\r\n";
    const bool between_chunks = rules_.is_chunked() && !parser_->in_chunk();
    if (between_chunks && input.starts_with(shortest_last_chunk.substr(0, 3)) &&
        input.size() < shortest_last_chunk.size()) {
        if (Result<void> checked = check_waiting(input); !checked) return checked.error();
        return std::size_t{0};
    }
    boost::beast::error_code ec;
    const std::size_t taken = parser_->read(input, ec);
    const bool need_more = ec == boost::beast::http::error::need_more;
    if (ec && !need_more) return failure(ec);
    if (need_more) {
        if (Result<void> checked = check_waiting(input.substr(taken)); !checked) {
            return checked.error();
        }
    }
    return taken;
}

inline Result<void> ResponseReader::end_of_input(bool clean) {
    const bool until_close = head_done() && parser_->need_eof();
    if (clean && until_close) {
        boost::beast::error_code ec;
        parser_->put_eof(ec);
        if (!ec) return {};
    }
    return Error{Errc::io, Reason::truncated, "the connection ended inside the reply"}
        .set_phase(head_done() ? Phase::body : Phase::head)
        .set_fate(Fate::unknown);
}

}  // namespace clarify::detail

#endif  // CLARIFY_HTTP_DETAIL_BEAST_IMPL_RESPONSE_READER_HPP
