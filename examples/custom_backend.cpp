// SPDX-License-Identifier: BSL-1.0
// An HTTP stack of one's own that works in threads of its own: a blocking library behind the contract of
// `HttpBackend`. What goes from thread to thread, and how it gets back, is the point of it; so it
// speaks HTTP without TLS, and opens a connection for each exchange.

#include <clarify/clarify.hpp>
#include <clarify/core/post_back.hpp>
#include <clarify/testing/emulator.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include <cstddef>
#include <exception>
#include <functional>
#include <iostream>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;

// --- The stack ----------------------------------------------------------------------------------

/// One exchange of a library that blocks. It knows nothing of the client, and owns all that it needs:
/// its thread may still be in here when the client is gone.
class BlockingExchange {
public:
    using Reply = http::response<http::string_body>;

    BlockingExchange(std::string host, std::string port) : host_(std::move(host)), port_(std::move(port)) {}

    error_code connect() {
        error_code failed;
        const auto addresses = asio::ip::tcp::resolver{own_}.resolve(host_, port_, failed);
        for (const auto& address : addresses) {
            {
                const std::lock_guard lock{mutex_};
                if (cut_) return asio::error::operation_aborted;
                socket_.close(failed);
                socket_.open(address.endpoint().protocol(), failed);
            }
            if (!failed) socket_.connect(address, failed);
            if (!failed) break;
        }
        return failed;
    }
    error_code write(std::string_view text) {
        error_code failed;
        asio::write(socket_, asio::buffer(text), failed);
        return failed;
    }
    /// Tells `come` how much of a reply is there: its first byte, and its head.
    error_code read(std::size_t most, const std::function<void(clarify::Phase)>& come) {
        boost::beast::flat_buffer bytes;
        error_code failed;
        do {  // as long as it is an interim one
            http::response_parser<http::string_body> parser;
            parser.body_limit(most);
            bool head = false;
            while (!failed && !parser.is_done()) {
                http::read_some(socket_, bytes, parser, failed);
                if (!std::exchange(head, true)) come(clarify::Phase::head);
                if (parser.is_header_done()) come(clarify::Phase::body);
            }
            reply_ = parser.release();
        } while (!failed && reply_.result_int() < 200 && reply_.result_int() != 101);
        return failed;
    }
    /// Wakes a thread that blocks in one of these, and has it fail. From any thread.
    void cut() {
        const std::lock_guard lock{mutex_};
        cut_ = true;
        error_code ignored;
        if (socket_.is_open()) socket_.shutdown(asio::socket_base::shutdown_both, ignored);
    }

    Reply& reply() { return reply_; }

private:
    std::string host_;
    std::string port_;
    asio::io_context own_;
    asio::ip::tcp::socket socket_{own_};
    Reply reply_;
    std::mutex mutex_;
    bool cut_ = false;
};

// --- The backend --------------------------------------------------------------------------------

class ThreadBackend {
public:
    asio::awaitable<clarify::Result<void>> post(
        const clarify::HttpRequest& request,
        clarify::HttpResponse& response,
        clarify::HttpProgress& progress) {
        return run(request, response, progress);
    }
    // It keeps no connection, and an exchange in flight is ended by its own cancellation.
    void close() noexcept {}

private:
    using Phase = clarify::Phase;
    using Errc = clarify::Errc;
    using Stack = std::shared_ptr<BlockingExchange>;

    /// What belongs to the executor, and ends with the coroutine that waits: threads refer to it weakly,
    /// and only functions that they post back look at it.
    struct Wait {
        Wait(
            const asio::any_io_executor& executor,
            clarify::TimePoint deadline,
            clarify::HttpProgress& told)
            : back(executor), timer(executor, deadline), progress(told) {}

        clarify::PostBack back;
        // Follows the clock of the client, which in a test no thread could wait on.
        clarify::Timer timer;
        clarify::HttpProgress& progress;
        bool over = false;
        error_code failed;
    };

