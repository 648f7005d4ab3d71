// SPDX-License-Identifier: BSL-1.0
// Policies and hooks that break their contract: one clear error for that call, and no other harm.

#include <clarify/auth/no_auth.hpp>
#include <clarify/rpc_client.hpp>
#include <clarify/testing/manual_clock.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/post.hpp>

#include <doctest/doctest.h>
#include <support/echo_backend.hpp>
#include <support/run.hpp>
#include <support/text_codec.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bad_policies_test {

using namespace clarify;
namespace asio = boost::asio;

namespace {

/// What goes wrong, for as long as it is not `nothing`.
enum class Fault {
    nothing,
    post_throws_before_sending,
    post_throws_after_sending,
    post_fails_without_code,
    cached_throws,
    authorize_throws,
    authorize_throws_late,
    authorize_fails_without_code,
    rejected_throws,
    line_break_in_header,
    empty_header,
    encode_throws,
    encode_fails_without_code,
    encode_writes_nothing,
    encode_writes_half,
    encode_writes_more,
    decode_throws,
    decode_fails_without_code,
    observer_throws,
};
using Switch = std::shared_ptr<Fault>;

struct FaultyBackend {
    asio::awaitable<Result<void>> post(
        const HttpRequest& request, HttpResponse& response, HttpProgress& progress) {
        if (*fault == Fault::post_throws_before_sending) throw std::runtime_error{"backend"};
        if (*fault == Fault::post_throws_after_sending) {
            progress = {Phase::first_byte, true};
            throw 7;
        }
        if (*fault == Fault::post_fails_without_code) co_return Error{};
        if (*fault == Fault::rejected_throws) {
            response.status = 401;
            co_return Result<void>{};
        }
        co_return co_await echo.post(request, response, progress);
    }
    void close() noexcept {}

    Switch fault;
    support::EchoBackend echo{};
};

struct FaultyAuth {
    std::optional<AuthHeader> cached(AuthContext&) {
        if (*fault == Fault::cached_throws) throw std::runtime_error{"secret"};
        if (*fault == Fault::authorize_throws || *fault == Fault::authorize_throws_late ||
            *fault == Fault::authorize_fails_without_code) {
            return {};
        }
        if (*fault == Fault::line_break_in_header) {
            return std::make_shared<const Secret>("Bearer secret\r\nX-Evil: 1");
        }
        if (*fault == Fault::empty_header) return std::make_shared<const Secret>("");
        return std::make_shared<const Secret>("Bearer good");
    }
    asio::awaitable<Result<AuthHeader>> authorize(AuthContext& context, TimePoint) {
        if (*fault == Fault::authorize_throws) throw std::runtime_error{"secret"};
        return late(context);
    }
    bool rejected(AuthContext&, const AuthHeader&) { throw std::runtime_error{"secret"}; }

    Switch fault;

private:
    asio::awaitable<Result<AuthHeader>> late(AuthContext& context) {
        Timer timer{context.get_executor(), TimePoint::min()};
        co_await timer.async_wait(asio::as_tuple(asio::deferred));
        if (*fault == Fault::authorize_fails_without_code) co_return Error{};
        throw std::runtime_error{"secret"};
    }
};

struct FaultyCodec {
    using value_type = std::string;

    Result<void> encode(std::string_view json, std::string& out) const {
        switch (*fault) {
            case Fault::encode_throws:
                throw std::runtime_error{"secret"};
            case Fault::encode_fails_without_code:
                return Error{};
            case Fault::encode_writes_nothing:
                return {};
            case Fault::encode_writes_half:
                out += R"({"a":[1)";
                return {};
            case Fault::encode_writes_more:
                out += R"({},"id":8,"x":{})";
                return {};
            default:
                out += json;
                return {};
        }
    }
    template <class T>
    Result<T> decode(std::string_view json) const {
        if (*fault == Fault::decode_throws) throw std::runtime_error{"secret"};
        if (*fault == Fault::decode_fails_without_code) return Error{};
        return T{json};
    }

