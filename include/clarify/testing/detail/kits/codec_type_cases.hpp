// SPDX-License-Identifier: BSL-1.0
// The cases about C++ types that a codec says it maps.

#ifndef CLARIFY_TESTING_DETAIL_KITS_CODEC_TYPE_CASES_HPP
#define CLARIFY_TESTING_DETAIL_KITS_CODEC_TYPE_CASES_HPP

#include <clarify/testing/detail/kits/codec_suite.hpp>

namespace clarify::testing::detail {

template <class Codec, bool typed>
void CodecSuite<Codec, typed>::scalars() {
    check_type<bool>("bool.both_ways", "bool is true or false", [&](auto& problems) {
        both_ways(problems, true, "true");
        both_ways(problems, false, "false");
    });
    check_mismatch<bool>(
        "bool.mismatch", "nothing else is a bool", {"0", "1", R"("true")", "null", "[]"});
    integers();
    doubles();
    using namespace std::string_literals;
    check_type<std::string>(
        "string.both_ways", "std::string keeps every byte", [&](auto& problems) {
            both_ways(problems, ""s, R"("")");
            both_ways(problems, "a\"\\\0\n\x1F\x7F"s, R"("a\"\\\u0000\n\u001f\u007f")");
            both_ways(problems, "\xC3\xA9\xF0\x9F\x98\x80"s, R"("\u00e9\ud83d\ude00")");
        });
    check_mismatch<std::string>(
        "string.mismatch", "nothing else is text", {"1", "null", "true", R"(["a"])", "{}"});
    check_type<std::string>(
        "string.utf8", "broken UTF-8 is Errc::bad_argument", [&](auto& problems) {
            for (const std::string& text : {"\xFF"s, "a\xC3"s, "\xED\xA0\x80"s, "a\0\x80"s})
                refuses(problems, text, "the text " + excerpt(text));
        });
}

template <class Codec, bool typed>
void CodecSuite<Codec, typed>::integers() {
    using Limits = std::numeric_limits<std::int64_t>;
    check_type<std::int64_t>(
        "int64.both_ways", "std::int64_t keeps every digit", [&](auto& problems) {
            both_ways(problems, std::int64_t{0}, "0");
            both_ways(problems, std::int64_t{-9007199254740993}, "-9007199254740993");
            both_ways(problems, (Limits::min)(), "-9223372036854775808");
            both_ways(problems, (Limits::max)(), "9223372036854775807");
        });
    check_mismatch<std::int64_t>(
        "int64.range",
        "what does not fit is an error, not rounded or cut",
        {"9223372036854775808", "-9223372036854775809", "18446744073709551615", "1e19", "1e300"});
    check_mismatch<std::int64_t>(
        "int64.fraction", "a fraction is an error, not rounded", {"1.5", "-0.1", "1e-1"});
    check_mismatch<std::int64_t>(
        "int64.mismatch", "nothing else is an integer", {R"("1")", "null", "true", "[1]", "{}"});
    check_type<std::int32_t>(
        "int32.both_ways", "std::int32_t keeps every digit", [&](auto& problems) {
            both_ways(problems, std::int32_t{-2147483647} - 1, "-2147483648");
            both_ways(problems, std::int32_t{2147483647}, "2147483647");
        });
    check_mismatch<std::int32_t>(
        "int32.range",
        "what does not fit is an error, not cut",
        {"2147483648", "-2147483649", "4294967297", "9223372036854775807"});
    constexpr std::uint64_t largest = (std::numeric_limits<std::uint64_t>::max)();
    check_type<std::uint64_t>(
        "uint64.both_ways", "std::uint64_t keeps every digit", [&](auto& problems) {
            both_ways(problems, std::uint64_t{0}, "0");
            both_ways(problems, largest, "18446744073709551615");
        });
    check_mismatch<std::uint64_t>(
        "uint64.range",
        "what does not fit is an error, not cut",
        {"-1", "18446744073709551616", "1e20"});
}

template <class Codec, bool typed>
void CodecSuite<Codec, typed>::doubles() {
    using Limits = std::numeric_limits<double>;
    check_type<double>("double.both_ways", "double keeps every bit", [&](auto& problems) {
        for (const double number : codec_doubles()) {
            const auto bits = [](double value) { return std::bit_cast<std::uint64_t>(value); };
            const std::string text = scientific(number);
            const std::optional<std::string> out = encoded(problems, number);
            const std::optional<CodecTree> tree = read_tree(out.value_or(""));
            const bool written = tree && tree->kind == JsonKind::number &&
                clarify::detail::json_real<double>(tree->text).has_value() &&
                bits(*clarify::detail::json_real<double>(tree->text)) == bits(number);
            if (!written) problems.add(text + " was written as " + excerpt(out.value_or("")));
            const std::optional<double> read = decoded<double>(problems, text);
            if (read && bits(*read) != bits(number))
                problems.add(text + " was read as " + scientific(*read));
        }
    });
    check_type<double>("double.integers", "an integer is a double as well", [&](auto& problems) {
        reads_as(problems, "0", 0.0);
        reads_as(problems, "-3", -3.0);
        reads_as(problems, "18446744073709551616", 18446744073709551616.0);
    });
    check_mismatch<double>(
        "double.range", "what does not fit is an error, not infinity", {"1e400", "-1.8e308"});
    check_mismatch<double>(
        "double.mismatch", "nothing else is a number", {R"("1")", "null", "true", "[1]", "{}"});
    check_type<double>(
        "double.not_finite", "NaN and infinity are Errc::bad_argument", [&](auto& problems) {
            refuses(problems, Limits::quiet_NaN(), "NaN");
            refuses(problems, Limits::infinity(), "infinity");
            refuses(problems, -Limits::infinity(), "-infinity");
        });
}

template <class Codec, bool typed>
void CodecSuite<Codec, typed>::containers() {
    using Doubles = std::vector<double>;
    using Strings = std::vector<std::string>;
    using Map = std::map<std::string, std::int64_t>;
    using Optional = std::optional<std::int64_t>;
    check_type<Doubles>("vector.both_ways", "std::vector is an array", [&](auto& problems) {
        both_ways(problems, Doubles{}, "[]");
        both_ways(problems, Doubles{0.1, -2.5, 1e300}, "[0.1,-2.5,1e300]");
        if constexpr (MappedBy<Strings, Codec>)
            both_ways(problems, Strings{"a", ""}, R"(["a",""])");
    });
    check_mismatch<Doubles>(
        "vector.mismatch",
        "every element has to fit",
        {"1", "{}", "null", R"([1,"2"])", "[1,null]", "[[1]]"});
    check_type<Doubles>(
        "vector.not_finite", "an element may be NaN as little", [&](auto& problems) {
            refuses(problems, Doubles{1, std::numeric_limits<double>::quiet_NaN()}, "NaN");
        });
    check_type<Map>("map.both_ways", "std::map is an object", [&](auto& problems) {
        both_ways(problems, Map{}, "{}");
        both_ways(problems, Map{{"", 0}, {"k\n\"", -1}}, R"({"":0,"k\n\"":-1})");
    });
    check_type<Map>("map.duplicate_keys", "the last of equal keys counts", [&](auto& problems) {
        reads_as(problems, R"({"a":1,"b":2,"a":3})", Map{{"a", 3}, {"b", 2}});
    });
    check_mismatch<Map>(
        "map.mismatch",
        "every member has to fit",
        {"[]", "null", R"({"a":"b"})", R"({"a":1,"b":null})"});
    check_type<Map>("map.utf8", "a broken key is Errc::bad_argument", [&](auto& problems) {
        refuses(problems, Map{{"k\xFF", 1}}, "the key k\\xff");
    });
    check_type<Optional>("optional.both_ways", "std::optional may be null", [&](auto& problems) {
        both_ways(problems, Optional{}, "null");
        both_ways(problems, Optional{7}, "7");
    });
    check_mismatch<Optional>(
        "optional.mismatch", "what is neither null nor fits is an error", {R"("7")", "[]", "1.5"});
}

