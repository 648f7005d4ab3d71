// SPDX-License-Identifier: BSL-1.0
// What is sent to a token endpoint, when, and what its calls get of it.

#include <clarify/auth/client_credentials.hpp>
#include <clarify/core/detail/encoding.hpp>
#include <clarify/core/detail/signal.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace client_credentials_test {

using namespace clarify;
using namespace std::chrono_literals;
using namespace std::string_view_literals;
namespace asio = boost::asio;

namespace {

constexpr std::string_view canary = "canary-secret";

/// What the token endpoint does with one request.
using Answer = std::function<Result<void>(HttpResponse&)>;

Answer reply(unsigned status, std::string body, std::string retry_after = {}) {
    return [=](HttpResponse& response) -> Result<void> {
        response.status = status;
        response.body = body;
        response.retry_after = retry_after;
        return {};
    };
}
Answer token(std::string_view text = "token", int seconds = 3'600) {
    return reply(
        200,
        R"({"access_token":")" + std::string{text} + R"(","expires_in":)" +
            std::to_string(seconds) + R"(,"token_type":"Bearer"})");
}
Answer failure(Error error) {
    return [error = error.set_phase(Phase::connect).set_fate(Fate::unknown)](
               HttpResponse&) -> Result<void> { return error; };
}

/// A client as an authentication policy sees it, with a clock set by hand and a token endpoint by
/// script.
class FakeContext final : public AuthContext {
public:
    struct Post {
        std::string url, headers, body;
        std::size_t max_response_body;
        TimePoint deadline;
    };

    asio::any_io_executor get_executor() const override { return io_.get_executor(); }
    TimePoint now() const override { return time; }
    double random() override { return 0; }

    asio::awaitable<Result<void>> post(
        const HttpRequest& request, HttpResponse& response) override {
        // Room for the largest reply, so that growing leaves no copy of a token behind.
        CHECK(response.body.capacity() >= request.max_response_body);
        std::string headers;
        for (const HeaderView& header : request.headers) {
            headers += std::string{header.name} + ": " + std::string{header.value} + '\n';
        }
        posts.push_back(
            {request.url->to_string(),
             std::move(headers),
             std::string{request.body},
             request.max_response_body,
             request.deadline});
        const Answer answer = script.empty() ? token() : script.front();
        if (script.size() > 1) script.pop_front();
        while (held) {
            const bool cancelled = co_await gate_.wait(io_.get_executor(), TimePoint::max());
            if (cancelled) co_return Error{Errc::cancelled};
        }
        co_return answer(response);
    }
    void spawn(asio::awaitable<void> task, TimePoint) override {
        tasks_.emplace_back();
        asio::co_spawn(
            io_,
            std::move(task),
            asio::bind_cancellation_slot(tasks_.back().slot(), [this](std::exception_ptr error) {
                CHECK(error == nullptr);
                ++tasks_ended;
            }));
    }
    void observe(const Event& event) override {
        std::string text{to_string(event.kind)};
        if (event.error != nullptr) text += " " + event.error->to_string();
        events.push_back(std::move(text));
    }
    bool has_served(const AuthHeader&) const override { return served; }

    /// Runs whatever can run now.
    void run() {
        for (int idle = 0; idle != 3;) {
            io_.restart();
            idle = io_.poll() == 0 ? idle + 1 : 0;
        }
    }
    /// Lets the requests that are held go on.
    void release() {
        held = false;
        gate_.notify_all();
        run();
    }
    /// What a client does with a task at its deadline.
    void cancel_tasks() {
        for (asio::cancellation_signal& task : tasks_)
            task.emit(asio::cancellation_type::terminal);
        run();
    }

    // In the past, so that no wait of the policy takes time.
    TimePoint time = Clock::now() - 1'000h;
    std::deque<Answer> script;
    bool held = false;
    /// Does the server accept the tokens at first?
    bool served = false;
    std::vector<Post> posts;
    std::vector<std::string> events;
    std::size_t tasks_ended = 0;

private:
    mutable asio::io_context io_;
    detail::Signal gate_;
    std::list<asio::cancellation_signal> tasks_;
};

/// One call that asks for its header.
struct Call {
    std::optional<Result<AuthHeader>> outcome;
    asio::cancellation_signal signal;