    Switch fault;
};

using FaultyClient = RpcClient<FaultyBackend, FaultyAuth, FaultyCodec>;

struct Scene {
    explicit Scene(ClientOptions options = {}) {
        options.observer = [this](const Event& event) {
            kinds.push_back(event.kind);
            if (event.error != nullptr) texts += event.error->to_string();
            if (*fault == Fault::observer_throws) throw std::runtime_error{"observer"};
        };
        client.emplace(
            context.get_executor(),
            Url::parse("https://api.example/rpc").value(),
            FaultyBackend{fault},
            FaultyAuth{fault},
            options,
            FaultyCodec{fault});
    }
    Result<std::string> call() {
        return support::run(context, client->call("m", std::string_view{R"({"n":1})"}));
    }

    Switch fault = std::make_shared<Fault>(Fault::nothing);
    asio::io_context context;
    std::optional<FaultyClient> client;
    std::vector<EventKind> kinds;
    std::string texts;
};

/// Begins a task when its wait is cancelled, which it should not.
struct LateAuth {
    std::optional<AuthHeader> cached(AuthContext&) { return {}; }
    asio::awaitable<Result<AuthHeader>> authorize(AuthContext& context, TimePoint) {
        return wait(context, tasks_ended);
    }
    bool rejected(AuthContext&, const AuthHeader&) { return false; }

    std::shared_ptr<int> tasks_ended;

private:
    static asio::awaitable<Result<AuthHeader>> wait(
        AuthContext& context, std::shared_ptr<int> ended) {
        Timer timer{context.get_executor(), TimePoint::max()};
        co_await timer.async_wait(asio::as_tuple(asio::deferred));
        context.spawn(task(context, std::move(ended)), TimePoint::max());
        co_return Error{Errc::cancelled};
    }
    static asio::awaitable<void> task(AuthContext& context, std::shared_ptr<int> ended) {
        Timer timer{context.get_executor(), TimePoint::max()};
        co_await timer.async_wait(asio::as_tuple(asio::deferred));
        ++*ended;
    }
};

/// Has another header at once, or so it says, however often one is rejected.
struct StubbornAuth {
    std::optional<AuthHeader> cached(AuthContext&) { return header; }
    asio::awaitable<Result<AuthHeader>> authorize(AuthContext&, TimePoint) {
        co_return Error{Errc::token};
    }
    bool rejected(AuthContext&, const AuthHeader&) {
        ++*told;
        return true;
    }

    AuthHeader header;
    std::shared_ptr<int> told = std::make_shared<int>(0);
};

struct RefusingBackend {
    asio::awaitable<Result<void>> post(const HttpRequest&, HttpResponse& response, HttpProgress&) {
        response.status = 401;
        co_return Result<void>{};
    }
    void close() noexcept {}
};

/// Gets its 401 in the turn in which the caller has given up.
struct LateBackend {
    asio::awaitable<Result<void>> post(const HttpRequest&, HttpResponse& response, HttpProgress&) {
        ++*sends;
        const asio::any_io_executor executor = co_await asio::this_coro::executor;
        give_up->emit(asio::cancellation_type::terminal);
        co_await asio::post(executor, asio::deferred);
        response.status = 401;
        co_return Result<void>{};
    }
    void close() noexcept {}

    std::shared_ptr<asio::cancellation_signal> give_up =
        std::make_shared<asio::cancellation_signal>();
    std::shared_ptr<int> sends = std::make_shared<int>(0);
};

/// Is silent, and knows no deadline, `silent` times; then it cannot be reached.
struct DeafBackend {
    asio::awaitable<Result<void>> post(const HttpRequest&, HttpResponse&, HttpProgress& progress) {
        if (*silent == 0) {
            Error error{Errc::connect, Reason::refused};
            co_return error.set_phase(Phase::connect).set_fate(Fate::unsent);
        }
        --*silent;
        progress = {Phase::first_byte, true};
        const asio::any_io_executor executor = co_await asio::this_coro::executor;
        Timer timer{executor, TimePoint::max()};
        co_await timer.async_wait(asio::as_tuple(asio::deferred));
        co_return Error{Errc::cancelled};
    }
    void close() noexcept {}

