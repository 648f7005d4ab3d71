// SPDX-License-Identifier: BSL-1.0
// `clarify emulator`: a local Clarify.

#include <clarify/core/detail/private_file.hpp>
#include <clarify/testing/emulator.hpp>

#include "../daemons/log.hpp"
#include "../daemons/reload.hpp"
#include "../daemons/service_manager.hpp"
#include "commands.hpp"
#include "event_loop.hpp"
#include "output.hpp"
#include "planned_fault.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <variant>
#include <vector>

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

/// What the store begins with, and gets again when it has changed.
class LoadedFile {
public:
    explicit LoadedFile(const EmulatorCommand& command)
        : path_(command.load), may_be_missing_(command.load == command.dump) {}

    /// Puts into the store what the file holds, unless that is in it already.
    daemons::Changes read(Emulator& emulator) {
        std::vector<std::string> changes;
        if (path_.empty() || (may_be_missing_ && !fs::exists(path_))) return changes;
        errno = 0;
        std::ifstream file{path_, std::ios::binary};
        std::string text{std::istreambuf_iterator<char>{file}, {}};
        if (!file) return refused(std::strerror(errno));
        if (text == text_) return changes;
        try {
            emulator.load(text);
        } catch (const std::exception& error) {  // nonsense, or too much of it
            return refused(error.what());
        }
        if (text_) {
            changes.push_back(
                path_ + " has changed, and was loaded again. There are " +
                std::to_string(emulator.signal_count()) + " signals and " +
                std::to_string(emulator.item_count()) + " items.");
        }
        text_ = std::move(text);
        may_be_missing_ = false;
        return changes;
    }

private:
    clarify::Error refused(const std::string& why) const {
        return clarify::Error{clarify::Errc::bad_config, clarify::Reason::file, path_ + ": " + why};
    }

    std::string path_;
    bool may_be_missing_;
    /// What was loaded of it last.
    std::optional<std::string> text_;
};

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

std::string what_to_type(
    const EmulatorCommand& command, const Emulator& emulator, const Files& files) {
    const std::string options =
        files.authority.empty() ? std::string{} : " --ca-file " + quoted(files.authority);
    const std::string tool = quoted(command.tool);

    std::ostringstream out;
    out << "A local Clarify listens at " << emulator.api_url() << "\n\n"
        << "  credentials            " << files.credentials.string() << '\n';
    if (!files.authority.empty()) {
        out << "  certificate authority  " << files.authority.string() << '\n';
    }
    out << "\nIn another terminal, for example:\n\n"
        << "  export CLARIFY_CREDENTIALS=" << quoted(files.credentials) << '\n'
        << "  printf 'time,temperature\\n2024-01-01T00:00:00Z,20.5\\n' | " << tool << " insert"
        << options << " -\n"
        << "  " << tool << " publish" << options << '\n'
        << "  " << tool << " data" << options
        << " --filter '{\"name\":\"temperature\"}' --from 2024-01-01 --to 2024-01-02\n"
        << "  " << tool << " call" << options
        << " clarify.selectItems '{\"query\":{\"limit\":10}}'\n\n"
        << "Ready. Ctrl-C ends it, and what was stored is gone then.";
    return std::move(out).str();
}

std::string what_was_asked(const clarify::testing::EmulatorStats& stats) {
    std::ostringstream out;
    out << "\nServed: calls " << stats.calls << ", notifications " << stats.notifications
        << ", token requests " << stats.token_requests << ", connections " << stats.connections;
    return std::move(out).str();
}

clarify::testing::EmulatorOptions emulator_options(const EmulatorCommand& command) {
    clarify::testing::EmulatorOptions options;
    options.port = command.port;
    options.tls = !command.plain;
    options.rate_limits = command.rate_limits;
    options.observed_shapes = command.observed;
    options.strict = command.strict;
    options.latency = command.latency;
    return options;
}

}  // namespace

ExitCode emulator(const EmulatorCommand& command) {
    // Whoever reads what is said may end before the emulator, whose store is written last.
    LogOutput output;
    daemons::LineChannel out{STDOUT_FILENO};
    EventLoop loop;
    LoadedFile loaded{command};
    std::optional<Emulator> emulator;
    loop.on_hang_up(
        [&] { daemons::read_again(output.log(), {[&] { return loaded.read(*emulator); }}); });
    // Signals are caught from the start, so that the temporary folder never stays behind.
    loop.on_interrupt([&loop] {
        daemons::tell_manager("STOPPING=1");
        loop.stop();
    });

    std::optional<TemporaryFolder> folder;
    try {
        fs::path credentials = command.credentials_out;
        if (credentials.empty()) {
            folder.emplace();
            credentials = folder->path() / "credentials.json";
        }
        emulator.emplace(emulator_options(command));
        if (const daemons::Changes read = loaded.read(*emulator); !read) {
            print_line(daemons::Level::error, std::string{read.error().message()});
            return ExitCode::usage;
        }
        plan_faults(*emulator, command);
        // Absolute, as the other terminal may be in another folder.
        const Files files = write_files(*emulator, fs::absolute(credentials));
        out.write(what_to_type(command, *emulator, files));
        daemons::please_watchdog(loop.get_executor());
        daemons::tell_manager("READY=1");
        loop.run();
        dump(*emulator, command);
        out.write(what_was_asked(emulator->stats()));
        return ExitCode::success;
    } catch (const boost::system::system_error& error) {
        print_line(
            daemons::Level::error, std::string{"the emulator cannot listen: "} + error.what());
    } catch (const std::system_error& error) {
        print_line(daemons::Level::error, error.what());
    }
    return ExitCode::usage;
}

}  // namespace clarify_cli
