// SPDX-License-Identifier: BSL-1.0
// The grammar of JSON (RFC 8259), one function a rule.

#ifndef CLARIFY_CORE_DETAIL_IMPL_JSON_SCAN_HPP
#define CLARIFY_CORE_DETAIL_IMPL_JSON_SCAN_HPP

#include <clarify/core/detail/config.hpp>
#include <clarify/core/detail/json_scan.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace clarify::detail {

CLARIFY_DECL bool JsonScanner::start() noexcept {
    if (!ok()) return false;
    if (end_ - at_ >= 3 && std::memcmp(at_, "\xEF\xBB\xBF", 3) == 0) at_ += 3;
    skip_blanks();
    return at_ != end_ || fail(Reason::empty);
}

CLARIFY_DECL bool JsonScanner::finish() noexcept {
    if (!ok()) return false;
    skip_blanks();
    if (time_ != nullptr) time_->note(static_cast<std::size_t>(at_ - spent_));
    spent_ = at_;
    return at_ == end_ || fail(Reason::syntax);
}

CLARIFY_DECL void JsonScanner::look() {
    if (time_ == nullptr) return;
    time_->spend(static_cast<std::size_t>(at_ - spent_));
    spent_ = at_;
    aim();
}

CLARIFY_DECL RawJson JsonScanner::document() {
    if (!start()) return {};
    const RawJson whole = value();
    return finish() ? whole : RawJson{};
}

CLARIFY_DECL JsonKind JsonScanner::next() noexcept {
    switch (peek()) {
        case '{':
            return JsonKind::object;
        case '[':
            return JsonKind::array;
        case '"':
            return JsonKind::string;
        case 't':
        case 'f':
            return JsonKind::boolean;
        case 'n':
            return JsonKind::null;
        default:
            return JsonKind::number;
    }
}

CLARIFY_DECL RawJson JsonScanner::value() {
    if (!ok()) return {};
    const JsonKind kind = next();
    const char* const first = at_;
    const bool nested = kind == JsonKind::object || kind == JsonKind::array;
    if (!(nested ? containers() : scalar(kind))) return {};
    return {kind, {first, static_cast<std::size_t>(at_ - first)}};
}

CLARIFY_DECL bool JsonScanner::member_name() {
    if (peek() != '"') return fail(Reason::syntax);
    return string() && consume(':');
}

/// A bit per level of nesting: is it an object? No `std::bitset`, whose header does not bear a macro
/// `min` that an application may have.
class JsonNesting {
public:
    void set(std::size_t level, bool is_object) noexcept {
        std::uint64_t& word = words_[level / 64];
        const std::uint64_t bit = std::uint64_t{1} << (level % 64);
        word = is_object ? word | bit : word & ~bit;
    }
    bool is_object(std::size_t level) const noexcept {
        return (words_[level / 64] >> (level % 64) & 1U) != 0;
    }

private:
    std::uint64_t words_[json_depth_ceiling / 64] = {};
};

// One loop for any nesting, so the stack of the program does not grow with what a peer sends.
CLARIFY_DECL bool JsonScanner::containers() {
    JsonNesting nesting;
    const std::size_t outer = depth_;
    for (;;) {
        watch();
        const JsonKind kind = next();
        if (kind == JsonKind::object || kind == JsonKind::array) {
            if (depth_ == max_depth_) return fail(Reason::depth);
            const bool object = kind == JsonKind::object;
            nesting.set(depth_ - outer, object);
            ++depth_;
            ++at_;
            if (peek() != (object ? '}' : ']')) {
                if (object && !member_name()) return false;
                continue;
            }
        } else if (!scalar(kind)) {
            return false;
        }
        // A value, or the opening of an empty container, has ended: close what it completes, or go
        // on to the next value.
        for (;;) {
            if (depth_ == outer) return true;
            const bool object = nesting.is_object(depth_ - outer - 1);
            const char after = peek();
            if (after != ',' && after != (object ? '}' : ']')) return fail(Reason::syntax);
            ++at_;
            if (after != ',') {
                --depth_;
                continue;
            }
            if (object && !member_name()) return false;
            break;
        }
    }
}

CLARIFY_DECL bool JsonScanner::enter(char bracket, bool& inside) noexcept {
    if (!ok() || !consume(bracket)) return false;
    if (depth_ == max_depth_) return fail(Reason::depth);
    ++depth_;
    // In ASCII the closing brackets follow the opening ones by two.
    inside = peek() != bracket + 2;
    if (inside) return true;
    ++at_;
    --depth_;
    return true;
}

