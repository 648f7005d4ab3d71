// SPDX-License-Identifier: BSL-1.0
// C++ values to JSON text, without a document in between.

#ifndef CLARIFY_JSON_DETAIL_JSON_WRITER_HPP
#define CLARIFY_JSON_DETAIL_JSON_WRITER_HPP

#include <clarify/core/detail/json_scan.hpp>
#include <clarify/json/detail/json_failure.hpp>
#include <clarify/json/detail/json_shape.hpp>
#include <clarify/json/json_codec_options.hpp>

#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <ranges>
#include <string>
#include <string_view>
#include <type_traits>

namespace clarify::detail {

/** Appends values to a text. Every function returns `false` after a failure.

    `Document` knows the types of one JSON library: `holds<T>` says which they are, and
    `Document::write(writer, value)` writes one.
*/
template <class Document>
class JsonWriter {
public:
    JsonWriter(std::string& out, const JsonCodecOptions& options) noexcept
        : out_(out), depth_left_(options.max_depth), non_finite_(options.non_finite) {}

    template <class T>
    bool write(const T& value);

    /// Writes the bracket that opens an array or an object.
    bool open(char bracket);
    /// Writes the bracket that closes it.
    bool close(char bracket);
    /// Writes one member of an open object. `first` is `true` for its first one, and is cleared.
    template <class T>
    bool member(std::string_view key, const T& value, bool& first);
    template <class Range>
    bool list(const Range& range);

    /// The value has no JSON text. Always `false`.
    bool fail(Reason reason, const char* text) {
        return failure_.set(Errc::bad_argument, reason, text);
    }
    Error error() const { return failure_.error(); }

private:
    void separate(bool& first) {
        if (!first) out_ += ',';
        first = false;
    }
    template <class Number>
    bool number(Number value);
    bool text(std::string_view value);
    template <class E>
    bool enumeration(E value);
    template <class T>
    bool described(const T& value);
    /// Is what a type wrote by itself, from `start` on, one JSON value?
    bool is_one_value(std::size_t start);

    std::string& out_;
    std::size_t depth_left_;
    NonFinite non_finite_;
    JsonFailure failure_;
};

template <class Document>
bool JsonWriter<Document>::is_one_value(std::size_t start) {
    if (out_.size() <= start) return fail(Reason::params, "append_json_text() wrote nothing");
    JsonScanner scanner{std::string_view{out_}.substr(start), depth_left_};
    scanner.document();
    if (scanner.ok()) return true;
    if (scanner.reason() == Reason::depth) return fail(Reason::depth, "nested too deeply");
    return fail(Reason::params, "append_json_text() did not write one JSON value");
}

template <class Document>
template <class T>
bool JsonWriter<Document>::write(const T& value) {
    constexpr JsonShape shape = written_shape<T, Document>();
    static_assert(
        shape != JsonShape::unsupported,
        "this type has no JSON form: use a number, text, std::optional, a range, a map with "
        "text keys, a type described with Boost.Describe, or give it append_json_text()");
    if constexpr (shape == JsonShape::own) {
        const std::size_t start = out_.size();
        const Result<void> written = append_json_text(out_, value);
        if (!written) return failure_.set(written.error());
        return is_one_value(start);
    } else if constexpr (shape == JsonShape::document) {
        return Document::write(*this, value);
    } else if constexpr (shape == JsonShape::null) {
        out_ += "null";
        return true;
    } else if constexpr (shape == JsonShape::boolean) {
        out_ += value ? "true" : "false";
        return true;
    } else if constexpr (shape == JsonShape::integer) {
        return number(value);
    } else if constexpr (shape == JsonShape::real) {
        if (!std::isfinite(value)) {
            if (non_finite_ == NonFinite::null) return write(nullptr);
            return fail(Reason::params, "NaN and infinity have no JSON text");
        }
        return number(value);
    } else if constexpr (shape == JsonShape::text) {
        if constexpr (std::is_pointer_v<T>) {
            if (value == nullptr) return write(nullptr);
        }
        return text(value);
    } else if constexpr (shape == JsonShape::enumeration) {
        return enumeration(value);
    } else if constexpr (shape == JsonShape::optional) {
        return value ? write(*value) : write(nullptr);
    } else if constexpr (shape == JsonShape::object) {
        return described(value);
    } else if constexpr (shape == JsonShape::map) {
        if (!open('{')) return false;
        bool first = true;
        for (const auto& [key, mapped] : value) {
            if (!member(key, mapped, first)) return false;
        }
        return close('}');
    } else if constexpr (shape == JsonShape::list) {
        return list(value);
    }
}

template <class Document>
bool JsonWriter<Document>::open(char bracket) {
    if (depth_left_ == 0) return fail(Reason::depth, "the value is nested too deeply");
    --depth_left_;
    out_ += bracket;
    return true;
}

template <class Document>
bool JsonWriter<Document>::close(char bracket) {
    ++depth_left_;
    out_ += bracket;
    return true;
}

template <class Document>
template <class T>
bool JsonWriter<Document>::member(std::string_view key, const T& value, bool& first) {
    separate(first);
    if (!text(key)) return failure_.at(key);
    out_ += ':';
    return write(value) || failure_.at(key);
}

template <class Document>
template <class Range>
bool JsonWriter<Document>::list(const Range& range) {
    if (!open('[')) return false;
    bool first = true;
    std::size_t index = 0;
    // The declared type turns the proxies of std::vector<bool> into values.
    for (const std::ranges::range_value_t<const Range>& element : range) {
        separate(first);
        if (!write(element)) return failure_.at(index);
        ++index;
    }
    return close(']');
}

template <class Document>
template <class Number>
bool JsonWriter<Document>::number(Number value) {
    // Enough for every 64-bit integer and every shortest double.
    std::array<char, 32> digits{};
    const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), value);
    out_.append(digits.data(), end);
    return error == std::errc{};
}

template <class Document>
bool JsonWriter<Document>::text(std::string_view value) {
    return append_json_string(out_, value) || fail(Reason::encoding, "the text is not UTF-8");
}

template <class Document>
template <class E>
bool JsonWriter<Document>::enumeration(E value) {
    std::string_view name;
    boost::mp11::mp_for_each<boost::describe::describe_enumerators<E>>([&](auto descriptor) {
        using Descriptor = decltype(descriptor);
        if (name.empty() && value == Descriptor::value) name = CamelName<Descriptor>::quoted;
    });
    if (name.empty()) return fail(Reason::params, "the enumeration has no name for this value");
    out_ += name;
    return true;
}

template <class Document>
template <class T>
bool JsonWriter<Document>::described(const T& value) {
    if (!open('{')) return false;
    bool first = true;
    bool good = true;
    boost::mp11::mp_for_each<MembersOf<T>>([&](auto descriptor) {
        using Name = CamelName<decltype(descriptor)>;
        const auto& part = value.*descriptor.pointer;
        if constexpr (is_optional<std::remove_cvref_t<decltype(part)>>) {
            if (!part) return;
        }
        if (!good) return;
        separate(first);
        out_ += Name::member_start;
        good = write(part) || failure_.at(Name::value);
    });
    return good && close('}');
}

}  // namespace clarify::detail

#endif  // CLARIFY_JSON_DETAIL_JSON_WRITER_HPP
