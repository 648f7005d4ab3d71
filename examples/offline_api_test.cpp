// SPDX-License-Identifier: BSL-1.0
// Tests an application that uses the typed methods, without a server: what a scripted one answers is made
// of the types that the methods yield. One test for each kind of operation. Prints a line for each;
// fails if one goes wrong. offline_test.cpp is about failures and tokens.

#include <clarify/any_client.hpp>
#include <clarify/auth/no_auth.hpp>
#include <clarify/core/timer.hpp>
#include <clarify/testing/manual_clock.hpp>
#include <clarify/testing/scripted_backend.hpp>
#include <clarify/testing/scripted_results.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstddef>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace asio = boost::asio;
using namespace std::chrono_literals;

// --- The application ----------------------------------------------------------------------------

class Plant {
public:
    explicit Plant(clarify::AnyClient& client) : client_(client) {}

    /// Stores a reading, and describes the signal if that is the first one. Whether all went well.
    asio::awaitable<bool> record(std::string input, double value) {
        clarify::DataFrame frame;
        frame.append(clarify::Timestamp::now(), {{input, value}});
        const auto inserted = co_await client_.insert(frame);
        if (!inserted) co_return false;
        const auto found = inserted->signals_by_input.find(input);
        if (found == inserted->signals_by_input.end() || !found->second.created) co_return true;
        clarify::SignalSaves saves;
        saves[input].name = input;
        const auto saved = co_await client_.save_signals(saves);
        co_return saved.has_value();
    }

    /// Saves signals, and returns the inputs of those that the service could not save.
    asio::awaitable<std::vector<std::string>> describe(clarify::SignalSaves saves) {
        const auto saved = co_await client_.save_signals(saves);
        std::vector<std::string> missing;
        if (saved) co_return missing;
        const auto part = clarify::partial_result<clarify::SaveSignalsResult>(saved.error());
        for (const auto& [input, save] : saves) {
            if (!part || !part->signals_by_input.contains(input)) missing.push_back(input);
        }
        co_return missing;
    }

    /// The names of all items, however many there are.
    asio::awaitable<std::vector<std::string>> names() {
        std::vector<std::string> names;
        clarify::ItemPages pages = client_.item_pages({});
        for (;;) {
            const auto page = co_await pages.next();
            if (!page || !*page) co_return names;
            for (const clarify::Item& item : (*page)->data)
                names.push_back(item.name);
        }
    }

    /// The largest value of an item on a day.
    asio::awaitable<std::optional<double>> peak(std::string item, clarify::Timestamp day) {
        const clarify::DataQuery data{day, day + 24h};
        const auto got = co_await client_.data_frame({}, data);
        std::optional<double> peak;
        if (!got) co_return peak;
        for (const double value : got->data.column(item)) {
            if (!peak || value > *peak) peak = value;
        }
        co_return peak;
    }

    /// How many values an item has in a year, which are read part by part.
    asio::awaitable<std::size_t> count(std::string item, clarify::Timestamp begin) {
        const clarify::DataQuery year{begin, begin + 365 * 24h};
        std::size_t values = 0;
        clarify::DataStream parts = client_.data_parts(clarify::field("id") == item, year);
        for (;;) {
            const auto part = co_await parts.next();
            if (!part || !*part) co_return values;
            values += (*part)->frame.value_count();
        }
    }

    /// How much has flown on a day, as the service computes it.
    asio::awaitable<std::optional<double>> flown(std::string item, clarify::Timestamp day) {
        clarify::EvaluateQuery query;
        query.data = clarify::DataQuery{day, day + 24h, 24h};
        query.items = {{"flow", item, clarify::TimeAggregation::avg}};
        query.calculations = {{"volume", "flow * bucket_seconds"}};
        const auto result = co_await client_.evaluate(query);
        if (!result) co_return std::nullopt;
        co_return result->data.at(day, "volume");
    }

    /// Has an item show a signal, and no longer the one that it showed. Whether all went well.
    asio::awaitable<bool> replace(std::string item, std::string old_input, std::string new_input) {
        const clarify::ResourceQuery before{clarify::field("input") == old_input};
        const auto detached = co_await client_.disconnect_signals(before);
        if (!detached) co_return false;
        const clarify::ResourceQuery after{clarify::field("input") == new_input};
        const auto connected = co_await client_.connect_signals(after, item);
        co_return connected && connected->data.size() == 1;
    }

