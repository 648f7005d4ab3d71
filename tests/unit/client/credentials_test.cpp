// SPDX-License-Identifier: BSL-1.0
// Credentials documents, good and bad.

#include <clarify/credentials.hpp>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <doctest/doctest.h>
#include <support/temporary_directory.hpp>
#include <sys/stat.h>

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>

namespace credentials_test {

using namespace clarify;
using namespace std::string_literals;
using namespace std::string_view_literals;
using support::TemporaryDirectory;

namespace {

namespace fs = std::filesystem;

const std::string good_oauth =
    R"({"apiUrl":"https://api.clarify.io/v1/","integration":"c6integration",
    "credentials":{"type":"client-credentials","clientId":"canary-id","clientSecret":"canary-secret"}})";
const std::string good_basic =
    R"({"credentials":{"clientSecret":"canary-secret","clientId":"canary-id",
    "type":"basic-auth"},"integration":"c6integration","apiUrl":"https://api.clarify.io/v1/"})";

/// A document whose `credentials` are good and whose `apiUrl` is given.
std::string with_url(std::string_view url) {
    return R"({"apiUrl":")" + std::string{url} + R"(","integration":"i","credentials":)" +
        R"({"type":"client-credentials","clientId":"canary-id","clientSecret":"canary-secret"}})";
}

/// The reason and text of a failure, which must show nothing of the credentials.
std::string failure(const Result<Credentials>& result) {
    REQUIRE(result.has_error());
    const Error& error = result.error();
    CHECK(error.code() == Errc::bad_config);
    CHECK(error.fate() == Fate::unsent);
    CHECK(error.attempts() == 0);
    CHECK(error.to_string().find("canary") == std::string::npos);
    return std::string{to_string(error.reason())} + ": " + std::string{error.message()};
}

std::string failure_of(std::string_view json) { return failure(Credentials::from_string(json)); }

struct Row {
    std::string_view text;
    std::string_view outcome;
};

}  // namespace

TEST_CASE("Credentials: reads client credentials") {
    const Result<Credentials> read = Credentials::from_string(good_oauth);
    REQUIRE(read.has_value());
    CHECK(read->type() == Credentials::Type::client_credentials);
    CHECK(read->api_url().to_string() == "https://api.clarify.io/v1/");
    CHECK(read->rpc_url().to_string() == "https://api.clarify.io/v1/rpc");
    CHECK(read->integration() == "c6integration");
    CHECK(read->client_id() == "canary-id");
}

TEST_CASE("Credentials: reads Basic credentials") {
    const Result<Credentials> read = Credentials::from_string(good_basic);
    REQUIRE(read.has_value());
    CHECK(read->type() == Credentials::Type::basic_auth);
    CHECK(read->client_id() == "canary-id");
    CHECK(read->rpc_url().to_string() == "https://api.clarify.io/v1/rpc");
}

TEST_CASE("Credentials: makes the scheme that they ask for") {
    CHECK_NOTHROW(Credentials::from_string(good_oauth).value().auth());
    CHECK_NOTHROW(Credentials::from_string(good_basic).value().auth());
}

TEST_CASE("Credentials: ignores members that it does not know") {
    CHECK(Credentials::from_string(
              R"({"apiUrl":"https://a/","integration":"i","new":{"x":[1]},"name":null,"ApiUrl":7,
                  "credentials":{"type":"basic-auth","clientId":"c","clientSecret":"s","expires":1,"Type":2}})")
              .has_value());
}

TEST_CASE("Credentials: reads keys and values whose characters are escaped") {
    const Result<Credentials> read = Credentials::from_string(
        R"({"api\u0055rl":"https:\/\/a\/v1","integration":"\u00e9","\u0063redentials":
            {"type":"basic\u002dauth","clientId":"c","clientSecret":"\ud83d\ude00"}})");
    REQUIRE(read.has_value());
    CHECK(read->api_url().to_string() == "https://a/v1/");
    CHECK(read->integration() == "\xC3\xA9");
}

TEST_CASE("Credentials: a byte order mark is fine") {
    CHECK(Credentials::from_string("\xEF\xBB\xBF" + good_oauth).has_value());
}

