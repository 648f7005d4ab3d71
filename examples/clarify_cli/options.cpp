// SPDX-License-Identifier: BSL-1.0

#include <clarify/core/version.hpp>

#include "api_options.hpp"
#include "options.hpp"
#include "output.hpp"
#include "planned_fault.hpp"
#include "settings.hpp"

#include <CLI/CLI.hpp>

#include <cstddef>
#include <cstdint>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

namespace clarify_cli {
namespace {

constexpr const char* exit_codes =
    "Exit codes: 0 success, 1 the server answered with a JSON-RPC error, 2 usage or "
    "configuration,\n"
    "3 transport, time-out or output that cannot be written, 4 authentication, 130 interrupted.";

constexpr const char* main_examples =
    R"(Credentials come from --credentials, else from the file that CLARIFY_CREDENTIALS names, else from
clarify-credentials.json. With --username the password comes from CLARIFY_PASSWORD. A file that others than
its owner may read or write is warned of on standard error.

Examples:
  clarify call clarify.selectItems '{"query":{"limit":10}}'
  clarify call integration.insert @samples.json
  clarify run --concurrency 8 <calls.jsonl >outcomes.jsonl
  clarify insert samples.csv
  clarify data cbpmaq6rpn52969vfl00 --from -7d --rollup PT1H --plot
  clarify spool FILE      what waits in the spool of a gateway
  clarify emulator        a local Clarify to try all this on; it says what to type next

)";

constexpr const char* call_examples =
    R"(The result goes to standard output as JSON, an error to standard error.

Examples:
  clarify call clarify.selectItems '{"query":{"limit":10}}'
  clarify call clarify.dataFrame @query.json --timeout 10
  jq -n '{query:{limit:5}}' | clarify call clarify.selectItems - --json

)";

constexpr const char* notify_examples =
    R"(A notification is answered with no result: success says that the server accepted it.

Example:
  clarify notify some.method '{"level":"info"}'

)";

constexpr const char* run_examples =
    R"(Reads one call a line from standard input, an object with these members, all but the first optional:

  "method"       the method's name
  "params"       an object or an array
  "notify"       true: a notification
  "idempotent"   may it be executed twice? Else as the method is known to be
  "timeout_ms"   the limit of the call, else --timeout
  "start_ms"     not begun before this many milliseconds after the program's start
  "cancel_ms"    cancelled this many milliseconds after the call's start
  "api_version"  instead of --api-version; null or "" omits the header

Writes one line for each outcome, as it completes:

  {"line":1,"ok":true,"result":{...},"start_ms":0.5,"end_ms":9.1}
  {"line":2,"ok":false,"error":{"kind":"timeout","reason":null,"phase":"connect","fate":"unsent",
   "attempts":1,"http_status":null,"retry_after_ms":null,"rpc":null,"text":"..."},"start_ms":...}

"rpc" is {"code","message","data"} where the server answered with a JSON-RPC error. Where "phase" is "token" and the
time was up, "token_step" is the phase of the request for the token, such as "resolve". A line that cannot be
understood has an outcome too, of the kind bad_argument. Members that are not known are ignored. A line that
waits for its start_ms takes no place among those in flight. The exit code is that of the failed call with
the lowest line number, as `clarify call` would have it.

Example:
  printf '%s\n' '{"method":"clarify.selectItems","params":{"query":{"limit":1}}}' | clarify run

)";

constexpr const char* emulator_examples =
    R"(Runs until interrupted, or until the terminal is gone that it was started at. The store is in memory: it
begins empty, and ends with the program, unless files are named.

SIGHUP has it load the file of --load again if that has changed, on top of what is there, and say what has
changed; a file that cannot be used changes nothing. Connections go on. A service manager hears READY, RELOADING,
STOPPING and WATCHDOG (NOTIFY_SOCKET).

Examples:
  clarify emulator
  clarify emulator --port 8443 --credentials-out emulator.json    the CA goes to emulator.ca.pem
  clarify emulator --load plant.json --dump plant.json            goes on where it ended
  clarify emulator --latency 200ms --fail 503x2 --fail reset      to see how a client takes it

)";

constexpr const char* spool_examples =
    R"(Changes nothing, and works while a gateway has the spool. "missing" are samples that should be there and
cannot be read; nothing is said where nobody can tell. Files that a gateway has set aside as damaged can be
looked at as well. The CSV is what `clarify insert` reads.

Examples:
  clarify spool /var/lib/clarify/samples.spool
  clarify spool samples.spool --export samples.csv
  clarify spool samples.spool --export - | clarify insert -

)";

constexpr const char* logout_examples =
    R"(A token of OAuth credentials is kept for the next run, of the gateway too, in a file that nobody else can read;
a password or a client secret never is. It is removed here, and not revoked: whoever holds it may go on with it until it
expires.

Examples:
  clarify logout
  clarify call --no-token-cache clarify.selectItems    keeps none

)";

