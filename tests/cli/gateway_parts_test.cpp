// SPDX-License-Identifier: BSL-1.0
// What the example gateway decides, without a gateway.

#include "../../examples/daemons/outage.hpp"
#include "../../examples/gateway/bounded_lines.hpp"
#include "../../examples/gateway/memory.hpp"
#include "../../examples/gateway/own_hosts.hpp"
#include "../../examples/gateway/target.hpp"
#include "../../examples/gateway/writer_metrics.hpp"
#include "../support/temporary_directory.hpp"

#include <boost/asio/ip/address.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>

using namespace daemons;
using namespace gateway;
using namespace std::chrono_literals;

namespace {

std::string content_of(const std::filesystem::path& path) {
    std::ifstream file{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{file}, {}};
}

}  // namespace

TEST_CASE("Outage: begins with the first failure, and ends with the first success") {
    Outage outage;
    Outage::Time now{};
    CHECK_FALSE(outage.succeeded(now));
    CHECK(outage.failed(now));
    for (int i = 0; i != 1000; ++i)
        CHECK_FALSE(outage.failed(now += 1s));
    const auto past = outage.succeeded(now += 1s);
    REQUIRE(past);
    CHECK(past->lasted == 1001s);
    CHECK(past->failures == 1001);
    CHECK_FALSE(outage.succeeded(now += 1s));
    // Another one, later.
    CHECK(outage.failed(now += 2min));
    CHECK(outage.succeeded(now += 1s)->failures == 1);
}

TEST_CASE("Outage: trouble that comes and goes is told ever more rarely") {
    Outage outage;
    Outage::Time now{};
    int lines = 0;
    // An hour in which each second call fails.
    for (int i = 0; i != 18'000; ++i) {
        if (outage.failed(now += 100ms)) ++lines;
        if (outage.succeeded(now += 100ms)) ++lines;
    }
    CHECK(lines == 3);
    CHECK(outage.succeeded(now += 10s));
    // And one in which it fails for a moment each minute.
    lines = 0;
    for (int i = 0; i != 60; ++i) {
        if (outage.failed(now += 1s)) ++lines;
        for (int second = 0; second != 59; ++second) {
            if (outage.succeeded(now += 1s)) ++lines;
        }
    }
    CHECK(lines < 8);
}

TEST_CASE("Rarely: at once, and then no more than once in a minute") {
    Rarely rarely;
    Outage::Time now{};
    CHECK(rarely.happened(now) == 0);
    for (int i = 0; i != 59; ++i)
        CHECK_FALSE(rarely.happened(now += 1s));
    CHECK(rarely.happened(now += 1s) == 59);
    CHECK(rarely.happened(now += 1h) == 0);
}

TEST_CASE("Memory: what all hold together has a limit") {
    Memory memory{1000};
    {
        Memory::Share a{memory};
        Memory::Share b{memory};
        CHECK(a.grow_to(600));
        CHECK_FALSE(b.grow_to(401));
        CHECK(b.grow_to(400));
        CHECK_FALSE(a.grow_to(601));
        CHECK(a.grow_to(100));  // it holds them already
        CHECK(memory.held() == 1000);
        a.hold(10);
        CHECK(memory.held() == 410);
        b.hold(2000);
        CHECK(memory.held() == 2010);
        CHECK_FALSE(a.grow_to(11));
    }
    CHECK(memory.held() == 0);
}

TEST_CASE("OwnHosts: addresses, localhost and the names that were given") {
    const OwnHosts hosts{{"gateway.example", "box"}};
    for (const char* const own :
         {"127.0.0.1",
          "127.0.0.1:8080",
          "10.1.2.3",
          "[::1]",
          "[fe80::1]:80",
          "localhost",
          "LocalHost:1",
          "localhost.",
          "gateway.example",
          "Gateway.Example:8080",
          "box.",
          "box:"}) {
        CAPTURE(own);
        CHECK(hosts.has(own));
    }
    for (const char* const foreign :
         {"",
          "evil.example",
          "gateway.example.evil",
          "xgateway.example",
          "localhost.evil",
          "127.1",
          "2130706433",
          "0x7f000001",
          "127.0.0.1.evil",
          "[::1",
          "::1",
          "[127.0.0.1]",
          "box..",
          "user@box",
          "box:80:80"}) {
        CAPTURE(foreign);
        CHECK_FALSE(hosts.has(foreign));
    }
    CHECK(hosts.to_string() == "IP addresses, localhost, gateway.example, box");
}

TEST_CASE("is_local: what only this machine reaches") {
    const auto local = [](const char* text) {
        return is_local(boost::asio::ip::make_address(text));
    };
    for (const char* const own : {"127.0.0.1", "127.1.2.3", "::1", "::ffff:127.0.0.1"})
        CHECK(local(own));
    for (const char* const open : {"0.0.0.0", "::", "10.0.0.1", "fe80::1", "::ffff:10.0.0.1"})
        CHECK_FALSE(local(open));
}