TEST_CASE("Credentials: what is not one JSON document is refused with its place") {
    CHECK(
        failure_of(good_oauth + "x") ==
        "syntax: the credentials are not valid JSON, at byte " + std::to_string(good_oauth.size()));
    CHECK(
        failure_of(R"({"apiUrl":canary})") ==
        "syntax: the credentials are not valid JSON, at byte 10");
    CHECK(failure_of(good_oauth + good_oauth).starts_with("syntax: "));
    CHECK(failure_of(good_oauth.substr(0, good_oauth.size() - 1)).starts_with("syntax: "));
    CHECK(failure_of("{'apiUrl':'canary'}").starts_with("syntax: "));
    CHECK(failure_of(R"({"apiUrl":"canary)").starts_with("syntax: "));
    CHECK(failure_of("apiUrl=canary").starts_with("syntax: "));
    CHECK(failure_of("{\"apiUrl\":\"canary\xFF\"}").starts_with("encoding: "));
    CHECK(failure_of(R"({"apiUrl":"canary\ud800"})").starts_with("encoding: "));
    CHECK(failure_of("\xFF\xFE{\0\"\0}\0"sv).starts_with("encoding: "));
    CHECK(failure_of("\xFE\xFF\0{\0}"sv).starts_with("encoding: "));
    CHECK(failure_of("{\0\"\0}\0"sv).starts_with("syntax: "));
    CHECK(failure_of(std::string(100, '[') + std::string(100, ']')).starts_with("depth: "));
    CHECK(failure_of("") == "empty: the credentials are empty");
    CHECK(failure_of(" \n\xEF\xBB\xBF").starts_with("syntax: "));
    CHECK(failure_of("\xEF\xBB\xBF \n") == "empty: the credentials are empty");
}

TEST_CASE("Credentials: a document that is no object is refused") {
    for (const std::string_view json : {"[]"sv, "null"sv, "\"canary\""sv, "42"sv, "true"sv}) {
        CAPTURE(json);
        CHECK(failure_of(json) == "fields: the credentials are not a JSON object");
    }
}

TEST_CASE("Credentials: one error names all paths that are wrong") {
    for (
        const Row& row : {
            Row{"{}", "apiUrl: is missing; integration: is missing; credentials: is missing"},
            Row{R"({"credentials":{}})",
                "credentials.type: is missing; credentials.clientId: is missing; "
                "credentials.clientSecret: is missing; apiUrl: is missing; integration: is "
                "missing"},
            Row{R"({"apiUrl":"","integration":"","credentials":{"type":"","clientId":"","clientSecret":""}})",
                "apiUrl: is empty; integration: is empty; credentials.type: is empty; "
                "credentials.clientId: is empty; credentials.clientSecret: is empty"},
            Row{R"({"apiUrl":1,"integration":null,"credentials":{"type":true,"clientId":[],"clientSecret":{}}})",
                "apiUrl: is not a string; integration: is not a string; credentials.type: is not a "
                "string; "
                "credentials.clientId: is not a string; credentials.clientSecret: is not a string"},
            Row{R"({"apiUrl":"https://a","integration":"i","credentials":"canary"})",
                "credentials: is not an object"},
            Row{R"({"apiUrl":"https://a","integration":"i","credentials":null})",
                "credentials: is not an object"},
            Row{R"({"apiUrl":"https://a","integration":"i","credentials":{"type":"basic-auth"}})",
                "credentials.clientId: is missing; credentials.clientSecret: is missing"},
            Row{R"({"apiUrl":"https://a","integration":7,"credentials":{"clientId":"canary"}})",
                "integration: is not a string; credentials.type: is missing; "
                "credentials.clientSecret: is missing"},
            Row{R"({"apiUrl":"ftp://a","integration":"i",
                     "credentials":{"type":"canary","clientId":"c","clientSecret":"s"}})",
                "apiUrl: the scheme of the URL is neither https nor http; "
                "credentials.type: is neither client-credentials nor basic-auth"},
        }) {
        CAPTURE(row.text);
        CHECK(failure_of(row.text) == "fields: " + std::string{row.outcome});
    }
}