    bool done() const { return outcome.has_value(); }
    std::string header() const {
        REQUIRE(done());
        REQUIRE(outcome->has_value());
        return std::string{(**outcome)->expose()};
    }
    const Error& error() const {
        REQUIRE(done());
        REQUIRE(outcome->has_error());
        CHECK((*outcome).error().to_string().find("canary") == std::string::npos);
        storage = outcome->error();
        return storage;
    }

    mutable Error storage;
};

std::unique_ptr<Call> authorize(
    ClientCredentials& auth, FakeContext& context, Clock::duration left = 1h) {
    auto call = std::make_unique<Call>();
    asio::co_spawn(
        context.get_executor(),
        auth.authorize(context, context.time + left),
        asio::bind_cancellation_slot(
            call->signal.slot(),
            [call = call.get()](std::exception_ptr error, Result<AuthHeader> got) {
                CHECK(error == nullptr);
                call->outcome.emplace(std::move(got));
            }));
    context.run();
    return call;
}

ClientCredentialsConfig config() {
    return {
        Url::parse("https://api.example/v1/oauth/token").value(),
        "id",
        Secret{canary},
        "https://api.example/v1/"};
}

}  // namespace

TEST_CASE("ClientCredentials: sends exactly this request") {
    FakeContext context;
    ClientCredentials auth{config()};
    CHECK_FALSE(auth.cached(context).has_value());
    const auto call = authorize(auth, context);
    CHECK(call->header() == "Bearer token");
    REQUIRE(context.posts.size() == 1);
    const FakeContext::Post& post = context.posts.front();
    CHECK(post.url == "https://api.example/v1/oauth/token");
    CHECK(
        post.headers ==
        "Content-Type: application/x-www-form-urlencoded\nAccept: application/json\n");
    CHECK(
        post.body ==
        "grant_type=client_credentials&client_id=id&client_secret=canary-secret"
        "&audience=https%3A%2F%2Fapi.example%2Fv1%2F");
    CHECK(post.max_response_body == std::size_t{64} << 10U);
    CHECK(post.deadline == context.time + 30s);
}

TEST_CASE("ClientCredentials: escapes what a form could misread") {
    FakeContext context;
    ClientCredentialsConfig odd{
        Url::parse("https://a/t").value(), "a&b=c+d", Secret{"%/:\" \xC3\xA9\r\n~"}, "x y"};
    odd.scope = "one two";
    ClientCredentials auth{std::move(odd)};
    const auto call = authorize(auth, context);
    CHECK(call->header() == "Bearer token");
    CHECK(
        context.posts.at(0).body ==
        "grant_type=client_credentials&client_id=a%26b%3Dc%2Bd&client_secret=%25%2F%3A%22+%C3%A9%"
        "0D%0A%7E"
        "&audience=x+y&scope=one+two");
    CHECK(context.posts.at(0).url == "https://a/t");
}

TEST_CASE("ClientCredentials: leaves out audience and scope that are empty") {
    FakeContext context;
    ClientCredentials auth{
        ClientCredentialsConfig{Url::parse("https://a/t").value(), "i", Secret{"s"}}};
    const auto call = authorize(auth, context);
    CHECK(context.posts.at(0).body == "grant_type=client_credentials&client_id=i&client_secret=s");
}

TEST_CASE("ClientCredentials: the Basic scheme carries the credentials encoded, or as they are") {
    // Every sign of ASCII that is printable, without the colon in the id.
    std::string signs;
    for (char c = ' '; c != 0x7F; ++c)
        signs += c;
    ClientCredentialsConfig config{Url::parse("https://a/t").value(), "a b+c", Secret{signs}, "x"};
    std::string sent;
    SUBCASE("encoded") {
        config.authentication = ClientAuthentication::basic;
        std::string encoded = "a+b%2Bc:";
        detail::append_form_value(encoded, signs);
        detail::append_base64(sent, encoded);
    }
    SUBCASE("as they are") {
        config.authentication = ClientAuthentication::basic_raw;
        detail::append_base64(sent, "a b+c:" + signs);
    }
    FakeContext context;
    ClientCredentials auth{std::move(config)};
    const auto call = authorize(auth, context);
    CHECK(call->header() == "Bearer token");
    CHECK(context.posts.at(0).body == "grant_type=client_credentials&audience=x");
    CHECK(
        context.posts.at(0).headers ==
        "Content-Type: application/x-www-form-urlencoded\nAccept: application/json\n"
        "Authorization: Basic " +
            sent + '\n');
}

