// SPDX-License-Identifier: BSL-1.0

#include <clarify/core/detail/scrub.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace scrub_test {

using namespace clarify::detail;
using namespace std::string_view_literals;

namespace {

std::string without(std::string text, std::string_view secret, std::string_view second = {}) {
    SecretFinder{secret, second}.scrub(text);
    return text;
}

/// Masks what an Authorization value says.
std::string scrubbed(std::string text, std::string_view authorization) {
    const Scrubber scrubber{authorization};
    const bool found = scrubber.finds(text);
    const std::string before = text;
    scrubber.scrub(text);
    // A secret that looks like the mask is found and leaves the text as it was.
    if (!found) CHECK(text == before);
    return text;
}

// user-1:p/s "w+d
constexpr std::string_view basic = "Basic dXNlci0xOnAvcyAidytk";

}  // namespace

TEST_CASE("SecretFinder: a secret is replaced wherever it stands") {
    CHECK(without("Bearer abcd1234 and abcd1234", "abcd1234") == "Bearer **** and ****");
    CHECK(without("abcd1234abcd1234", "abcd1234") == "********");
    CHECK(without("nothing here", "abcd1234") == "nothing here");
    CHECK(without("abcd", "abcd") == "****");
    CHECK(without("xabcabcd", "abcd") == "xabc****");
    CHECK(without("", "abcd").empty());
}

TEST_CASE("SecretFinder: a second secret is found beside the first, whichever comes first") {
    CHECK(without("one-1 two-2 one-1", "one-1", "two-2") == "**** **** ****");
    CHECK(without("two-2one-1", "one-1", "two-2") == "********");
    CHECK(without("6f6e652d31 74776F2D32", "one-1", "two-2") == "**** ****");
    CHECK(without("one-1 two-2", "", "two-2") == "one-1 ****");
}

TEST_CASE("SecretFinder: a third secret is found beside the others") {
    const SecretFinder finder{"one-1", "two-2", "three"};
    std::string text = "three two-2 746872656 7468726565 dGhyZWU= one-1";
    CHECK(finder.scrub(text));
    CHECK(text == "**** **** 746872656 **** ****U= ****");
    CHECK_FALSE(finder.scrub(text));
}

TEST_CASE("SecretFinder: JSON that a JSON string holds is seen through") {
    // As encoders write it that escape the solidus, or all that is not a letter, once and twice.
    for (const std::string_view written :
         {R"(tok\/a-S)"sv,
          R"(tok\\/a-S)"sv,
          R"(tok\\\/a-S)"sv,
          R"(tok/a-\u0053)"sv,
          R"(tok/a-\\u0053)"sv,
          R"(\\u0074ok\\u002fa\\u002dS)"sv}) {
        CAPTURE(written);
        CHECK(SecretFinder{"tok/a-S"}.is_in(written));
        const std::string text = without("<" + std::string{written} + ">", "tok/a-S");
        CHECK(text.find("ok") == std::string::npos);
        CHECK(text.ends_with("****>"));
    }
    CHECK(without(R"(a\\b)", R"(a\\b)") == "****");
    CHECK(without(R"(key1\\\\\\\\)", "key12") == R"(key1\\\\\\\\)");
}

TEST_CASE("SecretFinder: a character of two escapes is read as one") {
    constexpr std::string_view key = "key-\xF0\x9F\x94\x91-1";
    CHECK(without(R"(<key-\ud83d\udd11-1>)", key) == "<****>");
    CHECK(without(R"(<key-\uD83D\uDD10-1>)", key) == R"(<key-\uD83D\uDD10-1>)");
    CHECK(without(R"(\ud83dkey12)", "key12") == R"(\ud83d****)");
    CHECK(without(R"(key1\ud83d\u0032)", "key12") == R"(key1\ud83d\u0032)");
}

TEST_CASE("SecretFinder: a secret too short to be one is left alone") {
    CHECK(without("an answer", "an") == "an answer");
    CHECK(without("abc", "abc") == "abc");
    CHECK(without("text", "") == "text");
}

TEST_CASE("SecretFinder: a secret that looks like its own replacement ends, too") {
    CHECK(without("a****b", "****") == "a****b");
    CHECK(without("a*****b", "*****") == "a****b");
}

