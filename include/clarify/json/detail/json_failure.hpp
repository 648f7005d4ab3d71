// SPDX-License-Identifier: BSL-1.0
// What went wrong with a value while it was written or read, and where in the value.

#ifndef CLARIFY_JSON_DETAIL_JSON_FAILURE_HPP
#define CLARIFY_JSON_DETAIL_JSON_FAILURE_HPP

#include <clarify/core/detail/text.hpp>
#include <clarify/core/error.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace clarify::detail {

/** The first failure of one encode or decode, with a JSON pointer (RFC 6901) to the culprit.

    The pointer is built from its end while the failure travels outwards, so that success pays
    nothing for it. Keys are made printable and cut: they may come from a peer.
*/
class JsonFailure {
public:
    explicit operator bool() const noexcept { return code_ != Errc{}; }

    bool set(Errc code, Reason reason, std::string text) {
        if (*this) return false;
        code_ = code;
        reason_ = reason;
        text_ = std::move(text);
        return false;
    }
    /// Takes over the error of a type that writes or reads its own text.
    bool set(const Error& error) {
        return set(error.code(), error.reason(), std::string{error.message()});
    }

    /// The failure is inside the element `index`. Always `false`, to be returned at once.
    bool at(std::size_t index) {
        if (*this) prepend(std::to_string(index));
        return false;
    }
    /// The failure is inside the member `key`. Always `false`, to be returned at once.
    bool at(std::string_view key) {
        if (*this) prepend(escape(key));
        return false;
    }

    Error error() const {
        std::string message = cut_ ? "..." + pointer_ : pointer_;
        // The message of a value inside may start with a pointer of its own, which continues ours.
        if (!message.empty() && !text_.starts_with('/')) message += ": ";
        return Error{code_, reason_, message + text_};
    }

private:
    static constexpr std::size_t longest_key = 48;
    static constexpr std::size_t longest_pointer = 256;

    static std::string escape(std::string_view key) {
        std::string out;
        for (const char c : printable(key, longest_key)) {
            if (c == '~') {
                out += "~0";
            } else if (c == '/') {
                out += "~1";
            } else {
                out += c;
            }
        }
        return out;
    }
    // Past the limit only the innermost part is kept, which says most.
    void prepend(const std::string& segment) {
        cut_ = cut_ || pointer_.size() + segment.size() >= longest_pointer;
        if (!cut_) pointer_ = '/' + segment + pointer_;
    }

    Errc code_{};
    Reason reason_ = Reason::none;
    bool cut_ = false;
    std::string text_;
    std::string pointer_;
};

}  // namespace clarify::detail

#endif  // CLARIFY_JSON_DETAIL_JSON_FAILURE_HPP
