// SPDX-License-Identifier: BSL-1.0
// Reads a reply as HttpBackend's contract asks for, but for one fault on demand.

#ifndef CLARIFY_TESTS_SUPPORT_PLAIN_REPLY_HPP
#define CLARIFY_TESTS_SUPPORT_PLAIN_REPLY_HPP

#include <clarify/core/detail/text.hpp>
#include <clarify/core/error.hpp>
#include <clarify/core/http_message.hpp>

#include "plain_fault.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace support {

/// One reply, from the bytes of a connection as they come.
class PlainReply {
public:
    enum class Step { more, done, failed };

    PlainReply(clarify::HttpResponse& out, std::size_t limit, PlainFault fault, bool over_tls)
        : out_(out), limit_(limit), fault_(fault), over_tls_(over_tls) {}

    /// Consumes what it can of `input`.
    Step feed(std::string& input);
    /// The connection has ended, over TLS with its alert or not.
    Step end(bool clean);

    const clarify::Error& error() const { return *error_; }
    bool head_done() const noexcept { return head_done_; }
    bool reusable() const noexcept { return framed_ && !close_ && http_11_; }
    const std::string& cookie() const noexcept { return cookie_; }

private:
    using Errc = clarify::Errc;

    bool is(PlainFault fault) const noexcept { return fault_ == fault; }
    Step fail(Errc code) {
        error_.emplace(code);
        error_->set_phase(head_done_ ? clarify::Phase::body : clarify::Phase::head);
        error_->set_fate(clarify::Fate::unknown);
        return Step::failed;
    }
    /// A framing fault, unless this is the one that is let pass.
    bool bad(PlainFault unless) {
        if (is(unless)) return false;
        fail(Errc::framing);
        return true;
    }
    bool refuse() {
        fail(Errc::framing);
        return false;
    }
    Step feed_head(std::string& input);
    bool take_head(std::string_view head);
    bool take_status_line(std::string_view line);
    bool take_field(std::string_view name, std::string_view value);
    bool take_length(std::string_view value);
    bool take_coding(std::string_view value);
    void keep(std::string_view name, std::string_view value);
    bool end_head();
    Step feed_sized(std::string& input);
    Step feed_chunks(std::string& input);
    Step take_chunk_line(std::string& input);
    Step take_trailers(std::string& input);
    Step take(std::string& input, std::size_t most);

    clarify::HttpResponse& out_;
    std::size_t limit_;
    PlainFault fault_;
    bool over_tls_;
    std::optional<clarify::Error> error_;
    bool begun_ = false;
    unsigned status_ = 0;
    bool http_11_ = true;
    bool close_ = false;
    bool chunked_ = false;
    bool head_done_ = false;
    bool framed_ = false;
    bool bodiless_ = false;
    std::optional<std::uint64_t> length_;
    std::uint64_t skip_ = 0;
    /// Of the chunk that is being read.
    std::uint64_t chunk_left_ = 0;
    bool chunk_ends_ = false;
    bool last_chunk_ = false;
    std::string cookie_;
};

inline PlainReply::Step PlainReply::feed(std::string& input) {
    begun_ = begun_ || !input.empty();
    if (!head_done_) {
        const Step step = feed_head(input);
        if (!head_done_ || step == Step::failed) return step;
    }
    if (bodiless_) return Step::done;
    if (chunked_) return feed_chunks(input);
    return feed_sized(input);
}

inline PlainReply::Step PlainReply::end(bool clean) {
    const bool until_close = head_done_ && !bodiless_ && !chunked_ && !length_;
    if (until_close) {
        if (over_tls_ && clean && is(PlainFault::refuses_alerted_end)) return fail(Errc::framing);
        const bool accepted = !over_tls_ || clean || is(PlainFault::accepts_cut_tls);
        const bool refused = !over_tls_ && is(PlainFault::refuses_end_by_close) && http_11_;
        if (accepted && !refused) return Step::done;
    }
    if (!head_done_ && begun_ && is(PlainFault::accepts_cut_head)) {
        out_.status = 200;
        return Step::done;
    }
    if (head_done_ && length_ && is(PlainFault::accepts_short_body)) return Step::done;
    if (head_done_ && chunked_ && is(PlainFault::accepts_short_chunks)) return Step::done;
    return fail(is(PlainFault::calls_cut_reply_connect) ? Errc::connect : Errc::io);
}

// --- The head -----------------------------------------------------------------------------------

inline PlainReply::Step PlainReply::feed_head(std::string& input) {
    for (;;) {
        const std::size_t skipped =
            static_cast<std::size_t>((std::min)(skip_, static_cast<std::uint64_t>(input.size())));
        input.erase(0, skipped);
        skip_ -= skipped;
        const std::size_t end = skip_ == 0 ? input.find("\r\n\r\n") : std::string::npos;
        if (end == std::string::npos)
            return input.size() > 8192 ? fail(Errc::too_large) : Step::more;
        const std::string head = input.substr(0, end + 2);
        input.erase(0, end + 4);
        if (!take_head(head)) return Step::failed;
        if (head_done_) return Step::more;
    }
}

