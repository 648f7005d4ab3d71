// SPDX-License-Identifier: BSL-1.0
// The types of Boost.JSON, written and read by way of ValueWriter and ValueReader.

#ifndef CLARIFY_JSON_DETAIL_BOOST_DOCUMENT_HPP
#define CLARIFY_JSON_DETAIL_BOOST_DOCUMENT_HPP

#include <clarify/core/detail/json_scan.hpp>
#include <clarify/json/detail/boost_value_builder.hpp>
#include <clarify/json/detail/json_shape.hpp>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/string.hpp>
#include <boost/json/value.hpp>

#include <string_view>
#include <utility>

namespace clarify::detail {

/// What `ValueWriter` and `ValueReader` need to know of Boost.JSON.
struct BoostDocument {
    using value_type = boost::json::value;

    template <class T>
    static constexpr bool holds =
        OneOf<T, boost::json::value, boost::json::object, boost::json::array, boost::json::string>;

    template <class Writer>
    static bool write(Writer& writer, const boost::json::value& value);
    template <class Writer>
    static bool write(Writer& writer, const boost::json::object& object);
    template <class Writer>
    static bool write(Writer& writer, const boost::json::array& array) {
        return writer.list(array);
    }
    template <class Writer>
    static bool write(Writer& writer, const boost::json::string& string) {
        return writer.string({string.data(), string.size()});
    }

    template <class Reader>
    static bool read(Reader& reader, boost::json::value& out) {
        return BoostValueBuilder<Reader>{reader}.build(out);
    }
    template <class Reader>
    static bool read(Reader& reader, boost::json::object& out) {
        boost::json::value value;
        if (!reader.expect(JsonKind::object, "an object") || !read(reader, value)) return false;
        return out = std::move(value.get_object()), true;
    }
    template <class Reader>
    static bool read(Reader& reader, boost::json::array& out) {
        boost::json::value value;
        if (!reader.expect(JsonKind::array, "an array") || !read(reader, value)) return false;
        return out = std::move(value.get_array()), true;
    }
    template <class Reader>
    static bool read(Reader& reader, boost::json::string& out) {
        boost::json::value value;
        if (!reader.expect(JsonKind::string, "a string") || !read(reader, value)) return false;
        return out = std::move(value.get_string()), true;
    }
};

template <class Writer>
bool BoostDocument::write(Writer& writer, const boost::json::value& value) {
    switch (value.kind()) {
        case boost::json::kind::null:
            return writer.write(nullptr);
        case boost::json::kind::bool_:
            return writer.write(value.get_bool());
        case boost::json::kind::int64:
            return writer.write(value.get_int64());
        case boost::json::kind::uint64:
            return writer.write(value.get_uint64());
        case boost::json::kind::double_:
            return writer.write(value.get_double());
        case boost::json::kind::string:
            return write(writer, value.get_string());
        case boost::json::kind::array:
            return write(writer, value.get_array());
        case boost::json::kind::object:
            return write(writer, value.get_object());
    }
    return false;
}

template <class Writer>
bool BoostDocument::write(Writer& writer, const boost::json::object& object) {
    if (!writer.open('{')) return false;
    for (const boost::json::key_value_pair& entry : object) {
        const std::string_view key{entry.key().data(), entry.key().size()};
        if (!writer.member(key, entry.value())) return false;
    }
    return writer.close('}');
}

}  // namespace clarify::detail

#endif  // CLARIFY_JSON_DETAIL_BOOST_DOCUMENT_HPP