CLARIFY_DECL bool JsonScanner::pass(char closing_bracket, bool& inside) noexcept {
    if (!ok()) return false;
    const char after = peek();
    if (after != ',' && after != closing_bracket) return fail(Reason::syntax);
    ++at_;
    inside = after == ',';
    if (!inside) --depth_;
    return true;
}

CLARIFY_DECL bool JsonScanner::scalar(JsonKind kind) {
    switch (kind) {
        case JsonKind::string:
            return string();
        case JsonKind::boolean:
            return literal(peek() == 't' ? "true" : "false");
        case JsonKind::null:
            return literal("null");
        default:
            break;
    }
    // UTF-16 and other foreign encodings start with bytes that UTF-8 never has here.
    if (at_ != end_ && utf8_sequence(at_, end_) == 0) return fail(Reason::encoding);
    return number();
}

CLARIFY_DECL bool JsonScanner::literal(std::string_view word) {
    if (static_cast<std::size_t>(end_ - at_) < word.size() ||
        std::memcmp(at_, word.data(), word.size()) != 0) {
        return fail(Reason::syntax);
    }
    at_ += word.size();
    return true;
}

CLARIFY_DECL bool JsonScanner::number() {
    const auto digits = [this] {
        const char* const first = at_;
        while (at_ != end_ && *at_ >= '0' && *at_ <= '9')
            ++at_;
        return at_ != first;
    };
    if (at_ != end_ && *at_ == '-') ++at_;
    if (at_ != end_ && *at_ == '0') {
        ++at_;
    } else if (!digits()) {
        return fail(Reason::syntax);
    }
    if (at_ != end_ && *at_ == '.') {
        ++at_;
        if (!digits()) return fail(Reason::syntax);
    }
    if (at_ != end_ && (*at_ == 'e' || *at_ == 'E')) {
        ++at_;
        if (at_ != end_ && (*at_ == '+' || *at_ == '-')) ++at_;
        if (!digits()) return fail(Reason::syntax);
    }
    return true;
}

CLARIFY_DECL bool JsonScanner::string() {
    ++at_;
    for (;;) {
        // Eight plain ASCII bytes at a time: no quote, backslash, control character or high bit.
        while (end_ - at_ >= 8) {
            std::uint64_t word = 0;
            std::memcpy(&word, at_, 8);
            constexpr std::uint64_t ones = 0x0101010101010101U;
            constexpr std::uint64_t highs = 0x8080808080808080U;
            const std::uint64_t quote = word ^ (ones * '"');
            const std::uint64_t slash = word ^ (ones * '\\');
            const std::uint64_t special =
                (word - ones * 0x20U) | (quote - ones) | (slash - ones) | word;
            if ((special & highs) == 0) {
                at_ += 8;
                continue;
            }
            // A borrow spoils only what lies behind the first byte that is not plain.
            if constexpr (std::endian::native == std::endian::little)
                at_ += std::countr_zero(special & highs) / 8;
            break;
        }
        if (at_ == end_) return fail(Reason::syntax);
        const auto byte = static_cast<unsigned char>(*at_);
        if (byte == '"') {
            ++at_;
            return true;
        }
        if (byte == '\\') {
            if (!escape()) return false;
        } else if (byte < 0x20) {
            return fail(Reason::syntax);
        } else if (byte < 0x80) {
            ++at_;
        } else if (!multi_byte()) {
            return false;
        }
    }
}

CLARIFY_DECL bool JsonScanner::multi_byte() {
    const std::size_t length = utf8_sequence(at_, end_);
    if (length == 0) return fail(Reason::encoding);
    at_ += length;
    return true;
}

CLARIFY_DECL bool JsonScanner::escape() {
    using namespace json_scan;
    if (end_ - at_ < 2) return fail(Reason::syntax);
    const char kind = at_[1];
    if (kind != 'u') {
        if (std::string_view{"\"\\/bfnrt"}.find(kind) == std::string_view::npos) {
            return fail(Reason::syntax);
        }
        at_ += 2;
        return true;
    }
    const int unit = hex4(at_ + 2, end_);
    if (unit < 0) return fail(Reason::syntax);
    if (low_surrogate(unit)) return fail(Reason::encoding);
    if (high_surrogate(unit)) {
        const bool paired = end_ - at_ >= 12 && at_[6] == '\\' && at_[7] == 'u' &&
            low_surrogate(hex4(at_ + 8, end_));
        if (!paired) return fail(Reason::encoding);
        at_ += 6;
    }
    at_ += 6;
    return true;
}

}  // namespace clarify::detail

#endif  // CLARIFY_CORE_DETAIL_IMPL_JSON_SCAN_HPP
