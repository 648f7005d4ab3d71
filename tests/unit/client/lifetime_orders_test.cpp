// SPDX-License-Identifier: BSL-1.0
// Destroys all that a client has to do with in every order, whatever is going on.

#include <clarify/api/api_client.hpp>
#include <clarify/auth/no_auth.hpp>
#include <clarify/testing/manual_clock.hpp>
#include <clarify/testing/scripted_backend.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <doctest/doctest.h>
#include <support/text_codec.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace lifetime_orders_test {

using namespace clarify;
using namespace clarify::testing;
using namespace std::chrono_literals;
namespace asio = boost::asio;

namespace {

using TestClient = ApiClient<RpcClient<ScriptedBackend, NoAuth, support::TextCodec>>;

/// What may be destroyed in any order: the observer is what it refers to, and the test's handle of the
/// backend goes with it.
enum class Part { client, context, handlers, streams, signal, observer };
constexpr std::array parts{
    Part::client, Part::context, Part::handlers, Part::streams, Part::signal, Part::observer};

/// What is going on meanwhile.
enum class Stage { idle, queued, connecting, exchange, posted, halfway, refused };
constexpr std::array stages{
    Stage::idle,
    Stage::queued,
    Stage::connecting,
    Stage::exchange,
    Stage::posted,
    Stage::halfway,
    Stage::refused};

/// A handler that counts its calls, and tells by `fate` whether it still exists.
template <class T>
struct Handler {
    std::shared_ptr<int> fate;
    void operator()(const Result<T>&) const { ++*fate; }
};

/// The same on a context of its own, with a cancellation slot.
template <class T>
using Elsewhere = asio::cancellation_slot_binder<
    asio::executor_binder<Handler<T>, asio::io_context::executor_type>,
    asio::cancellation_slot>;

class World {
public:
    explicit World(Stage stage) {
        script(stage);
        ClientOptions options;
        options.clock = clock_;
        options.retry.seed = 1;
        options.rate_limits.clear();
        options.observer = [seen = observed_.get()](const Event&) { ++*seen; };
        client_.emplace(
            TestClient::Base{
                context_->get_executor(),
                Url::parse("http://localhost/rpc").value(),
                *server_,
                NoAuth{},
                std::move(options)},
            "c618rbfqfsj7mjkj0ss1");
        PageOptions small;
        small.page_size = 2;
        pages_.emplace(client_->signal_pages({}, small));
        DataQuery data;
        data.from = Timestamp{};
        data.to = Timestamp::from_microseconds(86'400'000'000);
        stream_.emplace(client_->data_parts({}, data, {}));
        if (stage == Stage::idle) {
            client_->async_call("m", handler<std::string>());
            run();
            return;
        }
        begin(stage);
        if (stage != Stage::queued) clock_->run_for(*context_, 1s);
        if (stage != Stage::halfway) return;
        // The pages after these are on their way.
        handlers_->poll();
        next();
        clock_->run_for(*context_, 1s);
    }

    void destroy(Part part) {
        switch (part) {
            case Part::client:
                client_.reset();
                break;
            case Part::context:
                context_.reset();
                break;
            case Part::handlers:
                handlers_.reset();
                break;
            case Part::streams:
                pages_.reset();
                stream_.reset();
                break;
            case Part::signal:
                signals_.clear();
                break;
            case Part::observer:
                observed_.reset();
                server_.reset();
                break;
        }
    }
    /// Lets what is left go on. Nothing runs on the client's context without its observer.
    void run() {
        if (context_ && observed_) clock_->run_for(*context_, 1s);
        if (handlers_) {
            handlers_->restart();
            handlers_->poll();
        }
    }
    void cancel() {
        for (const auto& signal : signals_)
            signal->emit(asio::cancellation_type::terminal);
    }
    /// Is every handler gone, called once or not at all?
    bool is_over() const {
        return std::all_of(fates_.begin(), fates_.end(), [](const Fate& fate) {
            return fate.handler.expired() && *fate.calls <= 1;
        });
    }

private:
    struct Fate {
        std::weak_ptr<int> handler;
        std::shared_ptr<int> calls = std::make_shared<int>(0);
    };

    void script(Stage stage) {
        switch (stage) {
            case Stage::connecting:
                server_->always(hang(Phase::connect));
                break;
            case Stage::exchange:
                server_->always(hang(Phase::body));
                break;
            case Stage::halfway:
                server_->then(page(), 4).always(hang(Phase::body));
                break;
            default:
                server_->always(page());
                break;
        }
    }
    static Answer page() { return reply_result(R"({"data":[{"id":"a"},{"id":"b"}]})"); }

    void begin(Stage stage) {
        const char* const method = stage == Stage::refused ? "rpc.refused" : "m";
        client_->async_call(method, handler<std::string>());
        client_->async_call(method, elsewhere<std::string>());
        next();
        client_->async_drain(1h, elsewhere<void>());
    }
    void next() {
        pages_->async_next(elsewhere<std::optional<Selection<Signal>>>());
        stream_->async_next(elsewhere<std::optional<DataPart<DataFrame>>>());
    }

    /// One that is called on the client's own context.
    template <class T>
    Handler<T> handler() {
        // The calls are counted apart from the handler, which is to be gone.
        Fate& fate = fates_.emplace_back();
        auto alive = std::shared_ptr<int>(new int{0}, [calls = fate.calls](int* counted) {
            *calls += *counted;
            delete counted;
        });
        fate.handler = alive;
        return Handler<T>{std::move(alive)};
    }
    /// One that is called on a context of its own, and can be cancelled.
    template <class T>
    Elsewhere<T> elsewhere() {
        signals_.push_back(std::make_unique<asio::cancellation_signal>());
        return asio::bind_cancellation_slot(
            signals_.back()->slot(), asio::bind_executor(handlers_->get_executor(), handler<T>()));
    }

    std::shared_ptr<ManualClock> clock_ = std::make_shared<ManualClock>();
    std::vector<Fate> fates_;
    std::unique_ptr<asio::io_context> context_ = std::make_unique<asio::io_context>();
    std::unique_ptr<asio::io_context> handlers_ = std::make_unique<asio::io_context>();
    std::vector<std::unique_ptr<asio::cancellation_signal>> signals_;
    std::unique_ptr<int> observed_ = std::make_unique<int>(0);
    std::optional<ScriptedBackend> server_{std::in_place};
    std::optional<TestClient> client_;
    std::optional<SignalPages> pages_;
    std::optional<DataStream> stream_;
};

template <class Act>
void in_every_order(std::size_t stride, Act act) {
    std::array order = parts;
    std::size_t count = 0;
    do {
        if (count++ % stride == 0) act(order);
    } while (std::next_permutation(order.begin(), order.end()));
}

}  // namespace

TEST_CASE("Lifetimes: all may be destroyed in every order, whatever is going on") {
    for (const Stage stage : stages) {
        CAPTURE(static_cast<int>(stage));
        std::size_t wrong = 0;
        // Nothing runs in between, so the context's place among the others is what counts.
        in_every_order(3, [&](const auto& order) {
            World world{stage};
            for (const Part part : order)
                world.destroy(part);
            if (!world.is_over()) ++wrong;
        });
        CHECK(wrong == 0);
    }
}

TEST_CASE("Lifetimes: the same where what is left goes on in between, and is cancelled") {
    for (const Stage stage : stages) {
        CAPTURE(static_cast<int>(stage));
        for (const bool cancelled : {false, true}) {
            CAPTURE(cancelled);
            std::size_t wrong = 0;
            in_every_order(17, [&](const auto& order) {
                World world{stage};
                for (const Part part : order) {
                    world.destroy(part);
                    if (cancelled) world.cancel();
                    world.run();
                }
                if (!world.is_over()) ++wrong;
            });
            CHECK(wrong == 0);
        }
    }
}

TEST_CASE("Lifetimes: client, contexts and streams may be destroyed in threads of their own") {
    for (const Stage stage : stages) {
        CAPTURE(static_cast<int>(stage));
        for (int round = 0; round != 20; ++round) {
            World world{stage};
            std::atomic<int> ready{0};
            const std::array at_once{Part::client, Part::context, Part::handlers, Part::streams};
            std::vector<std::thread> threads;
            for (const Part part : at_once) {
                threads.emplace_back([&, part] {
                    ++ready;
                    while (ready != static_cast<int>(at_once.size())) {
                    }
                    world.destroy(part);
                });
            }
            for (std::thread& thread : threads)
                thread.join();
            for (const Part part : {Part::signal, Part::observer})
                world.destroy(part);
            CHECK(world.is_over());
        }
    }
}

TEST_CASE("Lifetimes: the handlers' context may go at any moment of calls in another thread") {
    asio::io_context context;
    auto work = asio::make_work_guard(context);
    ScriptedBackend server;
    server.always(reply_result("{}"));
    TestClient::Base client{
        context.get_executor(), Url::parse("http://localhost/rpc").value(), server, NoAuth{}, {}};
    std::thread thread{[&] { context.run(); }};
    std::vector<std::weak_ptr<std::atomic<int>>> alive;
    for (int round = 0; round != 300; ++round) {
        asio::io_context handlers;
        for (int call = 0; call != 4; ++call) {
            auto state = std::make_shared<std::atomic<int>>(0);
            alive.push_back(state);
            client.async_call(
                call == 0 ? "rpc.refused" : "m",
                asio::bind_executor(
                    handlers.get_executor(),
                    [state = std::move(state)](const auto&) { ++*state; }));
        }
        if (round % 3 == 0) std::this_thread::sleep_for(std::chrono::microseconds{round});
        if (round % 2 == 0) handlers.poll();
    }
    CHECK(std::all_of(alive.begin(), alive.end(), [](const auto& each) { return each.expired(); }));
    client.close();
    work.reset();
    thread.join();
}

TEST_CASE("Lifetimes: no lock is held where a context destroys handlers") {
    struct Closer {
        explicit Closer(TestClient::Base& which) : client(&which) {}
        Closer(Closer&& other) noexcept : client(std::exchange(other.client, nullptr)) {}
        ~Closer() {
            // Another thread would wait for ever for a lock that is held here.
            if (client != nullptr) std::thread{[this] { client->close(); }}.join();
        }
        void operator()(const Result<std::string>&) const {}
        TestClient::Base* client;
    };
    auto context = std::make_unique<asio::io_context>();
    ScriptedBackend server;
    server.always(hang(Phase::body));
    TestClient::Base client{
        context->get_executor(), Url::parse("http://localhost/rpc").value(), server, NoAuth{}, {}};
    client.async_call("m", Closer{client});
    context->poll();
    context.reset();
    CHECK(server.in_flight() == 0);
}

TEST_CASE("Lifetimes: a slot that serves another operation meanwhile is left alone") {
    asio::io_context context;
    ScriptedBackend server;
    server.then(reply_result("1")).always(hang(Phase::body));
    TestClient::Base client{
        context.get_executor(), Url::parse("http://localhost/rpc").value(), server, NoAuth{}, {}};
    asio::cancellation_signal signal;
    std::optional<Errc> second;
    client.async_call(
        "m", asio::bind_cancellation_slot(signal.slot(), [](const Result<std::string>&) {}));
    client.async_call(
        "m", asio::bind_cancellation_slot(signal.slot(), [&](const Result<std::string>& got) {
            second = got ? Errc{} : got.error().code();
        }));
    context.poll();
    signal.emit(asio::cancellation_type::terminal);
    context.poll();
    CHECK(second == Errc::cancelled);
    client.close();
    context.run();
}

}  // namespace lifetime_orders_test
