// SPDX-License-Identifier: BSL-1.0
// Reads one HTTP/1.1 request from bytes, for servers: what two recipients could read differently is refused.

#ifndef CLARIFY_HTTP_DETAIL_REQUEST_REQUEST_READER_HPP
#define CLARIFY_HTTP_DETAIL_REQUEST_REQUEST_READER_HPP

#include <clarify/core/detail/text.hpp>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace clarify::detail {

/// What a peer may ask of a reader. Everything that it can lengthen has its limit.
struct RequestLimits {
    RequestLimits() {}

    /// Request line and fields, line ends included, in bytes.
    std::size_t head = 16 * 1024;
    /// How many fields.
    std::size_t fields = 100;
    /// The body, in bytes, without what chunks add.
    std::uint64_t body = 1024 * 1024;
    /// Chunk extensions and trailers of a request together, in bytes.
    std::size_t chunk_extras = 16 * 1024;
};

/** Reads one request from bytes given in any portions, in time proportional to them.

    Where a request ends decides what is the next one, so nothing is guessed. Refused are, with the
    status that the answer is to have (the connection is not to be used further):

    | what | status | RFC 9112 |
    | --- | --- | --- |
    | a line that ends in CR or LF alone, a control character in it | 400 | 2.2 |
    | another request line than `method SP target SP HTTP/1.0` or `HTTP/1.1` | 400, 505 | 3 |
    | a name that is no token, a blank before its colon, a folded line | 400 | 5.1, 5.2 |
    | more than one `Host`, none in HTTP/1.1, one that is none | 400 | 3.2 |
    | a length that is not one plain number, or several, even where they agree | 400 | 6.3 |
    | a length beside a transfer encoding | 400 | 6.1, 6.3 |
    | a transfer encoding in HTTP/1.0, or of which `chunked` is not the last and only one | 400 | 6.1, 6.3 |
    | other transfer encodings before a last `chunked` | 501 | 6.1 |
    | a chunk whose size, extension or end is not as it must be | 400 | 7.1 |
    | `Content-Length`, `Transfer-Encoding` or `Host` among the trailers | 400 | 6.5.1 |
    | an expectation other than `100-continue` | 417 | RFC 9110, 10.1.1 |
    | a head above its limit, more fields | 431 | |
    | a body above its limit, as soon as that is known | 413 | |
    | more chunk extensions and trailers than the limit | 400 | 7.1.1 |

    One empty line before the request is passed over (section 2.2).

    @par Exception safety
    `std::bad_alloc` only; the reader is good for nothing then.
    @par Thread safety
    Distinct objects: safe. Shared objects: unsafe.
*/
class RequestReader {
public:
    struct Field {
        std::string name;
        std::string value;
    };

    explicit RequestReader(const RequestLimits& limits)
        : limits_(limits), head_room_(limits.head) {}

    /// Consumes what belongs to the request, and returns how much that was: all of `input` until
    /// the request is `done` or `refused`.
    std::size_t feed(std::string_view input);

    /// Has anything come of it, beside an empty line?
    bool begun() const noexcept { return state_ != State::request_line || !line_.empty(); }
    bool head_done() const noexcept { return head_done_; }
    bool done() const noexcept { return state_ == State::done; }
    bool refused() const noexcept { return state_ == State::refused; }
    /// Of a refused request: the status of the answer, and what is wrong.
    unsigned status() const noexcept { return status_; }
    const char* problem() const noexcept { return problem_; }

    /// @name Of the head, once it is complete.
    /// @{
    const std::string& method() const noexcept { return method_; }
    const std::string& target() const noexcept { return target_; }
    bool http_11() const noexcept { return http_11_; }
    const std::vector<Field>& fields() const noexcept { return fields_; }
    /// The value of the first field of that name, in whatever case; empty where there is none.
    std::string_view field(std::string_view name) const noexcept;
    /// The value of `Host`; none only in HTTP/1.0.
    const std::optional<std::string>& host() const noexcept { return host_; }
    /// How long the body is; nothing where it comes in chunks.
    std::optional<std::uint64_t> length() const noexcept {
        return chunked_ ? std::nullopt : std::optional<std::uint64_t>{length_.value_or(0)};
    }
    /// May another request follow on the connection, for all that the sender says?
    bool keep_alive() const noexcept { return !close_ && (http_11_ || persist_); }
    /// Does the sender wait for `100 Continue` before it sends the body?
    bool expects_continue() const noexcept { return expects_continue_ && http_11_; }
    /// @}

