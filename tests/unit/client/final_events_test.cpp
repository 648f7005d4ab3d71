// SPDX-License-Identifier: BSL-1.0
// What an observer hears of the end of calls, and of the connections of backends it was not told to.

#include <clarify/any_client.hpp>
#include <clarify/auth/no_auth.hpp>
#include <clarify/http/beast_backend.hpp>
#include <clarify/json/boost_json_codec.hpp>
#include <clarify/rpc_client.hpp>
#include <clarify/testing/scripted_backend.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace final_events_test {

using namespace clarify;
using namespace clarify::testing;
using namespace std::chrono_literals;
namespace asio = boost::asio;

namespace {

using TestClient = RpcClient<ScriptedBackend, NoAuth, BoostJsonCodec>;

/// The last events of calls, by id, in the words of their kinds.
struct Ledger {
    void operator()(const Event& event) {
        const bool is_end = event.kind == EventKind::success || event.kind == EventKind::failure;
        if (is_end) {
            ends[event.call_id].push_back(event.kind);
            errors.push_back(event.error != nullptr ? event.error->code() : Errc{});
        }
        all.push_back(event.kind);
    }
    std::map<std::int64_t, std::vector<EventKind>> ends;
    std::vector<Errc> errors;
    std::vector<EventKind> all;
};

struct Bench {
    explicit Bench(ClientOptions options = {}) {
        options.observer = [this](const Event& event) { ledger(event); };
        client.emplace(
            context.get_executor(),
            Url::parse("http://localhost/rpc").value(),
            server,
            NoAuth{},
            std::move(options));
    }
    /// Makes one call by `start(handler)`, and expects one last event, that of its outcome.
    template <class R, class Start>
    Errc run(Start&& start) {
        std::optional<Errc> outcome;
        std::size_t events_before = 0;
        start([&](Result<R> got) {
            outcome = got ? Errc{} : got.error().code();
            events_before = ledger.errors.size();
        });
        context.restart();
        context.run_for(1s);
        REQUIRE(outcome.has_value());
        CHECK(events_before == 1);
        REQUIRE(ledger.errors.size() == 1);
        CHECK(ledger.errors.front() == *outcome);
        CHECK(ledger.ends.size() == 1);
        return *outcome;
    }

    asio::io_context context;
    ScriptedBackend server;
    Ledger ledger;
    std::optional<TestClient> client;
};

}  // namespace

TEST_CASE("Events: one last event for each call, of whatever end") {
    Bench bench;
    SUBCASE("a result") {
        bench.server.always(reply_result("1"));
        CHECK(bench.run<int>([&](auto handler) {
            bench.client->async_call<int>("m", std::move(handler));
        }) == Errc{});
        CHECK(bench.ledger.all.back() == EventKind::success);
    }
    SUBCASE("a result that is not what was asked for") {
        bench.server.always(reply_result(R"("text")"));
        CHECK(bench.run<int>([&](auto handler) {
            bench.client->async_call<int>("m", std::move(handler));
        }) == Errc::decode);
        CHECK(bench.ledger.all.back() == EventKind::failure);
    }
    SUBCASE("an error of the server") {
        bench.server.always(reply_error(-32602, "no"));
        CHECK(bench.run<int>([&](auto handler) {
            bench.client->async_call<int>("m", std::move(handler));
        }) == Errc::rpc);
    }
    SUBCASE("a method that cannot be sent") {
        CHECK(bench.run<int>([&](auto handler) {
            bench.client->async_call<int>("rpc.own", std::move(handler));
        }) == Errc::bad_argument);
        CHECK(bench.ledger.all == std::vector{EventKind::failure});
    }
    SUBCASE("options that cannot be used") {
        CallOptions options;
        options.timeout = 0ms;
        bench.run<void>([&](auto handler) {
            bench.client->async_notify("m", no_params, options, std::move(handler));
        });
        CHECK(bench.ledger.all == std::vector{EventKind::failure});
    }
    SUBCASE("an empty batch") {
        CHECK(bench.run<BatchResult<int>>([&](auto handler) {
            bench.client->async_call_batch<int>(
                bench.client->make_batch(), CallOptions{}, std::move(handler));
        }) == Errc::bad_argument);
    }
    SUBCASE("a closed client") {
        bench.client->close();
        CHECK(bench.run<int>([&](auto handler) {
            bench.client->async_call<int>("m", std::move(handler));
        }) == Errc::closed);
        CHECK(bench.ledger.all == std::vector{EventKind::failure});
    }
    SUBCASE("a closed client, and a method that cannot be sent") {
        bench.client->close();
        CHECK(bench.run<int>([&](auto handler) {
            bench.client->async_call<int>("rpc.own", std::move(handler));
        }) == Errc::bad_argument);
    }
    SUBCASE("a cancelled call") {
        bench.server.always(hang(Phase::body));
        asio::cancellation_signal signal;
        asio::post(bench.context, [&] { signal.emit(asio::cancellation_type::terminal); });
        CHECK(bench.run<int>([&](auto handler) {
            bench.client->async_call<int>(
                "m", asio::bind_cancellation_slot(signal.slot(), std::move(handler)));
        }) == Errc::cancelled);
    }
    SUBCASE("a batch, one call of which has another result") {
        bench.server.always([](const RecordedRequest&) {
            return reply(200, R"([
            {"jsonrpc":"2.0","id":1,"result":"text"},{"jsonrpc":"2.0","id":2,"result":1}])");
        });
        TestClient::Batch batch = bench.client->make_batch();
        batch.call("a", boost::json::object{});
        batch.call("b", boost::json::object{});
        CHECK(bench.run<BatchResult<int>>([&](auto handler) {
            bench.client->async_call_batch<int>(
                std::move(batch), CallOptions{}, std::move(handler));
        }) == Errc{});
        CHECK(bench.ledger.all.back() == EventKind::success);
    }
}

