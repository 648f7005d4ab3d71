// SPDX-License-Identifier: BSL-1.0
// Everything that happens below a call as structured log lines: JSON, one object a line.
//
//   example_log_events > events.jsonl
//
// The observer is the part to take over; the calls beside it go to an emulator.

#include <clarify/clarify.hpp>
#include <clarify/testing/emulator.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json.hpp>

#include <chrono>
#include <iostream>
#include <string>

namespace {

namespace json = boost::json;

double milliseconds(clarify::Clock::duration duration) {
    return std::chrono::duration<double, std::milli>(duration).count();
}

/// An error as fields to search for, and a sentence for people. None of it can hold a secret.
json::object describe(const clarify::Error& error) {
    json::object out;
    out["kind"] = to_string(error.code());
    if (error.reason() != clarify::Reason::none) out["reason"] = to_string(error.reason());
    out["phase"] = to_string(error.phase());
    out["fate"] = to_string(error.fate());
    if (const clarify::RpcError* rpc = error.rpc()) out["rpc_code"] = rpc->code;
    out["text"] = error.to_string();
    return out;
}

/// One line an event. The wall clock is read here: events carry the monotonic one.
void log_event(std::ostream& out, const clarify::Event& event) {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    json::object line;
    line["unix_ms"] = std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
    line["event"] = to_string(event.kind);
    if (event.call_id != 0) line["call"] = event.call_id;
    if (!event.method.empty()) line["method"] = event.method;
    if (!event.host.empty()) line["host"] = event.host;
    if (event.attempts != 0) line["attempt"] = event.attempts;
    if (event.status != 0) line["status"] = event.status;
    if (event.bytes != 0) line["bytes"] = event.bytes;
    if (event.elapsed.count() != 0) line["elapsed_ms"] = milliseconds(event.elapsed);
    if (event.wait.count() != 0) line["wait_ms"] = milliseconds(event.wait);
    if (const auto trace = event.trace_id(); !trace.empty()) line["trace_id"] = trace;
    if (event.error != nullptr) line["error"] = describe(*event.error);
    std::string text;
    if (clarify::BoostJsonCodec{}.encode(line, text)) out << text << '\n';
}

boost::asio::awaitable<void> make_calls(clarify::Client& client) {
    clarify::CallOptions options;
    options.traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    const json::object params{{"query", {{"limit", 1}}}};
    const auto items = co_await client.call("clarify.selectItems", params, options);
    const json::object nonsense{{"query", 7}};
    const auto refused = co_await client.call("clarify.selectItems", nonsense, options);
    if (!items || refused) std::cerr << "the emulator answered otherwise than expected\n";
}

}  // namespace

int main() {
    clarify::testing::Emulator emulator;
    clarify::ClientOptions options;
    options.http.tls.ca_pem = emulator.ca_certificate_pem();
    options.observer = [](const clarify::Event& event) { log_event(std::cout, event); };

    const auto credentials = clarify::Credentials::from_string(emulator.credentials_json());
    boost::asio::io_context context;
    {
        clarify::Client client{context.get_executor(), credentials.value(), options};
        boost::asio::co_spawn(context, make_calls(client), boost::asio::detached);
        context.run();
    }
    // What the end of the client still has to say: connections that are closed.
    context.restart();
    context.run();
}
