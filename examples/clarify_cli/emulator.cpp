// SPDX-License-Identifier: BSL-1.0
// `clarify emulator`: a local Clarify.

#include <clarify/core/detail/private_file.hpp>
#include <clarify/testing/emulator.hpp>

#include "commands.hpp"
#include "event_loop.hpp"
#include "planned_fault.hpp"

#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <variant>

namespace clarify_cli {
namespace {

namespace fs = std::filesystem;
using clarify::testing::Emulator;

/// A folder that only its owner may enter, and that ends with this object.
class TemporaryFolder {
public:
    TemporaryFolder() {
        std::string name = fs::temp_directory_path() / "clarify-emulator-XXXXXX";
        if (::mkdtemp(name.data()) == nullptr) {
            throw std::system_error{errno, std::generic_category(), name};
        }
        path_ = name;
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    ~TemporaryFolder() {
        std::error_code ignored;
        fs::remove_all(path_, ignored);
    }

    const fs::path& path() const { return path_; }

private:
    fs::path path_;
};

/// `word` as a POSIX shell takes it back unchanged.
std::string quoted(const std::string& word) {
    constexpr std::string_view harmless =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-./:+,@";
    if (!word.empty() && word.find_first_not_of(harmless) == std::string::npos) return word;
    std::string out = "'";
    for (const char c : word) {
        if (c == '\'') {
            out += "'\\''";
        } else {
            out += c;
        }
    }
    return out + '\'';
}

/// Where a client finds what it needs.
struct Files {
    fs::path credentials;
    fs::path authority;  ///< empty without TLS
};

Files write_files(const Emulator& emulator, const fs::path& credentials) {
    Files files{credentials, {}};
    if (emulator.options().tls) {
        files.authority = fs::path{credentials}.replace_extension(".ca.pem");
        emulator.write_ca_certificate(files.authority);
    }
    emulator.write_credentials(files.credentials);
    return files;
}

/// Fills the store from the file that was named. It need not be there if it is the one to be written.
void load(Emulator& emulator, const EmulatorCommand& command) {
    if (command.load.empty()) return;
    if (command.load == command.dump && !fs::exists(command.load)) return;
    errno = 0;
    std::ifstream file{command.load, std::ios::binary};
    const std::string text{std::istreambuf_iterator<char>{file}, {}};
    if (!file) throw std::system_error{errno, std::generic_category(), command.load};
    emulator.load(text);
}

/// Writes the store to the file that was named, all or nothing.
void dump(const Emulator& emulator, const EmulatorCommand& command) {
    if (command.dump.empty()) return;
    if (const std::error_code error =
            clarify::detail::write_private_file(command.dump, emulator.dump() + '\n'))
        throw std::system_error{error, command.dump};
}

/// Has happen what was asked for.
void plan_faults(Emulator& emulator, const EmulatorCommand& command) {
    struct Plan {
        void operator()(PlannedFault::Status status) const {
            emulator.fail_next(count, status.number);
        }
        void operator()(PlannedFault::RpcCode code) const {
            emulator.fail_next_calls(count, code.number);
        }
        void operator()(clarify::testing::ReplyFault fault) const {
            emulator.spoil_next(count, fault);
        }
        Emulator& emulator;
        unsigned count;
    };
    for (const PlannedFault& fault : command.faults)
        std::visit(Plan{emulator, fault.count}, fault.what);
    if (command.token_failure) emulator.set_token_endpoint_failure(*command.token_failure);
}

void say_what_to_type(
    const EmulatorCommand& command, const Emulator& emulator, const Files& files) {
    const std::string options =
        files.authority.empty() ? std::string{} : " --ca-file " + quoted(files.authority);
    const std::string tool = quoted(command.tool);

    std::cout << "A local Clarify listens at " << emulator.api_url() << "\n\n"
              << "  credentials            " << files.credentials.string() << '\n';
    if (!files.authority.empty()) {
        std::cout << "  certificate authority  " << files.authority.string() << '\n';
    }
    std::cout << "\nIn another terminal, for example:\n\n"
              << "  export CLARIFY_CREDENTIALS=" << quoted(files.credentials) << '\n'
              << "  printf 'time,temperature\\n2024-01-01T00:00:00Z,20.5\\n' | " << tool << " insert"
              << options << " -\n"
              << "  " << tool << " publish" << options << '\n'
              << "  " << tool << " data" << options
              << " --filter '{\"name\":\"temperature\"}' --from 2024-01-01 --to 2024-01-02\n"
              << "  " << tool << " call" << options
              << " clarify.selectItems '{\"query\":{\"limit\":10}}'\n\n"
              << "Ready. Ctrl-C ends it, and what was stored is gone then." << std::endl;
}

void say_what_was_asked(const clarify::testing::EmulatorStats& stats) {
    std::cout << "\nServed: calls " << stats.calls << ", notifications " << stats.notifications
              << ", token requests " << stats.token_requests << ", connections "
              << stats.connections << std::endl;
}

}  // namespace

ExitCode emulator(const EmulatorCommand& command) {
    // Whoever reads what is said may end before the emulator, whose store is written last.
    std::signal(SIGPIPE, SIG_IGN);
    EventLoop loop;
    // Signals are caught from the start, so that the temporary folder never stays behind.
    loop.on_interrupt([&loop] { loop.stop(); });

    clarify::testing::EmulatorOptions options;
    options.port = command.port;
    options.tls = !command.plain;
    options.rate_limits = command.rate_limits;
    options.observed_shapes = command.observed;
    options.strict = command.strict;
    options.latency = command.latency;
    std::optional<TemporaryFolder> folder;
    try {
        fs::path credentials = command.credentials_out;
        if (credentials.empty()) {
            folder.emplace();
            credentials = folder->path() / "credentials.json";
        }
        Emulator emulator{options};
        load(emulator, command);
        plan_faults(emulator, command);
        // Absolute, as the other terminal may be in another folder.
        const Files files = write_files(emulator, fs::absolute(credentials));
        say_what_to_type(command, emulator, files);
        loop.run();
        dump(emulator, command);
        say_what_was_asked(emulator.stats());
        return ExitCode::success;
    } catch (const std::invalid_argument& error) {
        std::cerr << "clarify: " << command.load << ": " << error.what() << '\n';
        return ExitCode::usage;
    } catch (const std::system_error& error) {
        std::cerr << "clarify: " << error.what() << '\n';
        return ExitCode::usage;
    } catch (const boost::system::system_error& error) {
        std::cerr << "clarify: the emulator cannot listen: " << error.what() << '\n';
        return ExitCode::usage;
    }
}

}  // namespace clarify_cli
