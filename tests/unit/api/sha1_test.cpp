// SPDX-License-Identifier: BSL-1.0
// SHA-1 against published vectors, at the lengths where padding changes.

#include <clarify/api/detail/sha1.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <string>

namespace sha1_test {

using clarify::detail::sha1_hex;

TEST_CASE("sha1: the vectors of RFC 3174") {
    CHECK(sha1_hex("abc") == "a9993e364706816aba3e25717850c26c9cd0d89d");
    CHECK(
        sha1_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") ==
        "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
    CHECK(sha1_hex(std::string(1'000'000, 'a')) == "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
    std::string text;
    for (int i = 0; i != 80; ++i)
        text += "01234567";
    CHECK(sha1_hex(text) == "dea356a2cddd90c7a7ecedc5ebb563934f460452");
}

TEST_CASE("sha1: every length around the end of a block") {
    CHECK(sha1_hex("") == "da39a3ee5e6b4b0d3255bfef95601890afd80709");
    CHECK(sha1_hex(std::string(55, 'a')) == "c1c8bbdc22796e28c0e15163d20899b65621d65a");
    CHECK(sha1_hex(std::string(56, 'a')) == "c2db330f6083854c99d4b5bfb6e8f29f201be699");
    CHECK(sha1_hex(std::string(63, 'a')) == "03f09f5b158a7a8cdad920bddc29b81c18a551f5");
    CHECK(sha1_hex(std::string(64, 'a')) == "0098ba824b5c16427bd7a1122a5a442a25ec644d");
    CHECK(sha1_hex(std::string(65, 'a')) == "11655326c708d70319be2610e8a57d9a5b959d3b");
    CHECK(sha1_hex(std::string(3, '\xFF')) == "78670e88a9c2c711124471d2f24a8dbc8ce5dba9");
}

}  // namespace sha1_test
