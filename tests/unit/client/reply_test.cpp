// SPDX-License-Identifier: BSL-1.0
// What a reply means for a call and for its connection; what people see of it is tested elsewhere.

#include <clarify/core/detail/decode_time.hpp>
#include <clarify/detail/call_record.hpp>
#include <clarify/detail/reply.hpp>

#include <doctest/doctest.h>
#include <support/reading_clock.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace reply_test {

using namespace clarify;
using namespace clarify::detail;

namespace {

constexpr const char* good = R"({"jsonrpc":"2.0","id":7,"result":[1]})";
constexpr const char* foreign = R"({"jsonrpc":"2.0","id":8,"result":[1]})";
constexpr const char* no_error = R"({"jsonrpc":"2.0","id":7,"error":{"code":"E_LIMIT"}})";
constexpr const char* refusal = R"({"jsonrpc":"2.0","id":7,"error":{"code":-1,"message":"no"}})";

HttpResponse response(unsigned status, std::string body) {
    HttpResponse made;
    made.status = status;
    made.body = std::move(body);
    return made;
}

ReplyQuestion ask(const HttpResponse& reply, bool notification = false) {
    return {reply, {}, 7, notification};
}

/// `head`, about 256 KiB of `part`, and `tail`.
std::string large(std::string_view head, std::string_view part, std::string_view tail) {
    std::string text{head};
    while (text.size() < (std::size_t{256} << 10U))
        (text += part) += ',';
    return (text += part) += tail;
}

struct Row {
    unsigned status;
    const char* body;
    bool notification;
    Errc code;
    Reason reason;
    bool keep;
};

}  // namespace

TEST_CASE("reply: what it means for the call, and for the connection") {
    const std::vector<Row> rows{
        {200, good, false, Errc{}, Reason::none, true},
        {200, refusal, false, Errc::rpc, Reason::none, true},
        {200, foreign, false, Errc::envelope, Reason::id_mismatch, false},
        {200,
         R"({"jsonrpc":"2.0","result":[1]})",
         false,
         Errc::envelope,
         Reason::id_missing,
         false},
        {200, "{", false, Errc::json, Reason::syntax, true},
        {200, "", false, Errc::envelope, Reason::empty, true},
        {204, "", false, Errc::envelope, Reason::empty, true},
        {204, "", true, Errc{}, Reason::none, true},
        {200, R"({"jsonrpc":"2.0","id":null,"result":1})", true, Errc{}, Reason::none, true},
        {200, foreign, true, Errc::envelope, Reason::id_mismatch, false},
        {200, no_error, false, Errc::envelope, Reason::bad_error, true},
        {200, R"({"error":"E_LIMIT"})", true, Errc::envelope, Reason::bad_error, true},
        {500, no_error, false, Errc::status, Reason::none, true},
        {206, good, false, Errc::status, Reason::none, true},
        {401, "", false, Errc::auth, Reason::rejected, true},
        {500, refusal, false, Errc::status, Reason::none, true},
        {500, foreign, false, Errc::status, Reason::none, false},
    };
    for (const Row& row : rows) {
        CAPTURE(row.status);
        CAPTURE(row.body);
        const HttpResponse reply = response(row.status, row.body);
        const Verdict verdict = judge(ask(reply, row.notification), nullptr);
        CHECK(verdict.keep_connection == row.keep);
        REQUIRE(verdict.error.has_value() == (row.code != Errc{}));
        if (!verdict.error) continue;
        CHECK(verdict.error->code() == row.code);
        CHECK(verdict.error->reason() == row.reason);
        CHECK(verdict.error->fate() == Fate::answered);
        const bool refused =
            row.code == Errc::status || row.code == Errc::auth || row.code == Errc::rpc;
        CHECK(verdict.error->phase() == (refused ? Phase::reply : Phase::decode));
        CHECK(verdict.error->http_status() == row.status);
    }
    const HttpResponse reply = response(200, good);
    CHECK(judge(ask(reply), nullptr).result == "[1]");
    const HttpResponse said = response(200, no_error);
    const std::optional<Error> bad = judge(ask(said), nullptr).error;
    CHECK(bad->message() == "the error of the reply has a code that is not an integer of 64 bits");
    CHECK(bad->http()->body_excerpt.find("E_LIMIT") != std::string::npos);
    CHECK(bad->rpc() == nullptr);
}

TEST_CASE("reply: judging it leaves it as it is") {
    HttpResponse reply = response(500, "no");
    reply.traceparent = "00-trace";
    judge(ask(reply), nullptr);
    CHECK(reply.body == "no");
    CHECK(reply.traceparent == "00-trace");
}

