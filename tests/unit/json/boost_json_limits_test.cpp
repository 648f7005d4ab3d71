// SPDX-License-Identifier: BSL-1.0

#include <clarify/json/boost_json_codec.hpp>

#include "codec_checks.hpp"

#include <boost/describe/class.hpp>
#include <boost/json/array.hpp>
#include <boost/json/memory_resource.hpp>
#include <boost/json/object.hpp>
#include <boost/json/storage_ptr.hpp>
#include <boost/json/value.hpp>

#include <doctest/doctest.h>

#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <ctime>
#include <limits>
#include <list>
#include <map>
#include <new>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace boost_json_limits_test {

using namespace clarify;
namespace json = boost::json;

namespace {

using Checks = CodecChecks<BoostJsonCodec>;

struct Tree {
    std::vector<Tree> children;
};
BOOST_DESCRIBE_STRUCT(Tree, (), (children))

struct Sparse {
    std::optional<std::array<std::int64_t, 8>> a;
    std::optional<std::array<std::int64_t, 8>> b;
};
BOOST_DESCRIBE_STRUCT(Sparse, (), (a, b))

double random_double(std::mt19937_64& random) {
    for (;;) {
        const double number = std::bit_cast<double>(random());
        if (std::isfinite(number)) return number;
    }
}

/// The processor time that `f` takes.
template <class F>
double seconds(F&& f) {
    const std::clock_t start = std::clock();
    f();
    return static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
}

/// Counts what lives in it.
class Counter final : public json::memory_resource {
public:
    std::size_t bytes = 0;

private:
    void* do_allocate(std::size_t size, std::size_t) override {
        bytes += size;
        return ::operator new(size);
    }
    void do_deallocate(void* block, std::size_t size, std::size_t) override {
        bytes -= size;
        ::operator delete(block);
    }
    bool do_is_equal(const memory_resource& other) const noexcept override {
        return this == &other;
    }
};

}  // namespace

TEST_CASE_FIXTURE(Checks, "BoostJsonCodec: refuses options out of range") {
    JsonCodecOptions options;
    options.max_depth = 0;
    CHECK_THROWS_AS(BoostJsonCodec{options}, std::invalid_argument);
    options.max_depth = 1025;
    CHECK_THROWS_AS(BoostJsonCodec{options}, std::invalid_argument);
    CHECK_THROWS_AS(BoostJsonCodec{with_memory(0)}, std::invalid_argument);
}