template <class Codec, bool typed>
void CodecSuite<Codec, typed>::described() {
    CodecProbe full;
    full.item_id = "a";
    full.upper_limit = 0.1;
    full.row_counts = {1, 2};
    CodecProbe bare = full;
    bare.upper_limit.reset();
    check_type<CodecProbe>(
        "described.both_ways", "snake_case stands for camelCase", [&](auto& problems) {
            both_ways(problems, full, R"({"itemId":"a","upperLimit":0.1,"rowCounts":[1,2]})");
        });
    check_type<CodecProbe>(
        "described.empty_optional",
        "an empty optional is left out, and read where it is left out or null",
        [&](auto& problems) {
            both_ways(problems, bare, R"({"itemId":"a","rowCounts":[1,2]})");
            reads_as(problems, R"({"itemId":"a","upperLimit":null,"rowCounts":[1,2]})", bare);
        });
    check_type<
        CodecProbe>("described.unknown_members", "unknown members are ignored", [&](auto& problems) {
        reads_as(
            problems,
            R"({"x":{"itemId":[1,{}]},"itemId":"a","ITEMID":1,"item_id":2,"rowCounts":[1,2],"":[]})",
            bare);
    });
    check_type<CodecProbe>(
        "described.duplicate_keys", "the last of equal keys counts", [&](auto& problems) {
            reads_as(problems, R"({"itemId":"b","rowCounts":[1,2],"itemId":"a"})", bare);
        });
    check_mismatch<CodecProbe>(
        "described.missing_member",
        "a missing member that is not optional is an error",
        {"{}", R"({"itemId":"a"})", R"({"item_id":"a","row_counts":[]})"});
    check_mismatch<CodecProbe>(
        "described.mismatch",
        "every member has to fit",
        {"[]", "null", R"({"itemId":1,"rowCounts":[]})", R"({"itemId":"a","rowCounts":[1.5]})"});
}

}  // namespace clarify::testing::detail

#endif  // CLARIFY_TESTING_DETAIL_KITS_CODEC_TYPE_CASES_HPP
