// SPDX-License-Identifier: BSL-1.0
// The one reader of JSON text: values from left to right, and what is wrong with one that does not
// fit.

#ifndef CLARIFY_CORE_DETAIL_JSON_READER_HPP
#define CLARIFY_CORE_DETAIL_JSON_READER_HPP

#include <clarify/core/detail/json_fault.hpp>
#include <clarify/core/detail/json_number.hpp>
#include <clarify/core/detail/json_scan.hpp>
#include <clarify/core/detail/json_text.hpp>
#include <clarify/core/detail/memory_budget.hpp>
#include <clarify/core/result.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace clarify::detail {

/** Reads values from left to right, in one pass, without a document in between.

    Every function returns `false` for a failure, which the caller passes on at once. Faults of the
    text are those of `JsonScanner`; a value that is not what was wanted is `Errc::decode`, with a
    pointer to it.

    A type joins in by a function `bool read_json(JsonReader&, T&)` in this namespace. The codecs
    build on it what reads any C++ type, see `ValueReader`.

    All memory that grows with what a peer sent comes from one budget, and is charged to it before it
    is taken: `string` and `text` do so, `grow` for elements, `charge_node` for those of maps. Where
    it is used up they throw `MemoryBudgetExceeded`, which `document` turns into an error. Where the
    time that the budget obeys is up, `DecodeTimeUp` is thrown through `document`.

    @par Thread safety
    Distinct objects: safe. Shared objects: unsafe.
*/
class JsonReader {
public:
    /// `budget` is shared with others, and outlives the reader; null is one of its own.
    explicit JsonReader(
        std::string_view text,
        std::size_t max_depth = json_depth_ceiling,
        MemoryBudget* budget = nullptr) noexcept
        : scanner_(text, max_depth, budget != nullptr ? budget->time() : nullptr),
          size_(text.size()),
          shared_(budget) {}
    JsonReader(const JsonReader&) = delete;
    JsonReader& operator=(const JsonReader&) = delete;

    /// The kind of the value that comes next, as `JsonScanner::next` judges it.
    JsonKind next() noexcept { return scanner_.next(); }
    /// The value that comes next, which is not taken; empty where it is broken.
    std::string_view ahead() const {
        JsonScanner scout = scanner_;
        return scout.value().text;
    }
    /// Reads a value of any kind and drops it.
    bool skip() { return scanner_.value(), scanner_.ok(); }
    /// Reads a null and returns `true`, or leaves what is something else.
    bool take_null() { return next() == JsonKind::null && skip(); }
    /// Reads a value of any kind as it stands in the text.
    bool raw(RawJson& out) { return out = scanner_.value(), scanner_.ok(); }
    /// The same for one of a certain kind, which messages call `wanted`.
    bool raw(JsonKind kind, std::string_view wanted, std::string_view& out) {
        if (!expect(kind, wanted)) return false;
        out = scanner_.value().text;
        return scanner_.ok();
    }
    /// A string as it stands in the text, with its quotes and escapes.
    bool raw_string(std::string_view& out) { return raw(JsonKind::string, "a string", out); }
    bool string(std::string& out);
    bool boolean(bool& out);
    /// A number without a fraction that the type holds: exact, also when written as `7.0` or `7e0`.
    template <std::integral Integer>
    bool integer(Integer& out);
    /// A number that a `float` or a `double` can come near to.
    template <std::floating_point Real>
    bool number(Real& out);
    /// The same; null leaves `out` alone.
    bool number_or_null(double& out) { return next() == JsonKind::null ? skip() : number(out); }
    /// Calls `on_member(key)`, which reads exactly one value, for each member.
    template <class OnMember>
    bool object(OnMember&& on_member);
    /// Calls `on_element()`, which reads exactly one value, for each element.
    template <class OnElement>
    bool array(OnElement&& on_element, std::string_view wanted = "an array");

    /// Reads the whole text as one value.
    template <class Read>
    bool document(Read&& read) {
        try {
            return scanner_.start() && read() && scanner_.finish();
        } catch (const MemoryBudgetExceeded&) {
            fault_.set(
                Errc::too_large,
                Reason::parse,
                {},
                "what is decoded would take more memory than is allowed");
            return scanner_.fail(Reason::parse);
        }
    }

    MemoryBudget& budget() noexcept { return shared_ != nullptr ? *shared_ : own_; }
    /// The text of a key, to be kept.
    std::string text(const JsonKey& key) {
        budget().charge_block(key.raw().size());
        return key.text();
    }
    /// For a new element of a map: what is around its key and value.
    template <class Map>
    void charge_node() {
        budget().charge_block(sizeof(typename Map::value_type) + node_links);
    }
    /// Makes room for one more element of a list.
    template <class List>
    void grow(List& out);
    /// The same for a list whose elements are made where they are: makes one.
    template <class List>
    typename List::value_type& add_to(List& out) {
        grow(out);
        return out.emplace_back();
    }

