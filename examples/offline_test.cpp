// SPDX-License-Identifier: BSL-1.0
// Tests an application without a server, a socket or a sleep: the client's HTTP stack is a script,
// and its clock is moved by hand. Prints a line for each scenario; fails if one goes wrong.

#include <clarify/clarify.hpp>
#include <clarify/testing/manual_clock.hpp>
#include <clarify/testing/scripted_backend.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json.hpp>

#include <chrono>
#include <cstddef>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace asio = boost::asio;
using namespace std::chrono_literals;

// --- The application ----------------------------------------------------------------------------

/// Sends readings. It keeps what surely did not arrive, and alarms the operator where it cannot
/// know.
template <class Client>
class Recorder {
public:
    explicit Recorder(Client& client) : client_(client) {}

    void add(double reading) { waiting_.push_back(reading); }

    /// Sends all that is waiting.
    asio::awaitable<void> flush() {
        if (waiting_.empty()) co_return;
        const std::vector<double> batch = std::exchange(waiting_, {});
        const boost::json::object params{{"readings", boost::json::value_from(batch)}};
        // Not one of the methods that the library knows to be repeatable: a reading that arrives
        // twice is counted twice, so it is sent again only if it surely was not executed.
        const auto outcome = co_await client_.call("meter.count", params);
        if (outcome) {
            recorded_ += batch.size();
        } else if (outcome.error().fate() == clarify::Fate::unsent) {
            waiting_.insert(waiting_.begin(), batch.begin(), batch.end());
        } else {
            alarms_.push_back(outcome.error().to_string());
        }
    }

    std::size_t waiting() const { return waiting_.size(); }
    std::size_t recorded() const { return recorded_; }
    const std::vector<std::string>& alarms() const { return alarms_; }

private:
    Client& client_;
    std::vector<double> waiting_;
    std::size_t recorded_ = 0;
    std::vector<std::string> alarms_;
};

// --- Its tests ----------------------------------------------------------------------------------

using namespace clarify::testing;
using Client =
    clarify::RpcClient<ScriptedBackend, clarify::ClientCredentials, clarify::BoostJsonCodec>;

constexpr const char* token_path = "/oauth/token";
constexpr const char* rpc_path = "/rpc";

/// The application with everything around it. Tokens live for an hour.
struct Scenario {
    explicit Scenario(std::string_view title) : name(title) {
        server.on(token_path).always(issue_tokens(1h).after(200ms));
    }
    ~Scenario() { std::cout << (passed ? "ok      " : "FAILED  ") << name << '\n'; }
    Scenario(const Scenario&) = delete;
    Scenario& operator=(const Scenario&) = delete;

    void flush() { clock->run(context, recorder.flush()); }
    void expect(bool holds, std::string_view what) {
        if (holds) return;
        std::cout << "        not so: " << what << '\n';
        passed = all_passed = false;
    }

    static clarify::ClientOptions options(std::shared_ptr<ManualClock> clock) {
        clarify::ClientOptions options;
        options.clock = std::move(clock);
        return options;
    }
    static clarify::ClientCredentials credentials() {
        return clarify::ClientCredentials{clarify::ClientCredentialsConfig{
            clarify::Url::parse("https://meters.example/oauth/token").value(),
            "recorder",
            clarify::Secret{"not a real secret"}}};
    }

    static inline bool all_passed = true;
    std::string_view name;
    bool passed = true;
    asio::io_context context;
    std::shared_ptr<ManualClock> clock = std::make_shared<ManualClock>();
    ScriptedBackend server;
    Client client{
        context.get_executor(),
        clarify::Url::parse("https://meters.example/rpc").value(),
        server,
        credentials(),
        options(clock)};
    Recorder<Client> recorder{client};
};

void test_success() {
    Scenario it{"readings are sent, with a token"};
    it.server.on(rpc_path).then(reply_result("true"));
    it.recorder.add(1.5);
    it.recorder.add(2.25);
    it.flush();
    it.expect(it.recorder.recorded() == 2, "both are recorded");
    const RecordedRequest request = it.server.requests(rpc_path).at(0);
    it.expect(request.method() == "meter.count", "by the right method");
    it.expect(request.params() == R"({"readings":[1.5,2.25]})", "with these parameters");
    it.expect(request.header("Authorization") == "Bearer token-1", "and the token");
}