TEST_CASE("Credentials: the type is one of two, to the letter") {
    for (const std::string_view type :
         {"Basic-Auth"sv, "basic"sv, "client_credentials"sv, "oauth2"sv, " "sv}) {
        CAPTURE(type);
        CHECK(
            failure_of(
                R"({"apiUrl":"https://a","integration":"i","credentials":{"type":")" +
                std::string{type} + R"(","clientId":"c","clientSecret":"s"}})") ==
            "fields: credentials.type: is neither client-credentials nor basic-auth");
    }
}

TEST_CASE("Credentials: a problem is told once, however often the document has it") {
    std::string document = "{";
    for (int i = 0; i != 1'000; ++i)
        document += R"("integration":"canary",)";
    document += R"("apiUrl":"https://a/"})";
    CHECK(failure_of(document) == "fields: integration: occurs twice; credentials: is missing");
}

TEST_CASE("Credentials: a member that occurs twice is refused, whichever would count") {
    const std::string inner =
        R"("credentials":{"type":"basic-auth","clientId":"c","clientSecret":"canary"})";
    const std::string start = R"({"apiUrl":"https://a","integration":"i",)";
    CHECK(
        failure_of(start + R"("apiUrl":"https://b",)" + inner + '}') ==
        "fields: apiUrl: occurs twice");
    CHECK(
        failure_of(start + R"("api\u0055rl":"https://b",)" + inner + '}') ==
        "fields: apiUrl: occurs twice");
    CHECK(
        failure_of(start + R"("integration":"i",)" + inner + '}') ==
        "fields: integration: occurs twice");
    CHECK(failure_of(start + inner + ',' + inner + '}') == "fields: credentials: occurs twice");
    for (const std::string_view name : {"type"sv, "clientId"sv, "clientSecret"sv}) {
        std::string twice = inner;
        twice.insert(twice.size() - 1, ",\"" + std::string{name} + "\":\"canary\"");
        CHECK(
            failure_of(start + twice + '}') ==
            "fields: credentials." + std::string{name} + ": occurs twice");
    }
    CHECK(Credentials::from_string(start + R"("x":1,"x":2,)" + inner + '}').has_value());
}

TEST_CASE("Credentials: the API URL ends in exactly one slash") {
    for (const Row& row : {
             Row{"https://api.clarify.io/v1/", "https://api.clarify.io/v1/"},
             Row{"https://api.clarify.io/v1", "https://api.clarify.io/v1/"},
             Row{"https://api.clarify.io/v1///", "https://api.clarify.io/v1/"},
             Row{"https://api.clarify.io", "https://api.clarify.io/"},
             Row{"https://api.clarify.io/", "https://api.clarify.io/"},
             Row{"https://api.clarify.io//", "https://api.clarify.io/"},
             Row{"https://api.clarify.io//v1//x///", "https://api.clarify.io/v1/x/"},
             Row{"HTTPS://API.Clarify.IO:443/V1", "https://api.clarify.io/V1/"},
             Row{"https://api.clarify.io:8443/a/b", "https://api.clarify.io:8443/a/b/"},
             Row{"https://[2001:DB8::1]/v1", "https://[2001:db8::1]/v1/"},
             Row{"http://localhost:8080/v1", "http://localhost:8080/v1/"},
             Row{"http://127.0.0.1:8080", "http://127.0.0.1:8080/"},
             Row{"http://127.1.2.3", "http://127.1.2.3/"},
             Row{"http://[::1]:8080/", "http://[::1]:8080/"},
         }) {
        CAPTURE(row.text);
        const Result<Credentials> read = Credentials::from_string(with_url(row.text));
        REQUIRE(read.has_value());
        CHECK(read->api_url().to_string() == row.outcome);
        CHECK(read->rpc_url().to_string() == std::string{row.outcome} + "rpc");
    }
}

TEST_CASE("Credentials: an API URL that could send a secret astray is refused, and not repeated") {
    for (const std::string_view url :
         {"http://api.clarify.io/v1/"sv,
          "http://localhost.example.com/"sv,
          "http://10.0.0.1/"sv,
          "http://127.0.0.1.example.com/"sv,
          "http://[::2]/"sv,
          "ftp://canary/"sv,
          "canary"sv,
          "//canary/v1"sv,
          "/canary"sv,
          "https:canary"sv,
          "https://"sv,
          "https:///canary"sv,
          "https://:443/canary"sv,
          "https://user:canary@api.clarify.io/"sv,
          "https://canary@api.clarify.io/"sv,
          "https://a/#canary"sv,
          "https://a/?canary=1"sv,
          "https://a#canary"sv,
          "https://a?canary"sv,
          " https://canary/"sv,
          "https://canary/ "sv,
          "https://can ary/"sv,
          R"(https://a/\r\nX: canary)"sv,
          R"(https://a/\u0000canary)"sv,
          R"(https://a/\tcanary)"sv,
          R"(https:\\\\canary\\)"sv,
          R"(https://a\\canary/)"sv,
          "https://can\xC3\xA4ry/"sv,
          "https://a:0/canary"sv,
          "https://a:65536/canary"sv,
          "https://a:canary/"sv}) {
        CAPTURE(url);
        CHECK(failure_of(with_url(url)).starts_with("url: apiUrl: "));
    }
}

TEST_CASE("Credentials: Basic credentials that cannot be sent are refused when they are read") {
    const auto with = [](std::string_view id, std::string_view secret) {
        return R"({"apiUrl":"https://a","integration":"i","credentials":{"type":"basic-auth","clientId":")" +
            std::string{id} + R"(","clientSecret":")" + std::string{secret} + R"("}})";
    };
    CHECK(failure_of(with("canary:x", "s")).starts_with("fields: credentials: "));
    CHECK(failure_of(with(R"(canary\n)", "s")).starts_with("fields: credentials: "));
    CHECK(failure_of(with("c", R"(canary\u0000)")).starts_with("fields: credentials: "));
    CHECK(Credentials::from_string(with("c", "with:colon")).has_value());
}

