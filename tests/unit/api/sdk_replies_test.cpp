// SPDX-License-Identifier: BSL-1.0
// Replies in the shapes that Clarify's SDKs for Go and Python keep as examples: all of them are
// read, and the hashes in them, which production computed, come out the same.

#include <clarify/api/data_frame.hpp>
#include <clarify/api/resource.hpp>
#include <clarify/api/selection.hpp>
#include <clarify/api/summaries.hpp>
#include <clarify/core/rpc_error.hpp>
#include <clarify/rpc/envelope.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sdk_replies_test {

using namespace clarify;
using namespace std::chrono_literals;

namespace {

template <class T>
T read(const std::string& text) {
    T value;
    const Result<void> done = read_json_text(text, value);
    REQUIRE_MESSAGE(done.has_value(), done.error().to_string());
    return value;
}

/// What most of the resources below have in common: a duration is a number of seconds, times have
/// an offset, and members that the service does not send are null.
std::string item_text(const std::string& id, const std::string& name, const std::string& hash) {
    return R"({"type":"items","id":")" + id + R"(","meta":{"annotations":{},"attributesHash":")" +
        hash +
        R"(","relationshipsHash":"5f36b2ea290645ee34d943220a14b54ee5ea5be5",)"
        R"("updatedAt":"2023-10-20T10:46:04.311000+00:00",)"
        R"("createdAt":"2022-08-10T07:59:36.448000+00:00"},"attributes":{"name":")" +
        name +
        R"(","description":"","labels":{},"sourceType":"measurement","valueType":"numeric",)"
        R"("engUnit":"","enumValues":{},"sampleInterval":null,"gapDetection":3456000.0,)"
        R"("visible":true},"relationships":{"signals":null}})";
}

std::string signal_text(
    const std::string& id,
    const std::string& number,
    const std::string& hashes,
    const std::string& item) {
    return R"({"type":"signals","id":")" + id + R"(","meta":{"annotations":{},)" + hashes +
        R"("updatedAt":"2023-10-20T10:46:03.833000+00:00",)"
        R"("createdAt":"2022-08-10T07:59:36.018000+00:00"},"attributes":{"name":"Signal )" +
        number +
        R"(","description":"","labels":{},"sourceType":"measurement","valueType":"numeric",)"
        R"("engUnit":"","enumValues":{},"sampleInterval":null,"gapDetection":null,)"
        R"("input":"test_signal_)" +
        number +
        R"(","integration":null,"item":null},"relationships":{"integration":null,)"
        R"("item":{"data":{"type":"items","id":")" +
        item + R"("}}}})";
}

const std::string item_33 =
    item_text("cbpmaq6rpn52969vfl00", "Item 33", "f6d49808e47b5996daf602342b597f2b9fb2c546");
const std::string item_42 =
    item_text("cbpmaq6rpn52969vfl0g", "Item 42", "da3d70581ac8a9801da58142b9be24c98d04d37c");
const std::string signal_39 = signal_text(
    "cbpmaq6rpn52969vfk70",
    "39",
    R"("attributesHash":"7db601f42a56ae88ef93328038578c0119611b9b",)"
    R"("relationshipsHash":"ac55c70f73c20e38394fb64d7b7fb2e848ae568b",)",
    "cbpmaq6rpn52969vfl00");
const std::string signal_47 = signal_text(
    "cbpmaq6rpn52969vfk7g",
    "47",
    R"("attributesHash":"a73f3c5f1407a4a518528b627bb62d375887df6c",)"
    R"("relationshipsHash":"df595fa43f8f88aceb58f4e450a837232c4adb7b",)",
    "cbpmaq6rpn52969vfl0g");