    /// What has come of the body; it may be moved from once the request is done.
    std::string& body() noexcept { return body_; }

private:
    enum class State {
        request_line,
        field,
        fixed_body,
        chunk_line,
        chunk_data,
        chunk_end,
        trailer,
        done,
        refused
    };

    void refuse(unsigned status, const char* problem) noexcept {
        state_ = State::refused;
        status_ = status;
        problem_ = problem;
    }
    std::size_t take_line(std::string_view input);
    std::size_t take_body(std::string_view input);
    bool has_room();
    void end_line(std::string_view line);
    void request_line(std::string_view line);
    void field_line(std::string_view line);
    void framing_field(std::string_view name, std::string_view value);
    void host_field(std::string_view value);
    void length_field(std::string_view value);
    void transfer_encoding_field(std::string_view value);
    void end_of_head();
    void chunk_line(std::string_view line);
    void trailer_line(std::string_view line);

    RequestLimits limits_;
    State state_ = State::request_line;
    unsigned status_ = 0;
    const char* problem_ = "";
    /// The line that is under way, and whether its CR has come.
    std::string line_;
    bool after_cr_ = false;
    bool skipped_line_ = false;
    std::size_t head_room_;
    std::size_t extras_ = 0;

    std::string method_;
    std::string target_;
    std::vector<Field> fields_;
    std::optional<std::string> host_;
    std::optional<std::uint64_t> length_;
    std::optional<std::string> encoding_;
    bool http_11_ = false;
    bool close_ = false;
    bool persist_ = false;
    bool expects_continue_ = false;
    bool chunked_ = false;
    bool head_done_ = false;
    /// Of the body, or of the chunk under way.
    std::uint64_t left_ = 0;
    std::string body_;
};

/// May `value` be the `Host` of a request, or the authority of a target: a name, an IPv4 address or
/// an IPv6 literal, and perhaps a port? `host` becomes the part without the port.
inline bool is_host(std::string_view value, std::string_view& host) noexcept {
    std::size_t end = 0;
    if (value.starts_with('[')) {
        end = value.find(']');
        if (end == std::string_view::npos || end == 1) return false;
        const std::string_view inside = value.substr(1, end - 1);
        if (inside.find_first_not_of("0123456789abcdefABCDEF:.") != std::string_view::npos)
            return false;
        ++end;
    } else {
        end = (std::min)(value.find(':'), value.size());
        const std::string_view name = value.substr(0, end);
        const auto legal = [](char c) {
            return is_alnum(c) ||
                std::string_view{"-._~!$&'()*+,;=%"}.find(c) != std::string_view::npos;
        };
        if (!std::all_of(name.begin(), name.end(), legal)) return false;
    }
    host = value.substr(0, end);
    const std::string_view port = value.substr(end);
    if (port.empty()) return true;
    if (port.front() != ':' || port.size() > 6) return false;
    return std::all_of(port.begin() + 1, port.end(), is_digit);
}

/// The extensions of a chunk line: `*( BWS ";" BWS name [ BWS "=" BWS ( token / quoted ) ] )`.
inline bool are_chunk_extensions(std::string_view text) noexcept {
    const auto skip_blanks = [&text] {
        text.remove_prefix((std::min)(text.find_first_not_of(" \t"), text.size()));
    };
    const auto take_token = [&text] {
        std::size_t size = 0;
        while (size != text.size() && is_token(text.substr(size, 1)))
            ++size;
        text.remove_prefix(size);
        return size != 0;
    };
    const auto take_quoted = [&text] {
        for (std::size_t i = 1; i < text.size(); ++i) {
            if (text[i] == '"') {
                text.remove_prefix(i + 1);
                return true;
            }
            if (text[i] == '\\') ++i;
        }
        return false;
    };
    while (!text.empty()) {
        skip_blanks();
        if (!text.starts_with(';')) return false;
        text.remove_prefix(1);
        skip_blanks();
        if (!take_token()) return false;
        const std::string_view behind_name = text;
        skip_blanks();
        if (!text.starts_with('=')) {
            text = behind_name;
            continue;
        }
        text.remove_prefix(1);
        skip_blanks();
        if (!(text.starts_with('"') ? take_quoted() : take_token())) return false;
    }
    return true;
}

inline std::string_view RequestReader::field(std::string_view name) const noexcept {
    for (const Field& each : fields_) {
        if (iequals(each.name, name)) return each.value;
    }
    return {};
}

