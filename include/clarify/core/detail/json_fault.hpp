// SPDX-License-Identifier: BSL-1.0
// What is wrong with a value that is read or written, and where: the one place that makes JSON
// pointers and puts faults into words.

#ifndef CLARIFY_CORE_DETAIL_JSON_FAULT_HPP
#define CLARIFY_CORE_DETAIL_JSON_FAULT_HPP

#include <clarify/core/detail/json_scan.hpp>
#include <clarify/core/detail/text.hpp>
#include <clarify/core/error.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clarify::detail {

/// What messages call a kind of value.
inline std::string_view with_article(JsonKind kind) noexcept {
    switch (kind) {
        case JsonKind::null:
            return "null";
        case JsonKind::boolean:
            return "a boolean";
        case JsonKind::number:
            return "a number";
        case JsonKind::string:
            return "a string";
        case JsonKind::array:
            return "an array";
        case JsonKind::object:
            return "an object";
    }
    return "a value";
}

/// What messages say of a text of `size` bytes that is no JSON from `offset` on.
inline std::string broken_json(Reason reason, std::size_t offset, std::size_t size) {
    const char* what = reason == Reason::depth ? "the JSON text is nested too deeply"
        : reason == Reason::encoding           ? "the JSON text is not valid UTF-8"
        : offset == size                       ? "the JSON text ends too early"
                                               : "the text is not valid JSON";
    return std::string{what} + ", at byte " + std::to_string(offset);
}

/** Where in a document a fault is, as a JSON pointer (RFC 6901).

    Found out by looking once more through the text that was read or written so far, so that success
    pays nothing for it. Keys come from a peer: they are made printable and cut. Of a long pointer
    only the innermost part is kept, which says most.
*/
class JsonPlace {
public:
    /// The value that is to begin where `text`, the beginning of a JSON text, ends, or the one that
    /// has just ended there.
    explicit JsonPlace(std::string_view text) {
        for (std::size_t at = 0; at != text.size(); ++at) {
            switch (text[at]) {
                case '[':
                case '{':
                    levels_.push_back({text[at] == '{', {}, 0});
                    break;
                case ']':
                case '}':
                    if (!levels_.empty()) levels_.pop_back();
                    break;
                case ',':
                    if (!levels_.empty()) levels_.back() = next(levels_.back());
                    break;
                case '"':
                    at = take_string(text, at);
                    break;
                default:
                    break;
            }
        }
    }

    /// The pointer, followed by the member `key` where one is given.
    std::string pointer(const std::string_view* key = nullptr) const {
        constexpr std::size_t longest = 256;
        std::string out;
        if (key != nullptr) out = '/' + escape(*key);
        for (auto level = levels_.rbegin(); level != levels_.rend(); ++level) {
            // No member of an object has begun yet: the place is the object itself.
            if (level->is_object && level->key.empty()) continue;
            const std::string segment =
                level->is_object ? escape(json_unescape(level->key)) : std::to_string(level->index);
            if (out.size() + segment.size() >= longest) return "..." + out;
            out = '/' + segment + out;
        }
        return out;
    }

private:
    struct Level {
        bool is_object;
        /// Of the member that is being read, as it stands in the text.
        std::string_view key;
        /// Of the element.
        std::size_t index;
    };

    static Level next(const Level& level) { return {level.is_object, {}, level.index + 1}; }

    /// Notes a string if it is a key. Returns its last byte.
    std::size_t take_string(std::string_view text, std::size_t first) {
        std::size_t at = first + 1;
        while (at < text.size() && text[at] != '"')
            at += text[at] == '\\' ? 2U : 1U;
        if (at >= text.size()) return text.size() - 1;
        if (!levels_.empty() && levels_.back().is_object && levels_.back().key.empty())
            levels_.back().key = text.substr(first, at - first + 1);
        return at;
    }

    static std::string escape(std::string_view key) {
        constexpr std::size_t longest = 48;
        std::string out;
        for (const char c : printable(key, longest)) {
            if (c == '~' || c == '/') {
                out += c == '~' ? "~0" : "~1";
            } else {
                out += c;
            }
        }
        return out;
    }

    std::vector<Level> levels_;
};

/// The first fault of a document.
class JsonFault {
public:
    explicit operator bool() const noexcept { return code_ != Errc{}; }

    /// Always `false`, to be returned at once. What came first stays.
    bool set(Errc code, Reason reason, std::string pointer, std::string_view what) {
        if (*this) return false;
        code_ = code;
        reason_ = reason;
        message_ = std::move(pointer);
        // The message of a value inside may start with a pointer of its own, which continues ours.
        if (!message_.empty() && !what.starts_with('/')) message_ += ": ";
        message_ += what;
        return false;
    }
    Error error() const { return Error{code_, reason_, message_}; }

private:
    Errc code_{};
    Reason reason_ = Reason::none;
    std::string message_;
};

}  // namespace clarify::detail

#endif  // CLARIFY_CORE_DETAIL_JSON_FAULT_HPP
