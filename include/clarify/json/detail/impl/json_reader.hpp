// SPDX-License-Identifier: BSL-1.0

#ifndef CLARIFY_JSON_DETAIL_IMPL_JSON_READER_HPP
#define CLARIFY_JSON_DETAIL_IMPL_JSON_READER_HPP

namespace clarify::detail {

/// What error messages call a kind.
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

template <class Document>
Error JsonReader<Document>::error() const {
    if (failure_) return failure_.error();
    return Error{
        Errc::json,
        scanner_.reason(),
        "not a JSON text, near byte " + std::to_string(scanner_.offset())};
}

template <class Document>
bool JsonReader<Document>::mismatch(std::string_view expected, std::string_view found) {
    std::string text{"expected "};
    text += expected;
    text += ", found ";
    text += found;
    return fail(Errc::decode, Reason::mismatch, std::move(text));
}

template <class Document>
bool JsonReader<Document>::expect(JsonKind kind, std::string_view expected) {
    if (scanner_.next() == kind) return scanner_.ok();
    // A value of another kind has to be a value: broken text is told apart.
    const RawJson found = scanner_.value();
    return scanner_.ok() && mismatch(expected, with_article(found.kind));
}

template <class Document>
template <class T>
bool JsonReader<Document>::read(T& out) {
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
        return expect(JsonKind::null, "null") && (scanner_.value(), scanner_.ok());
    } else if constexpr (shape == JsonShape::boolean) {
        if (!expect(JsonKind::boolean, "a boolean")) return false;
        out = scanner_.value().text == "true";
        return scanner_.ok();
    } else if constexpr (shape == JsonShape::integer) {
        return integer(out);
    } else if constexpr (shape == JsonShape::real) {
        return real(out);
    } else if constexpr (shape == JsonShape::text) {
        return text(out);
    } else if constexpr (shape == JsonShape::enumeration) {
        return enumeration(out);
    } else if constexpr (shape == JsonShape::optional) {
        out.reset();
        if (scanner_.next() == JsonKind::null) return scanner_.value(), scanner_.ok();
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
bool JsonReader<Document>::own(T& out) {
    const RawJson raw = scanner_.value();
    if (!scanner_.ok()) return false;
    budget_.charge(raw.text.size());
    const Result<void> done = read_json_text(raw.text, out);
    if (done) return true;
    failure_.set(done.error());
    return scanner_.fail(Reason::mismatch);
}

template <class Document>
template <class Integer>
bool JsonReader<Document>::integer(Integer& out) {
    if (!expect(JsonKind::number, "an integer")) return false;
    const RawJson raw = scanner_.value();
    if (!scanner_.ok()) return false;
    const JsonInteger whole = json_whole_number(raw.text);
    if (whole.reason == Reason::mismatch) return mismatch("an integer", "a number with a fraction");
    using Limits = std::numeric_limits<Integer>;
    auto largest = static_cast<std::uint64_t>((Limits::max)());
    if (whole.negative) largest = std::signed_integral<Integer> ? largest + 1 : 0;
    if (whole.reason != Reason::none || whole.magnitude > largest) {
        return fail(
            Errc::decode,
            Reason::out_of_range,
            "the number does not fit an integer of " + std::to_string(8 * sizeof(Integer)) +
                (std::signed_integral<Integer> ? " bits" : " bits without sign"));
    }
    out = static_cast<Integer>(whole.negative ? 0 - whole.magnitude : whole.magnitude);
    return true;
}

template <class Document>
template <class Real>
bool JsonReader<Document>::real(Real& out) {
    if (!expect(JsonKind::number, "a number")) return false;
    const RawJson raw = scanner_.value();
    if (!scanner_.ok()) return false;
    const std::optional<Real> value = json_real<Real>(raw.text);
    if (!value) return fail(Errc::decode, Reason::out_of_range, "the number is too large");
    out = *value;
    return true;
}

template <class Document>
template <class Use>
bool JsonReader<Document>::number(Use use) {
    const RawJson raw = scanner_.value();
    if (!scanner_.ok()) return false;
    const auto whole = [&raw](auto& integer) {
        const char* const last = raw.text.data() + raw.text.size();
        const auto [stop, error] = std::from_chars(raw.text.data(), last, integer);
        return error == std::errc{} && stop == last;
    };
    std::int64_t integer = 0;
    std::uint64_t large = 0;
    // Only a double has a negative zero.
    if (whole(integer) && raw.text != "-0") {
        use(integer);
    } else if (whole(large)) {
        use(large);
    } else {
        const std::optional<double> nearest = json_real<double>(raw.text);
        if (!nearest) return fail(Errc::decode, Reason::out_of_range, "the number is too large");
        use(*nearest);
    }
    return true;
}

template <class Document>
bool JsonReader<Document>::text(std::string& out) {
    if (!expect(JsonKind::string, "a string")) return false;
    const RawJson raw = scanner_.value();
    if (!scanner_.ok()) return false;
    budget_.charge_block(raw.text.size());
    out = json_unescape(raw.text);
    return true;
}

template <class Document>
template <class E>
bool JsonReader<Document>::enumeration(E& out) {
    if (!expect(JsonKind::string, "a string")) return false;
    const RawJson raw = scanner_.value();
    if (!scanner_.ok()) return false;
    bool found = false;
    std::string names;
    using Enumerators = boost::describe::describe_enumerators<E>;
    boost::mp11::mp_for_each<Enumerators>([&](auto descriptor) {
        using Descriptor = decltype(descriptor);
        if (found || !key_is(raw.text, CamelName<Descriptor>::value)) return;
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
bool JsonReader<Document>::described(T& out) {
    if (!expect(JsonKind::object, "an object")) return false;
    using Members = MembersOf<T>;
    std::array<bool, boost::mp11::mp_size<Members>::value + 1> seen{};
    scanner_.object([&](std::string_view key, JsonScanner&) {
        bool known = false;
        std::size_t index = 0;
        boost::mp11::mp_for_each<Members>([&](auto descriptor) {
            using Name = CamelName<decltype(descriptor)>;
            if (!known && key_is(key, Name::value)) {
                known = true;
                seen[index] = true;
                if (!read(out.*descriptor.pointer)) at(Name::value);
            }
            ++index;
        });
        if (!known) scanner_.value();
    });
    if (!scanner_.ok()) return false;
    std::size_t index = 0;
    boost::mp11::mp_for_each<Members>([&](auto descriptor) {
        auto& part = out.*descriptor.pointer;
        if constexpr (!is_optional<std::remove_cvref_t<decltype(part)>>) {
            if (!seen[index] && scanner_.ok()) {
                fail(Errc::decode, Reason::members, "a required member is missing");
                at(CamelName<decltype(descriptor)>::value);
            }
        } else if (!seen[index]) {
            part.reset();
        }
        ++index;
    });
    return scanner_.ok();
}

template <class Document>
template <class Map>
bool JsonReader<Document>::map(Map& out) {
    if (!expect(JsonKind::object, "an object")) return false;
    out.clear();
    constexpr std::size_t node_links = 4 * sizeof(void*);
    return scanner_.object([&](std::string_view raw_key, JsonScanner&) {
        budget_.charge_block(sizeof(typename Map::value_type) + node_links);
        budget_.charge_block(raw_key.size());
        std::string key = json_unescape(raw_key);
        typename Map::mapped_type value{};
        if (read(value)) {
            out.insert_or_assign(std::move(key), std::move(value));
        } else {
            at(std::string_view{key});
        }
    });
}

template <class Document>
template <class List>
bool JsonReader<Document>::list(List& out) {
    if (!expect(JsonKind::array, "an array")) return false;
    out.clear();
    std::size_t index = 0;
    return scanner_.array([&](JsonScanner&) {
        make_room(out);
        typename List::value_type element{};
        if (read(element)) {
            out.insert(out.end(), std::move(element));
        } else {
            at(index);
        }
        ++index;
    });
}

template <class Document>
template <class T, std::size_t n>
bool JsonReader<Document>::list(std::array<T, n>& out) {
    const std::string expected = "an array of " + std::to_string(n) + " elements";
    if (!expect(JsonKind::array, expected)) return false;
    std::size_t index = 0;
    scanner_.array([&](JsonScanner&) {
        if (index == n) {
            mismatch(expected, "more");
        } else if (!read(out[index])) {
            at(index);
        }
        ++index;
    });
    if (scanner_.ok() && index < n) mismatch(expected, "fewer");
    return scanner_.ok();
}

template <class Document>
template <class List>
void JsonReader<Document>::make_room(List& out) {
    constexpr std::size_t each = sizeof(typename List::value_type);
    if constexpr (requires { out.reserve(out.capacity()); }) {
        if (out.size() != out.capacity()) return;
        // While it grows, a vector holds the old and the new elements.
        const std::size_t before = out.capacity();
        const std::size_t after = before < 4 ? 4 : 2 * before;
        budget_.charge_block(after * each);
        out.reserve(after);
        budget_.refund(before * each);
    } else {
        constexpr std::size_t node_links = 4 * sizeof(void*);
        budget_.charge_block(each + node_links);
    }
}

}  // namespace clarify::detail

#endif  // CLARIFY_JSON_DETAIL_IMPL_JSON_READER_HPP