inline std::size_t RequestReader::feed(std::string_view input) {
    std::size_t consumed = 0;
    while (consumed != input.size() && !done() && !refused()) {
        const std::string_view rest = input.substr(consumed);
        const bool data = state_ == State::fixed_body || state_ == State::chunk_data;
        consumed += data ? take_body(rest) : take_line(rest);
    }
    return consumed;
}

/// Consumes up to the end of the line that is under way.
inline std::size_t RequestReader::take_line(std::string_view input) {
    for (std::size_t i = 0; i != input.size(); ++i) {
        const char c = input[i];
        if (!has_room()) return i;
        if (after_cr_) {
            if (c != '\n') {
                refuse(400, "a line ends in CR alone");
                return i;
            }
            after_cr_ = false;
            const std::string line = std::exchange(line_, {});
            end_line(line);
            return i + 1;
        }
        if (c == '\r') {
            after_cr_ = true;
        } else if (c == '\n') {
            refuse(400, "a line ends in LF alone");
            return i;
        } else if (has_control_character({&c, 1})) {
            refuse(400, "there is a control character");
            return i;
        } else if (state_ == State::chunk_end) {
            refuse(400, "a chunk is longer than its size");
            return i;
        } else {
            line_ += c;
        }
    }
    return input.size();
}

/// Counts a byte of a line against its limit.
inline bool RequestReader::has_room() {
    if (!head_done_) {
        if (head_room_-- != 0) return true;
        refuse(431, "the head of the request is too large");
        return false;
    }
    // The digits of a size are no extra. There are more of them than bytes only in bad faith.
    constexpr std::size_t size_digits = 16;
    const std::size_t free = state_ == State::trailer ? 0 : size_digits + 2;
    if (line_.size() < free || extras_ < limits_.chunk_extras) {
        if (line_.size() >= free) ++extras_;
        return true;
    }
    refuse(400, "the chunk extensions or trailers are too large");
    return false;
}

inline void RequestReader::end_line(std::string_view line) {
    switch (state_) {
        case State::request_line:
            if (line.empty() && !std::exchange(skipped_line_, true)) return;
            return request_line(line);
        case State::field:
            return line.empty() ? end_of_head() : field_line(line);
        case State::chunk_line:
            return chunk_line(line);
        case State::chunk_end:
            state_ = State::chunk_line;
            return;
        case State::trailer:
            return trailer_line(line);
        default:
            return;
    }
}

inline void RequestReader::request_line(std::string_view line) {
    const std::size_t first = line.find(' ');
    const std::size_t last = line.rfind(' ');
    if (first == std::string_view::npos || first == last)
        return refuse(400, "the request line is malformed");
    const std::string_view target = line.substr(first + 1, last - first - 1);
    const auto visible = [](char c) { return c > ' ' && c < 0x7F && c != '#'; };
    if (!is_token(line.substr(0, first)) || target.empty() ||
        !std::all_of(target.begin(), target.end(), visible)) {
        return refuse(400, "the request line is malformed");
    }
    const std::string_view version = line.substr(last + 1);
    http_11_ = version == "HTTP/1.1";
    if (!http_11_ && version != "HTTP/1.0") {
        const bool other = version.size() == 8 && version.starts_with("HTTP/") &&
            is_digit(version[5]) && version[6] == '.' && is_digit(version[7]);
        return other ? refuse(505, "the version of HTTP is not supported")
                     : refuse(400, "the request line is malformed");
    }
    method_ = line.substr(0, first);
    target_ = target;
    state_ = State::field;
}

inline void RequestReader::field_line(std::string_view line) {
    if (fields_.size() == limits_.fields) return refuse(431, "there are too many fields");
    // A blank in front of the name makes it none, so that no line continues another.
    const std::size_t colon = line.find(':');
    const std::string_view name = line.substr(0, colon);
    if (colon == std::string_view::npos || !is_token(name))
        return refuse(400, "a field is malformed, or continues on another line");
    const std::string_view value = trim(line.substr(colon + 1));
    fields_.push_back(Field{std::string{name}, std::string{value}});
    framing_field(name, value);
}

