// SPDX-License-Identifier: BSL-1.0
// Labels are sets, but for what a server sent.

#include <clarify/api/labels.hpp>

#include <doctest/doctest.h>

#include <string>

namespace labels_test {

namespace {

using clarify::Errc;
using clarify::Labels;
using clarify::Reason;
using Values = Labels::Values;

Labels read(std::string_view text) {
    Labels labels;
    const auto done = read_json_text(text, labels);
    REQUIRE_MESSAGE(done.has_value(), done.error().to_string());
    return labels;
}

std::string text_of(const Labels& labels) {
    std::string out;
    REQUIRE(append_json_text(out, labels).has_value());
    return out;
}

}  // namespace

TEST_CASE("Labels: values are sorted, and each is there once") {
    Labels labels;
    CHECK(labels.add("location", "pier"));
    CHECK(labels.add("location", "banana stand"));
    CHECK_FALSE(labels.add("location", "pier"));
    labels.set("city", {"Oslo", "Bergen", "Oslo"});
    CHECK(labels.get("location") == Values{"banana stand", "pier"});
    CHECK(labels.get("city") == Values{"Bergen", "Oslo"});
    CHECK(labels == Labels{{"location", {"pier", "banana stand"}}, {"city", {"Oslo", "Bergen"}}});
    CHECK(labels.size() == 2);
    CHECK(labels.contains("city", "Oslo"));
    CHECK_FALSE(labels.contains("city", "Paris"));
    CHECK_FALSE(labels.contains("country"));
    CHECK(labels.get("country").empty());
}

TEST_CASE("Labels: exactly the named value is removed") {
    Labels labels{{"k", {"a", "b", "c"}}};
    CHECK_FALSE(labels.remove("k", "d"));
    CHECK(labels.get("k") == Values{"a", "b", "c"});
    CHECK(labels.remove("k", "b"));
    CHECK(labels.get("k") == Values{"a", "c"});
    CHECK_FALSE(labels.remove("other", "a"));
}

TEST_CASE("Labels: a key without values vanishes") {
    Labels labels{{"one", {"a"}}, {"two", {"b"}}, {"none", {}}};
    CHECK(labels.size() == 2);
    CHECK(labels.remove("one", "a"));
    CHECK_FALSE(labels.contains("one"));
    labels.set("two", {});
    CHECK(labels.empty());
    labels.set("three", {});
    CHECK(labels.empty());
    CHECK(text_of(labels) == "{}");
}

TEST_CASE("Labels: a value may be a view of one that is there") {
    Labels labels = read(R"({"k":["a value that is too long to be stored inside","b"],"l":[]})");
    labels.set("k", {"z", "a value that is too long to be stored inside"});
    labels.add("l", labels.get("k")[0]);
    CHECK(labels.contains("l", "a value that is too long to be stored inside"));
    Labels unsorted = read(R"({"k":["z value that is too long to be stored inside","b"]})");
    CHECK_FALSE(unsorted.add("k", unsorted.get("k")[0]));
    CHECK(unsorted.remove("k", unsorted.get("k")[1]));
    CHECK(unsorted.get("k") == Values{"b"});
}

TEST_CASE("Labels: what a server sent keeps its order until it is changed") {
    Labels labels = read(R"({"l":["Living room","inside","Attic","inside"],"empty":[],"a":["x"]})");
    CHECK(labels.get("l") == Values{"Living room", "inside", "Attic", "inside"});
    CHECK(
        text_of(labels) ==
        R"({"a":["x"],"empty":[],"l":["Living room","inside","Attic","inside"]})");

    SUBCASE("by another value") {
        CHECK(labels.add("l", "Cellar"));
        CHECK(labels.get("l") == Values{"Attic", "Cellar", "Living room", "inside"});
        CHECK(labels.contains("empty"));
    }
    SUBCASE("as a whole") {
        labels.normalize();
        CHECK(text_of(labels) == R"({"a":["x"],"l":["Attic","Living room","inside"]})");
    }
}

TEST_CASE("Labels: null is an empty set, and the last of two members with one key counts") {
    CHECK(read("null").empty());
    CHECK(read(R"({"k":null})").get("k").empty());
    CHECK(read(R"({"k":["a"],"\u006b":["b"]})") == Labels{{"k", {"b"}}});
}

TEST_CASE("Labels: a fault in the text is named with its place, and changes nothing") {
    Labels labels{{"old", {"x"}}};
    const auto done = read_json_text(R"({"good":["a"],"a/b":["c",7]})", labels);
    REQUIRE(done.has_error());
    CHECK(done.error().code() == Errc::decode);
    CHECK(done.error().reason() == Reason::mismatch);
    CHECK(done.error().message() == "/a~1b/1: expected a string, found a number");
    CHECK(labels == Labels{{"old", {"x"}}});
    CHECK(read_json_text("[]", labels).error().message() == "expected an object, found an array");
    CHECK(read_json_text(R"({"k":["a"})", labels).error().reason() == Reason::syntax);
}

TEST_CASE("Labels: text that is not UTF-8 is refused") {
    std::string out = "before";
    const auto done = append_json_text(out, Labels{{"k", {"\xFF"}}});
    REQUIRE(done.has_error());
    CHECK(done.error().code() == Errc::bad_argument);
    CHECK(done.error().reason() == Reason::encoding);
    CHECK(done.error().message() == "/k/0: the text is not UTF-8");
    CHECK(out == "before");
}

}  // namespace labels_test