    /// Publishes what has changed, and returns how many signals that were.
    asio::awaitable<std::size_t> publish() {
        const auto report = co_await client_.publish_changed_signals();
        co_return report ? report->published.size() : 0;
    }

    /// Counts the minutes of an hour in which the tank is too full.
    asio::awaitable<int> watch() {
        int alarms = 0;
        // On the client's executor, and of the library: in a test it follows the test's clock.
        clarify::Timer minute{client_.get_executor()};
        for (int i = 0; i != 60; ++i) {
            const auto level = co_await client_.latest_value("tank/level");
            if (level && level->value > 9) ++alarms;
            minute.expires_at(minute.now() + 1min);
            co_await minute.async_wait(asio::as_tuple(asio::deferred));
        }
        co_return alarms;
    }

private:
    clarify::AnyClient& client_;
};

// --- Its tests ----------------------------------------------------------------------------------

using namespace clarify::testing;

constexpr const char* rpc_path = "/v1/rpc";
constexpr const char* flow_id = "c618rbfqfsj7mjkj0ss1";
constexpr const char* item_id = "c618rbfqfsj7mjkj0ss2";

struct Scenario {
    explicit Scenario(std::string_view title) : name(title) {}
    ~Scenario() { std::cout << (passed ? "ok      " : "FAILED  ") << name << '\n'; }
    Scenario(const Scenario&) = delete;
    Scenario& operator=(const Scenario&) = delete;

    template <class T>
    T run(asio::awaitable<T> task) {
        return clock->run(context, std::move(task));
    }
    void expect(bool holds, std::string_view what) {
        if (holds) return;
        std::cout << "        not so: " << what << '\n';
        passed = all_passed = false;
    }
    /// The methods that were called.
    std::vector<std::string> calls() const {
        std::vector<std::string> methods;
        for (const RecordedRequest& request : server.requests())
            methods.push_back(request.method());
        return methods;
    }
    clarify::ClientOptions options() const {
        clarify::ClientOptions options;
        options.clock = clock;
        return options;
    }

    static inline bool all_passed = true;
    std::string_view name;
    bool passed = true;
    asio::io_context context;
    std::shared_ptr<ManualClock> clock = std::make_shared<ManualClock>();
    ScriptedBackend server;
    Script& script = server.on(rpc_path);
    clarify::AnyClient client{
        clarify::AnyClient::Base{
            context.get_executor(),
            clarify::Url::parse("https://api.clarify.io/v1/rpc").value(),
            server,
            clarify::NoAuth{},
            options()},
        "c618rbfqfsj7mjkj0sg0"};
    Plant plant{client};
};

clarify::Signal flow() {
    clarify::Signal signal;
    signal.id = flow_id;
    signal.input = "pump/flow";
    signal.name = "Flow";
    return signal;
}

clarify::Item item(std::string id, std::string name) {
    clarify::Item item;
    item.id = std::move(id);
    item.name = std::move(name);
    item.visible = true;
    return item;
}

void test_insert() {
    Scenario it{"insert, save: a signal that an insert has made is given a name"};
    clarify::InsertResult inserted;
    inserted.signals_by_input["pump/flow"].created = true;
    it.script.then(reply_summary(inserted)).then(reply_summary(clarify::SaveSignalsResult{}));
    it.expect(it.run(it.plant.record("pump/flow", 12.5)), "it went well");
    it.expect(
        it.calls() == std::vector<std::string>{"integration.insert", "integration.saveSignals"},
        "it was inserted, then saved");
}

void test_partial_failure() {
    Scenario it{"partial failure: what was not saved is known"};
    clarify::SaveSignalsResult done;
    done.signals_by_input["a"].created = true;
    it.script.then(reply_partial(done));
    clarify::SignalSaves saves;
    saves["a"].name = "A";
    saves["b"].name = "B";
    it.expect(it.run(it.plant.describe(saves)) == std::vector<std::string>{"b"}, "it is b");
}

