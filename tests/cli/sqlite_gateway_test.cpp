// SPDX-License-Identifier: BSL-1.0
// The example gateway whose samples wait in a file.

#include "gateway_scene.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace gateway_test;
using namespace std::chrono_literals;

namespace {

constexpr int senders = 8;

std::string input_of(int sender) { return "sender-" + std::to_string(sender); }

std::string sample_of(int sender, int round) {
    char time[24];
    std::snprintf(time, sizeof time, "T%02d:%02d:%02dZ", round / 3600, round / 60 % 60, round % 60);
    return R"({"samples":[{"input":")" + input_of(sender) + R"(","time":"2024-01-01)" + time +
        R"(","value":)" + std::to_string(round) + "}]}";
}

/// Posts one sample after the other, from `round` on, until the gateway is gone. Returns which were acknowledged.
std::vector<int> post_until_the_end(
    const GatewayProcess& gateway, int sender, int& round, std::atomic<int>& acknowledged) {
    std::vector<int> out;
    try {
        Sender connection{gateway};
        while (true) {
            const int number = round++;
            const Response response = connection.post(sample_of(sender, number));
            if (response.result_int() != 202) break;
            if (response.body() != R"({"accepted":1,"durable":true})") break;
            out.push_back(number);
            ++acknowledged;
        }
    } catch (const std::exception&) {  // it was killed
    }
    return out;
}

/// The content of a file, once it has a line.
std::string until_there_is(const std::filesystem::path& path) {
    const auto until = std::chrono::steady_clock::now() + patience;
    std::string out;
    while (!out.ends_with('\n') && std::chrono::steady_clock::now() < until) {
        std::this_thread::sleep_for(1ms);
        std::ifstream file{path, std::ios::binary};
        out.assign(std::istreambuf_iterator<char>{file}, {});
    }
    return out;
}

}  // namespace

TEST_CASE("gateway: what it acknowledged is stored, however often it is killed") {
    Emulator emulator{plain_http()};
    const TemporaryDirectory folder;
    const Options options{
        "--host",
        "gateway",
        "--spool",
        (folder / "spool").string(),
        "--durability",
        "process",
        "--max-delay",
        "100ms",
        "--credentials",
        folder.write("credentials.json", emulator.credentials_json())};
    std::vector<std::vector<int>> acknowledged(senders);
    std::vector<int> rounds(senders);
    for (int life = 0; life != 5; ++life) {
        GatewayProcess gateway{options};
        std::atomic<int> count = 0;
        std::vector<std::thread> threads;
        for (int i = 0; i != senders; ++i) {
            threads.emplace_back([&, i] {
                auto& mine = acknowledged[static_cast<std::size_t>(i)];
                const std::vector<int> more =
                    post_until_the_end(gateway, i, rounds[static_cast<std::size_t>(i)], count);
                mine.insert(mine.end(), more.begin(), more.end());
            });
        }
        const auto until = std::chrono::steady_clock::now() + patience;
        while (count < 50 * (life + 1) && std::chrono::steady_clock::now() < until)
            std::this_thread::sleep_for(1ms);
        CHECK(count >= 50 * (life + 1));
        gateway.send_signal(SIGKILL);
        for (std::thread& thread : threads)
            thread.join();
        CHECK(gateway.wait() == -SIGKILL);
    }

    GatewayProcess gateway{options};
    Sender sender{gateway};
    CHECK(sender.post_and_wait(one_sample).result_int() == 200);
    std::size_t lost = 0;
    for (int i = 0; i != senders; ++i) {
        std::set<double> stored;
        for (const auto& sample : emulator.samples(input_of(i)))
            stored.insert(sample.value);
        for (const int round : acknowledged[static_cast<std::size_t>(i)])
            lost += stored.count(round) == 0 ? 1U : 0U;
    }
    CHECK(lost == 0);
    const json::value status = json::parse(sender.get("/status").body());
    CHECK(status.at("pending") == 0);
    CHECK(status.at("damage").as_array().empty());
    gateway.send_signal(SIGTERM);
    CHECK(gateway.wait() == 0);
}

TEST_CASE("gateway: a spool that it cannot have ends it with 2") {
    Emulator emulator{plain_http()};
    const TemporaryDirectory folder;
    const std::string spool = (folder / "spool").string();
    const std::string credentials =
        folder.write("credentials.json", emulator.credentials_json()).string();
    const auto with = [&](const std::string& file, const std::string& whose) {
        return Options{"--spool", file, "--credentials", whose};
    };
    {
        GatewayProcess gateway{with(spool, credentials)};
        CHECK(GatewayProcess::exit_code(with(spool, credentials)) == 2);
        const std::filesystem::path link = folder / "link";
        std::filesystem::create_symlink(spool, link);
        CHECK(GatewayProcess::exit_code(with(link.string(), credentials)) == 2);
        gateway.send_signal(SIGTERM);
        CHECK(gateway.wait() == 0);
    }
    Emulator other{plain_http()};
    const std::string foreign = folder.write("other.json", other.credentials_json()).string();
    CHECK(GatewayProcess::exit_code(with(spool, foreign)) == 2);
    CHECK(GatewayProcess::exit_code(with(folder.path().string(), credentials)) == 2);
    CHECK(GatewayProcess::exit_code(with((folder / "no" / "spool").string(), credentials)) == 2);
    CHECK(GatewayProcess::exit_code({"--durability", "power", "--credentials", credentials}) == 2);
    CHECK(
        GatewayProcess::exit_code(
            {"--spool", spool, "--durability", "hope", "--credentials", credentials}) == 2);
    CHECK(
        GatewayProcess::exit_code(
            {"--spool", spool, "--spool-size", "1KiB", "--credentials", credentials}) == 2);
}