TEST_CASE("Credentials: Basic credentials can be made without a file") {
    const Result<Credentials> made = Credentials::basic("integration", Secret{"canary"});
    REQUIRE(made.has_value());
    CHECK(made->api_url().to_string() == Credentials::default_api_url);
    CHECK(made->type() == Credentials::Type::basic_auth);
    CHECK(made->integration() == "integration");
    CHECK(made->client_id() == "integration");
    CHECK(
        Credentials::basic("i", Secret{"canary"}, "http://localhost:1")->rpc_url().to_string() ==
        "http://localhost:1/rpc");
    CHECK(
        failure(Credentials::basic("", Secret{}, "ftp://a")) ==
        "fields: integration: is empty; password: is empty; "
        "apiUrl: the scheme of the URL is neither https nor http");
    CHECK(failure(Credentials::basic("i", Secret{"canary"}, "http://a"))
              .starts_with("url: apiUrl: "));
    CHECK(
        failure(Credentials::basic("a:b", Secret{"canary"})).starts_with("fields: credentials: "));
}

TEST_CASE("Credentials: can be pointed at another address") {
    const Credentials credentials = Credentials::from_string(good_oauth).value();
    const Result<Credentials> moved = credentials.with_api_url("http://localhost:8080");
    REQUIRE(moved.has_value());
    CHECK(moved->rpc_url().to_string() == "http://localhost:8080/rpc");
    CHECK(moved->client_id() == "canary-id");
    CHECK(credentials.rpc_url().to_string() == "https://api.clarify.io/v1/rpc");
    CHECK(failure(credentials.with_api_url("http://example.com")).starts_with("url: apiUrl: "));
}

TEST_CASE("Credentials: reads a document of a JSON library") {
    const boost::json::value document = boost::json::parse(good_oauth);
    const Result<Credentials> read = Credentials::from_json(document);
    REQUIRE(read.has_value());
    CHECK(read->client_id() == "canary-id");
    CHECK(failure(Credentials::from_json(boost::json::value{42})).starts_with("fields: "));
    struct Dumps {
        std::string dump() const { return good_basic; }
    };
    CHECK(Credentials::from_json(Dumps{})->type() == Credentials::Type::basic_auth);
}

