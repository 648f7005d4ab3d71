// SPDX-License-Identifier: BSL-1.0
// Which JSON a C++ type stands for.

#ifndef CLARIFY_JSON_DETAIL_JSON_SHAPE_HPP
#define CLARIFY_JSON_DETAIL_JSON_SHAPE_HPP

#include <clarify/core/detail/json_hooks.hpp>
#include <clarify/core/result.hpp>
#include <clarify/json/detail/described.hpp>

// Its algorithms are constrained, so it has the concepts of ranges; <ranges> has the views besides.
#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace clarify::detail {

enum class JsonShape : std::uint8_t {
    unsupported,
    own,  ///< has functions of its own
    document,  ///< a type of the JSON library
    null,
    boolean,
    integer,
    real,
    text,
    enumeration,
    optional,
    object,  ///< described with Boost.Describe
    map,
    list,
};

template <class T, class... Others>
concept OneOf = (std::same_as<T, Others> || ...);

template <class T>
concept JsonIntegral = std::integral<T> && sizeof(T) <= sizeof(std::uint64_t) &&
    !OneOf<T, bool, char, wchar_t, char8_t, char16_t, char32_t>;

template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;

template <class T>
inline constexpr bool is_fixed_array = false;
template <class T, std::size_t n>
inline constexpr bool is_fixed_array<std::array<T, n>> = true;

/// A range of something else than itself, as `std::filesystem::path` is not.
template <class R>
concept ListLike = std::ranges::input_range<R> &&
    !std::same_as<std::ranges::range_value_t<R>, std::remove_cvref_t<R>>;

template <class R>
concept MapLike = ListLike<R> && requires {
    typename std::remove_cvref_t<R>::key_type;
    typename std::remove_cvref_t<R>::mapped_type;
};

template <class T, class Document>
consteval JsonShape scalar_shape() {
    if constexpr (Document::template holds<T>) {
        return JsonShape::document;
    } else if constexpr (std::same_as<T, std::nullptr_t>) {
        return JsonShape::null;
    } else if constexpr (std::same_as<T, bool>) {
        return JsonShape::boolean;
    } else if constexpr (JsonIntegral<T>) {
        return JsonShape::integer;
    } else if constexpr (OneOf<T, float, double>) {
        return JsonShape::real;
    } else if constexpr (DescribedEnum<T>) {
        return JsonShape::enumeration;
    } else if constexpr (is_optional<T>) {
        return JsonShape::optional;
    } else {
        return JsonShape::unsupported;
    }
}

/// How a `T` is written. The types inside of it are judged when they are met.
template <class T, class Document>
consteval JsonShape written_shape() {
    constexpr JsonShape scalar = scalar_shape<T, Document>();
    if constexpr (WritesOwnJson<T>) {
        return JsonShape::own;
    } else if constexpr (scalar != JsonShape::unsupported) {
        return scalar;
    } else if constexpr (std::convertible_to<const T&, std::string_view>) {
        return JsonShape::text;
    } else if constexpr (DescribedStruct<T>) {
        return JsonShape::object;
    } else if constexpr (MapLike<const T>) {
        constexpr bool text_keys =
            std::convertible_to<const typename T::key_type&, std::string_view>;
        return text_keys ? JsonShape::map : JsonShape::unsupported;
    } else {
        return ListLike<const T> ? JsonShape::list : JsonShape::unsupported;
    }
}

/// How a `T` is read. The types inside of it are judged when they are met.
template <class T, class Document>
consteval JsonShape read_shape() {
    constexpr JsonShape scalar = scalar_shape<T, Document>();
    if constexpr (ReadsOwnJson<T>) {
        return JsonShape::own;
    } else if constexpr (scalar != JsonShape::unsupported) {
        return scalar;
    } else if constexpr (std::same_as<T, std::string>) {
        return JsonShape::text;
    } else if constexpr (DescribedStruct<T>) {
        return JsonShape::object;
    } else if constexpr (MapLike<T>) {
        constexpr bool insertable = std::same_as<typename T::key_type, std::string> &&
            requires(T map, std::string key, typename T::mapped_type value) {
            map.insert_or_assign(std::move(key), std::move(value));
        };
        return insertable ? JsonShape::map : JsonShape::unsupported;
    } else if constexpr (is_fixed_array<T>) {
        return JsonShape::list;
    } else if constexpr (ListLike<T>) {
        constexpr bool insertable = requires(T list, std::ranges::range_value_t<T> value) {
            list.clear();
            list.insert(list.end(), std::move(value));
        };
        return insertable ? JsonShape::list : JsonShape::unsupported;
    } else {
        return JsonShape::unsupported;
    }
}

}  // namespace clarify::detail

#endif  // CLARIFY_JSON_DETAIL_JSON_SHAPE_HPP