TEST_CASE("ClientCredentials: a failed fetch is not repeated in another way of authentication") {
    for (const auto way :
         {ClientAuthentication::form,
          ClientAuthentication::basic,
          ClientAuthentication::basic_raw}) {
        // The endpoint repeats what it was sent.
        const std::string blob =
            way == ClientAuthentication::basic ? "aWQ6YSUyRmNhbmFyeQ==" : "aWQ6YS9jYW5hcnk=";
        FakeContext context;
        context.script = {reply(401, R"({"error":"invalid_client )" + blob + R"("})")};
        ClientCredentialsConfig config{Url::parse("https://a/t").value(), "id", Secret{"a/canary"}};
        config.authentication = way;
        ClientCredentials auth{std::move(config)};
        const auto call = authorize(auth, context);
        CHECK(call->error().code() == Errc::token);
        CHECK(call->error().reason() == Reason::denied);
        CHECK(call->error().to_string().find(blob) == std::string::npos);
        CHECK(context.posts.size() == 1);
    }
}

TEST_CASE("ClientCredentials: a secret of 4 KiB arrives whole") {
    FakeContext context;
    ClientCredentials auth{ClientCredentialsConfig{
        Url::parse("https://a/t").value(), "i", Secret{std::string(4'096, '%')}}};
    const auto call = authorize(auth, context);
    CHECK(
        context.posts.at(0).body.size() ==
        "grant_type=client_credentials&client_id=i&client_secret="sv.size() + 3 * 4'096);
}

TEST_CASE("ClientCredentials: refuses a configuration that cannot work") {
    const Url url = Url::parse("https://a/t").value();
    using Config = ClientCredentialsConfig;
    CHECK_THROWS_AS(ClientCredentials(Config(url, "", Secret{canary})), std::invalid_argument);
    CHECK_THROWS_AS(ClientCredentials(Config(url, "i", Secret{})), std::invalid_argument);
    Config no_attempts{url, "i", Secret{canary}};
    no_attempts.token.attempts = 0;
    CHECK_THROWS_AS(ClientCredentials{no_attempts}, std::invalid_argument);
    CHECK_THROWS_AS(
        ClientCredentials(Config(Url::parse("http://a/t").value(), "i", Secret{canary})),
        std::invalid_argument);
    Config colon{url, "a:b", Secret{canary}};
    colon.authentication = ClientAuthentication::basic_raw;
    CHECK_THROWS_AS(ClientCredentials{colon}, std::invalid_argument);
    colon.authentication = ClientAuthentication::basic;
    CHECK_NOTHROW(ClientCredentials{colon});
    CHECK_NOTHROW(
        ClientCredentials(Config(Url::parse("http://127.0.0.1/t").value(), "i", Secret{canary})));
}

TEST_CASE("ClientCredentials: keeps the token and hands it out without asking again") {
    FakeContext context;
    ClientCredentials auth{config()};
    const auto first = authorize(auth, context);
    const auto second = authorize(auth, context);
    CHECK(**second->outcome == **first->outcome);
    CHECK(auth.cached(context).value() == **first->outcome);
    CHECK(context.posts.size() == 1);
    CHECK(context.events == std::vector<std::string>{"token_fetched"});
}

TEST_CASE("ClientCredentials: two hundred first calls share one fetch") {
    FakeContext context;
    context.held = true;
    ClientCredentials auth{config()};
    std::vector<std::unique_ptr<Call>> calls;
    for (int i = 0; i != 200; ++i)
        calls.push_back(authorize(auth, context));
    for (const auto& call : calls)
        CHECK_FALSE(call->done());
    CHECK(context.posts.size() == 1);
    context.release();
    for (const auto& call : calls) {
        CHECK(call->header() == "Bearer token");
        CHECK(**call->outcome == **calls.front()->outcome);
    }
    CHECK(context.posts.size() == 1);
    CHECK(context.tasks_ended == 1);
}

TEST_CASE("ClientCredentials: cancelling the call that began the fetch disturbs nobody") {
    FakeContext context;
    context.held = true;
    ClientCredentials auth{config()};
    const auto first = authorize(auth, context);
    const auto second = authorize(auth, context);
    first->signal.emit(asio::cancellation_type::terminal);
    context.run();
    CHECK(first->error().code() == Errc::cancelled);
    CHECK(first->error().phase() == Phase::token);
    CHECK(first->error().fate() == Fate::unsent);
    CHECK_FALSE(second->done());
    const auto third = authorize(auth, context);
    context.release();
    CHECK(second->header() == "Bearer token");
    CHECK(third->header() == "Bearer token");
    CHECK(context.posts.size() == 1);
}

TEST_CASE("ClientCredentials: a fetch goes on when all who waited for it have gone") {
    FakeContext context;
    context.held = true;
    ClientCredentials auth{config()};
    const auto only = authorize(auth, context);
    only->signal.emit(asio::cancellation_type::terminal);
    context.run();
    context.release();
    CHECK(only->error().code() == Errc::cancelled);
    CHECK(auth.cached(context).has_value());
    CHECK(context.posts.size() == 1);
}

TEST_CASE(
    "ClientCredentials: all who wait get the failure, and the pause keeps the issuer in peace") {
    FakeContext context;
    context.held = true;
    context.script = {reply(400, R"({"error":"invalid_client"})"), token()};
    ClientCredentials auth{config()};
    std::vector<std::unique_ptr<Call>> calls;
    for (int i = 0; i != 200; ++i)
        calls.push_back(authorize(auth, context));
    context.release();
    for (const auto& call : calls) {
        const Error& error = call->error();
        CHECK(error.code() == Errc::token);
        CHECK(error.reason() == Reason::denied);
        CHECK(error.phase() == Phase::token);
        CHECK(error.fate() == Fate::unsent);
        CHECK(error.message() == "the token endpoint answered HTTP 400, error invalid_client");
        REQUIRE(error.http() != nullptr);
        CHECK(error.http()->status == 400);
        CHECK(error.http()->body_excerpt.empty());
    }
    CHECK(context.posts.size() == 1);
    context.time += 999ms;
    CHECK(authorize(auth, context)->error().reason() == Reason::denied);
    CHECK(context.posts.size() == 1);
    context.time += 1ms;
    CHECK(authorize(auth, context)->header() == "Bearer token");
    CHECK(context.posts.size() == 2);
    REQUIRE(context.events.size() == 2);
    CHECK(context.events[0].starts_with("token_failed token[denied]"));
    CHECK(context.events[1] == "token_fetched");
}

TEST_CASE("ClientCredentials: a failure that may pass is tried three times") {
    struct Row {
        std::string kind;
        Answer answer;
    };
    const std::vector<Row> transient{
        {"io", failure(Error{Errc::io, Reason::reset})},
        {"connect", failure(Error{Errc::connect, Reason::refused})},
        {"resolve", failure(Error{Errc::resolve, Reason::temporary})},
        {"tls", failure(Error{Errc::tls, Reason::reset})},
        {"timeout", failure(Error{Errc::timeout})},
        {"token", reply(500, "")},
        {"token", reply(503, "")},
        {"token", reply(429, "")},
        {"token", reply(429, "", "nonsense")},
    };
    for (const Row& row : transient) {
        const std::string& kind = row.kind;
        const Answer& answer = row.answer;
        CAPTURE(kind);
        FakeContext context;
        ClientCredentials auth{config()};
        context.script = {answer};
        const auto failed = authorize(auth, context);
        CHECK(to_string(failed->error().code()) == kind);
        // A connection that failed says itself where.
        CHECK(failed->error().phase() == (kind == "token" ? Phase::token : Phase::connect));
        CHECK(failed->error().fate() == Fate::unsent);
        CHECK(context.posts.size() == 3);
        context.time += 1s;
        context.script = {answer, answer, token()};
        CHECK(authorize(auth, context)->header() == "Bearer token");
        CHECK(context.posts.size() == 6);
    }
}

TEST_CASE("ClientCredentials: a failure that will not pass is tried once") {
    for (const Answer& answer : {
             failure(Error{Errc::resolve, Reason::not_found}),
             failure(Error{Errc::tls, Reason::untrusted}),
             failure(Error{Errc::framing, Reason::head}),
             failure(Error{Errc::too_large, Reason::body}),
             failure(Error{Errc::overloaded}),
             failure(Error{Errc::closed}),
             reply(400, ""),
             reply(401, ""),
             reply(404, "<html>"),
             reply(302, ""),
             reply(200, ""),
             reply(200, R"({"access_token":"t","expires_in":0})"),
             reply(200, R"({"access_token":"t","token_type":"mac"})"),
         }) {
        FakeContext context;
        context.script = {answer};
        ClientCredentials auth{config()};
        const auto call = authorize(auth, context);
        CHECK(call->error().fate() == Fate::unsent);
        CHECK(context.posts.size() == 1);
    }
}

TEST_CASE("ClientCredentials: the number of attempts can be chosen") {
    for (const unsigned attempts : {1U, 2U, 5U}) {
        FakeContext context;
        context.script = {reply(500, "")};
        ClientCredentialsConfig chosen = config();
        chosen.token.attempts = attempts;
        ClientCredentials auth{std::move(chosen)};
        const auto call = authorize(auth, context);
        CHECK(call->error().reason() == Reason::bad_response);
        CHECK(context.posts.size() == attempts);
    }
}

TEST_CASE(
    "ClientCredentials: the wait that the issuer asks for binds all, each within its own "
    "deadline") {
    FakeContext context;
    // In the future, so that who sits out the wait is still waiting when the test looks.
    context.time = Clock::now() + 1'000h;
    context.held = true;
    context.script = {reply(429, R"({"access_token":"canary"})", "5"), token()};
    ClientCredentials auth{config()};
    const auto hasty = authorize(auth, context, 4s);
    const auto patient = authorize(auth, context, 6s);
    context.release();
    const Error& error = hasty->error();
    CHECK(error.code() == Errc::token);
    CHECK(error.reason() == Reason::throttled);
    REQUIRE(error.http() != nullptr);
    CHECK(error.http()->retry_after == 5s);
    CHECK_FALSE(patient->done());
    context.time += 4s;
    CHECK(authorize(auth, context, 500ms)->error().reason() == Reason::throttled);
    const auto cancelled = authorize(auth, context, 2s);
    CHECK_FALSE(cancelled->done());
    cancelled->signal.emit(asio::cancellation_type::terminal);
    context.run();
    CHECK(cancelled->error().code() == Errc::cancelled);
    CHECK(context.posts.size() == 1);
    context.time += 1s;
    CHECK(authorize(auth, context)->header() == "Bearer token");
    CHECK(patient->header() == "Bearer token");
    CHECK(context.posts.size() == 2);
}

TEST_CASE("ClientCredentials: renews in the background while the old token serves") {
    FakeContext context;
    ClientCredentials auth{config()};
    CHECK(authorize(auth, context)->header() == "Bearer token");
    context.time += 3'540s;
    context.held = true;
    context.script = {token("second")};
    for (int i = 0; i != 100; ++i)
        CHECK(auth.cached(context).value()->expose() == "Bearer token");
    context.run();
    CHECK(context.posts.size() == 2);
    context.release();
    CHECK(auth.cached(context).value()->expose() == "Bearer second");
    CHECK(context.posts.size() == 2);
}

TEST_CASE("ClientCredentials: a renewal that fails is not noticed until the token ends") {
    FakeContext context;
    ClientCredentials auth{config()};
    CHECK(authorize(auth, context)->header() == "Bearer token");
    context.time += 3'599s;
    context.script = {reply(400, "")};
    CHECK(auth.cached(context).value()->expose() == "Bearer token");
    context.run();
    CHECK(context.posts.size() == 2);
    CHECK(auth.cached(context).value()->expose() == "Bearer token");
    context.time += 999ms;
    CHECK(auth.cached(context).value()->expose() == "Bearer token");
    context.time += 1ms;
    CHECK_FALSE(auth.cached(context).has_value());
}

TEST_CASE("ClientCredentials: a rejected token is replaced, once for all who had it") {
    FakeContext context;
    ClientCredentials auth{config()};
    const AuthHeader old = **authorize(auth, context)->outcome;
    context.script = {token("second")};
    for (int i = 0; i != 1'000; ++i) {
        CHECK(auth.rejected(context, old));
        if (i % 100 == 0) CHECK(authorize(auth, context)->header() == "Bearer second");
    }
    CHECK(context.posts.size() == 2);
}

TEST_CASE(
    "ClientCredentials: a server that rejects every token is told so, without a storm of fetches") {
    FakeContext context;
    ClientCredentials auth{config()};
    std::size_t refused = 0;
    for (int tick = 0; tick != 700; ++tick) {
        const auto call = authorize(auth, context);
        if (call->outcome->has_value()) {
            auth.rejected(context, **call->outcome);
        } else {
            CHECK(call->error().code() == Errc::auth);
            CHECK(call->error().reason() == Reason::rejected);
            ++refused;
        }
        context.time += 10ms;
    }
    // At 0 and 10 ms, and after 1, 3 and nearly 7 s.
    CHECK(context.posts.size() <= 5);
    CHECK(refused > 650);
}

TEST_CASE("ClientCredentials: a server that revokes what it has served costs a fetch each time") {
    FakeContext context;
    context.served = true;
    ClientCredentials auth{config()};
    for (int i = 0; i != 100; ++i) {
        const auto call = authorize(auth, context);
        CHECK(call->header() == "Bearer token");
        auth.rejected(context, **call->outcome);
        context.time += 10ms;
    }
    CHECK(context.posts.size() == 100);
}

TEST_CASE("ClientCredentials: no reply lets a token into an error or an event") {
    for (const std::string_view body :
         {R"({"access_token":"canary","expires_in":-1})"sv,
          R"({"access_token":"canary","token_type":"x"})"sv,
          R"({"access_token":"canary)"sv,
          R"({"access_token":"canary x"})"sv,
          R"(["canary"])"sv,
          "canary"sv,
          R"({"access_token":["canary"]})"sv,
          R"({"access_token":"canary","error":"x","error_description":"canary"})"sv}) {
        for (const unsigned status : {200U, 400U, 500U}) {
            CAPTURE(body);
            FakeContext context;
            context.script = {reply(status, std::string{body})};
            ClientCredentials auth{config()};
            const auto call = authorize(auth, context);
            CHECK(call->error().code() == Errc::token);
            REQUIRE(call->error().http() != nullptr);
            CHECK(call->error().http()->body_excerpt.empty());
            for (const std::string& event : context.events)
                CHECK(event.find("canary") == std::string::npos);
        }
    }
}

TEST_CASE("ClientCredentials: a backend that throws fails the fetch, not the client") {
    FakeContext context;
    context.script = {
        [](HttpResponse&) -> Result<void> { throw std::runtime_error{"canary"}; }, token()};
    ClientCredentials auth{config()};
    const auto call = authorize(auth, context);
    CHECK(call->error().code() == Errc::token);
    CHECK(call->error().reason() == Reason::exception);
    context.time += 1s;
    CHECK(authorize(auth, context)->header() == "Bearer token");
}

TEST_CASE(
    "ClientCredentials: a fetch that is cut off at its limit has timed out for all who wait") {
    FakeContext context;
    context.held = true;
    ClientCredentials auth{config()};
    const auto call = authorize(auth, context);
    context.time += 30s;
    context.cancel_tasks();
    CHECK(call->error().code() == Errc::timeout);
    CHECK(call->error().phase() == Phase::token);
    CHECK(call->error().fate() == Fate::unsent);
    context.held = false;
    context.time += 1s;
    CHECK(authorize(auth, context)->header() == "Bearer token");
}

TEST_CASE("ClientCredentials: every complete reply leaves its connection reusable") {
    for (const unsigned status : {200U, 400U}) {
        FakeContext context;
        auto kept = std::make_shared<int>(0);
        context.script = {[kept, status](HttpResponse& response) -> Result<void> {
            response.lease = ConnectionLease{kept, [](std::shared_ptr<void> count, bool keep) {
                                                 if (keep) ++*static_cast<int*>(count.get());
                                             }};
            response.status = status;
            response.body = R"({"access_token":"t"})";
            return {};
        }};
        ClientCredentials auth{config()};
        const auto call = authorize(auth, context);
        CHECK(call->done());
        CHECK(*kept == 1);
    }
}

TEST_CASE("ClientCredentials: may go before its fetch has ended") {
    FakeContext context;
    context.held = true;
    std::unique_ptr<Call> call;
    {
        ClientCredentials auth{config()};
        call = authorize(auth, context);
    }
    context.release();
    CHECK(call->header() == "Bearer token");
    CHECK(context.tasks_ended == 1);
}

}  // namespace client_credentials_test