TEST_CASE("Credentials: reads a file, also through a link") {
    const TemporaryDirectory folder;
    const fs::path path = folder.write("credentials.json", good_oauth);
    CHECK(Credentials::from_file(path).value().client_id() == "canary-id");
    fs::create_symlink(path, folder / "link");
    CHECK(Credentials::from_file(folder / "link").has_value());
}

TEST_CASE("Credentials: what is wrong in a file is said with its path") {
    const TemporaryDirectory folder;
    const fs::path broken = folder.write("broken.json", "canary");
    CHECK(
        failure(Credentials::from_file(broken)) ==
        "syntax: " + broken.string() + ": the credentials are not valid JSON, at byte 0");
    const fs::path fields =
        folder.write("fields.json", R"({"apiUrl":"http://canary.example.com"})");
    CHECK(
        failure(Credentials::from_file(fields)) ==
        "fields: " + fields.string() +
            ": integration: is missing; credentials: is missing; "
            "apiUrl: is plain http, which is allowed for loopback addresses only: write https://");
    const fs::path empty = folder.write("empty.json", "");
    CHECK(
        failure(Credentials::from_file(empty)) ==
        "file: " + empty.string() + ": is empty");
    const fs::path blank = folder.write("blank.json", " \n");
    CHECK(
        failure(Credentials::from_file(blank)) ==
        "empty: " + blank.string() + ": the credentials are empty");
}

TEST_CASE("Credentials: what cannot be read as a small regular file is refused at once") {
    const TemporaryDirectory folder;
    const fs::path fifo = folder / "fifo";
    REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
    fs::create_symlink(folder / "loop2", folder / "loop1");
    fs::create_symlink(folder / "loop1", folder / "loop2");
    fs::create_symlink(folder / "nowhere", folder / "dangling");
    for (const fs::path& path :
         {folder / "missing",
          folder / "",
          fifo,
          folder / "loop1",
          folder / "dangling",
          fs::path{"/dev/zero"},
          fs::path{"/dev/null"},
          fs::path{}}) {
        CAPTURE(path.string());
        const auto started = std::chrono::steady_clock::now();
        const std::string text = failure(Credentials::from_file(path));
        CHECK(std::chrono::steady_clock::now() - started < std::chrono::milliseconds{100});
        CHECK(text.starts_with("file: " + path.string() + ": "));
    }
    CHECK(
        Credentials::from_file(folder / "missing").error().cause() ==
        std::errc::no_such_file_or_directory);
    CHECK(
        Credentials::from_file(folder / "loop1").error().cause() ==
        std::errc::too_many_symbolic_link_levels);
}

TEST_CASE("Credentials: a document has at most 64 KiB, or what limit is given, in a file or not") {
    constexpr std::size_t limit = std::size_t{64} << 10U;
    const TemporaryDirectory folder;
    const std::string full = good_oauth + std::string(limit - good_oauth.size(), ' ');
    CHECK(Credentials::from_file(folder.write("full", full)).has_value());
    CHECK(Credentials::from_string(full).has_value());
    const fs::path large = folder.write("large", full + ' ');
    CHECK(failure(Credentials::from_file(large)) == "file: " + large.string() + ": is too large");
    CHECK(failure_of(full + ' ') == "file: the credentials are too large");

    using SharedFile = Credentials::SharedFile;
    CHECK(Credentials::from_file(large, SharedFile::warn, limit + 1).has_value());
    CHECK(Credentials::from_string(full + ' ', limit + 1).has_value());
    const fs::path small = folder.write("small", good_oauth);
    CHECK(Credentials::from_file(small, SharedFile::warn, good_oauth.size()).has_value());
    CHECK(Credentials::from_file(small, SharedFile::warn, good_oauth.size() - 1).has_error());
    CHECK(Credentials::from_string(good_oauth, good_oauth.size() - 1).has_error());
}

}  // namespace credentials_test
