// SPDX-License-Identifier: BSL-1.0
// JSON text to C++ values, by their shape.

#ifndef CLARIFY_JSON_DETAIL_VALUE_READER_HPP
#define CLARIFY_JSON_DETAIL_VALUE_READER_HPP

#include <clarify/core/detail/json_reader.hpp>
#include <clarify/core/detail/memory_budget.hpp>
#include <clarify/json/detail/json_shape.hpp>

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>

namespace clarify::detail {

/** A `JsonReader` that reads any C++ type which has a `JsonShape`. Every function returns `false`
    after a failure.

    `Document` knows the types of one JSON library: `holds<T>` says which they are, and
    `Document::read(reader, value)` reads one.
*/
template <class Document>
class ValueReader : public JsonReader {
public:
    ValueReader(std::string_view text, std::size_t max_depth, MemoryBudget& budget) noexcept
        : JsonReader(text, max_depth, &budget) {}

    template <class T>
    bool read(T& out);

    /** Reads a number and calls `use` with what holds it best.

        That is a `std::int64_t` or a `std::uint64_t` for a text without point and exponent that
        fits, else the nearest `double`, also for `-0`.
    */
    template <class Use>
    bool any_number(Use use);

private:
    template <class T>
    bool own(T& out);
    template <class E>
    bool enumeration(E& out);
    template <class T>
    bool described(T& out);
    template <class Map>
    bool map(Map& out);
    template <class List>
    bool list(List& out);
    template <class T, std::size_t n>
    bool list(std::array<T, n>& out);
    template <class Set>
    bool is_crowded(const Set& set, const typename Set::key_type& key);
};

template <class Document>
template <class T>
bool ValueReader<Document>::read(T& out) {
    constexpr JsonShape shape = read_shape<T, Document>();
    static_assert(
        shape != JsonShape::unsupported,
        "this type cannot be read from JSON: use a number, std::string, std::optional, a "
        "container, a map with std::string keys, a type described with Boost.Describe, or "
        "give it read_json_text()");
    if constexpr (shape == JsonShape::own) {
        return own(out);
    } else if constexpr (shape == JsonShape::document) {
        return Document::read(*this, out);
    } else if constexpr (shape == JsonShape::null) {
        out = nullptr;
        return expect(JsonKind::null, "null") && skip();
    } else if constexpr (shape == JsonShape::boolean) {
        return boolean(out);
    } else if constexpr (shape == JsonShape::integer) {
        return integer(out);
    } else if constexpr (shape == JsonShape::real) {
        return number(out);
    } else if constexpr (shape == JsonShape::text) {
        return string(out);
    } else if constexpr (shape == JsonShape::enumeration) {
        return enumeration(out);
    } else if constexpr (shape == JsonShape::optional) {
        out.reset();
        if (next() == JsonKind::null) return skip();
        return read(out.emplace());
    } else if constexpr (shape == JsonShape::object) {
        return described(out);
    } else if constexpr (shape == JsonShape::map) {
        return map(out);
    } else if constexpr (shape == JsonShape::list) {
        return list(out);
    }
}

template <class Document>
template <class T>
bool ValueReader<Document>::own(T& out) {
    if constexpr (ReadsFromReader<T>) {
        return read_json(static_cast<JsonReader&>(*this), out);
    } else {
        RawJson value;
        if (!raw(value)) return false;
        budget().charge(value.text.size());
        const Result<void> done = read_json_text(value.text, out);
        return done || fail(done.error());
    }
}

template <class Document>
template <class Use>
bool ValueReader<Document>::any_number(Use use) {
    std::string_view token;
    if (!raw(JsonKind::number, "a number", token)) return false;
    const auto whole = [token](auto& integer) {
        const char* const last = token.data() + token.size();
        const auto [stop, error] = std::from_chars(token.data(), last, integer);
        return error == std::errc{} && stop == last;
    };
    std::int64_t integer = 0;
    std::uint64_t large = 0;
    // Only a double has a negative zero.
    if (whole(integer) && token != "-0") {
        use(integer);
    } else if (whole(large)) {
        use(large);
    } else {
        const std::optional<double> nearest = json_real<double>(token);
        // The value is what was asked for, and the text has none.
        if (!nearest)
            return fail(Error{Errc::json, Reason::number_range, "the number is too large"});
        use(*nearest);
    }
    return true;
}

template <class Document>
template <class E>
bool ValueReader<Document>::enumeration(E& out) {
    std::string_view token;
    if (!raw_string(token)) return false;
    bool found = false;
    std::string names;
    using Enumerators = boost::describe::describe_enumerators<E>;
    boost::mp11::mp_for_each<Enumerators>([&](auto descriptor) {
        using Descriptor = decltype(descriptor);
        if (found || !key_is(token, CamelName<Descriptor>::value)) return;
        out = Descriptor::value;
        found = true;
    });
    if (found) return true;
    boost::mp11::mp_for_each<Enumerators>([&](auto descriptor) {
        names += names.empty() ? "one of " : ", ";
        names += CamelName<decltype(descriptor)>::value;
    });
    return mismatch(names, "another text");
}

template <class Document>
template <class T>
bool ValueReader<Document>::described(T& out) {
    using Members = MembersOf<T>;
    std::array<bool, boost::mp11::mp_size<Members>::value + 1> seen{};
    const bool complete = object([&](const JsonKey& key) {
        bool known = false;
        bool good = true;
        std::size_t index = 0;
        boost::mp11::mp_for_each<Members>([&](auto descriptor) {
            if (!known && key == CamelName<decltype(descriptor)>::value) {
                known = true;
                seen[index] = true;
                good = read(out.*descriptor.pointer);
            }
            ++index;
        });
        return known ? good : skip();
    });
    if (!complete) return false;
    bool good = true;
    std::size_t index = 0;
    boost::mp11::mp_for_each<Members>([&](auto descriptor) {
        auto& part = out.*descriptor.pointer;
        if constexpr (!is_optional<std::remove_cvref_t<decltype(part)>>) {
            constexpr std::string_view name = CamelName<decltype(descriptor)>::value;
            if (good && !seen[index])
                good = fail(Reason::members, "a required member is missing", &name);
        } else if (!seen[index]) {
            part.reset();
        }
        ++index;
    });
    return good;
}

template <class Document>
template <class Map>
bool ValueReader<Document>::map(Map& out) {
    if (!expect(JsonKind::object, "an object")) return false;
    out.clear();
    return object([&](const JsonKey& key) {
        this->template charge_node<Map>();
        std::string name = this->text(key);
        typename Map::mapped_type value{};
        if (!read(value)) return false;
        const auto place = out.insert_or_assign(std::move(name), std::move(value)).first;
        if constexpr (requires { out.begin(std::size_t{0}); })
            return !is_crowded(out, place->first);
        return true;
    });
}

/* Whoever knows the hash function can choose keys that all fall into the same bucket, and each of them
   is then compared with all others. Keys that nobody chose never come near the limit. */
template <class Document>
template <class Set>
bool ValueReader<Document>::is_crowded(const Set& set, const typename Set::key_type& key) {
    constexpr int most = 64;
    const std::size_t bucket = set.bucket(key);
    int count = 0;
    for (auto at = set.begin(bucket); at != set.end(bucket) && count <= most; ++at)
        ++count;
    return count > most &&
        !fail(Error{Errc::too_large, Reason::parse, "too many keys have the same hash"});
}

template <class Document>
template <class List>
bool ValueReader<Document>::list(List& out) {
    if (!expect(JsonKind::array, "an array")) return false;
    out.clear();
    return array([&] {
        grow(out);
        typename List::value_type element{};
        if (!read(element)) return false;
        if constexpr (requires { out.begin(std::size_t{0}); }) {
            const auto place = out.insert(out.end(), std::move(element));
            return !is_crowded(out, *place);
        } else {
            out.insert(out.end(), std::move(element));
            return true;
        }
    });
}

template <class Document>
template <class T, std::size_t n>
bool ValueReader<Document>::list(std::array<T, n>& out) {
    const std::string wanted = "an array of " + std::to_string(n) + " elements";
    std::size_t count = 0;
    const auto on_element = [&] {
        const std::size_t index = count++;
        return index < n ? read(out[index]) : skip();
    };
    if (!array(on_element, wanted)) return false;
    return count == n || mismatch(wanted, count < n ? "fewer" : "more");
}

}  // namespace clarify::detail

#endif  // CLARIFY_JSON_DETAIL_VALUE_READER_HPP
