// SPDX-License-Identifier: BSL-1.0
// What CurlBackend reports when servers misbehave, time runs out or nobody wants the answer.

#include "connection_cases.hpp"
#include "curl_caller.hpp"

#include <boost/asio/steady_timer.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <vector>

/// libcurl may hear of the reset before it has read what came ahead of it.
template <>
struct connection_cases::Differences<clarify::CurlBackend> {
    static constexpr bool reads_before_a_reset = false;
    /// Since some release of version 8 it hands over whole lines only.
    static bool sees_part_of_the_first_line() {
        return curl_version_info(CURLVERSION_NOW)->version_num < 0x080000;
    }
};

namespace curl_faults_test {

namespace {

using namespace std::chrono_literals;
using clarify::Errc;
using clarify::Fate;
using clarify::Phase;
using clarify::Reason;
using connection_cases::Silence;
using connection_cases::silences;
using support::CurlCaller;
using support::CurlPost;
using support::Outcome;
using support::RawPeer;
using support::RawServer;
using support::send_bytes;
using support::with_body;

}  // namespace

TEST_CASE("CurlBackend: doubtful framing and broken replies are told apart, never repeated") {
    struct Row {
        std::string bytes;
        Errc code;
        Reason reason;
    };
    const std::string ok = "HTTP/1.1 200 OK\r\n";
    const std::string chunked = ok + "Transfer-Encoding: chunked\r\n\r\n";
    const std::vector<Row> rows{
        {ok + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}x", Errc::framing, Reason::length},
        {ok + "Content-Length: -2\r\n\r\n{}", Errc::framing, Reason::length},
        {ok + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
         Errc::framing,
         Reason::transfer_encoding},
        {ok + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
         Errc::framing,
         Reason::transfer_encoding},
        {ok + "Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}",
         Errc::framing,
         Reason::content_encoding},
        {"HTTP/1.1 999 OK\r\nContent-Length: 2\r\n\r\n{}", Errc::framing, Reason::head},
        {"HTTP/1.1 200 OK\nContent-Length: 2\n\n{}", Errc::framing, Reason::head},
        {"HTTP/1.1 101 Switch\r\n\r\n", Errc::framing, Reason::interim},
        {"SSH-2.0-OpenSSH_9.2\r\n\r\n", Errc::framing, Reason::head},
        {ok + "X: " + std::string(17 << 10, 'x') + "\r\n\r\n", Errc::too_large, Reason::head},
        {ok + "X: " + std::string(200 << 10, 'x') + "\r\n\r\n", Errc::too_large, Reason::head},
        {ok + "Content-Length: 17000000\r\n\r\n{}", Errc::too_large, Reason::body},
        {chunked + "-1\r\n\r\n", Errc::framing, Reason::chunk},
        {chunked + "11111111111111111\r\n", Errc::framing, Reason::chunk},
        {chunked + "ffffffffffffffff\r\n", Errc::framing, Reason::chunk},
        {chunked + "2\r\n{}xx", Errc::framing, Reason::chunk},
        {chunked + "2\r\n{}\r\n", Errc::io, Reason::truncated},
        {ok + "Content-Length: 10\r\n\r\n{}", Errc::io, Reason::truncated},
        {ok + "Content-Le", Errc::io, Reason::truncated},
        {"HTTP/1.1 103 Early\r\n\r\n", Errc::io, Reason::truncated},
        {"HTT", Errc::io, Reason::truncated},
        {"", Errc::io, Reason::truncated},
    };
    for (const Row& row : rows) {
        CAPTURE(row.bytes.substr(0, 80));
        RawServer server{send_bytes(row.bytes)};
        CurlCaller caller{server};
        const Outcome outcome = row.code == Errc::io ? caller.call() : caller.idempotent_call();
        REQUIRE_FALSE(outcome);
        CHECK_MESSAGE(outcome.error().code() == row.code, outcome.error());
        CHECK_MESSAGE(outcome.error().reason() == row.reason, outcome.error());
        CHECK(outcome.error().fate() == Fate::unknown);
        CHECK(outcome.error().attempts() == 1);
        CHECK(server.connections() == 1);
    }
}

TEST_CASE("CurlBackend: a body over the limit is refused, announced or growing") {
    const std::string ok = "HTTP/1.1 200 OK\r\n";
    const std::string big(1001, 'x');
    for (const std::string& bytes :
         {ok + "Content-Length: 1001\r\n\r\n",
          ok + "Transfer-Encoding: chunked\r\n\r\n3e9\r\n" + big + "\r\n0\r\n\r\n",
          ok + "\r\n" + big}) {
        CAPTURE(bytes.substr(0, 60));
        RawServer server{send_bytes(bytes)};
        boost::asio::io_context context;
        clarify::CurlBackend backend;
        CurlPost post{backend, server.origin() + "/"};
        post.request.max_response_body = 1000;
        const auto outcome = post.run(context);
        REQUIRE_FALSE(outcome);
        CHECK_MESSAGE(outcome.error().code() == Errc::too_large, outcome.error());
        CHECK(outcome.error().reason() == Reason::body);
        CHECK(outcome.error().fate() == Fate::unknown);
        CHECK(post.response.body.size() <= 1000);

        CurlPost wide{backend, server.origin() + "/"};
        wide.request.max_response_body = 1001;
        if (bytes.find("Length") == std::string::npos) CHECK(wide.run(context));
    }
}

TEST_CASE("CurlBackend: a reset inside the reply is a reset") {
    RawServer server{[](RawPeer& peer) {
        if (!peer.read()) return;
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{");
        std::this_thread::sleep_for(30ms);
        peer.reset();
    }};
    CurlCaller caller{server};
    const Outcome outcome = caller.call();
    REQUIRE_FALSE(outcome);
    CHECK(outcome.error().code() == Errc::io);
    CHECK(outcome.error().reason() == Reason::reset);
    CHECK(outcome.error().phase() == Phase::body);
    CHECK(outcome.error().cause() == boost::system::errc::connection_reset);
}

TEST_CASE("CurlBackend: a request that nobody takes times out while it is written") {
    RawServer server{[](RawPeer& peer) {
        peer.socket().set_option(boost::asio::socket_base::receive_buffer_size{4096});
        peer.socket().wait(RawPeer::Socket::wait_error);
    }};
    boost::asio::io_context context;
    clarify::CurlBackend backend;
    CurlPost post{backend, server.origin() + "/", std::string(30 << 20, 'x')};
    post.request.deadline = clarify::Clock::now() + 500ms;
    const auto outcome = post.run(context);
    REQUIRE_FALSE(outcome);
    CHECK(outcome.error().code() == Errc::timeout);
    CHECK(outcome.error().phase() == Phase::write);
    CHECK(outcome.error().fate() == Fate::unknown);
}

TEST_CASE("CurlBackend: a connect that is not answered ends at its own limit, unsent") {
    // A listener whose line is full: nothing accepts, and one connection is in line already.
    boost::asio::io_context context;
    boost::asio::ip::tcp::acceptor listener{context};
    listener.open(boost::asio::ip::tcp::v4());
    listener.bind({boost::asio::ip::address_v4::loopback(), 0});
    listener.listen(0);
    std::vector<std::unique_ptr<boost::asio::ip::tcp::socket>> line;
    for (int i = 0; i != 4; ++i) {
        line.push_back(std::make_unique<boost::asio::ip::tcp::socket>(context));
        line.back()->async_connect(listener.local_endpoint(), [](auto) {});
    }
    context.run_for(200ms);
    const std::string url =
        "http://127.0.0.1:" + std::to_string(listener.local_endpoint().port()) + "/";
    clarify::HttpOptions options;
    options.connect_timeout = 150ms;
    clarify::CurlBackend backend{options};
    CurlPost post{backend, url};
    const auto begun = clarify::Clock::now();
    const auto outcome = post.run(context);
    REQUIRE_FALSE(outcome);
    CHECK_MESSAGE(outcome.error().code() == Errc::timeout, outcome.error());
    CHECK(outcome.error().phase() == Phase::connect);
    CHECK(outcome.error().fate() == Fate::unsent);
    CHECK(clarify::Clock::now() < begun + 5s);
}

TEST_CASE("CurlBackend: cancellation ends an exchange in any phase, and harms no other") {
    for (const Silence& row : silences<clarify::CurlBackend>()) {
        CAPTURE(row.name);
        std::atomic<int> ended = 0;
        RawServer server{[&](RawPeer& peer) {
            if (peer.number() == 1) {
                row.script(peer);
                ++ended;
                return;
            }
            while (const auto request = peer.read())
                peer.result(*request, "1");
        }};
        boost::asio::io_context context;
        clarify::CurlBackend backend;
        CurlPost doomed{backend, server.origin() + "/"};
        doomed.start(context);
        doomed.reach(context, row.phase);
        REQUIRE_FALSE(doomed.result);
        CurlPost other{backend, server.origin() + "/"};
        other.start(context);
        doomed.cancel.emit(boost::asio::cancellation_type::terminal);
        doomed.finish(context);
        REQUIRE(doomed.result);
        if (!doomed.thrown) {
            REQUIRE_FALSE(*doomed.result);
            CHECK(doomed.result->error().code() == Errc::cancelled);
            CHECK(doomed.result->error().fate() == Fate::unknown);
            CHECK(row.allows(doomed.result->error().phase()));
        }
        other.finish(context);
        REQUIRE(other.result);
        CHECK(*other.result);
        // The connection was closed at once, not when the backend goes.
        const auto until = std::chrono::steady_clock::now() + 30s;
        while (ended == 0 && std::chrono::steady_clock::now() < until)
            std::this_thread::yield();
        CHECK(ended == 1);
    }
}

TEST_CASE("CurlBackend: cancelled before it is sent, an exchange is unsent") {
    RawServer server{support::answer_all("1")};
    clarify::HttpOptions options;
    options.max_connections = 1;
    boost::asio::io_context context;
    clarify::CurlBackend backend{options};
    CurlPost holder{backend, server.origin() + "/"};
    REQUIRE(holder.run(context));
    CurlPost waiting{backend, server.origin() + "/"};
    waiting.start(context);
    waiting.reach(context, Phase::queue);
    context.poll();
    waiting.cancel.emit(boost::asio::cancellation_type::terminal);
    waiting.finish(context);
    REQUIRE(waiting.result);
    CHECK(waiting.result->error().fate() == Fate::unsent);
    CHECK(waiting.result->error().phase() == Phase::queue);
    CHECK_FALSE(waiting.progress.sent);
    // The place was not lost.
    holder.response.lease.keep();
    CurlPost next{backend, server.origin() + "/"};
    CHECK(next.run(context));
    CHECK(server.connections() == 1);
}

TEST_CASE("CurlBackend: the deadline ends a call in any phase and names it") {
    connection_cases::deadline_names_the_phase<clarify::CurlBackend>();
}

TEST_CASE(
    "CurlBackend: nobody listening is a refused connection, unsent, tried again within its "
    "attempts") {
    connection_cases::nobody_listens<clarify::CurlBackend>();
}

TEST_CASE("CurlBackend: an unknown name is not found, unsent and final") {
    connection_cases::name_is_unknown<clarify::CurlBackend>();
}

TEST_CASE("CurlBackend: the line has its limit, and waiting in it a deadline") {
    connection_cases::line_has_its_limit<clarify::CurlBackend>();
}

TEST_CASE("CurlBackend: a connection the server has closed is replaced before anything is sent") {
    connection_cases::closed_connection_is_replaced<clarify::CurlBackend>();
}

TEST_CASE("CurlBackend: bytes that come with a reply cost the connection and reach no other call") {
    connection_cases::bytes_behind_a_reply<clarify::CurlBackend>();
}

TEST_CASE("CurlBackend: a refusal that comes before all of the request was read is still read") {
    connection_cases::early_refusal_is_read<clarify::CurlBackend>();
}

TEST_CASE(
    "CurlBackend: a reply is the same however it is cut, with lengths, chunks or until close") {
    connection_cases::reply_is_cut_anywhere<clarify::CurlBackend>();
}

TEST_CASE("CurlBackend: destroying the client ends its calls with closed, each once") {
    connection_cases::client_is_destroyed<clarify::CurlBackend>();
}

}  // namespace curl_faults_test