/// With an ampersand, which is escaped before it is hashed.
const std::string wind_speed =
    R"({"type":"items","id":"c5ep6ojsbu8cohpih9g0","meta":{)"
    R"("attributesHash":"e7949437562e4319d79c9878890ea34bf0829eec",)"
    R"("relationshipsHash":"5f36b2ea290645ee34d943220a14b54ee5ea5be5",)"
    R"("annotations":{"clarify/industry-type":"mysterybox"},)"
    R"("createdAt":"2021-10-06T12:15:30.353Z","updatedAt":"2022-03-25T09:58:19.61Z"},)"
    R"("attributes":{"name":"Average Wind Speed",)"
    R"("description":"Used by Demo data timeline: Maritime & Mystery box.",)"
    R"("valueType":"numeric","sourceType":"measurement","engUnit":"m/s","sampleInterval":null,)"
    R"("gapDetection":"PT2H","labels":{"data-source":["Live Port Weather data provider"],)"
    R"("location":["Port B"]},"enumValues":{},"visible":true},"relationships":{}})";

constexpr std::string_view meta =
    R"("meta":{"total":-1,"format":{"dataAsArray":true,"groupIncludedByType":true},"issues":null})";

/// A reply to the call with the identifier 1, read as far as its result.
template <class T>
T reply(const std::string& result) {
    const std::string body = R"({"jsonrpc":"2.0","id":1,"result":)" + result + R"(,"error":null})";
    const Result<std::string_view> text = rpc::read_response(body, 1, 64);
    REQUIRE_MESSAGE(text.has_value(), text.error().to_string());
    return read<T>(std::string{*text});
}

/// The error that a reply to the same call has.
ErrorData failure(const std::string& error, std::int64_t code) {
    const std::string body = R"({"jsonrpc":"2.0","id":1,"error":)" + error + "}";
    const Result<std::string_view> text = rpc::read_response(body, 1, 64);
    REQUIRE(text.has_error());
    REQUIRE(text.error().rpc() != nullptr);
    CHECK(text.error().rpc()->code == code);
    return text.error().rpc()->clarify_data();
}

}  // namespace

TEST_CASE("SDK replies: hashes of production, for durations in seconds as for those in words") {
    for (const std::string& text : {item_33, item_42, wind_speed}) {
        CAPTURE(text);
        const Item item = read<Item>(text);
        CHECK(attributes_hash(item) == item.meta.attributes_hash);
        CHECK(relationships_hash(item.relationships) == item.meta.relationships_hash);
        CHECK(item.visible);
    }
    CHECK(read<Item>(item_33).gap_detection == FixedDuration{40 * 24h});
    for (const std::string& text : {signal_39, signal_47}) {
        CAPTURE(text);
        const Signal signal = read<Signal>(text);
        CHECK(attributes_hash(signal) == signal.meta.attributes_hash);
        CHECK(relationships_hash(signal.relationships) == signal.meta.relationships_hash);
        CHECK_FALSE(signal.integration());
        REQUIRE(signal.item());
    }
}

TEST_CASE("SDK replies: selections of signals and of items") {
    const std::string begin = "{" + std::string{meta} + R"(,"data":[)";
    const auto signals = reply<Selection<Signal>>(
        begin + signal_39 + "," + signal_47 + R"(],"included":{"items":[)" + item_33 + "," +
        item_42 + "]}}");
    CHECK_FALSE(signals.total);
    REQUIRE(signals.data.size() == 2);
    CHECK(signals.data[1].input == "test_signal_47");
    for (const Signal& signal : signals.data)
        CHECK(signals.included_item(signal.item()->id) != nullptr);
    CHECK(signals.data[0].meta.updated_at == Timestamp::parse("2023-10-20T10:46:03.833Z").value());

    const auto items =
        reply<Selection<Item>>(begin + item_33 + "," + wind_speed + R"(],"included":null})");
    CHECK(items.data.size() == 2);
    CHECK(items.included_items.empty());
    CHECK(items.data[1].meta.annotations.at("clarify/industry-type") == "mysterybox");
    // An older form, which says less about itself.
    CHECK(
        reply<Selection<Item>>(
            R"({"meta":{"total":-1,"groupIncludedByType":false},"data":[)" + wind_speed + "]}")
            .data.size() == 1);
    // A page of one, of two in all.
    CHECK(
        reply<Selection<Item>>(
            R"({"meta":{"total":2,"format":{"groupIncludedByType":true,"dataAsArray":true}},)"
            R"("data":[)" +
            item_42 + "]}")
            .total == 2);
}

