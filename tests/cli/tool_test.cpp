// SPDX-License-Identifier: BSL-1.0
// The command-line tool before servers that the emulator does not play.

#include "../support/raw_server.hpp"

#include <doctest/doctest.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
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
    const std::string command = "CLARIFY_PASSWORD=password '" + std::string{tool} + "' " +
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
