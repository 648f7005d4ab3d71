// SPDX-License-Identifier: BSL-1.0
// A strict JSON scanner over text, whose stack no peer can make grow: it validates (RFC 8259, UTF-8, depth) and hands
// out the raw text of values, so that envelopes are checked once, whatever the codec behind them.

#ifndef CLARIFY_CORE_DETAIL_JSON_SCAN_HPP
#define CLARIFY_CORE_DETAIL_JSON_SCAN_HPP

#include <clarify/core/detail/decode_time.hpp>
#include <clarify/core/detail/json_number.hpp>
#include <clarify/core/detail/json_text.hpp>
#include <clarify/core/errc.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace clarify::detail {

enum class JsonKind : std::uint8_t { null, boolean, number, string, array, object };

/// One JSON value as it stands in the text; strings keep their quotes and escapes.
struct RawJson {
    JsonKind kind = JsonKind::null;
    std::string_view text;
};

/// Deeper documents are refused whatever the configured limit says.
inline constexpr std::size_t json_depth_ceiling = 1024;

/** Reads JSON text from left to right.

    Every function reports a failure by `reason()`; a failed scanner stays where it is. The text
    must outlive the scanner and what it hands out.

    With a `DecodeTime` it looks at the clock between two values of an array or object, and what reads
    values throws `DecodeTimeUp`. It is not interrupted within a string or a number, which takes no
    more than some milliseconds for each MiB.

    @par Thread safety
    Distinct objects: safe. Shared objects: unsafe.
*/
class JsonScanner {
public:
    /// `time` is shared with others, and outlives the scanner; null is no limit.
    explicit JsonScanner(
        std::string_view text, std::size_t max_depth = 64, DecodeTime* time = nullptr) noexcept
        : begin_(text.data()),
          at_(text.data()),
          end_(text.data() + text.size()),
          max_depth_(max_depth < json_depth_ceiling ? max_depth : json_depth_ceiling),
          time_(time),
          spent_(text.data()) {
        aim();
    }

    /// `Reason::none` until something was wrong; afterwards every function does nothing.
    Reason reason() const noexcept { return reason_; }
    bool ok() const noexcept { return reason_ == Reason::none; }
    /// How many bytes were read; after a failure, near where it is.
    std::size_t offset() const noexcept { return taken().size(); }
    /// What was read.
    std::string_view taken() const noexcept {
        return {begin_, static_cast<std::size_t>(at_ - begin_)};
    }

    /// Reads the whole text as one document: an optional byte order mark, one value, blanks.
    RawJson document();
    /// The first half of `document`: skips a byte order mark and blanks; fails where nothing is
    /// left.
    bool start() noexcept;
    /// The last half of `document`: fails where anything but blanks is left.
    bool finish() noexcept;
    /// The kind of the value that comes next, judged by its first character; a character that
    /// starts none counts as a number, which reading then refuses.
    JsonKind next() noexcept;
    /// Stops the scanner for a reason of the caller's. Returns `false`; the first reason stays.
    bool fail(Reason reason) noexcept {
        if (reason_ == Reason::none) reason_ = reason;
        return false;
    }
    /// Reads one value of any kind, blanks before it included.
    RawJson value();
    /// Reads an object and calls `on_member(raw_key, scanner)` for each member; `on_member` reads
    /// exactly one value from the scanner.
    template <class OnMember>
    bool object(OnMember&& on_member);
    /// Reads an array and calls `on_element(scanner)` for each element.
    template <class OnElement>
    bool array(OnElement&& on_element);

private:
    void skip_blanks() noexcept {
        while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t'))
            ++at_;
    }
    bool consume(char expected) noexcept {
        skip_blanks();
        if (at_ == end_ || *at_ != expected) return fail(Reason::syntax);
        ++at_;
        return true;
    }
    char peek() noexcept {
        skip_blanks();
        return at_ == end_ ? '\0' : *at_;
    }
    /// Reads the bracket that opens a container. `inside` tells whether anything is in it.
    bool enter(char bracket, bool& inside) noexcept;
    /// Reads what follows an element or a member. `inside` tells whether another one comes.
    bool pass(char closing_bracket, bool& inside) noexcept;
    /// Throws `DecodeTimeUp`.
    void watch() {
        if (at_ >= look_) look();
    }
    void look();
    void aim() noexcept {
        const auto rest = static_cast<std::size_t>(end_ - at_);
        look_ = time_ != nullptr && time_->left() < rest ? at_ + time_->left() : end_;
    }
    bool scalar(JsonKind kind);
    bool containers();
    bool member_name();
    bool string();
    bool multi_byte();
    bool escape();
    bool number();
    bool literal(std::string_view word);

    const char* begin_;
    const char* at_;
    const char* end_;
    std::size_t max_depth_;
    std::size_t depth_ = 0;
    Reason reason_ = Reason::none;
    DecodeTime* time_;
    /// Up to here it was told.
    const char* spent_;
    /// From here on it is to be told.
    const char* look_ = nullptr;
};

template <class OnMember>
bool JsonScanner::object(OnMember&& on_member) {
    bool inside = false;
    if (!enter('{', inside)) return false;
    while (inside) {
        watch();
        if (peek() != '"') return fail(Reason::syntax);
        const char* const first = at_;
        if (!string()) return false;
        const std::string_view key{first, static_cast<std::size_t>(at_ - first)};
        if (!consume(':')) return false;
        on_member(key, *this);
        if (!pass('}', inside)) return false;
    }
    return true;
}

template <class OnElement>
bool JsonScanner::array(OnElement&& on_element) {
    bool inside = false;
    if (!enter('[', inside)) return false;
    while (inside) {
        watch();
        on_element(*this);
        if (!pass(']', inside)) return false;
    }
    return true;
}

}  // namespace clarify::detail

#if !defined(CLARIFY_SEPARATE_COMPILATION)
#include <clarify/core/detail/impl/json_scan.hpp>
#endif

#endif  // CLARIFY_CORE_DETAIL_JSON_SCAN_HPP
