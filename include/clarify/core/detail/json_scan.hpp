// SPDX-License-Identifier: BSL-1.0
// A strict, non-recursive JSON reader over text: it validates (RFC 8259, UTF-8, depth) and hands
// out the raw text of values, so that envelopes are checked once, whatever the codec behind them.

#ifndef CLARIFY_CORE_DETAIL_JSON_SCAN_HPP
#define CLARIFY_CORE_DETAIL_JSON_SCAN_HPP

#include <clarify/core/errc.hpp>

#include <bitset>
#include <charconv>
#include <clocale>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

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

    @par Thread safety
    Distinct objects: safe. Shared objects: unsafe.
*/
class JsonScanner {
public:
    explicit JsonScanner(std::string_view text, std::size_t max_depth = 64) noexcept
        : begin_(text.data()),
          at_(text.data()),
          end_(text.data() + text.size()),
          max_depth_(max_depth < json_depth_ceiling ? max_depth : json_depth_ceiling) {}

    /// `Reason::none` until something was wrong; afterwards every function does nothing.
    Reason reason() const noexcept { return reason_; }
    bool ok() const noexcept { return reason_ == Reason::none; }
    /// How many bytes were read; after a failure, near where it is.
    std::size_t offset() const noexcept { return static_cast<std::size_t>(at_ - begin_); }

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
};

/// Does the key token (quotes and escapes included) spell `name`?
bool key_is(std::string_view raw_key, std::string_view name);
/// The text of a string token that a `JsonScanner` accepted.
std::string json_unescape(std::string_view raw_string);
/// Appends `text` as a JSON string. `false`, with `out` unchanged, where `text` is not UTF-8.
bool append_json_string(std::string& out, std::string_view text);
/// Is `text` well-formed UTF-8 (RFC 3629)?
bool is_utf8(std::string_view text) noexcept;
/// The length of the well-formed UTF-8 sequence at `at`, or 0.
std::size_t utf8_sequence(const char* at, const char* end) noexcept;

/// The integer that a number token spells, as sign and magnitude.
struct JsonInteger {
    /// `mismatch` where the number has a fraction, `out_of_range` where 64 bits do not hold it.
    Reason reason = Reason::none;
    bool negative = false;
    std::uint64_t magnitude = 0;
};

/// Reads a number token as an integer, also when written as `7.0` or `7e0`. Exact: nothing is
/// rounded.
JsonInteger json_whole_number(std::string_view raw_number) noexcept;
/// The value of a number token if it is an integer that fits, also when written as `7.0` or `7e0`.
std::optional<std::int64_t> json_integer(std::string_view raw_number) noexcept;
/// The `Real` (`float` or `double`) nearest to a number token; nothing where it is beyond the
/// largest.
template <class Real>
std::optional<Real> json_real(std::string_view raw_number);

}  // namespace clarify::detail

#include <clarify/core/detail/impl/json_number.hpp>
#include <clarify/core/detail/impl/json_scan.hpp>
#include <clarify/core/detail/impl/json_string.hpp>

#endif  // CLARIFY_CORE_DETAIL_JSON_SCAN_HPP
