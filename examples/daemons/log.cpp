// SPDX-License-Identifier: BSL-1.0

#include <clarify/core/detail/text.hpp>

#include "log.hpp"
#include "service_manager.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <optional>
#include <utility>

namespace daemons {
namespace {

/// No longer than a pipe takes as a whole.
constexpr std::size_t longest_line = 2048;

std::string in_words(Outage::Duration time) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(time).count();
    struct Unit {
        std::int64_t seconds;
        const char* name;
    };
    constexpr std::array<Unit, 4> units{{{86'400, " d"}, {3600, " h"}, {60, " min"}, {1, " s"}}};
    for (std::size_t i = 0; i != units.size(); ++i) {
        if (seconds < units[i].seconds) continue;
        std::string out = std::to_string(seconds / units[i].seconds) + units[i].name;
        const std::int64_t rest = seconds % units[i].seconds;
        if (i + 1 != units.size() && rest >= units[i + 1].seconds)
            out += ' ' + std::to_string(rest / units[i + 1].seconds) + units[i + 1].name;
        return out;
    }
    return "less than 1 s";
}

}  // namespace

LineChannel::LineChannel(int descriptor) : descriptor_(descriptor) {
    struct stat status {};
    if (::fstat(descriptor, &status) != 0) return;
    if (S_ISSOCK(status.st_mode)) {
        kind_ = Kind::socket;
    } else if (S_ISFIFO(status.st_mode)) {
        kind_ = Kind::pipe;
        // Opened anew, for otherwise all who share the pipe would find it changed.
        const std::string path = "/proc/self/fd/" + std::to_string(descriptor);
        const int opened = ::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
        if (opened >= 0) {
            descriptor_ = opened;
            owned_ = true;
        }
    }
}

LineChannel::~LineChannel() {
    if (owned_) ::close(descriptor_);
}

void LineChannel::write(std::string_view line, std::string_view before_notice) {
    const std::lock_guard lock{mutex_};
    if (dropped_ != 0) {
        const std::string notice = std::string{before_notice} + std::to_string(dropped_) +
            " lines were lost here, because nobody read them\n";
        if (put(notice)) dropped_ = 0;
    }
    std::string text{line};
    text += '\n';
    if (dropped_ != 0 || !put(std::move(text))) ++dropped_;
}

/// False where nothing of it was written.
bool LineChannel::put(std::string text) {
    text.insert(0, rest_);
    const std::size_t old = rest_.size();
    const long sent = send(text);
    if (sent < 0) return false;
    const auto size = static_cast<std::size_t>(sent);
    if (size < old) {
        rest_.erase(0, size);
        return false;
    }
    // Of a line that has begun the rest comes first, the next time.
    const bool begun = size != old;
    rest_ = begun ? text.substr(size) : std::string{};
    return begun;
}

long LineChannel::send(std::string_view text) const {
    if (kind_ == Kind::socket)
        return ::send(descriptor_, text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    // Where it is writable, it takes as much as a line has without waiting.
    pollfd state{descriptor_, POLLOUT, 0};
    if (!owned_ && (::poll(&state, 1, 0) != 1 || (state.revents & POLLOUT) == 0)) return -1;
    long written = 0;
    do {
        written = ::write(descriptor_, text.data(), text.size());
    } while (written < 0 && errno == EINTR);
    return written;
}

Log::Log(std::string name, bool levels)
    : channel_(STDERR_FILENO),
      name_(std::move(name)),
      levels_(levels || is_journal(STDERR_FILENO)) {}

void Log::write(Level level, std::string_view text) {
    const std::string prefix =
        levels_ ? '<' + std::to_string(static_cast<int>(level)) + '>' : name_ + ": ";
    channel_.write(
        prefix + clarify::detail::printable(text, longest_line),
        levels_ ? "<4>" : std::string_view{prefix});
}

LoggedState::LoggedState(Log& log, std::string begun, std::string ended, std::string what)
    : log_(log), begun_(std::move(begun)), ended_(std::move(ended)), what_(std::move(what)) {}

void LoggedState::failed(std::string_view reason) {
    const std::lock_guard lock{mutex_};
    const bool begins = outage_.failed(std::chrono::steady_clock::now());
    lasting_ = true;
    if (begins) log_.write(Level::error, begun_ + ": " + std::string{reason});
}

void LoggedState::succeeded() {
    if (!lasting_) return;
    const std::lock_guard lock{mutex_};
    const auto past = outage_.succeeded(std::chrono::steady_clock::now());
    if (!past) return;
    lasting_ = false;
    log_.write(
        Level::notice,
        ended_ + ", after " + in_words(past->lasted) + " and " + std::to_string(past->failures) +
            ' ' + what_ + " that failed");
}

void RareLine::happened(const std::function<std::string()>& text) {
    std::optional<std::uint64_t> untold;
    {
        const std::lock_guard lock{mutex_};
        untold = rarely_.happened(std::chrono::steady_clock::now());
    }
    if (!untold) return;
    std::string line = text();
    if (*untold != 0)
        line += "; since the last such line there were " + std::to_string(*untold) + " more";
    log_.write(Level::warning, line);
}

}  // namespace daemons