TEST_CASE_FIXTURE(Checks, "BoostJsonCodec: a million random doubles survive bit by bit") {
    std::mt19937_64 random{42};
    const BoostJsonCodec codec;
    std::string text;
    std::vector<double> numbers(10'000);
    for (int chunk = 0; chunk < 100; ++chunk) {
        for (double& number : numbers)
            number = random_double(random);
        text.clear();
        REQUIRE(codec.encode(numbers, text).has_value());
        const auto back = codec.decode<std::vector<double>>(text);
        REQUIRE(back.has_value());
        REQUIRE(back->size() == numbers.size());
        REQUIRE(std::memcmp(back->data(), numbers.data(), numbers.size() * sizeof(double)) == 0);
    }
}

TEST_CASE_FIXTURE(Checks, "BoostJsonCodec: random doubles survive in a Boost.JSON value") {
    std::mt19937_64 random{43};
    const BoostJsonCodec codec;
    for (int chunk = 0; chunk < 10; ++chunk) {
        json::array numbers;
        for (int i = 0; i < 10'000; ++i)
            numbers.emplace_back(random_double(random));
        std::string text;
        REQUIRE(codec.encode(numbers, text).has_value());
        const auto back = codec.decode<json::value>(text);
        REQUIRE(back.has_value());
        std::size_t wrong = 0;
        for (std::size_t i = 0; i < numbers.size(); ++i) {
            const json::value& number = back->get_array()[i];
            // A whole number is written without a point and comes back as an integer.
            const double got =
                number.is_double() ? number.get_double() : number.to_number<double>();
            if (std::bit_cast<std::uint64_t>(got) !=
                std::bit_cast<std::uint64_t>(numbers[i].get_double())) {
                ++wrong;
            }
        }
        CHECK(wrong == 0);
    }
    CHECK(std::signbit(decoded<json::value>("-0").get_double()));
}

TEST_CASE_FIXTURE(Checks, "BoostJsonCodec: integers keep every digit") {
    round_trip(std::numeric_limits<std::int64_t>::min(), "-9223372036854775808");
    round_trip(std::numeric_limits<std::int64_t>::max(), "9223372036854775807");
    round_trip(std::numeric_limits<std::uint64_t>::max(), "18446744073709551615");
    round_trip(std::int8_t{-128}, "-128");
    round_trip(std::uint8_t{255}, "255");
    CHECK(decoded<int>("1.0") == 1);
    CHECK(decoded<int>("-1e3") == -1000);
    CHECK(decoded<unsigned>("-0") == 0);
    const auto too_large = [](const Error& error) {
        CHECK(error.code() == Errc::decode);
        CHECK(error.reason() == Reason::out_of_range);
    };
    too_large(decode_error<std::int8_t>("128"));
    too_large(decode_error<std::int8_t>("-129"));
    too_large(decode_error<std::uint8_t>("256"));
    too_large(decode_error<unsigned>("-1"));
    too_large(decode_error<std::int64_t>("9223372036854775808"));
    too_large(decode_error<std::int64_t>("-9223372036854775809"));
    too_large(decode_error<std::uint64_t>("18446744073709551616"));
    too_large(decode_error<std::int64_t>("1e400"));
    too_large(decode_error<double>("1e400"));
    too_large(decode_error<float>("1e39"));
    // Where the value is all that is asked for, the text has none.
    CHECK(decode_error<json::value>("[1e400]").code() == Errc::json);
    CHECK(decode_error<json::value>("[1e400]").reason() == Reason::number_range);
    CHECK(
        decode_error<std::vector<json::object>>(R"([{"a":-1e309}])").reason() ==
        Reason::number_range);
    for (const char* small : {"1e-400", "-1e-400"}) {
        CHECK(decoded<double>(small) == 0);
        CHECK(std::signbit(decoded<double>(small)) == (small[0] == '-'));
        CHECK(std::signbit(decoded<json::value>(small).get_double()) == (small[0] == '-'));
    }
    CHECK(
        decode_error<int>("1.5").message() ==
        "expected an integer, found a number with a fraction");
}

TEST_CASE_FIXTURE(
    Checks, "BoostJsonCodec: a Boost.JSON value holds the narrowest exact kind of number") {
    CHECK(decoded<json::value>("1").is_int64());
    CHECK(
        decoded<json::value>("-9223372036854775808").get_int64() ==
        std::numeric_limits<std::int64_t>::min());
    CHECK(
        decoded<json::value>("18446744073709551615").get_uint64() ==
        std::numeric_limits<std::uint64_t>::max());
    CHECK(decoded<json::value>("18446744073709551616").get_double() == 18446744073709551616.0);
    CHECK(decoded<json::value>("1.0").get_double() == 1.0);
    CHECK(decoded<json::value>("1e2").get_double() == 100.0);
    CHECK(decoded<json::value>("1e-400").get_double() == 0.0);
}

TEST_CASE_FIXTURE(Checks, "BoostJsonCodec: bounds the depth both ways") {
    const auto nested = [](std::size_t depth) {
        return std::string(depth, '[') + std::string(depth, ']');
    };
    const json::value fits = decoded<json::value>(nested(64));
    CHECK(encoded(fits) == nested(64));
    CHECK(decode_error<json::value>(nested(65)).reason() == Reason::depth);
    CHECK(decode_error<json::value>(nested(65)).code() == Errc::json);
    CHECK(decode_error<json::value>(nested(100'000)).reason() == Reason::depth);
    CHECK(encode_error(json::array{fits}).reason() == Reason::depth);
    std::string trees = R"({"children":[]})";
    for (int i = 0; i < 31; ++i)
        trees = R"({"children":[)" + trees + "]}";
    const Tree tree = decoded<Tree>(trees);
    CHECK(encoded(tree) == trees);
    CHECK(decode_error<Tree>(R"({"children":[)" + trees + "]}").reason() == Reason::depth);
    JsonCodecOptions options;
    options.max_depth = 1024;
    CHECK(BoostJsonCodec{options}.decode<json::value>(nested(1024)).has_value());
    CHECK(BoostJsonCodec{options}.decode<json::value>(nested(1025)).has_error());
    options.max_depth = 1;
    CHECK(
        encode_error(std::vector<std::vector<int>>{{}}, options).message() ==
        "/0: the value is nested too deeply");
}

TEST_CASE_FIXTURE(Checks, "BoostJsonCodec: text that takes too much memory is refused soon") {
    const auto repeated = [](std::size_t size, std::string_view part) {
        std::string text = "[";
        while (text.size() < size) {
            text += part;
            text += ',';
        }
        text += part;
        return text += ']';
    };
    const auto refused = [](const Error& error) {
        CHECK(error.code() == Errc::too_large);
        CHECK(error.reason() == Reason::parse);
    };
    // Generous, because unoptimised; what takes time beyond measure takes minutes.
    constexpr double soon = 10;
    constexpr std::size_t large = std::size_t{16} << 20U;
    const std::string zeros = repeated(large, "0");
    CHECK(seconds([&] { refused(decode_error<json::value>(zeros)); }) < soon);
    // The same with all sizes divided by 16.
    constexpr std::size_t small = large / 16;
    const JsonCodecOptions options = with_memory(std::size_t{8} << 20U);
    refused(decode_error<json::value>(repeated(small, "[]"), options));
    refused(decode_error<json::value>(repeated(small, "{}"), options));
    refused(decode_error<std::vector<std::vector<int>>>(repeated(small, "[1]"), options));
    refused(decode_error<std::vector<Sparse>>(repeated(small, "{}"), options));
    refused(decode_error<std::list<std::optional<int>>>(repeated(small, "0"), options));
    refused(decode_error<std::string>("\"123456789\"", with_memory(8)));
    refused(decode_error<std::map<std::string, int>>(R"({"k":1})", with_memory(8)));
    CHECK(decoded<std::vector<int>>(repeated(small, "0")).size() > small / 2);
}

TEST_CASE_FIXTURE(
    Checks,
    "BoostJsonCodec: the memory limit covers what a value really takes, and not much more") {
    std::string series = "[";
    std::string keys = "{";
    for (int i = 0; i < 2'000; ++i) {
        const std::string number = std::to_string(i);
        if (i > 0) series += ',';
        if (i > 0) keys += ',';
        series += number + ".125";
        keys += "\"key" + number + "\":{\"name\":\"a text that takes a block of its own\",\"n\":[" +
            number + "]}";
    }
    for (const std::string& text : {series + ']', keys + '}'}) {
        Counter counter;
        const json::value copy(decoded<json::value>(text), json::storage_ptr(&counter));
        const std::size_t needed = memory_for<json::value>(text);
        CHECK(needed >= counter.bytes);
        CHECK(needed <= 4 * counter.bytes);
    }
}

TEST_CASE_FIXTURE(Checks, "BoostJsonCodec: a large object keeps exactly its members") {
    for (const int count : {1, 127, 128, 129, 256, 257, 5'000}) {
        std::map<std::string, int> numbers;
        for (int i = 0; i < count; ++i)
            numbers["k" + std::to_string(i)] = i;
        const json::object object = decoded<json::object>(encoded(numbers));
        REQUIRE(object.size() == numbers.size());
        std::size_t wrong = 0;
        for (const auto& [key, number] : numbers)
            wrong += object.at(key) != number;
        CHECK(wrong == 0);
    }
}

TEST_CASE_FIXTURE(Checks, "BoostJsonCodec: broken text is an error, never anything worse") {
    const std::string good =
        R"({"children":[{"children":[]},{"x":[1,-2.5e3,"\u00e9\ud83d\ude00",true,null,{}],"children":[]}]})";
    std::mt19937_64 random{99};
    const auto below = [&](std::size_t bound) {
        return static_cast<std::size_t>(random() % bound);
    };
    const BoostJsonCodec codec;
    for (int round = 0; round < 20'000; ++round) {
        std::string text = good;
        for (std::size_t edits = 1 + below(3); edits > 0 && !text.empty(); --edits) {
            const std::size_t at = below(text.size());
            if (below(2) == 0) {
                text[at] = static_cast<char>(random());
            } else {
                text.erase(at, 1 + below(4));
            }
        }
        // A buffer of its own lets a sanitizer see a read behind the end.
        const std::vector<char> exact(text.begin(), text.end());
        const std::string_view view{exact.data(), exact.size()};
        detail::JsonScanner scanner{view};
        scanner.document();
        const auto value = codec.decode<json::value>(view);
        const auto tree = codec.decode<Tree>(view);
        CAPTURE(text);
        if (value.has_value() != scanner.ok())
            CHECK(value.error().reason() == Reason::number_range);
        if (tree.has_value()) CHECK(scanner.ok());
    }
}

}  // namespace boost_json_limits_test
