// SPDX-License-Identifier: BSL-1.0
// Each registered status of a failure, and who repeats what it answers: calls, notifications, fetches.

#include <doctest/doctest.h>
#include <support/scripted_bench.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace retry_statuses_test {

using namespace clarify;
using namespace clarify::testing;
using namespace std::chrono_literals;

namespace {

using support::rpc_path;
using support::ScriptedBench;
using support::token_path;

enum class Repeated : std::uint8_t { never, if_idempotent, always, always_if_it_names_a_wait };

struct Row {
    unsigned status;
    Repeated repeated;
};

/// The IANA HTTP Status Code Registry from 400 on, but for 401, which has a rule of its own. Replies
/// of a scripted server come when the whole request was sent, so 408 is believed by nobody here.
constexpr std::array registered{
    Row{400, Repeated::never},
    Row{402, Repeated::never},
    Row{403, Repeated::never},
    Row{404, Repeated::never},
    Row{405, Repeated::never},
    Row{406, Repeated::never},
    Row{407, Repeated::never},
    Row{408, Repeated::never},
    Row{409, Repeated::never},
    Row{410, Repeated::never},
    Row{411, Repeated::never},
    Row{412, Repeated::never},
    Row{413, Repeated::always_if_it_names_a_wait},
    Row{414, Repeated::never},
    Row{415, Repeated::never},
    Row{416, Repeated::never},
    Row{417, Repeated::never},
    Row{421, Repeated::always},
    Row{422, Repeated::never},
    Row{423, Repeated::never},
    Row{424, Repeated::never},
    Row{425, Repeated::always},
    Row{426, Repeated::never},
    Row{428, Repeated::never},
    Row{429, Repeated::always},
    Row{431, Repeated::never},
    Row{451, Repeated::never},
    Row{500, Repeated::if_idempotent},
    Row{501, Repeated::never},
    Row{502, Repeated::if_idempotent},
    Row{503, Repeated::if_idempotent},
    Row{504, Repeated::if_idempotent},
    Row{505, Repeated::never},
    Row{506, Repeated::never},
    Row{507, Repeated::never},
    Row{508, Repeated::never},
    Row{510, Repeated::never},
    Row{511, Repeated::never}};

bool is_repeated(const Row& row, bool idempotent, bool names_wait) {
    switch (row.repeated) {
        case Repeated::always:
            return true;
        case Repeated::if_idempotent:
            return idempotent;
        case Repeated::always_if_it_names_a_wait:
            return names_wait;
        case Repeated::never:
            break;
    }
    return false;
}

Answer refusal(unsigned status, bool names_wait) {
    Answer answer = reply(status);
    return names_wait ? answer.header("Retry-After", "1") : answer;
}

CallOptions options_of(bool idempotent) {
    CallOptions options;
    options.idempotent = idempotent;
    return options;
}

}  // namespace

TEST_CASE("statuses: a call and a notification are repeated as the table of statuses says") {
    for (const Row& row : registered) {
        for (const bool names_wait : {false, true}) {
            for (const bool idempotent : {false, true}) {
                CAPTURE(row.status);
                CAPTURE(names_wait);
                CAPTURE(idempotent);
                const bool repeated = is_repeated(row, idempotent, names_wait);
                ScriptedBench called;
                called.server.on(rpc_path).always(refusal(row.status, names_wait));
                const auto outcome = called.call("m", options_of(idempotent));
                REQUIRE(outcome.has_error());
                CHECK(outcome.error().http_status() == row.status);
                CHECK(outcome.error().fate() == Fate::answered);
                CHECK(called.server.count(rpc_path) == (repeated ? 3 : 1));
                CHECK(called.server.count(token_path) == 1);
                if (repeated && names_wait) CHECK(called.waits.at(0) >= 1s);

                ScriptedBench told;
                told.server.on(rpc_path)
                    .then(refusal(row.status, names_wait))
                    .always(reply_result("1"));
                const Result<void> notified = told.clock->run(
                    told.context, told.client->notify("m", no_params, options_of(idempotent)));
                CHECK(notified.has_value() == repeated);
                CHECK(told.server.count(rpc_path) == (repeated ? 2 : 1));
            }
        }
    }
}

TEST_CASE("statuses: a batch is repeated as a call is") {
    for (const Row& row : registered) {
        CAPTURE(row.status);
        ScriptedBench bench;
        bench.server.on(rpc_path).then(refusal(row.status, false)).always(reply_result("1"));
        auto batch = bench.client->make_batch();
        batch.call("a");
        const auto outcome = bench.clock->run(bench.context, bench.client->call_batch(batch));
        CHECK(outcome.has_value() == is_repeated(row, false, false));
    }
}

TEST_CASE("statuses: a token is asked for again as an idempotent call is sent again") {
    for (const Row& row : registered) {
        for (const bool names_wait : {false, true}) {
            CAPTURE(row.status);
            CAPTURE(names_wait);
            ScriptedBench bench;
            bench.server.on(rpc_path).always(reply_result("1"));
            bench.server.on(token_path)
                .then(refusal(row.status, names_wait))
                .always(issue_tokens(1h));
            const auto outcome = bench.call("m");
            // What it asks for binds all later fetches, so the call waits for it too.
            const bool waits = names_wait;
            CHECK(outcome.has_value() == (waits || is_repeated(row, true, false)));
            CHECK(bench.server.count(token_path) == (outcome.has_value() ? 2 : 1));
            if (waits) CHECK(bench.clock->elapsed() == 1s);
        }
    }
}

TEST_CASE("statuses: what is not registered is repeated for nobody") {
    for (const unsigned status :
         {418U, 419U, 420U, 430U, 444U, 460U, 499U, 509U, 520U, 529U, 599U}) {
        CAPTURE(status);
        ScriptedBench bench;
        bench.server.on(rpc_path).always(reply(status));
        CHECK(bench.call("m", options_of(true)).error().attempts() == 1);
    }
}

}  // namespace retry_statuses_test
