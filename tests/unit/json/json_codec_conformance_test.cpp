// SPDX-License-Identifier: BSL-1.0
// The suite for codecs passes a sound one, and names what careless ones break.

#include <clarify/json/boost_json_codec.hpp>
#include <clarify/testing/check_json_codec.hpp>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <boost/json/value_to.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <concepts>
#include <cstddef>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace json_codec_conformance_test {

using namespace clarify;
using Names = std::vector<std::string>;

namespace {

/// What one writes first: the library's own functions, and nothing more.
struct CarelessCodec {
    using value_type = boost::json::value;

    Result<void> encode(const boost::json::value& value, std::string& out) const {
        out = boost::json::serialize(value);
        return {};
    }
    template <class T>
    Result<T> decode(std::string_view text) const {
        const boost::json::value value = boost::json::parse({text.data(), text.size()});
        if constexpr (std::is_same_v<T, boost::json::value>) {
            return value;
        } else {
            return boost::json::value_to<T>(value);
        }
    }
};

enum class Slip {
    none,
    refers,
    scribbles,
    reads_on,
    adds_newline,
    counts,
    obeys_locale,
    forgets_move,
    owns_values,
};

/// Documents are kept as their text, which is exact, but for one slip.
class TextKeeper {
public:
    struct value_type {
        std::string own;
        std::string_view view;
        std::weak_ptr<int> owner;
    };

    explicit TextKeeper(Slip slip) : slip_(slip) {}
    TextKeeper(const TextKeeper& other) : slip_(other.slip_) {}
    TextKeeper(TextKeeper&& other) noexcept
        : slip_(other.slip_), lost_(other.slip_ == Slip::forgets_move) {}

    Result<void> encode(const value_type& value, std::string& out) const {
        if (slip_ == Slip::owns_values && value.owner.expired()) return Error{Errc::bad_argument};
        std::string text = slip_ == Slip::refers ? std::string{value.view} : value.own;
        if (slip_ == Slip::obeys_locale) {
            if (const auto at = text.find("1234567}"); at != std::string::npos) {
                std::ostringstream stream;
                stream << 1234567;
                text.replace(at, 7, stream.str());
            }
        }
        if (slip_ == Slip::counts && text.ends_with('}')) {
            // Blanks before the bracket that closes an object change nothing but the text.
            text.insert(text.size() - 1, std::string(++count_ % 7, ' '));
        }
        out += text;
        if (slip_ == Slip::adds_newline) out += '\n';
        return {};
    }
    template <std::same_as<value_type> T>
    Result<T> decode(std::string_view text) const {
        if (lost_) return Error{Errc::decode};
        T value{std::string{text}, text, life_};
        if (slip_ == Slip::reads_on) value.own = text.data();
        if (slip_ == Slip::scribbles && text.size() > 60) {
            char* const first = const_cast<char*>(text.data());
            std::replace(first, first + text.size(), ',', ' ');
        }
        return value;
    }

private:
    Slip slip_;
    bool lost_ = false;
    std::shared_ptr<int> life_ = std::make_shared<int>();
    mutable std::atomic<std::size_t> count_ = 0;
};

}  // namespace

TEST_CASE("check_json_codec: BoostJsonCodec keeps every promise") {
    const auto report = testing::check_json_codec(BoostJsonCodec{});
    INFO(report);
    CHECK(report.passed());
    CHECK(report.not_judged().empty());
    CHECK(report.cases().size() == 87);
}

TEST_CASE("check_json_codec: tries only the types that a codec takes") {
    const auto documents =
        testing::check_json_codec<testing::CodecScope::documents>(BoostJsonCodec{});
    CHECK(documents.passed());
    CHECK(documents.cases().size() == 87);
    CHECK(documents.not_judged().size() == 87 - 54);
    const auto keeper = testing::check_json_codec(TextKeeper{Slip::none});
    INFO(keeper);
    CHECK(keeper.passed());
    CHECK(keeper.cases().size() == 87);
    CHECK(keeper.not_judged().size() == 87 - 48);
}

TEST_CASE("check_json_codec: a careless codec fails exactly where it breaks a promise") {
    const auto report = testing::check_json_codec(CarelessCodec{});
    INFO(report);
    // Boost.JSON 1.81 breaks these, too; 1.83 does not.
    const Names mended{"number.underflow", "number.too_large", "encode.utf8"};
    Names failed = report.failed();
    std::erase_if(failed, [&mended](const std::string& name) {
        return std::find(mended.begin(), mended.end(), name) != mended.end();
    });
    const Names expected{
        "document.depth",
        "number.hard_to_round",
        "number.largest",
        "number.smallest",
        "number.random",
        "encode.appends",
        "encode.nan",
        "encode.infinity",
        "bool.mismatch",
        "int64.range",
        "int64.fraction",
        "int64.mismatch",
        "int32.range",
        "uint64.range",
        "double.both_ways",
        "double.range",
        "double.mismatch",
        "double.not_finite",
    };
    CHECK(failed == expected);
}

TEST_CASE("check_json_codec: each slip is found by the case about it") {
    const std::vector<std::pair<Slip, Names>> slips{
        {Slip::refers, {"decode.owns"}},
        {Slip::scribbles, {"decode.const"}},
        {Slip::reads_on, {"decode.bounds"}},
        {Slip::adds_newline, {"encode.one_value"}},
        {Slip::counts, {"encode.repeatable", "codec.threads"}},
        {Slip::obeys_locale, {"encode.locale"}},
        {Slip::forgets_move, {"codec.moved"}},
        {Slip::owns_values, {"codec.outlived"}},
    };
    for (const auto& [slip, expected] : slips) {
        const auto report = testing::check_json_codec(TextKeeper{slip});
        CAPTURE(static_cast<int>(slip));
        INFO(report);
        CHECK(report.failed() == expected);
    }
}

}  // namespace json_codec_conformance_test
