// SPDX-License-Identifier: BSL-1.0
// What of the tool runs for days: signals, its log, the terminal, and the service manager.

#include <clarify/testing/emulator.hpp>

#include "../support/temporary_directory.hpp"
#include "daemon_process.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using clarify::testing::Emulator;
using daemon_test::Manager;
using daemon_test::Pipe;
using support::TemporaryDirectory;
using namespace std::chrono_literals;

namespace {

/// `CLARIFY_TOOL` names the program.
class Tool : public daemon_test::Process {
public:
    explicit Tool(
        std::vector<std::string> arguments,
        std::vector<std::string> environment = {},
        int log = -1) {
        spawn("CLARIFY_TOOL", std::move(arguments), std::move(environment), log);
    }
};

/// `clarify insert --follow` of a file before a local Clarify.
struct Following {
    explicit Following(std::vector<std::string> environment = {}, int log = -1)
        : tool(arguments(), std::move(environment), log) {}

    std::vector<std::string> arguments() const {
        write_credentials(emulator.options().client_secret);
        folder.write("samples.csv", "time,a\n");
        return {
            "insert",
            "--follow",
            folder / "samples.csv",
            "--credentials",
            folder / "credentials.json"};
    }
    void write_credentials(const std::string& secret) const {
        std::string text = emulator.credentials_json();
        const std::string right = emulator.options().client_secret;
        text.replace(text.find(right), right.size(), secret);
        folder.write("credentials.json", text);
    }
    /// Another sample.
    void add() {
        std::ofstream file{folder / "samples.csv", std::ios::app};
        ++rows;
        file << "2026-01-01T00:00:" << rows + 9 << "Z," << rows << '\n';
    }
    bool stored() const {
        const auto until = std::chrono::steady_clock::now() + daemon_test::patience;
        while (emulator.sample_count("a") != rows) {
            if (std::chrono::steady_clock::now() > until) return false;
            std::this_thread::sleep_for(10ms);
        }
        return true;
    }
    static clarify::testing::EmulatorOptions plain_http() {
        clarify::testing::EmulatorOptions options;
        options.tls = false;
        return options;
    }

    const Emulator emulator{plain_http()};
    const TemporaryDirectory folder;
    std::size_t rows = 0;
    Tool tool;
};

}  // namespace

TEST_CASE("tool: a hang-up has insert --follow read the files again and lose no place in its own") {
    Following it;
    it.add();
    CHECK(it.stored());
    it.tool.send_signal(SIGHUP);
    CHECK(it.tool.logs("no file has changed"));
    it.write_credentials("another");
    it.tool.send_signal(SIGHUP);
    CHECK(it.tool.logs("credentials.json has changed: another secret."));
    it.folder.write("credentials.json", "{");
    it.tool.send_signal(SIGHUP);
    CHECK(it.tool.logs("what was read before stays in use: bad_config["));
    it.write_credentials(it.emulator.options().client_secret);
    it.tool.send_signal(SIGHUP);
    it.add();
    CHECK(it.stored());
    it.tool.send_signal(SIGTERM);
    CHECK(it.tool.wait() == 0);
    CHECK(it.tool.log().find("2 samples inserted, 0 lines left out") != std::string::npos);
    CHECK(it.tool.log().find(it.emulator.options().client_secret) == std::string::npos);
}

TEST_CASE("tool: insert --follow waits for nobody to read its log, and tells a service manager") {
    const TemporaryDirectory folder;
    const std::string path = (folder / "notify").string();
    Manager manager{path};
    Pipe log;
    log.fill();
    Following it{{"NOTIFY_SOCKET=" + path, "WATCHDOG_USEC=1000000"}, log.ends[1]};
    CHECK(manager.hears("READY=1"));
    it.tool.send_signal(SIGHUP);
    CHECK(manager.hears("RELOADING=1\nMONOTONIC_USEC="));
    CHECK(manager.hears("READY=1"));
    it.add();
    CHECK(it.stored());
    log.take_all();
    it.tool.send_signal(SIGHUP);
    CHECK(manager.hears("READY=1"));
    const std::string seen = log.take_all();
    CHECK(seen.starts_with("clarify: 1 lines were lost here"));
    CHECK(seen.find("\nclarify: no file has changed\n") != std::string::npos);
    CHECK(manager.hears("WATCHDOG=1"));
    it.tool.send_signal(SIGTERM);
    CHECK(manager.hears("STOPPING=1"));
    CHECK(it.tool.wait() == 0);
}

