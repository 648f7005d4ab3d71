// SPDX-License-Identifier: BSL-1.0
// The command-line tool before servers that the emulator does not play.

#include "../support/raw_server.hpp"
#include "../support/temporary_directory.hpp"

#include <doctest/doctest.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace {

using support::RawServer;

struct Ended {
    int exit_code = -1;
    std::string output;
};

/// Runs the tool that `CLARIFY_TOOL` names, with what the shell makes of the arguments.
Ended run_tool(const RawServer& server, const std::string& arguments) {
    const char* const tool = std::getenv("CLARIFY_TOOL");
    if (tool == nullptr) throw std::runtime_error{"CLARIFY_TOOL is to name the tool"};
    const std::string command = "XDG_CACHE_HOME= HOME= CLARIFY_PASSWORD=password '" + std::string{tool} + "' " +
        arguments + " --username c618rbfqfsj7mjkj0ss1 --api-url " + server.origin() + "/v1/";
    std::FILE* const pipe = ::popen(command.c_str(), "r");
    if (pipe == nullptr) throw std::runtime_error{"popen"};
    Ended ended;
    std::array<char, 4096> block{};
    while (const std::size_t size = std::fread(block.data(), 1, block.size(), pipe))
        ended.output.append(block.data(), size);
    const int status = ::pclose(pipe);
    if (WIFEXITED(status)) ended.exit_code = WEXITSTATUS(status);
    return ended;
}

/// A selection of so many signals or items.
std::string selection(int count) {
    std::string data;
    for (int i = 0; i != count; ++i) {
        if (i != 0) data += ',';
        data += R"({"id":"c618rbfqfsj7mjkj0s)" + std::to_string(10 + i) +
            R"(","type":"items","meta":{},"attributes":{"name":"one","input":"a"},)"
            R"("relationships":{"item":{"data":null}}})";
    }
    return R"({"meta":{"total":)" + std::to_string(count) + R"(},"data":[)" + data + "]}";
}

}  // namespace

TEST_CASE("tool: --limit holds also where the server sends more") {
    RawServer server{support::answer_all(selection(50))};
    // With it, so many lines are printed.
    const std::vector<std::pair<std::string, int>> limits{
        {"", 50}, {"--limit 3", 3}, {"--limit 70", 50}};
    for (const std::string list : {"signals", "items"}) {
        CAPTURE(list);
        for (const std::pair<std::string, int>& limit : limits) {
            CAPTURE(limit.first);
            const Ended ended = run_tool(server, list + ' ' + limit.first);
            CHECK(ended.exit_code == 0);
            CHECK(std::count(ended.output.begin(), ended.output.end(), '\n') == limit.second);
        }
    }
}

TEST_CASE("tool: a sample that the service rejects costs the import no other") {
    // Refuses whatever has the value 13, by its path.
    RawServer server{[](support::RawPeer& peer) {
        while (const auto request = peer.read()) {
            const std::size_t column = request->body.find(R"("a":[)");
            const std::size_t bad = request->body.find("13", column);
            if (column == std::string::npos || bad >= request->body.find(']', column)) {
                peer.result(*request, "{}");
                continue;
            }
            const auto row = std::count(
                request->body.begin() + static_cast<std::ptrdiff_t>(column),
                request->body.begin() + static_cast<std::ptrdiff_t>(bad),
                ',');
            peer.reply(
                R"({"jsonrpc":"2.0","id":)" + request->id() +
                R"(,"error":{"code":-32602,"message":"Invalid params","data":{"params":{"data.series.a.)" +
                std::to_string(row) + R"(":["unlucky"]}}}})");
        }
    }};
    std::string text = "time,a\n";
    for (int i = 10; i != 30; ++i)
        text += "2026-01-01T00:00:" + std::to_string(i) + "Z," + std::to_string(i) + "\n";
    const support::TemporaryDirectory folder;
    const std::string file = folder.write("samples.csv", text).string();
    const Ended ended = run_tool(server, "insert " + file + " --quiet 2>&1");
    CHECK(ended.exit_code == 1);
    CAPTURE(ended.output);
    CHECK(ended.output.find("rejected: a at 2026-01-01T00:00:13Z: ") != std::string::npos);
    CHECK(ended.output.find("19 samples inserted, 0 lines left out") != std::string::npos);
    CHECK(ended.output.find("1 samples were rejected") != std::string::npos);
}
