// SPDX-License-Identifier: BSL-1.0

#include <clarify/core/version.hpp>
#include <clarify/http/detail/request/request_reader.hpp>

#include "command_line.hpp"

#include <boost/asio/ip/address.hpp>

#include <CLI/CLI.hpp>

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace gateway {
namespace {

constexpr const char* notes =
    R"(Senders post JSON, in either form. Samples are gathered into few inserts, and these repeated until each
is stored. Meanwhile they are in the file of --spool, and outlive the gateway and a power cut; without
it they are in memory, and lost if the gateway is killed:

  POST /samples   {"times":["2024-01-01T00:00:00Z"],"series":{"temperature":[20.5]}}
  POST /samples   {"samples":[{"input":"temperature","time":"2024-01-01T00:00:00Z","value":20.5}]}
  POST /samples?wait=stored   the same, answered once Clarify has them
  GET /status
  GET /metrics    the same and more, for Prometheus
  GET /healthz

A spool belongs to one gateway at a time, and to the integration it was made for. What is damaged in it
is set aside beside it, and the rest is delivered; "clarify spool FILE" shows what waits. Samples that
Clarify rejects are kept with its reason in FILE.rejected, a JSON object a line; at 10 MiB it becomes
FILE.rejected.1, instead of the one before.

Whoever reaches the port may write samples, unless --token-file has senders show a token, as
"Authorization: Bearer TOKEN", for all but /healthz; others get 401. It crosses the network as it is:
where others may listen, put something that speaks TLS in front. The file's mode is to be 0600.

The gateway answers requests for IP addresses, localhost and each --host, and refuses others with 421, so
that no web page can have its visitors' browsers reach it under a name of its own.

Signals: SIGTERM and SIGINT end it gracefully, a second one at once. SIGHUP reads the files of
--credentials, --ca and --token-file again and says what has changed; one that cannot be used changes
nothing.

A service manager hears READY, RELOADING, STOPPING and WATCHDOG (NOTIFY_SOCKET), and may listen itself
(LISTEN_FDS, instead of --listen). Neither Clarify nor the network nor the right time need be there at
the start.

The log goes to standard error. A line says when Clarify can no longer be used, and why, and another
one when it can be used again; nobody is waited for to read them.

Exit codes: 0 ended gracefully; 1 samples were lost, or something broke, such as an address that cannot
be listened on, and starting again may help; 2 usage or configuration, and it will not.

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

/// `1000`, `64KiB`, `256MiB` or `1GiB`.
std::optional<std::size_t> parse_size(std::string_view text) {
    unsigned shift = 0;
    if (text.ends_with("KiB")) shift = 10;
    if (text.ends_with("MiB")) shift = 20;
    if (text.ends_with("GiB")) shift = 30;
    if (shift != 0) text.remove_suffix(3);
    const auto number = parse_number<std::uint32_t>(text);
    constexpr std::uint64_t largest = std::uint64_t{1} << 40U;
    if (!number || std::uint64_t{*number} << shift > largest) return std::nullopt;
    return std::size_t{*number} << shift;
}

/// A name without a port, and no address.
bool is_host_name(std::string_view text) {
    std::string_view host;
    return !text.empty() && !text.starts_with('[') && clarify::detail::is_host(text, host) &&
        host == text;
}

std::optional<clarify::OnFull> parse_on_full(std::string_view text) {
    if (text == "refuse") return clarify::OnFull::refuse;
    if (text == "drop-oldest") return clarify::OnFull::drop_oldest;
    return std::nullopt;
}

/// Against what a spool is to be proof: a power cut, or the end of the process alone.
std::optional<bool> parse_durability(std::string_view text) {
    if (text == "power") return true;
    if (text == "process") return false;
    return std::nullopt;
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

/// An empty name, of a variable that is not set say, must not leave the gateway open to all.
std::string is_named(const std::string& file) {
    return file.empty() ? "the name of the file is empty" : "";
}

/// An option whose text `parse` reads, or does not.
template <class T, class Parse>
CLI::Option* add_parsed(
    CLI::App& app, const std::string& name, T& value, Parse parse, const std::string& text) {
    return app.add_option_function<std::string>(
        name,
        [name, &value, parse](const std::string& given) {
            const auto parsed = parse(given);
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
    app.set_version_flag("--version", "clarify-gateway " CLARIFY_VERSION_STRING);
    app.add_option("--credentials", command.credentials, "Credentials file of Clarify")
        ->type_name("FILE")
        ->capture_default_str();
    app.add_option(
           "--token-cache",
           command.token_cache,
           "Folder in which the token to Clarify and its rate limits are shared with other "
           "processes of this user; "
           "default $XDG_CACHE_HOME/clarify, or ~/.cache/clarify")
        ->type_name("DIR");
    app.add_flag(
        "!--no-token-cache", command.has_token_cache, "Share neither, and keep the token nowhere");
    app.add_option("--ca", command.ca_file, "Certificate authorities to trust, as PEM")
        ->type_name("FILE");
    add_parsed(
        app, "--listen", command.listen, parse_endpoint, "Default 127.0.0.1:8080; port 0: any")
        ->type_name("ADDRESS:PORT");
    app.add_option_function<std::vector<std::string>>(
           "--host",
           [&command](const std::vector<std::string>& given) {
               for (const std::string& name : given) {
                   if (!is_host_name(name))
                       throw CLI::ValidationError{"--host", "is no name of a host: " + name};
               }
               command.hosts = given;
           },
           "A name under which senders reach it; may be repeated")
        ->type_name("NAME")
        ->allow_extra_args(false);
    app.add_option("--token-file", command.token_file, "File with the token that senders must show")
        ->type_name("FILE")
        ->check(is_named);
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
        app,
        "--max-memory",
        command.max_memory,
        parse_size,
        "What all requests in hand may hold together, default 256MiB; others get 503")
        ->type_name("SIZE");
    add_parsed(
        app, "--idle", command.limits.idle, parse_time, "Longest silence of a sender, default 60s")
        ->type_name("TIME");
    add_parsed(
        app, "--timeout", command.timeout, parse_time, "Limit of a call to Clarify, default 20s")
        ->type_name("TIME");
    add_parsed(app, "--drain", command.drain, parse_time, "Time to store what waits, default 10s")
        ->type_name("TIME");
    add_parsed(app, "--max-delay", command.max_delay, parse_time, "How long to gather, default 1s")
        ->type_name("TIME");
    add_parsed(
        app,
        "--unhealthy-after",
        command.unhealthy_after,
        parse_time,
        "When /healthz says that nothing can be forwarded, default 300s")
        ->type_name("TIME");
    CLI::Option* const spool =
        app.add_option("--spool", command.spool, "Where samples wait, instead of in memory")
            ->type_name("FILE");
    add_parsed(
        app,
        "--durability",
        command.outlives_power,
        parse_durability,
        "What samples in the spool outlive: power (default), or the process alone, at fewer syncs")
        ->type_name("WHAT")
        ->needs(spool);
    add_parsed(
        app,
        "--spool-size",
        command.spool_size,
        parse_size,
        "Room for samples that wait, default 1GiB in a file, 64MiB in memory")
        ->type_name("SIZE");
    add_parsed(
        app,
        "--on-full",
        command.on_full,
        parse_on_full,
        "Refuse new samples when there is no room, or drop-oldest; default refuse")
        ->type_name("WHAT");
    app.add_option("--connections", command.connections, "Connections to Clarify")
        ->check(CLI::Range(1, 1024))
        ->capture_default_str();
    app.add_option("--waiting", command.waiting, "Calls that may wait for a connection")
        ->capture_default_str();
    app.add_flag(
        "--log-levels",
        command.log_levels,
        "Begin each line of the log with its level, <3> to <6>; by itself where the log is the "
        "journal");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : 2;
    }
    return command;
}

}  // namespace gateway
