// SPDX-License-Identifier: BSL-1.0
// An HTTP stack of one's own that works in threads of its own: a blocking library behind the contract of
// `HttpBackend`. What goes to its threads, and how that gets back, is the point of it, so it opens a
// connection for each exchange, and has no line for them. With `--check` it goes through the conformance
// kit, too.

#include <clarify/clarify.hpp>
#include <clarify/core/post_back.hpp>
#include <clarify/testing/check_http_backend.hpp>
#include <clarify/testing/emulator.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http.hpp>

#include <openssl/ssl.h>

#include <algorithm>
#include <cstddef>
#include <exception>
#include <functional>
#include <iostream>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

namespace asio = boost::asio;
namespace http = boost::beast::http;
namespace ssl = asio::ssl;
using boost::system::error_code;
using clarify::Phase;

// --- The stack ----------------------------------------------------------------------------------

/// One exchange of a library that blocks. It knows nothing of the client, and owns all that it needs:
/// its thread may still be in here when the client is gone.
class BlockingExchange {
public:
    BlockingExchange(const clarify::Url& url, std::shared_ptr<ssl::context> trust)
        : url_(url), trust_(std::move(trust)) {}

    error_code connect() {
        error_code failed;
        const auto addresses =
            asio::ip::tcp::resolver{own_}.resolve(url_.host(), std::to_string(url_.port()), failed);
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
    error_code shake_hands() {
        error_code failed;
        tls_.emplace(socket_, *trust_);
        const std::string name = url_.server_name();
        if (!url_.is_ip_literal()) SSL_set_tlsext_host_name(tls_->native_handle(), name.c_str());
        tls_->set_verify_callback(ssl::host_name_verification{name});
        tls_->handshake(ssl::stream_base::client, failed);
        return failed;
    }
    error_code write(std::string_view text) {
        error_code failed;
        if (tls_) {
            asio::write(*tls_, asio::buffer(text), failed);
        } else {
            asio::write(socket_, asio::buffer(text), failed);
        }
        return failed;
    }
    /// Tells `come` how much of a reply is there: its first byte, and its head.
    error_code read(std::size_t most, const std::function<void(Phase)>& come) {
        boost::beast::flat_buffer bytes;
        error_code failed = receive(bytes);
        if (!failed) come(Phase::head);
        while (!failed) {  // as long as it is an interim one
            http::response_parser<http::string_body> parser;
            parser.body_limit(most);
            bool judged = false;
            while (!failed && !parser.is_done()) {
                failed = read_some(bytes, parser);
                if (failed || judged || !parser.is_header_done()) continue;
                // Now, for what follows the last chunk will be among the fields.
                head_ = parser.get().base();
                judged = true;
                come(Phase::body);
                if (is_refused()) failed = http::error::bad_value;
            }
            body_ = std::move(parser.get().body());
            if (status() >= 200) break;
        }
        return failed;
    }
    /// Wakes a thread that blocks in one of these, and has it fail. From any thread.
    void cut() {
        const std::lock_guard lock{mutex_};
        cut_ = true;
        error_code ignored;
        if (socket_.is_open()) socket_.shutdown(asio::socket_base::shutdown_both, ignored);
    }

    unsigned status() const { return head_.result_int(); }
    std::string& body() { return body_; }
    /// All fields of that name.
    std::string field(std::string_view name) const {
        std::string joined;
        for (const auto& field : head_) {
            if (!boost::beast::iequals(field.name_string(), {name.data(), name.size()})) continue;
            if (!joined.empty()) joined += ", ";
            joined.append(field.value().data(), field.value().size());
        }
        return joined;
    }

private:
    error_code receive(boost::beast::flat_buffer& bytes) {
        error_code failed;
        const asio::mutable_buffer room = bytes.prepare(4096);
        bytes.commit(tls_ ? tls_->read_some(room, failed) : socket_.read_some(room, failed));
        return failed;
    }
    template <class Parser>
    error_code read_some(boost::beast::flat_buffer& bytes, Parser& parser) {
        error_code failed;
        if (tls_) {
            http::read_some(*tls_, bytes, parser, failed);
        } else {
            http::read_some(socket_, bytes, parser, failed);
        }
        return failed;
    }
    /// What Beast's parser takes, and `HttpBackend` calls not well-formed.
    bool is_refused() const {
        const std::string coding = field("Transfer-Encoding");
        const std::string content = field("Content-Encoding");
        const bool known = coding.empty() || (coding == "chunked" && head_.version() == 11);
        return status() < 100 || status() > 599 || status() == 101 || (status() >= 200 && !known) ||
            (!content.empty() && content != "identity");
    }

    clarify::Url url_;
    std::shared_ptr<ssl::context> trust_;
    asio::io_context own_;
    asio::ip::tcp::socket socket_{own_};
    std::optional<ssl::stream<asio::ip::tcp::socket&>> tls_;
    http::response_header<> head_;
    std::string body_;
    std::mutex mutex_;
    bool cut_ = false;
};

// --- The backend --------------------------------------------------------------------------------

class ThreadBackend {
public:
    /// For a client that makes its backend itself.
    explicit ThreadBackend(const clarify::HttpOptions& options) {
        if (options.tls.ca_pem.empty()) {
            trust_->set_default_verify_paths();
        } else {
            trust_->add_certificate_authority(asio::buffer(options.tls.ca_pem));
        }
        trust_->set_verify_mode(ssl::verify_peer);
    }

