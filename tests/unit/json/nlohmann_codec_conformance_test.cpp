// SPDX-License-Identifier: BSL-1.0
// NlohmannCodec keeps the promises of JsonCodec, and so does what its author would write by hand.

#include <clarify/json/nlohmann_codec.hpp>
#include <clarify/testing/check_json_codec.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <concepts>
#include <string>
#include <string_view>

namespace nlohmann_codec_conformance_test {

using namespace clarify;
using nlohmann::json;

namespace {

/// The least that keeps the promises for documents, with nothing but the library's own functions.
class HandWrittenCodec {
public:
    using value_type = json;

    Result<void> encode(const json& value, std::string& out) const {
        // The library would write null for NaN.
        if (!finite(value)) return Error{Errc::bad_argument, Reason::params, "a number is NaN"};
        try {
            out += value.dump();
            return {};
        } catch (const json::exception&) {
            return Error{Errc::bad_argument, Reason::encoding, "the text is not UTF-8"};
        }
    }

    template <std::same_as<json> T>
    Result<T> decode(std::string_view text) const {
        Result<T> value{boost::system::in_place_value, json::parse(text, nullptr, false)};
        if (!value->is_discarded()) return value;
        return Error{Errc::json, Reason::number_range, "a number is too large"};
    }

private:
    static bool finite(const json& value) {
        if (value.is_number_float()) return std::isfinite(value.get<double>());
        return !value.is_structured() || std::all_of(value.begin(), value.end(), finite);
    }
};

}  // namespace

TEST_CASE("check_json_codec: NlohmannCodec keeps every promise") {
    const auto report = testing::check_json_codec(NlohmannCodec{});
    INFO(report);
    CHECK(report.passed());
    CHECK(report.cases().size() == 87);
}

TEST_CASE("check_json_codec: a codec of thirty lines keeps every promise about documents") {
    const auto report =
        testing::check_json_codec<testing::CodecScope::documents>(HandWrittenCodec{});
    INFO(report);
    CHECK(report.passed());
    CHECK(report.not_judged().size() == 87 - 54);
}

}  // namespace nlohmann_codec_conformance_test