TEST_CASE("SecretFinder: a secret is found as URLs, forms and JSON write it") {
    constexpr std::string_view secret = "p/w+\"x\\ y%~\xC3\xA9";
    for (const std::string_view written :
         {"p/w+\"x\\ y%~\xC3\xA9"sv,
          "p%2Fw%2B%22x%5C%20y%25~%C3%A9"sv,
          "p%2fw%2b%22x%5c+y%25%7e%c3%a9"sv,
          "%70%2F%77%2B%22%78%5C%20%79%25%7E%C3%A9"sv,
          R"(p/w+\"x\\ y%~)"
          "\xC3\xA9"sv,
          R"(p\/w\u002b\"x\\ y%~\u00e9)"sv,
          R"(\u0070%2fw\u002B"x\\ y%25~)"
          "\xC3\xA9"sv,
          R"(\u0070\u002F\u0077\u002B\u0022\u0078\u005C\u0020\u0079\u0025\u007E\u00E9)"sv}) {
        CAPTURE(written);
        CHECK(without("<" + std::string{written} + ">", secret) == "<****>");
        CHECK(SecretFinder{secret}.is_in(written));
        // All but its last byte is something else.
        CHECK_FALSE(SecretFinder{secret}.is_in(written.substr(0, written.size() - 1)));
    }
}

TEST_CASE("SecretFinder: a secret is found as HTML writes it, also within JSON") {
    constexpr std::string_view secret = "p&w<\"x' y%~/+=\xC3\xA9";
    for (const std::string_view written :
         {"p&amp;w&lt;&quot;x' y%~/+=\xC3\xA9"sv,
          "p&amp;w&lt;&quot;x&#39; y%~/+=\xC3\xA9"sv,
          "p&#38;w&#60;&#34;x&#x27; y%~&#x2F;&#x2b;&#X3D;&#233;"sv,
          "p&#38w&#60&#34x&apos; y&percnt;~&sol;&plus;&equals;&#xE9;"sv,
          "&#112;&#38;&#119;&#60;&#34;&#120;&#39;&#32;&#121;&#37;&#126;&#47;&#43;&#61;&#xe9;"sv,
          "p&amp;w<\"x' y%25~/+=\xC3\xA9"sv,
          R"(p\u0026amp;w\u0026lt;\u0026quot;x\u0026#39; y%~/+=\u00e9)"sv,
          R"(p\u0026w\u003c\"x' y%~\/+=\u00E9)"sv,
          R"(p&amp;w&lt;&quot;x' y%~\/+=\u00e9)"sv}) {
        CAPTURE(written);
        CHECK(without("<" + std::string{written} + ">", secret) == "<****>");
        CHECK(SecretFinder{secret}.is_in(written));
        CHECK_FALSE(SecretFinder{secret}.is_in(written.substr(1)));
    }
    // In base64 the letters that HTML escapes are the plus, the solidus and the equals sign.
    CHECK(without("ab&#43;/cd12", "x") == "ab&#43;/cd12");
    CHECK(scrubbed("Basic dXNlci0xOnAvcyAidytk&#x3D;", basic) == "Basic ****&#x3D;");
    CHECK(without("<&#107;ey-1&period;2>", "key-1.2") == "<****>");
}

TEST_CASE("SecretFinder: what looks like an escape may be the secret itself") {
    CHECK(without("a&amp;b", "a&amp;b") == "****");
    CHECK(without("a&amp;amp;b", "a&amp;b") == "****");
    CHECK(without("a%41&amp;b", "a%41&b") == "****");
    CHECK(without("a%2541&b", "a%41&b") == "****");
    CHECK(without(R"(a\n&amp;b)", R"(a\n&b)") == "****");
    CHECK(without("&lt;key&gt;", "&lt;key&gt;") == "****");
    CHECK(without("%26&#37;", "&#37;") == "%26****");
    CHECK(without("&#38;#37;", "&#37;") == "****");
    for (const std::string_view text :
         {"key&2"sv,
          "key&;2"sv,
          "key&#;2"sv,
          "key&#x;2"sv,
          "key&#xD800;2"sv,
          "key&#1114112;2"sv,
          "key&#0;2"sv,
          "key&nosuch;2"sv,
          "key&#"sv,
          "key&"sv,
          "key&#x"sv,
          "key&am"sv,
          "key\\u0026"sv,
          "key&#000000049;2"sv}) {
        CAPTURE(text);
        CHECK(without(std::string{text}, "key12") == text);
    }
}

TEST_CASE("SecretFinder: a secret is found in hexadecimal digits") {
    CHECK(without("x 6B6579313233 y", "key123") == "x **** y");
    CHECK(without("x6b6579313233y", "key123") == "x****y");
    CHECK(without("6b657931323", "key123") == "6b657931323");
    CHECK(without("ABCDEF01abcdef01", "\xAB\xCD\xEF\x01") == "********");
}