inline bool PlainReply::take_head(std::string_view head) {
    http_11_ = true;
    close_ = chunked_ = false;
    length_.reset();
    const std::size_t first = head.find("\r\n");
    if (!take_status_line(head.substr(0, first))) return false;
    head.remove_prefix(first + 2);
    while (!head.empty()) {
        const std::size_t end = head.find("\r\n");
        const std::string_view line = head.substr(0, end);
        head.remove_prefix(end + 2);
        const std::size_t colon = line.find(':');
        const std::string_view name = line.substr(0, (std::min)(colon, line.size()));
        if (colon == std::string_view::npos || !clarify::detail::is_token(name)) {
            if (bad(PlainFault::accepts_bad_field_line)) return false;
            continue;
        }
        std::string_view value = line.substr(colon + 1);
        if (is(PlainFault::keeps_blanks)) {
            if (value.starts_with(' ')) value.remove_prefix(1);
        } else {
            value = clarify::detail::trim(value);
        }
        if (clarify::detail::has_control_character(value) &&
            bad(PlainFault::accepts_control_character))
            return false;
        if (!take_field(name, value)) return false;
    }
    return end_head();
}

inline bool PlainReply::take_status_line(std::string_view line) {
    const bool version = line.starts_with("HTTP/1.1 ") || (line.starts_with("HTTP/1.0 "));
    http_11_ = !line.starts_with("HTTP/1.0 ");
    if (!http_11_ && is(PlainFault::refuses_http_10)) return refuse();
    const std::string_view code = line.substr((std::min)(line.size(), std::size_t{9}), 3);
    const auto read = std::from_chars(code.data(), code.data() + code.size(), status_);
    const bool number = code.size() == 3 && read.ptr == code.data() + code.size();
    if (!version || !number || status_ < 100 || status_ > 599) {
        if (bad(PlainFault::accepts_any_status_line)) return false;
        status_ = 200;
    }
    return true;
}

inline bool PlainReply::take_field(std::string_view name, std::string_view value) {
    using clarify::detail::iequals;
    if (iequals(name, "content-length")) return take_length(value);
    if (iequals(name, "transfer-encoding")) return take_coding(value);
    if (iequals(name, "content-encoding")) {
        if (is(PlainFault::refuses_identity)) return refuse();
        return iequals(value, "identity") || !bad(PlainFault::accepts_content_encoding);
    }
    if (iequals(name, "connection"))
        close_ = iequals(value, "close") && !is(PlainFault::ignores_announced_close);
    if (iequals(name, "set-cookie")) cookie_ = value;
    keep(name, value);
    return true;
}

inline bool PlainReply::take_length(std::string_view value) {
    std::uint64_t length = 0;
    const char* const end = value.data() + value.size();
    const auto read = std::from_chars(value.data(), end, length);
    if (value.empty() || read.ptr != end || read.ec != std::errc{}) {
        if (bad(PlainFault::accepts_length_without_number)) return false;
        length = 2;
    }
    if (length_ && *length_ != length && bad(PlainFault::accepts_two_lengths)) return false;
    length_ = length;
    return true;
}

inline bool PlainReply::take_coding(std::string_view value) {
    const bool last = clarify::detail::lower(value).ends_with("chunked");
    if (!http_11_ && bad(PlainFault::accepts_chunks_in_http_10)) return false;
    if (chunked_ || !clarify::detail::iequals(value, "chunked")) {
        if (!is(PlainFault::accepts_gzip_and_chunked) || !last) return refuse();
    }
    chunked_ = true;
    return true;
}

inline void PlainReply::keep(std::string_view name, std::string_view value) {
    const std::array<std::pair<std::string_view, std::string*>, 6> kept{{
        {"content-type", &out_.content_type},
        {"date", &out_.date},
        {"location", &out_.location},
        {"retry-after", &out_.retry_after},
        {"traceparent", &out_.traceparent},
        {"www-authenticate", &out_.www_authenticate},
    }};
    for (const auto& [known, out] : kept) {
        if (!clarify::detail::iequals(name, known)) continue;
        const bool is_time = known == "retry-after";
        const bool last_wins =
            is(is_time ? PlainFault::last_retry_after_wins : PlainFault::last_field_wins);
        if (!out->empty() && !last_wins) {
            *out += ", ";
            *out += value;
        } else {
            *out = value;
        }
    }
}

