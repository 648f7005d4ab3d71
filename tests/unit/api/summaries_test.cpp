// SPDX-License-Identifier: BSL-1.0
// The results of insert, save and publish.

#include <clarify/api/summaries.hpp>

#include <doctest/doctest.h>

#include <string_view>

namespace summaries_test {

namespace {

using namespace clarify;

template <class T>
T read(std::string_view text) {
    T value;
    const auto done = read_json_text(text, value);
    REQUIRE_MESSAGE(done.has_value(), done.error().to_string());
    return value;
}

}  // namespace

TEST_CASE("InsertResult: identifiers and what is new, by input") {
    const auto result = read<InsertResult>(R"({"signalsByInput":{
        "signal1":{"id":"c5vv12btaf7d0qbk0l0g","created":true},
        "signal2":{"id":"c5vv12btaf7d0qbk0l10","created":false}}})");
    REQUIRE(result.signals_by_input.size() == 2);
    const CreateSummary& first = result.signals_by_input.at("signal1");
    CHECK(first.id == "c5vv12btaf7d0qbk0l0g");
    CHECK(first.created);
    CHECK(result.signals_by_input.at("signal2").id == "c5vv12btaf7d0qbk0l10");
    CHECK_FALSE(result.signals_by_input.at("signal2").created);
}

TEST_CASE("SaveSignalsResult: created, updated, or neither") {
    const auto result = read<SaveSignalsResult>(R"({"signalsByInput":{
        "banana-stand/status":{"id":"c7g2ir7qfsj08glu5c2g","created":true,"updated":false},
        "old":{"updated":true,"id":"c5vv12btaf7d0qbk0l10","created":false},
        "same":{"id":"c5vv12btaf7d0qbk0l0g"}}})");
    REQUIRE(result.signals_by_input.size() == 3);
    const SaveSummary& first = result.signals_by_input.at("banana-stand/status");
    CHECK(first.id == "c7g2ir7qfsj08glu5c2g");
    CHECK(first.created);
    CHECK_FALSE(first.updated);
    CHECK(result.signals_by_input.at("old").updated);
    CHECK_FALSE(result.signals_by_input.at("old").created);
    CHECK_FALSE(result.signals_by_input.at("same").updated);
}

TEST_CASE("PublishSignalsResult: the item of each signal") {
    const auto result = read<PublishSignalsResult>(R"({"itemsBySignal":{
        "c7kmudvqfsjfb27kpr30":{"id":"c7o06mvqfsjalqv80iqg","created":true,"updated":false}}})");
    REQUIRE(result.items_by_signal.size() == 1);
    CHECK(result.items_by_signal.at("c7kmudvqfsjfb27kpr30").id == "c7o06mvqfsjalqv80iqg");
    CHECK(result.items_by_signal.at("c7kmudvqfsjfb27kpr30").created);
}

TEST_CASE("results: unknown members are ignored, and missing ones are empty") {
    CHECK(read<InsertResult>("{}") == InsertResult{});
    CHECK(read<InsertResult>(R"({"signalsByInput":null,"took":[1,{"a":2}]})") == InsertResult{});
    const auto result = read<SaveSignalsResult>(
        R"({"meta":{"x":[]},"signalsByInput":{"a":{"id":"x","new":{"y":1},"updated":null}}})");
    CHECK(result.signals_by_input.at("a").id == "x");
    CHECK(result.signals_by_input.size() == 1);
}

TEST_CASE("results: a fault is named with its place") {
    SaveSignalsResult result;
    result.signals_by_input["old"].id = "kept";
    const auto done = read_json_text(R"({"signalsByInput":{"a":{},"b":{"created":1}}})", result);
    REQUIRE(done.has_error());
    CHECK(done.error().code() == Errc::decode);
    CHECK(
        done.error().message() == "/signalsByInput/b/created: expected a boolean, found a number");
    CHECK(result.signals_by_input.at("old").id == "kept");
}

}  // namespace summaries_test