TEST_CASE("gateway: what is left in its spool at the end is not lost") {
    const TemporaryDirectory folder;
    StuckSetup setup{{"--spool", (folder / "spool").string(), "--drain", "0ms"}};
    Sender sender{setup.gateway};
    CHECK(sender.post(one_sample).body() == R"({"accepted":1,"durable":true})");
    setup.gateway.send_signal(SIGTERM);
    CHECK(setup.gateway.wait() == 0);
    CHECK(setup.gateway.counted("left") == 1);
    CHECK(setup.gateway.log().find("1 samples wait in ") != std::string::npos);
}

TEST_CASE("gateway: who waits for storage hears at the end that the samples are in the spool") {
    const TemporaryDirectory folder;
    StuckSetup setup{{"--spool", (folder / "spool").string(), "--drain", "100ms"}};
    Sender sender{setup.gateway};
    sender.write_samples(one_sample, "/samples?wait=stored");
    setup.receive_call();
    setup.gateway.send_signal(SIGTERM);
    const Response response = sender.read();
    CHECK(response.result_int() == 202);
    CHECK(response.body() == R"({"accepted":1,"durable":true,"stored":false})");
    CHECK(setup.gateway.wait() == 0);
    CHECK(setup.gateway.counted("left") == 1);
}

TEST_CASE("gateway: samples in its spool go to nobody but whom they are for") {
    const TemporaryDirectory folder;
    Setup setup{{"--spool", (folder / "spool").string(), "--max-delay", "0ms"}};
    const Emulator other{plain_http()};
    Sender sender{setup.gateway};
    setup.folder.write("credentials.json", other.credentials_json());
    setup.gateway.send_signal(SIGHUP);
    CHECK(setup.gateway.logs("has changed"));
    CHECK(sender.post(one_sample).result_int() == 202);
    CHECK(setup.gateway.logs("Clarify cannot be used: "));
    CHECK(setup.gateway.log().find("the samples that wait are for ") != std::string::npos);
    CHECK(other.signal_count() == 0);
    setup.folder.write("credentials.json", setup.emulator.credentials_json());
    setup.gateway.send_signal(SIGHUP);
    CHECK(setup.gateway.logs("Clarify can be used again"));
    CHECK(setup.emulator.sample_count("temperature") == 1);
}

TEST_CASE("gateway: what Clarify rejects is kept beside the spool, with the reason") {
    constexpr int invalid_parameters = -32602;
    const std::string two =
        R"({"samples":[{"input":"a","time":"2024-01-01T00:00:00Z","value":0.5},)"
        R"({"input":"b","time":"2024-01-01T00:00:00Z","value":2}]})";
    const TemporaryDirectory folder;
    Setup setup{{"--spool", (folder / "spool").string(), "--max-delay", "0ms"}};
    const std::filesystem::path kept = folder / "spool.rejected";
    Sender sender{setup.gateway};
    // All together, then each half: which of them it was is told by that.
    setup.emulator.fail_next_calls(2, invalid_parameters);
    CHECK(sender.post_and_wait(two).result_int() == 422);
    CHECK(setup.gateway.logs("Clarify rejects a sample of "));
    const std::string metrics = sender.get("/metrics").body();
    const char* const figure = "\nclarify_samples_dropped_total{reason=\"rejected\"} 1\n";
    CHECK(metrics.find(figure) != std::string::npos);

    // One that cannot be written is a line, and nobody waits for it.
    std::string before = until_there_is(kept);
    std::filesystem::remove(kept);
    std::filesystem::create_directory(kept);
    setup.emulator.fail_next_calls(2, invalid_parameters);
    CHECK(sender.post_and_wait(two).result_int() == 422);
    CHECK(setup.gateway.logs("samples that Clarify rejects are not kept in " + kept.string()));
    setup.gateway.send_signal(SIGTERM);
    CHECK(setup.gateway.wait() == 0);
    CHECK(setup.gateway.counted("rejected") == 2);

    REQUIRE(before.ends_with('\n'));
    before.pop_back();
    const json::value line = json::parse(before);
    const bool is_a = line.at("input") == "a";
    if (!is_a) CHECK(line.at("input") == "b");
    CHECK(line.at("time") == "2024-01-01T00:00:00Z");
    CHECK(line.at("value").to_number<double>() == (is_a ? 0.5 : 2));
    CHECK(text(line, "reason").find("This failure was asked for") != std::string::npos);
}