void test_pages() {
    Scenario it{"pages: one answer does for all of them"};
    std::vector<clarify::Item> items;
    for (int i = 0; i != 2'500; ++i)
        items.push_back(item("item" + std::to_string(i), "Tank " + std::to_string(i)));
    it.script.always(reply_items(items));
    const std::vector<std::string> names = it.run(it.plant.names());
    it.expect(names.size() == items.size() && names.back() == "Tank 2499", "all are there");
    it.expect(it.server.requests().size() == 3, "in three pages");
}

void test_data() {
    Scenario it{"data: a frame is read as it would come"};
    const clarify::Timestamp day = clarify::Timestamp::parse("2024-01-01T00:00:00Z").value();
    clarify::DataFrame frame;
    frame.append(day, {{item_id, 1.5}});
    frame.append(day + 1h, {{item_id, 9.25}});
    frame.append(day + 2h, {{item_id, 4}});
    it.script.then(reply_frame(frame));
    it.expect(it.run(it.plant.peak(item_id, day)) == 9.25, "the peak is found");
}

void test_data_parts() {
    Scenario it{"data by parts: each has what was asked for"};
    // The item is looked for first; by what is asked for, rather than by turns.
    it.script.always([](const RecordedRequest& request) {
        clarify::DataFrame frame;
        frame.append(clarify::Timestamp::parse("2024-01-01T00:00:00Z").value(), {{item_id, 1.5}});
        return request.method() == "clarify.dataFrame" ? reply_frame(frame)
                                                       : reply_items({item(item_id, "Tank")});
    });
    const clarify::Timestamp year = clarify::Timestamp::parse("2024-01-01T00:00:00Z").value();
    const std::size_t values = it.run(it.plant.count(item_id, year));
    it.expect(values != 0, "there are values");
    it.expect(values + 1 == it.server.requests().size(), "one of each part");
}

void test_evaluate() {
    Scenario it{"evaluate: what the service has computed is found by its alias"};
    const clarify::Timestamp day = clarify::Timestamp::parse("2024-01-01T00:00:00Z").value();
    clarify::DataFrame frame;
    frame.append(day, {{"flow", 2}, {"volume", 172'800}});
    it.script.then(reply_frame(frame));
    it.expect(it.run(it.plant.flown(item_id, day)) == 172'800, "it is what the formula gave");
    it.expect(it.calls() == std::vector<std::string>{"clarify.evaluate"}, "it was asked once");
    it.expect(
        it.server.requests().front().body.find("flow * bucket_seconds") != std::string::npos,
        "the formula was sent");
}

void test_connect() {
    Scenario it{"connect, disconnect: an item shows another signal"};
    clarify::Signal connected = flow();
    connected.relationships["item"].links = {{"items", item_id}};
    it.script.then(reply_signals({flow()})).then(reply_signals({connected}));
    it.expect(it.run(it.plant.replace(item_id, "pump/old", "pump/flow")), "it went well");
    it.expect(
        it.calls() == std::vector<std::string>{"admin.disconnectSignals", "admin.connectSignals"},
        "the old one was detached first");
}

void test_publish() {
    Scenario it{"publish: a signal that nobody has published is"};
    clarify::PublishSignalsResult published;
    published.items_by_signal[flow_id].created = true;
    it.script.then(reply_signals({flow()})).then(reply_summary(published));
    it.expect(it.run(it.plant.publish()) == 1, "it is one");
    it.expect(it.calls().back() == "admin.publishSignals", "it was published");
}

void test_timer() {
    Scenario it{"timers: an hour passes at once, on the application's timers, too"};
    clarify::Signal level = flow();
    level.relationships["item"].links = {{"items", item_id}};
    clarify::DataFrame high;
    high.append(clarify::Timestamp::now(), {{item_id, 9.5}});
    // By what is asked for, rather than by turns.
    it.script.always([=](const RecordedRequest& request) {
        return request.method() == "clarify.dataFrame" ? reply_frame(high) : reply_signals({level});
    });
    it.expect(it.run(it.plant.watch()) == 60, "there is an alarm every minute");
    it.expect(it.clock->elapsed() >= 1h, "an hour has passed");
}

int main() {
    test_insert();
    test_partial_failure();
    test_pages();
    test_data();
    test_data_parts();
    test_evaluate();
    test_connect();
    test_publish();
    test_timer();
    return Scenario::all_passed ? 0 : 1;
}