TEST_CASE("target: its host and its path, in whatever form") {
    CHECK_FALSE(authority_of("/a"));
    CHECK_FALSE(authority_of("ftp://a/b"));
    CHECK(authority_of("http://a:80/b") == "a:80");
    CHECK(authority_of("HTTPS://a?b") == "a");
    CHECK(authority_of("http://") == "");
    CHECK(path_of("/a?b") == "/a");
    CHECK(path_of("http://a/b?c") == "/b");
    CHECK(path_of("http://a?b") == "/");
    CHECK(path_of("http://a") == "/");
    CHECK(path_of("*") == "*");
}

TEST_CASE("writer_metrics: each figure by its name, in seconds and bytes") {
    clarify::WriterStats stats;
    stats.state = clarify::WriterState::waiting;
    stats.counts.offered = 10;
    stats.counts.stored = 4;
    stats.counts.dropped[static_cast<std::size_t>(clarify::DropReason::rejected)] = 1;
    stats.oldest_age = 1500ms;
    stats.failing_for = 2s;
    stats.bytes = 4096;
    stats.requests = 3;
    const std::string text = writer_metrics(stats, 7);
    for (const char* const line :
         {"# TYPE clarify_samples_offered_total counter\nclarify_samples_offered_total 10\n",
          "\nclarify_samples_stored_total 4\n",
          "# TYPE clarify_samples_dropped_total counter\n"
          "clarify_samples_dropped_total{reason=\"rejected\"} 1\n"
          "clarify_samples_dropped_total{reason=\"overflow\"} 0\n",
          "# TYPE clarify_samples_pending gauge\nclarify_samples_pending 5\n",
          "\nclarify_samples_oldest_age_seconds 1.5\n",
          "\nclarify_spool_bytes 4096\n",
          "\nclarify_writer_requests_total 3\n",
          "\nclarify_writer_state{state=\"waiting\"} 1\n",
          "\nclarify_writer_state{state=\"ok\"} 0\n",
          "\nclarify_writer_failing_seconds 2\n",
          "\nclarify_posts_refused_total 7\n"}) {
        CAPTURE(line);
        CHECK(text.find(line) != std::string::npos);
    }
    CHECK(text.starts_with("# HELP "));
}

TEST_CASE("BoundedLines: a file that is full makes room for another one, by whole lines") {
    const support::TemporaryDirectory folder;
    const std::filesystem::path file = folder / "lines";
    const std::filesystem::path older = folder / "lines.1";
    const BoundedLines lines{file.string(), 10};
    CHECK_FALSE(lines.append("1234\n"));
    CHECK_FALSE(lines.append("5678\n"));
    CHECK(content_of(file) == "1234\n5678\n");
    CHECK_FALSE(std::filesystem::exists(older));
    using std::filesystem::perms;
    CHECK(std::filesystem::status(file).permissions() == (perms::owner_read | perms::owner_write));
    CHECK_FALSE(lines.append("9\n"));
    CHECK(content_of(older) == "1234\n5678\n");
    CHECK(content_of(file) == "9\n");
    // More than both hold: the last ones stay. A line too long is not cut.
    CHECK_FALSE(lines.append("a\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk\n"));
    CHECK(content_of(older) == "e\nf\ng\nh\ni\n");
    CHECK(content_of(file) == "j\nk\n");
    CHECK_FALSE(lines.append("0123456789abcdef\n"));
    CHECK(content_of(file) == "0123456789abcdef\n");
    CHECK(content_of(older) == "j\nk\n");
    // Somebody moved it away.
    std::filesystem::remove(file);
    CHECK_FALSE(lines.append("l\n"));
    CHECK(content_of(file) == "l\n");
}

TEST_CASE("BoundedLines: what a power cut left of a line is not continued") {
    const support::TemporaryDirectory folder;
    const std::filesystem::path file = folder.write("lines", "1\nhal");
    CHECK_FALSE(BoundedLines{file.string(), 100}.append("2\n"));
    CHECK(content_of(file) == "1\nhal\n2\n");
}

TEST_CASE("BoundedLines: writes to no link, folder or pipe") {
    const support::TemporaryDirectory folder;
    const std::filesystem::path target = folder.write("target", "old");
    const std::filesystem::path link = folder / "link";
    std::filesystem::create_symlink(target, link);
    CHECK(BoundedLines{link.string(), 100}.append("1\n"));
    CHECK(content_of(target) == "old");
    CHECK(BoundedLines{folder.path().string(), 100}.append("1\n"));
    const std::filesystem::path pipe = folder / "pipe";
    REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
    CHECK(BoundedLines{pipe.string(), 100}.append("1\n"));
    CHECK(BoundedLines{(folder / "no" / "file").string(), 100}.append("1\n"));
    // No room for the older file: nothing is lost.
    const std::filesystem::path file = folder.write("lines", "123456789\n");
    std::filesystem::create_directory(folder / "lines.1");
    CHECK(BoundedLines{file.string(), 10}.append("1\n"));
    CHECK(content_of(file) == "123456789\n");
}
