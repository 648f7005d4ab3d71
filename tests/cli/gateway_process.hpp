// SPDX-License-Identifier: BSL-1.0
// The gateway as a process of its own, so that signals are real ones.

#ifndef CLARIFY_TESTS_CLI_GATEWAY_PROCESS_HPP
#define CLARIFY_TESTS_CLI_GATEWAY_PROCESS_HPP

#include "../support/temporary_directory.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

extern char** environ;

namespace gateway_test {

/// Far above what anything here takes: it only turns a hang into a failure.
inline constexpr std::chrono::seconds patience{90};

/// A credentials file for a Clarify that listens on this port.
inline std::string credentials_for(std::uint16_t port) {
    return R"({"apiUrl":"http://127.0.0.1:)" + std::to_string(port) +
        R"(/v1/","integration":"c618rbfqfsj7mjkj0ss1","credentials":{"type":"basic-auth",)"
        R"("clientId":"c618rbfqfsj7mjkj0ss1","clientSecret":"password"}})";
}

/// `CLARIFY_GATEWAY` names the program. It is killed with the object, if it still runs.
class GatewayProcess {
public:
    /// Returns when the gateway listens.
    /// @param environment Variables it has besides ours, as `NAME=VALUE`.
    /// @param log Where its standard error goes; -1: to a file, for `log`.
    explicit GatewayProcess(
        const std::vector<std::string>& options,
        const std::vector<std::string>& environment = {},
        int log = -1) {
        std::vector<std::string> arguments{"--listen", "127.0.0.1:0"};
        arguments.insert(arguments.end(), options.begin(), options.end());
        spawn(std::move(arguments), environment, log);
        constexpr std::string_view announcement = "Listening on http://127.0.0.1:";
        while (output_.find('\n') == std::string::npos && read_more()) {
        }
        if (!output_.starts_with(announcement)) {
            throw std::runtime_error{"the gateway did not start: " + output_};
        }
        const int port = std::stoi(output_.substr(announcement.size()));
        port_ = static_cast<std::uint16_t>(port);
    }
    /// Runs the gateway with options with which it does not serve, and returns its exit code.
    /// @param log Gets all of its log.
    static int exit_code(std::vector<std::string> options, std::string* log = nullptr) {
        GatewayProcess process;
        process.spawn(std::move(options));
        const int code = process.wait();
        if (log != nullptr) *log = process.log();
        return code;
    }
    /// Starts the gateway, and kills it so much later, be it ready by then or not.
    static void kill_at_start(std::vector<std::string> options, std::chrono::milliseconds after) {
        GatewayProcess process;
        process.spawn(std::move(options));
        std::this_thread::sleep_for(after);
    }
    GatewayProcess(const GatewayProcess&) = delete;
    GatewayProcess& operator=(const GatewayProcess&) = delete;
    ~GatewayProcess() {
        if (pid_ > 0) {
            ::kill(pid_, SIGKILL);
            ::waitpid(pid_, nullptr, 0);
        }
        stop_reading();
    }

    std::uint16_t port() const { return port_; }

    pid_t id() const { return pid_; }
    void send_signal(int signal) const { ::kill(pid_, signal); }
    /// Whoever reads its standard output ends.
    void stop_reading() {
        if (pipe_ >= 0) ::close(std::exchange(pipe_, -1));
    }

    /// All of its log so far.
    std::string log() const {
        std::ifstream file{folder_ / "log", std::ios::binary};
        return {std::istreambuf_iterator<char>{file}, {}};
    }
    /// Waits until the log has `text`, and says whether it came to that.
    bool logs(std::string_view text) const {
        const auto until = std::chrono::steady_clock::now() + patience;
        while (log().find(text) == std::string::npos) {
            if (std::chrono::steady_clock::now() > until) return false;
            std::this_thread::sleep_for(std::chrono::milliseconds{10});
        }
        return true;
    }

    /// Waits for the end: the exit code, or the negative number of the signal it died of.
    int wait() {
        while (read_more()) {
        }
        int status = 0;
        ::waitpid(std::exchange(pid_, 0), &status, 0);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    }

    /// All of its standard output so far.
    const std::string& output() const { return output_; }

    /// One of the numbers in its last line.
    std::uint64_t counted(const std::string& name) const {
        const std::size_t line = output_.find("Ended: ");
        if (line == std::string::npos) throw std::runtime_error{"no last line: " + output_};
        const std::size_t at = output_.find(name + ' ', line);
        if (at == std::string::npos) throw std::runtime_error{"no " + name + ": " + output_};
        return std::stoull(output_.substr(at + name.size() + 1));
    }

private:
    GatewayProcess() = default;

    void spawn(
        std::vector<std::string> arguments,
        std::vector<std::string> environment = {},
        int log = -1) {
        const char* const program = std::getenv("CLARIFY_GATEWAY");
        if (program == nullptr) throw std::runtime_error{"CLARIFY_GATEWAY is to name the gateway"};
        arguments.insert(arguments.begin(), program);
        int ends[2];
        if (::pipe2(ends, O_CLOEXEC) != 0) {
            throw std::system_error{errno, std::generic_category(), "pipe2"};
        }
        std::vector<char*> argv;
        for (std::string& argument : arguments)
            argv.push_back(argument.data());
        argv.push_back(nullptr);
        std::vector<char*> variables;
        for (std::string& variable : environment)
            variables.push_back(variable.data());
        for (char** each = environ; *each != nullptr; ++each)
            variables.push_back(*each);
        variables.push_back(nullptr);
        posix_spawn_file_actions_t actions;
        ::posix_spawn_file_actions_init(&actions);
        ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
        const std::string file = (folder_ / "log").string();
        if (log >= 0) {
            ::posix_spawn_file_actions_adddup2(&actions, log, STDERR_FILENO);
        } else {
            ::posix_spawn_file_actions_addopen(
                &actions, STDERR_FILENO, file.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
        }
        const int failure =
            ::posix_spawn(&pid_, argv[0], &actions, nullptr, argv.data(), variables.data());
        ::posix_spawn_file_actions_destroy(&actions);
        ::close(ends[1]);
        pipe_ = ends[0];
        if (failure != 0) {
            pid_ = 0;
            throw std::system_error{failure, std::generic_category(), argv[0]};
        }
    }

    /// Returns false at the end of the output, which is the end of the process.
    bool read_more() {
        if (pipe_ < 0) return false;
        const std::chrono::milliseconds limit = patience;
        pollfd state{pipe_, POLLIN, 0};
        if (::poll(&state, 1, static_cast<int>(limit.count())) == 0) {
            throw std::runtime_error{"the gateway hangs after: " + output_};
        }
        char bytes[512];
        const ssize_t count = ::read(pipe_, bytes, sizeof bytes);
        if (count > 0) output_.append(bytes, static_cast<std::size_t>(count));
        return count > 0;
    }

    support::TemporaryDirectory folder_;
    pid_t pid_ = 0;
    int pipe_ = -1;
    std::uint16_t port_ = 0;
    std::string output_;
};

}  // namespace gateway_test

#endif  // CLARIFY_TESTS_CLI_GATEWAY_PROCESS_HPP
