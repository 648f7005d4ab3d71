// SPDX-License-Identifier: BSL-1.0
// The chaos proxy at work.

#ifndef CLARIFY_TESTS_SUPPORT_IMPL_CHAOS_PROXY_HPP
#define CLARIFY_TESTS_SUPPORT_IMPL_CHAOS_PROXY_HPP

#include <boost/asio/buffer.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <array>
#include <future>
#include <optional>
#include <thread>
#include <utility>

namespace support {

struct ChaosProxy::State {
    using Tcp = boost::asio::ip::tcp;
    struct Counters {
        std::atomic<std::uint64_t> connections{0}, open{0}, bytes_up{0}, bytes_down{0}, lost{0};
        std::atomic<std::uint64_t> fins{0}, resets{0}, half_closes{0}, swallows{0}, stalls{0};
        std::atomic<std::uint64_t> closed_at_accept{0}, refusals{0};
    };

    State(std::uint16_t server_port, ChaosPlanner planner_)
        : planner(std::move(planner_)),
          server(boost::asio::ip::address_v4::loopback(), server_port),
          keeper(context),
          acceptor(context),
          refusal(context) {
        // Bound, but not listening: keeps the port while connections are refused.
        keeper.open(Tcp::v4());
        keeper.set_option(Tcp::acceptor::reuse_address{true});
        keeper.bind({boost::asio::ip::address_v4::loopback(), 0});
        port = keeper.local_endpoint().port();
        listen();
        thread = std::thread{[this] { context.run(); }};
    }
    ~State() {
        context.stop();
        thread.join();
    }

    void listen() {
        if (acceptor.is_open()) return;
        acceptor.open(Tcp::v4());
        acceptor.set_option(Tcp::acceptor::reuse_address{true});
        acceptor.bind({boost::asio::ip::address_v4::loopback(), port});
        acceptor.listen(4096);
        accept();
    }
    void accept();
    void refuse_for(std::chrono::milliseconds time) {
        boost::system::error_code ignored;
        acceptor.close(ignored);
        ++counters.refusals;
        refusal.expires_after(time);
        refusal.async_wait([this](boost::system::error_code ec) {
            if (!ec) listen();
        });
    }
    /// Runs `work` in the proxy's thread, and waits for it.
    template <class Task>
    void run(Task task) {
        const auto done = std::make_shared<std::promise<void>>();
        boost::asio::post(context, [&task, done] {
            task();
            done->set_value();
        });
        done->get_future().wait();
    }

    Counters counters;
    ChaosPlanner planner;
    std::size_t next = 0;
    std::uint16_t port = 0;
    boost::asio::io_context context{1};
    Tcp::endpoint server;
    Tcp::socket keeper;
    Tcp::acceptor acceptor;
    boost::asio::steady_timer refusal;
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{
        context.get_executor()};
    std::thread thread;
};

/// One connection from a client, and the one to the server that belongs to it.
///
/// Each direction is a loop of its own: read, wait, write. Harm sets flags, which the loops obey at
/// their next step.
class ChaosProxy::Session : public std::enable_shared_from_this<Session> {
public:
    using Socket = boost::asio::ip::tcp::socket;

    Session(State& state, Socket accepted, const ChaosPlan& plan)
        : counters_(state.counters),
          client_(std::move(accepted)),
          server_(state.context),
          plan_(plan),
          up_(client_, server_, plan_.up, counters_.bytes_up),
          down_(server_, client_, plan_.down, counters_.bytes_down) {
        ++counters_.open;
    }
    ~Session() { --counters_.open; }

    void start(const boost::asio::ip::tcp::endpoint& server) {
        if (plan_.accept_delay.count() == 0) return open(server);
        up_.timer.expires_after(plan_.accept_delay);
        up_.timer.async_wait([self = shared_from_this(), server](boost::system::error_code ec) {
            if (!ec) self->open(server);
        });
    }

private:
    using How = ChaosCut::How;

    struct Way {
        Way(Socket& source, Socket& sink, const ChaosFlow& how, std::atomic<std::uint64_t>& count)
            : from(source),
              to(sink),
              flow(how),
              counter(count),
              timer(source.get_executor()),
              fuse(source.get_executor()) {}