    std::shared_ptr<int> silent;
};

void check(Fault fault, Errc code, Reason reason, Phase phase, Fate fate) {
    CAPTURE(static_cast<int>(fault));
    Scene scene;
    REQUIRE(scene.call().has_value());
    *scene.fault = fault;
    const Result<std::string> outcome = scene.call();
    REQUIRE(outcome.has_error());
    const Error error = outcome.error();
    CHECK(error.code() == code);
    CHECK(error.reason() == reason);
    CHECK(error.phase() == phase);
    CHECK(error.fate() == fate);
    CHECK(error.to_string().find("secret") == std::string::npos);
    CHECK(scene.texts.find("secret") == std::string::npos);
    // Nothing else is harmed.
    *scene.fault = Fault::nothing;
    CHECK(scene.call().has_value());
}

}  // namespace

TEST_CASE("Bad policies: a backend that throws is an internal error with the true fate") {
    using enum Fault;
    check(
        post_throws_before_sending, Errc::internal, Reason::exception, Phase::queue, Fate::unsent);
    check(
        post_throws_after_sending,
        Errc::internal,
        Reason::exception,
        Phase::first_byte,
        Fate::unknown);
}

TEST_CASE("Bad policies: an authentication policy that throws is a token error, unsent") {
    using enum Fault;
    for (const Fault fault : {cached_throws, authorize_throws, authorize_throws_late})
        check(fault, Errc::token, Reason::exception, Phase::token, Fate::unsent);
}

TEST_CASE("Bad policies: a failure without a kind gets one") {
    using enum Fault;
    check(post_fails_without_code, Errc::internal, Reason::none, Phase::queue, Fate::unsent);
    check(authorize_fails_without_code, Errc::token, Reason::none, Phase::token, Fate::unsent);
}

TEST_CASE("Bad policies: a policy that throws when told of a 401 leaves the 401") {
    check(Fault::rejected_throws, Errc::auth, Reason::rejected, Phase::reply, Fate::answered);
}

TEST_CASE("Bad policies: one that always has another header gets a second try, and no third") {
    asio::io_context context;
    StubbornAuth auth{std::make_shared<const Secret>("Bearer another")};
    const Url url = Url::parse("https://api.example/rpc").value();
    RpcClient<RefusingBackend, StubbornAuth, support::TextCodec> client{
        context.get_executor(), url, RefusingBackend{}, auth};
    const auto outcome = support::run(context, client.call("m"));
    REQUIRE(outcome.has_error());
    CHECK(outcome.error().code() == Errc::auth);
    CHECK(outcome.error().attempts() == 2);
    CHECK(*auth.told == 2);
}

TEST_CASE("Bad policies: one that sent nothing is not told that it was rejected") {
    asio::io_context context;
    StubbornAuth auth{nullptr};
    const Url url = Url::parse("https://api.example/rpc").value();
    RpcClient<RefusingBackend, StubbornAuth, support::TextCodec> client{
        context.get_executor(), url, RefusingBackend{}, auth};
    const auto outcome = support::run(context, client.call("m"));
    REQUIRE(outcome.has_error());
    CHECK(outcome.error().code() == Errc::auth);
    CHECK(outcome.error().attempts() == 1);
    CHECK(*auth.told == 0);
}