namespace {

/// A server on loopback that answers one call on each connection.
class Answering {
public:
    Answering() : thread_([this] { serve(); }) {}
    Answering(const Answering&) = delete;
    Answering& operator=(const Answering&) = delete;
    ~Answering() {
        stop_ = true;
        asio::io_context context;
        asio::ip::tcp::socket knock{context};
        boost::system::error_code ec;
        knock.connect(acceptor_.local_endpoint(), ec);
        knock.close(ec);
        thread_.join();
    }
    Url url() const {
        return Url::parse(
                   "http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()) + "/rpc")
            .value();
    }

private:
    void serve() {
        while (!stop_) {
            asio::ip::tcp::socket socket{context_};
            boost::system::error_code ec;
            acceptor_.accept(socket, ec);
            if (ec || stop_) continue;
            std::string text(4096, '\0');
            const std::size_t size = socket.read_some(asio::buffer(text), ec);
            text.resize(size);
            const std::size_t at = text.find(R"("id":)");
            const std::string id = text.substr(at + 5, text.find_first_of(",}", at) - at - 5);
            const std::string body = R"({"jsonrpc":"2.0","id":)" + id + R"(,"result":1})";
            const std::string reply =
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                "Content-Length: " +
                std::to_string(body.size()) + "\r\n\r\n" + body;
            asio::write(socket, asio::buffer(reply), ec);
            sockets_.push_back(std::move(socket));
        }
    }

    asio::io_context context_;
    asio::ip::tcp::acceptor acceptor_{
        context_, asio::ip::tcp::endpoint{asio::ip::make_address("127.0.0.1"), 0}};
    std::vector<asio::ip::tcp::socket> sockets_;
    std::atomic<bool> stop_ = false;
    std::thread thread_;
};

template <class Client, class Make>
std::map<EventKind, int> connections_of(const Url& url, Make make) {
    std::map<EventKind, int> seen;
    ClientOptions options;
    options.observer = [&](const Event& event) { ++seen[event.kind]; };
    asio::io_context context;
    Client client = make(context, url, options);
    client.async_call("m", no_params, [](const auto&) {});
    context.run_for(5s);
    client.close();
    context.restart();
    context.run_for(5s);
    return seen;
}

}  // namespace

TEST_CASE("Events: those of connections reach the observer of a client made from policies") {
    Answering server;
    using Direct = RpcClient<BeastBackend, NoAuth, BoostJsonCodec>;
    const auto direct = connections_of<Direct>(
        server.url(), [](asio::io_context& context, const Url& url, const ClientOptions& options) {
            return Direct{context.get_executor(), url, BeastBackend{}, NoAuth{}, options};
        });
    CHECK(direct.contains(EventKind::success));
    CHECK(direct.contains(EventKind::connection_opened));
    CHECK(direct.contains(EventKind::connection_closed));
    const auto any = connections_of<AnyClient::Base>(
        server.url(), [](asio::io_context& context, const Url& url, const ClientOptions& options) {
            return AnyClient::Base{context.get_executor(), url, BeastBackend{}, NoAuth{}, options};
        });
    CHECK(any.contains(EventKind::connection_opened));
    CHECK(any.contains(EventKind::connection_closed));
}

TEST_CASE("Events: a backend that was told whom to tell keeps to that") {
    Answering server;
    int own = 0;
    HttpOptions http;
    http.observer = [&](const Event&) { ++own; };
    const auto seen = connections_of<AnyClient::Base>(
        server.url(), [&](asio::io_context& context, const Url& url, const ClientOptions& options) {
            return AnyClient::Base{
                context.get_executor(), url, BeastBackend{http}, NoAuth{}, options};
        });
    CHECK_FALSE(seen.contains(EventKind::connection_opened));
    CHECK(own != 0);
}

TEST_CASE("Events: nobody is told of connections that go with the context, and no lock is held") {
    Answering server;
    std::mutex mutex;
    auto context = std::make_unique<asio::io_context>();
    ClientOptions options;
    auto seen = std::make_unique<int>(0);
    options.observer = [&mutex, counter = seen.get()](const Event&) {
        const std::lock_guard lock{mutex};
        ++*counter;
    };
    RpcClient<BeastBackend, NoAuth, BoostJsonCodec> client{
        context->get_executor(), server.url(), BeastBackend{}, NoAuth{}, options};
    client.async_call("m", no_params, [](const auto&) {});
    while (*seen < 4)
        context->run_one();
    // What the observer refers to may go first.
    seen.reset();
    const std::lock_guard lock{mutex};
    context.reset();
}

}  // namespace final_events_test
