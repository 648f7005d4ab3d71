// SPDX-License-Identifier: BSL-1.0
// The gateway as a process of its own.

#ifndef CLARIFY_TESTS_CLI_GATEWAY_PROCESS_HPP
#define CLARIFY_TESTS_CLI_GATEWAY_PROCESS_HPP

#include "daemon_process.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace gateway_test {

using daemon_test::patience;

/// A credentials file for a Clarify that listens on this port.
inline std::string credentials_for(std::uint16_t port) {
    return R"({"apiUrl":"http://127.0.0.1:)" + std::to_string(port) +
        R"(/v1/","integration":"c618rbfqfsj7mjkj0ss1","credentials":{"type":"basic-auth",)"
        R"("clientId":"c618rbfqfsj7mjkj0ss1","clientSecret":"password"}})";
}

/// `CLARIFY_GATEWAY` names the program.
class GatewayProcess : public daemon_test::Process {
public:
    /// Returns when the gateway listens. See `Process::spawn` for the others.
    explicit GatewayProcess(
        const std::vector<std::string>& options,
        const std::vector<std::string>& environment = {},
        int log = -1) {
        std::vector<std::string> arguments{"--listen", "127.0.0.1:0"};
        arguments.insert(arguments.end(), options.begin(), options.end());
        spawn(variable, std::move(arguments), environment, log);
        constexpr std::string_view announcement = "Listening on http://127.0.0.1:";
        says("\n");
        if (!output().starts_with(announcement)) {
            throw std::runtime_error{"the gateway did not start: " + output()};
        }
        const int port = std::stoi(output().substr(announcement.size()));
        port_ = static_cast<std::uint16_t>(port);
    }
    /// Runs the gateway with options with which it does not serve, and returns its exit code.
    /// @param log Gets all of its log.
    static int exit_code(std::vector<std::string> options, std::string* log = nullptr) {
        GatewayProcess process;
        process.spawn(variable, std::move(options));
        const int code = process.wait();
        if (log != nullptr) *log = process.log();
        return code;
    }
    /// Starts the gateway, and kills it so much later, be it ready by then or not.
    static void kill_at_start(std::vector<std::string> options, std::chrono::milliseconds after) {
        GatewayProcess process;
        process.spawn(variable, std::move(options));
        std::this_thread::sleep_for(after);
    }

    std::uint16_t port() const { return port_; }

    /// One of the numbers in its last line.
    std::uint64_t counted(const std::string& name) const {
        const std::size_t line = output().find("Ended: ");
        if (line == std::string::npos) throw std::runtime_error{"no last line: " + output()};
        const std::size_t at = output().find(name + ' ', line);
        if (at == std::string::npos) throw std::runtime_error{"no " + name + ": " + output()};
        return std::stoull(output().substr(at + name.size() + 1));
    }

private:
    static constexpr const char* variable = "CLARIFY_GATEWAY";

    GatewayProcess() = default;

    std::uint16_t port_ = 0;
};

}  // namespace gateway_test

#endif  // CLARIFY_TESTS_CLI_GATEWAY_PROCESS_HPP