constexpr const char* token_cache_help =
    "Where tokens are kept for the next run, and rate limits shared with others; default "
    "$XDG_CACHE_HOME/clarify, or ~/.cache/clarify";

CLI::App* add_logout(CLI::App& app, LogoutCommand& command) {
    CLI::App* const added = app.add_subcommand("logout", "Remove the tokens that are kept");
    added->add_option("--token-cache", command.token_cache, token_cache_help)->type_name("DIR");
    added->footer(logout_examples);
    return added;
}

void add_common(CLI::App& app, CommonOptions& options) {
    constexpr const char* group = "Options of all calls";
    app.add_option("--credentials", options.credentials, "Credentials file")
        ->type_name("FILE")
        ->group(group);
    app.add_option(
           "--username",
           options.username,
           "Basic authentication as this integration, password from CLARIFY_PASSWORD")
        ->type_name("ID")
        ->group(group);
    app.add_option("--api-url", options.api_url, "Instead of the address in the credentials")
        ->type_name("URL")
        ->group(group);
    app.add_option(
           "--api-version", options.api_version, "X-API-Version, default 1.1; `none` omits it")
        ->type_name("VERSION")
        ->group(group);
    app.add_option_function<std::string>(
           "--timeout",
           [&options](const std::string& text) {
               options.timeout = parse_time(text);
               if (!options.timeout) {
                   throw CLI::ValidationError{
                       "--timeout", "is not a time, such as 5, 0.5, 5s or 500ms"};
               }
           },
           "Limit of each call in seconds, or with a unit (5s, 500ms); default 30")
        ->type_name("TIME")
        ->group(group);
    app.add_option("--ca-file", options.ca_file, "Certificate authorities to trust, as PEM")
        ->type_name("FILE")
        ->group(group);
    app.add_option(
           "--client-certificate",
           options.client_certificate,
           "Certificate to show to a server that asks, as PEM")
        ->type_name("FILE")
        ->group(group);
    app.add_option(
           "--client-key",
           options.client_key,
           "Its key, unless in the same file; passphrase from CLARIFY_KEY_PASSPHRASE")
        ->type_name("FILE")
        ->group(group);
    app.add_option("--crl-file", options.crl_file, "Revocation lists to look into, as PEM")
        ->type_name("FILE")
        ->group(group);
    app.add_flag(
           "--crl-best-effort",
           options.crl_best_effort,
           "Accept certificates of which the lists say nothing")
        ->group(group);
    app.add_option("--pin", options.pins, "Public key to insist on, sha256/...; may be repeated")
        ->type_name("PIN")
        ->allow_extra_args(false)
        ->group(group);
    app.add_option(
           "--proxy",
           options.proxy,
           "http://[user:password@]host:port for https; `env` for what https_proxy says; default "
           "none")
        ->type_name("URL")
        ->group(group);
    app.add_option("--no-proxy", options.no_proxy, "Hosts to reach without --proxy")
        ->type_name("LIST")
        ->group(group);
    app.add_option("--token-cache", options.token_cache, token_cache_help)
        ->type_name("DIR")
        ->group(group);
    app.add_flag(
           "!--no-token-cache",
           options.has_token_cache,
           "Fetch a token for this run alone, keep it nowhere, and share no rate limit")
        ->group(group);
    app.add_option_function<std::vector<std::string>>(
           "--set",
           [&options](const std::vector<std::string>& given) {
               for (const std::string& assignment : given) {
                   const std::string problem = set_option(options.limits, assignment);
                   if (!problem.empty()) throw CLI::ValidationError{"--set", problem};
               }
           },
           "Another limit, such as connect_timeout=3s; see `clarify limits`; may be repeated")
        ->type_name("NAME=VALUE")
        // One for each: what follows is the method.
        ->allow_extra_args(false)
        ->group(group);
    app.add_flag("-v,--verbose", options.verbose, "Show events on standard error, without secrets")
        ->group(group);
}

void add_emulator_faults(CLI::App& app, EmulatorCommand& command) {
    app.add_option_function<std::string>(
           "--latency",
           [&command](const std::string& text) {
               const auto latency = parse_time(text);
               if (!latency) {
                   throw CLI::ValidationError{
                       "--latency", "is not a time, such as 5, 0.5, 5s or 500ms"};
               }
               command.latency = *latency;
           },
           "How long each call takes, in seconds or with a unit; default 0")
        ->type_name("TIME");
    app.add_option_function<std::vector<std::string>>(
           "--fail",
           [&command](const std::vector<std::string>& given) {
               for (const std::string& text : given) {
                   const auto fault = parse_fault(text);
                   if (!fault) {
                       throw CLI::ValidationError{
                           "--fail",
                           text +
                               " is neither a status from 400 to 599, nor a JSON-RPC code such "
                               "as -32015, nor slow, truncated, wrong-id, html or reset; for "
                               "several calls with a count, such as 503x3"};
                   }
                   command.faults.push_back(*fault);
               }
           },
           "What goes wrong with the first calls: an HTTP status, a JSON-RPC code, or slow, "
           "truncated, wrong-id, html, reset; with a count for several calls (503x3); may be "
           "repeated, once for each of these three kinds")
        ->type_name("FAULT")
        ->allow_extra_args(false);
    app.add_option("--fail-tokens", command.token_failure, "Answer token requests with this status")
        ->check(CLI::Range(400, 599))
        ->type_name("STATUS");
}

