// SPDX-License-Identifier: BSL-1.0

#ifndef CLARIFY_TESTS_SUPPORT_IMPL_MEMORY_NET_HPP
#define CLARIFY_TESTS_SUPPORT_IMPL_MEMORY_NET_HPP

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace support {
namespace memory_detail {

/// Completes a handler later, on its executor. What memory that takes beyond Asio's own for a socket
/// is not counted: the last step, where a completion gets to its executor.
template <class Handler, class... Values>
void complete(
    Handler handler,
    const boost::asio::any_io_executor& executor,
    error_code ec,
    Values... values) {
    const FailingAllocations::Spared spared;
    auto slot = boost::asio::get_associated_cancellation_slot(handler);
    if (slot.is_connected()) slot.clear();
    auto& context = static_cast<boost::asio::io_context&>(
        boost::asio::query(executor, boost::asio::execution::context));
    boost::asio::post(
        context,
        [handler = std::move(handler), executor, ec, ... values = std::move(values)]() mutable {
            boost::asio::dispatch(
                executor,
                [handler = std::move(handler), ec, ... values = std::move(values)]() mutable {
                    std::move(handler)(ec, std::move(values)...);
                });
        });
}

/// The first buffer of a sequence that is not empty.
template <class Buffer, class Buffers>
Buffer first_of(const Buffers& buffers) {
    for (auto at = boost::asio::buffer_sequence_begin(buffers);
         at != boost::asio::buffer_sequence_end(buffers);
         ++at) {
        const Buffer buffer{*at};
        if (buffer.size() != 0) return buffer;
    }
    return Buffer{};
}

template <class Buffers>
std::string text_of(const Buffers& buffers) {
    const FailingAllocations::Spared spared;
    std::string text(boost::asio::buffer_size(buffers), '\0');
    boost::asio::buffer_copy(boost::asio::buffer(text), buffers);
    return text;
}

}  // namespace memory_detail

// --- MemoryLink ---------------------------------------------------------------------------------

inline void MemoryLink::sever(error_code how) {
    for (MemoryPipe& pipe : pipes) {
        if (!pipe.end) pipe.end = how;
        pipe.reader_closed = true;
        wake(pipe);
    }
}

inline void MemoryLink::wake(MemoryPipe& pipe) {
    if (!pipe.reader || (pipe.bytes.empty() && !pipe.end)) return;
    MemoryPipe::Reader reader = std::move(*pipe.reader);
    pipe.reader.reset();
    const std::size_t size = std::min({pipe.bytes.size(), reader.room.size(), segment});
    std::memcpy(reader.room.data(), pipe.bytes.data(), size);
    pipe.bytes.erase(0, size);
    const error_code ec = size == 0 ? *pipe.end : error_code{};
    memory_detail::complete(std::move(reader.handler), reader.executor, ec, size);
}

// --- MemorySocket -------------------------------------------------------------------------------

inline MemorySocket::MemorySocket(executor_type executor)
    : executor_(std::move(executor)), network_(&MemoryNetwork::of(executor_)) {}

inline MemorySocket::MemorySocket(MemorySocket&& other) noexcept
    : executor_(other.executor_),
      network_(other.network_),
      link_(std::move(other.link_)),
      is_server_(other.is_server_),
      connecting_(std::exchange(other.connecting_, 0)) {}

inline MemorySocket& MemorySocket::operator=(MemorySocket&& other) noexcept {
    if (this != &other) {
        close();
        executor_ = other.executor_;
        network_ = other.network_;
        link_ = std::move(other.link_);
        is_server_ = other.is_server_;
        connecting_ = std::exchange(other.connecting_, 0);
    }
    return *this;
}

inline MemorySocket::~MemorySocket() { close(); }

inline void MemorySocket::close(error_code& ec) {
    const FailingAllocations::Spared spared;
    ec = {};
    if (const std::uint64_t number = std::exchange(connecting_, 0); number != 0) {
        const auto found = network_->connecting_.find(number);
        if (found != network_->connecting_.end()) {
            auto pending = std::move(found->second);
            network_->connecting_.erase(found);
            memory_detail::complete(
                std::move(pending.handler),
                pending.executor,
                error_code{boost::asio::error::operation_aborted});
        }
    }
    if (!link_) return;
    const std::shared_ptr<MemoryLink> link = link_;
    MemoryPipe& in = incoming();
    MemoryPipe& out = outgoing();
    link_.reset();
    if (!is_server_) --network_->open_;
    if (in.reader) {
        MemoryPipe::Reader reader = std::move(*in.reader);
        in.reader.reset();
        memory_detail::complete(
            std::move(reader.handler),
            reader.executor,
            error_code{boost::asio::error::operation_aborted},
            std::size_t{0});
    }
    in.reader_closed = true;
    if (!out.end) out.end = error_code{boost::asio::error::eof};
    link->wake(out);
}

inline std::size_t MemorySocket::receive(
    boost::asio::mutable_buffer room, int flags, error_code& ec) {
    ec = boost::asio::error::bad_descriptor;
    if (!link_) return 0;
    MemoryPipe& pipe = incoming();
    const std::size_t size = std::min(pipe.bytes.size(), room.size());
    std::memcpy(room.data(), pipe.bytes.data(), size);
    if ((flags & message_peek) == 0) pipe.bytes.erase(0, size);
    ec = {};
    if (size == 0) ec = pipe.end ? *pipe.end : error_code{boost::asio::error::would_block};
    return size;
}

inline std::size_t MemorySocket::write_now(std::string_view text, error_code& ec) {
    ec = boost::asio::error::bad_descriptor;
    if (!link_) return 0;
    MemoryPipe& pipe = outgoing();
    ec = boost::asio::error::broken_pipe;
    if (pipe.reader_closed) return 0;
    ec = {};
    std::string_view passed = text;
    const std::optional<std::size_t> cut = link_->cut_at[is_server_ ? 1 : 0];
    const bool over = cut && pipe.written + text.size() >= *cut;
    if (over) passed = text.substr(0, *cut - std::min(*cut, pipe.written));
    pipe.bytes += passed;
    pipe.written += text.size();
    link_->wake(pipe);
    // What is beyond the cut was taken by the system, and is lost.
    if (over) link_->sever(link_->cut_with);
    return text.size();
}

template <class Buffers>
std::size_t MemorySocket::write_some(const Buffers& buffers, error_code& ec) {
    const FailingAllocations::Spared spared;
    return write_now(memory_detail::text_of(buffers), ec);
}

inline void MemorySocket::begin_connect(
    const MemoryEndpoint& endpoint, ConnectHandler handler, const executor_type& executor) {
    const FailingAllocations::Spared spared;
    MemoryNetwork& network = *network_;
    if (const error_code fault = network.begin_step()) {
        return memory_detail::complete(std::move(handler), executor, fault);
    }
    const auto failure = network.connect_failures_.find(endpoint);
    if (failure != network.connect_failures_.end()) {
        if (failure->second) {
            return memory_detail::complete(std::move(handler), executor, failure->second);
        }
        connecting_ = ++network.last_connecting_;
        auto slot = boost::asio::get_associated_cancellation_slot(handler);
        const auto at = network.connecting_.emplace(
            connecting_,
            MemoryNetwork::Connecting{
                std::move(handler),
                executor,
                boost::asio::executor_work_guard<boost::asio::any_io_executor>{executor}});
        if (slot.is_connected()) {
            slot.assign([&network, number = at.first->first](boost::asio::cancellation_type) {
                const auto found = network.connecting_.find(number);
                if (found == network.connecting_.end()) return;
                auto pending = std::move(found->second);
                network.connecting_.erase(found);
                memory_detail::complete(
                    std::move(pending.handler),
                    pending.executor,
                    error_code{boost::asio::error::operation_aborted});
            });
        }
        return;
    }
    const auto listener = network.listeners_.find(endpoint);
    if (listener == network.listeners_.end()) {
        return memory_detail::complete(
            std::move(handler), executor, error_code{boost::asio::error::connection_refused});
    }
    link_ = network.make_link();
    ++network.open_;
    memory_detail::complete(std::move(handler), executor, error_code{});
    MemorySocket server{executor_};
    server.link_ = link_;
    server.is_server_ = true;
    const MemoryNetwork::Serve serve = listener->second;
    serve(std::move(server));
}

inline void MemorySocket::begin_read(
    boost::asio::mutable_buffer room, MemoryPipe::Handler handler, const executor_type& executor) {
    const FailingAllocations::Spared spared;
    const error_code fault = is_server_ ? error_code{} : network_->begin_step();
    if (!link_ || fault) {
        if (link_) link_->sever(fault);
        return memory_detail::complete(
            std::move(handler),
            executor,
            fault ? fault : error_code{boost::asio::error::bad_descriptor},
            std::size_t{0});
    }
    // What reads nothing waits for nothing, as with Asio's sockets.
    if (room.size() == 0) {
        return memory_detail::complete(std::move(handler), executor, error_code{}, std::size_t{0});
    }
    MemoryPipe& pipe = incoming();
    auto slot = boost::asio::get_associated_cancellation_slot(handler);
    pipe.reader.emplace(MemoryPipe::Reader{
        room,
        std::move(handler),
        executor,
        boost::asio::executor_work_guard<boost::asio::any_io_executor>{executor}});
    if (slot.is_connected()) {
        slot.assign(
            [weak = std::weak_ptr<MemoryLink>{link_}, &pipe](boost::asio::cancellation_type) {
                const auto link = weak.lock();
                if (!link || !pipe.reader) return;
                MemoryPipe::Reader reader = std::move(*pipe.reader);
                pipe.reader.reset();
                memory_detail::complete(
                    std::move(reader.handler),
                    reader.executor,
                    error_code{boost::asio::error::operation_aborted},
                    std::size_t{0});
            });
    }
    link_->wake(pipe);
}

inline void MemorySocket::begin_write(
    std::string text, MemoryPipe::Handler handler, const executor_type& executor) {
    const FailingAllocations::Spared spared;
    const error_code fault = is_server_ ? error_code{} : network_->begin_step();
    if (fault) {
        if (link_) link_->sever(fault);
        return memory_detail::complete(std::move(handler), executor, fault, std::size_t{0});
    }
    error_code ec;
    const std::size_t size = write_now(text, ec);
    memory_detail::complete(std::move(handler), executor, ec, size);
}

template <class Token>
auto MemorySocket::async_connect(const MemoryEndpoint& endpoint, Token&& token) {
    return boost::asio::async_initiate<Token, void(error_code)>(
        [this](auto handler, const MemoryEndpoint& to) {
            const executor_type executor = boost::asio::get_associated_executor(handler, executor_);
            begin_connect(to, ConnectHandler{std::move(handler)}, executor);
        },
        token,
        endpoint);
}

template <class Buffers, class Token>
auto MemorySocket::async_read_some(const Buffers& buffers, Token&& token) {
    return boost::asio::async_initiate<Token, void(error_code, std::size_t)>(
        [this](auto handler, boost::asio::mutable_buffer room) {
            const executor_type executor = boost::asio::get_associated_executor(handler, executor_);
            begin_read(room, MemoryPipe::Handler{std::move(handler)}, executor);
        },
        token,
        memory_detail::first_of<boost::asio::mutable_buffer>(buffers));
}

template <class Buffers, class Token>
auto MemorySocket::async_write_some(const Buffers& buffers, Token&& token) {
    return boost::asio::async_initiate<Token, void(error_code, std::size_t)>(
        [this](auto handler, std::string text) {
            const executor_type executor = boost::asio::get_associated_executor(handler, executor_);
            begin_write(std::move(text), MemoryPipe::Handler{std::move(handler)}, executor);
        },
        token,
        memory_detail::text_of(buffers));
}

// --- MemoryResolver -----------------------------------------------------------------------------

template <class Flags, class Handler>
void MemoryResolver::async_resolve(
    const std::string& host, const std::string& port, Flags, Handler handler) {
    std::uint16_t number = 0;
    std::from_chars(port.data(), port.data() + port.size(), number);
    const boost::asio::any_io_executor executor =
        boost::asio::get_associated_executor(handler, executor_);
    begin(host, number, ErasedHandler{std::move(handler)}, executor);
}

inline void MemoryResolver::begin(
    const std::string& host,
    std::uint16_t port,
    ErasedHandler handler,
    const boost::asio::any_io_executor& executor) {
    const FailingAllocations::Spared spared;
    MemoryNetwork& network = MemoryNetwork::of(executor_);
    error_code ec = network.begin_step();
    if (const auto failure = network.name_failures_.find(host);
        !ec && failure != network.name_failures_.end()) {
        if (!failure->second) {
            network.hung_.push_back(std::move(handler));
            return;
        }
        ec = failure->second;
    }
    Results results;
    const auto found = network.names_.find(host);
    if (!ec && found == network.names_.end()) ec = boost::asio::error::host_not_found;
    if (!ec) {
        for (const auto& address : found->second)
            results.push_back(Entry{MemoryEndpoint{address, port}});
    }
    memory_detail::complete(std::move(handler), executor, ec, std::move(results));
}

// --- MemoryNetwork ------------------------------------------------------------------------------

inline void MemoryNetwork::shutdown() {
    // A handler owns the coroutine that owns the socket that holds the handler: cut here.
    auto connecting = std::exchange(connecting_, {});
    auto hung = std::exchange(hung_, {});
    auto links = std::exchange(links_, {});
    for (const auto& link : links) {
        for (MemoryPipe& pipe : link->pipes)
            const auto reader = std::exchange(pipe.reader, std::nullopt);
    }
    listeners_.clear();
}

inline error_code MemoryNetwork::begin_step() {
    const auto found = failing_.find(++steps_);
    return found == failing_.end() ? error_code{} : found->second;
}

inline std::shared_ptr<MemoryLink> MemoryNetwork::make_link() {
    auto link = std::make_shared<MemoryLink>();
    link->segment = segment_;
    if (next_cut_) {
        link->cut_at[next_cut_->to_client ? 1 : 0] = next_cut_->bytes;
        link->cut_with = next_cut_->with;
        next_cut_.reset();
    }
    links_.push_back(link);
    return link;
}

}  // namespace support

#endif  // CLARIFY_TESTS_SUPPORT_IMPL_MEMORY_NET_HPP
