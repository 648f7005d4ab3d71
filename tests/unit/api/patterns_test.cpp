// SPDX-License-Identifier: BSL-1.0
// Which texts pass as keys and identifiers.

#include <clarify/api/patterns.hpp>

#include <doctest/doctest.h>

#include <string>
#include <string_view>

namespace patterns_test {

namespace {

using namespace clarify;

/// The bytes that pass as a text of one byte, in order.
template <class Pattern>
std::string passing_bytes(Pattern passes) {
    std::string out;
    for (int byte = 0; byte != 256; ++byte) {
        const char c = static_cast<char>(byte);
        if (passes(std::string_view{&c, 1})) out += c;
    }
    return out;
}

constexpr std::string_view upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
constexpr std::string_view lower = "abcdefghijklmnopqrstuvwxyz";

}  // namespace

TEST_CASE("patterns: an input key has letters, digits and seven marks") {
    const std::string all = passing_bytes(is_input_key);
    CHECK(all == "#+-./0123456789:" + std::string{upper} + "_" + std::string{lower});
    CHECK(is_input_key(std::string(128, 'x')));
    CHECK_FALSE(is_input_key(std::string(129, 'x')));
    CHECK_FALSE(is_input_key(""));
    CHECK_FALSE(is_input_key("two words"));
    CHECK_FALSE(is_input_key("temp\n"));
}

TEST_CASE("patterns: the keys of labels and annotations have no dot and no colon") {
    const std::string all = passing_bytes(is_label_key);
    CHECK(all == "-/0123456789" + std::string{upper} + "_" + std::string{lower});
    CHECK(passing_bytes(is_annotation_key) == all);
    CHECK(is_label_key("data-source"));
    CHECK(is_annotation_key("clarify/clarify-go/example/name"));
    CHECK_FALSE(is_annotation_key("docs.clarify.io/x"));
    CHECK_FALSE(is_label_key(std::string(129, 'x')));
    CHECK_FALSE(is_label_key(""));
}

TEST_CASE("patterns: an identifier has twenty letters of base32hex") {
    CHECK(is_resource_id("c8keagasahsp3cpvma20"));
    CHECK(is_resource_id("01234567890123456789"));
    CHECK(is_resource_id("c618rbfqfsj7mjkj0ss1"));
    CHECK_FALSE(is_resource_id("c8keagasahsp3cpvma2"));
    CHECK_FALSE(is_resource_id("c8keagasahsp3cpvma200"));
    CHECK_FALSE(is_resource_id("c8keagasahsp3cpvmaw0"));
    CHECK_FALSE(is_resource_id("C8KEAGASAHSP3CPVMA20"));
    CHECK_FALSE(is_resource_id(""));
}

TEST_CASE("patterns: an alias has at most 28 letters and does not begin with a digit") {
    CHECK(is_alias("_"));
    CHECK(is_alias("g1"));
    CHECK(is_alias("a123456789012345678901234567"));
    CHECK_FALSE(is_alias("a1234567890123456789012345678"));
    CHECK_FALSE(is_alias("1g"));
    CHECK_FALSE(is_alias("a-b"));
    CHECK_FALSE(is_alias(""));
}

TEST_CASE("patterns: a state is 0 to 9999, and a hash has forty small hexadecimal digits") {
    CHECK(is_enum_state(0));
    CHECK(is_enum_state(9999));
    CHECK_FALSE(is_enum_state(-1));
    CHECK_FALSE(is_enum_state(10000));
    CHECK(is_resource_hash("5f36b2ea290645ee34d943220a14b54ee5ea5be5"));
    CHECK_FALSE(is_resource_hash("5F36B2EA290645EE34D943220A14B54EE5EA5BE5"));
    CHECK_FALSE(is_resource_hash("5f36b"));
    static_assert(is_input_key("banana-stand/status"));
}

}  // namespace patterns_test
