// SPDX-License-Identifier: BSL-1.0
// `clarify call` and `clarify notify`.

#include "commands.hpp"
#include "event_loop.hpp"
#include "json_text.hpp"
#include "output.hpp"
#include "session.hpp"

#include <boost/asio/cancellation_signal.hpp>

#include <unistd.h>

#include <array>
#include <cstddef>
#include <fstream>
#include <iostream>
#include <istream>
#include <optional>
#include <string>
#include <utility>

namespace clarify_cli {
namespace {

clarify::Error unreadable(const std::string& name, const char* why) {
    return clarify::Error{clarify::Errc::bad_argument, clarify::Reason::file, name + why};
}

clarify::Result<std::string> read_all(std::istream& in, const std::string& name) {
    // More than a request may have, even if every character of it is written as an escape.
    constexpr std::size_t limit = std::size_t{128} << 20U;
    std::string text;
    std::array<char, 65536> block{};
    while (in && text.size() <= limit) {
        in.read(block.data(), static_cast<std::streamsize>(block.size()));
        text.append(block.data(), static_cast<std::size_t>(in.gcount()));
    }
    if (in.bad()) return unreadable(name, " cannot be read");
    if (text.size() > limit) return unreadable(name, " is too large");
    return text;
}

clarify::Result<std::string> read_argument(const std::string& argument) {
    if (argument == "-") return read_all(std::cin, "standard input");
    if (!argument.starts_with('@')) return argument;
    const std::string path = argument.substr(1);
    std::ifstream file{path, std::ios::binary};
    if (!file) return unreadable(path, " cannot be opened");
    return read_all(file, path);
}

clarify::Result<std::optional<JsonText>> read_params(const std::optional<std::string>& argument) {
    if (!argument) return std::optional<JsonText>{};
    const clarify::Result<std::string> text = read_argument(*argument);
    if (!text) return text.error();
    clarify::Result<JsonText> params = parse_json(*text);
    if (!params) return params.error();
    return std::optional{std::move(*params)};
}

ExitCode print_result(const CallCommand& command, const JsonText& result) {
    if (command.notify) return ExitCode::success;
    const bool for_people = !command.json && ::isatty(STDOUT_FILENO) == 1;
    std::cout << (for_people ? pretty(result) : compact(result)) << '\n';
    return end_output();
}

}  // namespace

ExitCode call(const CallCommand& command) {
    const auto fail = [&command](const clarify::Error& error) {
        print_error(error, command.json);
        return exit_code(error.code());
    };
    CallSpec spec;
    spec.method = command.method;
    spec.notify = command.notify;
    clarify::Result<std::optional<JsonText>> params = read_params(command.params);
    if (!params) return fail(params.error());
    spec.params = std::move(*params);

    EventLoop loop;
    clarify::Result<Session> session = Session::open(loop.get_executor(), command.common, 1);
    if (!session) return fail(session.error());

    boost::asio::cancellation_signal cancel;
    loop.on_interrupt([&cancel] { cancel.emit(boost::asio::cancellation_type::terminal); });
    clarify::Result<JsonText> outcome = JsonText{};
    session->start(spec, cancel.slot(), [&](clarify::Result<JsonText> result) {
        outcome = std::move(result);
        loop.stop();
    });
    loop.run();

    if (outcome) return print_result(command, *outcome);
    const ExitCode code = fail(outcome.error());
    return loop.interrupted() ? ExitCode::interrupted : code;
}

}  // namespace clarify_cli
