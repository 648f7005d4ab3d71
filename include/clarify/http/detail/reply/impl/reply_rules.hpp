// SPDX-License-Identifier: BSL-1.0
// The rules for a reply: see the table there.

#ifndef CLARIFY_HTTP_DETAIL_REPLY_IMPL_REPLY_RULES_HPP
#define CLARIFY_HTTP_DETAIL_REPLY_IMPL_REPLY_RULES_HPP

#include <clarify/core/detail/text.hpp>
#include <clarify/http/detail/reply/reply_rules.hpp>

#include <array>
#include <charconv>
#include <system_error>
#include <utility>

namespace clarify::detail {

inline bool ReplyRules::refuse(Errc code, Reason reason, const char* why) {
    Error error{code, reason, why};
    refusal_ = error.set_phase(head_done_ ? Phase::body : Phase::head).set_fate(Fate::unknown);
    return false;
}

inline bool ReplyRules::head_bytes(std::size_t size) {
    if (size > head_room_) {
        return refuse(
            Errc::too_large, Reason::head, "the head of the reply is larger than the limit");
    }
    head_room_ -= size;
    return true;
}

inline bool ReplyRules::status_line(unsigned status, bool http_11) {
    if (status < 100 || status > 599) {
        return refuse(Errc::framing, Reason::head, "the status code is not between 100 and 599");
    }
    message_ = {};
    message_.http_11 = http_11;
    message_.status = status;
    response_.status = status;
    in_head_ = true;
    last_kept_ = nullptr;
    last_is_framing_ = false;
    return true;
}

inline bool ReplyRules::count_field(std::string_view value) {
    if (++message_.fields > limits_.fields) {
        return refuse(Errc::too_large, Reason::head, "the reply has too many header fields");
    }
    if (has_control_character(value)) {
        return refuse(Errc::framing, Reason::head, "a header field has a control character");
    }
    return true;
}

inline bool ReplyRules::field(std::string_view name, std::string_view value) {
    if (!count_field(value)) return false;
    last_kept_ = nullptr;
    last_is_framing_ = false;
    if (!framing_field(name, value)) return false;
    if (!last_is_framing_) keep_field(name, value);
    return true;
}

inline bool ReplyRules::fold(std::string_view text) {
    if (message_.fields == 0) {
        return refuse(Errc::framing, Reason::head, "the first field of the reply is folded");
    }
    if (last_is_framing_) {
        return refuse(Errc::framing, Reason::head, "a field that decides on framing is folded");
    }
    if (last_kept_ == nullptr || text.empty()) return true;
    *last_kept_ += ' ';
    *last_kept_ += text;
    return true;
}

inline bool ReplyRules::framing_field(std::string_view name, std::string_view value) {
    last_is_framing_ = true;
    if (iequals(name, "content-length")) return length_field(value);
    if (iequals(name, "transfer-encoding")) {
        if (message_.chunked || !message_.http_11 || !iequals(value, "chunked")) {
            return refuse(
                Errc::framing,
                Reason::transfer_encoding,
                "the transfer encoding is not exactly 'chunked'");
        }
        message_.chunked = true;
        return true;
    }
    if (iequals(name, "content-encoding")) {
        const bool is_interim = message_.status < 200;
        if (is_interim || value.empty() || iequals(value, "identity")) return true;
        return refuse(
            Errc::framing,
            Reason::content_encoding,
            "the reply has a content encoding that was not asked for");
    }
    // Some proxies send the second one instead (RFC 9112 appendix C.2.2).
    if (iequals(name, "connection") || iequals(name, "proxy-connection")) {
        for_each_list_item(value, [this](std::string_view item) {
            if (iequals(item, "close")) message_.close = true;
            if (iequals(item, "keep-alive")) message_.persist = true;
        });
        return true;
    }
    if (iequals(name, "keep-alive")) {
        keep_alive_field(value);
        return true;
    }
    last_is_framing_ = false;
    return true;
}

// Other recipients take the first, the last or the sum of several lengths, so they must agree.
inline bool ReplyRules::length_field(std::string_view value) {
    std::uint64_t length = 0;
    const char* const end = value.data() + value.size();
    const auto read = std::from_chars(value.data(), end, length);
    const bool is_number = !value.empty() && is_digit(value.front()) && read.ptr == end;
    if (!is_number || read.ec != std::errc{}) {
        return refuse(Errc::framing, Reason::length, "the content length is not a number");
    }
    if (message_.length && *message_.length != length) {
        return refuse(
            Errc::framing, Reason::length, "the reply has several content lengths that differ");
    }
    message_.length = length;
    return true;
}

inline void ReplyRules::keep_alive_field(std::string_view value) {
    for_each_list_item(value, [this](std::string_view item) {
        constexpr std::string_view key = "timeout=";
        if (item.size() <= key.size() || !iequals(item.substr(0, key.size()), key)) return;
        const std::string_view digits = item.substr(key.size());
        unsigned seconds = 0;
        const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), seconds);
        if (read.ec == std::errc{}) message_.keep_alive = std::chrono::seconds{seconds};
    });
}

inline void ReplyRules::keep_field(std::string_view name, std::string_view value) {
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
        response_.retry_after =
            response_.retry_after.empty() ? std::string{value} : std::string{"?"};
        last_kept_ = &response_.retry_after;
    }
}

inline bool ReplyRules::end_of_head() {
    in_head_ = false;
    if (message_.chunked && message_.length) {
        return refuse(
            Errc::framing,
            Reason::transfer_encoding,
            "the reply has both a content length and a transfer encoding");
    }
    if (message_.status < 200) return end_of_interim();
    head_done_ = true;
    if (limits_.head_only) return true;
    const std::uint64_t announced = message_.length.value_or(0);
    if (!is_bodiless() && announced > limits_.body) {
        return refuse(Errc::too_large, Reason::body, "the announced body is larger than the limit");
    }
    const bool framed = is_bodiless() ? !message_.chunked && announced == 0 : is_delimited();
    reusable_ = framed && !message_.close && (message_.http_11 || message_.persist);
    return true;
}

inline bool ReplyRules::end_of_interim() {
    if (message_.status == 101) {
        return refuse(
            Errc::framing, Reason::interim, "the server switched protocols without being asked to");
    }
    if (++interim_ > limits_.interim) {
        return refuse(Errc::framing, Reason::interim, "too many interim replies");
    }
    response_.clear();
    return true;
}

inline bool ReplyRules::body(std::string_view piece) {
    if (piece.size() > body_room()) {
        return refuse(Errc::too_large, Reason::body, "the body is larger than the limit");
    }
    response_.body.append(piece);
    return true;
}

inline bool ReplyRules::trailer(std::string_view value) { return count_field(value); }

}  // namespace clarify::detail

#endif  // CLARIFY_HTTP_DETAIL_REPLY_IMPL_REPLY_RULES_HPP