    /// Fails unless a value of this kind comes next.
    bool expect(JsonKind kind, std::string_view wanted);
    /// Reports that the value that was read last is not what was wanted.
    bool mismatch(std::string_view wanted, std::string_view found);
    /// Reports another fault of the value that was read last; with a `key`, of the member of that
    /// name that it should have.
    bool fail(Reason reason, std::string_view what, const std::string_view* key = nullptr);
    /// Reports what a type that reads its own text found in the value that was read last.
    bool fail(const Error& error);
    /// What went wrong. A text that is no JSON is reported with the code `broken`.
    Error error(Errc broken = Errc::json) const {
        if (fault_) return fault_.error();
        const std::size_t offset = scanner_.offset();
        return Error{broken, scanner_.reason(), broken_json(scanner_.reason(), offset, size_)};
    }

private:
    static constexpr std::size_t node_links = 4 * sizeof(void*);

    JsonScanner scanner_;
    JsonFault fault_;
    std::size_t size_;
    MemoryBudget own_;
    MemoryBudget* shared_;
};

inline bool JsonReader::fail(Reason reason, std::string_view what, const std::string_view* key) {
    if (!scanner_.ok()) return false;
    fault_.set(Errc::decode, reason, JsonPlace{scanner_.taken()}.pointer(key), what);
    return scanner_.fail(reason);
}

inline bool JsonReader::fail(const Error& error) {
    if (!scanner_.ok()) return false;
    const std::string pointer = JsonPlace{scanner_.taken()}.pointer();
    fault_.set(error.code(), error.reason(), pointer, error.message());
    return scanner_.fail(Reason::mismatch);
}

inline bool JsonReader::mismatch(std::string_view wanted, std::string_view found) {
    std::string text{"expected "};
    text += wanted;
    text += ", found ";
    text += found;
    return fail(Reason::mismatch, text);
}

inline bool JsonReader::expect(JsonKind kind, std::string_view wanted) {
    if (scanner_.next() == kind) return scanner_.ok();
    // A value of another kind has to be a value: broken text is told apart.
    const RawJson found = scanner_.value();
    return scanner_.ok() && mismatch(wanted, with_article(found.kind));
}

inline bool JsonReader::string(std::string& out) {
    std::string_view token;
    if (!raw_string(token)) return false;
    budget().charge_block(token.size());
    out = json_unescape(token);
    return true;
}

inline bool JsonReader::boolean(bool& out) {
    std::string_view token;
    if (!raw(JsonKind::boolean, "a boolean", token)) return false;
    out = token == "true";
    return true;
}

template <std::integral Integer>
bool JsonReader::integer(Integer& out) {
    std::string_view token;
    if (!raw(JsonKind::number, "an integer", token)) return false;
    const JsonInteger whole = json_whole_number(token);
    if (whole.reason == Reason::mismatch) return mismatch("an integer", "a number with a fraction");
    using Limits = std::numeric_limits<Integer>;
    auto largest = static_cast<std::uint64_t>((Limits::max)());
    if (whole.negative) largest = std::signed_integral<Integer> ? largest + 1 : 0;
    if (whole.reason != Reason::none || whole.magnitude > largest) {
        return fail(
            Reason::out_of_range,
            "the number does not fit an integer of " + std::to_string(8 * sizeof(Integer)) +
                (std::signed_integral<Integer> ? " bits" : " bits without sign"));
    }
    out = static_cast<Integer>(whole.negative ? 0 - whole.magnitude : whole.magnitude);
    return true;
}

template <std::floating_point Real>
bool JsonReader::number(Real& out) {
    std::string_view token;
    if (!raw(JsonKind::number, "a number", token)) return false;
    const std::optional<Real> nearest = json_real<Real>(token);
    if (!nearest) return fail(Reason::out_of_range, "the number is too large");
    out = *nearest;
    return true;
}

template <class List>
void JsonReader::grow(List& out) {
    constexpr std::size_t each = sizeof(typename List::value_type);
    if constexpr (requires { out.reserve(out.capacity()); }) {
        if (out.size() != out.capacity()) return;
        // While it grows, a vector holds the old and the new elements.
        const std::size_t before = out.capacity();
        const std::size_t after = before < 4 ? 4 : 2 * before;
        budget().charge_block(after * each);
        out.reserve(after);
        budget().refund(before * each);
    } else {
        budget().charge_block(each + node_links);
    }
}

template <class OnMember>
bool JsonReader::object(OnMember&& on_member) {
    return expect(JsonKind::object, "an object") &&
        scanner_.object([&](std::string_view key, JsonScanner& at) {
            if (!on_member(JsonKey{key})) at.fail(Reason::mismatch);
        });
}

template <class OnElement>
bool JsonReader::array(OnElement&& on_element, std::string_view wanted) {
    return expect(JsonKind::array, wanted) && scanner_.array([&](JsonScanner& at) {
        if (!on_element()) at.fail(Reason::mismatch);
    });
}

/// The body of a `read_json_text`: `read(in, value)` reads a `T`. On success `out` is replaced, else
/// it is left alone.
template <class T, class Read>
Result<void> read_json_document(std::string_view text, T& out, Read&& read, T value = T{}) {
    JsonReader in{text};
    if (!in.document([&] { return read(in, value); })) return in.error(Errc::decode);
    out = std::move(value);
    return {};
}

/// The same for a type with a `read_json`.
template <class T>
Result<void> read_json_document(std::string_view text, T& out) {
    return read_json_document(
        text, out, [](JsonReader& in, T& value) { return read_json(in, value); });
}

}  // namespace clarify::detail

#endif  // CLARIFY_CORE_DETAIL_JSON_READER_HPP