TEST_CASE("tool: what runs for days goes on where nobody reads its output any more") {
    int broken[2];
    REQUIRE(::pipe2(broken, O_CLOEXEC) == 0);
    Following it{{}, broken[1]};
    const TemporaryDirectory folder;
    const std::string path = (folder / "notify").string();
    Manager manager{path};
    const std::string dump = (folder / "dump.json").string();
    Tool emulator{{"emulator", "--plain", "--dump", dump}, {"NOTIFY_SOCKET=" + path}, broken[1]};
    CHECK(emulator.says("Ready"));
    ::close(broken[1]);
    ::close(broken[0]);
    it.tool.stop_reading();
    emulator.stop_reading();
    it.add();
    CHECK(it.stored());
    for (const Tool* const each : {&it.tool, &emulator})
        each->send_signal(SIGHUP);
    CHECK(manager.hears("RELOADING=1"));
    CHECK(manager.hears("READY=1"));
    it.add();
    CHECK(it.stored());
    for (Tool* const each : {&it.tool, &emulator}) {
        each->send_signal(SIGTERM);
        CHECK(each->wait() == 0);
    }
    CHECK(std::filesystem::exists(dump));
}

TEST_CASE("tool: the emulator waits for nobody to read its output, and tells a service manager") {
    const TemporaryDirectory folder;
    const std::string path = (folder / "notify").string();
    Manager manager{path};
    Pipe log;
    log.fill();
    Tool emulator{
        {"emulator", "--plain"}, {"NOTIFY_SOCKET=" + path, "WATCHDOG_USEC=1000000"}, log.ends[1]};
    CHECK(manager.hears("READY=1"));
    CHECK(manager.hears("WATCHDOG=1"));
    emulator.send_signal(SIGHUP);
    CHECK(manager.hears("RELOADING=1\nMONOTONIC_USEC="));
    CHECK(manager.hears("READY=1"));
    emulator.send_signal(SIGTERM);
    CHECK(manager.hears("STOPPING=1"));
    CHECK(emulator.wait() == 0);
    CHECK(emulator.output().find("\nServed: calls 0") != std::string::npos);
}

TEST_CASE("tool: the emulator ends with the terminal that it was started at") {
    const char* const program = std::getenv("CLARIFY_TOOL");
    REQUIRE(program != nullptr);
    const TemporaryDirectory folder;
    const std::string log = (folder / "log").string();
    const int master = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    REQUIRE(master >= 0);
    REQUIRE(::grantpt(master) == 0);
    REQUIRE(::unlockpt(master) == 0);
    const std::string terminal = ::ptsname(master);
    const pid_t child = ::fork();
    if (child == 0) {
        ::setsid();
        // Whoever runs the tests may have been told by nohup to outlive a terminal.
        ::signal(SIGHUP, SIG_DFL);
        // The first terminal that the leader of a session opens is that of the session.
        ::open(terminal.c_str(), O_RDWR);
        const int file = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        ::dup2(file, STDOUT_FILENO);
        ::dup2(file, STDERR_FILENO);
        ::execl(program, program, "emulator", "--plain", nullptr);
        ::_exit(127);
    }
    const auto logs = [&](const std::string& what) {
        const auto until = std::chrono::steady_clock::now() + daemon_test::patience;
        while (std::chrono::steady_clock::now() < until) {
            std::ifstream file{log};
            const std::string text{std::istreambuf_iterator<char>{file}, {}};
            if (text.find(what) != std::string::npos) return true;
            std::this_thread::sleep_for(10ms);
        }
        return false;
    };
    CHECK(logs("Ready"));
    // Of one that is there a hang-up is a signal like any other.
    ::kill(child, SIGHUP);
    CHECK(logs("no file has changed"));
    ::close(master);
    CHECK(logs("Served: calls 0"));
    int status = 0;
    ::waitpid(child, &status, 0);
    CHECK(status == 0);
}