inline bool PlainReply::end_head() {
    if (status_ == 101) {
        if (bad(PlainFault::accepts_switching)) return false;
    } else if (status_ < 200) {
        if (!is(PlainFault::keeps_interim_fields)) out_.clear();
        if (is(PlainFault::awaits_interim_body)) skip_ = length_.value_or(0);
        return true;
    }
    if (chunked_ && length_ && bad(PlainFault::accepts_length_and_chunked)) return false;
    if (chunked_) length_.reset();
    head_done_ = true;
    out_.status = status_;
    bodiless_ = status_ == 101 || status_ == 204 || status_ == 304;
    framed_ = bodiless_ ? !chunked_ && length_.value_or(0) == 0 : chunked_ || length_;
    if (bodiless_ && is(PlainFault::awaits_body_of_304) && length_) bodiless_ = false;
    if (length_.value_or(1) == 0 && is(PlainFault::awaits_end_of_empty_body)) length_.reset();
    if (!bodiless_ && length_.value_or(0) > limit_) {
        if (!is(PlainFault::ignores_limit_of_length)) {
            fail(Errc::too_large);
            return false;
        }
        limit_ = std::size_t{1} << 30U;
    }
    return true;
}

// --- The body -----------------------------------------------------------------------------------

inline PlainReply::Step PlainReply::take(std::string& input, std::size_t most) {
    const std::size_t size = (std::min)(most, input.size());
    const bool off_by_one = chunked_ && is(PlainFault::refuses_exact_chunks);
    const bool off_by_one_sized = length_ && is(PlainFault::refuses_exact_length);
    const std::size_t limit = limit_ - (off_by_one || off_by_one_sized ? 1U : 0U);
    const bool unlimited = chunked_ ? is(PlainFault::ignores_limit_of_chunks)
                                    : !length_ && is(PlainFault::ignores_limit_of_close);
    if (out_.body.size() + size > limit && !unlimited) return fail(Errc::too_large);
    out_.body.append(input, 0, size);
    input.erase(0, size);
    return Step::more;
}

inline PlainReply::Step PlainReply::feed_sized(std::string& input) {
    if (!length_) return take(input, input.size());
    const std::size_t left = static_cast<std::size_t>(*length_) - out_.body.size();
    if (take(input, left) == Step::failed) return Step::failed;
    if (out_.body.size() != *length_) return Step::more;
    // Over TLS such a backend waits for the closing alert.
    return over_tls_ && close_ && is(PlainFault::awaits_alert) ? Step::more : Step::done;
}

inline PlainReply::Step PlainReply::feed_chunks(std::string& input) {
    for (;;) {
        if (last_chunk_) return take_trailers(input);
        if (chunk_left_ == 0) {
            const Step step = take_chunk_line(input);
            if (step != Step::done) return step;
            continue;
        }
        const std::size_t before = input.size();
        if (take(input, static_cast<std::size_t>(chunk_left_)) == Step::failed) return Step::failed;
        chunk_left_ -= before - input.size();
        if (chunk_left_ != 0) return Step::more;
        chunk_ends_ = true;
    }
}

/// `done` where a whole line was taken.
inline PlainReply::Step PlainReply::take_chunk_line(std::string& input) {
    if (chunk_ends_) {
        if (input.size() < 2) return Step::more;
        if (!input.starts_with("\r\n")) {
            if (bad(PlainFault::accepts_broken_chunk)) return Step::failed;
            input.erase(0, (std::min)(input.find("\r\n"), input.size()));
            if (input.empty()) return Step::more;
        }
        input.erase(0, 2);
        chunk_ends_ = false;
    }
    const std::size_t end = input.find("\r\n");
    if (end == std::string::npos) return Step::more;
    const std::string line = input.substr(0, end);
    input.erase(0, end + 2);
    const auto read = std::from_chars(line.data(), line.data() + line.size(), chunk_left_, 16);
    const bool whole = read.ptr == line.data() + line.size() ||
        (*read.ptr == ';' && !is(PlainFault::refuses_chunk_extension));
    if (read.ec != std::errc{} || !whole || line.front() == '-') {
        if (bad(PlainFault::accepts_broken_chunk)) return Step::failed;
        chunk_left_ = 2;
    }
    last_chunk_ = chunk_left_ == 0;
    return Step::done;
}

inline PlainReply::Step PlainReply::take_trailers(std::string& input) {
    for (;;) {
        const std::size_t end = input.find("\r\n");
        if (end == std::string::npos) return Step::more;
        const std::string line = input.substr(0, end);
        input.erase(0, end + 2);
        if (line.empty()) return Step::done;
        if (is(PlainFault::keeps_trailers)) {
            const std::size_t colon = (std::min)(line.find(':'), line.size() - 1);
            keep(
                line.substr(0, colon),
                clarify::detail::trim(std::string_view{line}.substr(colon + 1)));
        }
    }
}

}  // namespace support

#endif  // CLARIFY_TESTS_SUPPORT_PLAIN_REPLY_HPP
