// SPDX-License-Identifier: BSL-1.0

#include "hints.hpp"
#include "json_text.hpp"
#include "output.hpp"
#include "terminal_text.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <iostream>
#include <optional>
#include <string_view>

namespace clarify_cli {
namespace {

constexpr std::string_view name = "clarify: ";

daemons::Log* current_log = nullptr;

/// Whole lines.
void write_lines(daemons::Level level, std::string_view text) {
    if (current_log == nullptr) {
        std::fwrite(text.data(), 1, text.size(), stderr);
        return;
    }
    if (text.starts_with(name)) text.remove_prefix(name.size());
    while (!text.empty()) {
        const std::size_t size = std::min(text.find('\n'), text.size());
        current_log->write(level, text.substr(0, size));
        text.remove_prefix(std::min(size + 1, text.size()));
    }
}

std::string kind_and_reason(const clarify::Error& error) {
    std::string text{to_string(error.code())};
    if (error.reason() != clarify::Reason::none) {
        text += '[';
        text += to_string(error.reason());
        text += ']';
    }
    return text;
}

std::string_view phase_in_words(clarify::Phase phase) {
    switch (phase) {
        case clarify::Phase::queue:
            return "before it was sent";
        case clarify::Phase::token:
            return "while fetching an access token";
        case clarify::Phase::backoff:
            return "while waiting to try again";
        case clarify::Phase::resolve:
            return "while looking up the host name";
        case clarify::Phase::connect:
            return "while connecting";
        case clarify::Phase::proxy:
            return "while asking the proxy for a tunnel";
        case clarify::Phase::tls:
            return "during the TLS handshake";
        case clarify::Phase::write:
            return "while sending the request";
        case clarify::Phase::first_byte:
            return "while waiting for the reply";
        case clarify::Phase::head:
        case clarify::Phase::body:
            return "while reading the reply";
        case clarify::Phase::reply:
        case clarify::Phase::decode:
            return "while making sense of the reply";
    }
    return "";
}

std::string_view fate_in_words(clarify::Fate fate) {
    switch (fate) {
        case clarify::Fate::unsent:
            return "The server has not executed the call: it is safe to repeat.";
        case clarify::Fate::unknown:
            return "The server may have executed the call.";
        case clarify::Fate::answered:
            return "The server answered the call.";
    }
    return "";
}

std::string where_and_fate(const clarify::Error& error) {
    std::string text;
    // Where a reply was read is no news.
    if (error.fate() != clarify::Fate::answered) {
        text = "It happened ";
        text += phase_in_words(error.phase());
        const std::optional<clarify::Phase> step = error.token_step();
        if (step) {
            text += ", ";
            text += phase_in_words(*step);
        }
        text += " (phase ";
        text += to_string(error.phase());
        if (step) {
            text += ", ";
            text += to_string(*step);
        }
        text += "). ";
    }
    text += fate_in_words(error.fate());
    if (error.attempts() > 1)
        text += " There were " + std::to_string(error.attempts()) + " attempts.";
    return text;
}

void append_line(std::string& out, std::string_view text) {
    out += "  ";
    out += text;
    out += '\n';
}

void append_rpc(std::string& out, const clarify::RpcError& rpc, const clarify::ErrorData& data) {
    append_line(
        out,
        "The server says: " + visible(rpc.message) + " (code " + std::to_string(rpc.code) + ")");
    for (const auto& [path, message] : data.params) {
        append_line(out, "  " + visible(path) + ": " + visible(message));
    }
    for (const clarify::InvalidResource& resource : data.invalid_resources) {
        append_line(
            out,
            "  " + visible(resource.type) + ' ' + visible(resource.id) + ": " +
                visible(resource.message));
        for (const auto& [field, message] : resource.invalid_fields) {
            append_line(out, "    " + visible(field) + ": " + visible(message));
        }
    }
    if (!data.text.empty()) append_line(out, "  " + visible(data.text));
    if (!data.partial_result.empty()) {
        append_line(out, "  A part of the result came with the error; --json shows it.");
    }
}

void append_http(std::string& out, const clarify::HttpFailure& http, bool from_proxy) {
    if (!from_proxy) {
        std::string text = "The server says: HTTP " + std::to_string(http.status);
        if (!http.body_excerpt.empty()) text += ", " + visible(http.body_excerpt);
        append_line(out, text);
    }
    if (!http.location.empty()) append_line(out, "It points to " + visible(http.location));
    if (http.retry_after) {
        append_line(
            out, "It asks to wait for " + std::to_string(http.retry_after->count()) + " ms first.");
    }
}

/// Appends `"key":` and a number or null.
void append_number(std::string& out, std::string_view key, std::optional<std::int64_t> value) {
    out += ",\"";
    out += key;
    out += "\":";
    out += value ? std::to_string(*value) : "null";
}

void append_text(std::string& out, std::string_view key, std::string_view value) {
    out += ",\"";
    out += key;
    out += "\":";
    append_json_string(out, value);
}

std::string now_text() {
    using std::chrono::milliseconds;
    const auto now = std::chrono::time_point_cast<milliseconds>(std::chrono::system_clock::now());
    const auto second = std::chrono::floor<std::chrono::seconds>(now);
    const std::time_t time = std::chrono::system_clock::to_time_t(second);
    std::tm utc{};
    gmtime_r(&time, &utc);
    std::array<char, 32> text{};
    const std::size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &utc);
    std::array<char, 8> fraction{};
    std::snprintf(
        fraction.data(),
        fraction.size(),
        ".%03dZ",
        static_cast<int>((now - second).count()) % 1000);
    return std::string{text.data(), size} + fraction.data();
}

std::string milliseconds_text(clarify::Clock::duration duration) {
    std::array<char, 32> text{};
    std::snprintf(
        text.data(),
        text.size(),
        "%.1fms",
        std::chrono::duration<double, std::milli>(duration).count());
    return text.data();
}

}  // namespace

