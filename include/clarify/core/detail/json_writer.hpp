// SPDX-License-Identifier: BSL-1.0
// The one writer of JSON text: values from left to right, with their commas, and what cannot be
// written.

#ifndef CLARIFY_CORE_DETAIL_JSON_WRITER_HPP
#define CLARIFY_CORE_DETAIL_JSON_WRITER_HPP

#include <clarify/core/detail/json_fault.hpp>
#include <clarify/core/detail/json_number.hpp>
#include <clarify/core/detail/json_text.hpp>
#include <clarify/core/result.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace clarify::detail {

/** Appends JSON text piece by piece, and keeps commas, depth and faults in mind.

    Functions return `false` for a fault, which is `Errc::bad_argument` with a pointer to the
    culprit. The caller may stop at once or go on as if nothing had happened: the first fault stays,
    and the text is void.

    A type joins in by a function `void write_json(JsonWriter&, const T&)` in this namespace. The
    codecs build on it what writes any C++ type, see `ValueWriter`.

    @par Thread safety
    Distinct objects: safe. Shared objects: unsafe.
*/
class JsonWriter {
public:
    /// `max_depth`: how deeply containers may be nested.
    explicit JsonWriter(
        std::string& out,
        JsonSpelling spelling = JsonSpelling::plain,
        std::size_t max_depth = SIZE_MAX) noexcept
        : out_(out), begin_(out.size()), depth_left_(max_depth), spelling_(spelling) {}

    /// Writes the bracket that opens an array or an object.
    bool open(char bracket) {
        if (depth_left_ == 0) return fail(Reason::depth, "the value is nested too deeply");
        --depth_left_;
        out_ += bracket;
        is_first_ = true;
        return true;
    }
    /// Writes the bracket that closes it.
    bool close(char bracket) {
        ++depth_left_;
        out_ += bracket;
        is_first_ = false;
        return true;
    }
    /// Begins a member of an object; a value follows.
    bool key(std::string_view name) {
        separate();
        if (!append_json_string(out_, name, spelling_))
            return fail(Reason::encoding, not_utf8, out_.size(), &name);
        out_ += ':';
        return true;
    }
    /// The same with the name as it is in the text: in quotes, with its colon.
    void key_text(std::string_view quoted) {
        separate();
        out_ += quoted;
    }
    /// Begins an element of an array; a value follows.
    void element() { separate(); }
    bool string(std::string_view text) {
        return append_json_string(out_, text, spelling_) || fail(Reason::encoding, not_utf8);
    }
    /// A number, which is finite.
    template <class Number>
    bool number(Number value) {
        char digits[json_number_size];
        out_.append(digits, put_json_number(digits, value));
        return true;
    }
    bool boolean(bool value) { return raw(value ? "true" : "false"); }
    bool null() { return raw("null"); }
    /// A value that is JSON text already.
    bool raw(std::string_view text) {
        out_ += text;
        return true;
    }

    /// Reports a fault of the value that comes next.
    bool fail(Reason reason, std::string_view what) { return fail(reason, what, out_.size()); }
    /// The first fault, or success.
    Result<void> done() const {
        if (fault_) return fault_.error();
        return {};
    }

protected:
    std::string& text() noexcept { return out_; }
    std::size_t depth_left() const noexcept { return depth_left_; }
    /// Reports a fault of the value that begins at `start`, or of its member `key`.
    bool fail(
        Reason reason,
        std::string_view what,
        std::size_t start,
        const std::string_view* key = nullptr) {
        return fail(Errc::bad_argument, reason, what, start, key);
    }
    /// The same for what a type that writes its own text reports.
    bool fail(const Error& error, std::size_t start) {
        return fail(error.code(), error.reason(), error.message(), start, nullptr);
    }

private:
    static constexpr std::string_view not_utf8 = "the text is not UTF-8";

    bool fail(
        Errc code,
        Reason reason,
        std::string_view what,
        std::size_t start,
        const std::string_view* key) {
        if (fault_) return false;
        const std::string_view all{out_};
        const std::size_t end = (std::min)(start, all.size());
        const std::size_t begin = (std::min)(begin_, end);
        const JsonPlace place{all.substr(begin, end - begin)};
        return fault_.set(code, reason, place.pointer(key), what);
    }
    void separate() {
        if (!is_first_) out_ += ',';
        is_first_ = false;
    }

    std::string& out_;
    /// Where the text begins in it.
    std::size_t begin_;
    std::size_t depth_left_;
    JsonSpelling spelling_;
    bool is_first_ = true;
    JsonFault fault_;
};

/// The body of an `append_json_text`: `write(json)` writes one value. Where it fails, `out` is as
/// before.
template <class Write>
Result<void> append_json_document_by(std::string& out, Write&& write) {
    const std::size_t before = out.size();
    JsonWriter json{out};
    write(json);
    Result<void> done = json.done();
    if (!done) out.resize(before);
    return done;
}

/// The same for a type with a `write_json`.
template <class T>
Result<void> append_json_document(std::string& out, const T& value) {
    return append_json_document_by(out, [&](JsonWriter& writer) { write_json(writer, value); });
}

}  // namespace clarify::detail

#endif  // CLARIFY_CORE_DETAIL_JSON_WRITER_HPP
