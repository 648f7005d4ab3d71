// SPDX-License-Identifier: BSL-1.0

#include "command_line.hpp"

#include <boost/asio/ip/address.hpp>

#include <CLI/CLI.hpp>

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

namespace gateway {
namespace {

constexpr const char* notes =
    R"(Senders post JSON, and are answered once Clarify has the samples:

  POST /samples   {"times":["2024-01-01T00:00:00Z"],"series":{"temperature":[20.5]}}
  GET /healthz

SIGTERM or SIGINT ends it gracefully, a second one at once. Whoever reaches the port may write
samples: the gateway asks senders for no credentials.

Exit codes: 0 ended gracefully, 1 something broke, 2 usage or configuration.

Example:
  clarify-gateway --credentials clarify-credentials.json --listen 127.0.0.1:8080)";

/// All of `text` as a number.
template <class Number>
std::optional<Number> parse_number(std::string_view text) {
    Number value{};
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (ec != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

/// `10s` or `500ms`, at most a day.
std::optional<std::chrono::milliseconds> parse_time(std::string_view text) {
    std::int64_t scale = 1;
    if (text.ends_with("ms")) {
        text.remove_suffix(2);
    } else if (text.ends_with('s')) {
        text.remove_suffix(1);
        scale = 1000;
    } else {
        return std::nullopt;
    }
    const auto number = parse_number<std::uint32_t>(text);
    constexpr std::int64_t longest = 24 * 3600 * 1000;
    if (!number || *number * scale > longest) return std::nullopt;
    return std::chrono::milliseconds{*number * scale};
}

/// `127.0.0.1:8080` or `[::1]:8080`.
std::optional<boost::asio::ip::tcp::endpoint> parse_endpoint(std::string_view text) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) return std::nullopt;
    std::string_view host = text.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    boost::system::error_code ec;
    const auto address = boost::asio::ip::make_address(std::string{host}, ec);
    const auto port = parse_number<std::uint16_t>(text.substr(colon + 1));
    if (ec || !port) return std::nullopt;
    return boost::asio::ip::tcp::endpoint{address, *port};
}

/// An option whose text `parse` reads, or does not.
template <class T, class Parse>
CLI::Option* add_parsed(
    CLI::App& app, const std::string& name, T& value, Parse parse, const std::string& text) {
    return app.add_option_function<std::string>(
        name,
        [name, &value, parse](const std::string& given) {
            const std::optional<T> parsed = parse(given);
            if (!parsed) throw CLI::ValidationError{name, "cannot be " + given};
            value = *parsed;
        },
        text);
}

}  // namespace

std::variant<int, CommandLine> parse_command_line(int argc, const char* const* argv) {
    CommandLine command;
    CLI::App app{"Takes samples by HTTP and inserts them into Clarify.", "clarify-gateway"};
    app.footer(notes);
    app.add_option("--credentials", command.credentials, "Credentials file of Clarify")
        ->type_name("FILE")
        ->capture_default_str();
    app.add_option("--ca", command.ca_file, "Certificate authorities to trust, as PEM")
        ->type_name("FILE");
    add_parsed(
        app, "--listen", command.listen, parse_endpoint, "Default 127.0.0.1:8080; port 0: any")
        ->type_name("ADDRESS:PORT");
    app.add_option("--threads", command.threads, "Threads that serve")
        ->check(CLI::Range(1, 256))
        ->capture_default_str();
    app.add_option("--max-sessions", command.max_sessions, "Connections at a time; others wait")
        ->check(CLI::Range(1, 1'000'000))
        ->capture_default_str();
    app.add_option("--max-body", command.limits.body, "Bytes of a request's body")
        ->check(CLI::Range(1, 8 * 1024 * 1024))
        ->capture_default_str();
    add_parsed(
        app, "--idle", command.limits.idle, parse_time, "Longest silence of a sender, default 60s")
        ->type_name("TIME");
    add_parsed(
        app, "--timeout", command.timeout, parse_time, "Limit of a call to Clarify, default 20s")
        ->type_name("TIME");
    add_parsed(
        app, "--drain", command.drain, parse_time, "Time to end requests in hand, default 10s")
        ->type_name("TIME");
    app.add_option("--connections", command.connections, "Connections to Clarify")
        ->check(CLI::Range(1, 1024))
        ->capture_default_str();
    app.add_option("--waiting", command.waiting, "Calls that may wait for a connection")
        ->capture_default_str();
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : 2;
    }
    return command;
}

}  // namespace gateway
