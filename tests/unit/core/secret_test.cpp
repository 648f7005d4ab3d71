// SPDX-License-Identifier: BSL-1.0

#include <clarify/core/secret.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cinttypes>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <ostream>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace secret_test {

using namespace clarify;
using namespace std::string_view_literals;

namespace {

template <class T>
concept Printable = requires(std::ostream& out, const T& value) {
    out << value;
};

}  // namespace

TEST_CASE("Secret: gives its text through expose only") {
    CHECK(Secret{"hunter2"}.expose() == "hunter2");
    CHECK(Secret{"a\0b"sv}.expose() == "a\0b"sv);
    static_assert(!std::is_convertible_v<Secret, std::string>);
    static_assert(!std::is_convertible_v<Secret, std::string_view>);
    static_assert(!std::is_convertible_v<Secret, const char*>);
    static_assert(!std::is_convertible_v<Secret, bool>);
    static_assert(!std::is_convertible_v<std::string, Secret>);
    static_assert(!std::is_convertible_v<const char*, Secret>);
    static_assert(!Printable<Secret>);
}

TEST_CASE("Secret: knows its size") {
    CHECK(Secret{}.empty());
    CHECK(Secret{}.expose().empty());
    CHECK(Secret{""}.empty());
    CHECK(Secret{"abc"}.size() == 3);
    CHECK_FALSE(Secret{"abc"}.empty());
}

TEST_CASE("Secret: a copy is independent") {
    Secret first{"first"};
    const Secret copy = first;
    first = Secret{"changed"};
    CHECK(copy.expose() == "first");
    CHECK(first.expose() == "changed");
    CHECK(copy.expose().data() != Secret{copy}.expose().data());
}

TEST_CASE("Secret: a move leaves nothing behind") {
    Secret first{"first"};
    const Secret moved = std::move(first);
    CHECK(moved.expose() == "first");
    CHECK(first.empty());  // NOLINT(bugprone-use-after-move)
    CHECK(first.expose().empty());
    Secret target{"target"};
    target = Secret{moved};
    CHECK(target.expose() == "first");
    Secret& alias = target;
    target = alias;
    CHECK(target.expose() == "first");
}

TEST_CASE("Secret: compares whole texts") {
    CHECK(Secret{"abc"} == Secret{"abc"});
    CHECK(Secret{} == Secret{""});
    for (const std::string_view other :
         {"abd"sv, "bbc"sv, "ab"sv, "abcd"sv, ""sv, "ABC"sv, "ab\xE3"sv}) {
        CHECK_FALSE(Secret{"abc"} == Secret{other});
    }
    CHECK(Secret{"abc"} != Secret{"abd"});
}

TEST_CASE("Secret: wiping overwrites every byte") {
    std::array<char, 64> memory{};
    memory.fill('x');
    Secret::wipe(memory.data(), memory.size() - 1);
    CHECK(std::all_of(memory.begin(), memory.end() - 1, [](char c) { return c == '\0'; }));
    CHECK(memory.back() == 'x');
    Secret::wipe(nullptr, 0);
}

TEST_CASE("Secret: wiping a string overwrites its whole buffer, also what it held before") {
    std::string text(100, 'x');
    text.resize(10);
    REQUIRE(text.capacity() >= 100);
    const char* const buffer = text.data();
    const std::size_t capacity = text.capacity();
    Secret::wipe(text);
    CHECK(text.empty());
    REQUIRE(text.data() == buffer);
    CHECK(std::all_of(buffer, buffer + capacity, [](char c) { return c == '\0'; }));
}

TEST_CASE("Secret: wipes the string it is made from") {
    std::string text(100, 'x');
    const char* const buffer = text.data();
    const Secret secret{std::move(text)};
    CHECK(secret.size() == 100);
    CHECK(text.empty());  // NOLINT(bugprone-use-after-move)
    REQUIRE(text.data() == buffer);
    CHECK(std::all_of(buffer, buffer + 100, [](char c) { return c == '\0'; }));
}

#if defined(__linux__)
TEST_CASE("Secret: its memory is left out of core dumps") {
    const Secret secret{"hunter2"};
    const auto wanted = reinterpret_cast<std::uintptr_t>(secret.expose().data());
    std::ifstream maps{"/proc/self/smaps"};
    bool inside = false;
    bool left_out = false;
    for (std::string line; std::getline(maps, line);) {
        std::uintptr_t begin = 0;
        std::uintptr_t end = 0;
        if (std::sscanf(line.c_str(), "%" SCNxPTR "-%" SCNxPTR " ", &begin, &end) == 2)
            inside = begin <= wanted && wanted < end;
        if (inside && line.starts_with("VmFlags:"))
            left_out = line.find(" dd") != std::string::npos;
    }
    CHECK(left_out);
}
#endif

TEST_CASE("Secret: a large one is whole, and many go as they came") {
    const std::string large(100'000, 'x');
    CHECK(Secret{large}.expose() == large);
    std::vector<Secret> many;
    for (int i = 0; i != 1'000; ++i)
        many.emplace_back("secret " + std::to_string(i));
    for (int i = 0; i != 1'000; ++i)
        CHECK(many[static_cast<std::size_t>(i)].expose() == "secret " + std::to_string(i));
}

}  // namespace secret_test
