// SPDX-License-Identifier: BSL-1.0
// Names of Boost.Describe, turned from snake_case to camelCase at compile time.

#ifndef CLARIFY_JSON_DETAIL_DESCRIBED_HPP
#define CLARIFY_JSON_DETAIL_DESCRIBED_HPP

#include <boost/describe/enumerators.hpp>
#include <boost/describe/members.hpp>
#include <boost/mp11/algorithm.hpp>

#include <array>
#include <cstddef>
#include <string_view>
#include <type_traits>

namespace clarify::detail {

template <class T>
concept DescribedStruct = std::is_class_v<T> && boost::describe::has_describe_members<T>::value;

template <class E>
concept DescribedEnum = std::is_enum_v<E> && boost::describe::has_describe_enumerators<E>::value;

/// The descriptors of all public members, those of base classes first.
template <DescribedStruct T>
using MembersOf = boost::describe::
    describe_members<T, boost::describe::mod_public | boost::describe::mod_inherited>;

/** The camelCase name of a member or enumerator, as the start of a JSON member: `"createdAt":`.

    An underscore within the name goes and raises the letter behind it. One at the end just goes, so
    that a C++ keyword can be spelled (`class_`); those in front stay.
*/
template <class Descriptor>
class CamelName {
    static constexpr std::string_view source{Descriptor::name};

    // Calls `put(char)` for each character of the name.
    template <class Put>
    static constexpr void spell(Put put) {
        bool inside = false;
        bool raise = false;
        for (const char c : source) {
            if (c == '_' && inside) {
                raise = true;
                continue;
            }
            inside = inside || c != '_';
            put(raise && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c);
            raise = false;
        }
    }
    static constexpr std::size_t length = [] {
        std::size_t count = 0;
        spell([&count](char) { ++count; });
        return count;
    }();
    static constexpr std::array<char, length + 3> storage = [] {
        std::array<char, length + 3> text{};
        std::size_t at = 0;
        text[at++] = '"';
        spell([&](char c) { text[at++] = c; });
        text[at++] = '"';
        text[at] = ':';
        return text;
    }();

public:
    static constexpr std::string_view member_start{storage.data(), length + 3};
    static constexpr std::string_view quoted = member_start.substr(0, length + 2);
    static constexpr std::string_view value = member_start.substr(1, length);
};

}  // namespace clarify::detail

#endif  // CLARIFY_JSON_DETAIL_DESCRIBED_HPP
