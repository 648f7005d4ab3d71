// SPDX-License-Identifier: BSL-1.0

#include <clarify/core/error.hpp>
#include <clarify/core/result.hpp>

#include <doctest/doctest.h>

#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>

namespace error_test {

using namespace clarify;
using namespace std::string_literals;

namespace {

Error detailed() {
    RpcError rpc;
    rpc.code = -32602;
    rpc.message = "invalid";
    HttpFailure http;
    http.status = 400;
    Error error{Errc::rpc, Reason::members, "own words"};
    error.set_phase(Phase::decode).set_fate(Fate::answered).set_attempts(2);
    error.set_cause(boost::system::errc::make_error_code(boost::system::errc::timed_out));
    return error.set_rpc(rpc).set_http(http);
}

/// Collects names, each of which must be new.
class Names {
public:
    template <class Enum>
    void check(Enum value, std::string_view name) {
        CHECK(to_string(value) == name);
        CHECK(names_.insert(std::string{name}).second);
    }
    std::size_t size() const { return names_.size(); }

private:
    std::set<std::string> names_;
};

}  // namespace

TEST_CASE("Errc: every kind has its own name") {
    Names names;
    names.check(Errc::bad_argument, "bad_argument");
    names.check(Errc::bad_config, "bad_config");
    names.check(Errc::resolve, "resolve");
    names.check(Errc::connect, "connect");
    names.check(Errc::tls, "tls");
    names.check(Errc::proxy, "proxy");
    names.check(Errc::io, "io");
    names.check(Errc::timeout, "timeout");
    names.check(Errc::cancelled, "cancelled");
    names.check(Errc::closed, "closed");
    names.check(Errc::overloaded, "overloaded");
    names.check(Errc::framing, "framing");
    names.check(Errc::too_large, "too_large");
    names.check(Errc::status, "status");
    names.check(Errc::auth, "auth");
    names.check(Errc::token, "token");
    names.check(Errc::json, "json");
    names.check(Errc::envelope, "envelope");
    names.check(Errc::rpc, "rpc");
    names.check(Errc::decode, "decode");
    names.check(Errc::internal, "internal");
    CHECK(names.size() == static_cast<std::size_t>(Errc::internal));
    CHECK(to_string(Errc{}).empty());
    CHECK(to_string(static_cast<Errc>(200)) == "unknown");
}

TEST_CASE("Reason: every reason has its own name") {
    Names names;
    names.check(Reason::none, "");
    names.check(Reason::not_found, "not_found");
    names.check(Reason::temporary, "temporary");
    names.check(Reason::refused, "refused");
    names.check(Reason::unreachable, "unreachable");
    names.check(Reason::denied, "denied");
    names.check(Reason::resource, "resource");
    names.check(Reason::rate_limit, "rate_limit");
    names.check(Reason::cert_time, "cert_time");
    names.check(Reason::host_mismatch, "host_mismatch");
    names.check(Reason::untrusted, "untrusted");
    names.check(Reason::revoked, "revoked");
    names.check(Reason::revocation_unknown, "revocation_unknown");
    names.check(Reason::pin_mismatch, "pin_mismatch");
    names.check(Reason::protocol, "protocol");
    names.check(Reason::weak, "weak");
    names.check(Reason::handshake, "handshake");
    names.check(Reason::alpn, "alpn");
    names.check(Reason::auth, "auth");
    names.check(Reason::stale, "stale");
    names.check(Reason::truncated, "truncated");
    names.check(Reason::reset, "reset");
    names.check(Reason::head, "head");
    names.check(Reason::length, "length");
    names.check(Reason::transfer_encoding, "transfer_encoding");
    names.check(Reason::chunk, "chunk");
    names.check(Reason::interim, "interim");
    names.check(Reason::content_encoding, "content_encoding");
    names.check(Reason::body, "body");
    names.check(Reason::parse, "parse");
    names.check(Reason::request, "request");
    names.check(Reason::rejected, "rejected");
    names.check(Reason::throttled, "throttled");
    names.check(Reason::bad_response, "bad_response");
    names.check(Reason::bad_expiry, "bad_expiry");
    names.check(Reason::type, "type");
    names.check(Reason::insecure, "insecure");
    names.check(Reason::syntax, "syntax");
    names.check(Reason::depth, "depth");
    names.check(Reason::encoding, "encoding");
    names.check(Reason::empty, "empty");
    names.check(Reason::content_type, "content_type");
    names.check(Reason::version, "version");
    names.check(Reason::id_missing, "id_missing");
    names.check(Reason::id_mismatch, "id_mismatch");
    names.check(Reason::members, "members");
    names.check(Reason::bad_error, "bad_error");
    names.check(Reason::batch, "batch");
    names.check(Reason::missing, "missing");
    names.check(Reason::repeated, "repeated");
    names.check(Reason::mismatch, "mismatch");
    names.check(Reason::out_of_range, "out_of_range");
    names.check(Reason::number_range, "number_range");
    names.check(Reason::exception, "exception");
    names.check(Reason::file, "file");
    names.check(Reason::url, "url");
    names.check(Reason::fields, "fields");
    names.check(Reason::header, "header");
    names.check(Reason::method, "method");
    names.check(Reason::params, "params");
    names.check(Reason::no_roots, "no_roots");
    CHECK(names.size() == static_cast<std::size_t>(Reason::no_roots) + 1);
}

TEST_CASE("Phase and Fate: every value has its own name") {
    Names phases;
    phases.check(Phase::queue, "queue");
    phases.check(Phase::token, "token");
    phases.check(Phase::backoff, "backoff");
    phases.check(Phase::resolve, "resolve");
    phases.check(Phase::connect, "connect");
    phases.check(Phase::proxy, "proxy");
    phases.check(Phase::tls, "tls");
    phases.check(Phase::write, "write");
    phases.check(Phase::first_byte, "first_byte");
    phases.check(Phase::head, "head");
    phases.check(Phase::body, "body");
    phases.check(Phase::reply, "reply");
    phases.check(Phase::decode, "decode");
    CHECK(phases.size() == static_cast<std::size_t>(Phase::decode) + 1);
    Names fates;
    fates.check(Fate::unsent, "unsent");
    fates.check(Fate::unknown, "unknown");
    fates.check(Fate::answered, "answered");
}

TEST_CASE("Error: begins as nothing, and as unsent") {
    const Error nothing;
    CHECK(nothing.code() == Errc{});
    CHECK(to_string(nothing.code()).empty());
    const Error error{Errc::io};
    CHECK(error.code() == Errc::io);
    CHECK(error.reason() == Reason::none);
    CHECK(error.phase() == Phase::queue);
    CHECK(error.fate() == Fate::unsent);
    CHECK(error.attempts() == 0);
    CHECK(error.message().empty());
    CHECK_FALSE(error.cause().failed());
    CHECK(error.rpc() == nullptr);
    CHECK(error.http() == nullptr);
}

TEST_CASE("Error: says what it was told") {
    const Error error = detailed();
    CHECK(error.code() == Errc::rpc);
    CHECK(error.reason() == Reason::members);
    CHECK(error.message() == "own words");
    CHECK(error.phase() == Phase::decode);
    CHECK(error.fate() == Fate::answered);
    CHECK(error.attempts() == 2);
    CHECK(error.cause() == boost::system::errc::timed_out);
    REQUIRE(error.rpc() != nullptr);
    CHECK(error.rpc()->code == -32602);
    REQUIRE(error.http() != nullptr);
    CHECK(error.http()->status == 400);
}

TEST_CASE("Error: a copy does not change when the original does") {
    Error original = detailed();
    const Error copy = original;
    CHECK(copy.rpc() == original.rpc());
    RpcError other;
    other.code = 1;
    HttpFailure failure;
    failure.status = 500;
    original.set_rpc(other)
        .set_http(failure)
        .set_cause({})
        .set_phase(Phase::queue)
        .set_fate(Fate::unsent);
    original.set_attempts(9);
    CHECK(original.rpc()->code == 1);
    CHECK(original.message() == "own words");
    CHECK(copy.rpc()->code == -32602);
    CHECK(copy.http()->status == 400);
    CHECK(copy.cause() == boost::system::errc::timed_out);
    CHECK(copy.phase() == Phase::decode);
    CHECK(copy.fate() == Fate::answered);
    CHECK(copy.attempts() == 2);
}

TEST_CASE("Error: nor does the original when a copy does") {
    const Error original = detailed();
    Error copy = original;
    copy.set_http(HttpFailure{});
    CHECK(original.http()->status == 400);
    CHECK(copy.http()->status == 0);
    CHECK(copy.rpc()->code == -32602);
}

TEST_CASE("Error: its line has everything in order") {
    CHECK(Error{Errc::io}.to_string() == "io; phase queue, unsent, attempts 0");
    Error error{Errc::connect, Reason::refused, "example.com"};
    error.set_phase(Phase::connect).set_attempts(3);
    CHECK(error.to_string() == "connect[refused]: example.com; phase connect, unsent, attempts 3");
    const auto cause =
        boost::system::errc::make_error_code(boost::system::errc::connection_refused);
    error.set_cause(cause);
    CHECK(
        error.to_string() ==
        "connect[refused]: example.com (" + cause.message() +
            "); phase connect, unsent, attempts 3");
    CHECK(detailed().to_string().ends_with("; server: code -32602, invalid"));
    std::ostringstream out;
    out << error;
    CHECK(out.str() == error.to_string());
}

TEST_CASE("Error: a server's text is escaped and cut in its line, and intact beside it") {
    const std::string hostile = "bad\r\nFAKE LOG LINE\x1B[31m\xC3\xA9\0"s;
    RpcError rpc;
    rpc.code = 5;
    rpc.message = hostile;
    Error error{Errc::rpc};
    error.set_rpc(rpc);
    CHECK(
        error.to_string() ==
        "rpc; phase queue, unsent, attempts 0; server: code 5, "
        "bad\\x0d\\nFAKE LOG LINE\\x1b[31m\\xc3\\xa9\\x00");
    CHECK(error.rpc()->message == hostile);
    CHECK(error.message().empty());

    rpc.message = std::string(10'000, 'x');
    error.set_rpc(rpc);
    CHECK(error.to_string().ends_with("code 5, " + std::string(200, 'x') + "..."));
}

TEST_CASE("Error: its line names the parameters that a server complains of") {
    RpcError rpc;
    rpc.code = RpcError::invalid_params;
    rpc.message = "Invalid params";
    rpc.data = R"({"params":{"data.rollup":["required"],"item":["not found","not\nice"]}})";
    Error error{Errc::rpc};
    error.set_rpc(rpc);
    CHECK(error.to_string().ends_with(
        "code -32602, Invalid params (data.rollup: required; item: not found; item: not\\nice)"));
    rpc.data = R"({"params":{"a":[")" + std::string(300, 'x') + R"("]}})";
    error.set_rpc(rpc);
    CHECK(error.to_string().ends_with("(a: " + std::string(197, 'x') + "...)"));
    rpc.data = R"({"params":{"a":[")" + std::string(1'000'000, 'x') + R"("]}})";
    error.set_rpc(rpc);
    CHECK(error.to_string().ends_with("Invalid params"));
}

TEST_CASE("Error: a reply's excerpt is escaped in its line") {
    HttpFailure http;
    http.status = 502;
    Error error{Errc::status};
    error.set_http(http);
    CHECK(error.to_string().ends_with("; server: HTTP 502"));
    http.body_excerpt = "<b>\n\t" + std::string(300, 'x');
    error.set_http(http);
    CHECK(error.to_string().ends_with(
        "; server: HTTP 502, <b>\\n\\x09" + std::string(195, 'x') + "..."));
}

TEST_CASE("Error: its line is printable and at most 1024 bytes long, whatever is in it") {
    RpcError rpc;
    rpc.message = std::string(1'000'000, '\x01');
    Error error{Errc::rpc, Reason::none, std::string(100'000, 'm')};
    error.set_cause(boost::system::errc::make_error_code(boost::system::errc::connection_refused));
    error.set_rpc(rpc);
    const std::string line = error.to_string();
    CHECK(line.size() <= 1024);
    CHECK(line.find("; phase queue, unsent, attempts 0; server: code 0, \\x01\\x01") < 600);
    CHECK(line.ends_with("..."));
    CHECK(line.find("mmm... (") != std::string::npos);
    // A policy's own words may hold anything.
    CHECK(
        Error{Errc::token, Reason::none, "a\nb\x1B\xFF"}.to_string() ==
        "token: a\\nb\\x1b\\xff; phase queue, unsent, attempts 0");
}

TEST_CASE("Result: value throws the whole error") {
    const Result<int> good = 7;
    CHECK(good.value() == 7);
    CHECK(good.error().code() == Errc{});
    const Result<int> bad = detailed();
    REQUIRE_THROWS_AS(bad.value(), Exception);
    try {
        bad.value();
    } catch (const boost::system::system_error& thrown) {
        CHECK(thrown.code() == Errc::rpc);
        CHECK(thrown.code().category() == error_category());
        const std::string what = thrown.what();
        CHECK(what.find(detailed().to_string()) != std::string::npos);
        const auto* const exception = dynamic_cast<const Exception*>(&thrown);
        REQUIRE(exception != nullptr);
        CHECK(exception->error().rpc()->code == -32602);
        CHECK(exception->error().attempts() == 2);
    }
    const Result<void> nothing = Error{Errc::closed};
    CHECK_THROWS_AS(nothing.value(), Exception);
}

TEST_CASE("Errc: works as an error code") {
    const boost::system::error_code code = Errc::timeout;
    CHECK(code == Errc::timeout);
    CHECK(code != Errc::io);
    CHECK(code.failed());
    CHECK(code.message() == "timeout");
    CHECK(std::string{error_category().name()} == "clarify");
    CHECK(make_error_code(Errc::io).value() == static_cast<int>(Errc::io));
}

}  // namespace error_test
