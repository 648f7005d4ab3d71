// SPDX-License-Identifier: BSL-1.0

#ifndef CLARIFY_HTTP_DETAIL_CURL_IMPL_CURL_RESPONSE_HPP
#define CLARIFY_HTTP_DETAIL_CURL_IMPL_CURL_RESPONSE_HPP

#include <clarify/core/detail/text.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <system_error>

namespace clarify::detail {

inline bool CurlResponse::refuse(Errc code, Reason reason, const char* why) {
    Error error{code, reason, why};
    refusal_ = error.set_phase(head_done_ ? Phase::body : Phase::head).set_fate(Fate::unknown);
    return false;
}

inline bool CurlResponse::is_whole() const noexcept {
    if (!head_done_) return false;
    return !message_.length || is_bodiless() || response_.body.size() == *message_.length;
}

inline bool CurlResponse::header_line(std::string_view line) {
    if (refusal_) return false;
    if (head_done_) return trailer(line);
    if (line.size() > limits_.head - head_bytes_) {
        return refuse(
            Errc::too_large, Reason::head, "the head of the reply is larger than the limit");
    }
    head_bytes_ += line.size();
    if (!line.ends_with("\r\n")) {
        return refuse(Errc::framing, Reason::head, "a line of the head does not end in CR and LF");
    }
    line.remove_suffix(2);
    if (!std::all_of(line.begin(), line.end(), [](char c) {
            return c == '\t' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7F);
        })) {
        return refuse(Errc::framing, Reason::head, "a header field has a control character");
    }
    if (!in_head_) return status_line(line);
    if (line.empty()) return end_of_head();
    if (line.front() == ' ' || line.front() == '\t') return folded(line);
    return field(line);
}

inline bool CurlResponse::body_piece(std::string_view piece) {
    if (refusal_) return false;
    if (!head_done_) return refuse(Errc::framing, Reason::head, "a reply without a head");
    if (piece.size() > limits_.body - std::min(limits_.body, response_.body.size())) {
        return refuse(Errc::too_large, Reason::body, "the body is larger than the limit");
    }
    response_.body.append(piece);
    return true;
}

inline bool CurlResponse::status_line(std::string_view line) {
    const auto number = [&](std::size_t at) { return static_cast<unsigned>(line[at] - '0'); };
    const bool well_formed = line.size() >= 12 &&
        (line.starts_with("HTTP/1.1 ") || line.starts_with("HTTP/1.0 ")) && is_digit(line[9]) &&
        is_digit(line[10]) && is_digit(line[11]) && (line.size() == 12 || line[12] == ' ');
    if (!well_formed) {
        return refuse(Errc::framing, Reason::head, "the head of the reply is malformed");
    }
    message_ = {};
    message_.http_11 = line[7] == '1';
    message_.status = number(9) * 100 + number(10) * 10 + number(11);
    if (message_.status < 100 || message_.status > 599) {
        return refuse(Errc::framing, Reason::head, "the status code is none");
    }
    response_.status = message_.status;
    in_head_ = true;
    last_kept_ = nullptr;
    last_is_framing_ = false;
    return true;
}

inline bool CurlResponse::field(std::string_view line) {
    if (++message_.fields > limits_.fields) {
        return refuse(Errc::too_large, Reason::head, "the reply has too many header fields");
    }
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) {
        return refuse(Errc::framing, Reason::head, "the head of the reply is malformed");
    }
    const std::string_view name = line.substr(0, colon);
    const std::string_view value = trim(line.substr(colon + 1));
    last_kept_ = nullptr;
    last_is_framing_ = false;
    if (!framing_field(name, value)) return false;
    if (!last_is_framing_) keep_field(name, value);
    return true;
}

// RFC 9112 section 5.2: a fold stands for a blank. libcurl before 8.17 does not undo it, so that it
// and this class would read a folded framing field differently.
inline bool CurlResponse::folded(std::string_view line) {
    if (last_is_framing_ || message_.fields == 0) {
        return refuse(Errc::framing, Reason::head, "a field that decides on framing is folded");
    }
    const std::string_view rest = trim(line);
    if (last_kept_ == nullptr || rest.empty()) return true;
    *last_kept_ += ' ';
    *last_kept_ += rest;
    return true;
}