        Socket& from;
        Socket& to;
        const ChaosFlow& flow;
        std::atomic<std::uint64_t>& counter;
        boost::asio::steady_timer timer;
        boost::asio::steady_timer fuse;
        std::array<char, 8192> data;
        /// What is in hand.
        std::size_t begin = 0, end = 0;
        std::size_t passed = 0;
        bool lit = false, harmed = false;
        /// What comes is thrown away; or nothing is taken any more; or nothing comes any more.
        bool drains = false, stalled = false, over = false;
    };

    bool closed() const { return !client_.is_open(); }

    void open(const boost::asio::ip::tcp::endpoint& server) {
        if (plan_.accept != ChaosPlan::Accept::pass) {
            ++counters_.closed_at_accept;
            if (plan_.accept == ChaosPlan::Accept::reset) return reset();
            // Closing with unread bytes would be a reset, so they are read first.
            finish(client_);
            up_.drains = true;
            down_.over = true;
            return read(up_);
        }
        server_.async_connect(server, [self = shared_from_this()](boost::system::error_code ec) {
            if (self->closed()) return;
            if (ec) return self->reset();
            boost::system::error_code ignored;
            self->server_.set_option(boost::asio::ip::tcp::no_delay{true}, ignored);
            self->client_.set_option(boost::asio::ip::tcp::no_delay{true}, ignored);
            self->advance(self->up_);
            self->advance(self->down_);
        });
    }

    /// Goes on with a direction that has nothing in hand.
    void advance(Way& way) {
        if (closed()) return;
        const ChaosCut& cut = way.flow.cut;
        if (cut.how != How::none && way.passed >= cut.at) {
            if (cut.after.count() == 0) {
                harm(way);
            } else {
                light(way);
            }
        }
        read(way);
    }

    void light(Way& way) {
        if (std::exchange(way.lit, true)) return;
        way.fuse.expires_after(way.flow.cut.after);
        way.fuse.async_wait([self = shared_from_this(), &way](boost::system::error_code ec) {
            if (!ec && !self->closed()) self->harm(way);
        });
    }

    void harm(Way& way) {
        if (std::exchange(way.harmed, true)) return;
        switch (way.flow.cut.how) {
            case How::none:
                break;
            case How::fin:
                ++counters_.fins;
                finish(client_);
                finish(server_);
                // Both sides are heard out: closing with unread bytes would be a reset.
                up_.drains = down_.drains = true;
                break;
            case How::reset:
                ++counters_.resets;
                reset();
                break;
            case How::half_close:
                ++counters_.half_closes;
                finish(way.to);
                way.drains = true;
                break;
            case How::swallow:
                ++counters_.swallows;
                way.drains = true;
                break;
            case How::stall:
                ++counters_.stalls;
                way.stalled = true;
                break;
        }
    }

    void read(Way& way) {
        if (closed() || way.stalled) return;
        std::size_t room = way.data.size();
        const ChaosCut& cut = way.flow.cut;
        // No further than to the byte at which harm comes.
        if (cut.how != How::none && cut.after.count() == 0 && !way.drains)
            room = std::min(room, cut.at - way.passed);
        way.from.async_read_some(
            boost::asio::buffer(way.data.data(), room),
            [self = shared_from_this(), &way](boost::system::error_code ec, std::size_t size) {
                if (self->closed()) return;
                way.begin = 0;
                way.end = size;
                if (ec == boost::asio::error::eof) return self->ended(way);
                if (ec) return self->reset();
                self->pass(way);
            });
    }