    asio::awaitable<clarify::Result<void>> post(
        const clarify::HttpRequest& request,
        clarify::HttpResponse& response,
        clarify::HttpProgress& progress) {
        return run(trust_, request, response, progress);
    }
    // It keeps no connection, and an exchange in flight is ended by its own cancellation.
    void close() noexcept {}

private:
    using Errc = clarify::Errc;

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
        std::shared_ptr<BlockingExchange> stack;
        ~CutAtEnd() { stack->cut(); }
    };

    static asio::awaitable<clarify::Result<void>> run(
        std::shared_ptr<ssl::context> trust,
        const clarify::HttpRequest& request,
        clarify::HttpResponse& response,
        clarify::HttpProgress& progress);
    template <class Step>
    static asio::awaitable<bool> blocking(std::shared_ptr<Wait> wait, Step step);
    static std::string head_of(const clarify::HttpRequest& request);
    static clarify::Error failure(const Wait& wait);
    static void fill(clarify::HttpResponse& response, BlockingExchange& stack);

    // Shared with the exchanges in flight.
    std::shared_ptr<ssl::context> trust_ = std::make_shared<ssl::context>(ssl::context::tls_client);
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

asio::awaitable<clarify::Result<void>> ThreadBackend::run(
    std::shared_ptr<ssl::context> trust,
    const clarify::HttpRequest& request,
    clarify::HttpResponse& response,
    clarify::HttpProgress& progress) {
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    const auto stack = std::make_shared<BlockingExchange>(*request.url, std::move(trust));
    const CutAtEnd cut{stack};
    const auto wait = std::make_shared<Wait>(executor, request.deadline, progress);

    // Steps have names: g++ 12 destroys lambdas among the arguments of a co_await twice.
    const auto connect = [stack] { return stack->connect(); };
    const auto shake_hands = [stack] { return stack->shake_hands(); };
    // What is told in between is told on the executor, too, if anybody still wants to know.
    const auto come = [back = wait->back, weak = std::weak_ptr{wait}](Phase phase) {
        back.post([weak, phase] {
            if (const std::shared_ptr<Wait> waiting = weak.lock()) waiting->progress.phase = phase;
        });
    };
    const auto read = [stack, come, most = request.max_response_body] {
        return stack->read(most, come);
    };

    progress.phase = Phase::connect;
    if (!co_await blocking(wait, connect)) co_return failure(*wait);
    if (request.url->is_https()) {
        progress.phase = Phase::tls;
        if (!co_await blocking(wait, shake_hands)) co_return failure(*wait);
    }
    // The client has to know before the first byte goes out.
    progress.phase = Phase::write;
    progress.sent = true;
    // A thread needs a copy, and the executor is not to be held for long: so piece by piece.
    constexpr std::size_t piece = std::size_t{256} << 10U;
    std::string text = head_of(request);
    std::string_view rest = request.body;
    do {
        text.append(rest.substr(0, piece));
        rest.remove_prefix((std::min)(piece, rest.size()));
        const auto write = [stack, text = std::exchange(text, {})] { return stack->write(text); };
        if (!co_await blocking(wait, write)) co_return failure(*wait);
    } while (!rest.empty());
    progress.phase = Phase::first_byte;
    if (!co_await blocking(wait, read)) co_return failure(*wait);
    fill(response, *stack);
    co_return clarify::Result<void>{};
}

std::string ThreadBackend::head_of(const clarify::HttpRequest& request) {
    std::string head = "POST ";
    head.append(request.url->path()).append(" HTTP/1.1\r\nHost: ");
    head.append(request.url->authority()).append("\r\nConnection: close\r\n");
    for (const clarify::HeaderView& field : request.headers)
        head.append(field.name).append(": ").append(field.value).append("\r\n");
    return head + "Content-Length: " + std::to_string(request.body.size()) + "\r\n\r\n";
}

/// What it reports of a cancellation is replaced by the client.
clarify::Error ThreadBackend::failure(const Wait& wait) {
    const clarify::HttpProgress& progress = wait.progress;
    const bool broken =
        wait.failed == http::error::partial_message || wait.failed == http::error::end_of_stream;
    Errc code = Errc::io;
    if (!wait.over) {
        code = Errc::timeout;
    } else if (progress.phase == Phase::connect) {
        const bool unknown = wait.failed.category() == asio::error::get_netdb_category();
        code = unknown ? Errc::resolve : Errc::connect;
    } else if (progress.phase == Phase::tls) {
        code = Errc::tls;
    } else if (wait.failed == http::error::body_limit) {
        code = Errc::too_large;
    } else if (!broken && wait.failed.category() == error_code{http::error::bad_value}.category()) {
        code = Errc::framing;
    }
    clarify::Error error{code};
    if (wait.over) error.set_cause(wait.failed);
    error.set_fate(progress.sent ? clarify::Fate::unknown : clarify::Fate::unsent);
    return error.set_phase(progress.phase);
}

void ThreadBackend::fill(clarify::HttpResponse& response, BlockingExchange& stack) {
    response.status = stack.status();
    response.body = std::move(stack.body());
    response.content_type = stack.field("Content-Type");
    response.date = stack.field("Date");
    response.location = stack.field("Location");
    response.retry_after = stack.field("Retry-After");
    response.traceparent = stack.field("traceparent");
    response.www_authenticate = stack.field("WWW-Authenticate");
}

// --- A client over it ---------------------------------------------------------------------------

using Client = clarify::ApiClient<
    clarify::RpcClient<ThreadBackend, clarify::CredentialsAuth, clarify::BoostJsonCodec>>;

asio::awaitable<void> insert_and_count(Client& client) {
    clarify::DataFrame frame;
    frame.append(clarify::Timestamp::now(), {{"pump/flow", 12.5}, {"pump/pressure", 3.1}});
    const auto inserted = co_await client.insert(frame);
    inserted.value();
    const auto signals = co_await client.select_signals({});
    std::cout << signals.value().data.size() << " signals\n";
}

int main(int argc, char** argv) {
    clarify::testing::Emulator emulator;
    clarify::ClientOptions options;
    options.http.tls.ca_pem = emulator.ca_certificate_pem();
    const auto credentials = clarify::Credentials::from_string(emulator.credentials_json());
    asio::io_context context;
    Client client{context.get_executor(), credentials.value(), options};
    bool done = false;
    asio::co_spawn(context, insert_and_count(client), [&](const std::exception_ptr& error) {
        if (error) std::rethrow_exception(error);
        done = true;
    });
    context.run();
    if (!done || argc < 2 || argv[1] != std::string_view{"--check"}) return done ? 0 : 1;

    // What a backend does not have, a line for connections for one, is listed as not judged.
    const auto report = clarify::testing::check_http_backend(
        [](const clarify::HttpOptions& limits) { return ThreadBackend{limits}; });
    std::cout << report;
    return report.passed() ? 0 : 1;
}