void add_call(CLI::App& app, CallCommand& command) {
    app.add_option("METHOD", command.method, "Such as clarify.selectItems")->required();
    app.add_option("PARAMS", command.params, "JSON text, @file, or - for standard input");
    app.add_flag(
        "--json", command.json, "Write an error as one line of JSON, like the error of `run`");
}

}  // namespace

ParsedCommand parse_command_line(int argc, const char* const* argv) {
    CLI::App app{"Calls methods of the Clarify time-series API.", "clarify"};
    app.set_version_flag("--version", "clarify " CLARIFY_VERSION_STRING);
    app.require_subcommand(1);
    app.footer(std::string{main_examples} + exit_codes);

    CommonOptions common;
    CallCommand call;
    RunCommand run;
    EmulatorCommand emulator;
    emulator.tool = argv[0];

    CLI::App* const call_app = app.add_subcommand("call", "Call a method and print its result");
    add_call(*call_app, call);
    call_app->footer(std::string{call_examples} + exit_codes);

    CLI::App* const notify_app = app.add_subcommand("notify", "Send a notification");
    add_call(*notify_app, call);
    notify_app->footer(std::string{notify_examples} + exit_codes);

    CLI::App* const run_app =
        app.add_subcommand("run", "Make many calls, one for each line of input");
    run_app->add_option("--concurrency", run.concurrency, "Calls in flight at a time")
        ->type_name("N")
        ->check(CLI::Range(std::size_t{1}, std::size_t{10'000}))
        ->capture_default_str();
    run_app->footer(std::string{run_examples} + exit_codes);

    CLI::App* const emulator_app = app.add_subcommand("emulator", "Run a local Clarify");
    emulator_app->add_option("--port", emulator.port, "Port on 127.0.0.1; default: any free one")
        ->type_name("N");
    emulator_app->add_flag("--plain", emulator.plain, "Plain HTTP instead of TLS");
    emulator_app
        ->add_option(
            "--credentials-out",
            emulator.credentials_out,
            "Write the credentials there, and the CA beside them; default: in a temporary folder")
        ->type_name("FILE");
    emulator_app
        ->add_option("--load", emulator.load, "Begin with the signals, items and samples in a file")
        ->type_name("FILE");
    emulator_app->add_option("--dump", emulator.dump, "Write them to a file at the end")
        ->type_name("FILE");
    emulator_app->add_flag(
        "--rate-limits", emulator.rate_limits, "Limit the rates of calls, as the service does");
    emulator_app->add_flag(
        "--observed",
        emulator.observed,
        "Answer as live servers were seen to, not as the API is documented");
    emulator_app->add_flag("--strict", emulator.strict, "Refuse null where the API documents none");
    add_emulator_faults(*emulator_app, emulator);
    emulator_app->footer(emulator_examples);

    SpoolCommand spool;
    CLI::App* const spool_app = app.add_subcommand("spool", "Show what waits in a spool");
    spool_app->add_option("FILE", spool.file, "The spool of a gateway")->required();
    spool_app
        ->add_option("--export", spool.export_to, "Write the samples there as CSV; - is stdout")
        ->type_name("CSV");
    spool_app->footer(spool_examples);

    LogoutCommand logout;
    const CLI::App* const logout_app = add_logout(app, logout);

    const ApiCommands api{app};
    const CLI::App* const limits_app =
        app.add_subcommand("limits", "Show what --set can set, with the defaults");

    // The same variables: an option may stand before or after the command.
    for (CLI::App* const each : {&app, call_app, notify_app, run_app})
        add_common(*each, common);
    for (CLI::App* const each : api.apps)
        add_common(*each, common);

    try {
        app.parse(argc, argv);
        if (!common.credentials.empty() && !common.username.empty()) {
            throw CLI::ExcludesError{"--credentials", "--username"};
        }
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? end_output() : ExitCode::usage;
    }
    if (limits_app->parsed()) {
        std::cout << option_names();
        return end_output();
    }
    if (run_app->parsed()) {
        run.common = common;
        return run;
    }
    if (emulator_app->parsed()) return emulator;
    if (spool_app->parsed()) return spool;
    if (logout_app->parsed()) return logout;
    if (auto command = api.parsed(common)) return std::move(*command);
    call.common = common;
    call.notify = notify_app->parsed();
    return call;
}

}  // namespace clarify_cli