TEST_CASE("SecretFinder: a secret is found in base64, whatever stands around it") {
    // What is left are the letters that it shares with its neighbours.
    CHECK(without("a2V5MTIz", "key123") == "****");
    CHECK(without("aWQ6a2V5MTIz", "key123") == "aWQ6****");
    CHECK(without("eDprZXkxMjM=", "key123") == "eDp****M=");
    CHECK(without("Ojo6OmtleTEyMw==", "key123") == "Ojo6Om****w==");
    // The other alphabet, and escapes: "\xFB\xFF\xBE??".
    const std::string_view odd = "\xFB\xFF\xBE??\x3E";
    CHECK(without("+/++Pz8+", odd) == "****");
    CHECK(without("-_--Pz8-", odd) == "****");
    CHECK(without("%2B%2F%2b+Pz8+", odd) == "****");
    CHECK(without(R"(+\/++Pz8\u002b)", odd) == "****");
}

TEST_CASE("SecretFinder: what is no escape stands for itself") {
    for (const std::string_view text :
         {"%"sv,
          "%2"sv,
          "%zz"sv,
          R"(\)"sv,
          R"(\u)"sv,
          R"(\u00)"sv,
          R"(\ud83d\ude00)"sv,
          R"(\q)"sv}) {
        CAPTURE(text);
        CHECK(without(std::string{text}, "key123") == text);
        CHECK(without(std::string{text} + "key123", "key123") == std::string{text} + "****");
    }
    CHECK(without("k%41y-%41", "k%41y-%41") == "****");
}