    /// Passes on what is in hand, in pieces and with pauses as the flow has it.
    void pass(Way& way) {
        if (way.drains) return drop(way);
        const ChaosFlow& flow = way.flow;
        std::chrono::nanoseconds pause = flow.delay;
        std::size_t piece = way.end - way.begin;
        if (flow.segment != 0) piece = std::min(piece, flow.segment);
        if (flow.bytes_per_second != 0) {
            piece = std::min(piece, std::max<std::size_t>(flow.bytes_per_second / 100, 1));
            if (way.passed != 0)
                pause += std::chrono::nanoseconds{1'000'000'000 * piece / flow.bytes_per_second};
        }
        if (pause.count() == 0) return write(way, piece);
        way.timer.expires_after(pause);
        way.timer.async_wait([self = shared_from_this(), &way, piece](auto) {
            if (self->closed()) return;
            if (way.drains) return self->drop(way);
            self->write(way, piece);
        });
    }

    void write(Way& way, std::size_t piece) {
        boost::asio::async_write(
            way.to,
            boost::asio::buffer(way.data.data() + way.begin, piece),
            [self = shared_from_this(), &way](boost::system::error_code ec, std::size_t size) {
                way.passed += size;
                way.counter += size;
                way.begin += size;
                if (self->closed()) return;
                if (way.drains) return self->drop(way);
                if (ec) return self->reset();
                if (way.begin != way.end) return self->pass(way);
                self->advance(way);
            });
    }

    void drop(Way& way) {
        counters_.lost += way.end - way.begin;
        read(way);
    }

    /// The sender of this direction sends no more.
    void ended(Way& way) {
        way.over = true;
        const bool swallows = way.harmed && way.flow.cut.how == How::swallow;
        if ((up_.over && down_.over) || (swallows && &way == &up_)) return close();
        // The client of a black hole does not hear that the server has left.
        if (!swallows) finish(way.to);
    }

    static void finish(Socket& socket) {
        boost::system::error_code ignored;
        socket.shutdown(Socket::shutdown_send, ignored);
    }
    void reset() {
        boost::system::error_code ignored;
        for (Socket* socket : {&client_, &server_})
            socket->set_option(boost::asio::socket_base::linger{true, 0}, ignored);
        close();
    }
    void close() {
        boost::system::error_code ignored;
        client_.close(ignored);
        server_.close(ignored);
        for (Way* way : {&up_, &down_}) {
            way->timer.cancel();
            way->fuse.cancel();
        }
    }

    State::Counters& counters_;
    Socket client_;
    Socket server_;
    ChaosPlan plan_;
    Way up_, down_;
};

inline void ChaosProxy::State::accept() {
    acceptor.async_accept([this](boost::system::error_code ec, Tcp::socket socket) {
        if (ec == boost::asio::error::operation_aborted || !acceptor.is_open()) return;
        if (!ec) {
            ++counters.connections;
            const ChaosPlan plan = planner ? planner(next++) : ChaosPlan{};
            std::make_shared<Session>(*this, std::move(socket), plan)->start(server);
            if (plan.refuse_for.count() != 0) return refuse_for(plan.refuse_for);
        }
        accept();
    });
}

inline ChaosProxy::ChaosProxy(std::uint16_t server_port, ChaosPlanner planner)
    : state_(std::make_unique<State>(server_port, std::move(planner))) {}

inline ChaosProxy::~ChaosProxy() = default;

inline std::uint16_t ChaosProxy::port() const noexcept { return state_->port; }

inline ChaosStatistics ChaosProxy::statistics() const noexcept {
    const State::Counters& from = state_->counters;
    ChaosStatistics out;
    out.connections = from.connections;
    out.open = from.open;
    out.bytes_up = from.bytes_up;
    out.bytes_down = from.bytes_down;
    out.lost = from.lost;
    out.fins = from.fins;
    out.resets = from.resets;
    out.half_closes = from.half_closes;
    out.swallows = from.swallows;
    out.stalls = from.stalls;
    out.closed_at_accept = from.closed_at_accept;
    out.refusals = from.refusals;
    return out;
}

inline void ChaosProxy::set_planner(ChaosPlanner planner) {
    state_->run([&] {
        state_->planner = std::move(planner);
        state_->next = 0;
    });
}

inline void ChaosProxy::refuse(bool refused) {
    state_->run([&] {
        state_->refusal.cancel();
        if (!refused) return state_->listen();
        boost::system::error_code ignored;
        state_->acceptor.close(ignored);
        ++state_->counters.refusals;
    });
}

}  // namespace support

#endif  // CLARIFY_TESTS_SUPPORT_IMPL_CHAOS_PROXY_HPP