std::string error_paragraph(const clarify::Error& error) {
    std::string out = "clarify: " + kind_and_reason(error);
    if (!error.message().empty()) {
        out += ": ";
        out += visible(error.message());
    }
    if (error.cause()) out += " (" + visible(error.cause().message()) + ')';
    out += '\n';

    std::string trace;
    if (const clarify::RpcError* const rpc = error.rpc()) {
        const clarify::ErrorData data = rpc->clarify_data();
        append_rpc(out, *rpc, data);
        trace = data.trace;
    }
    if (const clarify::HttpFailure* const http = error.http()) {
        // What the status of a proxy is, the library's own words have said.
        append_http(out, *http, error.code() == clarify::Errc::proxy);
        if (trace.empty()) trace = http->traceparent;
    }
    // A mistake in the command or the configuration happened at no point of a call.
    if (exit_code(error.code()) != ExitCode::usage) {
        append_line(out, where_and_fate(error));
    }
    if (!trace.empty()) append_line(out, "Trace: " + visible(trace));
    if (const std::string_view hint = hint_for(error); !hint.empty()) {
        append_line(out, "Hint: " + std::string{hint});
    }
    return out;
}

std::string error_json(const clarify::Error& error) {
    std::string out = "{\"kind\":";
    append_json_string(out, to_string(error.code()));
    out += ",\"reason\":";
    if (error.reason() == clarify::Reason::none) {
        out += "null";
    } else {
        append_json_string(out, to_string(error.reason()));
    }
    append_text(out, "phase", to_string(error.phase()));
    if (const auto step = error.token_step()) append_text(out, "token_step", to_string(*step));
    append_text(out, "fate", to_string(error.fate()));
    append_number(out, "attempts", error.attempts());
    const clarify::HttpFailure* const http = error.http();
    std::optional<std::int64_t> status;
    std::optional<std::int64_t> retry_after;
    if (error.http_status() != 0) status = error.http_status();
    if (http != nullptr && http->retry_after) retry_after = http->retry_after->count();
    append_number(out, "http_status", status);
    append_number(out, "retry_after_ms", retry_after);
    out += ",\"rpc\":";
    if (const clarify::RpcError* const rpc = error.rpc()) {
        out += "{\"code\":" + std::to_string(rpc->code);
        append_text(out, "message", rpc->message);
        out += ",\"data\":";
        out += rpc->data.empty() ? "null" : compact(JsonText{rpc->data});
        out += '}';
    } else {
        out += "null";
    }
    append_text(out, "text", error.to_string());
    out += '}';
    return out;
}

LogOutput::LogOutput() {
    std::signal(SIGPIPE, SIG_IGN);
    current_log = &log_;
}
LogOutput::~LogOutput() { current_log = nullptr; }

void print_line(daemons::Level level, const std::string& line) {
    write_lines(level, std::string{name} + line + '\n');
}

void print_error(const clarify::Error& error, bool as_json) {
    write_lines(daemons::Level::error, as_json ? error_json(error) + '\n' : error_paragraph(error));
}

void print_warning(const std::string& warning) {
    print_line(daemons::Level::warning, "warning: " + visible(warning));
}

void print_event(const clarify::Event& event) {
    std::string line = now_text() + ' ';
    line += to_string(event.kind);
    if (event.call_id != 0) line += " call=" + std::to_string(event.call_id);
    if (!event.method.empty()) line += " method=" + visible(event.method);
    if (!event.host.empty()) line += " host=" + visible(event.host);
    if (event.status != 0) line += " status=" + std::to_string(event.status);
    if (event.bytes != 0) line += " bytes=" + std::to_string(event.bytes);
    if (event.attempts != 0) line += " attempts=" + std::to_string(event.attempts);
    if (event.sharers != 0) line += " sharers=" + std::to_string(event.sharers);
    if (event.elapsed.count() != 0) line += " elapsed=" + milliseconds_text(event.elapsed);
    if (!event.traceparent.empty()) line += " trace=" + visible(event.traceparent);
    if (!event.file.empty()) line += " file=" + visible(event.file);
    if (event.error != nullptr) line += " error=\"" + visible(event.error->to_string()) + '"';
    write_lines(daemons::Level::debug, line + '\n');
}

ExitCode end_output() {
    if (std::cout.flush()) return ExitCode::success;
    print_line(daemons::Level::error, "standard output cannot be written");
    return ExitCode::transport;
}

}  // namespace clarify_cli