inline void RequestReader::framing_field(std::string_view name, std::string_view value) {
    if (iequals(name, "host")) return host_field(value);
    if (iequals(name, "content-length")) return length_field(value);
    if (iequals(name, "transfer-encoding")) {
        if (encoding_) return refuse(400, "there are several transfer encodings");
        encoding_ = value;
    } else if (iequals(name, "connection")) {
        for_each_list_item(value, [this](std::string_view item) {
            if (iequals(item, "close")) close_ = true;
            if (iequals(item, "keep-alive")) persist_ = true;
        });
    } else if (iequals(name, "expect")) {
        if (!iequals(value, "100-continue")) return refuse(417, "the expectation is not known");
        expects_continue_ = true;
    }
}

inline void RequestReader::host_field(std::string_view value) {
    if (host_) return refuse(400, "there is more than one Host");
    std::string_view host;
    if (!is_host(value, host)) return refuse(400, "the Host is malformed");
    host_ = value;
}

inline void RequestReader::length_field(std::string_view value) {
    if (length_) return refuse(400, "there is more than one Content-Length");
    if (value.empty() || !std::all_of(value.begin(), value.end(), is_digit))
        return refuse(400, "the Content-Length is not a number");
    std::uint64_t length = 0;
    const auto read = std::from_chars(value.data(), value.data() + value.size(), length);
    // More digits than fit are a length all the same.
    length_ = read.ec == std::errc{} ? length : (std::numeric_limits<std::uint64_t>::max)();
}

inline void RequestReader::transfer_encoding_field(std::string_view value) {
    if (!http_11_) return refuse(400, "HTTP/1.0 has no transfer encodings");
    if (length_) return refuse(400, "there are both a Content-Length and a transfer encoding");
    if (iequals(value, "chunked")) {
        chunked_ = true;
        return;
    }
    // What is before a last `chunked` tells where the body ends, but not what is in it.
    const std::size_t comma = value.rfind(',');
    bool odd = comma == std::string_view::npos || trim(value.substr(0, comma)).empty() ||
        !iequals(trim(value.substr(comma + 1)), "chunked");
    for_each_list_item(value.substr(0, comma), [&odd](std::string_view coding) {
        if (!is_token(coding) || iequals(coding, "chunked")) odd = true;
    });
    if (odd) return refuse(400, "the transfer encoding is not exactly 'chunked'");
    refuse(501, "other transfer encodings than 'chunked' are not implemented");
}

inline void RequestReader::end_of_head() {
    if (http_11_ && !host_) return refuse(400, "there is no Host");
    if (encoding_) transfer_encoding_field(*encoding_);
    if (refused()) return;
    head_done_ = true;
    if (chunked_) {
        state_ = State::chunk_line;
        return;
    }
    left_ = length_.value_or(0);
    if (left_ > limits_.body) return refuse(413, "the body of the request is too large");
    state_ = left_ == 0 ? State::done : State::fixed_body;
}

inline std::size_t RequestReader::take_body(std::string_view input) {
    const auto size = static_cast<std::size_t>((std::min<std::uint64_t>)(left_, input.size()));
    body_.append(input.substr(0, size));
    left_ -= size;
    if (left_ == 0) state_ = state_ == State::chunk_data ? State::chunk_end : State::done;
    return size;
}

inline void RequestReader::chunk_line(std::string_view line) {
    std::uint64_t size = 0;
    const auto read = std::from_chars(line.data(), line.data() + line.size(), size, 16);
    const auto digits = static_cast<std::size_t>(read.ptr - line.data());
    // Beyond 2^63, where other recipients' arithmetic overflows, nobody means it.
    if (digits == 0 || digits > 16 || read.ec != std::errc{} || size >= std::uint64_t{1} << 63U ||
        !are_chunk_extensions(line.substr(digits))) {
        return refuse(400, "a chunk is malformed");
    }
    if (size > limits_.body - body_.size())
        return refuse(413, "the body of the request is too large");
    left_ = size;
    state_ = size == 0 ? State::trailer : State::chunk_data;
}

inline void RequestReader::trailer_line(std::string_view line) {
    if (line.empty()) {
        state_ = State::done;
        return;
    }
    const std::size_t colon = line.find(':');
    const std::string_view name = line.substr(0, colon);
    const bool framing = iequals(name, "content-length") || iequals(name, "transfer-encoding") ||
        iequals(name, "host");
    if (colon == std::string_view::npos || !is_token(name) || framing)
        return refuse(400, "a trailer is malformed");
}

}  // namespace clarify::detail

#endif  // CLARIFY_HTTP_DETAIL_REQUEST_REQUEST_READER_HPP
