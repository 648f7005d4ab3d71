// SPDX-License-Identifier: BSL-1.0
// A network in memory: every step of its input and output is counted, and can be made to fail. So
// can every allocation that Asio's network would do in its place; see `FailingAllocations`.

#ifndef CLARIFY_TESTS_SUPPORT_MEMORY_NET_HPP
#define CLARIFY_TESTS_SUPPORT_MEMORY_NET_HPP

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/system/error_code.hpp>

#include <support/allocations.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace support {

using boost::system::error_code;
using MemoryEndpoint = boost::asio::ip::tcp::endpoint;

class MemoryNetwork;

/// One direction of a connection: bytes, and how they end.
struct MemoryPipe {
    using Handler = boost::asio::any_completion_handler<void(error_code, std::size_t)>;
    struct Reader {
        boost::asio::mutable_buffer room;
        Handler handler;
        boost::asio::any_io_executor executor;
        boost::asio::executor_work_guard<boost::asio::any_io_executor> work;
    };

    std::string bytes;
    /// All bytes that were ever written.
    std::size_t written = 0;
    /// What a reader gets once it has read all there is; unset while more may come.
    std::optional<error_code> end;
    bool reader_closed = false;
    std::optional<Reader> reader;
};

/// Both directions, shared by the two sockets.
struct MemoryLink {
    /// To the server, and to the client.
    MemoryPipe pipes[2];
    /// Where the link breaks by itself.
    std::optional<std::size_t> cut_at[2];
    error_code cut_with;
    /// No more than this goes into one read.
    std::size_t segment = std::numeric_limits<std::size_t>::max();

    /// Ends both directions: with end-of-file, or with an error.
    void sever(error_code how);
    /// Lets a waiting reader of the pipe have what is there.
    void wake(MemoryPipe& pipe);
};

/** Stands in for `ip::tcp::socket`, with the part of its interface that a client uses.

    Used on one thread. Like a socket, a pending operation is ended by `close`, by per-operation
    cancellation and by the destruction of the context; completions are always posted.
*/
class MemorySocket {
public:
    using executor_type = boost::asio::any_io_executor;
    using lowest_layer_type = MemorySocket;
    using next_layer_type = MemorySocket;
    static constexpr int message_peek = 2;

    explicit MemorySocket(executor_type executor);
    MemorySocket(MemorySocket&& other) noexcept;
    MemorySocket& operator=(MemorySocket&& other) noexcept;
    ~MemorySocket();

    executor_type get_executor() const noexcept { return executor_; }
    MemorySocket& lowest_layer() noexcept { return *this; }
    MemorySocket& next_layer() noexcept { return *this; }
    bool is_open() const noexcept { return link_ != nullptr || connecting_ != 0; }

    template <class Option>
    void set_option(const Option&, error_code& ec) noexcept {
        ec = {};
    }
    void non_blocking(bool, error_code& ec) noexcept { ec = {}; }
    void close(error_code& ec);
    void close() {
        error_code ignored;
        close(ignored);
    }
    /// Looks at what is there without waiting and without taking it.
    std::size_t receive(boost::asio::mutable_buffer room, int flags, error_code& ec);
    /// Writes without waiting.
    template <class Buffers>
    std::size_t write_some(const Buffers& buffers, error_code& ec);

    template <class Token>
    auto async_connect(const MemoryEndpoint& endpoint, Token&& token);
    template <class Buffers, class Token>
    auto async_read_some(const Buffers& buffers, Token&& token);
    template <class Buffers, class Token>
    auto async_write_some(const Buffers& buffers, Token&& token);

private:
    friend class MemoryNetwork;
    using ConnectHandler = boost::asio::any_completion_handler<void(error_code)>;

    MemoryPipe& incoming() noexcept { return link_->pipes[is_server_ ? 0 : 1]; }
    MemoryPipe& outgoing() noexcept { return link_->pipes[is_server_ ? 1 : 0]; }
    void begin_connect(
        const MemoryEndpoint& endpoint, ConnectHandler handler, const executor_type& executor);
    void begin_read(
        boost::asio::mutable_buffer room,
        MemoryPipe::Handler handler,
        const executor_type& executor);
    void begin_write(std::string text, MemoryPipe::Handler handler, const executor_type& executor);
    std::size_t write_now(std::string_view text, error_code& ec);

    executor_type executor_;
    MemoryNetwork* network_;
    std::shared_ptr<MemoryLink> link_;
    bool is_server_ = false;
    /// Names a connection attempt that is under way.
    std::uint64_t connecting_ = 0;
};

/// Stands in for `ip::tcp::resolver`.
class MemoryResolver {
public:
    struct Entry {
        MemoryEndpoint address;
        MemoryEndpoint endpoint() const { return address; }
    };
    using Results = std::vector<Entry>;

    explicit MemoryResolver(boost::asio::any_io_executor executor)
        : executor_(std::move(executor)) {}