TEST_CASE("SDK replies: a data frame with microseconds, and one of buckets") {
    const auto raw = reply<DataSelection>(
        R"({"meta":{"total":1,"format":{"dataAsArray":false,"groupIncludedByType":true},)"
        R"("issues":null},"data":{"times":["2023-10-20T10:26:09.626906+00:00",)"
        R"("2023-10-20T10:26:32.343919+00:00"],"series":{"cbpmaq6rpn52969vfl00":[2.0,1.0]}},)"
        R"("included":{"items":[)" +
        item_33 + "]}}");
    CHECK(raw.total == 1);
    CHECK(
        raw.data.at(
            Timestamp::parse("2023-10-20T10:26:32.343919Z").value(), "cbpmaq6rpn52969vfl00") == 1);
    CHECK(raw.included_item("cbpmaq6rpn52969vfl00") != nullptr);

    // Hours from midnight to four, of which the last one has no values.
    const auto hours = reply<DataSelection>(
        R"({"meta":{"total":2},"data":{"times":["2022-01-01T00:00:00Z","2022-01-01T01:00:00Z",)"
        R"("2022-01-01T02:00:00Z"],"series":{"c8l95d2sahsh22imiabg_sum":[64,32.1,32.5],)"
        R"("c8l95d2sahsh22imiabg_avg":[32,32.1,32.5],"c8l95d2sahsh22imiabg_min":[30,32.1,32.5],)"
        R"("c8l95d2sahsh22imiabg_max":[34,32.1,32.5],"c8l95d2sahsh22imiabg_count":[2,1,1]}}})");
    CHECK(hours.data.columns() == 5);
    CHECK(hours.data.size() == 3);
    const auto sums = hours.data.column("c8l95d2sahsh22imiabg_sum");
    CHECK(std::vector<double>(sums.begin(), sums.end()) == std::vector<double>{64, 32.1, 32.5});
}

TEST_CASE("SDK replies: what was inserted, saved and published") {
    CHECK(reply<InsertResult>(
              R"({"signalsByInput":{"c5vv12btaf7d0qbk0l0e":{"id":"c5vv12btaf7d0qbk0l0e",)"
              R"("created":true}}})")
              .signals_by_input.at("c5vv12btaf7d0qbk0l0e")
              .created);
    CHECK(reply<SaveSignalsResult>(R"({"signalsByInput":{}})").signals_by_input.empty());
    const auto published = reply<PublishSignalsResult>(
        R"({"itemsBySignal":{"c7kmudvqfsjfb27kpr30":{"id":"c7o06mvqfsjalqv80iqg","created":false,)"
        R"("updated":false},"c7kmudvqfsjfb27kpr3g":{"id":"c7o07lvqfsjalqv80ir0","created":true,)"
        R"("updated":false}}})");
    CHECK_FALSE(published.items_by_signal.at("c7kmudvqfsjfb27kpr30").created);
    CHECK(published.items_by_signal.at("c7kmudvqfsjfb27kpr3g").id == "c7o07lvqfsjalqv80ir0");
}

TEST_CASE("SDK replies: errors with messages by parameter, without any, and with a text") {
    const ErrorData data = failure(
        R"({"code":-32602,"message":"Invalid params","data":{"trace":"00000000000000000000",)"
        R"("params":{"integration":["required"]}}})",
        RpcError::invalid_params);
    CHECK(data.trace == "00000000000000000000");
    REQUIRE(data.params.size() == 1);
    CHECK(data.params[0].first == "integration");
    CHECK(data.params[0].second == "required");
    CHECK(
        failure(
            R"({"code":-32602,"message":"m","data":{"trace":"x2934jdklmkn4j32n4njnj","params":{}}})",
            RpcError::invalid_params)
            .trace == "x2934jdklmkn4j32n4njnj");
    CHECK(
        failure(
            R"({"code":-30900,"message":"An error message","data":"What it is about."})", -30900)
            .text == "What it is about.");
}

}  // namespace sdk_replies_test