TEST_CASE(
    "Bad policies: a header rejected when the caller has given up is not tried with another") {
    asio::io_context context;
    const LateBackend backend;
    const StubbornAuth auth{std::make_shared<const Secret>("Bearer another")};
    const Url url = Url::parse("https://api.example/rpc").value();
    RpcClient<LateBackend, StubbornAuth, support::TextCodec> client{
        context.get_executor(), url, backend, auth};
    std::optional<Error> error;
    client.async_call(
        "m",
        no_params,
        asio::bind_cancellation_slot(
            backend.give_up->slot(), [&](const Result<std::string>& outcome) {
                if (!outcome) error = outcome.error();
            }));
    context.run();
    REQUIRE(error);
    CHECK(error->code() == Errc::cancelled);
    CHECK(error->attempts() == 1);
    CHECK(*auth.told == 1);
    CHECK(*backend.sends == 1);
}

TEST_CASE("Bad policies: a backend that outstays the deadline costs the budget as a server does") {
    asio::io_context context;
    const auto clock = std::make_shared<testing::ManualClock>();
    const auto silent = std::make_shared<int>(3);
    ClientOptions options;
    options.clock = clock;
    options.retry.budget = 4;
    RpcClient<DeafBackend, NoAuth, support::TextCodec> client{
        context.get_executor(),
        Url::parse("https://api.example/rpc").value(),
        DeafBackend{silent},
        NoAuth{},
        options};
    for (int i = 0; i != 3; ++i)
        CHECK(clock->run(context, client.call("m")).error().code() == Errc::timeout);
    CHECK(*silent == 0);
    CHECK(clock->run(context, client.call("m")).error().attempts() == 1);
}

TEST_CASE("Bad policies: a task begun after the client was closed is cancelled at once") {
    asio::io_context context;
    const auto tasks_ended = std::make_shared<int>();
    RpcClient<support::EchoBackend, LateAuth, support::TextCodec> client{
        context.get_executor(),
        Url::parse("https://api.example/rpc").value(),
        support::EchoBackend{},
        LateAuth{tasks_ended}};
    std::optional<Result<std::string>> outcome;
    client.async_call<std::string>(
        "m", no_params, [&](Result<std::string> got) { outcome.emplace(std::move(got)); });
    context.run_for(std::chrono::milliseconds{20});
    REQUIRE_FALSE(outcome.has_value());
    client.close();
    context.restart();
    context.run_for(support::patience);
    REQUIRE(outcome.has_value());
    CHECK(outcome->error().code() == Errc::closed);
    CHECK(*tasks_ended == 1);
}

TEST_CASE("Bad policies: a header with a line break is refused, unsent and not repeated in text") {
    check(Fault::line_break_in_header, Errc::token, Reason::header, Phase::token, Fate::unsent);
    check(Fault::empty_header, Errc::token, Reason::header, Phase::token, Fate::unsent);
}

TEST_CASE("Bad policies: what a codec writes is sent only if it is one JSON value") {
    using enum Fault;
    check(encode_throws, Errc::bad_argument, Reason::exception, Phase::queue, Fate::unsent);
    check(encode_fails_without_code, Errc::bad_argument, Reason::none, Phase::queue, Fate::unsent);
    check(encode_writes_nothing, Errc::bad_argument, Reason::params, Phase::queue, Fate::unsent);
    check(encode_writes_half, Errc::bad_argument, Reason::syntax, Phase::queue, Fate::unsent);
    // Members smuggled into the envelope.
    check(encode_writes_more, Errc::bad_argument, Reason::syntax, Phase::queue, Fate::unsent);
}

TEST_CASE("Bad policies: a codec that throws on the reply is a decode error, answered") {
    check(Fault::decode_throws, Errc::decode, Reason::exception, Phase::decode, Fate::answered);
    check(
        Fault::decode_fails_without_code,
        Errc::decode,
        Reason::none,
        Phase::decode,
        Fate::answered);
}

TEST_CASE("Bad policies: an observer that throws changes nothing") {
    Scene scene;
    *scene.fault = Fault::observer_throws;
    CHECK(scene.call().has_value());
    CHECK(
        scene.kinds ==
        std::vector<EventKind>{
            EventKind::request, EventKind::attempt, EventKind::response, EventKind::success});
}

}  // namespace bad_policies_test