TEST_CASE("SecretFinder: a text made to cost time is cut short rather than searched for ever") {
    constexpr std::size_t size = std::size_t{1} << 18U;
    const std::string secret = std::string(8'191, 'a') + 'b';
    const std::string text = "x" + std::string(size, 'a');
    const std::string shown = without(text, secret);
    CHECK(shown.starts_with("xaaa"));
    CHECK(shown.ends_with("a****"));
    CHECK(SecretFinder{secret}.is_in(std::string(size, 'a')));
    CHECK(SecretFinder{secret}.scrubbed_front(text, 512).size() <= 516);
    CHECK(SecretFinder{secret}.behind_secret(text, size) == text.size());
    // Where it costs nothing, size alone changes nothing.
    CHECK_FALSE(SecretFinder{"key123"}.is_in(std::string(size, 'k')));
    CHECK(SecretFinder{"key123"}.is_in(std::string(size, 'k') + "ey123"));
    for (const char c : {'%', '\\'}) {
        const std::string escapes(size, c);
        CHECK(without(escapes, "key123", "secret") == escapes);
    }
}

TEST_CASE("SecretFinder: what a look at a text costs does not grow with it") {
    // However short the secret: of what repeats its beginning, little is looked at.
    std::string secret(33, 'a');
    secret.back() = 'b';
    for (const std::string_view letter : {"a"sv, R"(\u0061)"sv, "%61"sv}) {
        CAPTURE(letter);
        std::string text;
        while (text.size() < std::size_t{4} << 20U)
            text += letter;
        const std::string shown = without(text, secret);
        CHECK(shown.size() < std::size_t{512} << 10U);
        CHECK(shown.ends_with("****"));
    }
    // Nor do many secrets buy more for what lies between them.
    std::string mixed;
    while (mixed.size() < std::size_t{4} << 20U)
        mixed += secret + std::string(200, 'a');
    const std::string shown = without(mixed, secret);
    CHECK(shown.size() < std::size_t{512} << 10U);
}

TEST_CASE("SecretFinder: a large text that was not made to cost time is looked at as a whole") {
    const std::string secret = "tok-7f3a9c51e0b8d2641f5e";
    std::string text;
    std::uint32_t state = 1;
    while (text.size() < std::size_t{4} << 20U) {
        state = state * 1'664'525U + 1'013'904'223U;
        text += "0123456789abcdef"[state >> 28U];
    }
    CHECK_FALSE(SecretFinder{secret}.is_in(text));
    CHECK(without(text + secret, secret) == text + "****");
}

TEST_CASE("SecretFinder: a text full of secrets is masked to its end") {
    const std::string secret = "key-" + std::string(996, '1');
    std::string text;
    std::string masks;
    for (int i = 0; i != 500; ++i) {
        text += secret + ' ';
        masks += "**** ";
    }
    CHECK(without(text, secret) == masks);
}

TEST_CASE("SecretFinder: the front of a text shows no part of a secret, however many there are") {
    const SecretFinder finder{"abcd1234"};
    CHECK(finder.scrubbed_front("", 5).empty());
    CHECK(finder.scrubbed_front("plain text", 5) == "plain");
    CHECK(finder.scrubbed_front("plain", 500) == "plain");
    CHECK(finder.scrubbed_front("xyabcd1234z", 0).empty());
    CHECK(finder.scrubbed_front("xyabcd1234z", 2) == "xy");
    CHECK(finder.scrubbed_front("xyabcd1234z", 3) == "xy****");
    CHECK(finder.scrubbed_front("xyabcd1234z", 7) == "xy****z");
    std::string text;
    for (int i = 0; i != 100; ++i)
        text += R"(\u0061\u0062\u0063\u0064\u0031\u0032\u0033\u0034)";
    CHECK(finder.scrubbed_front(text, 40) == std::string(40, '*'));
}

TEST_CASE("SecretFinder: knows the end of a secret that lies across a place") {
    const SecretFinder finder{"abcd"};
    const std::string_view text = "..abcdabcd..";
    for (const std::size_t at : {0U, 1U, 2U, 6U, 10U, 11U, 12U}) {
        CAPTURE(at);
        CHECK(finder.behind_secret(text, at) == at);
    }
    for (const std::size_t at : {3U, 4U, 5U})
        CHECK(finder.behind_secret(text, at) == 6);
    for (const std::size_t at : {7U, 8U, 9U})
        CHECK(finder.behind_secret(text, at) == 10);
    CHECK(finder.behind_secret(R"(\u0061\u0062\u0063\u0064)", 23) == 24);
    // The longest way to write it: hexadecimal digits that are escaped.
    std::string digits;
    for (const char c : "61626364"sv)
        digits += std::string{"\\u003"} + c;
    CHECK(finder.behind_secret("." + digits + ".", 48) == 49);
}

TEST_CASE("Scrubber: masks the credentials that follow the scheme") {
    CHECK(scrubbed("no tok-1234 here", "Bearer tok-1234") == "no **** here");
    CHECK(scrubbed("dG9rLTEyMzQ= 746f6b2d31323334", "Bearer tok-1234") == "****Q= ****");
    CHECK(scrubbed("Bearer", "Bearer tok-1234") == "Bearer");
    CHECK(scrubbed("any text", "") == "any text");
    CHECK(scrubbed(R"("a\\b1")", R"(Bearer a\b1)") == R"("****")");
    CHECK(Scrubber{"Bearer tok-1234"}.scrubbed_front("a tok-1234", 3) == "a ****");
    CHECK(Scrubber{"Bearer tok-1234"}.behind_secret("a tok-1234", 3) == 10);
}

TEST_CASE("Scrubber: a header value without a scheme is a secret as a whole") {
    CHECK(scrubbed("you sent key-1234", "key-1234") == "you sent ****");
}

TEST_CASE("Scrubber: masks the password of Basic credentials, too, but not the name") {
    CHECK(scrubbed("dXNlci0xOnAvcyAidytk", basic) == "****");
    CHECK(scrubbed("user-1 with p/s \"w+d!", basic) == "user-1 with ****!");
    CHECK(scrubbed("p/s \"w+d!", "basic dXNlci0xOnAvcyAidytk") == "****!");
    CHECK(scrubbed("p/s \"w+d!", "Bearer dXNlci0xOnAvcyAidytk") == "p/s \"w+d!");
    CHECK(scrubbed("abcd abcde abcdef", "Basic OmFiY2Q=") == "**** ****e ****ef");
    CHECK(scrubbed("abcd abcde abcdef", "Basic OmFiY2Rl") == "abcd **** ****f");
    CHECK(scrubbed("abcd abcde abcdef", "Basic OmFiY2RlZg==") == "abcd abcde ****");
    CHECK(scrubbed("abc OmFiYw==", "Basic OmFiYw==") == "abc ****");
    // name:left:right
    CHECK(scrubbed("left:right.", "Basic bmFtZTpsZWZ0OnJpZ2h0") == "****.");
}

TEST_CASE("Scrubber: finds the password of Basic credentials in other writing") {
    CHECK(scrubbed(R"(p\u002fs \u0022w\u002Bd.)", basic) == "****.");
    CHECK(scrubbed("p%2Fs%20%22w%2bd.", basic) == "****.");
    CHECK(scrubbed("p%2Gs \"w+d", basic) == "p%2Gs \"w+d");
    CHECK(scrubbed("p%3Gs \"w+d", basic) == "p%3Gs \"w+d");
    CHECK(scrubbed("702f73202277 702f732022772b64", basic) == "702f73202277 ****");
    // identity:key123
    CHECK(scrubbed("a2V5MTIz", "Basic aWRlbnRpdHk6a2V5MTIz") == "****");
}

TEST_CASE("Scrubber: Basic credentials that are none have no password") {
    CHECK(scrubbed("no colon", "Basic bm8gY29sb24=") == "no colon");
    CHECK(scrubbed("key123", "Basic not/base64!") == "key123");
    CHECK(scrubbed("not/base64!", "Basic not/base64!") == "****");
    CHECK(scrubbed("Basic", "Basic ") == "Basic");
}

}  // namespace scrub_test
