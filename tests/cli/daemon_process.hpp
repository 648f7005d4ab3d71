// SPDX-License-Identifier: BSL-1.0
// A program as a process of its own, so that signals are real ones, and what it has around it.

#ifndef CLARIFY_TESTS_CLI_DAEMON_PROCESS_HPP
#define CLARIFY_TESTS_CLI_DAEMON_PROCESS_HPP

#include "../support/temporary_directory.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <fstream>
#include <iterator>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

extern char** environ;

namespace daemon_test {

/// Far above what anything here takes: it only turns a hang into a failure.
inline constexpr std::chrono::seconds patience{90};

inline std::size_t count(const std::string& text, const std::string& what) {
    std::size_t found = 0;
    for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1))
        ++found;
    return found;
}

/// Killed with the object, if it still runs.
class Process {
public:
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;
    ~Process() {
        if (pid_ > 0) {
            ::kill(pid_, SIGKILL);
            ::waitpid(pid_, nullptr, 0);
        }
        stop_reading();
    }

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
    /// Waits until its standard output has `text`, and says whether it came to that.
    bool says(std::string_view text) {
        while (output_.find(text) == std::string::npos) {
            if (!read_more()) return false;
        }
        return true;
    }

protected:
    Process() = default;

    /// @param named_by The variable of the environment with the name of the program.
    /// @param environment Variables it has besides ours, as `NAME=VALUE`.
    /// @param log Where its standard error goes; -1: to a file, for `log`.
    void spawn(
        const char* named_by,
        std::vector<std::string> arguments,
        std::vector<std::string> environment = {},
        int log = -1) {
        const char* const program = std::getenv(named_by);
        if (program == nullptr)
            throw std::runtime_error{std::string{named_by} + " is to name the program"};
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
        // Unless the caller says where: what a user has kept is no test's.
        environment.push_back("XDG_CACHE_HOME=" + (folder_ / "cache").string());
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

private:
    /// Returns false at the end of the output, which is the end of the process.
    bool read_more() {
        if (pipe_ < 0) return false;
        const std::chrono::milliseconds limit = patience;
        pollfd state{pipe_, POLLIN, 0};
        if (::poll(&state, 1, static_cast<int>(limit.count())) == 0) {
            throw std::runtime_error{"it hangs after: " + output_};
        }
        char bytes[512];
        const ssize_t count = ::read(pipe_, bytes, sizeof bytes);
        if (count > 0) output_.append(bytes, static_cast<std::size_t>(count));
        return count > 0;
    }

    support::TemporaryDirectory folder_;
    pid_t pid_ = 0;
    int pipe_ = -1;
    std::string output_;
};

/// Where a service manager listens: at any time, as one does, for nobody waits for it.
class Manager {
public:
    explicit Manager(const std::string& path) {
        descriptor_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
        if (::bind(descriptor_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
            throw std::system_error{errno, std::generic_category(), "bind"};
        listener_ = std::thread{[this] { listen(); }};
    }
    Manager(const Manager&) = delete;
    Manager& operator=(const Manager&) = delete;
    ~Manager() {
        ::shutdown(descriptor_, SHUT_RD);
        listener_.join();
        ::close(descriptor_);
    }

    /// Waits until it hears something that begins so, after what it was asked for before.
    bool hears(std::string_view begin) {
        std::unique_lock lock{mutex_};
        return told_.wait_for(lock, patience, [&] {
            while (!heard_.empty()) {
                const bool found = heard_.front().starts_with(begin);
                heard_.pop_front();
                if (found) return true;
            }
            return false;
        });
    }

private:
    void listen() {
        std::array<char, 512> bytes{};
        ssize_t size = 0;
        while ((size = ::recv(descriptor_, bytes.data(), bytes.size(), 0)) > 0) {
            const std::lock_guard lock{mutex_};
            heard_.emplace_back(bytes.data(), static_cast<std::size_t>(size));
            told_.notify_one();
        }
    }

    int descriptor_;
    std::mutex mutex_;
    std::condition_variable told_;
    std::deque<std::string> heard_;
    std::thread listener_;
};

/// Both ends of a pipe, closed with the object.
struct Pipe {
    Pipe() {
        if (::pipe2(ends, O_CLOEXEC) != 0)
            throw std::system_error{errno, std::generic_category(), "pipe2"};
    }
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;
    ~Pipe() {
        for (const int end : ends)
            ::close(end);
    }
    /// Nothing more goes in.
    void fill() {
        ::fcntl(ends[1], F_SETFL, O_NONBLOCK);
        const std::string block(4096, 'x');
        while (::write(ends[1], block.data(), block.size()) > 0) {
        }
        while (::write(ends[1], block.data(), 1) > 0) {
        }
        ::fcntl(ends[1], F_SETFL, 0);
    }
    std::string take_all() {
        std::string out;
        std::array<char, 4096> bytes{};
        ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
        for (ssize_t size = 0; (size = ::read(ends[0], bytes.data(), bytes.size())) > 0;)
            out.append(bytes.data(), static_cast<std::size_t>(size));
        return out;
    }

    int ends[2] = {-1, -1};
};

}  // namespace daemon_test

#endif  // CLARIFY_TESTS_CLI_DAEMON_PROCESS_HPP
