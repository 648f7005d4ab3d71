// SPDX-License-Identifier: BSL-1.0

#ifndef CLARIFY_HTTP_DETAIL_BEAST_IMPL_RESPONSE_READER_HPP
#define CLARIFY_HTTP_DETAIL_BEAST_IMPL_RESPONSE_READER_HPP

#include <algorithm>
#include <charconv>
#include <utility>

namespace clarify::detail {

inline std::size_t StrictParser::read(std::string_view input, error_code& ec) {
    input_ = input.data();
    last_chunk_ = nullptr;
    const std::size_t taken = put(boost::asio::const_buffer{input.data(), input.size()}, ec);
    if (facts_.done && last_chunk_ != nullptr) {
        extras_ += static_cast<std::size_t>(input_ + taken - last_chunk_);
        if (extras_ > limits_.chunk_extras) {
            facts_.done = false;
            refuse(Errc::too_large, Reason::chunk, "the trailers are larger than the limit", ec);
        }
    }
    return taken;
}

inline void StrictParser::on_response_impl(int code, string_view, int version, error_code& ec) {
    if (code < 100 || code > 599) {
        return refuse(Errc::framing, Reason::head, "the status code is none", ec);
    }
    facts_.status = static_cast<unsigned>(code);
    http_11_ = version == 11;
    response_.status = facts_.status;
}

inline void StrictParser::on_field_impl(
    field name, string_view text, string_view given, error_code& ec) {
    const std::string_view value{given.data(), given.size()};
    if (++fields_ > limits_.fields) {
        return refuse(Errc::too_large, Reason::head, "the reply has too many header fields", ec);
    }
    if (has_control_character(value)) {
        return refuse(Errc::framing, Reason::head, "a header field has a control character", ec);
    }
    // Trailers carry nothing that the client uses, and must not change what the head said.
    if (facts_.head_done) return;

    const auto keep = [value](std::string& out) {
        if (!out.empty()) out += ", ";
        out += value;
    };
    switch (name) {
        case field::content_length:
            return check_length(value, ec);
        case field::transfer_encoding:
            if (chunked_ || !http_11_ || !iequals(value, "chunked")) {
                return refuse(
                    Errc::framing,
                    Reason::transfer_encoding,
                    "the transfer encoding is not a single chunked",
                    ec);
            }
            chunked_ = true;
            break;
        case field::content_encoding:
            if (!value.empty() && !iequals(value, "identity")) {
                return refuse(
                    Errc::framing,
                    Reason::content_encoding,
                    "the reply has a content encoding that was not asked for",
                    ec);
            }
            break;
        case field::connection:
            for_each_list_item(value, [this](std::string_view item) {
                says_close_ = says_close_ || iequals(item, "close");
            });
            break;
        case field::keep_alive:
            for_each_list_item(value, [this](std::string_view item) {
                constexpr std::string_view key = "timeout=";
                if (item.size() <= key.size() || !iequals(item.substr(0, key.size()), key)) return;
                const std::string_view digits = item.substr(key.size());
                unsigned seconds = 0;
                const auto read =
                    std::from_chars(digits.data(), digits.data() + digits.size(), seconds);
                if (read.ec == std::errc{}) facts_.keep_alive = std::chrono::seconds{seconds};
            });
            break;
        case field::content_type:
            keep(response_.content_type);
            break;
        case field::date:
            keep(response_.date);
            break;
        case field::location:
            keep(response_.location);
            break;
        case field::www_authenticate:
            keep(response_.www_authenticate);
            break;
        case field::retry_after:
            // Two of them contradict each other: as good as none.
            response_.retry_after =
                response_.retry_after.empty() ? std::string{value} : std::string{"?"};
            break;
        default:
            if (iequals({text.data(), text.size()}, "traceparent")) keep(response_.traceparent);
            break;
    }
}

// Beast understands a list of equal lengths; two fields that agree are one too many already, but
// RFC 9112 section 6.3 lets a recipient accept those. A list within one field is not a length.
inline void StrictParser::check_length(std::string_view value, error_code& ec) {
    if (value.empty() || value.find_first_not_of("0123456789") != std::string_view::npos) {
        return refuse(Errc::framing, Reason::length, "the content length is not a number", ec);
    }
    has_length_ = true;
    length_is_zero_ = value.find_first_not_of('0') == std::string_view::npos;
}

inline void StrictParser::on_header_impl(error_code& ec) {
    facts_.head_done = true;
    if (chunked_ && has_length_) {
        return refuse(
            Errc::framing,
            Reason::transfer_encoding,
            "the reply has both a content length and a transfer encoding",
            ec);
    }
    if (facts_.status < 200 && (chunked_ || !length_is_zero_)) {
        return refuse(Errc::framing, Reason::interim, "an interim reply announces a body", ec);
    }
    const bool bodiless = facts_.status < 200 || facts_.status == 204 || facts_.status == 304;
    if (!bodiless && content_length().value_or(0) > limits_.body) {
        return refuse(
            Errc::too_large, Reason::body, "the announced body is larger than the limit", ec);
    }
    const bool framed = bodiless ? !chunked_ && length_is_zero_ : chunked_ || has_length_;
    // A bodiless status that announces a body leaves open whether one follows.
    // Beast overlooks `close` on HTTP/1.0 if `keep-alive` is there as well.
    facts_.reusable = framed && keep_alive() && !says_close_;
}

inline std::size_t StrictParser::on_body_impl(string_view body, error_code& ec) {
    if (body.size() > limits_.body - response_.body.size()) {
        refuse(Errc::too_large, Reason::body, "the body is larger than the limit", ec);
        return 0;
    }
    response_.body.append(body.data(), body.size());
    return body.size();
}

inline void StrictParser::on_chunk_header_impl(
    std::uint64_t size, string_view extensions, error_code& ec) {
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
        return refuse(Errc::framing, Reason::chunk, "a chunk size is too long", ec);
    // Beast lets a line feed pass between quotation marks, where another recipient ends the line.
    if (has_control_character({extensions.data(), extensions.size()})) {
        return refuse(
            Errc::framing, Reason::chunk, "a chunk extension has a control character", ec);
    }
    if (size == 0) {
        // Its extensions count together with the trailers, once these are complete.
        last_chunk_ = extensions.data();
        return;
    }
    if (digits + extensions.size() > limits_.chunk_line) {
        return refuse(Errc::too_large, Reason::chunk, "a chunk line is larger than the limit", ec);
    }
    extras_ += extensions.size();
    if (extras_ > limits_.chunk_extras) {
        return refuse(
            Errc::too_large, Reason::chunk, "the chunk extensions are larger than the limit", ec);
    }
    if (size > limits_.body - response_.body.size()) {
        return refuse(Errc::too_large, Reason::body, "the body is larger than the limit", ec);
    }
    has_chunk_ = true;
    chunk_left_ = size;
}

inline Error ResponseReader::failure(boost::beast::error_code ec) const {
    namespace http = boost::beast::http;
    if (parser_->refusal()) {
        Error error = *parser_->refusal();
        return error.set_phase(facts().head_done ? Phase::body : Phase::head)
            .set_fate(Fate::unknown);
    }
    const bool in_body = facts().head_done;
    Error error{
        Errc::framing,
        in_body ? Reason::chunk : Reason::head,
        in_body ? "the chunked body is malformed" : "the head of the reply is malformed"};
    if (ec == http::error::header_limit) {
        error =
            Error{Errc::too_large, Reason::head, "the head of the reply is larger than the limit"};
    } else if (
        ec == http::error::bad_transfer_encoding ||
        (ec == http::error::bad_content_length && parser_->has_transfer_encoding())) {
        error =
            Error{Errc::framing, Reason::transfer_encoding, "the transfer encoding is ambiguous"};
    } else if (
        ec == http::error::bad_content_length || ec == http::error::multiple_content_length) {
        error = Error{Errc::framing, Reason::length, "the content length is ambiguous"};
    }
    error.set_cause(ec);
    return error.set_phase(in_body ? Phase::body : Phase::head).set_fate(Fate::unknown);
}

/// Is an incomplete chunk line, or an incomplete last chunk with its trailers, too long already?
/// Agrees with what the parser finds once it is complete, so that the outcome does not depend on
/// how the bytes arrive.
inline bool is_too_long(
    std::string_view waiting, std::size_t extras, const ResponseLimits& limits) noexcept {
    if (waiting.starts_with("\r\n")) waiting.remove_prefix(2);
    const std::size_t zeros = std::min(waiting.find_first_not_of('0'), waiting.size());
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
        std::min(waiting.find_first_not_of("0123456789abcdefABCDEF"), waiting.size());
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
    } else if (is_too_long(waiting, parser_->extras(), limits_)) {
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

inline Result<std::size_t> ResponseReader::feed(std::string_view input) {
    std::size_t consumed = 0;
    while (!done() && consumed != input.size()) {
        // A head is parsed once it is complete, or refused for what it already is.
        const bool was_in_head = !facts().head_done;
        std::string_view left = input.substr(consumed, was_in_head ? head_budget_ : input.size());
        boost::beast::error_code ec;
        if (was_in_head) {
            constexpr std::string_view blank_line = "\r\n\r\n";
            const std::size_t end = left.find(blank_line);
            if (end != std::string_view::npos) left = left.substr(0, end + blank_line.size());
            if ((ec = head_fault(left))) return failure(ec);
            if (end == std::string_view::npos) {
                if (left.size() == head_budget_) {
                    return failure(boost::beast::http::error::header_limit);
                }
                break;
            }
        }
        // Beast 1.81 asserts that a last chunk it has begun to see is complete in length.
        constexpr std::string_view shortest_last_chunk = "0\r\n\r\n";
        if (!was_in_head && parser_->has_transfer_encoding() && !parser_->in_chunk() &&
            left.starts_with(shortest_last_chunk.substr(0, 3)) &&
            left.size() < shortest_last_chunk.size()) {
            if (Result<void> checked = check_waiting(left); !checked) return checked.error();
            break;
        }
        const std::size_t taken = parser_->read(left, ec);
        consumed += taken;
        const bool need_more = ec == boost::beast::http::error::need_more;
        if ((ec && !need_more) || !facts().head_done) return failure(ec);
        if (facts().done && facts().status < 200) {
            head_budget_ -= std::min(head_budget_, taken);
            if (Result<void> next = next_after_interim(); !next) return next.error();
            continue;
        }
        const bool saw_all = consumed + left.size() - taken == input.size();
        if (need_more && saw_all) {
            if (Result<void> checked = check_waiting(left.substr(taken)); !checked) {
                return checked.error();
            }
            break;
        }
    }
    return consumed;
}

inline Result<void> ResponseReader::next_after_interim() {
    const bool switching = facts().status == 101;
    if (switching || ++interim_ > limits_.interim || head_budget_ == 0) {
        return Error{
            Errc::framing,
            Reason::interim,
            switching ? "the server switched protocols unasked" : "too many interim replies"}
            .set_phase(Phase::head)
            .set_fate(Fate::unknown);
    }
    response_.clear();
    parser_.emplace(response_, limits_, head_budget_);
    return {};
}

inline Result<void> ResponseReader::end_of_input(bool clean) {
    const bool until_close = facts().head_done && parser_->need_eof();
    if (clean && until_close) {
        boost::beast::error_code ec;
        parser_->put_eof(ec);
        if (!ec) return {};
    }
    return Error{Errc::io, Reason::truncated, "the connection ended inside the reply"}
        .set_phase(facts().head_done ? Phase::body : Phase::head)
        .set_fate(Fate::unknown);
}

}  // namespace clarify::detail

#endif  // CLARIFY_HTTP_DETAIL_BEAST_IMPL_RESPONSE_READER_HPP