inline bool CurlResponse::framing_field(std::string_view name, std::string_view value) {
    last_is_framing_ = true;
    if (iequals(name, "content-length")) return length_field(value);
    if (iequals(name, "transfer-encoding")) {
        if (message_.chunked || !message_.http_11 || !iequals(value, "chunked")) {
            return refuse(
                Errc::framing,
                Reason::transfer_encoding,
                "the transfer encoding is not a single chunked");
        }
        message_.chunked = true;
        return true;
    }
    if (iequals(name, "content-encoding")) {
        if (value.empty() || iequals(value, "identity")) return true;
        return refuse(
            Errc::framing,
            Reason::content_encoding,
            "the reply has a content encoding that was not asked for");
    }
    if (iequals(name, "connection")) {
        for_each_list_item(value, [this](std::string_view item) {
            if (iequals(item, "close")) message_.close = true;
            if (iequals(item, "keep-alive")) message_.persist = true;
        });
        return true;
    }
    if (iequals(name, "keep-alive")) {
        for_each_list_item(value, [this](std::string_view item) {
            constexpr std::string_view key = "timeout=";
            if (item.size() <= key.size() || !iequals(item.substr(0, key.size()), key)) return;
            const std::string_view digits = item.substr(key.size());
            unsigned seconds = 0;
            const auto read =
                std::from_chars(digits.data(), digits.data() + digits.size(), seconds);
            if (read.ec == std::errc{}) message_.keep_alive = std::chrono::seconds{seconds};
        });
        return true;
    }
    last_is_framing_ = false;
    return true;
}

// libcurl lets the last of several lengths win. Here they must agree, and each must be a number.
inline bool CurlResponse::length_field(std::string_view value) {
    std::uint64_t length = 0;
    const char* const end = value.data() + value.size();
    const auto read = std::from_chars(value.data(), end, length);
    const bool is_number = !value.empty() && is_digit(value.front()) && read.ptr == end;
    if (!is_number || read.ec != std::errc{}) {
        return refuse(Errc::framing, Reason::length, "the content length is not a number");
    }
    if (message_.length && *message_.length != length) {
        return refuse(Errc::framing, Reason::length, "the content length is ambiguous");
    }
    message_.length = length;
    return true;
}

inline void CurlResponse::keep_field(std::string_view name, std::string_view value) {
    const std::array<std::pair<std::string_view, std::string*>, 5> kept{{
        {"content-type", &response_.content_type},
        {"date", &response_.date},
        {"location", &response_.location},
        {"traceparent", &response_.traceparent},
        {"www-authenticate", &response_.www_authenticate},
    }};
    for (const auto& [known, out] : kept) {
        if (!iequals(name, known)) continue;
        if (!out->empty()) *out += ", ";
        *out += value;
        last_kept_ = out;
        return;
    }
    if (iequals(name, "retry-after")) {
        // Two of them contradict each other: as good as none.
        response_.retry_after =
            response_.retry_after.empty() ? std::string{value} : std::string{"?"};
        last_kept_ = &response_.retry_after;
    }
}

inline bool CurlResponse::end_of_head() {
    in_head_ = false;
    const bool announces_body = message_.chunked || message_.length.value_or(0) != 0;
    if (message_.chunked && message_.length) {
        return refuse(
            Errc::framing,
            Reason::transfer_encoding,
            "the reply has both a content length and a transfer encoding");
    }
    if (message_.status < 200) {
        if (message_.status == 101) {
            return refuse(Errc::framing, Reason::interim, "the server switched protocols unasked");
        }
        if (announces_body) {
            return refuse(Errc::framing, Reason::interim, "an interim reply announces a body");
        }
        if (++interim_ > limits_.interim) {
            return refuse(Errc::framing, Reason::interim, "too many interim replies");
        }
        response_.clear();
        return true;
    }
    head_done_ = true;
    if (limits_.head_only) return true;
    if (!is_bodiless() && message_.length.value_or(0) > limits_.body) {
        return refuse(Errc::too_large, Reason::body, "the announced body is larger than the limit");
    }
    // A bodiless status that announces a body leaves open whether one follows.
    const bool framed = is_bodiless() ? !announces_body : is_delimited();
    const bool stays = !message_.close && (message_.http_11 || message_.persist);
    reusable_ = framed && stays;
    return true;
}

// Trailers carry nothing that the client uses, and must not change what the head said.
inline bool CurlResponse::trailer(std::string_view line) {
    trailer_bytes_ += line.size();
    if (trailer_bytes_ > limits_.trailers) {
        return refuse(Errc::too_large, Reason::chunk, "the trailers are larger than the limit");
    }
    return true;
}

}  // namespace clarify::detail

#endif  // CLARIFY_HTTP_DETAIL_CURL_IMPL_CURL_RESPONSE_HPP