TEST_CASE("reply: a large one is read until its call has to end") {
    struct Case {
        unsigned status = 200;
        bool notification = false;
        bool batch = false;
        std::string body;
    };
    const std::string answer = R"({"jsonrpc":"2.0","id":7,"result":[)";
    const std::string refused = R"({"jsonrpc":"2.0","id":7,"error":{"code":-1,"data":[)";
    for (const Case& each :
         {Case{200, false, false, large(answer, "[]", "]}")},
          Case{200, false, false, large(answer, "0", "]")},
          Case{200, false, false, large(refused, "0", "]}}")},
          Case{500, false, false, large(refused, "{}", "]}}")},
          Case{200, true, false, large(refused, "\"\"", "]}}")},
          Case{200, false, true, large('[' + answer, "0", "]}]")},
          Case{200, false, true, large(refused, "0", "]}}")},
          Case{200, false, true, large("[", R"({"id":1})", "]")},
          Case{200, false, true, large("[" + answer + "]},", "0", "]")}}) {
        CAPTURE(each.body.substr(0, 60));
        CAPTURE(each.status);
        int readings = 0;
        // Whichever look finds that it is too late: of all that are taken when there is time.
        for (int last = 0; last <= readings; ++last) {
            CAPTURE(last);
            const HttpResponse reply = response(each.status, each.body);
            support::ReadingClock clock;
            DecodeTime time{
                last == 0 ? (TimePoint::max)() : support::ReadingClock::at(last), &clock};
            BatchState batch;
            batch.slots.emplace_back(7);
            ReplyQuestion question = ask(reply, each.notification);
            question.time = &time;
            const Verdict verdict = judge(question, each.batch ? &batch : nullptr);
            if (last == 0) {
                readings = clock.readings();
                REQUIRE(readings >= 12);
                CHECK((!verdict.error || verdict.error->code() != Errc::timeout));
                continue;
            }
            REQUIRE(verdict.error);
            CHECK(clock.readings() == last);
            CHECK(verdict.error->code() == Errc::timeout);
            CHECK(verdict.error->phase() == Phase::decode);
            CHECK(verdict.error->fate() == Fate::answered);
            CHECK(verdict.error->http_status() == each.status);
            CHECK(verdict.error->message() == "the call took too long");
            CHECK_FALSE(verdict.keep_connection);
        }
    }
    // A small one is none of it.
    support::ReadingClock clock;
    DecodeTime time{support::ReadingClock::at(0), &clock};
    const HttpResponse reply = response(200, good);
    ReplyQuestion question = ask(reply);
    question.time = &time;
    CHECK(judge(question, nullptr).result == "[1]");
    CHECK(clock.readings() == 0);
}

TEST_CASE("reply: each slot of a batch gets its outcome") {
    BatchState batch;
    batch.slots.emplace_back(1);
    batch.slots.emplace_back(2);
    batch.slots.emplace_back(3);
    const HttpResponse reply = response(
        200,
        R"([{"jsonrpc":"2.0","id":2,"error":{"code":-1,"message":"no"}},)"
        R"({"jsonrpc":"2.0","id":1,"result":5}])");
    ReplyQuestion question = ask(reply);
    question.attempts = 2;
    const Verdict verdict = judge(question, &batch);
    CHECK_FALSE(verdict.error);
    CHECK(verdict.keep_connection);
    CHECK(batch.slots[0].result == "5");
    REQUIRE(batch.slots[1].error);
    CHECK(batch.slots[1].error->code() == Errc::rpc);
    CHECK(batch.slots[1].error->fate() == Fate::answered);
    CHECK(batch.slots[1].error->attempts() == 2);
    REQUIRE(batch.slots[2].error);
    CHECK(batch.slots[2].error->reason() == Reason::missing);
    CHECK(batch.slots[2].error->fate() == Fate::unknown);
}

TEST_CASE("reply: a batch with an answer to something else costs the connection") {
    BatchState batch;
    batch.slots.emplace_back(1);
    const HttpResponse reply = response(
        200, R"([{"jsonrpc":"2.0","id":1,"result":5},{"jsonrpc":"2.0","id":9,"result":5}])");
    const Verdict verdict = judge(ask(reply), &batch);
    CHECK_FALSE(verdict.error);
    CHECK_FALSE(verdict.keep_connection);
    CHECK(batch.violation);
    CHECK(batch.slots[0].result == "5");
}

TEST_CASE("reply: a trace context is kept where somebody may see it") {
    const std::string trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const auto kept = [&](unsigned status, bool observed, const std::string& text) {
        HttpResponse reply = response(status, "");
        reply.traceparent = text;
        vet_traceparent(reply, {"Bearer 0af7651916cd43dd", {}}, observed);
        return !reply.traceparent.empty();
    };
    const std::string other = "00-11111111111111111111111111111111-b7ad6b7169203331-01";
    CHECK(kept(200, true, other));
    CHECK(kept(500, false, other));
    CHECK_FALSE(kept(200, false, other));
    CHECK_FALSE(kept(500, true, "what is no trace context"));
    CHECK_FALSE(kept(500, true, trace));
}

}  // namespace reply_test