    template <class Flags, class Handler>
    void async_resolve(
        const std::string& host, const std::string& port, Flags flags, Handler handler);

private:
    using ErasedHandler = boost::asio::any_completion_handler<void(error_code, Results)>;
    friend class MemoryNetwork;
    void begin(
        const std::string& host,
        std::uint16_t port,
        ErasedHandler handler,
        const boost::asio::any_io_executor& executor);

    boost::asio::any_io_executor executor_;
};

/** What is reachable in memory, of one execution context; see `of`.

    Each operation that a client begins (resolve, connect, read, write) is a step, counted from 1.
*/
class MemoryNetwork final : public boost::asio::execution_context::service {
public:
    using Serve = std::function<void(MemorySocket)>;

    static inline boost::asio::execution_context::id id;
    explicit MemoryNetwork(boost::asio::execution_context& context)
        : boost::asio::execution_context::service(context) {}
    /// The network of `context`, made at the first use.
    static MemoryNetwork& of(boost::asio::execution_context& context) {
        return boost::asio::use_service<MemoryNetwork>(context);
    }
    static MemoryNetwork& of(const boost::asio::any_io_executor& executor) {
        return of(boost::asio::query(executor, boost::asio::execution::context));
    }

    /// What a name means; names that were never told do not exist.
    void name(const std::string& host, std::vector<boost::asio::ip::address> addresses) {
        names_[host] = std::move(addresses);
    }
    void fail_name(const std::string& host, error_code why) { name_failures_[host] = why; }
    /// Look-ups of `host` never end.
    void hang_name(const std::string& host) { name_failures_[host] = error_code{}; }

    /// Gives `serve` each new connection to `endpoint`.
    void listen(const MemoryEndpoint& endpoint, Serve serve) {
        listeners_[endpoint] = std::move(serve);
    }
    /// Connecting to `endpoint` fails with `why`, or never ends for the default. Where nobody
    /// listens it is refused.
    void fail_connect(const MemoryEndpoint& endpoint, error_code why = {}) {
        connect_failures_[endpoint] = why;
    }
    void heal_connect(const MemoryEndpoint& endpoint) { connect_failures_.erase(endpoint); }

    /// Steps that clients have begun.
    std::size_t steps() const noexcept { return steps_; }
    /// The step of this number fails, and its connection with it.
    void fail_step(std::size_t number, error_code with) { failing_[number] = with; }

    /// No further step fails.
    void heal() { failing_.clear(); }

    /// Connections that clients have not closed, and all that were ever made.
    std::size_t open() const noexcept { return open_; }
    std::size_t connections() const noexcept { return links_.size(); }
    /// Those that both ends have closed were never made.
    void forget_closed() {
        std::erase_if(links_, [](const auto& link) { return link.use_count() == 1; });
    }
    /// Breaks the next connection once `bytes` have gone to the server, or to the client.
    void cut_next(bool to_client, std::size_t bytes, error_code with) {
        next_cut_ = Cut{to_client, bytes, with};
    }
    /// Later connections deliver no more than this in one read.
    void set_segment(std::size_t bytes) noexcept { segment_ = bytes; }
    std::size_t bytes_to_server(std::size_t connection) const {
        return links_.at(connection)->pipes[0].written;
    }
    std::size_t bytes_to_client(std::size_t connection) const {
        return links_.at(connection)->pipes[1].written;
    }
    /// What the client has not yet read of those.
    std::size_t unread_by_client(std::size_t connection) const {
        return links_.at(connection)->pipes[1].bytes.size();
    }

private:
    friend class MemorySocket;
    friend class MemoryResolver;
    struct Cut {
        bool to_client;
        std::size_t bytes;
        error_code with;
    };
    struct Connecting {
        MemorySocket::ConnectHandler handler;
        boost::asio::any_io_executor executor;
        boost::asio::executor_work_guard<boost::asio::any_io_executor> work;
    };

    void shutdown() override;
    /// Counts a step; what it must fail with, if it must.
    error_code begin_step();
    std::shared_ptr<MemoryLink> make_link();

    std::map<std::string, std::vector<boost::asio::ip::address>> names_;
    std::map<std::string, error_code> name_failures_;
    std::map<MemoryEndpoint, Serve> listeners_;
    std::map<MemoryEndpoint, error_code> connect_failures_;
    std::map<std::size_t, error_code> failing_;
    std::size_t steps_ = 0;
    std::size_t open_ = 0;
    std::uint64_t last_connecting_ = 0;
    std::map<std::uint64_t, Connecting> connecting_;
    std::vector<MemoryResolver::ErasedHandler> hung_;
    std::vector<std::shared_ptr<MemoryLink>> links_;
    std::optional<Cut> next_cut_;
    std::size_t segment_ = std::numeric_limits<std::size_t>::max();
};

/// The network to give to `clarify::BasicBeastBackend`.
struct MemoryNet {
    using Socket = MemorySocket;
    using Resolver = MemoryResolver;
};

}  // namespace support

#include <support/impl/memory_net.hpp>

#endif  // CLARIFY_TESTS_SUPPORT_MEMORY_NET_HPP
