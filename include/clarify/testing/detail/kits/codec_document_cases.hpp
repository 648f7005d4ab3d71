// SPDX-License-Identifier: BSL-1.0
// The cases about documents: JSON text through `value_type` and back.

#ifndef CLARIFY_TESTING_DETAIL_KITS_CODEC_DOCUMENT_CASES_HPP
#define CLARIFY_TESTING_DETAIL_KITS_CODEC_DOCUMENT_CASES_HPP

#include <clarify/testing/detail/kits/codec_suite.hpp>

namespace clarify::testing::detail {

template <class Codec, bool typed>
void CodecSuite<Codec, typed>::documents() {
    check_texts("document.null", "null stays null", {"null", "[null]", R"({"a":null})"});
    check_texts("document.boolean", "booleans stay booleans", {"true", "false", "[true,false]"});
    check_texts("document.string", "text stays text", {R"("")", R"("a")", R"(["a b","null","1"])"});
    check_texts("document.array", "arrays keep order and kinds", {R"([1,"a",null,true,{},[2]])"});
    check_texts(
        "document.object", "objects keep every member", {R"({"z":1,"a":{"b":[true,{"c":"d"}]}})"});
    check_texts(
        "document.empty",
        "empty containers stay what they are",
        {"[]", "{}", "[[],[]]", R"({"a":{},"b":[]})", "[[[]],{}]"});
    check_texts(
        "document.keys",
        "a key may be any text, also none",
        {R"({"":1})", R"({"":{"":[]}})", R"({"a b":1,"A B":2,"\"\\\/\n\u0000":3,"\u00e9€😀":4})"});
    check_texts(
        "document.duplicate_keys",
        "of members with the same key the last one counts",
        {R"({"a":1,"a":2})", R"({"a":{"x":1},"b":0,"\u0061":[3]})"});
    check_texts(
        "document.blanks",
        "blanks between tokens mean nothing",
        {"[ 1 ,\t2\r\n, [ ] , { } ]", "{ \"a\" :\n1 , \"b\":\t[ null ]\r\n}"});
    check_texts(
        "document.data_frame",
        "a data frame comes through",
        {R"({"times":["2024-01-01T00:00:00Z","2024-01-01T00:15:00.5Z"],"series":{)"
         R"("c1":[20.25,null],"c2":[-0.1,1e-7],"c3":[9007199254740993,0]}})"});
}

template <class Codec, bool typed>
void CodecSuite<Codec, typed>::large_documents() {
    constexpr std::size_t depth = 64;
    check("document.depth", "64 levels are read and written", [&](CodecProblems& problems) {
        survives(problems, std::string(depth, '[') + std::string(depth, ']'));
        std::string objects = "1";
        for (std::size_t level = 0; level < depth; ++level)
            objects = R"({"a":)" + objects + "}";
        survives(problems, objects);
    });
    const auto repeated = [](char open, std::size_t count, const auto& element, char close) {
        std::string text{open};
        for (std::size_t i = 0; i < count; ++i)
            text += (i == 0 ? "" : ",") + element(std::to_string(i));
        return text + close;
    };
    check("document.wide_array", "an array of 100,000 comes through", [&](CodecProblems& problems) {
        survives(
            problems,
            repeated(
                '[', 100'000, [](std::string i) { return i; }, ']'));
    });
    check("document.wide_object", "10,000 members come through", [&](CodecProblems& problems) {
        const auto member = [](const std::string& i) { return "\"key" + i + "\":" + i; };
        survives(problems, repeated('{', 10'000, member, '}'));
    });
    check("document.long_string", "a string of 1 MiB comes through", [&](CodecProblems& problems) {
        constexpr std::size_t mebibyte = std::size_t{1} << 20U;
        survives(problems, '"' + std::string(mebibyte, 'x') + '"');
        survives(problems, R"({")" + std::string(mebibyte, 'k') + R"(":"\n"})");
    });
}

template <class Codec, bool typed>
void CodecSuite<Codec, typed>::numbers() {
    check_texts(
        "number.small", "small integers stay", {"0", "1", "-1", "[255,-256,65536,1000000]"});
    check_texts(
        "number.int64",
        "signed integers of 64 bits keep every digit",
        {"9223372036854775807", "-9223372036854775808", "[9223372036854775806]"});
    check_texts(
        "number.uint64",
        "unsigned integers of 64 bits keep every digit",
        {"18446744073709551615", "9223372036854775808", "[10000000000000000001]"});
    check_texts(
        "number.beyond_double",
        "integers that no double holds keep every digit",
        {"9007199254740993", "-9007199254740993", "[900719925474099267]"});
    check_texts(
        "number.beyond_64_bits",
        "integers beyond 64 bits become the nearest double",
        {"18446744073709551616", "-9223372036854775809", "123456789012345678901234567890"});
    check_texts(
        "number.fractions",
        "fractions are read as the nearest double",
        {"0.1", "20.5", "-3.14159", "0.30000000000000004", "99.99", "[1.0,100.25,1234567.891]"});
    check_texts(
        "number.exponents", "exponents count", {"1e5", "1E+5", "1e-5", "-12.5E1", "0e10", "1.5e0"});
    check_texts(
        "number.hard_to_round",
        "decimals close to the middle between two doubles are rounded correctly",
        {"9007199254740993.0",
         "9007199254740993.00000000000001",
         "1.00000000000000011102230246251565404236316680908203125",
         "1.00000000000000011102230246251565404236316680908203124",
         "1.00000000000000011102230246251565404236316680908203126",
         "0.500000000000000166533453693773481063544750213623046875",
         "3.518437208883201171875e13",
         "62.5364939768271845828",
         "8.10109172351e-10",
         "1.50000000000000011102230246251565",
         "89255e-22",
         "104110013277974872254e-225",
         "7.2057594037927933e16"});
}

template <class Codec, bool typed>
void CodecSuite<Codec, typed>::number_limits() {
    check_texts(
        "number.largest",
        "doubles up to the largest come through",
        {"1e308", "-1.7976931348623157e308", "1.797693134862315807e308"});
    check_texts(
        "number.smallest",
        "doubles down to the smallest come through",
        {"5e-324",
         "-5e-324",
         "2.2250738585072014e-308",
         "2.2250738585072011e-308",
         "6.631236846766476e-316",
         "3.2378839133029012895883524125015321748630094367e-319"});
    check_texts(
        "number.underflow",
        "a number nearer to zero than the smallest double becomes zero",
        {"1e-400", "[2e-324]", "1e-99999999999"});
    check_texts("number.negative_zero", "-0.0 keeps its sign", {"-0.0", "[-0.0,0.0]"});
    check(
        "number.random", "any double comes through to its last bit", [&](CodecProblems& problems) {
            std::string text = "[0";
            for (const double number : codec_doubles())
                text += ',' + scientific(number);
            survives(problems, text + ']');
        });
    check(
        "number.too_large",
        "a number beyond the largest double is Errc::json, Reason::number_range, or kept as it is",
        [&](CodecProblems& problems) {
            for (const std::string_view text : {"1e999", "[-1e400]", R"({"a":1.8e308})"}) {
                no_throw(problems, "decode of " + excerpt(text), [&] {
                    const Result<Value> value = codec_.template decode<Value>(kept(text));
                    if (!value) {
                        if (value.error().code() != Errc::json ||
                            value.error().reason() != Reason::number_range)
                            problems.add(excerpt(text) + " is an error other than number_range");
                        return;
                    }
                    if (const auto back = encoded(problems, *value)) same(problems, text, *back);
                });
            }
        });
}

/// Appends an escape of four hexadecimal digits, lower and upper case in turns.
inline void append_escape(std::string& out, unsigned code) {
    const std::string_view hex = code % 2 == 0 ? "0123456789abcdef" : "0123456789ABCDEF";
    out += R"(\u)";
    for (const unsigned shift : {12U, 8U, 4U, 0U})
        out += hex[(code >> shift) & 15U];
}

template <class Codec, bool typed>
void CodecSuite<Codec, typed>::texts() {
    check_texts(
        "text.escapes",
        "all short escapes are understood",
        {R"("\"\\\/\b\f\n\r\t")", R"(["\\n","\\\\","\\\"","a\\"])"});
    check_texts(
        "text.nul",
        "U+0000 is a character like any other",
        {R"("\u0000")", R"(["a\u0000b","\u0000\u0000"])"});
    check("text.control", "control characters are escaped", [&](CodecProblems& problems) {
        std::string text = "\"";
        for (unsigned code = 0; code < 0x20; ++code)
            append_escape(text, code);
        survives(problems, text + '"');
    });
    check_texts(
        "text.line_separators",
        "DEL, U+2028 and U+2029 stay",
        {"\"\x7F\xE2\x80\xA8\xE2\x80\xA9\"", R"("\u007f\u2028\u2029")"});
    check_texts(
        "text.surrogates",
        "an escaped surrogate pair is one character",
        {R"("\ud83d\ude00")", R"(["\uD800\uDC00","\udbff\udfff","x\ud834\udd1ey"])"});
    check_texts(
        "text.byte_order_mark",
        "U+FEFF within a string stays",
        {"\"\xEF\xBB\xBFx\"", R"(["\ufeff"])"});
    const auto all = [](unsigned from, unsigned to, unsigned step) {
        std::string text = "\"";
        for (unsigned code = from; code < to; code += step) {
            if (code < 0xD800 || code > 0xDFFF) clarify::detail::json_scan::append_utf8(text, code);
        }
        return text + '"';
    };
    check("text.plane_0", "every character of plane 0 comes through", [&](CodecProblems& problems) {
        survives(problems, all(0x7F, 0x10000, 1));
        std::string escaped = "\"";
        for (unsigned code = 0; code < 0x10000; code += 7) {
            if (code < 0xD800 || code > 0xDFFF) append_escape(escaped, code);
        }
        survives(problems, escaped + '"');
    });
    check("text.other_planes", "characters of 4 bytes come through", [&](CodecProblems& problems) {
        survives(problems, all(0x10000, 0x110000, 17));
        survives(problems, "\"\xF4\x8F\xBF\xBF\"");
    });
}

}  // namespace clarify::testing::detail

#endif  // CLARIFY_TESTING_DETAIL_KITS_CODEC_DOCUMENT_CASES_HPP
