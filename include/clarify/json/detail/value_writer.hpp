// SPDX-License-Identifier: BSL-1.0
// C++ values to JSON text, by their shape.

#ifndef CLARIFY_JSON_DETAIL_VALUE_WRITER_HPP
#define CLARIFY_JSON_DETAIL_VALUE_WRITER_HPP

#include <clarify/core/detail/json_writer.hpp>
#include <clarify/json/detail/json_shape.hpp>
#include <clarify/json/json_codec_options.hpp>

#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>

namespace clarify::detail {

/** A `JsonWriter` that writes any C++ type which has a `JsonShape`. Every function returns `false`
    after a failure.

    `Document` knows the types of one JSON library: `holds<T>` says which they are, and
    `Document::write(writer, value)` writes one.
*/
template <class Document>
class ValueWriter : public JsonWriter {
public:
    ValueWriter(std::string& out, const JsonCodecOptions& options) noexcept
        : JsonWriter(out, JsonSpelling::plain, options.max_depth),
          non_finite_(options.non_finite) {}

    template <class T>
    bool write(const T& value);
    /// Writes one member of an open object.
    template <class T>
    bool member(std::string_view name, const T& value) {
        return key(name) && write(value);
    }
    template <class Range>
    bool list(const Range& range);

private:
    template <class T>
    bool own(const T& value);
    template <class Real>
    bool real(Real value);
    template <class E>
    bool enumeration(E value);
    template <class T>
    bool described(const T& value);
    template <class Map>
    bool map(const Map& value);

    NonFinite non_finite_;
};

template <class Document>
template <class T>
bool ValueWriter<Document>::write(const T& value) {
    constexpr JsonShape shape = written_shape<T, Document>();
    static_assert(
        shape != JsonShape::unsupported,
        "this type has no JSON form: use a number, text, std::optional, a range, a map with "
        "text keys, a type described with Boost.Describe, or give it append_json_text()");
    if constexpr (shape == JsonShape::own) {
        return own(value);
    } else if constexpr (shape == JsonShape::document) {
        return Document::write(*this, value);
    } else if constexpr (shape == JsonShape::null) {
        return null();
    } else if constexpr (shape == JsonShape::boolean) {
        return boolean(value);
    } else if constexpr (shape == JsonShape::integer) {
        return number(value);
    } else if constexpr (shape == JsonShape::real) {
        return real(value);
    } else if constexpr (shape == JsonShape::text) {
        if constexpr (std::is_pointer_v<T>) {
            if (value == nullptr) return null();
        }
        return string(value);
    } else if constexpr (shape == JsonShape::enumeration) {
        return enumeration(value);
    } else if constexpr (shape == JsonShape::optional) {
        return value ? write(*value) : null();
    } else if constexpr (shape == JsonShape::object) {
        return described(value);
    } else if constexpr (shape == JsonShape::map) {
        return map(value);
    } else if constexpr (shape == JsonShape::list) {
        return list(value);
    }
}

/// Writes a type that has a text of its own, which has to be one JSON value.
template <class Document>
template <class T>
bool ValueWriter<Document>::own(const T& value) {
    const std::size_t start = text().size();
    const Result<void> written = append_json_text(text(), value);
    if (!written) return fail(written.error(), start);
    if (text().size() <= start)
        return fail(Reason::params, "append_json_text() wrote nothing", start);
    JsonScanner scanner{std::string_view{text()}.substr(start), depth_left()};
    scanner.document();
    if (scanner.ok()) return true;
    if (scanner.reason() == Reason::depth)
        return fail(Reason::depth, "the value is nested too deeply", start);
    return fail(Reason::params, "append_json_text() did not write one JSON value", start);
}

template <class Document>
template <class Real>
bool ValueWriter<Document>::real(Real value) {
    if (std::isfinite(value)) return number(value);
    if (non_finite_ == NonFinite::null) return null();
    return fail(Reason::params, "NaN and infinity have no JSON text");
}

template <class Document>
template <class Map>
bool ValueWriter<Document>::map(const Map& value) {
    if (!open('{')) return false;
    for (const auto& [key, mapped] : value) {
        if (!member(key, mapped)) return false;
    }
    return close('}');
}

template <class Document>
template <class Range>
bool ValueWriter<Document>::list(const Range& range) {
    if (!open('[')) return false;
    // The declared type turns the proxies of std::vector<bool> into values.
    for (const std::ranges::range_value_t<const Range>& value : range) {
        element();
        if (!write(value)) return false;
    }
    return close(']');
}

template <class Document>
template <class E>
bool ValueWriter<Document>::enumeration(E value) {
    std::string_view name;
    boost::mp11::mp_for_each<boost::describe::describe_enumerators<E>>([&](auto descriptor) {
        using Descriptor = decltype(descriptor);
        if (name.empty() && value == Descriptor::value) name = CamelName<Descriptor>::quoted;
    });
    if (!name.empty()) return raw(name);
    return fail(Reason::params, "the enumeration has no name for this value");
}

template <class Document>
template <class T>
bool ValueWriter<Document>::described(const T& value) {
    if (!open('{')) return false;
    bool good = true;
    boost::mp11::mp_for_each<MembersOf<T>>([&](auto descriptor) {
        const auto& part = value.*descriptor.pointer;
        if constexpr (is_optional<std::remove_cvref_t<decltype(part)>>) {
            if (!part) return;
        }
        if (!good) return;
        key_text(CamelName<decltype(descriptor)>::member_start);
        good = write(part);
    });
    return good && close('}');
}

}  // namespace clarify::detail

#endif  // CLARIFY_JSON_DETAIL_VALUE_WRITER_HPP