    /// Cuts the connection of an exchange that ends early, whether it is late, cancelled, or destroyed
    /// with its executor's context. It does not wait for the thread.
    struct CutAtEnd {
        Stack stack;
        ~CutAtEnd() { stack->cut(); }
    };

    static asio::awaitable<clarify::Result<void>> run(
        const clarify::HttpRequest& request,
        clarify::HttpResponse& response,
        clarify::HttpProgress& progress);
    template <class Step>
    static asio::awaitable<bool> blocking(std::shared_ptr<Wait> wait, Step step);
    static std::string text_of(const clarify::HttpRequest& request);
    static clarify::Error failure(const Wait& wait, const clarify::HttpProgress& progress);
    static bool take(BlockingExchange::Reply& reply, clarify::HttpResponse& response);
};

/// Has `step` run in a thread, and waits for it, for the deadline, or for cancellation. Whether it came
/// to a good end.
template <class Step>
asio::awaitable<bool> ThreadBackend::blocking(std::shared_ptr<Wait> wait, Step step) {
    wait->over = false;
    // A stack has threads already; here it is one for each step. It owns copies, and nothing else.
    std::thread{[step = std::move(step), back = wait->back, weak = std::weak_ptr{wait}] {
        const error_code failed = step();
        // On the executor, if that is still there, and for the coroutine, if that still waits.
        back.post([weak, failed] {
            const std::shared_ptr<Wait> waiting = weak.lock();
            if (!waiting) return;
            waiting->failed = failed;
            waiting->over = true;
            waiting->timer.cancel();
        });
    }}.detach();
    co_await wait->timer.async_wait(asio::as_tuple(asio::deferred));
    co_return wait->over && !wait->failed;
}

inline asio::awaitable<clarify::Result<void>> ThreadBackend::run(
    const clarify::HttpRequest& request,
    clarify::HttpResponse& response,
    clarify::HttpProgress& progress) {
    if (request.url->is_https()) {
        co_return clarify::Error{Errc::bad_config, clarify::Reason::none, "it has no TLS"};
    }
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    const auto stack = std::make_shared<BlockingExchange>(
        std::string{request.url->host()}, std::to_string(request.url->port()));
    const CutAtEnd cut{stack};
    const auto wait = std::make_shared<Wait>(executor, request.deadline, progress);

    progress.phase = Phase::connect;
    // Steps have names: g++ 12 destroys lambdas among the arguments of a co_await twice.
    const auto connect = [stack] { return stack->connect(); };
    bool good = co_await blocking(wait, connect);
    if (!good) co_return failure(*wait, progress);

    // A step of its own: the client has to know before the first byte goes out.
    progress.phase = Phase::write;
    progress.sent = true;
    const auto write = [stack, text = text_of(request)] { return stack->write(text); };
    good = co_await blocking(wait, write);
    if (!good) co_return failure(*wait, progress);

    progress.phase = Phase::first_byte;
    // What is told in between is told on the executor, too, if anybody still wants to know.
    const auto come = [back = wait->back, weak = std::weak_ptr{wait}](Phase phase) {
        back.post([weak, phase] {
            if (const std::shared_ptr<Wait> waiting = weak.lock()) waiting->progress.phase = phase;
        });
    };
    const auto read = [stack, come, most = request.max_response_body] {
        return stack->read(most, come);
    };
    good = co_await blocking(wait, read);
    if (!good) co_return failure(*wait, progress);
    if (!take(stack->reply(), response)) {
        clarify::Error error{Errc::framing};
        co_return error.set_phase(progress.phase).set_fate(clarify::Fate::unknown);
    }
    co_return clarify::Result<void>{};
}