void test_patience() {
    Scenario it{"a server that asks for 20 s of patience gets them"};
    it.server.on(rpc_path).then(reply(429).header("Retry-After", "20")).then(reply_result("true"));
    it.recorder.add(1);
    it.flush();
    it.expect(it.recorder.recorded() == 1, "the reading is recorded");
    const auto requests = it.server.requests(rpc_path);
    it.expect(requests.size() == 2, "it was sent twice");
    it.expect(requests.back().began - requests.front().began == 20s, "20 s apart");
}

void test_lost_connection() {
    Scenario it{"a connection lost after sending raises an alarm, and nothing is sent again"};
    it.server.on(rpc_path)
        .then(fail(clarify::Errc::io, clarify::Reason::truncated))
        .always(reply_result("true"));
    it.recorder.add(1);
    it.flush();
    it.flush();
    it.expect(it.recorder.alarms().size() == 1, "there is one alarm");
    it.expect(it.recorder.waiting() == 0, "nothing is waiting");
    it.expect(it.server.count(rpc_path) == 1, "it was sent once");
}

void test_refused_connection() {
    Scenario it{"what surely was not sent is kept and sent later"};
    it.server.on(rpc_path)
        .then(fail(clarify::Errc::connect, clarify::Reason::refused), 3)
        .always(reply_result("true"));
    it.recorder.add(1);
    it.flush();
    it.expect(it.recorder.waiting() == 1, "it is kept, after three attempts");
    it.recorder.add(2);
    it.flush();
    it.expect(it.recorder.recorded() == 2, "both are recorded");
    it.expect(it.recorder.alarms().empty(), "there is no alarm");
}

void test_revoked_token() {
    Scenario it{"a token that is revoked is replaced without anybody noticing"};
    it.server.on(rpc_path).then(reply_result("true")).then(reply(401)).always(reply_result("true"));
    for (int i = 0; i != 3; ++i) {
        it.recorder.add(i);
        it.flush();
    }
    it.expect(it.recorder.recorded() == 3, "all are recorded");
    it.expect(it.server.count(token_path) == 2, "a second token was fetched");
    const RecordedRequest& last = it.server.requests().back();
    it.expect(last.header("Authorization") == "Bearer token-2", "and used");
}

void test_deadline() {
    Scenario it{"a call that hangs ends at its deadline, wherever it hangs"};
    it.server.on(rpc_path)
        .then(hang(clarify::Phase::tls))
        .then(hang(clarify::Phase::connect))
        .then(hang(clarify::Phase::first_byte));
    it.recorder.add(1);
    it.flush();
    it.expect(it.clock->elapsed() == 30s, "after 30 s");
    it.expect(it.server.count(rpc_path) == 2, "a second attempt was made after 17 s");
    it.expect(it.recorder.waiting() == 1, "before it was sent, the reading is kept");
    it.flush();
    it.expect(it.clock->elapsed() == 60s, "after another 30 s");
    it.expect(it.server.count(rpc_path) == 3, "what may have been executed gets the whole time");
    it.expect(it.recorder.alarms().size() == 1, "after it was sent, there is an alarm");
}

void test_day() {
    Scenario it{"a day with a reading each minute takes about one token an hour"};
    it.server.on(rpc_path).always(reply_result("true").after(150ms));
    const clarify::TimePoint start = it.clock->now();
    for (int minute = 0; minute != 24 * 60; ++minute) {
        it.recorder.add(minute);
        it.flush();
        const clarify::TimePoint next = start + std::chrono::minutes{minute + 1};
        it.clock->run_for(it.context, next - it.clock->now());
    }
    it.expect(it.clock->elapsed() == 24h, "a day has passed");
    it.expect(it.recorder.recorded() == 24 * 60, "all are recorded");
    const std::size_t fetches = it.server.count(token_path);
    it.expect(fetches >= 24 && fetches <= 26, "24 to 26 tokens were fetched");
}

int main() {
    test_success();
    test_patience();
    test_lost_connection();
    test_refused_connection();
    test_revoked_token();
    test_deadline();
    test_day();
    return Scenario::all_passed ? 0 : 1;
}
