// SPDX-License-Identifier: BSL-1.0
// What becomes of libcurl's codes.

#include <clarify/http/detail/curl/curl_failure.hpp>

#include <boost/system/errc.hpp>

#include <doctest/doctest.h>

#include <cerrno>
#include <string_view>
#include <vector>

namespace curl_failure_test {

namespace {

using clarify::Errc;
using clarify::Error;
using clarify::Fate;
using clarify::Phase;
using clarify::Reason;
using clarify::detail::curl_failure;
using clarify::detail::CurlOutcome;

Error failure(const CurlOutcome& outcome) {
    return curl_failure(outcome, *clarify::Url::parse("https://api.example:8443/x"));
}

CurlOutcome opening(CURLcode code, Phase phase) {
    CurlOutcome outcome;
    outcome.code = code;
    outcome.phase = phase;
    return outcome;
}

CurlOutcome sent(CURLcode code, Phase phase) {
    CurlOutcome outcome = opening(code, phase);
    outcome.sent = true;
    return outcome;
}

}  // namespace

TEST_CASE("curl_failure: a failure before the request began is unsent, by its kind") {
    struct Row {
        CURLcode code;
        int system_error;
        Errc kind;
        Reason reason;
    };
    for (const Row row :
         {Row{CURLE_COULDNT_RESOLVE_HOST, 0, Errc::resolve, Reason::not_found},
          Row{CURLE_COULDNT_CONNECT, ECONNREFUSED, Errc::connect, Reason::refused},
          Row{CURLE_COULDNT_CONNECT, EHOSTUNREACH, Errc::connect, Reason::unreachable},
          Row{CURLE_COULDNT_CONNECT, ENETUNREACH, Errc::connect, Reason::unreachable},
          Row{CURLE_COULDNT_CONNECT, EACCES, Errc::connect, Reason::denied},
          Row{CURLE_COULDNT_CONNECT, EMFILE, Errc::connect, Reason::resource},
          Row{CURLE_COULDNT_CONNECT, EADDRNOTAVAIL, Errc::connect, Reason::resource},
          Row{CURLE_COULDNT_CONNECT, 0, Errc::connect, Reason::none},
          Row{CURLE_OPERATION_TIMEDOUT, 0, Errc::timeout, Reason::none},
          Row{CURLE_NOT_BUILT_IN, 0, Errc::bad_config, Reason::none},
          Row{CURLE_OUT_OF_MEMORY, 0, Errc::internal, Reason::resource}}) {
        CAPTURE(static_cast<int>(row.code));
        CurlOutcome outcome = opening(row.code, Phase::connect);
        outcome.system_error = row.system_error;
        const Error error = failure(outcome);
        CHECK(error.code() == row.kind);
        CHECK(error.reason() == row.reason);
        CHECK(error.fate() == Fate::unsent);
        CHECK(error.phase() == Phase::connect);
        CHECK(error.cause().failed());
        if (row.system_error != 0) CHECK(error.cause().value() == row.system_error);
    }
}

TEST_CASE("curl_failure: TLS failures are told apart, and belong to the handshake") {
    struct Row {
        CURLcode code;
        long verdict;
        std::string_view text;
        Errc kind;
        Reason reason;
    };
    for (const Row row :
         {Row{CURLE_PEER_FAILED_VERIFICATION, 10, "", Errc::tls, Reason::cert_time},
          Row{CURLE_PEER_FAILED_VERIFICATION, 9, "", Errc::tls, Reason::cert_time},
          Row{CURLE_PEER_FAILED_VERIFICATION, 23, "", Errc::tls, Reason::revoked},
          Row{CURLE_PEER_FAILED_VERIFICATION, 66, "", Errc::tls, Reason::weak},
          Row{CURLE_PEER_FAILED_VERIFICATION, 20, "", Errc::tls, Reason::untrusted},
          Row{CURLE_PEER_FAILED_VERIFICATION, 20, "match", Errc::tls, Reason::untrusted},
          Row{CURLE_PEER_FAILED_VERIFICATION,
              1,
              "no alternative certificate subject name matches target host name 'x'",
              Errc::tls,
              Reason::host_mismatch},
          Row{CURLE_PEER_FAILED_VERIFICATION, 0, "", Errc::tls, Reason::untrusted},
          Row{CURLE_SSL_CONNECT_ERROR, 1, "unsupported protocol", Errc::tls, Reason::protocol},
          Row{CURLE_SSL_CONNECT_ERROR, 1, "dh key too small", Errc::tls, Reason::weak},
          Row{CURLE_SSL_CONNECT_ERROR, 1, "SSL_ERROR_SYSCALL", Errc::tls, Reason::reset},
          Row{CURLE_SSL_CONNECT_ERROR, 1, "wrong version number", Errc::tls, Reason::handshake},
          Row{CURLE_SSL_CACERT_BADFILE, 0, "", Errc::bad_config, Reason::no_roots}}) {
        CAPTURE(row.text);
        CAPTURE(row.verdict);
        CurlOutcome outcome = opening(row.code, Phase::connect);
        outcome.verify_result = row.verdict;
        outcome.text = row.text;
        const Error error = failure(outcome);
        CHECK(error.code() == row.kind);
        CHECK(error.reason() == row.reason);
        CHECK(error.phase() == Phase::tls);
        CHECK(error.fate() == Fate::unsent);
    }
    CurlOutcome own = opening(CURLE_SSL_CACERT_BADFILE, Phase::tls);
    own.own_trust = true;
    CHECK(failure(own).reason() == Reason::file);
}

TEST_CASE("curl_failure: a failure on the way to a tunnel is the proxy's, and names the proxy") {
    const clarify::ProxyOptions proxy = *clarify::ProxyOptions::parse("http://proxy.example:3128");
    struct Row {
        CURLcode code;
        Phase phase;
        unsigned status;
        std::string_view text;
        Errc kind;
        Reason reason;
    };
    constexpr auto too_large = static_cast<CURLcode>(100);
    for (const Row row :
         {Row{CURLE_COULDNT_RESOLVE_PROXY, Phase::resolve, 0, "", Errc::resolve, Reason::not_found},
          Row{CURLE_COULDNT_CONNECT, Phase::connect, 0, "", Errc::connect, Reason::none},
          Row{CURLE_RECV_ERROR, Phase::connect, 0, "", Errc::proxy, Reason::reset},
          Row{CURLE_SEND_ERROR, Phase::proxy, 0, "", Errc::proxy, Reason::reset},
          // An answer that breaks off has not been given.
          Row{CURLE_RECV_ERROR, Phase::proxy, 403, "", Errc::proxy, Reason::reset},
          Row{CURLE_RECV_ERROR, Phase::proxy, 102, "", Errc::proxy, Reason::refused},
          Row{CURLE_COULDNT_CONNECT, Phase::proxy, 100, "", Errc::proxy, Reason::refused},
          Row{CURLE_OUT_OF_MEMORY, Phase::proxy, 200, "", Errc::proxy, Reason::head},
          Row{too_large, Phase::proxy, 200, "", Errc::proxy, Reason::head},
          Row{CURLE_RECV_ERROR,
              Phase::proxy,
              200,
              "CONNECT response too large",
              Errc::proxy,
              Reason::head}}) {
        CAPTURE(static_cast<int>(row.code));
        CAPTURE(row.status);
        CurlOutcome outcome = opening(row.code, row.phase);
        outcome.proxy = &proxy;
        outcome.proxy_status = row.status;
        outcome.text = row.text;
        const Error error = failure(outcome);
        CHECK(error.code() == row.kind);
        CHECK(error.reason() == row.reason);
        CHECK(error.phase() == (row.kind == Errc::proxy ? Phase::proxy : row.phase));
        CHECK(error.fate() == Fate::unsent);
        CHECK(error.message().find("proxy.example") != std::string_view::npos);
    }
    CurlOutcome late = opening(CURLE_OPERATION_TIMEDOUT, Phase::proxy);
    late.proxy = &proxy;
    CHECK(failure(late).code() == Errc::timeout);
    CurlOutcome untrusted = opening(CURLE_PEER_FAILED_VERIFICATION, Phase::tls);
    untrusted.proxy = &proxy;
    CHECK(failure(untrusted).code() == Errc::tls);
    CHECK(failure(untrusted).message().find("api.example") != std::string_view::npos);
}

TEST_CASE("curl_failure: a failure after the request began is unknown, by its kind") {
    struct Row {
        CURLcode code;
        Phase phase;
        std::string_view text;
        Errc kind;
        Reason reason;
    };
    for (const Row row :
         {Row{CURLE_GOT_NOTHING, Phase::first_byte, "", Errc::io, Reason::truncated},
          Row{CURLE_RECV_ERROR,
              Phase::body,
              "Recv failure: Connection reset by peer",
              Errc::io,
              Reason::reset},
          Row{CURLE_SEND_ERROR, Phase::write, "Send failure: Broken pipe", Errc::io, Reason::reset},
          Row{CURLE_PARTIAL_FILE, Phase::body, "", Errc::io, Reason::truncated},
          Row{CURLE_RECV_ERROR,
              Phase::body,
              "Illegal or missing hexadecimal sequence in chunked-encoding",
              Errc::framing,
              Reason::chunk},
          // The words of libcurl 8.
          Row{CURLE_RECV_ERROR,
              Phase::body,
              "invalid chunk size: 'ffffffffffffffff'",
              Errc::framing,
              Reason::chunk},
          Row{CURLE_RECV_ERROR,
              Phase::body,
              "chunk hex-length longer than 16",
              Errc::framing,
              Reason::chunk},
          Row{CURLE_BAD_CONTENT_ENCODING,
              Phase::head,
              "Unsolicited Transfer-Encoding (gzip) found",
              Errc::framing,
              Reason::transfer_encoding},
          Row{CURLE_UNSUPPORTED_PROTOCOL, Phase::head, "", Errc::framing, Reason::head},
          Row{CURLE_WEIRD_SERVER_REPLY,
              Phase::head,
              "Invalid Content-Length: value",
              Errc::framing,
              Reason::length},
          Row{CURLE_OUT_OF_MEMORY, Phase::head, "", Errc::too_large, Reason::head},
          Row{CURLE_OUT_OF_MEMORY, Phase::body, "", Errc::internal, Reason::resource},
          Row{static_cast<CURLcode>(100), Phase::body, "", Errc::too_large, Reason::head},
          Row{CURLE_OPERATION_TIMEDOUT, Phase::body, "", Errc::timeout, Reason::none}}) {
        CAPTURE(static_cast<int>(row.code));
        CurlOutcome outcome = sent(row.code, row.phase);
        outcome.text = row.text;
        outcome.answered = row.phase == Phase::body;
        const Error error = failure(outcome);
        CHECK(error.code() == row.kind);
        CHECK(error.reason() == row.reason);
        CHECK(error.phase() == row.phase);
        CHECK(error.fate() == Fate::unknown);
    }
}

TEST_CASE("curl_failure: in a chunked body, words that nobody knows are no broken connection") {
    CurlOutcome outcome = sent(CURLE_RECV_ERROR, Phase::body);
    outcome.answered = true;
    outcome.text = "words of a release to come";
    CHECK(failure(outcome).code() == Errc::io);
    outcome.in_chunks = true;
    CHECK(failure(outcome).code() == Errc::framing);
    CHECK(failure(outcome).reason() == Reason::chunk);
    outcome.text = "Recv failure: Connection reset by peer";
    CHECK(failure(outcome).reason() == Reason::reset);
    outcome.text = "OpenSSL SSL_read: unexpected eof while reading, errno 0";
    CHECK(failure(outcome).code() == Errc::io);
    outcome.text = "";
    outcome.system_error = ECONNRESET;
    CHECK(failure(outcome).reason() == Reason::reset);
}

TEST_CASE("curl_failure: only a used connection without a byte of reply is stale") {
    // The last two are what libcurl says when its second attempt was not let through.
    for (const CURLcode code :
         {CURLE_GOT_NOTHING,
          CURLE_RECV_ERROR,
          CURLE_SEND_ERROR,
          CURLE_COULDNT_CONNECT,
          CURLE_ABORTED_BY_CALLBACK}) {
        CAPTURE(static_cast<int>(code));
        CurlOutcome outcome = sent(code, Phase::first_byte);
        CHECK(failure(outcome).reason() != Reason::stale);
        outcome.reused = true;
        CHECK(failure(outcome).code() == Errc::io);
        CHECK(failure(outcome).reason() == Reason::stale);
        CHECK(failure(outcome).fate() == Fate::unknown);
        outcome.answered = true;
        CHECK(failure(outcome).reason() != Reason::stale);
    }
}

TEST_CASE("curl_failure: no word of libcurl's text, which may be the peer's, gets into the error") {
    CurlOutcome outcome = opening(CURLE_PEER_FAILED_VERIFICATION, Phase::tls);
    outcome.text = "certificate subject name 'evil-text' does not match target host name";
    const Error error = failure(outcome);
    CHECK(error.to_string().find("evil-text") == std::string::npos);
    CHECK(error.message().find("api.example") != std::string_view::npos);
    CHECK(error.cause().category() == clarify::detail::curl_category());
    CHECK_FALSE(error.cause().message().empty());
}

}  // namespace curl_failure_test