inline std::string ThreadBackend::text_of(const clarify::HttpRequest& request) {
    std::string text = "POST ";
    text.append(request.url->path()).append(" HTTP/1.1\r\nHost: ");
    text.append(request.url->authority()).append("\r\nConnection: close\r\n");
    for (const clarify::HeaderView& field : request.headers)
        text.append(field.name).append(": ").append(field.value).append("\r\n");
    text += "Content-Length: " + std::to_string(request.body.size()) + "\r\n\r\n";
    return text.append(request.body);
}

/// What it reports of a cancellation is replaced by the client.
inline clarify::Error ThreadBackend::failure(
    const Wait& wait, const clarify::HttpProgress& progress) {
    Errc code = progress.sent ? Errc::io : Errc::connect;
    if (!wait.over) {
        code = Errc::timeout;
    } else if (wait.failed == http::error::body_limit) {
        code = Errc::too_large;
    } else if (wait.failed.category() == asio::error::get_netdb_category()) {
        code = Errc::resolve;
    } else if (
        wait.failed.category() == make_error_code(http::error::bad_version).category() &&
        wait.failed != http::error::partial_message && wait.failed != http::error::end_of_stream) {
        code = Errc::framing;
    }
    clarify::Error error{code};
    if (wait.over) error.set_cause(wait.failed);
    error.set_fate(progress.sent ? clarify::Fate::unknown : clarify::Fate::unsent);
    return error.set_phase(progress.phase);
}

/// False for what nobody has asked for; see "What is not well-formed" in `HttpBackend`.
inline bool ThreadBackend::take(BlockingExchange::Reply& reply, clarify::HttpResponse& response) {
    const auto all_of = [&reply](std::string_view name) {
        std::string joined;
        for (const auto& field : reply) {
            if (!boost::beast::iequals(field.name_string(), {name.data(), name.size()})) continue;
            if (!joined.empty()) joined += ", ";
            joined.append(field.value().data(), field.value().size());
        }
        return joined;
    };
    const std::string coding = all_of("Transfer-Encoding");
    const std::string content = all_of("Content-Encoding");
    if (reply.result_int() == 101) return false;
    if (!coding.empty() && (coding != "chunked" || reply.version() < 11)) return false;
    if (!content.empty() && content != "identity") return false;
    response.status = reply.result_int();
    response.body = std::move(reply.body());
    response.content_type = all_of("Content-Type");
    response.date = all_of("Date");
    response.location = all_of("Location");
    response.retry_after = all_of("Retry-After");
    response.traceparent = all_of("traceparent");
    response.www_authenticate = all_of("WWW-Authenticate");
    return true;
}

static_assert(clarify::HttpBackend<ThreadBackend>);

// --- A client over it ---------------------------------------------------------------------------

using Rpc = clarify::RpcClient<ThreadBackend, clarify::CredentialsAuth, clarify::BoostJsonCodec>;
using Client = clarify::ApiClient<Rpc>;

asio::awaitable<void> insert_and_count(Client& client) {
    clarify::DataFrame frame;
    frame.append(clarify::Timestamp::now(), {{"pump/flow", 12.5}, {"pump/pressure", 3.1}});
    const auto inserted = co_await client.insert(frame);
    inserted.value();
    const auto signals = co_await client.select_signals({});
    std::cout << signals.value().data.size() << " signals\n";
}

int main() {
    clarify::testing::EmulatorOptions plain;
    plain.tls = false;
    clarify::testing::Emulator emulator{plain};
    const clarify::Credentials credentials =
        clarify::Credentials::from_string(emulator.credentials_json()).value();

    asio::io_context context;
    Client client{
        Rpc{context.get_executor(), credentials.rpc_url(), ThreadBackend{}, credentials.auth()},
        credentials.integration()};
    bool done = false;
    asio::co_spawn(context, insert_and_count(client), [&](const std::exception_ptr& error) {
        if (error) std::rethrow_exception(error);
        done = true;
    });
    context.run();
    return done && emulator.signal_count() == 2 ? 0 : 1;
}
